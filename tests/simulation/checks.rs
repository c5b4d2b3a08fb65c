//! What must hold when a token is sent, stored or handed out, and after every step.

use meshydb_client::error::{Code, Error, Reason};
use meshydb_client::record::Stored;
use meshydb_client::token::{AccessToken, TokenSet};

use crate::holder::{Caller, Holder, Presentation};
use crate::plan::{Locks, Model};
use crate::server::Token;
use crate::world::World;

/// The shortest cool-down: half of the first backoff.
pub(crate) const SHORTEST_PAUSE: i64 = 250;
/// How long a sign-out tries to write to a store that fails.
const STORE_ATTEMPTS: i64 = 20_000;

impl World {
    pub(crate) fn excuse(&mut self, holder: usize) {
        let last = self
            .presentations
            .iter()
            .rfind(|sent| sent.holder == holder);
        if let Some(token) = last.map(|sent| sent.token) {
            self.server.excuse(token);
        }
    }

    /// A refresh token is sent by one holder at a time, and never when a later one is stored.
    pub(crate) fn presented(&mut self, holder: usize, op: u32, token: Token) {
        let state = &self.holders[holder];
        let is_foreign = state.session.held().is_none();
        if is_foreign || state.was_frozen || state.session.snapshot().degraded {
            self.server.excuse(token);
        }
        if !self.has_store_fault {
            self.check_rivals(holder, token);
            self.check_old(holder, token);
        }
        self.check_again(holder, token);
        if self.is_calm {
            self.check_need(holder, token);
        }
        let generation = self.holders[holder].session.snapshot().generation;
        self.presentations.push(Presentation {
            token,
            generation,
            holder,
            op,
            at: self.time,
            spent: false,
            answered: None,
            closed: 0,
            lost: false,
        });
    }

    pub(crate) fn is_spendable(&self) -> bool {
        !matches!(self.plan.model, Model::Fixed { .. })
    }

    fn check_rivals(&mut self, holder: usize, token: Token) {
        let account = self.holders[holder].account;
        let place = &self.places[account];
        let stored = place
            .live()
            .and_then(|record| record.refresh_token.as_ref());
        let is_stored =
            stored.is_some_and(|stored| Token::of_refresh(stored).family == token.family);
        let clocks_agree = self.clocks_agree && !self.holders[holder].was_frozen;
        let generation = self.holders[holder].session.snapshot().generation;
        let rival = self.presentations.iter().find(|earlier| {
            let other = &self.holders[earlier.holder];
            let is_over = place.gone.iter().any(|sid| sid == other.session.sid());
            let is_of_another = earlier.generation != generation && !self.is_spendable();
            if earlier.token != token
                || is_of_another
                || earlier.holder == holder
                || is_over
                || !other.alive
                || other.frozen
                || other.has_signed_out
            {
                return false;
            }
            match earlier.answered {
                None => self.time < earlier.at + self.plan.timeout,
                Some(true) => {
                    is_stored && self.is_spendable() && self.time < earlier.at + self.plan.timeout
                }
                Some(false) => {
                    clocks_agree
                        && self.is_spendable()
                        && !other.was_frozen
                        && is_stored
                        && self.time < earlier.closed + SHORTEST_PAUSE
                }
            }
        });
        if let Some(rival) = rival.filter(|_| !place.was_cleared) {
            let text = match rival.answered {
                Some(false) => format!(
                    "{token:?} is presented by h{holder} at once after h{} has failed",
                    rival.holder
                ),
                _ => format!(
                    "{token:?} is presented by h{holder} while h{} may be answered",
                    rival.holder
                ),
            };
            self.fail(|| text);
        }
    }

    fn check_old(&mut self, holder: usize, token: Token) {
        let stored = self.places[self.holders[holder].account].live();
        let stored = stored.and_then(|record| record.refresh_token.as_ref());
        let is_old = stored
            .map(Token::of_refresh)
            .is_some_and(|stored| stored.family == token.family && stored.index > token.index);
        if is_old && !self.places[self.holders[holder].account].was_cleared {
            self.fail(|| format!("{token:?} is presented by h{holder}, a later one is stored"));
        }
    }

