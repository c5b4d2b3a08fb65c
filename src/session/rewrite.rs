//! When a record that could not be stored is written again.

use crate::token::Now;

/// Tries at once, while the lock and the claim still keep others from sending the old token.
const AT_ONCE: u32 = 2;
/// Milliseconds; doubled with each try that was made before, so that the first wait after those at once is a second.
const FIRST_WAIT: i64 = 250;
const LONGEST_DOUBLING: u32 = 8;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Rewrite {
    /// By the monotonic clock.
    at: i64,
    tries: u32,
}

impl Rewrite {
    /// Of a record that was not written again yet.
    pub(super) fn new(now: &Now) -> Self {
        Self {
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

    pub(super) fn is_due(&self, now: &Now) -> bool {
        self.at <= now.monotonic
    }

    /// Counts a try, and puts off the next one: for a minute in the end, but never longer than `longest`.
    pub(super) fn put_off(&mut self, now: &Now, longest: i64) {
        let wait = (FIRST_WAIT << self.tries.min(LONGEST_DOUBLING)).min(longest);
        self.at = now.monotonic + wait;
        self.tries += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::Rewrite;
    use crate::token::Now;

    #[test]
    fn twice_at_once_then_after_one_two_four_seconds_and_so_on_to_a_minute() {
        let now = Now::default();
        let mut rewrite = Rewrite::new(&now);
        assert!(rewrite.is_due(&now));
        assert!(rewrite.at_once() && rewrite.at_once() && !rewrite.at_once());
        let mut waits = Vec::new();
        for _ in 0..8 {
            rewrite.put_off(&now, i64::MAX);
            assert!(!rewrite.is_due(&now));
            waits.push(rewrite.at());
        }
        assert_eq!(
            waits,
            [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 64_000]
        );
    }

    #[test]
    fn never_later_than_it_may_be() {
        let mut rewrite = Rewrite::new(&Now::default());
        rewrite.put_off(&Now::default(), 200);
        assert_eq!(rewrite.at(), 200);
    }
}
