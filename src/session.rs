//! The one state machine: one session, from its opening to its end.
//!
//! [`Session::handle`] takes the time and one [`Input`] and returns what is to be done as
//! [`Output`]s; it performs nothing itself. At most one request for tokens is in flight, and
//! at most one store operation: each `Load` is answered by one `Loaded`, each `Swap` (which
//! compares with what the last `Load` saw) by one `Swapped`, each `Send` by one `Replied`.
//! Every caller is settled exactly once. A rotated token is committed before any caller
//! sees it, and nothing that arrives after the end brings the session back.
//!
//! | phase | waits for | leaves to |
//! |---|---|---|
//! | Idle | a call, a sign-out, news from the store | Loading, Ending |
//! | Loading | the stored record | Sending, Idle, Over |
//! | Sending | the server | Committing, Confirming, Idle, Over |
//! | Confirming | the stored record, after a refusal | Condemned, Sending, Idle, Over |
//! | Condemned | the store, with the end in it | Over, Confirming |
//! | Committing | the store | Idle, Over |
//! | Ending | the store, after the local end | Over |

use std::mem;
use std::rc::Rc;

use crate::config::Config;
use crate::error::{Code, Error, Reason};
use crate::event::{Input, Opening, Output, Snapshot, StoreFailed};
use crate::oauth::{self, Request};
use crate::record::{Place, Record, Standing, Stored, standing};
use crate::token::{AccessToken, Now, RefreshToken, TokenSet};

/// Compare-and-set operations that may be lost in a row before the store counts as failing.
const LOST_SWAPS: u8 = 8;

#[derive(Debug)]
enum Phase {
    Idle,
    Loading,
    Sending,
    Confirming(Error),
    Condemned(Error),
    Committing(Rc<Record>),
    Ending { written: bool },
    Over,
}

#[derive(Debug)]
struct Caller {
    id: u32,
    min_validity: i64,
    /// Only a later generation than this will do.
    after: Option<i64>,
}

/// One session.
#[derive(Debug)]
pub struct Session {
    config: Rc<Config>,
    sid: String,
    phase: Phase,
    /// The token in hand; none until the session is open.
    record: Option<Rc<Record>>,
    /// The foreign refresh token that the session is opened with.
    opened_with: Option<RefreshToken>,
    place: Place,
    /// Whether the last look at the store found something that may be replaced.
    writable: bool,
    /// The refresh token of the session whose place this one takes.
    replaced: Option<RefreshToken>,
    callers: Vec<Caller>,
    /// The callers of a sign-out.
    leaving: Vec<u32>,
    /// Revocations that are under way.
    revoking: u32,
    error: Option<Error>,
    degraded: bool,
    hinted: bool,
    lost_swaps: u8,
    outputs: Vec<Output>,
}

impl Session {
    /// A session that has yet to be opened. `sid` must be random; a session that is joined keeps its own.
    pub fn new(config: Rc<Config>, sid: String) -> Self {
        Self {
            config,
            sid,
            phase: Phase::Idle,
            record: None,
            opened_with: None,
            place: Place::Unread,
            writable: false,
            replaced: None,
            callers: Vec::new(),
            leaving: Vec::new(),
            revoking: 0,
            error: None,
            degraded: false,
            hinted: false,
            lost_swaps: 0,
            outputs: Vec::new(),
        }
    }

    /// Takes one input at a time and says what is to be done about it, in order.
    pub fn handle(&mut self, now: Now, input: Input) -> Vec<Output> {
        match input {
            Input::Open { caller, opening } => self.open(now, caller, opening),
            Input::Call {
                caller,
                min_validity,
                rejected,
            } => self.call(now, caller, min_validity, rejected.as_ref()),
            Input::Refresh { caller } => {
                let current = self.held().map(|record| record.access_token.clone());
                self.call(now, caller, 0, current.as_ref());
            }
            Input::Abort(caller) => {
                self.callers.retain(|waiting| waiting.id != caller);
                self.leaving.retain(|&leaving| leaving != caller);
            }
            Input::Loaded(stored) => self.loaded(now, stored),
            Input::Swapped(swapped) => self.swapped(swapped),
            Input::Replied(reply) => self.replied(now, reply),
            Input::Revoked => self.revoking -= 1,
            Input::Hint => self.hint(),
            Input::SignOut { caller } => {
                self.leaving.push(caller);
                self.sign_out();
            }
        }
        if self.revoking == 0 && matches!(self.phase, Phase::Over) {
            for caller in mem::take(&mut self.leaving) {
                self.settle(caller, Ok(None));
            }
        }
        mem::take(&mut self.outputs)
    }

