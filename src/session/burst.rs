//! The sends of one refresh token in a row, as long as their answers are lost.

use crate::token::Now;

const LONGEST: u8 = 3;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Burst {
    first: Now,
    sends: u8,
}

impl Burst {
    pub(super) fn sent(&mut self, now: &Now) {
        if self.sends == 0 {
            self.first = *now;
        }
        self.sends += 1;
    }

    /// When the first of them was.
    pub(super) fn first(&self) -> Now {
        self.first
    }

    /// Whether the token may be sent again at once: not often, and only within `window` milliseconds.
    pub(super) fn goes_on(&self, now: &Now, window: i64) -> bool {
        self.sends < LONGEST && now.since(self.first) < window
    }
}

#[cfg(test)]
mod tests {
    use super::Burst;
    use crate::token::Now;

    const WINDOW: i64 = 30_000;

    fn at(milliseconds: i64) -> Now {
        Now {
            wall: milliseconds,
            monotonic: milliseconds,
        }
    }

    #[test]
    fn three_sends_in_a_row() {
        let mut burst = Burst::default();
        for (time, goes_on) in [(5, true), (6, true), (7, false)] {
            burst.sent(&at(time));
            assert_eq!(burst.goes_on(&at(time), WINDOW), goes_on);
            assert_eq!(burst.first(), at(5));
        }
    }

    #[test]
    fn within_the_window_of_the_first() {
        let mut burst = Burst::default();
        burst.sent(&at(0));
        assert!(burst.goes_on(&at(WINDOW - 1), WINDOW));
        assert!(!burst.goes_on(&at(WINDOW), WINDOW));
    }
}
