//! What is stored, and who wins between two records.
//!
//! Owns the shape of the record, its version, and its validation: a record that is not
//! valid in every member is [`Stored::Corrupt`], is never sent and never shown. Knows
//! nothing of stores, JSON or the session.

use std::rc::Rc;

use crate::attempt::{Attempt, moment};
use crate::error::Reason;
use crate::oauth::Member;
use crate::token::{
    AccessToken, FIVE_MINUTES, LONGEST_LIFETIME, Now, RefreshToken, SKEW, TokenSet,
    UNKNOWN_LIFETIME, Validity, fingerprint,
};

/// The version of the record that this crate writes.
pub const VERSION: i64 = 2;
/// Hexadecimal digits of a fingerprint.
const FINGERPRINT: usize = 13;
/// Fingerprints: of the first refresh token, of the 512 that came last, and of the one in use.
const PAST: usize = 514;

/// A live session, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// Names the session: random for each login.
    pub sid: String,
    /// Counts rotations, and never restarts under one key.
    pub generation: i64,
    /// The token to use.
    pub access_token: AccessToken,
    /// The token to refresh with, where there is one.
    pub refresh_token: Option<RefreshToken>,
    /// What the server granted.
    pub scope: String,
    /// When and for how long.
    pub validity: Validity,
    /// Whether the server said how long.
    pub expiry_known: bool,
    /// Fingerprints of the first and the last 512 refresh tokens: the first, then the newest first.
    pub past: String,
    /// When a refresh was last made because a server had refused the access token, in epoch milliseconds.
    pub unauthorized_at: Option<i64>,
}

impl Record {
    /// The first record of a session. `opened_with` is the refresh token that was given for it, where there was one.
    pub fn first(
        sid: &str,
        tokens: TokenSet,
        scope: &str,
        opened_with: Option<RefreshToken>,
        now: Now,
    ) -> Self {
        let mut before = Self {
            sid: sid.into(),
            generation: 0,
            access_token: tokens.access_token.clone(),
            refresh_token: opened_with,
            scope: scope.into(),
            validity: Validity::default(),
            expiry_known: false,
            past: String::new(),
            unauthorized_at: None,
        };
        before.remember();
        before.rotated(tokens, now)
    }

    /// The record after a refresh: a response without a refresh token keeps the old one (RFC 6749 section 6).
    #[must_use]
    pub fn rotated(&self, tokens: TokenSet, now: Now) -> Self {
        let mut next = self.clone();
        next.generation += 1;
        next.access_token = tokens.access_token;
        next.validity = Validity::received(now, tokens.lifetime);
        next.expiry_known = tokens.lifetime.is_some();
        if let Some(scope) = tokens.scope {
            next.scope = scope;
        }
        if tokens.refresh_token.is_some() && tokens.refresh_token != next.refresh_token {
            next.refresh_token = tokens.refresh_token;
            next.remember();
        }
        next
    }

    /// Whether `token` is this session's refresh token, or was the first or one of the last 512.
    pub fn knows(&self, token: &RefreshToken) -> bool {
        let fingerprint = hexadecimal(token.fingerprint());
        let was = |past: &[u8]| past == fingerprint.as_bytes();
        self.refresh_token.as_ref() == Some(token)
            || self.past.as_bytes().chunks(FINGERPRINT).any(was)
    }

    /// Whether so little time has passed since a refresh because of a 401 that another would not help.
    pub fn is_renewed(&self, now: Now) -> bool {
        let within = (self.validity.lifetime() / 2).min(FIVE_MINUTES);
        let is_recent = |at| (-SKEW..within).contains(&(now.wall - at));
        self.unauthorized_at.is_some_and(is_recent) && self.validity.covers(now, 0)
    }

    /// When its access token has expired for good, by the monotonic clock, which counts the time that has passed: there is no
    /// other, and its lifetime is known.
    pub fn lapses_at(&self) -> i64 {
        if self.refresh_token.is_none() && self.expiry_known {
            self.validity.expires_monotonic
        } else {
            i64::MAX
        }
    }

    fn remember(&mut self) {
        let Some(token) = &self.refresh_token else {
            return;
        };
        let newest = hexadecimal(token.fingerprint());
        let after_the_first = self.past.len().min(FINGERPRINT);
        self.past.insert_str(after_the_first, &newest);
        self.past.truncate(PAST * FINGERPRINT);
    }
}

/// What a store holds under a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The session.
    pub stored: Stored,
    /// What its holders are up to.
    pub attempt: Attempt,
}

/// The session under a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Stored {
    /// None.
    #[default]
    Empty,
    /// A session that goes on.
    Live(Rc<Record>),
    /// A session that was ended, so that every holder learns of it.
    Ended {
        /// Which one.
        sid: String,
        /// Its last generation: the next login counts on from there.
        generation: i64,
        /// Why.
        reason: Reason,
    },
    /// Something that is no record. It is left alone until the next login.
    Corrupt,
    /// A record of a later version of this package. It is left alone.
    Newer,
    /// The store does not answer.
    Silent,
    /// The store says itself that it cannot be used.
    Unusable,
}

