//! What is stored, what is believed of it, and who wins.

#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use std::rc::Rc;

use meshydb_client::error::Reason;
use meshydb_client::oauth::Member::{self, Missing, Number, Other};
use meshydb_client::record::{Place, Record, Standing, Stored, VERSION, standing};
use meshydb_client::token::{TokenSet, UNKNOWN_LIFETIME, fingerprint};
use support::{Json, LIFETIME, START, YEAR, access, after, record, refresh, text, tokens};

fn number(value: i64) -> Member {
    Number(value as f64)
}

fn live() -> Json {
    Json::new([
        ("v", number(VERSION)),
        ("sid", text("sid")),
        ("gen", number(7)),
        ("access_token", text("A7")),
        ("refresh_token", text("R7")),
        ("scope", text("a b")),
        ("received_at", number(START.wall)),
        ("expires_at", number(START.wall + LIFETIME)),
        ("past", text(&hexadecimal("R7"))),
        ("unauthorized_at", number(START.wall + 5)),
    ])
}

fn hexadecimal(token: &str) -> String {
    format!("{:013x}", refresh(token).fingerprint())
}

fn ended() -> Json {
    Json::new([
        ("v", number(VERSION)),
        ("sid", text("sid")),
        ("gen", number(7)),
        ("ended", text("signed_out")),
    ])
}

fn keeping(n: u32) -> TokenSet {
    TokenSet {
        refresh_token: None,
        ..tokens(n)
    }
}

#[test]
fn the_first_record_is_generation_one_and_knows_what_it_was_opened_with() {
    let record = Record::first("sid", tokens(1), "asked", Some(refresh("R0")), START);
    assert_eq!((record.sid.as_str(), record.generation), ("sid", 1));
    assert_eq!(record.access_token, access("A1"));
    assert_eq!(record.refresh_token, Some(refresh("R1")));
    assert_eq!(record.scope, "asked");
    assert!(record.expiry_known && record.validity.covers(after(LIFETIME - 1), 0));
    assert!(record.knows(&refresh("R0")) && record.knows(&refresh("R1")));
    assert!(!record.knows(&refresh("R2")));
}

#[test]
fn a_response_without_a_refresh_token_keeps_the_old_one() {
    let opened = Record::first("sid", keeping(1), "", Some(refresh("R0")), START);
    assert_eq!(opened.refresh_token, Some(refresh("R0")));
    let next = record("sid", 1, 1, START).rotated(keeping(2), after(5));
    assert_eq!(next.refresh_token, Some(refresh("R1")));
    assert_eq!(next.access_token, access("A2"));
    assert_eq!((next.generation, next.past.len()), (2, 13));
    let bare = Record::first("sid", keeping(1), "", None, START);
    assert_eq!((bare.refresh_token, bare.past.as_str()), (None, ""));
}

#[test]
fn a_rotation_counts_on_and_takes_over_what_the_response_says() {
    let before = record("sid", 1, 1, START);
    let granted = TokenSet {
        lifetime: None,
        scope: Some("less".into()),
        ..tokens(2)
    };
    let next = before.rotated(granted, after(5));
    assert_eq!((next.generation, next.scope.as_str()), (2, "less"));
    assert_eq!(next.refresh_token, Some(refresh("R2")));
    assert!(!next.expiry_known);
    assert_eq!(next.validity.received_at, after(5).wall);
    assert_eq!(next.validity.expires_at, after(5).wall + UNKNOWN_LIFETIME);
    assert_eq!(next.rotated(tokens(3), after(9)).scope, "less");
}

#[test]
fn a_token_is_known_until_512_others_have_come_after_it_unless_it_was_the_first() {
    let mut record = record("sid", 1, 1, START);
    for n in 2..=1_100 {
        record = record.rotated(tokens(n), START);
        if n > 3 && !(510..=517).contains(&n) && n < 1_099 {
            continue;
        }
        let latest = (2..=n).rev().take(513);
        let expected = [1].into_iter().chain(latest);
        let expected: Vec<String> = expected
            .map(|kept| hexadecimal(&format!("R{kept}")))
            .collect();
        assert_eq!(record.past, expected.concat(), "after {n}");
        assert!(record.knows(&refresh("R1")) && record.knows(&refresh(&format!("R{n}"))));
        assert_eq!(record.knows(&refresh("R2")), n < 515);
    }
}

#[test]
fn a_token_is_known_by_a_whole_fingerprint_alone() {
    let mut record = record("sid", 1, 1, START);
    let past = format!("{}{}", hexadecimal("R8"), hexadecimal("R9"));
    record.past = format!("{}{past}{}", "0".repeat(6), "0".repeat(7));
    assert!(!record.knows(&refresh("R8")) && !record.knows(&refresh("R9")));
    record.past = past;
    assert!(record.knows(&refresh("R8")) && record.knows(&refresh("R9")));
}

