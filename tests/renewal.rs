//! When another token would be of use, and when there can be none.

#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use meshydb_client::record::Record;
use meshydb_client::token::{Now, TokenSet};
use support::{LIFETIME, START, YEAR, after, record, tokens};

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
fn what_cannot_be_renewed_is_spent_when_both_clocks_say_so() {
    let mut record = record("sid", 1, 1, START);
    let one = |wall: i64, monotonic: i64| Now {
        wall: START.wall + wall,
        monotonic: START.monotonic + monotonic,
    };
    assert!(!record.is_spent(after(LIFETIME)));
    record.refresh_token = None;
    assert!(record.is_spent(after(LIFETIME)) && !record.is_spent(after(LIFETIME - 1)));
    assert!(!record.is_spent(one(LIFETIME, LIFETIME - 1)));
    assert!(!record.is_spent(one(LIFETIME - 1, LIFETIME)));
    record.expiry_known = false;
    assert!(!record.is_spent(after(YEAR)));
}
