//! What must hold when a token is sent, stored or handed out, and after every step.

use meshydb_client::error::{Code, Error, Reason};
use meshydb_client::record::Stored;
use meshydb_client::token::{AccessToken, TokenSet};

use crate::holder::{Caller, Presentation};
use crate::plan::{Act, Locks, Model};
use crate::server::Token;
use crate::world::World;

/// How far clocks may be apart.
pub(crate) const CLOCKS_APART: i64 = 60_000;
/// Beyond its timeout, and the time in which others stand in the way, a call may wait for the store.
const STORE_TIME: i64 = 3_000;
/// The shortest cool-down: half of the first backoff.
pub(crate) const SHORTEST_PAUSE: i64 = 250;

impl World {
    /// A refresh token is sent by one holder at a time, and never when a later one is stored.
    pub(crate) fn presented(&mut self, holder: usize, op: u32, token: Token) {
        self.check_rivals(holder, token);
        self.check_old(holder, token);
        self.check_again(holder, token);
        self.check_401(token);
        self.check_corrupt(holder, token);
        if self.is_calm {
            self.check_need(holder, token);
        }
        let state = &self.holders[holder];
        let generation = state.session.snapshot().generation;
        let claim = self.places[state.account].entry.attempt.claim;
        let is_unclaimed = claim.is_none_or(|claim| claim.holder != state.mark);
        let unwritable_for = state.unwritable_since.map_or(0, |since| self.time - since);
        self.presentations.push(Presentation {
            token,
            generation,
            holder,
            op,
            at: self.time,
            spent: false,
            twice: false,
            is_unclaimed,
            unwritable_for,
            answered: None,
            closed: 0,
            stored_at: None,
            lost: false,
            late: false,
            is_refusal: false,
            is_owed: false,
        });
    }

    /// Because of 401s no two refreshes come within half of a token's life.
    fn check_401(&mut self, token: Token) {
        let mut acts = self.plan.actions.iter();
        let is_only =
            !self.plan.actions.is_empty() && acts.all(|action| action.act == Act::Unauthorized);
        let within = self.plan.lifetime.unwrap_or(0) / 2;
        let is_near =
            |sent: &Presentation| sent.token.family == token.family && self.time - sent.at < within;
        if is_only && self.plan.faults.is_empty() && self.presentations.iter().any(is_near) {
            self.fail(|| format!("{token:?} is presented because of a further 401"));
        }
    }

    /// Nobody sends a token of a stored session while what was read last is corrupt.
    fn check_corrupt(&mut self, holder: usize, token: Token) {
        let state = &self.holders[holder];
        let mut families = self.places[state.account].families.iter();
        let was_stored =
            families.any(|(sid, family)| *family == token.family && sid == state.session.sid());
        if was_stored
            && state.expected.stored == Stored::Corrupt
            && state.unreadable_since.is_none()
            && state.unwritable_since.is_none()
        {
            self.fail(|| format!("{token:?} is presented by h{holder}, and its record is corrupt"));
        }
    }

    pub(crate) fn is_spendable(&self) -> bool {
        !matches!(self.plan.model, Model::Fixed { .. })
    }

