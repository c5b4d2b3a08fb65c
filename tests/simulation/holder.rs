//! A holder: one session's machine with what its platform does for it, and what the plan does to it.

use std::rc::Rc;

use meshydb_client::event::{ANOTHER, Input};
use meshydb_client::record::{Entry, Stored};
use meshydb_client::session::Session;

use crate::plan::{Act, Action, Locks, Start};
use crate::server::Token;
use crate::trace::name;
use crate::world::{Event, World};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Holder {
    /// What its claims say of it.
    pub(crate) mark: i64,
    pub(crate) account: usize,
    pub(crate) session: Session,
    pub(crate) alive: bool,
    pub(crate) frozen: bool,
    /// Milliseconds by which its clocks differ from the truth: the wall clock, and the monotonic clock that stood still.
    pub(crate) offset: i64,
    pub(crate) stopped: i64,
    pub(crate) deferred: Vec<Event>,
    pub(crate) expected: Rc<Entry>,
    pub(crate) storing: Option<u32>,
    pub(crate) is_reading: bool,
    pub(crate) locking: Option<u32>,
    pub(crate) sending: Option<u32>,
    pub(crate) revoking: Vec<u32>,
    pub(crate) alarm: Option<i64>,
    pub(crate) callers: Vec<Caller>,
    /// Of the tokens that its callers were given.
    pub(crate) family: Option<usize>,
    /// Whether it may have been granted one session, and have another that was stored before.
    pub(crate) joins: bool,
    pub(crate) has_signed_out: bool,
    /// Whether it has sent the grant that it is opened by.
    pub(crate) has_sent_grant: bool,
    /// Over what it has tried to write its session first.
    pub(crate) takes_place_of: Option<Stored>,
    /// When it was last held up by its platform: it goes on since then, or will.
    pub(crate) thawed_at: i64,
    /// When it died, or left.
    pub(crate) died_at: Option<i64>,
    /// Whether that was because nothing kept it alive any more.
    pub(crate) has_left: bool,
    /// Since when no write, and no read, of its was answered.
    pub(crate) unwritable_since: Option<i64>,
    pub(crate) unreadable_since: Option<i64>,
    /// When its wall clock was last set.
    pub(crate) jumped_at: i64,
    /// When the platform last said that the network is back.
    pub(crate) online_at: i64,
    /// By the monotonic clock.
    pub(crate) frozen_at: i64,
    pub(crate) ops: u32,
}

/// What a caller wants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Want {
    pub(crate) is_leaving: bool,
    pub(crate) is_opening: bool,
    pub(crate) min_validity: i64,
    /// Another access token than this.
    pub(crate) beyond: Option<Token>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Caller {
    /// By the monotonic clock, not counting the time in which its holder was frozen.
    pub(crate) since: i64,
    /// Of the token in hand when it asked.
    pub(crate) generation: i64,
    pub(crate) want: Want,
    /// Whether it was given a token, or told something.
    pub(crate) settled: Option<bool>,
    pub(crate) aborted: bool,
}

/// A refresh token on its way to the server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Presentation {
    pub(crate) token: Token,
    /// Of its holder: a token that stays the same is used once in each.
    pub(crate) generation: i64,
    pub(crate) holder: usize,
    pub(crate) op: u32,
    pub(crate) at: i64,
    /// Whether the server has granted it, and whether it came there twice.
    pub(crate) spent: bool,
    pub(crate) twice: bool,
    /// Whether no claim of its holder's was stored when it was sent.
    pub(crate) is_unclaimed: bool,
    /// How long its holder's writes had failed then.
    pub(crate) unwritable_for: i64,
    /// Whether its holder has the answer, and since when: the tokens, or that there are none.
    pub(crate) answered: Option<bool>,
    pub(crate) closed: i64,
    /// When those were stored.
    pub(crate) stored_at: Option<i64>,
    /// Whether that was that there was no answer, and why; and whether it is to be sent again by itself.
    pub(crate) lost: bool,
    pub(crate) late: bool,
    /// Whether it was that the token is dead.
    pub(crate) is_refusal: bool,
    pub(crate) is_owed: bool,
}

impl Holder {
    /// Whose place its session was to take, as far as it was written: of none, perhaps.
    pub(crate) fn replaced(&self) -> Option<Option<&str>> {
        self.takes_place_of.as_ref().map(Stored::sid)
    }