impl Entry {
    /// Validates what was read at `now`: `v`, `sid`, `gen`, `access_token`, `refresh_token`, `scope`, `received_at`,
    /// `expires_at` (epoch milliseconds, missing where the server did not say), `past`, `unauthorized_at`, `ended` (the
    /// reason), and the members of its [`Attempt`].
    pub fn parse(members: &[Member; 11], attempt: &[f64; 11], now: Now) -> Self {
        let [v, ..] = members;
        let is_newer = v.number().is_some_and(|version| version > VERSION as f64);
        Self {
            stored: if is_newer {
                Stored::Newer
            } else {
                Stored::parse(members, attempt[0], now).unwrap_or(Stored::Corrupt)
            },
            attempt: Attempt::parse(attempt),
        }
    }
}

impl Stored {
    /// Whether a holder may write over it without a login.
    pub fn is_readable(&self) -> bool {
        match self {
            Self::Empty | Self::Live(_) | Self::Ended { .. } => true,
            Self::Corrupt | Self::Newer | Self::Silent | Self::Unusable => false,
        }
    }

    /// The session, if it goes on.
    pub fn live(&self) -> Option<&Rc<Record>> {
        match self {
            Self::Live(record) => Some(record),
            Self::Empty
            | Self::Ended { .. }
            | Self::Corrupt
            | Self::Newer
            | Self::Silent
            | Self::Unusable => None,
        }
    }

    /// The generation after which the next login counts on.
    pub fn generation(&self) -> i64 {
        match self {
            Self::Live(record) => record.generation,
            Self::Ended { generation, .. } => *generation,
            Self::Empty | Self::Corrupt | Self::Newer | Self::Silent | Self::Unusable => 0,
        }
    }

    /// The session that is, or was, stored.
    pub fn sid(&self) -> Option<&str> {
        match self {
            Self::Live(record) => Some(&record.sid),
            Self::Ended { sid, .. } => Some(sid),
            Self::Empty | Self::Corrupt | Self::Newer | Self::Silent | Self::Unusable => None,
        }
    }

    fn parse(members: &[Member; 11], attempt: f64, now: Now) -> Option<Self> {
        let [
            v,
            sid,
            generation,
            access_token,
            refresh_token,
            scope,
            received_at,
            expires_at,
            past,
            unauthorized_at,
            ended,
        ] = members;
        if v.number()? < VERSION as f64 {
            return None;
        }
        if *sid == Member::Missing && *access_token == Member::Missing {
            return moment(attempt).map(|_| Self::Empty);
        }
        let sid = sid.text().filter(|sid| !sid.is_empty())?;
        let generation = time(generation)?;
        if *ended != Member::Missing {
            let reason = Reason::parse(ended.text()?)?;
            return Some(Self::Ended {
                sid: sid.into(),
                generation,
                reason,
            });
        }
        let received_at = time(received_at)?;
        let expiry_known = *expires_at != Member::Missing;
        let expires_at = if expiry_known {
            time(expires_at)?
        } else {
            received_at + UNKNOWN_LIFETIME
        };
        if !(0..=LONGEST_LIFETIME).contains(&(expires_at - received_at)) {
            return None;
        }
        let scope = scope.text()?;
        let past = past.text().filter(|past| is_past(past))?;
        let refresh_token = refresh_token.refresh_token()?;
        Some(Self::Live(Rc::new(Record {
            access_token: AccessToken::parse(access_token.text()?)?,
            refresh_token,
            sid: sid.into(),
            generation,
            scope: scope.into(),
            validity: Validity::seen(now, received_at, expires_at),
            expiry_known,
            past: past.into(),
            unauthorized_at: time(unauthorized_at),
        })))
    }
}

fn hexadecimal(fingerprint: i64) -> String {
    (0..FINGERPRINT)
        .rev()
        .map(|digit| char::from_digit((fingerprint >> (digit * 4)) as u32 & 15, 16).unwrap_or('0'))
        .collect()
}

fn is_past(past: &str) -> bool {
    past.len() <= PAST * FINGERPRINT
        && past.len().is_multiple_of(FINGERPRINT)
        && past.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What a session knows of its place in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The store was not read yet.
    Unread,
    /// It is not stored yet; the session whose sid has this fingerprint is, or none.
    Beside(Option<i64>),
    /// It is, or was, what is stored.
    Stored,
}

/// Where a session stands in view of what was read from its store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing newer is stored.
    Current,
    /// Another holder rotated.
    Behind(Rc<Record>),
    /// The session is over.
    Over(Reason),
    /// The store cannot say.
    Unknown,
    /// A later version of this package has taken over.
    Newer,
}

/// Compares the session `sid` at `generation` with what is stored.
pub fn standing(sid: &str, generation: i64, place: Place, stored: &Stored) -> Standing {
    match (stored, place) {
        (Stored::Corrupt | Stored::Silent | Stored::Unusable, _) => Standing::Unknown,
        (Stored::Newer, _) => Standing::Newer,
        (Stored::Live(record), _) if record.sid == sid => {
            if record.generation > generation {
                Standing::Behind(record.clone())
            } else {
                Standing::Current
            }
        }
        (
            Stored::Ended {
                sid: ended, reason, ..
            },
            _,
        ) if ended == sid => Standing::Over(*reason),
        (Stored::Empty, Place::Stored) => Standing::Over(Reason::Removed),
        (Stored::Empty, _) | (_, Place::Unread) | (Stored::Ended { .. }, Place::Beside(_)) => {
            Standing::Current
        }
        (_, Place::Beside(other)) if other == stored.sid().map(fingerprint) => Standing::Current,
        (_, Place::Beside(_) | Place::Stored) => Standing::Over(Reason::Replaced),
    }
}

fn time(member: &Member) -> Option<i64> {
    member.number().and_then(moment)
}
