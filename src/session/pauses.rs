//! How long this holder rests before it may send.
//!
//! Owns when a cool-down was first seen here, since other clocks are not compared, and what this
//! holder has told the others to do itself, which holds however far their clocks are apart.

use crate::attempt::Cooldown;
use crate::token::Now;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Pauses {
    seen: Seen,
    own: Rest,
    /// When the cool-down began that counts no more.
    waived: i64,
}

/// What is known by its date on a wall clock, and when it was first seen here by the monotonic clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Seen {
    date: i64,
    pub(super) at: i64,
}

/// Until when this holder does not send the token with that fingerprint, by either of its clocks: it may have slept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Rest {
    token: i64,
    until: Now,
}

impl Seen {
    pub(super) fn note(&mut self, date: i64, now: &Now) {
        if self.date != date {
            *self = Self {
                date,
                at: now.monotonic,
            };
        }
    }
}

impl Pauses {
    pub(super) fn note(&mut self, cooldown: Cooldown, now: &Now) {
        self.seen.note(cooldown.since, now);
    }

    /// Begins one with that token.
    pub(super) fn begin(&mut self, token: i64, cooldown: Cooldown, now: &Now) {
        self.own = Rest {
            token,
            until: Now {
                wall: now.wall + cooldown.duration,
                monotonic: now.monotonic + cooldown.duration,
            },
        };
        self.note(cooldown, now);
    }

    /// Milliseconds until this holder may send that token; not more than 0 if it may now.
    pub(super) fn left(&self, token: i64, cooldown: Option<Cooldown>, now: &Now) -> i64 {
        let shared = cooldown
            .filter(|cooldown| cooldown.since != self.waived)
            .map_or(0, |cooldown| {
                cooldown.left(now.wall, now.monotonic - self.seen.at)
            });
        if self.own.token == token {
            let Now { wall, monotonic } = self.own.until;
            shared.max((wall - now.wall).min(monotonic - now.monotonic))
        } else {
            shared
        }
    }

    /// The network is back: one that the server has not asked for counts no more.
    pub(super) fn waive(&mut self, cooldown: Cooldown) {
        if !cooldown.is_asked_for() {
            self.waived = cooldown.since;
            self.own = Rest::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pauses;
    use crate::attempt::Cooldown;
    use crate::token::Now;

    const TOKEN: i64 = 7;

    fn at(wall: i64, monotonic: i64) -> Now {
        Now { wall, monotonic }
    }

    fn cooldown(since: i64, retry_after: Option<u32>) -> Cooldown {
        Cooldown::new(since, 3, retry_after, 0)
    }

    #[test]
    fn anothers_pause_is_waited_out_from_when_it_was_first_seen() {
        let told = cooldown(20_000, None);
        let mut pauses = Pauses::default();
        for wall in [0, 20_000, 40_000] {
            pauses.note(told, &at(wall, 5));
            assert_eq!(pauses.left(TOKEN, Some(told), &at(wall, 5)), 1_000);
            assert_eq!(pauses.left(TOKEN, Some(told), &at(wall, 905)), 100);
        }
    }

    #[test]
    fn its_own_holds_whatever_the_store_says_later() {
        let mut pauses = Pauses::default();
        pauses.begin(TOKEN, cooldown(0, None), &at(0, 0));
        assert_eq!(pauses.left(TOKEN, None, &at(9, 9)), 991);
        assert_eq!(pauses.left(TOKEN + 1, None, &at(9, 9)), 0);
        let far = cooldown(9_000_000, None);
        pauses.note(far, &at(10, 10));
        assert_eq!(pauses.left(TOKEN, Some(far), &at(10, 10)), 990);
    }

    #[test]
    fn only_what_the_server_has_not_asked_for_is_waived() {
        for (retry_after, left) in [(None, 0), (Some(5), 5_000)] {
            let told = cooldown(30, retry_after);
            let mut pauses = Pauses::default();
            pauses.begin(TOKEN, told, &at(30, 0));
            pauses.waive(told);
            assert_eq!(pauses.left(TOKEN, Some(told), &at(30, 0)), left);
        }
    }
}
