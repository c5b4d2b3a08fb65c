use std::rc::Rc;

use meshydb_client::attempt::Attempt;
use meshydb_client::error::Reason;
use meshydb_client::oauth::Member;
use meshydb_client::record::{Entry, Place, Record, Standing, Stored, VERSION, standing};
use meshydb_client::token::{LONGEST_LIFETIME, Now, RefreshToken};

use super::bytes::Bytes;
use super::support::{ATTEMPT, Json, RECORD, refresh, text, tokens};

const LONGEST_COOLDOWN: i64 = 3_600_000;
const LONGEST_CLAIM: i64 = 3_601_000;
const LARGEST: i64 = 8_640_000_000_000_000;

/// What is read from a store is believed as a whole or not at all, is the same when it was written again, and keeps
/// nobody waiting for longer than an hour.
pub fn stored_record(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let now = bytes.now();
    let mut json = bytes.json(&[RECORD, ATTEMPT].concat());
    if bytes.flag() {
        json = usual(json, &mut bytes, now);
    }
    let entry = json.entry(now);
    let before = usual(Json::new([]), &mut bytes, now).entry(now);
    waits(&entry, now);
    merges(&entry, &before);
    written_again(&entry, now);
    if let Stored::Live(record) = &entry.stored {
        stands(record, &entry.stored);
        rotates(record, now);
    }
}

/// A record with some members as they should be.
fn usual(json: Json, bytes: &mut Bytes<'_>, now: Now) -> Json {
    let with = |json: Json, name, member| json.with(name, member);
    let members = [
        ("v", Member::Number(VERSION as f64)),
        ("sid", text("sid-1")),
        ("gen", Member::Number(f64::from(bytes.short()))),
        ("access_token", text("canary-1")),
        ("scope", text("scope")),
        ("received_at", Member::Number(now.wall as f64)),
        ("expires_at", Member::Missing),
        ("past", text("")),
        ("ended", Member::Missing),
        ("refresh_token", text("R1")),
    ];
    let kept = bytes.short();
    members
        .into_iter()
        .enumerate()
        .filter(|(index, _)| kept >> index & 1 == 0)
        .fold(json, |json, (_, (name, member))| with(json, name, member))
}

fn waits(entry: &Entry, now: Now) {
    if let Some(cooldown) = entry.attempt.cooldown {
        for seen in [0, 1, LONGEST_COOLDOWN] {
            let left = cooldown.left(now.wall, seen);
            assert!((0..=LONGEST_COOLDOWN - seen).contains(&left));
        }
    }
    if let Some(claim) = entry.attempt.claim {
        assert!((0..=LONGEST_CLAIM).contains(&claim.duration));
    }
}

fn merges(entry: &Entry, before: &Entry) {
    let (read, known) = (entry.attempt, before.attempt);
    let beside = |mut attempt: Attempt, before| {
        attempt.remember(before);
        attempt
    };
    assert_eq!(beside(read, &read), read);
    let both = beside(read, &known);
    assert_eq!(both.claim, read.claim);
    assert_eq!(beside(both, &known), both);
    assert!(both.cooldown == read.cooldown || both.cooldown == known.cooldown);
    if read.token == known.token {
        let count = |attempt: Attempt| attempt.sends.map(|sends| sends.count);
        assert_eq!(count(both), count(read).max(count(known)));
        assert_eq!(both.refusals, read.refusals.max(known.refusals));
    }
}

fn written_again(entry: &Entry, now: Now) {
    let is_written = match &entry.stored {
        Stored::Live(_) | Stored::Ended { .. } => true,
        Stored::Empty => entry.attempt.token != 0,
        Stored::Corrupt | Stored::Newer | Stored::Silent | Stored::Unusable => false,
    };
    if is_written {
        assert_eq!(written(entry).entry(now), *entry);
    }
}

