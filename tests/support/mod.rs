//! What the tests of the core share: plain values.

#![allow(dead_code, unreachable_pub, clippy::missing_panics_doc)]

use meshydb_client::config::Config;
use meshydb_client::error::Error;
use meshydb_client::oauth::{Answer, Member, token_response};
use meshydb_client::record::{Entry, Record, Stored};
use meshydb_client::token::{AccessToken, Now, RefreshToken, TokenSet};

/// Milliseconds of 365 days.
pub const YEAR: i64 = 31_536_000_000;
pub const LIFETIME: i64 = 60_000;
pub const RECORD: [&str; 11] = [
    "v",
    "sid",
    "gen",
    "access_token",
    "refresh_token",
    "scope",
    "received_at",
    "expires_at",
    "past",
    "unauthorized_at",
    "ended",
];
pub const ATTEMPT: [&str; 11] = [
    "attempt",
    "claim",
    "claim_number",
    "claim_for",
    "claim_locked",
    "cooldown_since",
    "cooldown_for",
    "failures",
    "sent_since",
    "sends",
    "refusals",
];
pub const TOKEN_RESPONSE: [&str; 6] = [
    "access_token",
    "token_type",
    "expires_in",
    "refresh_token",
    "scope",
    "error",
];
pub const START: Now = Now {
    wall: 1_700_000_000_000,
    monotonic: 1_000,
};

pub fn after(milliseconds: i64) -> Now {
    Now {
        wall: START.wall + milliseconds,
        monotonic: START.monotonic + milliseconds,
    }
}

pub fn config() -> Config {
    Config {
        scope: "meshy.api offline_access".into(),
        repeats_grant: false,
        can_revoke: true,
        timeout: 10_000,
        reuse_window: 5_000,
    }
}

pub fn access(token: &str) -> AccessToken {
    AccessToken::parse(token).unwrap()
}

pub fn refresh(token: &str) -> RefreshToken {
    RefreshToken::parse(token).unwrap()
}

/// The token set `A{n}`, `R{n}`, valid for a minute.
pub fn tokens(n: u32) -> TokenSet {
    TokenSet {
        access_token: access(&format!("A{n}")),
        refresh_token: Some(refresh(&format!("R{n}"))),
        lifetime: Some(LIFETIME),
        scope: None,
    }
}

/// The record of `sid` after the tokens 1 to `n`, received at `now`.
pub fn record(sid: &str, generation: i64, n: u32, now: Now) -> Record {
    let first = Record::first(sid, tokens(1), "scope", None, now);
    let newest = (2..=n).fold(first, |record, n| record.rotated(tokens(n), now));
    Record {
        generation,
        ..newest
    }
}

pub fn text(text: &str) -> Member {
    Member::Text(text.into())
}

/// A JSON object.
#[derive(Clone)]
pub struct Json(Vec<(&'static str, Member)>);

impl Json {
    pub fn new<const N: usize>(members: [(&'static str, Member); N]) -> Self {
        Self(members.into())
    }

    pub fn with(mut self, name: &'static str, member: Member) -> Self {
        self.0.retain(|(other, _)| *other != name);
        self.0.push((name, member));
        self
    }

    fn get(&self, name: &str) -> Member {
        let found = self.0.iter().find(|(other, _)| *other == name);
        found.map_or(Member::Missing, |(_, member)| member.clone())
    }

    pub fn members(&self) -> [Member; 6] {
        TOKEN_RESPONSE.map(|name| self.get(name))
    }

    pub fn parse(&self, now: Now) -> Stored {
        self.entry(now).stored
    }

    pub fn entry(&self, now: Now) -> Entry {
        let members = RECORD.map(|name| self.get(name));
        let numbers = ATTEMPT.map(|name| self.get(name).number().unwrap_or(f64::NAN));
        Entry::parse(&members, &numbers, now)
    }
}

pub fn judge(
    status: u16,
    body: Option<&Json>,
    retry_after: Option<f64>,
) -> Result<TokenSet, Error> {
    let members = body.map(Json::members).unwrap_or_default();
    let answer = Answer {
        status,
        retry_after,
        members,
    };
    token_response(&answer)
}

pub fn refusal(error: &str) -> Error {
    let body = Json::new([("error", text(error))]);
    judge(400, Some(&body), None).unwrap_err()
}
