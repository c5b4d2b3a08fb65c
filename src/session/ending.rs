//! How a session ends: by a sign-out, or by a refusal that proves its refresh token dead.

use super::phase::Step;
use super::{Common, LOST_WRITES, Phase, Rewrite, Tokens};
use crate::error::{Error, Reason};
use crate::event::{Output, StoreFailed};
use crate::record::{Entry, Place, Standing, Stored};
use crate::token::{Now, RefreshToken};

impl Common {
    /// Ends the session here at once, and then in the store.
    pub(super) fn sign_out(&mut self, now: &Now, phase: Phase) -> Phase {
        let is_storing = match phase {
            Phase::Ending { .. } | Phase::Over(_) | Phase::Absent => return phase,
            Phase::Committing(next) => {
                self.hand.put(Tokens::Record(next.record));
                true
            }
            Phase::Reading(_)
            | Phase::Claiming { .. }
            | Phase::Releasing(_)
            | Phase::Condemned(_) => true,
            Phase::Idle | Phase::Waiting { .. } | Phase::Locking(_) | Phase::Sending => false,
        };
        let record = self.hand.record();
        let token = record.and_then(|record| record.refresh_token.clone());
        let end = Error::ended(Reason::SignedOut);
        self.end(&end);
        self.lost_writes = 0;
        self.rewrite = Rewrite::new(now);
        if !is_storing {
            self.outputs.push(Output::Read);
        }
        self.revoke(token.as_ref());
        Phase::Ending {
            end,
            step: Step::Reading,
        }
    }

    /// Writes the end, if the session is still there, whatever generation it has reached.
    pub(super) fn ending_read(&mut self, now: &Now, end: Error) -> Phase {
        if let Some(record) = self.look.live(&self.sid).cloned() {
            let ours = self.hand.record();
            let ours = ours.and_then(|ours| ours.refresh_token.as_ref());
            if record.refresh_token.as_ref() != ours {
                self.revoke(record.refresh_token.as_ref());
            }
            self.write_end(record.generation, Reason::SignedOut);
            self.ending(end, Step::Writing)
        } else if self.look.is_silent() {
            self.end_again(now, end)
        } else if self.may_yet_be_stored() {
            let other = self.look.stored.live();
            self.replaced = other.and_then(|other| other.refresh_token.clone());
            self.write_end(self.look.stored.generation() + 1, Reason::SignedOut);
            self.ending(end, Step::Writing)
        } else {
            Phase::Over(end)
        }
    }

    /// Whether a write that was taken for failed may still put the session where it was to be: the end is written there.
    fn may_yet_be_stored(&self) -> bool {
        let standing = self.look.standing(&self.sid, self.hand.generation());
        let is_over = matches!(standing, Standing::Over(_) | Standing::Newer);
        matches!(self.look.place, Place::Beside(_)) && !is_over
    }

    pub(super) fn ending_written(
        &mut self,
        now: &Now,
        end: Error,
        step: Step,
        set: Result<bool, StoreFailed>,
    ) -> Phase {
        if set == Ok(true) {
            self.revoke_replaced();
            if step == Step::Writing {
                return Phase::Over(end);
            }
        }
        self.lost_writes += 1;
        if set.is_ok() && self.lost_writes <= LOST_WRITES {
            return self.ending(end, Step::Reading);
        }
        self.end_again(now, end)
    }

    /// The store fails: it is asked again at once, and then from time to time.
    fn end_again(&mut self, now: &Now, end: Error) -> Phase {
        self.lost_writes = 0;
        if self.rewrite.at_once() {
            return self.ending(end, Step::Reading);
        }
        self.rewrite.put_off(now, self.config.timeout);
        Phase::Ending {
            end,
            step: Step::Waiting,
        }
    }

    pub(super) fn ending(&mut self, end: Error, step: Step) -> Phase {
        if step == Step::Reading {
            self.outputs.push(Output::Read);
        }
        Phase::Ending { end, step }
    }

    /// The refused token is still the stored one: writes the end, unless another holder rotates meanwhile.
    pub(super) fn condemn(&mut self, refusal: Error) -> Phase {
        self.write_end(self.look.stored.generation(), self.verdict());
        Phase::Condemned(refusal)
    }

    /// The end that a refusal proves.
    pub(super) fn proven(&self, refusal: &Error) -> Error {
        let mut error = Error::ended(self.verdict());
        error.status = refusal.status;
        error
    }

    fn verdict(&self) -> Reason {
        if self.contest.is_unanswered(self.hand.fingerprint()) {
            Reason::ResponseLost
        } else {
            Reason::InvalidGrant
        }
    }

    fn write_end(&mut self, generation: i64, reason: Reason) {
        self.outputs.push(Output::CompareAndSet(Entry {
            stored: Stored::Ended {
                sid: self.sid.clone(),
                generation,
                reason,
            },
            attempt: self
                .contest
                .beside(self.hand.fingerprint(), self.look.fingerprint()),
        }));
    }

    /// Tells the callers of a sign-out that it is done.
    pub(super) fn departed(&mut self) {
        for caller in self.departure.finished() {
            self.settle(caller, Ok(None));
        }
    }

    pub(super) fn revoke_replaced(&mut self) {
        let replaced = self.replaced.take();
        self.revoke(replaced.as_ref());
    }

    pub(super) fn revoke(&mut self, token: Option<&RefreshToken>) {
        if let Some(token) = token.filter(|_| self.config.can_revoke) {
            self.departure.revoking();
            self.outputs.push(Output::Revoke(token.clone()));
        }
    }
}
