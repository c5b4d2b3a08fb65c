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
//! | Confirming | the stored record, after a refusal | Loading, Ending, Over |
//! | Committing | the store | Idle, Over |
//! | Ending | the store, after the local end | Over |

use std::mem;
use std::rc::Rc;

use crate::config::Config;
use crate::error::{Code, Error, Reason};
use crate::event::{Input, Opening, Output, Snapshot, StoreFailed};
use crate::oauth::{self, Request};
use crate::record::{Record, Standing, Stored, standing};
use crate::token::{AccessToken, Now, RefreshToken, TokenSet};

/// Compare-and-set operations that may be lost in a row before the store counts as failing.
const LOST_SWAPS: u8 = 8;

#[derive(Debug)]
enum Phase {
    Idle,
    Loading,
    Sending,
    Confirming(Error),
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
    /// Whether this session was ever in the store.
    stored: bool,
    /// The refresh token of the session whose place this one takes.
    replaced: Option<RefreshToken>,
    callers: Vec<Caller>,
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
            stored: false,
            replaced: None,
            callers: Vec::new(),
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
            Input::Abort(caller) => self.callers.retain(|waiting| waiting.id != caller),
            Input::Loaded(stored) => self.loaded(now, stored),
            Input::Swapped(swapped) => self.swapped(swapped),
            Input::Replied(reply) => self.replied(now, reply),
            Input::Hint => self.hint(),
            Input::SignOut { caller } => self.sign_out(Some(caller)),
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
                Phase::Loading | Phase::Sending | Phase::Confirming(_) | Phase::Committing(_) => {
                    "refreshing"
                }
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

    fn sign_out(&mut self, caller: Option<u32>) {
        let newest = if let Phase::Committing(next) = &self.phase {
            Some(&**next)
        } else {
            self.held()
        };
        let token = newest.and_then(|record| record.refresh_token.clone());
        if !self.is_over() {
            self.end(Error::ended(Reason::SignedOut));
        }
        self.revoke(token.as_ref(), caller);
    }

