//! What the tests of the core share: plain values.

#![allow(dead_code, unreachable_pub, clippy::missing_panics_doc)]

use meshydb_client::attempt::AttemptMembers;
use meshydb_client::config::Config;
use meshydb_client::error::Error;
use meshydb_client::oauth::{Answer, Member, Members, token_response};
use meshydb_client::record::{Entry, Record, RecordMembers, Stored};
use meshydb_client::token::{AccessToken, Now, RefreshToken, TokenSet};

pub const LIFETIME: i64 = 60_000;
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
        public_key: "key".into(),
        scope: "meshy.api offline_access".into(),
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

    fn get(&self, name: &str) -> &Member {
        let found = self.0.iter().find(|(other, _)| *other == name);
        found.map_or(&Member::Missing, |(_, member)| member)
    }

    pub fn members(&self) -> Members<'_> {
        Members {
            access_token: self.get("access_token"),
            token_type: self.get("token_type"),
            expires_in: self.get("expires_in"),
            refresh_token: self.get("refresh_token"),
            scope: self.get("scope"),
            error: self.get("error"),
            error_description: self.get("error_description"),
        }
    }

    pub fn parse(&self, now: Now) -> Stored {
        self.entry(now).stored
    }

    pub fn entry(&self, now: Now) -> Entry {
        let members = RecordMembers {
            v: self.get("v"),
            sid: self.get("sid"),
            generation: self.get("gen"),
            access_token: self.get("access_token"),
            refresh_token: self.get("refresh_token"),
            scope: self.get("scope"),
            received_at: self.get("received_at"),
            expires_at: self.get("expires_at"),
            past: self.get("past"),
            ended: self.get("ended"),
            attempt: AttemptMembers {
                attempt: self.get("attempt"),
                claim: self.get("claim"),
                claim_number: self.get("claim_number"),
                claim_for: self.get("claim_for"),
                claim_locked: self.get("claim_locked"),
                cooldown_since: self.get("cooldown_since"),
                cooldown_for: self.get("cooldown_for"),
                failures: self.get("failures"),
                unanswered_since: self.get("unanswered_since"),
            },
        };
        Entry::parse(&members, now)
    }
}

pub fn judge(
    status: u16,
    content_type: &str,
    body: Option<&Json>,
    retry_after: Option<f64>,
) -> Result<TokenSet, Error> {
    token_response(&Answer {
        status,
        content_type,
        retry_after,
        members: body.map(Json::members),
    })
}

pub fn refusal(error: &str) -> Error {
    let body = Json::new([("error", text(error))]);
    judge(400, "application/json", Some(&body), None).unwrap_err()
}
