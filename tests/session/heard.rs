//! What a script says of the store and of the server.

use std::rc::Rc;

use meshydb_client::attempt::{Attempt, Claim, Cooldown, Sends};
use meshydb_client::error::{Error, Reason};
use meshydb_client::oauth;
use meshydb_client::record::{Entry, Record, Stored};
use meshydb_client::token::{Now, RefreshToken, TokenSet, fingerprint};

use crate::support::{LIFETIME, judge, record, refresh, refusal, tokens};

/// A stored value, and what its holders are up to: `by holder#number for 11000 locked of R9`,
/// `cooling 5000 since -1000`, `sent 2`, `refused 1`; without a word of them what was written last beside the same value.
pub(crate) fn found(now: Now, before: &Entry, words: &[&str]) -> Entry {
    let at = words
        .iter()
        .position(|word| ["by", "cooling", "sent", "refused"].contains(word));
    let (stored, rest) = words.split_at(at.unwrap_or(words.len()));
    let stored = value(now, stored);
    if rest.is_empty() && is_same(&stored, &before.stored) {
        let attempt = before.attempt;
        return Entry { stored, attempt };
    }
    let mut attempt = Attempt::default();
    if let Stored::Live(record) = &stored {
        attempt.token = record
            .refresh_token
            .as_ref()
            .map_or(0, RefreshToken::fingerprint);
    }
    let after = |name: &str| {
        let at = rest.iter().position(|word| *word == name)?;
        Some(rest.get(at + 1).copied().unwrap_or_default())
    };
    if let Some((holder, number)) = after("by").and_then(|by| by.split_once('#')) {
        attempt.claim = Some(Claim {
            holder: fingerprint(holder),
            number: number.parse().unwrap(),
            duration: after("for").map_or(11_000, |duration| duration.parse().unwrap()),
            locked: after("locked").is_some(),
        });
    }
    if let Some(token) = after("of") {
        attempt.token = refresh(token).fingerprint();
    }
    attempt.cooldown = after("cooling").map(|duration| Cooldown {
        since: now.wall + after("since").map_or(0, |ahead| ahead.parse().unwrap()),
        duration: duration.parse().unwrap(),
        failures: 1,
    });
    attempt.sends = after("sent").map(|count| Sends {
        since: now.wall,
        count: count.parse().unwrap(),
    });
    attempt.refusals = after("refused").map_or(0, |count| count.parse().unwrap());
    Entry { stored, attempt }
}

fn value(now: Now, words: &[&str]) -> Stored {
    let Some((sid, generation)) = words[0].split_once('#') else {
        return match words[0] {
            "empty" => Stored::Empty,
            "corrupt" => Stored::Corrupt,
            "newer" => Stored::Newer,
            other => panic!("what is {other}?"),
        };
    };
    let generation = generation.parse().unwrap();
    if words[1] == "ended" {
        let (sid, reason) = (sid.into(), Reason::parse(words[2]).unwrap());
        return Stored::Ended {
            sid,
            generation,
            reason,
        };
    }
    let after = |name: &str| {
        let at = words.iter().position(|word| *word == name)?;
        Some(words.get(at + 1).copied().unwrap_or_default())
    };
    let age = after("aged").map_or(0, |age| age.parse().unwrap());
    let age = after("expired").map_or(age, |_| LIFETIME);
    let mut now = now;
    now.wall -= age;
    now.monotonic -= age;
    let mut record = record(sid, generation, words[1][1..].parse().unwrap(), now);
    if after("bare").is_some() {
        record.refresh_token = None;
    }
    Stored::Live(Rc::new(record))
}

fn is_same(stored: &Stored, before: &Stored) -> bool {
    match (stored.live(), before.live()) {
        (Some(stored), Some(before)) => {
            let name = |record: &Record| (record.sid.clone(), record.generation);
            name(stored) == name(before) && stored.refresh_token == before.refresh_token
        }
        _ => stored == before,
    }
}

/// What the server answers, if anything.
pub(crate) fn reply(words: &[&str]) -> Result<TokenSet, Error> {
    Err(match words[0] {
        "replied" => return Ok(granted(words[1].parse().unwrap(), &words[2..])),
        "refused" => refused(words[1], words.get(2)),
        "busy" => busy(words.get(1)),
        "limited" => judge(429, None, None).unwrap_err(),
        "gateway" => judge(502, None, None).unwrap_err(),
        "portal" => judge(200, None, None).unwrap_err(),
        "unsent" => unsent(),
        "late" => oauth::no_answer(true),
        "unanswered" => oauth::no_answer(false),
        other => panic!("what is {other}?"),
    })
}

/// The tokens of that number: `keeping` the refresh token, or `bare` without one; `as 1` with an older access token.
fn granted(n: u32, words: &[&str]) -> TokenSet {
    let mut granted = tokens(n);
    match words {
        ["keeping" | "bare"] => granted.refresh_token = None,
        ["as", older] => granted.access_token = tokens(older.parse().unwrap()).access_token,
        _ => {}
    }
    granted
}

fn refused(error: &str, status: Option<&&str>) -> Error {
    let mut refusal = refusal(error);
    refusal.status = Some(status.map_or(400, |status| status.parse().unwrap()));
    refusal
}

fn unsent() -> Error {
    let mut error = oauth::no_answer(false);
    error.never_sent = true;
    error
}

fn busy(retry_after: Option<&&str>) -> Error {
    let retry_after = retry_after.map(|seconds| seconds.parse().unwrap());
    judge(503, None, retry_after).unwrap_err()
}
