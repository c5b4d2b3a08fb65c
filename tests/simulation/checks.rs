//! What must hold after every step.

use meshydb_client::error::{Code, Error, Reason};
use meshydb_client::record::Stored;
use meshydb_client::token::AccessToken;

use crate::holder::Presentation;
use crate::plan::{Locks, Model, Turn};
use crate::server::Token;
use crate::world::World;

impl World {
    /// A refresh token is sent by one holder at a time, and never when a later one is stored.
    pub(crate) fn presented(&mut self, holder: usize, op: u32, token: Token) {
        let account = self.holders[holder].account;
        let is_sound = !self.has_store_fault;
        let stored = self.places[account].live();
        let stored = stored.and_then(|record| record.refresh_token.as_ref().map(Token::of_refresh));
        let is_stored = stored.is_some_and(|stored| stored.family == token.family);
        let rival = self.presentations.iter().find(|earlier| {
            let other = &self.holders[earlier.holder];
            let is_open = match earlier.answered {
                None => true,
                Some(granted) => {
                    granted && is_stored && !matches!(self.plan.model, Model::Fixed { .. })
                }
            };
            let may_be_answered = is_open && self.time < earlier.at + self.plan.timeout;
            let is_gone = self.places[account]
                .gone
                .iter()
                .any(|sid| sid == other.session.sid());
            earlier.token == token
                && earlier.holder != holder
                && !is_gone
                && other.alive
                && !other.frozen
                && !other.has_signed_out
                && may_be_answered
        });
        if let Some(rival) = rival.filter(|_| is_sound) {
            let text = format!(
                "{token:?} is presented by h{holder} while h{} may be answered",
                rival.holder
            );
            self.fail(|| text);
        }
        let again = self.presentations.iter().any(|earlier| {
            earlier.token == token && earlier.holder == holder && earlier.answered == Some(true)
        });
        if again && !matches!(self.plan.model, Model::Fixed { .. }) {
            self.fail(|| {
                format!("{token:?} is presented again by h{holder}, which has a later one")
            });
        }
        let is_old = is_stored && stored.is_some_and(|stored| stored.index > token.index);
        if is_old && is_sound {
            self.fail(|| format!("{token:?} is presented by h{holder}, a later one is stored"));
        }
        self.presentations.push(Presentation {
            token,
            holder,
            op,
            at: self.time,
            spent: false,
            answered: None,
        });
    }

    fn presentation(&mut self, holder: usize, op: u32) -> Option<&mut Presentation> {
        self.presentations
            .iter_mut()
            .find(|earlier| earlier.holder == holder && earlier.op == op)
    }

    pub(crate) fn was_spent(&mut self, holder: usize, op: u32) {
        if let Some(presentation) = self.presentation(holder, op) {
            presentation.spent = true;
        }
    }

    pub(crate) fn was_answered(&mut self, holder: usize, op: u32, granted: bool) {
        if let Some(presentation) = self.presentation(holder, op) {
            presentation.answered = Some(granted);
        }
    }

    /// What is gone stays gone; an end is written only for a token that the server does not accept.
    pub(crate) fn check_written(&mut self, holder: usize, account: usize, before: Option<&str>) {
        let place = &self.places[account];
        match &place.entry.stored {
            Stored::Live(record) if place.gone.contains(&record.sid) => {
                let sid = record.sid.clone();
                self.fail(|| format!("h{holder} brings {sid} back"));
            }
            Stored::Ended { sid, .. } if before.is_some_and(|before| before != sid) => {
                self.fail(|| format!("h{holder} ends a session that is not its own"));
            }
            Stored::Ended { sid, reason, .. } if *reason != Reason::SignedOut => {
                let (sid, reason) = (sid.clone(), *reason);
                self.check_end(&sid, reason);
            }
            _ => {}
        }
    }

