//! Who is answered, and with what.

use std::rc::Rc;

use super::callers::{Caller, Settled, Wanted};
use super::{Aim, Common, Phase};
use crate::error::{Error, Reason};
use crate::event::Output;
use crate::record::Record;
use crate::token::Now;

impl Common {
    /// Serves a caller, and reads the store if it cannot be served, if the token in hand will soon be no use, or if that is not stored yet.
    pub(super) fn call(&mut self, now: &Now, phase: Phase, wanted: Wanted) -> Phase {
        if phase.is_over() {
            let end = phase.end().or(self.error.as_ref()).cloned();
            let never_stored = || Error::ended(Reason::Removed);
            self.settle(wanted.caller, Err(end.unwrap_or_else(never_stored)));
            return phase;
        }
        if self.queue(now, wanted) {
            self.settle_satisfied(now);
        }
        if matches!(phase, Phase::Waiting { .. }) && self.cooling(now) > 0 {
            return self.wait_out_cooldown(now);
        }
        if !matches!(phase, Phase::Idle) {
            return phase;
        }
        self.callers.prefetch =
            self.callers.is_empty() && self.is_ageing(now) && self.cooling(now) == 0;
        if !self.callers.are_wanting() && !self.degraded {
            return Phase::Idle;
        }
        let phase = self.read(Aim::Refresh);
        self.changed();
        phase
    }

    /// Whether a 401 is handed on: the token in hand replaced one that a server had refused just now, or there is no other.
    pub(super) fn keeps_token(&self, now: &Now, phase: &Phase) -> bool {
        let keeps = |record: &Rc<Record>| !self.hand.is_sendable() || record.is_renewed(*now);
        !phase.is_over() && self.hand.record().is_some_and(keeps)
    }

    pub(super) fn settle_satisfied(&mut self, now: &Now) {
        if let Some(record) = self.hand.record().cloned() {
            let token = Ok(Some(record.access_token.clone()));
            self.settle_those(&token, &mut |caller| caller.is_satisfied(&record, now));
        }
    }

    pub(super) fn settle_all(&mut self, result: &Settled) {
        self.settle_those(result, &mut |_| true);
    }

    pub(super) fn settle_those(
        &mut self,
        result: &Settled,
        which: &mut dyn FnMut(&Caller) -> bool,
    ) {
        self.callers.settle(&mut self.outputs, result, which);
    }

    /// Queues a caller; returns whether the token in hand satisfies it.
    pub(super) fn queue(&mut self, now: &Now, wanted: Wanted) -> bool {
        let caller = Caller::new(now, self.config.timeout, wanted, self.hand.generation());
        let in_hand = self.hand.record();
        let is_satisfied = in_hand.is_some_and(|record| caller.is_satisfied(record, now));
        self.callers.add(caller);
        is_satisfied
    }

    pub(super) fn settle(&mut self, caller: u32, result: Settled) {
        self.outputs.push(Output::Settle { caller, result });
    }

    /// Gives every caller the token in hand, whatever validity it asked for.
    pub(super) fn serve_all(&mut self) -> Phase {
        let record = self.hand.record();
        let token = record.map(|record| record.access_token.clone());
        self.settle_all(&Ok(token));
        self.idle()
    }

    pub(super) fn failed(&mut self, error: Error) -> Phase {
        self.unlock();
        self.error = Some(error.clone());
        self.settle_all(&Err(error));
        self.idle()
    }
}