    /// Names the session.
    pub fn sid(&self) -> &str {
        &self.sid
    }

    /// The token in hand, unless the session is over.
    pub fn held(&self) -> Option<&Record> {
        self.record.as_deref().filter(|_| !self.is_over())
    }

    /// What anyone may see.
    pub fn snapshot(&self) -> Snapshot {
        let record = self.record.as_ref();
        Snapshot {
            state: match self.phase {
                Phase::Idle => "active",
                Phase::Loading
                | Phase::Sending
                | Phase::Confirming(_)
                | Phase::Condemned(_)
                | Phase::Committing(_) => "refreshing",
                Phase::Ending { .. } | Phase::Over => "ended",
            },
            expires_at: record
                .filter(|record| record.expiry_known)
                .map(|record| record.validity.expires_at),
            scope: record.map_or_else(String::new, |record| record.scope.clone()),
            generation: self.generation(),
            error: self.error.clone(),
            degraded: self.degraded,
        }
    }

    fn open(&mut self, now: Now, id: u32, opening: Opening) {
        self.callers.push(Caller {
            id,
            min_validity: 0,
            after: None,
        });
        match opening {
            Opening::Login(request) => self.send(request),
            Opening::Adopt(tokens) => self.opened(tokens, now),
            Opening::Restore => self.load(Phase::Loading),
            Opening::Resume(token) => {
                self.opened_with = Some(token);
                self.load(Phase::Loading);
            }
        }
    }

    fn call(&mut self, now: Now, id: u32, min_validity: i64, rejected: Option<&AccessToken>) {
        if self.is_over() {
            let error = self.error.clone();
            return self.settle(
                id,
                Err(error.unwrap_or_else(|| Error::ended(Reason::Removed))),
            );
        }
        let in_hand = self.record.as_ref().map(|record| &record.access_token);
        let after = (rejected.is_some() && rejected == in_hand).then(|| self.generation());
        self.callers.push(Caller {
            id,
            min_validity,
            after,
        });
        self.settle_satisfied(now);
        if matches!(self.phase, Phase::Idle) && !self.callers.is_empty() {
            self.load(Phase::Loading);
            self.changed();
        }
    }

    fn hint(&mut self) {
        if matches!(self.phase, Phase::Idle) {
            self.load(Phase::Loading);
        } else {
            self.hinted = true;
        }
    }

    fn sign_out(&mut self) {
        if self.is_over() {
            return;
        }
        if let Phase::Committing(next) = &self.phase {
            self.record = Some(next.clone());
        }
        let token = self.held().and_then(|record| record.refresh_token.clone());
        self.end(Error::ended(Reason::SignedOut));
        self.revoke(token.as_ref());
    }

