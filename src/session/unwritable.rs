//! Whether the store takes claims.
//!
//! Owns how often and for how long it has not, by the monotonic clock. Where it takes none for
//! longer than a claim lasts, a token is sent without.

use crate::token::Now;

/// Claims in a row that the store has not taken before it counts as one that takes none.
const FAILED_CLAIMS: u8 = 2;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Unwritable {
    /// In this attempt.
    failed: u8,
    span: Option<Span>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Span {
    since: i64,
    last: i64,
}

impl Unwritable {
    /// A claim was not taken. What was seen longer ago than a claim `lasts` says nothing any more.
    pub(super) fn failed(&mut self, now: &Now, lasts: i64) {
        self.failed = self.failed.saturating_add(1);
        let now = now.monotonic;
        let span = self.span.filter(|span| now - span.last <= lasts);
        self.span = Some(Span {
            since: span.map_or(now, |span| span.since),
            last: now,
        });
    }

    /// The store has answered a write: it took that, or there was something else.
    pub(super) fn answered(&mut self, is_taken: bool) {
        self.span = None;
        if is_taken {
            self.failed = 0;
        }
    }

    /// The next attempt claims again.
    pub(super) fn end_attempt(&mut self) {
        self.failed = 0;
    }

    /// Whether it has taken none of late.
    pub(super) fn is_so(&self) -> bool {
        self.span.is_some()
    }

    /// Whether it takes none in this attempt.
    pub(super) fn is_certain(&self) -> bool {
        self.failed >= FAILED_CLAIMS
    }

    /// Whether that has been so for longer than a claim `lasts`: whoever waits for one has waited.
    pub(super) fn is_long(&self, now: &Now, lasts: i64) -> bool {
        let is_long = |span: Span| now.monotonic - span.since > lasts;
        self.is_certain() && self.span.is_some_and(is_long)
    }
}

#[cfg(test)]
mod tests {
    use super::Unwritable;
    use crate::token::Now;

    const LASTS: i64 = 11_000;

    fn at(monotonic: i64) -> Now {
        Now { wall: 0, monotonic }
    }

    fn failed(times: &[i64]) -> Unwritable {
        let mut unwritable = Unwritable::default();
        for time in times {
            unwritable.failed(&at(*time), LASTS);
        }
        unwritable
    }

    #[test]
    fn two_failures_in_one_attempt_are_certain() {
        assert!(!failed(&[0]).is_certain());
        let mut unwritable = failed(&[0, 0]);
        assert!(unwritable.is_certain() && unwritable.is_so());
        unwritable.end_attempt();
        assert!(!unwritable.is_certain() && unwritable.is_so());
    }

    #[test]
    fn it_is_long_beyond_the_time_of_a_claim_without_a_gap_of_that_length() {
        assert!(!failed(&[0, 9_000, 11_000]).is_long(&at(11_000), LASTS));
        assert!(failed(&[0, 9_000, 11_001]).is_long(&at(11_001), LASTS));
        assert!(!failed(&[0, 11_001, 11_001]).is_long(&at(11_001), LASTS));
    }

    #[test]
    fn an_answer_is_a_store_that_writes() {
        for is_taken in [true, false] {
            let mut unwritable = failed(&[0, 9_000, 20_000]);
            unwritable.answered(is_taken);
            assert!(!unwritable.is_so());
            assert_eq!(unwritable.is_certain(), !is_taken);
        }
    }
}