    /// Where nothing goes wrong, each rotation takes one request, and there is none that nobody needs.
    fn check_need(&mut self, holder: usize, token: Token) {
        let is_again = self
            .presentations
            .iter()
            .any(|sent| sent.token == token && !self.holders[sent.holder].has_signed_out);
        let place = &self.places[self.holders[holder].account];
        let is_over = place
            .families
            .iter()
            .any(|(sid, family)| *family == token.family && place.gone.contains(sid));
        if is_again && !is_over && self.is_spendable() {
            self.fail(|| format!("{token:?} is presented twice though nothing went wrong"));
        }
        let now = self.now(holder);
        let state = &self.holders[holder];
        let Some(record) = state.session.held() else {
            return;
        };
        let is_needed = |caller: &Caller| {
            let is_open = caller.settled.is_none();
            is_open
                && (caller.want.is_opening
                    || caller.want.beyond == Some(Token::of(&record.access_token))
                    || !record.validity.covers(now, caller.want.min_validity))
        };
        let ages = !record.validity.covers(now, record.validity.margin());
        if !ages && !state.callers.iter().any(is_needed) {
            self.fail(|| format!("h{holder} refreshes {token:?} which nobody needs"));
        }
    }

    fn presentation(&mut self, holder: usize, op: u32) -> Option<&mut Presentation> {
        let mut sent = self.presentations.iter_mut();
        sent.find(|sent| sent.holder == holder && sent.op == op)
    }

    pub(crate) fn was_spent(&mut self, holder: usize, op: u32) {
        if let Some(presentation) = self.presentation(holder, op) {
            presentation.spent = true;
        }
    }

    pub(crate) fn was_answered(
        &mut self,
        holder: usize,
        op: u32,
        answer: &Result<TokenSet, Error>,
    ) {
        let time = self.time;
        if let Some(presentation) = self.presentation(holder, op) {
            presentation.answered = Some(answer.is_ok());
            presentation.closed = time;
            presentation.lost = answer.as_ref().is_err_and(Error::is_lost_answer);
        }
    }

    /// A token that is refused, and for which its family may be revoked, was lost on the way once.
    pub(crate) fn check_refusal(&mut self, holder: usize, token: Token) {
        let is_refused = !self.server.accepts(token, self.time);
        if is_refused && !self.has_store_fault && !self.server.is_explained(token) {
            self.fail(|| format!("{token:?} of h{holder} is refused, and nothing explains it"));
        }
    }

    pub(crate) fn settled(
        &mut self,
        holder: usize,
        caller: u32,
        result: &Result<Option<AccessToken>, Error>,
    ) {
        self.check_told(holder, result);
        let now = self.now(holder).monotonic;
        let state = &mut self.holders[holder];
        let has_signed_out = state.has_signed_out;
        let asked = &mut state.callers[caller as usize];
        if asked.settled.is_some() || asked.aborted {
            return self.fail(|| format!("caller {caller} of h{holder} is settled twice"));
        }
        asked.settled = Some(matches!(result, Ok(Some(_))));
        let (waited, want, generation) = (now - asked.since, asked.want.clone(), asked.generation);
        let may_repeat = want.is_leaving && self.has_store_fault;
        let bound = 2 * self.plan.timeout + 1_000 + i64::from(may_repeat) * STORE_ATTEMPTS;
        if waited > bound {
            self.fail(|| format!("caller {caller} of h{holder} has waited {waited} ms"));
        }
        self.check_vain(holder, caller, result);
        let Ok(Some(token)) = result else {
            return;
        };
        let token = Token::of(token);
        if has_signed_out {
            self.fail(|| format!("h{holder} hands out a token after its sign-out"));
        }
        if want.beyond == Some(token) && !self.has_store_fault {
            self.fail(|| format!("h{holder} hands out {token:?}, which will not do"));
        }
        let now = self.now(holder);
        let held = self.holders[holder].session.held();
        let is_short = held.is_some_and(|record| {
            record.generation <= generation && !record.validity.covers(now, want.min_validity)
        });
        if is_short && !want.is_opening {
            self.fail(|| format!("h{holder} hands out {token:?}, which expires too soon"));
        }
        self.check_token(holder, token);
    }

