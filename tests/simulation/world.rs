//! One world: its holders, its server, its stores, and a queue of what is about to happen.

use std::rc::Rc;

use meshydb_client::config::Config;
use meshydb_client::error::Error;
use meshydb_client::event::{Input, Output, StoreFailed};
use meshydb_client::oauth::no_answer;
use meshydb_client::record::Entry;
use meshydb_client::token::{Now, TokenSet};

use crate::dice::mix;
use crate::holder::{Holder, Presentation};
use crate::plan::{Fate, Model, Plan, Turn};
use crate::server::{Server, Token};
use crate::store::{Place, Write, read, written};
use crate::trace::{describe, describe_output, name};

const STORE_TIMEOUT: i64 = 1_000;
pub(crate) const EPOCH: i64 = 1_700_000_000_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    Act(usize),
    Read(usize, u32),
    WasRead(usize, u32, Result<Rc<Entry>, StoreFailed>),
    Write(Write),
    /// The same, without any further ado.
    Swap(Write),
    Written(usize, u32, Result<bool, StoreFailed>, Rc<Entry>),
    StoreLate(usize, u32),
    Granted(usize, u32),
    LockLate(usize, u32),
    Arrive(usize, u32, Option<Token>),
    Serve(usize, u32, Option<Token>),
    Answer(usize, u32, Result<TokenSet, Error>),
    SendLate(usize, u32),
    Revoke(usize, u32, Token),
    Revoked(usize, u32),
    Woke(usize, i64),
    Hint(usize),
    Thaw(usize),
}

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) plan: Rc<Plan>,
    pub(crate) config: Rc<Config>,
    pub(crate) time: i64,
    pub(crate) holders: Vec<Holder>,
    pub(crate) places: Vec<Place>,
    pub(crate) server: Server,
    pub(crate) presentations: Vec<Presentation>,
    pub(crate) queue: Vec<(i64, u32, Event)>,
    pub(crate) violation: Option<String>,
    pub(crate) trace: Option<Vec<String>>,
    /// No fault strikes any more.
    pub(crate) healed: bool,
    /// What befalls the next event, and before which of its outputs its holder dies, where a search decides that.
    pub(crate) chosen: Option<(Fate, usize)>,
    pub(crate) turns: [u32; 5],
    /// Whether nothing goes wrong.
    pub(crate) is_calm: bool,
    /// Whether somebody has waited for the lock in vain, and goes on without.
    pub(crate) has_gone_without: bool,
    pub(crate) steps: u64,
    serial: u32,
}

impl World {
    pub(crate) fn new(plan: Rc<Plan>, traced: bool) -> Self {
        let config = Config {
            scope: String::new(),
            repeats_grant: plan.model == Model::Service,
            can_revoke: true,
            timeout: plan.timeout,
            reuse_window: plan.reuse_window,
        };
        let server = Server {
            model: plan.model,
            lifetime: plan.lifetime,
            is_constant: plan.is_constant,
            families: Vec::new(),
        };
        let mut world = Self {
            config: Rc::new(config),
            time: 0,
            holders: Vec::new(),
            places: (0..2).map(|_| Place::new(plan.locks)).collect(),
            server,
            presentations: Vec::new(),
            queue: Vec::new(),
            violation: None,
            trace: traced.then(Vec::new),
            healed: false,
            chosen: None,
            turns: [0; 5],
            is_calm: plan.is_calm(),
            has_gone_without: false,
            steps: 0,
            serial: 0,
            plan,
        };
        world.begin();
        world
    }

    pub(crate) fn now(&self, holder: usize) -> Now {
        let holder = &self.holders[holder];
        Now {
            wall: EPOCH + self.time + holder.offset,
            monotonic: 1_000 + self.time - holder.stopped,
        }
    }

    pub(crate) fn later(&mut self, delay: i64, event: Event) {
        self.serial += 1;
        self.queue
            .push((self.time + delay.max(0), self.serial, event));
    }

    pub(crate) fn chance(&mut self, below: i64) -> i64 {
        self.serial += 1;
        (mix(self.plan.seed ^ (u64::from(self.serial) << 32)) % below.max(1) as u64) as i64
    }

    pub(crate) fn say(&mut self, line: impl FnOnce() -> String) {
        let Some(mut trace) = self.trace.take() else {
            return;
        };
        trace.push(format!("{:>9} {}", self.time, line()));
        self.trace = Some(trace);
    }

