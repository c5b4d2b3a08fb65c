//! Who waits for a token: what will do, and for how long.

use crate::record::Record;
use crate::token::{LONGEST_LIFETIME, Now};

/// More than any token lives: only another one will do.
pub(crate) const ANOTHER: i64 = 2 * LONGEST_LIFETIME;
/// Sends that a call waits for at most.
const SENDS: u8 = 3;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Caller {
    pub(crate) id: u32,
    /// Milliseconds that the token in hand at `generation` must live on; a later one need only be valid.
    pub(crate) min_validity: i64,
    pub(crate) generation: i64,
    /// By the monotonic clock.
    pub(crate) since: i64,
    pub(crate) deadline: i64,
    pub(crate) sends: u8,
}

impl Caller {
    pub(crate) fn new(
        id: u32,
        now: &Now,
        timeout: i64,
        min_validity: i64,
        generation: i64,
    ) -> Self {
        Self {
            id,
            min_validity,
            generation,
            since: now.monotonic,
            deadline: now.monotonic + timeout,
            sends: 0,
        }
    }

    pub(crate) fn is_satisfied(&self, record: &Record, now: &Now) -> bool {
        let is_later = record.generation > self.generation;
        record
            .validity
            .covers(*now, if is_later { 0 } else { self.min_validity })
    }

    /// Whether it waits for a send at `until`.
    pub(crate) fn can_wait(&self, until: i64, timeout: i64) -> bool {
        self.sends < SENDS && until < self.since + timeout
    }

    /// It waits for another holder, and so for longer.
    pub(crate) fn be_patient(&mut self, timeout: i64) {
        self.deadline = self.since + 2 * timeout + 1_000;
    }
}
