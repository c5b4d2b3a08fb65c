//! What must hold when a session ends, and at the end of a world.

use meshydb_client::error::Reason;
use meshydb_client::event::Input;
use meshydb_client::record::{Entry, Stored};
use meshydb_client::token::UNKNOWN_LIFETIME;

use crate::holder::Want;
use crate::plan::{Locks, Model};
use crate::server::Token;
use crate::world::World;

/// Longer than any pause and than the life of any token.
const LONG_AFTER: i64 = 40_000_000;
const CLOCKS_APART: i64 = 60_000;

impl World {
    /// Tokens are revoked of a session that is over, and of none that is stored.
    pub(crate) fn check_revocation(&mut self, holder: usize, token: Token) {
        let state = &self.holders[holder];
        let stored = self.places[state.account].live();
        let is_stored =
            stored.is_some_and(|record| Token::of(&record.access_token).family == token.family);
        let error = state.session.snapshot().error;
        let is_leaving = error.is_some_and(|error| error.reason == Some(Reason::SignedOut));
        if is_stored && !is_leaving && !self.server.is_used_elsewhere(token) {
            self.fail(|| format!("h{holder} revokes {token:?}, whose session is stored"));
        }
    }

    /// An end is written only over a token that the server does not accept, and for which nobody is being answered.
    pub(crate) fn check_sentence(
        &mut self,
        holder: usize,
        sid: &str,
        reason: Reason,
        before: &Entry,
    ) {
        let Stored::Live(record) = &before.stored else {
            return;
        };
        let token = record.refresh_token.as_ref().map(Token::of_refresh);
        let Some(token) = token else {
            return;
        };
        if self.server.accepts(token, self.time) {
            self.fail(|| format!("{sid} is ended, and the server would accept {token:?}"));
        }
        let rival = self.presentations.iter().find(|sent| {
            let other = &self.holders[sent.holder];
            let is_able = other.alive && other.thawed_at < sent.at && !other.has_signed_out;
            sent.holder != holder
                && sent.token == token
                && sent.spent
                && sent.answered.is_none()
                && is_able
                && self.time < sent.at + self.plan.timeout
        });
        if let Some(other) = rival
            .filter(|sent| !sent.is_unclaimed)
            .map(|sent| sent.holder)
        {
            self.fail(|| format!("{sid} is ended by h{holder}, and h{other} is being answered"));
        }
        let mut sent = self.presentations.iter();
        let was_lost = !self.server.families[token.family].revoked
            && !matches!(self.plan.model, Model::Fixed { .. })
            && sent.any(|sent| {
                let is_lost = sent.spent && sent.answered != Some(true);
                sent.token == token && is_lost && !sent.is_unclaimed && !sent.twice
            });
        let place = &self.places[self.holders[holder].account];
        let is_remembered = !self.plan.has_foreign() && place.cleared_at.is_none();
        if reason == Reason::InvalidGrant && was_lost && is_remembered {
            self.fail(|| format!("{sid} is ended by invalid_grant, not by a lost answer"));
        }
    }

    /// A session ends only if no holder has a token that the server would accept, and could have stored it in time.
    pub(crate) fn check_end(&mut self, sid: &str) {
        let live = (0..self.holders.len()).find_map(|other| {
            let state = &self.holders[other];
            let held = state.session.held().filter(|record| record.sid == sid)?;
            let token = Token::of_refresh(held.refresh_token.as_ref()?);
            let is_live = state.alive && self.server.accepts(token, self.time);
            (is_live && !self.is_overdue(other, token)).then_some(token)
        });
        if let Some(token) = live {
            self.fail(|| format!("{sid} is ended, and the server would accept {token:?}"));
        }
    }

    /// After all faults, and after the longest pause, whoever has a session that the server accepts gets a token.
    pub(crate) fn finish(&mut self) {
        self.drain();
        self.healed = true;
        if self.plan.model == Model::Bare
            && self.plan.lifetime.is_some()
            && !self.living().is_empty()
        {
            self.fail(|| "a session that cannot be renewed outlives its token".into());
        }
        self.time += LONG_AFTER;
        for holder in self.living() {
            self.check_call(holder);
        }
        for holder in self.living() {
            self.feed(holder, Input::Hint);
        }
        self.drain();
        for holder in self.living() {
            let state = &self.holders[holder];
            let (sid, generation) = (state.session.sid(), state.session.snapshot().generation);
            let stored = self.places[state.account].live();
            let stored = stored.filter(|record| record.sid == sid);
            let differs = stored.is_none_or(|record| record.generation != generation);
            if differs && self.places[state.account].entry.stored.is_readable() {
                self.fail(|| format!("h{holder} is at {generation}, which is not what is stored"));
            }
        }
        self.check_rest();
        self.check_life();
    }

