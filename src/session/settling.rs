//! Who is answered, and with what.

use super::callers::{Caller, Settled};
use super::{Common, Phase};
use crate::error::Error;
use crate::event::Output;
use crate::token::Now;

impl Common {
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
    pub(super) fn queue(&mut self, now: &Now, id: u32, min_validity: i64) -> bool {
        let timeout = self.config.timeout;
        let caller = Caller::new(id, now, timeout, min_validity, self.hand.generation());
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