    fn loaded(&mut self, now: Now, loaded: Result<Stored, StoreFailed>) {
        let generation = self.generation();
        self.notice(&loaded);
        match mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Loading if self.record.is_none() => self.opening_loaded(loaded),
            Phase::Loading => match self.standing(generation, &loaded) {
                Standing::Over(reason) => self.over(Error::ended(reason)),
                Standing::Behind(record) => self.adopt(now, record),
                Standing::Current | Standing::Unknown => self.refresh(),
                Standing::Newer if self.callers.is_empty() => self.idle(),
                Standing::Newer => self.failed(unreadable()),
            },
            Phase::Confirming(refusal) => match self.standing(generation, &loaded) {
                Standing::Over(reason) => self.over(Error::ended(reason)),
                Standing::Behind(record) => self.adopt(now, record),
                Standing::Current => self.confirmed(now, refusal, loaded),
                Standing::Unknown | Standing::Newer => self.failed(refusal),
            },
            Phase::Committing(next) => self.committing_loaded(now, next, loaded),
            Phase::Ending { .. } => self.ending_loaded(loaded),
            phase @ (Phase::Idle | Phase::Sending | Phase::Condemned(_) | Phase::Over) => {
                self.phase = phase;
            }
        }
    }

    fn notice(&mut self, loaded: &Result<Stored, StoreFailed>) {
        self.writable = matches!(
            loaded,
            Ok(Stored::Empty | Stored::Live(_) | Stored::Ended { .. })
        );
        match loaded {
            Ok(Stored::Live(record)) if record.sid == self.sid => {
                self.place = Place::Stored;
                self.degraded &= record.generation < self.generation();
            }
            Ok(_) => {}
            Err(StoreFailed) => self.degraded = true,
        }
    }

    /// The first look at the store: a session to go on with, one to join, or none.
    fn opening_loaded(&mut self, loaded: Result<Stored, StoreFailed>) {
        match (loaded, &self.opened_with) {
            (Ok(Stored::Live(record)), None) => {
                self.take(record);
                self.serve_all();
            }
            (Ok(Stored::Live(record)), Some(token)) if record.knows(token) => {
                for caller in &mut self.callers {
                    caller.after = Some(record.generation);
                }
                self.take(record);
                self.refresh();
            }
            (_, Some(_)) if self.callers.is_empty() => self.over(Error::ended(Reason::SignedOut)),
            (_, Some(token)) => {
                let request = oauth::refresh_request(&self.config, token);
                self.send(request);
            }
            (stored, None) => {
                if let Ok(Stored::Corrupt | Stored::Newer) = stored {
                    self.error = Some(unreadable());
                }
                self.phase = Phase::Over;
                self.changed();
                self.settle_all(&Ok(None));
            }
        }
    }

    /// The refused token is still the stored one, unless another holder has put its own there.
    fn confirmed(&mut self, now: Now, refusal: Error, loaded: Result<Stored, StoreFailed>) {
        match (loaded, &self.record) {
            (Ok(Stored::Live(record)), Some(ours)) if record.sid == self.sid => {
                if record.generation == ours.generation
                    && record.refresh_token != ours.refresh_token
                {
                    return self.adopt(now, record);
                }
                self.outputs.push(Output::Swap(
                    self.ended(record.generation, Reason::InvalidGrant),
                ));
                self.phase = Phase::Condemned(refusal);
            }
            _ => self.over(refused(&refusal)),
        }
    }

    fn committing_loaded(
        &mut self,
        now: Now,
        next: Rc<Record>,
        loaded: Result<Stored, StoreFailed>,
    ) {
        let is_opening = self.record.is_none();
        if is_opening {
            if self.callers.is_empty() {
                self.revoke(next.refresh_token.as_ref());
                return self.over(Error::ended(Reason::SignedOut));
            }
            if self.place != Place::Stored {
                self.place = Place::Unread;
            }
        }
        match self.standing(next.generation - 1, &loaded) {
            Standing::Behind(record) => self.adopt(now, record),
            Standing::Over(reason) => {
                self.revoke(next.refresh_token.as_ref());
                self.over(Error::ended(reason));
            }
            Standing::Current => self.commit_over(next, loaded),
            Standing::Unknown if is_opening && loaded.is_ok() => self.commit(next),
            Standing::Unknown | Standing::Newer => self.committed(next, false),
        }
    }

    /// Swaps `next` in for what was loaded, which a session that was not stored yet replaces.
    fn commit_over(&mut self, next: Rc<Record>, loaded: Result<Stored, StoreFailed>) {
        let stored = loaded.unwrap_or(Stored::Empty);
        if self.place == Place::Stored {
            return self.commit(next);
        }
        let mut next = (*next).clone();
        next.generation = next.generation.max(stored.generation() + 1);
        self.place = Place::Beside(stored.sid().map(Into::into));
        self.replaced = None;
        if let Stored::Live(record) = stored
            && record.refresh_token != next.refresh_token
        {
            self.replaced.clone_from(&record.refresh_token);
        }
        self.commit(Rc::new(next));
    }

    /// Writes the end, if the session is still there, whatever generation it has reached.
    fn ending_loaded(&mut self, loaded: Result<Stored, StoreFailed>) {
        self.phase = Phase::Over;
        match loaded {
            Ok(Stored::Live(record)) if record.sid == self.sid => {
                let ours = self
                    .record
                    .as_ref()
                    .and_then(|ours| ours.refresh_token.as_ref());
                if record.refresh_token.as_ref() != ours {
                    self.revoke(record.refresh_token.as_ref());
                }
                let reason = self.error.as_ref().and_then(|error| error.reason);
                let reason = reason.unwrap_or(Reason::SignedOut);
                self.outputs
                    .push(Output::Swap(self.ended(record.generation, reason)));
                self.phase = Phase::Ending { written: true };
            }
            Ok(_) => {}
            Err(StoreFailed) => self.end_again(),
        }
    }

    fn end_again(&mut self) {
        self.phase = Phase::Over;
        if self.lost_swaps < LOST_SWAPS {
            self.lost_swaps += 1;
            self.load(Phase::Ending { written: false });
        }
    }

    fn swapped(&mut self, swapped: Result<bool, StoreFailed>) {
        let lost = swapped == Ok(false) && self.lost_swaps < LOST_SWAPS;
        match mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Committing(next) if lost => {
                self.lost_swaps += 1;
                self.load(Phase::Committing(next));
            }
            Phase::Committing(next) => self.committed(next, swapped == Ok(true)),
            Phase::Condemned(refusal) if lost => {
                self.lost_swaps += 1;
                self.load(Phase::Confirming(refusal));
            }
            Phase::Condemned(refusal) => self.over(refused(&refusal)),
            Phase::Ending { written: true } if swapped == Ok(true) => self.phase = Phase::Over,
            Phase::Ending { .. } => {
                let replaced = self.replaced.take().filter(|_| swapped == Ok(true));
                self.revoke(replaced.as_ref());
                self.end_again();
            }
            phase @ (Phase::Idle
            | Phase::Loading
            | Phase::Sending
            | Phase::Confirming(_)
            | Phase::Over) => self.phase = phase,
        }
    }

    fn replied(&mut self, now: Now, reply: Result<TokenSet, Error>) {
        match (&self.phase, reply, &self.record) {
            (Phase::Sending, Ok(tokens), None) => self.opened(tokens, now),
            (Phase::Sending, Ok(tokens), Some(record)) => {
                let next = Rc::new(record.rotated(tokens, now));
                if self.writable && self.place == Place::Stored {
                    self.commit(next);
                } else {
                    self.load(Phase::Committing(next));
                }
            }
            (Phase::Sending, Err(error), None) => self.over(error),
            (Phase::Sending, Err(error), Some(_)) if error.ends_session() => {
                self.load(Phase::Confirming(error));
            }
            (Phase::Sending, Err(error), Some(_)) => self.failed(error),
            (_, Ok(tokens), _) => self.revoke(tokens.refresh_token.as_ref()),
            (_, Err(_), _) => {}
        }
    }

    fn opened(&mut self, tokens: TokenSet, now: Now) {
        let token = self.opened_with.take();
        let record = Record::first(&self.sid, tokens, &self.config.scope, token, now);
        self.load(Phase::Committing(Rc::new(record)));
    }

    /// Goes on with what another holder has committed.
    fn adopt(&mut self, now: Now, record: Rc<Record>) {
        self.take(record);
        self.settle_satisfied(now);
        self.refresh();
    }

    fn take(&mut self, record: Rc<Record>) {
        self.sid.clone_from(&record.sid);
        self.record = Some(record);
        self.place = Place::Stored;
        self.degraded = false;
        self.lost_swaps = 0;
        self.error = None;
        self.changed();
    }

    /// Sends the refresh that the waiting callers need, if any still waits.
    fn refresh(&mut self) {
        if self.callers.is_empty() {
            return self.idle();
        }
        let token = self.held().and_then(|record| record.refresh_token.as_ref());
        match token {
            Some(token) => {
                let request = oauth::refresh_request(&self.config, token);
                self.send(request);
            }
            None => self.failed(Error::new(
                Code::SessionEnded,
                "the access token has expired, and the server gave no refresh token",
            )),
        }
    }

    fn commit(&mut self, next: Rc<Record>) {
        self.outputs.push(Output::Swap(Stored::Live(next.clone())));
        self.phase = Phase::Committing(next);
    }

    fn committed(&mut self, next: Rc<Record>, stored: bool) {
        let abandoned = self.record.is_none() && self.callers.is_empty();
        self.record = Some(next);
        self.degraded = !stored;
        self.error = None;
        self.lost_swaps = 0;
        let replaced = self.replaced.take().filter(|_| stored);
        self.revoke(replaced.as_ref());
        if stored {
            self.place = Place::Stored;
        }
        self.serve_all();
        if abandoned {
            self.sign_out();
        }
    }

    /// Gives every caller the token in hand, whatever validity it asked for.
    fn serve_all(&mut self) {
        let token = self.held().map(|record| record.access_token.clone());
        self.settle_all(&Ok(token));
        self.idle();
    }

    fn failed(&mut self, error: Error) {
        self.error = Some(error.clone());
        self.settle_all(&Err(error));
        self.idle();
    }

    /// Ends the session here at once, and then in the store.
    fn end(&mut self, error: Error) {
        let storing = matches!(
            self.phase,
            Phase::Loading | Phase::Confirming(_) | Phase::Condemned(_) | Phase::Committing(_)
        );
        self.over(error);
        self.phase = Phase::Ending { written: false };
        self.lost_swaps = 0;
        if !storing {
            self.outputs.push(Output::Load);
        }
    }

    fn over(&mut self, error: Error) {
        self.phase = Phase::Over;
        self.error = Some(error.clone());
        self.settle_all(&Err(error));
        self.changed();
    }

    fn idle(&mut self) {
        self.phase = Phase::Idle;
        self.changed();
        if mem::take(&mut self.hinted) {
            self.load(Phase::Loading);
        }
    }

    fn load(&mut self, phase: Phase) {
        self.phase = phase;
        self.outputs.push(Output::Load);
    }

    fn send(&mut self, request: Request) {
        self.phase = Phase::Sending;
        self.outputs.push(Output::Send(request));
    }

    fn revoke(&mut self, token: Option<&RefreshToken>) {
        if let Some(request) =
            token.and_then(|token| oauth::revocation_request(&self.config, token))
        {
            self.outputs.push(Output::Revoke(request));
            self.revoking += 1;
        }
    }

    fn settle_all(&mut self, result: &Result<Option<AccessToken>, Error>) {
        for caller in mem::take(&mut self.callers) {
            self.settle(caller.id, result.clone());
        }
    }

    fn settle_satisfied(&mut self, now: Now) {
        let Some(record) = self.record.as_ref() else {
            return;
        };
        let outputs = &mut self.outputs;
        self.callers.retain(|caller| {
            let satisfied = caller.is_satisfied(record, now);
            if satisfied {
                outputs.push(Output::Settle {
                    caller: caller.id,
                    result: Ok(Some(record.access_token.clone())),
                });
            }
            !satisfied
        });
    }

    fn settle(&mut self, caller: u32, result: Result<Option<AccessToken>, Error>) {
        self.outputs.push(Output::Settle { caller, result });
    }

    fn changed(&mut self) {
        self.outputs.push(Output::Changed);
    }

    fn standing(&self, generation: i64, loaded: &Result<Stored, StoreFailed>) -> Standing {
        match loaded {
            Ok(stored) => standing(&self.sid, generation, &self.place, stored),
            Err(StoreFailed) => Standing::Unknown,
        }
    }

    fn ended(&self, generation: i64, reason: Reason) -> Stored {
        Stored::Ended {
            sid: self.sid.clone(),
            generation,
            reason,
        }
    }

    fn generation(&self) -> i64 {
        self.record.as_ref().map_or(0, |record| record.generation)
    }

    fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Ending { .. } | Phase::Over)
    }
}

fn unreadable() -> Error {
    Error::new(Code::Unsupported, "the stored session cannot be read")
}

/// The end that a refusal proves.
fn refused(refusal: &Error) -> Error {
    let mut error = Error::ended(Reason::InvalidGrant);
    error.status = refusal.status;
    error.server.clone_from(&refusal.server);
    error
}

impl Caller {
    fn is_satisfied(&self, record: &Record, now: Now) -> bool {
        match self.after {
            Some(generation) if record.generation <= generation => false,
            _ => record.validity.covers(now, self.min_validity),
        }
    }
}