    fn loaded(&mut self, now: Now, loaded: Result<Stored, StoreFailed>) {
        self.degraded |= loaded.is_err();
        match mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Loading if self.record.is_none() => self.opening_loaded(loaded),
            Phase::Loading => match self.standing(loaded) {
                Standing::Over(reason) => self.over(Error::ended(reason)),
                Standing::Behind(record) => self.adopt(now, record),
                Standing::Current | Standing::Unknown => self.refresh(),
            },
            Phase::Confirming(refusal) => match self.standing(loaded) {
                Standing::Over(reason) => self.over(Error::ended(reason)),
                Standing::Behind(record) => self.adopt(now, record),
                Standing::Current | Standing::Unknown => {
                    let mut error = Error::ended(Reason::InvalidGrant);
                    error.status = refusal.status;
                    error.server.clone_from(&refusal.server);
                    self.end(error);
                }
            },
            Phase::Committing(next) if !self.stored => self.commit_first(next, loaded),
            Phase::Committing(next) => {
                match loaded.map(|stored| standing(&self.sid, next.generation - 1, stored)) {
                    Ok(Standing::Current) => self.commit(next),
                    Ok(Standing::Behind(record)) => self.adopt(now, record),
                    Ok(Standing::Over(reason)) => {
                        self.revoke(next.refresh_token.as_ref(), None);
                        self.over(Error::ended(reason));
                    }
                    Ok(Standing::Unknown) | Err(StoreFailed) => self.committed(next, false),
                }
            }
            Phase::Ending { .. } => self.write_end(loaded),
            phase @ (Phase::Idle | Phase::Sending | Phase::Over) => self.phase = phase,
        }
    }

    fn write_end(&mut self, loaded: Result<Stored, StoreFailed>) {
        self.phase = Phase::Over;
        if let Ok(Stored::Live(record)) = loaded
            && record.sid == self.sid
        {
            let reason = self.error.as_ref().and_then(|error| error.reason);
            self.phase = Phase::Ending { written: true };
            self.outputs.push(Output::Swap(Stored::Ended {
                sid: record.sid.clone(),
                generation: record.generation,
                reason: reason.unwrap_or(Reason::SignedOut),
            }));
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
            (_, Some(_)) if self.callers.is_empty() => self.over(aborted()),
            (_, Some(token)) => {
                let request = oauth::refresh_request(&self.config, token);
                self.send(request);
            }
            (stored, None) => {
                if let Ok(Stored::Corrupt | Stored::Newer) = stored {
                    self.error = Some(Error::new(
                        Code::Unsupported,
                        "the stored session cannot be read, and is left as it is until the next login",
                    ));
                }
                self.phase = Phase::Over;
                self.changed();
                self.settle_all(&Ok(None));
            }
        }
    }

    fn commit_first(&mut self, next: Rc<Record>, loaded: Result<Stored, StoreFailed>) {
        if self.record.is_none() && self.callers.is_empty() {
            self.revoke(next.refresh_token.as_ref(), None);
            return self.over(aborted());
        }
        match loaded {
            Ok(Stored::Newer) | Err(StoreFailed) => self.committed(next, false),
            Ok(stored) => {
                let generation = next.generation.max(stored.generation() + 1);
                if let Stored::Live(record) = stored {
                    self.replaced.clone_from(&record.refresh_token);
                }
                self.commit(Rc::new(Record {
                    generation,
                    ..(*next).clone()
                }));
            }
        }
    }

    fn swapped(&mut self, swapped: Result<bool, StoreFailed>) {
        match mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Committing(next) => match swapped {
                Ok(false) if self.lost_swaps < LOST_SWAPS => {
                    self.lost_swaps += 1;
                    self.load(Phase::Committing(next));
                }
                Ok(true) => self.committed(next, true),
                Ok(false) | Err(StoreFailed) => self.committed(next, false),
            },
            Phase::Ending { written } => match swapped {
                Ok(done) if !(done && written) && self.lost_swaps < LOST_SWAPS => {
                    self.lost_swaps += 1;
                    self.load(Phase::Ending { written: false });
                }
                Ok(_) | Err(StoreFailed) => self.phase = Phase::Over,
            },
            Phase::Idle | Phase::Loading | Phase::Sending | Phase::Confirming(_) | Phase::Over => {}
        }
    }

    fn replied(&mut self, now: Now, reply: Result<TokenSet, Error>) {
        match (&self.phase, reply, &self.record) {
            (Phase::Sending, Ok(tokens), None) => self.opened(tokens, now),
            (Phase::Sending, Ok(tokens), Some(record)) => {
                let next = Rc::new(record.rotated(tokens, now));
                if self.stored {
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
            (_, Ok(tokens), _) => self.revoke(tokens.refresh_token.as_ref(), None),
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
        self.stored = true;
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
        self.stored |= stored;
        self.degraded = !stored;
        self.error = None;
        self.lost_swaps = 0;
        let replaced = self.replaced.take();
        self.revoke(replaced.as_ref(), None);
        self.serve_all();
        if abandoned {
            self.sign_out(None);
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
            Phase::Loading | Phase::Confirming(_) | Phase::Committing(_)
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

    fn revoke(&mut self, token: Option<&RefreshToken>, caller: Option<u32>) {
        let request = token.and_then(|token| oauth::revocation_request(&self.config, token));
        match (request, caller) {
            (Some(request), caller) => self.outputs.push(Output::Revoke { request, caller }),
            (None, Some(caller)) => self.settle(caller, Ok(None)),
            (None, None) => {}
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

    fn standing(&self, loaded: Result<Stored, StoreFailed>) -> Standing {
        match loaded {
            Ok(stored) if self.stored => standing(&self.sid, self.generation(), stored),
            Ok(_) | Err(StoreFailed) => Standing::Unknown,
        }
    }

    fn generation(&self) -> i64 {
        self.record.as_ref().map_or(0, |record| record.generation)
    }

    fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Ending { .. } | Phase::Over)
    }
}

fn aborted() -> Error {
    Error::new(Code::Aborted, "the login was aborted")
}

impl Caller {
    fn is_satisfied(&self, record: &Record, now: Now) -> bool {
        match self.after {
            Some(generation) if record.generation <= generation => false,
            _ => record.validity.covers(now, self.min_validity),
        }
    }
}
