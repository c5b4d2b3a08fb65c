use meshydb_client::attempt::Cooldown;
use meshydb_client::token::{LONGEST_LIFETIME, SKEW, Validity};

use super::bytes::Bytes;
use super::support::judge;

const LONGEST_MARGIN: i64 = 300_000;
const LONGEST_REST: i64 = 3_600_000;

/// No Retry-After, date or clock makes a wait longer than an hour, a token that outlives its year, or an overflow.
pub fn times(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    rests(&mut bytes);
    lives(&mut bytes);
}

fn rests(bytes: &mut Bytes<'_>) {
    let asked = if bytes.flag() {
        f64::from(bytes.short().cast_signed()) / 8.0
    } else {
        f64::from_bits(bytes.word())
    };
    let asked = Some(asked).filter(|seconds| !seconds.is_nan());
    let error = judge(503, None, asked).unwrap_err();
    let seconds = error.retry_after;
    assert_eq!(seconds.is_some(), asked.is_some());
    if let (Some(asked), Some(seconds)) = (asked, seconds) {
        let seconds = f64::from(seconds);
        assert!(
            seconds <= 3_600.0
                && (seconds >= asked || asked > 3_600.0)
                && seconds <= asked.max(0.0) + 1.0
        );
    }
    let (since, now) = (bytes.moment(), bytes.moment());
    let failures = u32::from(bytes.short());
    let random = bytes.word() as u32;
    let cooldown = Cooldown::new(since, failures, seconds, random);
    let least = i64::from(seconds.unwrap_or(0)) * 1_000;
    assert!((least.max(250)..=least.clamp(60_001, LONGEST_REST)).contains(&cooldown.duration));
    let shorter = Cooldown::new(since, failures.saturating_sub(1), seconds, random);
    assert!(shorter.duration <= cooldown.duration);
    let seen = i64::from(bytes.short()) * 100;
    let left = cooldown.left(now, seen);
    assert!((0..=cooldown.duration).contains(&left));
    let is_near = now >= since - SKEW && now < since + cooldown.duration + SKEW;
    assert_eq!(left > 0, is_near && seen < cooldown.duration);
    if cooldown.is_asked_for() {
        assert!(cooldown.duration >= least);
    }
}

fn lives(bytes: &mut Bytes<'_>) {
    let (now, later) = (bytes.now(), bytes.now());
    let lifetime = (bytes.word() % (LONGEST_LIFETIME as u64 + 1)).cast_signed();
    let lifetime = bytes.flag().then_some(lifetime);
    let received = Validity::received(now, lifetime);
    let seen = Validity::seen(now, received.received_at, received.expires_at);
    assert_eq!(seen, received);
    let margin = received.margin();
    assert!((0..=LONGEST_MARGIN).contains(&margin));
    assert!(!received.covers(now, LONGEST_LIFETIME));
    for validity in [
        received,
        Validity::seen(later, received.received_at, received.expires_at),
    ] {
        if validity.covers(later, margin) {
            assert!(validity.covers(later, 0));
            assert!(later.wall < validity.expires_at && later.wall >= validity.not_before());
        }
    }
    let since = later.since(now);
    assert!(since >= later.wall - now.wall || since == i64::MAX);
    assert_eq!(now.since(now), 0);
}
