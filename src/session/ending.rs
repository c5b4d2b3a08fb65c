//! How a session ends: by a sign-out, or by a refusal that proves its refresh token dead.

use super::{LOST_SWAPS, Phase, Session};
use crate::error::{Error, Reason};
use crate::event::{Output, StoreFailed};
use crate::oauth;
use crate::record::{Entry, Stored};
use crate::token::RefreshToken;

impl Session {
    /// Ends the session here at once, and then in the store.
    pub(super) fn sign_out(&mut self) {
        if self.is_over() {
            return;
        }
        if let Phase::Committing(next) = &self.phase {
            self.record = Some(next.clone());
        }
        let token = self.held().and_then(|record| record.refresh_token.clone());
        let is_storing = match self.phase {
            Phase::Loading
            | Phase::Claiming { .. }
            | Phase::Releasing(_)
            | Phase::Condemned
            | Phase::Committing(_) => true,
            Phase::Idle
            | Phase::Waiting { .. }
            | Phase::Locking
            | Phase::Sending
            | Phase::Ending { .. }
            | Phase::Over => false,
        };
        self.over(Error::ended(Reason::SignedOut));
        self.phase = Phase::Ending { written: false };
        self.lost_swaps = 0;
        if !is_storing {
            self.outputs.push(Output::Load);
        }
        self.revoke(token.as_ref());
    }

    /// Writes the end, if the session is still there, whatever generation it has reached.
    pub(super) fn ending_loaded(&mut self, is_read: bool) {
        self.phase = Phase::Over;
        let live = self.stored.live().filter(|record| record.sid == self.sid);
        if let Some(record) = live.cloned() {
            let ours = self.record.as_ref();
            let ours = ours.and_then(|ours| ours.refresh_token.as_ref());
            if record.refresh_token.as_ref() != ours {
                self.revoke(record.refresh_token.as_ref());
            }
            self.swap_end(record.generation, Reason::SignedOut);
            self.phase = Phase::Ending { written: true };
        } else if !is_read {
            self.end_again();
        }
    }

    pub(super) fn ending_swapped(&mut self, written: bool, swapped: Result<bool, StoreFailed>) {
        self.phase = Phase::Over;
        if !(written && swapped == Ok(true)) {
            if swapped == Ok(true) {
                self.revoke_replaced();
            }
            self.end_again();
        }
    }

    fn end_again(&mut self) {
        if self.lost_swaps < LOST_SWAPS {
            self.lost_swaps += 1;
            self.load_for(Phase::Ending { written: false });
        }
    }

    /// The refused token is still the stored one: swaps the end in, unless another holder rotates meanwhile.
    pub(super) fn condemn(&mut self) {
        self.swap_end(self.stored.generation(), self.verdict());
        self.phase = Phase::Condemned;
    }

    /// The end that a refusal proves.
    pub(super) fn proven(&self, refusal: &Error) -> Error {
        let mut error = Error::ended(self.verdict());
        error.status = refusal.status;
        error.server.clone_from(&refusal.server);
        error
    }

    fn verdict(&self) -> Reason {
        if self.own_attempt().unanswered_since.is_some() {
            Reason::ResponseLost
        } else {
            Reason::InvalidGrant
        }
    }

    fn swap_end(&mut self, generation: i64, reason: Reason) {
        self.outputs.push(Output::Swap(Entry {
            stored: Stored::Ended {
                sid: self.sid.clone(),
                generation,
                reason,
            },
            attempt: self.others_attempt(),
        }));
    }

    pub(super) fn revoke_replaced(&mut self) {
        let replaced = self.replaced.take();
        self.revoke(replaced.as_ref());
    }

    pub(super) fn revoke(&mut self, token: Option<&RefreshToken>) {
        if let Some(request) =
            token.and_then(|token| oauth::revocation_request(&self.config, token))
        {
            self.revoking += 1;
            self.outputs.push(Output::Revoke(request));
        }
    }
}
