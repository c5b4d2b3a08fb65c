//! What holders tell each other of their sends, and how long that keeps anybody waiting.

#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use meshydb_client::attempt::{Attempt, Claim, Cooldown, Sends};
use meshydb_client::oauth::Member::{self, Missing, Number, Other};
use support::{Json, START, text};

const HOUR: i64 = 3_600_000;

fn number(value: i64) -> Member {
    Number(value as f64)
}

fn claimed() -> Json {
    Json::new([
        ("attempt", number(5)),
        ("claim", number(6)),
        ("claim_number", number(7)),
        ("claim_for", number(11_000)),
        ("claim_locked", number(1)),
        ("cooldown_since", number(START.wall)),
        ("cooldown_for", number(500)),
        ("failures", number(2)),
        ("sent_since", number(START.wall + 1)),
        ("sends", number(3)),
        ("refusals", number(2)),
    ])
}

fn read(json: &Json) -> Attempt {
    json.entry(START).attempt
}

#[test]
fn each_member_is_read() {
    let claim = Claim {
        holder: 6,
        number: 7,
        duration: 11_000,
        locked: true,
    };
    let cooldown = Cooldown {
        since: START.wall,
        duration: 500,
        failures: 2,
    };
    let expected = Attempt {
        token: 5,
        claim: Some(claim),
        cooldown: Some(cooldown),
        sends: Some(Sends {
            since: START.wall + 1,
            count: 3,
        }),
        refusals: 2,
    };
    assert_eq!(read(&claimed()), expected);
    assert_eq!(read(&Json::new([])), Attempt::default());
    let unlocked = read(&claimed().with("claim_locked", number(0)));
    assert!(!unlocked.claim.unwrap().locked);
}

#[test]
fn what_is_no_moment_is_none_and_nothing_lasts_longer_than_an_hour() {
    for member in [
        text("1"),
        Other,
        number(-1),
        Number(0.5),
        Number(f64::NAN),
        Number(8.64e15 + 2.0),
    ] {
        let json = claimed()
            .with("cooldown_since", member.clone())
            .with("sent_since", member.clone())
            .with("refusals", member.clone())
            .with("claim", member);
        let attempt = read(&json);
        assert_eq!(attempt.cooldown, None);
        assert_eq!((attempt.sends, attempt.refusals), (None, 0));
        assert_eq!(attempt.claim.unwrap().holder, 0);
    }
    let latest = read(&claimed().with("sent_since", Number(8.64e15)));
    assert_eq!(latest.sends.unwrap().since, 8_640_000_000_000_000);
    let long = claimed()
        .with("claim_for", number(HOUR + 1_001))
        .with("cooldown_for", number(i64::from(u32::MAX)));
    assert_eq!(read(&long).claim.unwrap().duration, HOUR + 1_000);
    assert_eq!(read(&long).cooldown.unwrap().duration, HOUR);
}

#[test]
fn a_cooldown_lasts_from_when_it_was_first_seen() {
    let cooldown = Cooldown::new(START.wall, 1, None, 0);
    for (seen, left) in [(0, 250), (1, 249), (249, 1), (250, 0), (251, 0)] {
        for wall in [-60_000, -1, 0, 60_000] {
            assert_eq!(
                cooldown.left(START.wall + wall, seen),
                left,
                "{seen} {wall}"
            );
        }
    }
}

#[test]
fn a_cooldown_is_over_by_any_clock_and_one_of_the_far_future_is_void() {
    let cooldown = Cooldown::new(START.wall, 1, None, 0);
    for (wall, left) in [
        (-HOUR, 0),
        (-60_001, 0),
        (-60_000, 250),
        (60_000, 250),
        (60_001, 249),
        (60_249, 1),
        (60_250, 0),
        (HOUR, 0),
    ] {
        assert_eq!(cooldown.left(START.wall + wall, 0), left, "{wall}");
    }
}

