//! The sends of one refresh token in a row.

use crate::token::Now;

/// As long as their answers are lost.
const LONGEST: u8 = 3;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Burst {
    sends: u8,
    first: Now,
}

impl Burst {
    pub(super) fn new() -> Self {
        Self {
            sends: 0,
            first: Now::default(),
        }
    }

    pub(super) fn sent(&mut self, now: &Now) {
        if self.sends == 0 {
            self.first = *now;
        }
        self.sends += 1;
    }

    pub(super) fn first(&self) -> Now {
        self.first
    }

    /// Whether the token may be sent again at once: not often, and only within `window` milliseconds.
    pub(super) fn goes_on(&self, now: &Now, window: i64) -> bool {
        self.sends < LONGEST && now.since(self.first) < window
    }

    pub(super) fn end(&mut self) {
        self.sends = 0;
    }
}
