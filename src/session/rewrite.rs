//! When a record that could not be stored is written again.

use crate::token::Now;

/// Tries at once, while the lock and the claim still keep others from sending the old token.
const AT_ONCE: u32 = 2;
/// Milliseconds; doubled with each try that was made before, up to a second while a claim of the holder's may still keep
/// others from sending the old token.
const FIRST_WAIT: i64 = 250;
const SECOND: i64 = 1_000;
const MINUTE: i64 = 60_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Rewrite {
    since: i64,
    /// By the monotonic clock.
    at: i64,
    tries: u32,
}

impl Rewrite {
    /// Of a record that was not written again yet.
    pub(super) fn new(now: &Now) -> Self {
        Self {
            since: now.monotonic,
            at: now.monotonic,
            tries: 0,
        }
    }

    /// Whether it is tried at once; counts that try.
    pub(super) fn at_once(&mut self) -> bool {
        let is_at_once = self.tries < AT_ONCE;
        self.tries += u32::from(is_at_once);
        is_at_once
    }

    pub(super) fn at(&self) -> i64 {
        self.at
    }

    /// When it has been tried for so many milliseconds.
    pub(super) fn until(&self, milliseconds: i64) -> i64 {
        self.since + milliseconds
    }

    pub(super) fn is_due(&self, now: &Now) -> bool {
        self.at <= now.monotonic
    }

    /// Counts a try, and puts off the next one, by half of `timeout` at most: a claim lasts for longer than that.
    pub(super) fn put_off(&mut self, now: &Now, timeout: i64) {
        let doublings = self.tries.saturating_sub(AT_ONCE);
        let wait = if i64::from(doublings) > timeout / SECOND {
            MINUTE
        } else {
            (FIRST_WAIT << doublings.min(2)).min(SECOND)
        };
        self.at = now.monotonic + wait.min(timeout / 2);
        self.tries = self.tries.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::Rewrite;
    use crate::token::Now;

    #[test]
    fn twice_at_once_then_each_second_and_after_a_claim_twice_in_a_timeout() {
        let now = Now::default();
        let mut rewrite = Rewrite::new(&now);
        assert!(rewrite.is_due(&now));
        assert!(rewrite.at_once() && rewrite.at_once() && !rewrite.at_once());
        let mut waits = Vec::new();
        for _ in 0..6 {
            rewrite.put_off(&now, 4_000);
            assert!(!rewrite.is_due(&now));
            waits.push(rewrite.at());
        }
        assert_eq!(waits, [250, 500, 1_000, 1_000, 1_000, 2_000]);
    }

    #[test]
    fn never_later_than_half_of_a_timeout() {
        let mut rewrite = Rewrite::new(&Now::default());
        rewrite.put_off(&Now::default(), 300);
        assert_eq!(rewrite.at(), 150);
    }
}