#[test]
fn what_the_server_has_asked_for_is_longer_than_any_backoff() {
    for (failures, retry_after, is_asked_for) in [
        (1, None, false),
        (1, Some(0), false),
        (1, Some(1), true),
        (8, Some(60), true),
        (8, Some(61), true),
    ] {
        for random in [0, u32::MAX] {
            let cooldown = Cooldown::new(START.wall, failures, retry_after, random);
            let seen = cooldown.is_asked_for();
            assert_eq!(seen, is_asked_for, "{failures} {retry_after:?}");
        }
    }
}

#[test]
fn sends_without_a_number_are_one_and_nothing_counts_beyond_a_byte() {
    let count = |member| read(&claimed().with("sends", member)).sends.unwrap().count;
    for member in [
        Missing,
        text("3"),
        number(0),
        number(-1),
        Number(0.5),
        number(1),
    ] {
        assert_eq!(count(member.clone()), 1, "{member:?}");
    }
    assert_eq!(count(number(255)), 255);
    assert_eq!(count(number(256)), 255);
    let refusals = |member| read(&claimed().with("refusals", member)).refusals;
    assert_eq!((refusals(Missing), refusals(number(1_000))), (0, 255));
}

#[test]
fn a_backoff_doubles_to_a_minute_and_is_half_by_chance() {
    for (failures, shortest) in [
        (0, 250),
        (1, 250),
        (2, 500),
        (3, 1_000),
        (7, 16_000),
        (8, 30_000),
        (9, 30_000),
        (u32::MAX, 30_000),
    ] {
        let duration = |random| Cooldown::new(0, failures, None, random).duration;
        assert_eq!(duration(0), shortest, "{failures}");
        assert_eq!(duration(u32::MAX), 2 * shortest - 1, "{failures}");
    }
    let cooldown = Cooldown::new(START.wall, 3, None, 0);
    assert_eq!((cooldown.since, cooldown.failures), (START.wall, 3));
}

#[test]
fn the_server_may_ask_for_more_and_not_for_less() {
    assert_eq!(Cooldown::new(0, 1, Some(2), 0).duration, 2_000);
    assert_eq!(Cooldown::new(0, 8, Some(2), 0).duration, 60_001);
}

fn beside(mut attempt: Attempt, before: &Attempt) -> Attempt {
    attempt.remember(before);
    attempt
}

#[test]
fn the_stores_claim_counts_and_the_longer_memory_of_the_two() {
    let sends = |since, count| Some(Sends { since, count });
    let failed = |failures, since| Attempt {
        cooldown: Some(Cooldown {
            since,
            duration: 500,
            failures,
        }),
        ..Attempt::default()
    };
    let known = Attempt {
        token: 5,
        sends: sends(1, 2),
        refusals: 1,
        ..failed(2, 20)
    };
    let claim = read(&claimed()).claim;
    let stored = |token, failures| Attempt {
        token,
        claim,
        ..failed(failures, 9)
    };
    let before = (known.sends, known.refusals);
    for (failures, since) in [(1, 9), (3, 9)] {
        let both = beside(stored(5, failures), &known);
        assert_eq!(both.cooldown.unwrap().since, since, "{failures}");
        assert_eq!(
            (both.claim, both.sends, both.refusals),
            (claim, before.0, before.1)
        );
    }
    let anonymous = beside(stored(0, 1), &known);
    assert_eq!((anonymous.token, anonymous.sends), (5, before.0));
    let other = beside(stored(6, 2), &known);
    assert_eq!((other.token, other.sends, other.refusals), (6, None, 0));
    let empty = beside(Attempt::default(), &known);
    assert_eq!((empty.sends, empty.cooldown), (known.sends, None));
    for (seen, kept) in [(1, sends(1, 2)), (2, sends(9, 2)), (3, sends(9, 3))] {
        let both = Attempt {
            sends: sends(9, seen),
            refusals: 2,
            ..stored(5, 2)
        };
        let both = beside(both, &known);
        assert_eq!((both.sends, both.refusals), (kept, 2));
    }
}
