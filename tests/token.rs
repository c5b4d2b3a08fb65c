//! Tokens as secrets, and their life by both clocks.

#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use std::rc::Rc;

use meshydb_client::event::{ANOTHER, Input, Opening, Output};
use meshydb_client::oauth::Member;
use meshydb_client::record::{Entry, Record, Standing, Stored};
use meshydb_client::session::Session;
use meshydb_client::token::{AccessToken, Now, RefreshToken, TokenSet, UNKNOWN_LIFETIME, Validity};
use support::{LIFETIME, START, YEAR, access, config, refresh, text};

const YEARS: i64 = 10 * YEAR;

fn apart(wall: i64, monotonic: i64) -> Now {
    Now {
        wall: START.wall + wall,
        monotonic: START.monotonic + monotonic,
    }
}

#[test]
fn a_token_is_visible_ascii() {
    for accepted in ["a", "~", "a.b-c_d/e+f=", "!", "1|abc", "\"\\", "{}"] {
        assert_eq!(AccessToken::parse(accepted).unwrap().reveal(), accepted);
        assert_eq!(RefreshToken::parse(accepted).unwrap().reveal(), accepted);
    }
    for refused in ["", " ", "a b", "a\r\nb", "\0", "\u{7f}", "é", "\u{feff}a"] {
        assert_eq!(AccessToken::parse(refused), None, "{refused:?}");
        assert_eq!(RefreshToken::parse(refused), None, "{refused:?}");
    }
}

#[test]
fn debug_prints_no_secret_wherever_a_token_is() {
    let set = TokenSet {
        access_token: access("SECRET-A"),
        refresh_token: Some(refresh("SECRET-R")),
        lifetime: None,
        scope: None,
    };
    let record = Record::first("sid", set.clone(), "", Some(refresh("SECRET-F")), START);
    let live = Stored::Live(Rc::new(record.clone()));
    let call = Input::Call {
        caller: 0,
        min_validity: 0,
        rejected: Some(access("SECRET-A")),
        unauthorized: true,
    };
    let entry = Entry {
        stored: live.clone(),
        ..Entry::default()
    };
    let settle = Output::Settle {
        caller: 0,
        result: Ok(Some(access("SECRET-A"))),
    };
    let mut shown = vec![
        format!("{:?}", access("SECRET-A")),
        format!("{:?}", refresh("SECRET-R")),
        format!("{set:?}"),
        format!("{record:?}"),
        format!("{live:?}"),
        format!("{:?}", Standing::Behind(Rc::new(record))),
        format!("{:?}", Opening::Resume(refresh("SECRET-R"))),
        format!("{:?}", Opening::Adopt(set.clone())),
        format!("{:?}", Input::Replied(Ok(set.clone()))),
        format!("{:?}", Output::CompareAndSet(entry.clone())),
        format!("{:?}", Output::Refresh(refresh("SECRET-R"))),
        format!("{call:?} {settle:?}"),
    ];
    let mut session = Session::new(Rc::new(config()), "sid".into());
    for input in [
        Input::Open {
            caller: 1,
            opening: Opening::Resume(refresh("SECRET-F")),
        },
        Input::Read(Ok(Entry::default())),
        Input::Locked(true),
        Input::CompareAndSet(Ok(true)),
        Input::Replied(Ok(set.clone())),
        Input::Read(Ok(entry)),
        Input::CompareAndSet(Ok(true)),
        Input::Call {
            caller: 2,
            min_validity: ANOTHER,
            rejected: None,
            unauthorized: false,
        },
    ] {
        let outputs = session.handle(START, input);
        shown.push(format!("{session:?} {outputs:?} [redacted]"));
    }
    for line in shown {
        assert!(!line.contains("SECRET"), "{line}");
        assert!(line.contains("[redacted]"), "{line}");
    }
}

#[test]
fn the_fingerprint_is_52_bits_of_fnv_1a() {
    for (token, fingerprint) in [
        ("a", 0xa_f63d_c4c8_601e),
        ("b", 0xa_f63d_f4c8_601f),
        ("foobar", 0x8_5944_171f_7396),
    ] {
        assert_eq!(refresh(token).fingerprint(), fingerprint);
    }
    for n in 0..1_000 {
        let fingerprint = refresh(&format!("token-{n}")).fingerprint();
        assert!((1..1 << 52).contains(&fingerprint));
    }
}