    pub(crate) fn fail(&mut self, what: impl FnOnce() -> String) {
        if self.violation.is_none() {
            self.violation = Some(what());
        }
    }

    /// Runs what comes first until nothing is left, or something is wrong.
    pub(crate) fn drain(&mut self) {
        while self.violation.is_none()
            && !self.only_looks()
            && let Some(index) = self.next()
        {
            self.step(index);
            if self.steps > 200_000 {
                self.fail(|| "it never comes to rest".into());
            }
        }
    }

    pub(crate) fn next(&self) -> Option<usize> {
        let order = |index: &usize| (self.queue[*index].0, self.queue[*index].1);
        (0..self.queue.len()).min_by_key(order)
    }

    pub(crate) fn step(&mut self, index: usize) {
        let (at, _, event) = self.queue.swap_remove(index);
        self.time = self.time.max(at);
        self.steps += 1;
        self.execute(event);
    }

    pub(crate) fn fate(&mut self, turn: Turn) -> Fate {
        if let Some((fate, _)) = self.chosen {
            return if matches!(turn, Turn::Output | Turn::Revocation) {
                Fate::Fine
            } else {
                fate
            };
        }
        if self.healed {
            return Fate::Fine;
        }
        let nth = &mut self.turns[turn as usize];
        *nth += 1;
        let struck = self.plan.fate(turn, *nth - 1);
        match self.plan.outage {
            Some(outage) if turn == Turn::Send && (outage.from..outage.to).contains(&self.time) => {
                outage.fate
            }
            _ => struck,
        }
    }

    pub(crate) fn execute(&mut self, event: Event) {
        match event {
            Event::Act(index) => self.act(self.plan.actions[index]),
            Event::Read(holder, op) => self.read_entry(holder, op),
            Event::Write(write) => self.write_entry(write),
            Event::Swap(write) => self.swap(write, Fate::Fine),
            Event::Arrive(holder, op, token) => self.arrive(holder, op, token),
            Event::Serve(holder, op, token) => self.serve(holder, op, token, Fate::Fine),
            Event::Revoke(holder, op, token) => self.revoke(holder, op, token),
            Event::Thaw(holder) => self.thaw(holder),
            event => self.deliver(event),
        }
    }

    pub(crate) fn way(&mut self, longest: i64) -> i64 {
        if longest == 0 {
            return 0;
        }
        1 + self.chance(longest)
    }

    /// To a holder, now or when it is thawed; only once for each operation.
    fn deliver(&mut self, event: Event) {
        let holder = match &event {
            Event::WasRead(holder, ..)
            | Event::Written(holder, ..)
            | Event::StoreLate(holder, _)
            | Event::Granted(holder, _)
            | Event::LockLate(holder, _)
            | Event::Answer(holder, ..)
            | Event::SendLate(holder, _)
            | Event::Revoked(holder, _)
            | Event::Woke(holder, _)
            | Event::Hint(holder) => *holder,
            _ => return,
        };
        let now = self.now(holder);
        let state = &mut self.holders[holder];
        if !state.alive {
            return;
        }
        if state.frozen {
            return state.deferred.push(event);
        }
        let input = match event {
            Event::WasRead(_, op, entry) if state.storing.take_if(|open| *open == op).is_some() => {
                state.note_read(entry.is_ok(), self.time);
                if let Ok(entry) = &entry {
                    state.expected = entry.clone();
                }
                Input::Read(entry.map(|entry| read(&entry, now)))
            }
            Event::Written(_, op, result, entry)
                if state.storing.take_if(|open| *open == op).is_some() =>
            {
                state.note_write(result.is_ok(), self.time);
                if result == Ok(true) {
                    state.expected = entry;
                }
                Input::CompareAndSet(result)
            }
            Event::StoreLate(_, op) if state.storing.take_if(|open| *open == op).is_some() => {
                if state.is_reading {
                    state.note_read(false, self.time);
                } else {
                    state.note_write(false, self.time);
                }
                if state.is_reading {
                    Input::Read(Err(StoreFailed::Once))
                } else {
                    Input::CompareAndSet(Err(StoreFailed::Once))
                }
            }
            Event::Granted(_, op) => {
                if state.locking.take_if(|open| *open == op).is_none() {
                    return self.release(holder);
                }
                Input::Locked(true)
            }
            Event::LockLate(_, op) if state.locking == Some(op) => {
                let place = &mut self.places[state.account];
                if place.owner == Some(holder) {
                    return;
                }
                place.queue.retain(|waiting| *waiting != holder);
                state.locking = None;
                self.has_gone_without = true;
                Input::Locked(false)
            }
            Event::Answer(_, op, answer) if state.sending.take_if(|open| *open == op).is_some() => {
                self.was_answered(holder, op, &answer);
                Input::Replied(answer)
            }
            Event::SendLate(_, op) if state.sending.take_if(|open| *open == op).is_some() => {
                let answer = Err(no_answer(true));
                self.was_answered(holder, op, &answer);
                Input::Replied(answer)
            }
            Event::Revoked(_, op) if state.revoking.contains(&op) => {
                state.revoking.retain(|open| *open != op);
                Input::Revoked
            }
            Event::Woke(_, at) if state.alarm == Some(at) => {
                state.alarm = None;
                Input::Woke
            }
            Event::Hint(_) => Input::Hint,
            _ => return,
        };
        self.feed(holder, input);
    }