    pub(crate) fn note_write(&mut self, is_answered: bool, time: i64) {
        let since = self.unwritable_since.unwrap_or(time);
        self.unwritable_since = (!is_answered).then_some(since);
    }

    pub(crate) fn note_read(&mut self, is_answered: bool, time: i64) {
        let since = self.unreadable_since.unwrap_or(time);
        self.unreadable_since = (!is_answered).then_some(since);
    }

    pub(crate) fn next_op(&mut self) -> u32 {
        self.ops += 1;
        self.ops
    }

    pub(crate) fn waiting(&self) -> impl Iterator<Item = &Caller> {
        self.callers
            .iter()
            .filter(|caller| caller.settled.is_none() && !caller.aborted)
    }
}

impl World {
    pub(crate) fn caller(&mut self, holder: usize, want: Want) -> u32 {
        let since = self.now(holder).monotonic;
        let generation = self.holders[holder].session.snapshot().generation;
        let callers = &mut self.holders[holder].callers;
        callers.push(Caller {
            since,
            generation,
            want,
            settled: None,
            aborted: false,
        });
        callers.len() as u32 - 1
    }

    pub(crate) fn act(&mut self, Action { holder, act, .. }: Action) {
        let alive: Vec<usize> = (0..self.holders.len())
            .filter(|index| self.holders[*index].alive)
            .collect();
        let Some(&holder) = alive.get(holder % alive.len().max(1)) else {
            return;
        };
        self.say(|| format!("{} {act:?}", name(holder)));
        let account = self.holders[holder].account;
        let is_frozen = self.holders[holder].frozen;
        match act {
            Act::Open(start) if self.holders.len() < 24 => self.open(account, start),
            Act::Call {
                min_validity,
                rejected,
            } if !is_frozen => {
                let rejected = self.holders[holder].session.held().filter(|_| rejected);
                let rejected = rejected.map(|record| record.access_token.clone());
                let want = Want {
                    min_validity,
                    beyond: rejected.as_ref().map(Token::of),
                    ..Want::default()
                };
                let caller = self.caller(holder, want);
                self.feed(
                    holder,
                    Input::Call {
                        caller,
                        min_validity,
                        rejected,
                        unauthorized: false,
                    },
                );
            }
            Act::Unauthorized if !is_frozen => {
                let held = self.holders[holder].session.held();
                let rejected = held.map(|record| record.access_token.clone());
                let caller = self.caller(holder, Want::default());
                let call = Input::Call {
                    caller,
                    min_validity: 0,
                    rejected,
                    unauthorized: true,
                };
                self.feed(holder, call);
            }
            Act::Online if !is_frozen => {
                self.holders[holder].online_at = self.time;
                self.feed(holder, Input::Online);
            }
            Act::Refresh if !is_frozen => {
                let held = self.holders[holder].session.held();
                let want = Want {
                    beyond: held.map(|record| Token::of(&record.access_token)),
                    ..Want::default()
                };
                let caller = self.caller(holder, want);
                let call = Input::Call {
                    caller,
                    min_validity: ANOTHER,
                    rejected: None,
                    unauthorized: false,
                };
                self.feed(holder, call);
            }
            Act::Abort if !is_frozen => {
                let callers = &mut self.holders[holder].callers;
                let waiting = callers
                    .iter()
                    .position(|caller| caller.settled.is_none() && !caller.aborted);
                if let Some(waiting) = waiting {
                    callers[waiting].aborted = true;
                    self.feed(holder, Input::Abort(waiting as u32));
                }
            }
            Act::SignOut if !is_frozen => {
                let want = Want {
                    is_leaving: true,
                    ..Want::default()
                };
                let caller = self.caller(holder, want);
                self.holders[holder].has_signed_out = true;
                self.feed(holder, Input::SignOut { caller });
            }
            Act::Kill => self.kill(holder),
            Act::Reload => {
                self.kill(holder);
                self.open(account, Start::Restore);
            }
            Act::Freeze { during, counts } if !is_frozen => {
                self.freeze(holder, during, counts);
            }
            Act::Jump(by) => {
                self.holders[holder].offset += by;
                self.holders[holder].jumped_at = self.time;
            }
            act => self.harm(account, act),
        }
    }