#[test]
fn a_repeated_refresh_token_is_remembered_once() {
    let before = record("sid", 1, 1, START);
    assert_eq!(before.rotated(tokens(1), after(5)).past, before.past);
}

#[test]
fn a_valid_record_comes_back_as_it_was() {
    let Stored::Live(record) = live().parse(after(20_000)) else {
        panic!()
    };
    assert_eq!((record.sid.as_str(), record.generation), ("sid", 7));
    assert_eq!(record.access_token, access("A7"));
    assert_eq!(record.refresh_token, Some(refresh("R7")));
    assert_eq!((record.scope.as_str(), record.expiry_known), ("a b", true));
    assert!(record.validity.covers(after(LIFETIME - 1), 0));
    assert!(!record.validity.covers(after(LIFETIME), 0));
    assert_eq!(record.past, hexadecimal("R7"));
    assert_eq!(record.unauthorized_at, Some(START.wall + 5));
}

#[test]
fn members_that_may_be_missing() {
    let stored = live().with("refresh_token", Missing).parse(START);
    assert!(matches!(stored, Stored::Live(record) if record.refresh_token.is_none()));
    let Stored::Live(record) = live().with("expires_at", Missing).parse(START) else {
        panic!()
    };
    assert!(!record.expiry_known);
    assert_eq!(record.validity.expires_at, START.wall + UNKNOWN_LIFETIME);
}

#[test]
fn each_member_is_validated() {
    let past = |n: usize| text(&"0123456789abc".repeat(n));
    for (name, member, valid) in [
        ("v", Missing, false),
        ("v", text("1"), false),
        ("v", number(0), false),
        ("v", number(1), false),
        ("v", Number(1.9), false),
        ("v", Number(0.5), false),
        ("v", number(-1), false),
        ("sid", Missing, false),
        ("sid", text(""), false),
        ("sid", number(1), false),
        ("gen", Missing, false),
        ("gen", text("7"), false),
        ("gen", number(-1), false),
        ("gen", Number(7.5), false),
        ("gen", Number(f64::NAN), false),
        ("gen", Number(f64::INFINITY), false),
        ("gen", Number(8.64e15), true),
        ("gen", Number(8.65e15), false),
        ("access_token", Missing, false),
        ("access_token", text(""), false),
        ("access_token", text("a\r\nb"), false),
        ("access_token", Other, false),
        ("refresh_token", text(""), true),
        ("refresh_token", text("é"), false),
        ("refresh_token", number(1), false),
        ("refresh_token", Other, false),
        ("scope", text(""), true),
        ("scope", Missing, false),
        ("scope", Other, false),
        ("received_at", Missing, false),
        ("received_at", text("1"), false),
        ("received_at", number(-1), false),
        ("received_at", Number(f64::NAN), false),
        ("received_at", number(START.wall + LIFETIME), true),
        ("received_at", number(START.wall + LIFETIME + 1), false),
        ("expires_at", Other, false),
        ("expires_at", Number(1e300), false),
        ("expires_at", number(START.wall - 1), false),
        ("expires_at", number(START.wall + YEAR), true),
        ("expires_at", number(START.wall + YEAR + 1), false),
        ("past", text(""), true),
        ("past", past(514), true),
        ("past", past(515), false),
        ("past", text(&"F".repeat(13)), true),
        ("past", text(&"f".repeat(12)), false),
        ("past", text(&"f".repeat(14)), false),
        ("past", text(&format!("{:013x} {:013x}", 1, 2)), false),
        ("past", Missing, false),
        ("past", Other, false),
        ("past", text("xyzxyzxyzxyzx"), false),
        ("past", text("éabcdefabcde"), false),
        ("unauthorized_at", Missing, true),
        ("unauthorized_at", text("1"), true),
        ("unauthorized_at", Other, true),
        ("unauthorized_at", number(-1), true),
        ("ended", text("bored"), false),
        ("ended", Other, false),
        ("ended", number(1), false),
    ] {
        let stored = live().with(name, member.clone()).parse(START);
        let expected = if valid { "Live" } else { "Corrupt" };
        assert!(
            format!("{stored:?}").starts_with(expected),
            "{name}: {member:?}"
        );
    }
}

