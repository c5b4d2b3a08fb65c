//! What holders of one session tell each other about a send: who may, and when again.
//!
//! Owns the claim, the cool-down with its backoff, and the memory of a send that was not
//! answered. A claim is waited out by the clock of the waiting holder, never by comparing two
//! machines' clocks; a cool-down that begins in the future is void. Knows nothing of
//! stores, requests or the session.

use crate::oauth::Member;

const FIRST_BACKOFF: i64 = 500;
const LONGEST_BACKOFF: i64 = 60_000;
const LONGEST_COOLDOWN: i64 = 3_600_000;
/// As long as the longest timeout, and the second within which its holder sends.
const LONGEST_CLAIM: i64 = 3_601_000;
const LATEST_TIME: f64 = 8.64e15;

/// The right to send a refresh token, for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    /// The fingerprint of the holder's name.
    pub holder: i64,
    /// Counts its claims: no two claims are alike.
    pub number: i64,
    /// Milliseconds. Its holder sends only within the first second.
    pub duration: i64,
    /// Whether its holder held the lock: then it is gone as soon as another holds that.
    pub locked: bool,
}

/// How long no holder sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cooldown {
    /// Epoch milliseconds.
    pub since: i64,
    /// Milliseconds.
    pub duration: i64,
    /// Sends in a row that have failed.
    pub failures: u32,
}

impl Cooldown {
    /// Half of the backoff (0.5 s, doubled with each failure, at most 60 s) and a random part of the other half, or
    /// what the server asks for (RFC 9110 section 10.2.3) if that is longer.
    pub fn new(since: i64, failures: u32, retry_after: Option<u32>, random: u32) -> Self {
        let backoff = (FIRST_BACKOFF << failures.saturating_sub(1).min(7)).min(LONGEST_BACKOFF);
        let jitter = (backoff / 2 * i64::from(random)) >> 32;
        let asked = i64::from(retry_after.unwrap_or(0)) * 1_000;
        Self {
            since,
            duration: asked.max(backoff / 2 + jitter),
            failures,
        }
    }
}

/// What is known of the sends of one refresh token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Attempt {
    /// The fingerprint of that token; 0 for none.
    pub token: i64,
    /// Who may send it.
    pub claim: Option<Claim>,
    /// How long no holder may.
    pub cooldown: Option<Cooldown>,
    /// Since when the server may have spent it without anybody knowing, in epoch milliseconds.
    pub unanswered_since: Option<i64>,
}

impl Attempt {
    /// What can be made of `attempt`, `claim`, `claim_number`, `claim_for`, `claim_locked` (1 or 0), `cooldown_since`,
    /// `cooldown_for`, `failures` and `unanswered_since`: nothing in them may keep anybody waiting for longer than an hour.
    pub fn parse(members: &[Member; 9]) -> Self {
        let [
            token,
            claim,
            claim_number,
            claim_for,
            claim_locked,
            cooldown_since,
            cooldown_for,
            failures,
            unanswered_since,
        ] = members;
        let number = |member| time(member).unwrap_or(0);
        let wait = |member| number(member).min(LONGEST_COOLDOWN);
        Self {
            token: number(token),
            claim: (*claim != Member::Missing).then(|| Claim {
                holder: number(claim),
                number: number(claim_number),
                duration: number(claim_for).min(LONGEST_CLAIM),
                locked: wait(claim_locked) == 1,
            }),
            cooldown: time(cooldown_since).map(|since| Cooldown {
                since,
                duration: wait(cooldown_for),
                failures: wait(failures) as u32,
            }),
            unanswered_since: time(unanswered_since),
        }
    }

    /// Milliseconds until anybody may send, at `wall`.
    pub fn cooling(&self, wall: i64) -> i64 {
        self.cooldown.map_or(0, |cooldown| {
            let passed = wall - cooldown.since;
            let lasts = (0..cooldown.duration).contains(&passed);
            if lasts { cooldown.duration - passed } else { 0 }
        })
    }

    /// Adds to what was read what was known `before` of the same refresh token: its claim stays, and the longer memory of
    /// the two.
    pub fn remember(&mut self, before: &Self) {
        let since = |attempt: &Self| attempt.cooldown.map(|cooldown| cooldown.since);
        if since(before) > since(self) {
            self.cooldown = before.cooldown;
        }
        if self.token == 0 {
            self.token = before.token;
        }
        if self.token == before.token {
            self.unanswered_since = self.unanswered_since.or(before.unanswered_since);
        }
    }

    /// Sends in a row that have failed.
    pub(crate) fn failures(&self) -> u32 {
        self.cooldown.map_or(0, |cooldown| cooldown.failures)
    }
}

/// A moment or a duration in milliseconds, if it is a whole number that a clock can show.
pub(crate) fn time(member: &Member) -> Option<i64> {
    member
        .number()
        .filter(|number| (0.0..=LATEST_TIME).contains(number) && number.fract() == 0.0)
        .map(|number| number as i64)
}