    /// What happens to the store, or at the server.
    fn harm(&mut self, account: usize, act: Act) {
        match act {
            Act::Clear => {
                let knows = self.holders.iter().all(|other| {
                    other.unwritable_since.is_none() && other.unreadable_since.is_none()
                });
                let place = &mut self.places[account];
                let sid = place.entry.stored.sid().filter(|_| knows);
                place.gone.extend(sid.map(str::to_owned));
                place.entry = Rc::default();
                place.cleared_at = Some(self.time);
            }
            Act::Spoil { newer } => {
                self.places[account].cleared_at = Some(self.time);
                self.places[account].entry = Rc::new(Entry {
                    stored: if newer {
                        Stored::Newer
                    } else {
                        Stored::Corrupt
                    },
                    ..Entry::default()
                });
            }
            Act::Revoke => {
                let stored = self.places[account].live();
                if let Some(token) = stored.map(|record| Token::of(&record.access_token)) {
                    self.server.revoke(token.family);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn kill(&mut self, holder: usize) {
        self.say(|| format!("{} dies", name(holder)));
        self.holders[holder].alive = false;
        self.holders[holder].died_at = Some(self.time);
        let account = self.holders[holder].account;
        self.places[account]
            .queue
            .retain(|waiting| *waiting != holder);
        if self.places[account].owner == Some(holder) {
            self.release(holder);
        }
    }

    /// A process in which nobody waits, and that need not live on, exits.
    pub(crate) fn leave(&mut self, holder: usize) {
        let state = &self.holders[holder];
        let is_done = state.waiting().next().is_none() && !state.session.is_needed();
        let exits = self.plan.exits && self.time > 4_000 && !self.healed;
        if exits && state.alive && is_done && state.session.phase() == "Idle" {
            self.kill(holder);
            self.holders[holder].has_left = true;
        }
    }

    pub(crate) fn freeze(&mut self, holder: usize, during: i64, counts: bool) {
        let now = self.now(holder).monotonic;
        let state = &mut self.holders[holder];
        state.frozen = true;
        state.thawed_at = i64::MAX;
        state.frozen_at = now;
        if !counts {
            state.stopped += during;
        }
        self.later(during, Event::Thaw(holder));
    }

    pub(crate) fn thaw(&mut self, holder: usize) {
        let now = self.now(holder).monotonic;
        let state = &mut self.holders[holder];
        state.frozen = false;
        state.thawed_at = self.time;
        for caller in &mut state.callers {
            caller.since += now - state.frozen_at;
        }
        for event in std::mem::take(&mut self.holders[holder].deferred) {
            self.execute(event);
        }
        if self.holders[holder].alive
            && let Some(at) = self.holders[holder].session.wake_at()
        {
            let now = self.now(holder).monotonic;
            self.holders[holder].alarm = Some(at);
            self.later(at - now, Event::Woke(holder, at));
        }
    }

    pub(crate) fn lock(&mut self, holder: usize, account: usize, op: u32, within: i64) {
        let place = &mut self.places[account];
        match place.locks {
            Locks::Missing => {
                self.holders[holder].locking = None;
                self.feed_later_ungranted(holder, op);
            }
            Locks::Orphaned => self.later(within, Event::LockLate(holder, op)),
            Locks::Fair if place.owner.is_none() => {
                place.owner = Some(holder);
                self.later(0, Event::Granted(holder, op));
            }
            Locks::Fair => {
                place.queue.push(holder);
                self.later(within, Event::LockLate(holder, op));
            }
        }
    }

    fn feed_later_ungranted(&mut self, holder: usize, op: u32) {
        self.holders[holder].locking = Some(op);
        self.later(0, Event::LockLate(holder, op));
    }

    pub(crate) fn release(&mut self, holder: usize) {
        let account = self.holders[holder].account;
        if self.places[account].owner != Some(holder) {
            return self.fail(|| "a lock is given back that is not held".into());
        }
        self.places[account].owner = None;
        if !self.places[account].queue.is_empty() {
            let next = self.places[account].queue.remove(0);
            self.places[account].owner = Some(next);
            let op = self.holders[next].locking.unwrap_or_default();
            self.later(0, Event::Granted(next, op));
        }
    }
}
