//! Who waits for a token: what will do, and for how long.
//!
//! Owns the callers, their deadlines and the sends that each has waited for. Knows nothing of
//! why a token is late. All times are milliseconds by the monotonic clock.

use crate::error::Error;
use crate::event::Output;
use crate::record::Record;
use crate::token::{AccessToken, LONGEST_LIFETIME, Now};

/// More than any token lives: only another one will do.
pub(super) const ANOTHER: i64 = 2 * LONGEST_LIFETIME;
/// Sends that a call waits for at most.
const LONGEST_WAIT: u8 = 3;
/// What a call may wait beyond twice its timeout for the sends of other holders.
const STORE_TIME: i64 = 1_000;

/// What a caller is given: a token, nothing where an opening found nothing, or an error.
pub(super) type Settled = Result<Option<AccessToken>, Error>;

/// The callers that wait for the next token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Callers {
    waiting: Vec<Caller>,
    /// Of the caller who has the least time left; `i64::MAX` without callers.
    deadline: i64,
    /// Whether the next token is wanted though no caller waits for it.
    pub(super) prefetch: bool,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Caller {
    id: u32,
    /// Milliseconds that the token in hand at `generation` must live on; a later one need only be valid.
    min_validity: i64,
    generation: i64,
    since: i64,
    deadline: i64,
    sends: u8,
}

impl Callers {
    pub(super) fn new() -> Self {
        Self {
            waiting: Vec::new(),
            deadline: i64::MAX,
            prefetch: false,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether the next token is wanted, by a caller or ahead of time.
    pub(super) fn are_wanting(&self) -> bool {
        self.prefetch || !self.is_empty()
    }

    /// When the first of them has waited long enough.
    pub(super) fn deadline(&self) -> i64 {
        self.deadline
    }

    pub(super) fn add(&mut self, caller: Caller) {
        self.deadline = self.deadline.min(caller.deadline);
        self.waiting.push(caller);
    }

    /// Lets a caller go without an answer.
    pub(super) fn remove(&mut self, id: u32) {
        self.retain(&mut |caller| caller.id != id);
    }

    /// Answers those callers, and lets them go.
    pub(super) fn settle(
        &mut self,
        outputs: &mut Vec<Output>,
        result: &Settled,
        which: &mut dyn FnMut(&Caller) -> bool,
    ) {
        self.retain(&mut |caller| {
            let is_settled = which(caller);
            if is_settled {
                outputs.push(Output::Settle {
                    caller: caller.id,
                    result: result.clone(),
                });
            }
            !is_settled
        });
    }

    /// Another holder stands in the way of those whose deadline is not after `before`: they wait for longer.
    pub(super) fn extend_deadlines(&mut self, before: i64, timeout: i64) {
        for caller in &mut self.waiting {
            if caller.deadline <= before {
                caller.deadline = caller.since + 2 * timeout + STORE_TIME;
            }
        }
        self.recount();
    }

    /// A token that all of them wait for is sent.
    pub(super) fn sent(&mut self) {
        for caller in &mut self.waiting {
            caller.sends += 1;
        }
    }

    /// Nothing but a generation after this one will do.
    pub(super) fn want_another(&mut self, generation: i64) {
        for caller in &mut self.waiting {
            caller.min_validity = ANOTHER;
        }
        self.renumber(generation);
    }

    /// The token in hand has another generation now.
    pub(super) fn renumber(&mut self, generation: i64) {
        for caller in &mut self.waiting {
            caller.generation = generation;
        }
    }

    fn retain(&mut self, stays: &mut dyn FnMut(&Caller) -> bool) {
        self.waiting.retain(stays);
        self.recount();
    }

    fn recount(&mut self) {
        let deadlines = self.waiting.iter().map(|caller| caller.deadline);
        self.deadline = deadlines.min().unwrap_or(i64::MAX);
    }
}

impl Caller {
    pub(super) fn new(
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

    pub(super) fn is_satisfied(&self, record: &Record, now: &Now) -> bool {
        let is_later = record.generation > self.generation;
        record
            .validity
            .covers(*now, if is_later { 0 } else { self.min_validity })
    }

    /// Whether it waits for a send at `until`.
    pub(super) fn can_wait(&self, until: i64, timeout: i64) -> bool {
        self.sends < LONGEST_WAIT && until < self.since + timeout
    }

    pub(super) fn is_late(&self, now: &Now) -> bool {
        now.monotonic >= self.deadline
    }
}

#[cfg(test)]
mod tests {
    use super::{Caller, Callers};
    use crate::error::{Error, Reason};
    use crate::event::Output;
    use crate::token::Now;

    const TIMEOUT: i64 = 10_000;

    fn at(monotonic: i64) -> Now {
        Now { wall: 0, monotonic }
    }

    fn asked_at(times: &[i64]) -> Callers {
        let mut callers = Callers::new();
        for (id, time) in times.iter().enumerate() {
            callers.add(Caller::new(id as u32, &at(*time), TIMEOUT, 0, 0));
        }
        callers
    }

    fn settled(callers: &mut Callers, which: &mut dyn FnMut(&Caller) -> bool) -> Vec<u32> {
        let mut outputs = Vec::new();
        callers.settle(&mut outputs, &Err(Error::ended(Reason::SignedOut)), which);
        let settled = outputs.iter().filter_map(|output| {
            if let Output::Settle { caller, .. } = output {
                Some(*caller)
            } else {
                None
            }
        });
        settled.collect()
    }

    #[test]
    fn the_deadline_is_that_of_the_first_who_still_waits() {
        let mut callers = asked_at(&[5, 1, 3]);
        assert_eq!(callers.deadline(), 1 + TIMEOUT);
        callers.remove(1);
        assert_eq!(callers.deadline(), 3 + TIMEOUT);
        assert_eq!(
            settled(&mut callers, &mut |caller| caller.is_late(&at(3 + TIMEOUT))),
            [2]
        );
        assert_eq!(callers.deadline(), 5 + TIMEOUT);
        callers.remove(0);
        assert_eq!(callers.deadline(), i64::MAX);
        assert!(!callers.are_wanting());
    }

    #[test]
    fn who_is_held_up_waits_for_one_more_send() {
        let mut callers = asked_at(&[0, 500]);
        callers.extend_deadlines(TIMEOUT, TIMEOUT);
        assert_eq!(callers.deadline(), 500 + TIMEOUT);
        callers.extend_deadlines(i64::MAX, TIMEOUT);
        assert_eq!(callers.deadline(), 2 * TIMEOUT + 1_000);
    }

    #[test]
    fn a_call_waits_for_three_sends_within_its_timeout() {
        let mut callers = asked_at(&[0]);
        let can_wait = |callers: &mut Callers, until| {
            !settled(callers, &mut |caller| !caller.can_wait(until, TIMEOUT)).contains(&0)
        };
        for _ in 0..2 {
            callers.sent();
            assert!(can_wait(&mut callers, TIMEOUT - 1));
        }
        callers.sent();
        assert!(!can_wait(&mut callers, 1));
        assert!(!can_wait(&mut asked_at(&[0]), TIMEOUT));
    }

    #[test]
    fn a_token_may_be_wanted_without_a_caller() {
        let mut callers = Callers::new();
        callers.prefetch = true;
        assert!(callers.are_wanting() && callers.is_empty());
    }
}
