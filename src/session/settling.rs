//! Who is answered, and with what.

use super::Session;
use crate::caller::Caller;
use crate::error::Error;
use crate::event::Output;
use crate::token::{AccessToken, Now};

impl Session {
    pub(super) fn settle_satisfied(&mut self, now: &Now) {
        if let Some(record) = self.record.clone() {
            let token = Ok(Some(record.access_token.clone()));
            self.settle_those(&token, &mut |caller| caller.is_satisfied(&record, now));
        }
    }

    pub(super) fn settle_those(
        &mut self,
        result: &Result<Option<AccessToken>, Error>,
        which: &mut dyn FnMut(&mut Caller) -> bool,
    ) {
        self.dismiss(Some(result), which);
    }

    /// Has a caller wait; whether the token in hand will do.
    pub(super) fn queue(&mut self, now: &Now, id: u32, min_validity: i64) -> bool {
        let timeout = self.config.timeout;
        let caller = Caller::new(id, now, timeout, min_validity, self.generation());
        let in_hand = self.record.as_ref();
        let is_satisfied = in_hand.is_some_and(|record| caller.is_satisfied(record, now));
        self.deadline = self.deadline.min(caller.deadline);
        self.callers.push(caller);
        is_satisfied
    }

    /// Lets go of those callers, settled if there is a result.
    pub(super) fn dismiss(
        &mut self,
        result: Option<&Result<Option<AccessToken>, Error>>,
        which: &mut dyn FnMut(&mut Caller) -> bool,
    ) {
        let outputs = &mut self.outputs;
        let mut deadline = i64::MAX;
        self.callers.retain_mut(|caller| {
            let is_dismissed = which(caller);
            if is_dismissed && let Some(result) = result {
                outputs.push(Output::Settle {
                    caller: caller.id,
                    result: result.clone(),
                });
            }
            if !is_dismissed {
                deadline = deadline.min(caller.deadline);
            }
            !is_dismissed
        });
        self.deadline = deadline;
    }

    pub(super) fn settle(&mut self, caller: u32, result: Result<Option<AccessToken>, Error>) {
        self.outputs.push(Output::Settle { caller, result });
    }

    /// Gives every caller the token in hand, whatever validity it asked for.
    pub(super) fn serve_all(&mut self) {
        let token = self.held().map(|record| record.access_token.clone());
        self.settle_those(&Ok(token), &mut |_| true);
        self.idle();
    }

    pub(super) fn failed(&mut self, error: Error) {
        self.unlock();
        self.error = Some(error.clone());
        self.settle_those(&Err(error), &mut |_| true);
        self.idle();
    }
}
