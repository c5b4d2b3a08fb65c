//! What holders tell each other of their sends, and how long that keeps anybody waiting.

#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use meshydb_client::attempt::{Attempt, Claim, Cooldown};
use meshydb_client::oauth::Member::{self, Number, Other};
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
        ("unanswered_since", number(START.wall + 1)),
    ])
}

fn read(json: &Json) -> Attempt {
    json.entry(START).attempt
}

fn cooling(since: i64, duration: i64) -> Attempt {
    Attempt {
        cooldown: Some(Cooldown {
            since,
            duration,
            failures: 1,
        }),
        ..Attempt::default()
    }
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
        unanswered_since: Some(START.wall + 1),
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
            .with("unanswered_since", member.clone())
            .with("claim", member);
        let attempt = read(&json);
        assert_eq!(attempt.cooldown, None);
        assert_eq!(attempt.unanswered_since, None);
        assert_eq!(attempt.claim.unwrap().holder, 0);
    }
    let latest = read(&claimed().with("unanswered_since", Number(8.64e15)));
    assert_eq!(latest.unanswered_since, Some(8_640_000_000_000_000));
    let long = claimed()
        .with("claim_for", number(HOUR + 1_001))
        .with("cooldown_for", number(i64::from(u32::MAX)));
    assert_eq!(read(&long).claim.unwrap().duration, HOUR + 1_000);
    assert_eq!(read(&long).cooldown.unwrap().duration, HOUR);
}

#[test]
fn a_cooldown_lasts_from_its_beginning_to_its_end() {
    let attempt = cooling(START.wall, 500);
    for (at, left) in [(-1, 0), (0, 500), (1, 499), (499, 1), (500, 0), (501, 0)] {
        assert_eq!(attempt.cooling(START.wall + at), left, "{at}");
    }
    assert_eq!(Attempt::default().cooling(START.wall), 0);
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
    assert_eq!(Cooldown::new(0, 8, Some(2), 0).duration, 30_000);
}

fn beside(mut attempt: Attempt, before: &Attempt) -> Attempt {
    attempt.remember(before);
    attempt
}

#[test]
fn the_stores_claim_counts_and_the_longer_memory_of_the_two() {
    let known = Attempt {
        token: 5,
        unanswered_since: Some(1),
        ..cooling(20, 500)
    };
    let claim = read(&claimed()).claim;
    let stored = |token, since| Attempt {
        token,
        claim,
        ..cooling(since, 500)
    };
    let later = beside(stored(5, 21), &known);
    assert_eq!(later.cooldown.unwrap().since, 21);
    assert_eq!((later.claim, later.unanswered_since), (claim, Some(1)));
    let same = Attempt {
        claim,
        ..cooling(20, 400)
    };
    assert_eq!(beside(same, &known).cooldown.unwrap().duration, 400);
    let earlier = beside(stored(0, 19), &known);
    assert_eq!(earlier.cooldown.unwrap().since, 20);
    assert_eq!((earlier.token, earlier.unanswered_since), (5, Some(1)));
    let other = beside(stored(6, 20), &known);
    assert_eq!((other.token, other.unanswered_since), (6, None));
    assert_eq!(beside(Attempt::default(), &known), known);
    let both = Attempt {
        unanswered_since: Some(9),
        ..stored(5, 20)
    };
    assert_eq!(beside(both, &known).unanswered_since, Some(9));
}