#[test]
fn what_holders_tell_each_other_does_not_make_up_for_a_session() {
    let empty = Json::new([("v", number(VERSION)), ("attempt", number(5))]);
    assert_eq!(empty.parse(START), Stored::Empty);
    let anonymous = live().with("attempt", number(5)).with("sid", Missing);
    assert_eq!(anonymous.parse(START), Stored::Corrupt);
    let tokenless = live()
        .with("attempt", number(5))
        .with("access_token", Missing);
    assert_eq!(tokenless.parse(START), Stored::Corrupt);
}

#[test]
fn the_record_of_an_ended_session() {
    for (name, reason) in [
        ("signed_out", Reason::SignedOut),
        ("invalid_grant", Reason::InvalidGrant),
        ("replaced", Reason::Replaced),
        ("removed", Reason::Removed),
        ("expired", Reason::Expired),
    ] {
        let expected = Stored::Ended {
            sid: "sid".into(),
            generation: 7,
            reason,
        };
        assert_eq!(ended().with("ended", text(name)).parse(START), expected);
        assert_eq!(live().with("ended", text(name)).parse(START), expected);
    }
    for name in ["sid", "gen"] {
        assert_eq!(ended().with(name, Missing).parse(START), Stored::Corrupt);
    }
}

#[test]
fn a_record_of_a_later_version_is_told_apart_whatever_else_it_holds() {
    for version in [2.1, 3.0, 1e300, f64::INFINITY] {
        let bare = Json::new([("v", Number(version))]);
        assert_eq!(bare.parse(START), Stored::Newer);
        assert_eq!(
            live().with("v", Number(version)).parse(START),
            Stored::Newer
        );
    }
}

#[test]
fn no_hostile_past_breaks_a_rotation() {
    for past in [
        String::new(),
        "f".repeat(13),
        "F".repeat(513 * 13),
        "0".repeat(514 * 13),
    ] {
        let Stored::Live(mut record) = live().with("past", text(&past)).parse(START) else {
            panic!("{past:?}")
        };
        for n in 8..30 {
            record = Rc::new(record.rotated(tokens(n), START));
            assert!(record.knows(&refresh(&format!("R{n}"))));
            assert!(record.past.len() <= 514 * 13);
        }
    }
}

#[test]
fn a_record_of_an_earlier_version_is_no_record() {
    for version in [1.0, 1.5] {
        let json = live().with("v", Number(version));
        assert_eq!(json.parse(START), Stored::Corrupt);
    }
}

#[test]
fn the_next_login_counts_on_from_what_is_stored() {
    assert_eq!(live().parse(START).generation(), 7);
    assert_eq!(ended().parse(START).generation(), 7);
    for stored in [Stored::Empty, Stored::Corrupt, Stored::Newer] {
        assert_eq!(stored.generation(), 0);
    }
}

#[test]
fn where_a_session_stands() {
    let live = |sid, generation| Stored::Live(Rc::new(record(sid, generation, 1, START)));
    let ended = |sid: &str, reason| Stored::Ended {
        sid: sid.into(),
        generation: 9,
        reason,
    };
    let behind = Standing::Behind(Rc::new(record("own", 6, 1, START)));
    let current = Standing::Current;
    let over = Standing::Over;
    let beside = Place::Beside(Some(fingerprint("other")));
    for (place, stored, expected) in [
        (Place::Stored, live("own", 4), current.clone()),
        (Place::Stored, live("own", 5), current.clone()),
        (Place::Stored, live("own", 6), behind.clone()),
        (Place::Stored, live("other", 4), over(Reason::Replaced)),
        (Place::Stored, live("other", 6), over(Reason::Replaced)),
        (
            Place::Stored,
            ended("own", Reason::SignedOut),
            over(Reason::SignedOut),
        ),
        (
            Place::Stored,
            ended("own", Reason::InvalidGrant),
            over(Reason::InvalidGrant),
        ),
        (
            Place::Stored,
            ended("other", Reason::SignedOut),
            over(Reason::Replaced),
        ),
        (Place::Stored, Stored::Empty, over(Reason::Removed)),
        (Place::Unread, live("other", 6), current.clone()),
        (Place::Unread, Stored::Empty, current.clone()),
        (Place::Unread, live("own", 6), behind),
        (beside, live("other", 6), current.clone()),
        (beside, ended("other", Reason::SignedOut), current.clone()),
        (beside, live("third", 1), over(Reason::Replaced)),
        (beside, ended("third", Reason::SignedOut), current.clone()),
        (beside, Stored::Empty, current),
        (
            Place::Beside(None),
            live("other", 1),
            over(Reason::Replaced),
        ),
        (Place::Stored, Stored::Corrupt, Standing::Unknown),
        (Place::Unread, Stored::Newer, Standing::Newer),
    ] {
        assert_eq!(
            standing("own", 5, place, &stored),
            expected,
            "{place:?} {stored:?}"
        );
    }
}
