//! What holders of one session tell each other about a send: who may, and when again.
//!
//! Owns the claim, the cool-down with its backoff, and the memory of sends that were not
//! answered. Claims and cool-downs are waited out by the clock of the waiting holder, from
//! when it first sees them. Knows nothing of stores, requests or the session.

use crate::token::SKEW;

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
    /// what the server asks for (RFC 9110 section 10.2.3), and then no less than all of it.
    pub fn new(since: i64, failures: u32, retry_after: Option<u32>, random: u32) -> Self {
        let backoff = backoff(failures);
        let jitter = (backoff / 2 * i64::from(random)) >> 32;
        let duration = match retry_after {
            Some(seconds) if seconds > 0 => (i64::from(seconds) * 1_000).max(backoff + 1),
            Some(_) | None => backoff / 2 + jitter,
        };
        Self {
            since,
            duration,
            failures,
        }
    }

    /// Whether it is as long as it is because the server asked for that.
    pub fn is_asked_for(&self) -> bool {
        self.duration > backoff(self.failures)
    }

    /// Milliseconds that it lasts on, `seen` milliseconds after it was first seen, at `wall`. It is believed to have begun when
    /// it was first seen, unless it began long before by any clock; one of the far future is void.
    pub fn left(&self, wall: i64, seen: i64) -> i64 {
        let passed = wall - self.since;
        if passed < -SKEW {
            return 0;
        }
        (self.duration - seen.max(passed - SKEW)).max(0)
    }
}

fn backoff(failures: u32) -> i64 {
    (FIRST_BACKOFF << failures.saturating_sub(1).min(7)).min(LONGEST_BACKOFF)
}

/// Sends of one refresh token in a row whose answers are lost, or still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sends {
    /// When the first of them was, in epoch milliseconds.
    pub since: i64,
    /// How many.
    pub count: u8,
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
    /// Those that the server may have granted without any holder knowing.
    pub sends: Option<Sends>,
    /// Refusals in a row, while the token was so young that the server may not know it yet.
    pub refusals: u8,
}

impl Attempt {
    /// What can be made of the numbers `attempt`, `claim`, `claim_number`, `claim_for`, `claim_locked` (1 or 0),
    /// `cooldown_since`, `cooldown_for`, `failures`, `sent_since`, `sends` and `refusals`, NaN for what is none: nothing in them
    /// may keep a holder waiting for longer than an hour.
    pub fn parse(numbers: &[f64; 11]) -> Self {
        let [
            token,
            holder,
            number,
            claim_for,
            claim_locked,
            cooldown_since,
            cooldown_for,
            failures,
            sent_since,
            sends,
            refusals,
        ] = numbers.map(|number| moment(number).unwrap_or(0));
        let count = |number: i64| number.min(i64::from(u8::MAX)) as u8;
        Self {
            token,
            claim: (holder > 0 || number > 0).then(|| Claim {
                holder,
                number,
                duration: claim_for.min(LONGEST_CLAIM),
                locked: claim_locked == 1,
            }),
            cooldown: (cooldown_since > 0).then(|| Cooldown {
                since: cooldown_since,
                duration: cooldown_for.min(LONGEST_COOLDOWN),
                failures: failures.min(LONGEST_COOLDOWN) as u32,
            }),
            sends: (sent_since > 0).then(|| Sends {
                since: sent_since,
                count: count(sends).max(1),
            }),
            refusals: count(refusals),
        }
    }

    /// Adds to what was read what was known `before`, and could not be written, of the same refresh token: its claim and its
    /// cool-down stay, and the longer memory of the two.
    pub fn remember(&mut self, before: &Self) {
        if self.token == 0 {
            self.token = before.token;
        }
        if self.token == before.token {
            let count = |attempt: &Self| attempt.sends.map(|sends| sends.count);
            if count(before) > count(self) {
                self.sends = before.sends;
            }
            self.refusals = self.refusals.max(before.refusals);
        }
    }

    /// Takes back one send: it was certainly not granted.
    pub(crate) fn forget_send(&mut self) {
        if let Some(sends) = &mut self.sends {
            sends.count = sends.count.saturating_sub(1);
        }
        self.sends = self.sends.filter(|sends| sends.count > 0);
    }

    /// Sends in a row that have failed.
    pub(crate) fn failures(&self) -> u32 {
        self.cooldown.map_or(0, |cooldown| cooldown.failures)
    }
}

/// A moment or a duration in milliseconds, if it is a whole number that a clock can show.
pub(crate) fn moment(number: f64) -> Option<i64> {
    let is_moment = (0.0..=LATEST_TIME).contains(&number) && number.fract() == 0.0;
    is_moment.then_some(number as i64)
}