    /// Who cannot be served before a pause ends is told so at once.
    fn check_vain(
        &mut self,
        holder: usize,
        caller: u32,
        result: &Result<Option<AccessToken>, Error>,
    ) {
        let state = &self.holders[holder];
        let is_late = result
            .as_ref()
            .is_err_and(|error| error.code == Code::Timeout && error.retry_after.is_none());
        let is_idle = state.sending.is_none() && state.storing.is_none() && !state.was_frozen;
        let cooling = state.expected.attempt.cooling(self.now(holder).wall);
        let is_sound = self.clocks_agree && !self.has_store_fault;
        if is_late && is_idle && cooling > 0 && is_sound {
            self.fail(|| {
                format!("caller {caller} of h{holder} waits for the end of a pause in vain")
            });
        }
    }

    fn check_token(&mut self, holder: usize, token: Token) {
        let state = &mut self.holders[holder];
        let account = state.account;
        let family = *state.family.get_or_insert(token.family);
        if family != token.family || self.server.families[family].account != account {
            return self.fail(|| format!("h{holder} of family {family} is given {token:?}"));
        }
        let is_degraded = state.session.snapshot().degraded;
        let sid = state.session.sid();
        let stored = self.places[account]
            .live()
            .filter(|record| record.sid == sid);
        let is_behind =
            stored.is_some_and(|record| Token::of(&record.access_token).index < token.index);
        let has_twins = matches!(self.plan.model, Model::Fixed { .. }) && self.has_store_fault;
        if is_behind && !is_degraded && !has_twins {
            self.fail(|| format!("h{holder} hands out {token:?} before it is stored"));
        }
    }

    /// Nobody is told that a session has ended for another reason than the true one.
    fn check_told(&mut self, holder: usize, result: &Result<Option<AccessToken>, Error>) {
        let Err(error) = result else {
            return;
        };
        let sid = self.holders[holder].session.sid().to_owned();
        let place = &self.places[self.holders[holder].account];
        let is_there = place.live().is_some_and(|record| record.sid == sid);
        let ended = match &place.entry.stored {
            Stored::Ended {
                sid: ended, reason, ..
            } if *ended == sid => Some(*reason),
            _ => None,
        };
        if ended.is_some_and(|_| error.reason == Some(Reason::Replaced)) {
            self.fail(|| format!("{sid} was ended, h{holder} says {error:?}"));
        }
        match error.reason {
            Some(Reason::InvalidGrant | Reason::ResponseLost) => {
                self.check_end(&sid);
            }
            Some(Reason::Replaced | Reason::Removed) if is_there => {
                self.fail(|| format!("{sid} is still stored, h{holder} says {error:?}"));
            }
            None if error.code == Code::SessionEnded
                && !matches!(self.plan.model, Model::Fixed { .. }) =>
            {
                self.fail(|| format!("h{holder} has no refresh token"));
            }
            _ => {}
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
        let is_cooling = attempt.cooling(self.now(holder).wall) > 0;
        let is_sound = !is_blind && !self.has_store_fault && self.clocks_agree;
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
            || place.was_cleared;
        let is_sound = self.clocks_agree && !self.has_store_fault && !may_be_beside;
        if (is_dead || claimant == holder) && is_sound {
            self.fail(|| format!("h{holder} waits for nobody"));
        }
    }

    /// No secret is shown; looked at in some worlds only, since it takes long.
    pub(crate) fn check_secrets(&mut self, shown: &str) {
        if shown.contains("secret") {
            self.fail(|| "a secret is shown".into());
        }
    }
}