#[test]
fn a_token_is_valid_while_both_clocks_say_so() {
    let validity = Validity::received(START, Some(LIFETIME));
    for (wall, monotonic, margin, covered) in [
        (0, 0, 0, true),
        (LIFETIME - 1, LIFETIME - 1, 0, true),
        (LIFETIME, LIFETIME, 0, false),
        (LIFETIME, 0, 0, false),
        (0, LIFETIME, 0, false),
        (LIFETIME - 1, 0, 0, true),
        (0, LIFETIME - 1, 0, true),
        (-60_000, 0, 0, true),
        (-60_001, 0, 0, false),
        (-YEARS, 10, 0, false),
        (YEARS, 10, 0, false),
        (10, 10, 0, true),
        (0, 0, LIFETIME - 1, true),
        (0, 0, LIFETIME, false),
        (10_000, 0, LIFETIME - 10_000, false),
        (0, 10_000, LIFETIME - 10_000, false),
        (10_000, 10_000, LIFETIME - 10_001, true),
        (0, 0, YEAR, false),
    ] {
        let now = apart(wall, monotonic);
        assert_eq!(
            validity.covers(now, margin),
            covered,
            "{wall} {monotonic} {margin}"
        );
    }
}

#[test]
fn a_lifetime_that_nobody_told_is_five_minutes() {
    let validity = Validity::received(START, None);
    assert!(validity.covers(apart(UNKNOWN_LIFETIME - 1, 0), 0));
    assert!(!validity.covers(apart(UNKNOWN_LIFETIME, 0), 0));
    assert_eq!(UNKNOWN_LIFETIME, 300_000);
}

#[test]
fn a_lifetime_of_nothing_is_over_at_once() {
    assert!(!Validity::received(START, Some(0)).covers(START, 0));
}

#[test]
fn the_token_of_another_holder_lives_as_long_as_is_left_by_the_wall_clock() {
    let (received_at, expires_at) = (START.wall, START.wall + LIFETIME);
    for (seen_after, left) in [
        (0, LIFETIME),
        (20_000, LIFETIME - 20_000),
        (LIFETIME, 0),
        (YEARS, LIFETIME - YEARS),
        (-60_000, LIFETIME),
        (-60_001, LIFETIME),
        (-YEARS, LIFETIME),
    ] {
        let now = apart(seen_after, 0);
        let validity = Validity::seen(now, received_at, expires_at);
        assert_eq!(validity.expires_monotonic, START.monotonic + left);
        let covered = (-60_000..LIFETIME).contains(&seen_after);
        assert_eq!(validity.covers(now, 0), covered);
    }
}

#[test]
fn a_clock_that_is_set_right_again_gives_a_token_back_but_never_a_longer_life() {
    let validity = Validity::seen(apart(-YEARS, 0), START.wall, START.wall + LIFETIME);
    assert!(!validity.covers(apart(-YEARS, 10), 0));
    assert!(validity.covers(apart(10, 20), 0));
    assert!(!validity.covers(apart(10, LIFETIME), 0));
}

#[test]
fn no_member_shows_its_text() {
    for (member, shown) in [
        (Member::Missing, "missing"),
        (text("canary"), "[redacted]"),
        (Member::Number(1.0), "a number"),
        (Member::Other, "another value"),
    ] {
        assert_eq!(format!("{member:?}"), shown);
    }
}

#[test]
fn the_age_of_a_token_is_told_by_the_clock_that_only_goes_forward() {
    let received = Validity::received(START, Some(LIFETIME));
    assert_eq!(received.age(START), 0);
    assert_eq!(received.age(apart(YEARS, 5)), 5);
    let seen = Validity::seen(apart(20_000, 0), START.wall, START.wall + LIFETIME);
    assert_eq!(seen.age(apart(20_000, 0)), 20_000);
    assert_eq!(seen.age(apart(-YEARS, 1)), 20_001);
    let ahead = Validity::seen(apart(-20_000, 0), START.wall, START.wall + LIFETIME);
    assert_eq!(ahead.age(apart(-20_000, 0)), 0);
}
