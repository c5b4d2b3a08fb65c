//! Who waits for a token: what will do, and for how long.
//!
//! Owns the callers, their deadlines and the sends that each has waited for. Knows nothing of
//! why a token is late. All times are milliseconds by the monotonic clock.

use crate::error::Error;
use crate::event::{ANOTHER, Output};
use crate::record::Record;
use crate::token::{AccessToken, Now};

/// Sends that a call waits for at most.
const LONGEST_WAIT: u8 = 3;
/// What a call may wait beyond twice its timeout for operations of the store.
const STORE_TIME: i64 = 3_000;

/// What a caller waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Wanted {
    pub(super) caller: u32,
    min_validity: i64,
    /// Whether a server has refused the token in hand.
    is_unauthorized: bool,
}

impl Wanted {
    /// A token that lives on for so many milliseconds.
    pub(super) fn for_at_least(caller: u32, min_validity: i64) -> Self {
        Self {
            caller,
            min_validity,
            is_unauthorized: false,
        }
    }

    /// Another token than the one in hand.
    pub(super) fn another(caller: u32, is_unauthorized: bool) -> Self {
        Self {
            caller,
            min_validity: ANOTHER,
            is_unauthorized,
        }
    }
}

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
    /// Whether the next token was asked for because of a 401, by a caller who may be gone.
    pub(super) is_unauthorized: bool,
    /// Whether the token that was sent is to be sent again, even if no caller waits.
    pub(super) repeat: bool,
    /// Since when others stand in the way, if they do.
    held_up_at: Option<i64>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Caller {
    /// The token in hand at `generation` must do; a later one need only be valid.
    wanted: Wanted,
    generation: i64,
    since: i64,
    /// Without the time in which others stand in the way.
    deadline: i64,
    /// At the latest, whoever stands in the way.
    limit: i64,
    sends: u8,
}

impl Callers {
    pub(super) fn new() -> Self {
        Self {
            waiting: Vec::new(),
            deadline: i64::MAX,
            prefetch: false,
            repeat: false,
            is_unauthorized: false,
            held_up_at: None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether the next token is wanted, by a caller or ahead of time.
    pub(super) fn are_wanting(&self) -> bool {
        self.prefetch || self.is_waited_for()
    }

    /// Whether a pause before the next send is waited out.
    pub(super) fn is_waited_for(&self) -> bool {
        self.repeat || !self.is_empty()
    }

    /// Nothing is wanted any more but what callers wait for.
    pub(super) fn forget_wishes(&mut self) {
        self.prefetch = false;
        self.repeat = false;
        self.is_unauthorized = false;
    }

    /// When the first of them has waited long enough.
    pub(super) fn deadline(&self) -> i64 {
        self.deadline
    }

    pub(super) fn add(&mut self, caller: Caller) {
        self.deadline = self.deadline.min(caller.due(self.held_up_at.is_some()));
        self.is_unauthorized |= caller.wanted.is_unauthorized;
        self.waiting.push(caller);
    }

    /// Lets a caller go without an answer.
    pub(super) fn remove(&mut self, id: u32) {
        self.retain(&mut |caller| caller.wanted.caller != id);
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
                    caller: caller.wanted.caller,
                    result: result.clone(),
                });
            }
            !is_settled
        });
    }

    /// Whether others stand in the way now. That time does not count: a call has all of its own left after it.
    pub(super) fn hold_up(&mut self, is_held_up: bool, now: &Now) {
        match self.held_up_at {
            None if is_held_up => self.held_up_at = Some(now.monotonic),
            Some(since) if !is_held_up => {
                self.held_up_at = None;
                for caller in &mut self.waiting {
                    let held_up = now.monotonic - since.max(caller.since);
                    caller.deadline = (caller.deadline + held_up).min(caller.limit);
                }
            }
            _ => return,
        }
        self.recount();
    }

    /// The callers whose time is over.
    pub(super) fn late(&self, now: &Now) -> impl Fn(&Caller) -> bool + use<> {
        let (is_held_up, monotonic) = (self.held_up_at.is_some(), now.monotonic);
        move |caller| monotonic >= caller.due(is_held_up)
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
            caller.wanted.min_validity = ANOTHER;
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
        let is_held_up = self.held_up_at.is_some();
        let deadlines = self.waiting.iter().map(|caller| caller.due(is_held_up));
        self.deadline = deadlines.min().unwrap_or(i64::MAX);
    }
}

impl Caller {
    pub(super) fn new(now: &Now, timeout: i64, wanted: Wanted, generation: i64) -> Self {
        Self {
            wanted,
            generation,
            since: now.monotonic,
            deadline: now.monotonic + timeout,
            limit: now.monotonic + 2 * timeout + STORE_TIME,
            sends: 0,
        }
    }

    pub(super) fn is_satisfied(&self, record: &Record, now: &Now) -> bool {
        let validity = &record.validity;
        let min_validity = if record.generation > self.generation {
            0
        } else if self.wants_another() {
            ANOTHER
        } else {
            self.wanted.min_validity.min(validity.lifetime() / 2)
        };
        validity.covers(*now, min_validity)
    }

    /// Whether the token in hand will not do, however long it lives.
    pub(super) fn wants_another(&self) -> bool {
        self.wanted.min_validity == ANOTHER
    }

    /// Whether it waits for a send at `until`; for one whose answer was lost however often it is sent again.
    pub(super) fn can_wait(&self, until: i64, is_repeat: bool) -> bool {
        (is_repeat || self.sends < LONGEST_WAIT) && until < self.deadline
    }

    fn due(&self, is_held_up: bool) -> i64 {
        if is_held_up {
            self.limit
        } else {
            self.deadline
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Caller, Callers, Wanted};
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
            let wanted = Wanted::for_at_least(id as u32, 0);
            callers.add(Caller::new(&at(*time), TIMEOUT, wanted, 0));
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
        let mut late = callers.late(&at(3 + TIMEOUT));
        assert_eq!(settled(&mut callers, &mut late), [2]);
        assert_eq!(callers.deadline(), 5 + TIMEOUT);
        callers.remove(0);
        assert_eq!(callers.deadline(), i64::MAX);
        assert!(!callers.are_wanting());
    }

    #[test]
    fn the_time_in_which_others_stand_in_the_way_does_not_count() {
        let mut callers = asked_at(&[0]);
        callers.hold_up(true, &at(500));
        assert_eq!(callers.deadline(), 2 * TIMEOUT + 3_000);
        let wanted = Wanted::for_at_least(7, 0);
        callers.add(Caller::new(&at(4_500), TIMEOUT, wanted, 0));
        callers.hold_up(false, &at(8_500));
        assert_eq!(callers.deadline(), TIMEOUT + 8_000);
        callers.remove(0);
        assert_eq!(callers.deadline(), 4_500 + TIMEOUT + 4_000);
        callers.hold_up(true, &at(8_600));
        callers.hold_up(false, &at(99_000));
        assert_eq!(callers.deadline(), 4_500 + 2 * TIMEOUT + 3_000);
    }

    #[test]
    fn a_call_waits_for_three_sends_within_its_timeout() {
        let mut callers = asked_at(&[0]);
        let can_wait = |callers: &mut Callers, until| {
            !settled(callers, &mut |caller| !caller.can_wait(until, false)).contains(&0)
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