fn stands(record: &Rc<Record>, stored: &Stored) {
    let (sid, generation) = (record.sid.as_str(), record.generation);
    let seen = |sid, generation, place| standing(sid, generation, place, stored);
    assert!(!sid.is_empty());
    assert_eq!(seen(sid, generation, Place::Stored), Standing::Current);
    let behind = Standing::Behind(record.clone());
    assert_eq!(seen(sid, generation - 1, Place::Stored), behind);
    let replaced = Standing::Over(Reason::Replaced);
    assert_eq!(seen("another", generation, Place::Stored), replaced);
}

fn rotates(record: &Rc<Record>, now: Now) {
    let validity = record.validity;
    assert!((0..=LONGEST_LIFETIME).contains(&(validity.expires_at - validity.received_at)));
    if record.generation >= LARGEST || now.wall >= LARGEST {
        return;
    }
    let next = record.rotated(tokens(2), now);
    assert_eq!(next.generation, record.generation + 1);
    assert!(next.knows(&refresh("R2")));
    assert!(format!("{:?}", next.refresh_token).contains("[redacted]"));
    let entry = Entry {
        stored: Stored::Live(Rc::new(next)),
        attempt: Attempt::default(),
    };
    assert_eq!(written(&entry).entry(now).stored.sid(), entry.stored.sid());
    assert!(written(&entry).parse(now).live().is_some());
}

fn written(Entry { stored, attempt }: &Entry) -> Json {
    let number = |number: Option<i64>| number.map_or(Member::Missing, |n| Member::Number(n as f64));
    let words = |words: Option<&str>| words.map_or(Member::Missing, text);
    let live = stored.live();
    let claim = attempt.claim;
    let cooldown = attempt.cooldown;
    let ended = match stored {
        Stored::Ended { reason, .. } => Some(reason.as_str()),
        Stored::Empty
        | Stored::Live(_)
        | Stored::Corrupt
        | Stored::Newer
        | Stored::Silent
        | Stored::Unusable => None,
    };
    let refresh_token = live.and_then(|record| record.refresh_token.as_ref());
    let expiry = live.filter(|record| record.expiry_known);
    Json::new([
        ("v", Member::Number(VERSION as f64)),
        ("sid", words(stored.sid())),
        ("gen", number(stored.sid().map(|_| stored.generation()))),
        (
            "access_token",
            words(live.map(|record| record.access_token.reveal())),
        ),
        (
            "refresh_token",
            words(refresh_token.map(RefreshToken::reveal)),
        ),
        ("scope", words(live.map(|record| record.scope.as_str()))),
        (
            "received_at",
            number(live.map(|record| record.validity.received_at)),
        ),
        (
            "expires_at",
            number(expiry.map(|record| record.validity.expires_at)),
        ),
        ("past", words(live.map(|record| record.past.as_str()))),
        (
            "unauthorized_at",
            number(live.and_then(|record| record.unauthorized_at)),
        ),
        ("ended", words(ended)),
        (
            "attempt",
            number(Some(attempt.token).filter(|token| *token != 0)),
        ),
        ("claim", number(claim.map(|claim| claim.holder))),
        ("claim_number", number(claim.map(|claim| claim.number))),
        ("claim_for", number(claim.map(|claim| claim.duration))),
        (
            "claim_locked",
            number(claim.map(|claim| i64::from(claim.locked))),
        ),
        (
            "cooldown_since",
            number(cooldown.map(|cooldown| cooldown.since)),
        ),
        (
            "cooldown_for",
            number(cooldown.map(|cooldown| cooldown.duration)),
        ),
        (
            "failures",
            number(cooldown.map(|cooldown| i64::from(cooldown.failures))),
        ),
        ("sent_since", number(attempt.sends.map(|sends| sends.since))),
        (
            "sends",
            number(attempt.sends.map(|sends| i64::from(sends.count))),
        ),
        ("refusals", number(Some(i64::from(attempt.refusals)))),
    ])
}
