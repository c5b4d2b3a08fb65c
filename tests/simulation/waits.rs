//! What must hold while somebody waits.

use meshydb_client::error::{Code, Error};
use meshydb_client::token::AccessToken;

use crate::holder::Holder;
use crate::plan::Locks;
use crate::world::{Event, World};

impl World {
    /// Who cannot be served before a pause ends is told so at once.
    pub(crate) fn check_vain(
        &mut self,
        holder: usize,
        caller: u32,
        result: &Result<Option<AccessToken>, Error>,
    ) {
        let state = &self.holders[holder];
        let is_late = result
            .as_ref()
            .is_err_and(|error| error.code == Code::Timeout && error.retry_after.is_none());
        let is_idle = state.sending.is_none() && state.storing.is_none() && state.thawed_at < 0;
        let cooling = self.places[state.account].cools_until - self.time;
        let stored = &self.places[state.account].entry.attempt;
        let is_known = state.expected.attempt == *stored && self.clocks_are_near();
        let is_sound =
            state.unreadable_since.is_none() && state.unwritable_since.is_none() && is_known;
        // A login is sent whatever pause there is before the next refresh of the session that it finds.
        let is_grant = state.expected.stored.sid() != Some(state.session.sid());
        let is_opening = state.callers[caller as usize].want.is_opening || is_grant;
        if is_late && is_idle && cooling > 0 && is_sound && !is_opening {
            self.fail(|| {
                format!("caller {caller} of h{holder} waits for the end of a pause in vain")
            });
        }
    }

    pub(crate) fn check(&mut self, holder: usize, held_lock: bool) {
        let state = self.holders[holder].session.snapshot().state;
        let place = &self.places[self.holders[holder].account];
        let holds = place.owner == Some(holder) && self.holders[holder].locking.is_none();
        let is_blind = self.holders[holder].session.snapshot().degraded;
        if holds && state != "refreshing" && !is_blind {
            self.fail(|| format!("h{holder} is {state} and holds the lock"));
        }
        self.check_patience(holder, state);
        let attempt = &self.holders[holder].expected.attempt;
        let is_dead = attempt
            .claim
            .as_ref()
            .is_some_and(|claim| claim.locked && claim.holder != self.holders[holder].mark);
        // From when it has seen the cool-down.
        let is_cooling = attempt.cooldown.is_some();
        let is_sound = !is_blind && self.holders[holder].unwritable_since.is_none();
        if held_lock && state == "waiting" && is_dead && !is_cooling && is_sound {
            self.fail(|| format!("h{holder} waits for a holder that is gone"));
        }
        let waits = self.holders[holder]
            .waiting()
            .any(|caller| !caller.want.is_leaving);
        if waits && self.holders[holder].alarm.is_none() {
            self.fail(|| format!("a caller of h{holder} waits for nothing"));
        }
    }

    /// Nobody waits for a claim of its own, or for one that was made under a lock which its dead holder gave back.
    fn check_patience(&mut self, holder: usize, state: &str) {
        let place = &self.places[self.holders[holder].account];
        let attempt = &place.entry.attempt;
        let is_cooling = attempt.cooldown.is_some();
        let Some(claim) = attempt
            .claim
            .as_ref()
            .filter(|_| state == "waiting" && !is_cooling)
        else {
            return;
        };
        let made_it = |other: &Holder| other.mark == claim.holder;
        let claimant = self.holders.iter().position(made_it).unwrap_or(holder);
        let is_free = place.locks == Locks::Fair && place.owner.is_none() && place.queue.is_empty();
        let is_dead =
            claim.locked && is_free && !self.has_gone_without && !self.holders[claimant].alive;
        let may_be_beside = self.holders[claimant].session.held().is_none()
            || self.plan.has_foreign()
            || place.cleared_at.is_some();
        let waiting = &self.holders[holder];
        let is_able = waiting.unwritable_since.is_none() && waiting.unreadable_since.is_none();
        // A refusal that the store could not confirm is followed by a pause that nobody else knows of.
        let mut own = self.presentations.iter().rev();
        let last = own.find(|sent| sent.holder == holder);
        let is_unproven = last.is_some_and(|sent| sent.is_refusal);
        let is_sound = is_able && !may_be_beside && !is_unproven;
        if (is_dead || claimant == holder) && is_sound {
            self.fail(|| format!("h{holder} waits for nobody"));
        }
    }

    /// Whether all that is to come is that holders look whether a record that they cannot read has gone.
    pub(crate) fn only_looks(&self) -> bool {
        self.queue.iter().all(|(.., event)| match event {
            Event::Woke(holder, _) => {
                let state = &self.holders[*holder];
                let place = &self.places[state.account];
                !place.entry.stored.is_readable() && state.session.snapshot().state == "active"
            }
            Event::StoreLate(holder, op) => self.holders[*holder].storing != Some(*op),
            _ => false,
        })
    }
}