    fn check_end(&mut self, sid: &str, reason: Reason) {
        let writes = self
            .plan
            .faults
            .iter()
            .filter(|fault| fault.turn == Turn::Write);
        let often_failing = writes.count() > 2;
        let others = self.holders.iter().filter(|other| {
            other.alive
                && other.session.sid() == sid
                && !(often_failing && other.session.snapshot().degraded)
        });
        let tokens: Vec<Token> = others
            .filter_map(|other| {
                Some(Token::of_refresh(
                    other.session.held()?.refresh_token.as_ref()?,
                ))
            })
            .collect();
        if let Some(token) = tokens
            .iter()
            .find(|token| self.server.accepts(**token, self.time))
        {
            self.fail(|| format!("{sid} is ended, and the server would accept {token:?}"));
        }
        let is_spendable = !matches!(self.plan.model, Model::Fixed { .. });
        let was_lost = |token: &Token| {
            if self.server.families[token.family].revoked || !is_spendable {
                return false;
            }
            let sent = self
                .presentations
                .iter()
                .filter(|sent| sent.token == *token);
            sent.clone()
                .any(|sent| sent.spent && sent.answered != Some(true))
        };
        let is_explained = tokens.iter().all(was_lost);
        let is_remembered = !self.has_store_fault && !self.plan.has_foreign();
        if reason == Reason::InvalidGrant && !tokens.is_empty() && is_explained && is_remembered {
            self.fail(|| format!("{sid} is ended by invalid_grant, not by a lost answer"));
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
        let bound = 2 * self.plan.timeout + 1_000;
        let state = &mut self.holders[holder];
        let was_frozen = state.was_frozen;
        let has_signed_out = state.has_signed_out;
        let caller_state = &mut state.callers[caller as usize];
        if caller_state.settled.is_some() || caller_state.aborted {
            return self.fail(|| format!("caller {caller} of h{holder} is settled twice"));
        }
        caller_state.settled = Some(matches!(result, Ok(Some(_))));
        let waited = now - caller_state.since;
        if waited > bound && !was_frozen && !caller_state.is_leaving {
            self.fail(|| format!("caller {caller} of h{holder} has waited {waited} ms"));
        }
        if let Ok(Some(token)) = result {
            if has_signed_out {
                self.fail(|| format!("h{holder} hands out a token after its sign-out"));
            }
            self.check_token(holder, Token::of(token));
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
        match error.reason {
            Some(Reason::InvalidGrant | Reason::ResponseLost) => {
                self.check_end(&sid, error.reason.unwrap());
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

    pub(crate) fn check(&mut self, holder: usize) {
        let state = self.holders[holder].session.snapshot().state;
        let place = &self.places[self.holders[holder].account];
        let holds = place.owner == Some(holder) && self.holders[holder].locking.is_none();
        if holds && state != "refreshing" {
            self.fail(|| format!("h{holder} is {state} and holds the lock"));
        }
        self.check_patience(holder, state);
        let waiting = self.holders[holder]
            .callers
            .iter()
            .any(|caller| caller.settled.is_none() && !caller.aborted && !caller.is_leaving);
        if waiting && self.holders[holder].alarm.is_none() {
            self.fail(|| format!("a caller of h{holder} waits for nothing"));
        }
        if self.plan.seed.is_multiple_of(64) {
            let shown = format!("{:?}", self.holders[holder].session);
            if shown.contains("secret") {
                self.fail(|| format!("the session of h{holder} shows a secret"));
            }
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
        let number = claim
            .holder
            .trim_matches(|letter: char| !letter.is_ascii_digit());
        let claimant = number.parse().unwrap_or(holder);
        let is_free = place.locks == Locks::Fair && place.owner.is_none() && place.queue.is_empty();
        let is_dead =
            claim.locked && is_free && !self.has_gone_without && !self.holders[claimant].alive;
        if (is_dead || claimant == holder) && !self.has_store_fault && !self.plan.has_foreign() {
            self.fail(|| format!("h{holder} waits for nobody"));
        }
    }

    /// After all faults, and after the longest pause, whoever has a session that the server accepts gets a token.
    pub(crate) fn finish(&mut self) {
        self.drain();
        self.healed = true;
        self.time += 40_000_000;
        let living: Vec<usize> = (0..self.holders.len())
            .filter(|index| {
                self.holders[*index].alive
                    && self.holders[*index].session.snapshot().state != "ended"
            })
            .collect();
        for &holder in &living {
            if self.violation.is_some() {
                return;
            }
            let account = self.holders[holder].account;
            let caller = self.caller(holder, false);
            let sid = self.holders[holder].session.sid();
            let stored = self.places[account]
                .live()
                .filter(|record| record.sid == sid);
            let stored =
                stored.and_then(|record| record.refresh_token.as_ref().map(Token::of_refresh));
            let is_live = stored.is_some_and(|token| self.server.accepts(token, self.time));
            self.feed(
                holder,
                meshydb_client::event::Input::Call {
                    caller,
                    min_validity: 0,
                    rejected: None,
                },
            );
            self.drain();
            let settled = self.holders[holder].callers[caller as usize].settled;
            if settled != Some(true) && is_live && !self.has_store_fault {
                self.fail(|| format!("h{holder} gets no token though the server would grant one"));
            }
        }
        self.check_rest();
    }

    /// While nobody is answered, requests become few, whoever calls how often; and at the end nobody rushes.
    fn check_outage(&mut self) {
        let Some(outage) = self.plan.outage.filter(|_| self.plan.is_crowded) else {
            return;
        };
        let mut most = 3;
        let mut at = outage.from;
        for failures in 0.. {
            at += (500_i64 << failures.min(7)).min(60_000) / 2;
            if at > outage.to {
                break;
            }
            most += 1;
        }
        let count = |from: i64, to: i64| {
            let sent = self.presentations.iter();
            sent.filter(|sent| (from..to).contains(&sent.at)).count()
        };
        let (during, after) = (
            count(outage.from, outage.to),
            count(outage.to, outage.to + self.plan.timeout),
        );
        if during > most {
            self.fail(|| format!("{during} requests in an outage, {most} at most"));
        }
        if after > 2 {
            self.fail(|| format!("{after} requests at the end of an outage"));
        }
    }

    fn check_rest(&mut self) {
        self.check_outage();
        for holder in 0..self.holders.len() {
            let state = &self.holders[holder];
            let waits = state
                .callers
                .iter()
                .any(|caller| caller.settled.is_none() && !caller.aborted);
            if state.alive && waits {
                self.fail(|| format!("a caller of h{holder} is never settled"));
            }
            let account = self.holders[holder].account;
            if self.places[account].locks == Locks::Fair && self.places[account].owner.is_some() {
                self.fail(|| "the lock is held at the end".into());
            }
        }
        let unexplained = self
            .server
            .families
            .iter()
            .position(|family| !family.alive && !family.revoked);
        if let Some(family) = unexplained.filter(|_| self.is_calm) {
            self.fail(|| format!("family {family} died though nothing went wrong"));
        }
    }
}
