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
    pub(crate) sends: u8,
    /// Whether it waits for another holder, and so for longer.
    pub(crate) patient: bool,
}

impl Caller {
    pub(crate) fn new(id: u32, now: &Now, min_validity: i64, generation: i64) -> Self {
        Self {
            id,
            min_validity,
            generation,
            since: now.monotonic,
            sends: 0,
            patient: false,
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

    pub(crate) fn deadline(&self, timeout: i64) -> i64 {
        self.since
            + if self.patient {
                2 * timeout + 1_000
            } else {
                timeout
            }
    }
}