    fn living(&self) -> Vec<usize> {
        let lives = |holder: &usize| {
            let state = &self.holders[*holder];
            state.alive && state.session.snapshot().state != "ended"
        };
        let all = 0..if self.violation.is_some() {
            0
        } else {
            self.holders.len()
        };
        all.filter(lives).collect()
    }

    fn check_call(&mut self, holder: usize) {
        if self.violation.is_some() {
            return;
        }
        let state = &self.holders[holder];
        let stored = self.places[state.account].live();
        let stored = stored.filter(|record| record.sid == state.session.sid());
        let is_service = stored.is_some() && self.plan.model == Model::Service;
        let stored = stored.and_then(|record| record.refresh_token.as_ref());
        let is_live = is_service
            || stored.is_some_and(|token| self.server.accepts(Token::of_refresh(token), self.time));
        let is_dead = stored
            .is_some_and(|token| !self.server.families[Token::of_refresh(token).family].alive)
            && self.is_spendable()
            && self.holders[holder].offset.abs() < CLOCKS_APART;
        let caller = self.caller(holder, Want::default());
        let call = Input::Call {
            caller,
            min_validity: 0,
            rejected: None,
            unauthorized: false,
        };
        self.feed(holder, call);
        self.drain();
        let state = &self.holders[holder];
        let has_token = state.callers[caller as usize].settled == Some(true);
        if !has_token && is_live {
            self.fail(|| format!("h{holder} gets no token though the server would grant one"));
        }
        let goes_on = self.holders[holder].session.snapshot().state != "ended";
        if is_dead && goes_on {
            self.fail(|| format!("h{holder} keeps a session that the server has ended"));
        }
        if self.plan.model == Model::Bare && self.plan.lifetime.is_some() && goes_on {
            self.fail(|| format!("h{holder} keeps a session that has expired"));
        }
        let state = &self.holders[holder];
        let held = state.session.held().filter(|_| has_token);
        let held = held.map(|record| Token::of(&record.access_token));
        let is_old = held.is_some_and(|token| {
            let issued = self.server.families[token.family].issues[token.index].at;
            let lasts = self.plan.lifetime.unwrap_or(UNKNOWN_LIFETIME) + CLOCKS_APART;
            token.index < self.server.newest(token.family) && self.time > issued + lasts
        });
        if is_old && !self.plan.is_constant {
            self.fail(|| format!("h{holder} gets {held:?}, which has expired"));
        }
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
        let sessions = 1 + self.plan.foreign();
        if after > 2 * sessions {
            self.fail(|| format!("{after} requests at the end of an outage"));
        }
    }

    /// A sign-out reaches the store.
    pub(crate) fn check_signed_out(&mut self, holder: usize) {
        let state = &self.holders[holder];
        let stored = self.places[state.account].live();
        let is_there = stored.is_some_and(|record| record.sid == state.session.sid());
        if state.alive && state.has_signed_out && is_there {
            self.fail(|| format!("h{holder} has signed out, and its session is still stored"));
        }
    }

    fn check_rest(&mut self) {
        self.check_outage();
        (0..self.holders.len()).for_each(|holder| self.check_signed_out(holder));
        for holder in 0..self.holders.len() {
            let state = &self.holders[holder];
            if state.alive && state.waiting().next().is_some() {
                self.fail(|| format!("a caller of h{holder} is never settled"));
            }
            let account = self.holders[holder].account;
            if self.places[account].locks == Locks::Fair && self.places[account].owner.is_some() {
                self.fail(|| "the lock is held at the end".into());
            }
        }
        let families = self.server.families.iter().enumerate();
        let unexplained = families
            .filter(|(_, family)| !family.alive && !family.revoked)
            .map(|(index, _)| index)
            .find(|family| !self.is_replaced(*family));
        let nobody_did_wrong = self.is_calm || self.plan.pause.is_some();
        if let Some(family) = unexplained.filter(|_| nobody_did_wrong) {
            self.fail(|| format!("family {family} died though nobody did wrong"));
        }
    }
}
