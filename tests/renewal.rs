//! When another token would be of use, and when there can be none.

#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use meshydb_client::record::Record;
use meshydb_client::token::TokenSet;
use support::{LIFETIME, START, after, record, tokens};

#[test]
fn a_refresh_because_of_a_401_counts_for_half_of_a_life_and_five_minutes_at_most() {
    for (lifetime, within) in [(60_000, 30_000), (600_000, 300_000), (3_600_000, 300_000)] {
        let granted = TokenSet {
            lifetime: Some(lifetime),
            ..tokens(1)
        };
        let mut record = Record::first("sid", granted, "", None, START);
        assert!(!record.is_renewed(START));
        record.unauthorized_at = Some(START.wall);
        for (passed, is_renewed) in [
            (-60_001, false),
            (-60_000, true),
            (0, true),
            (within - 1, true),
            (within, false),
        ] {
            assert_eq!(
                record.is_renewed(after(passed)),
                is_renewed,
                "{lifetime} {passed}"
            );
        }
    }
}

#[test]
fn only_what_cannot_be_renewed_lapses_and_by_the_clock_that_cannot_be_set() {
    let mut record = record("sid", 1, 1, START);
    assert_eq!(record.lapses_at(), i64::MAX);
    record.refresh_token = None;
    assert_eq!(record.lapses_at(), START.monotonic + LIFETIME);
    record.expiry_known = false;
    assert_eq!(record.lapses_at(), i64::MAX);
}
