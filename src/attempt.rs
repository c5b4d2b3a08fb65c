//! What holders of one session tell each other about a send: who may, and when again.
//!
//! Owns the claim, the cool-down with its backoff, and the memory of a send that was not
//! answered. A claim is waited out by the clock of whoever waits, never by comparing two
//! machines' clocks; a cool-down that begins in the future is void. Knows nothing of
//! stores, requests or the machine.

use crate::oauth::Member;

const FIRST_BACKOFF: i64 = 500;
const LONGEST_BACKOFF: i64 = 60_000;
const LONGEST_WAIT: i64 = 3_601_000;
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

/// Until when nobody sends.
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
    /// Until when nobody may.
    pub cooldown: Option<Cooldown>,
    /// Since when the server may have spent it without anybody knowing, in epoch milliseconds.
    pub unanswered_since: Option<i64>,
}

/// The members of an [`Attempt`], as a JSON reader found them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttemptMembers<'a> {
    /// [`Attempt::token`].
    pub attempt: &'a Member,
    /// [`Claim::holder`].
    pub claim: &'a Member,
    /// [`Claim::number`].
    pub claim_number: &'a Member,
    /// [`Claim::duration`].
    pub claim_for: &'a Member,
    /// [`Claim::locked`], 1 or 0.
    pub claim_locked: &'a Member,
    /// [`Cooldown::since`].
    pub cooldown_since: &'a Member,
    /// [`Cooldown::duration`].
    pub cooldown_for: &'a Member,
    /// [`Cooldown::failures`].
    pub failures: &'a Member,
    /// [`Attempt::unanswered_since`].
    pub unanswered_since: &'a Member,
}

impl Attempt {
    /// What can be made of the members: nothing in them may keep anybody waiting for longer than an hour.
    pub fn parse(members: &AttemptMembers<'_>) -> Self {
        let number = |member| time(member).unwrap_or(0);
        let wait = |member| number(member).min(LONGEST_WAIT);
        Self {
            token: number(members.attempt),
            claim: (*members.claim != Member::Missing).then(|| Claim {
                holder: number(members.claim),
                number: number(members.claim_number),
                duration: wait(members.claim_for),
                locked: wait(members.claim_locked) == 1,
            }),
            cooldown: time(members.cooldown_since).map(|since| Cooldown {
                since,
                duration: wait(members.cooldown_for),
                failures: wait(members.failures) as u32,
            }),
            unanswered_since: time(members.unanswered_since),
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

    /// What is known when this was read and `before`, of the same refresh token, was known: the store's claim, and the
    /// longer memory of the two.
    #[must_use]
    pub fn beside(mut self, before: &Self) -> Self {
        let since = |attempt: &Self| attempt.cooldown.map(|cooldown| cooldown.since);
        if since(before) > since(&self) {
            self.cooldown = before.cooldown;
        }
        if self.token == 0 {
            self.token = before.token;
        }
        if self.token == before.token {
            self.unanswered_since = self.unanswered_since.or(before.unanswered_since);
        }
        self
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