    pub(crate) fn feed(&mut self, holder: usize, input: Input) {
        let now = self.now(holder);
        let shown = self.trace.is_some().then(|| describe(&input));
        // Takes long, so in few worlds; and not in those of seed 0, which a fuzzer likes.
        let is_read = self.plan.seed % 64 == 63;
        if is_read {
            self.check_secrets(&format!("{input:?}"));
        }
        let held_lock = self.places[self.holders[holder].account].owner == Some(holder);
        let before = self.holders[holder].session.phase();
        let outputs = self.holders[holder].session.handle(now, input);
        self.say(|| {
            let outputs: Vec<String> = outputs.iter().map(describe_output).collect();
            format!(
                "{} {} -> {}",
                name(holder),
                shown.unwrap_or_default(),
                outputs.join(", ")
            )
        });
        self.check_step(holder, before);
        if is_read {
            let shown = format!("{outputs:?} {:?}", self.holders[holder].session);
            self.check_secrets(&shown);
        }
        for (index, output) in outputs.into_iter().enumerate() {
            if output == Output::Changed {
                continue;
            }
            let dies = match self.chosen {
                Some((Fate::Kill, at)) => at == index,
                _ => self.fate(Turn::Output) == Fate::Kill && self.time > 4_000,
            };
            if dies {
                self.chosen = self.chosen.map(|_| (Fate::Fine, 0));
                return self.kill(holder);
            }
            self.perform(holder, output);
        }
        self.chosen = self.chosen.map(|_| (Fate::Fine, 0));
        let alarm = self.holders[holder].session.wake_at();
        if alarm != self.holders[holder].alarm {
            self.holders[holder].alarm = alarm;
            if let Some(at) = alarm {
                self.later(at - now.monotonic, Event::Woke(holder, at));
            }
        }
        self.check(holder, held_lock);
        self.leave(holder);
    }

    fn perform(&mut self, holder: usize, output: Output) {
        let op = self.holders[holder].next_op();
        let account = self.holders[holder].account;
        match output {
            Output::Read | Output::CompareAndSet(_) => {
                let is_busy = self.holders[holder].storing.replace(op).is_some();
                if is_busy {
                    self.fail(|| "two store operations at once".into());
                }
                self.holders[holder].is_reading = output == Output::Read;
                let way = self.way(self.plan.store);
                self.later(STORE_TIMEOUT, Event::StoreLate(holder, op));
                match output {
                    Output::CompareAndSet(entry) => {
                        let expected = self.holders[holder].expected.clone();
                        let write = Write {
                            holder,
                            op,
                            expected,
                            entry: Rc::new(written(entry)),
                        };
                        self.later(way, Event::Write(write));
                    }
                    _ => self.later(way, Event::Read(holder, op)),
                }
            }
            Output::Lock { within, .. } => {
                let is_busy = self.holders[holder].locking.replace(op).is_some();
                if is_busy || self.places[account].owner == Some(holder) {
                    self.fail(|| "a lock is taken twice".into());
                }
                self.lock(holder, account, op, within);
            }
            Output::Unlock => self.release(holder),
            Output::Grant => self.send(holder, op, None),
            Output::Refresh(token) => self.send(holder, op, Token::parse(token.reveal())),
            Output::Revoke(token) => self.send_revocation(holder, op, &token),
            Output::Settle { caller, result } => self.settled(holder, caller, &result),
            Output::Changed => {}
        }
    }
}