    fn check_rivals(&mut self, holder: usize, token: Token) {
        let state = &self.holders[holder];
        let place = &self.places[state.account];
        let unwritable = state.unwritable_since;
        let does_without = unwritable.is_some_and(|since| self.time - since > self.plan.timeout);
        if does_without {
            return;
        }
        let stored = place
            .live()
            .and_then(|record| record.refresh_token.as_ref());
        let is_stored =
            stored.is_some_and(|stored| Token::of_refresh(stored).family == token.family);
        let generation = state.session.snapshot().generation;
        let is_in_hand = stored.is_some_and(|stored| Token::of_refresh(stored) == token);
        let are_near = self.clocks_are_near();
        let rival = self.presentations.iter().find(|earlier| {
            let other = &self.holders[earlier.holder];
            let is_over = place.gone.iter().any(|sid| sid == other.session.sid());
            let is_of_another = earlier.generation != generation && !self.is_spendable();
            let is_unable = other.thawed_at > earlier.at || !other.alive || other.has_signed_out;
            if earlier.token != token
                || is_of_another
                || earlier.holder == holder
                || is_over
                || is_unable
                || self.does_without(earlier)
            {
                return false;
            }
            match earlier.answered {
                None => self.time < earlier.at + self.plan.timeout,
                Some(true) => {
                    is_stored && self.is_spendable() && self.time < earlier.at + self.plan.timeout
                }
                Some(false) => {
                    are_near
                        && self.is_spendable()
                        && is_in_hand
                        && other.unwritable_since.is_none()
                        && !earlier.is_refusal
                        && self.is_last_of(earlier)
                        && self.holders[holder].online_at < earlier.closed
                        && self.time < earlier.closed + SHORTEST_PAUSE
                }
            }
        });
        if let Some(rival) =
            rival.filter(|rival| place.cleared_at.is_none_or(|cleared| cleared < rival.at))
        {
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

    fn is_last_of(&self, sent: &Presentation) -> bool {
        let own = |other: &&Presentation| other.holder == sent.holder && other.token == sent.token;
        let last = self.presentations.iter().rfind(own);
        last.is_some_and(|last| last.op == sent.op)
    }

    fn check_old(&mut self, holder: usize, token: Token) {
        let stored = self.places[self.holders[holder].account].live();
        let stored = stored.and_then(|record| record.refresh_token.as_ref());
        let is_old = stored
            .map(Token::of_refresh)
            .is_some_and(|stored| stored.family == token.family && stored.index > token.index);
        // Without a claim, it does not know what the store has.
        let is_able = self.holders[holder].unwritable_since.is_none();
        if is_old && is_able && !self.is_explained(token) {
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
                    || !record.validity.covers(
                        now,
                        caller.want.min_validity.min(record.validity.lifetime() / 2),
                    ))
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

    pub(crate) fn was_sent_twice(&mut self, holder: usize, op: u32) {
        if let Some(presentation) = self.presentation(holder, op) {
            presentation.twice = true;
        }
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
            let error = answer.as_ref().err();
            presentation.lost = error.is_some_and(Error::is_unanswered);
            presentation.is_refusal = error.is_some_and(Error::ends_session);
            presentation.late = error.is_some_and(|error| error.code == Code::Timeout);
            let asks_for_pause = error.is_some_and(Error::asks_for_pause);
            presentation.is_owed = presentation.lost && !asks_for_pause;
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
        let is_alone = self.holders.len() == 1
            && self.plan.locks != Locks::Orphaned
            && !self.plan.has_bad_store();
        let others = if is_alone { 0 } else { self.plan.timeout };
        if waited > self.plan.timeout + others + STORE_TIME {
            self.fail(|| format!("caller {caller} of h{holder} has waited {waited} ms"));
        }
        let reason = result.as_ref().err().and_then(|error| error.reason);
        if want.is_opening && result.is_err() && self.plan.must_open {
            self.fail(|| format!("h{holder} is not opened, since a store takes no writes"));
        }
        if want.is_opening && reason == Some(Reason::Expired) {
            self.fail(|| format!("h{holder} logs in, and is told that a token has expired"));
        }
        if want.is_leaving && result.is_ok() {
            self.check_signed_out(holder);
            let state = &self.holders[holder];
            let sid = state.session.sid().to_owned();
            self.places[state.account].gone.push(sid);
        }
        self.check_vain(holder, caller, result);
        let Ok(Some(token)) = result else {
            return;
        };
        let token = Token::of(token);
        if has_signed_out {
            self.fail(|| format!("h{holder} hands out a token after its sign-out"));
        }
        if want.beyond == Some(token) && !self.plan.is_constant {
            self.fail(|| format!("h{holder} hands out {token:?}, which will not do"));
        }
        let now = self.now(holder);
        let held = self.holders[holder].session.held();
        let is_short = held.is_some_and(|record| {
            let least = want.min_validity.min(record.validity.lifetime() / 2);
            record.generation <= generation && !record.validity.covers(now, least)
        });
        if is_short && !want.is_opening && self.plan.model != Model::Bare {
            self.fail(|| format!("h{holder} hands out {token:?}, which expires too soon"));
        }
        self.check_token(holder, token);
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
        let has_twins = matches!(self.plan.model, Model::Fixed { .. });
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
            Some(Reason::Expired) if self.plan.model != Model::Bare => {
                self.fail(|| format!("h{holder} has no refresh token"));
            }
            _ => {}
        }
    }

    /// No secret is shown; looked at in some worlds only, since it takes long.
    pub(crate) fn check_secrets(&mut self, shown: &str) {
        if shown.contains("secret") {
            self.fail(|| "a secret is shown".into());
        }
    }
}
