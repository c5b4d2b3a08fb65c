//! One world: its holders, its server, its stores, and a queue of what is about to happen.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use meshydb_client::config::{Config, Options};
use meshydb_client::error::Error;
use meshydb_client::event::{Input, Output, StoreFailed};
use meshydb_client::oauth::{Endpoint, Request, no_answer};
use meshydb_client::record::Entry;
use meshydb_client::session::Session;
use meshydb_client::token::{Now, TokenSet};

use crate::dice::mix;
use crate::holder::{Holder, Presentation};
use crate::plan::{Fate, Plan, Turn};
use crate::server::{Server, Token, refusal, troubled};
use crate::store::{Place, read, written};
use crate::trace::{describe, describe_output, name, shown};

const STORE_TIMEOUT: i64 = 1_000;
const EPOCH: i64 = 1_700_000_000_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    Act(usize),
    Read(usize, u32),
    WasRead(usize, u32, Result<Rc<Entry>, StoreFailed>),
    /// The entry expected, and the next.
    Write(usize, u32, Rc<Entry>, Rc<Entry>),
    Written(usize, u32, Result<bool, StoreFailed>, Rc<Entry>),
    StoreLate(usize, u32),
    Granted(usize, u32),
    LockLate(usize, u32),
    Arrive(usize, u32, Option<Token>),
    Answer(usize, u32, Result<TokenSet, Error>),
    SendLate(usize, u32),
    Revoke(usize, Token),
    Revoked(usize),
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
    pub(crate) turns: [u32; 4],
    /// Whether nothing goes wrong.
    pub(crate) is_calm: bool,
    /// Whether somebody has waited for the lock in vain, and goes on without.
    pub(crate) has_gone_without: bool,
    /// Whether the store fails: then a claim may be neither written nor read.
    pub(crate) has_store_fault: bool,
    pub(crate) steps: u64,
    serial: u32,
}

impl World {
    pub(crate) fn new(plan: Rc<Plan>, traced: bool) -> Self {
        let options = Options {
            timeout: Some(plan.timeout as f64),
            reuse_window: Some(plan.reuse_window as f64),
            ..Options::default()
        };
        let server = Server {
            model: plan.model,
            lifetime: plan.lifetime,
            families: Vec::new(),
        };
        let mut world = Self {
            config: Rc::new(Config::parse("account", "tenant", "key", &options).unwrap()),
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
            turns: [0; 4],
            is_calm: plan.is_calm(),
            has_gone_without: false,
            has_store_fault: plan.store_fails(),
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

    fn fate(&mut self, turn: Turn) -> Fate {
        if let Some((fate, _)) = self.chosen {
            return if turn == Turn::Output {
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
            Event::Read(holder, op) => self.read(holder, op),
            Event::Write(holder, op, expected, entry) => self.write(holder, op, &expected, entry),
            Event::Arrive(holder, op, token) => self.arrive(holder, op, token),
            Event::Revoke(holder, token) => {
                self.server.revoke(token.family);
                let way = self.way(self.plan.network);
                self.later(way, Event::Revoked(holder));
            }
            Event::Thaw(holder) => self.thaw(holder),
            event => self.deliver(event),
        }
    }

    fn way(&mut self, longest: i64) -> i64 {
        if longest == 0 {
            0
        } else {
            1 + self.chance(longest)
        }
    }

    fn read(&mut self, holder: usize, op: u32) {
        let entry = self.places[self.holders[holder].account].entry.clone();
        let way = self.way(self.plan.store);
        match self.fate(Turn::Read) {
            Fate::Silent { .. } => {}
            Fate::Refused { .. } => self.later(way, Event::WasRead(holder, op, Err(StoreFailed))),
            Fate::Slow(late) => self.later(late, Event::WasRead(holder, op, Ok(entry))),
            _ => self.later(way, Event::WasRead(holder, op, Ok(entry))),
        }
    }

    fn write(&mut self, holder: usize, op: u32, expected: &Entry, entry: Rc<Entry>) {
        let account = self.holders[holder].account;
        let fate = self.fate(Turn::Write);
        let is_done = !matches!(
            fate,
            Fate::Refused { acted: false } | Fate::Silent { acted: false }
        );
        let way = self.way(self.plan.store);
        let before = self.places[account].live().map(|record| record.sid.clone());
        let done = is_done && self.places[account].swap(expected, &entry);
        if done {
            self.say(|| format!("store {account}: {}", shown(&entry)));
            self.check_written(holder, account, before.as_deref());
            self.hint_others(holder, account);
        }
        match fate {
            Fate::Silent { .. } => {}
            Fate::Refused { .. } => {
                self.later(way, Event::Written(holder, op, Err(StoreFailed), entry));
            }
            Fate::Slow(late) => self.later(late, Event::Written(holder, op, Ok(done), entry)),
            _ => self.later(way, Event::Written(holder, op, Ok(done), entry)),
        }
    }

    fn hint_others(&mut self, holder: usize, account: usize) {
        for other in 0..self.holders.len() {
            let hears = other != holder
                && self.holders[other].alive
                && self.holders[other].account == account;
            if hears && self.plan.lost_hints < 100 && self.chance(100) >= self.plan.lost_hints {
                let way = self.way(50);
                self.later(way, Event::Hint(other));
            }
        }
    }

    fn arrive(&mut self, holder: usize, op: u32, token: Option<Token>) {
        let is_first = token.is_none() && self.time < 4_000;
        let fate = if is_first {
            Fate::Fine
        } else {
            self.fate(Turn::Send)
        };
        let way = self.way(self.plan.network);
        let acts = !matches!(
            fate,
            Fate::Status(..)
                | Fate::Portal
                | Fate::Lost { acted: false }
                | Fate::Silent { acted: false }
        );
        let granted = acts.then(|| match token {
            Some(token) => self.server.refresh(token, self.time),
            None => Some(self.server.grant(self.holders[holder].account, self.time)),
        });
        if granted.as_ref().is_some_and(Option::is_some) {
            self.was_spent(holder, op);
        }
        self.say(|| {
            format!(
                "server: {token:?} of {} {}",
                name(holder),
                match &granted {
                    None => format!("{fate:?}"),
                    Some(None) => "refused".into(),
                    Some(Some(_)) => format!("granted, {fate:?}"),
                }
            )
        });
        let answer = match granted {
            Some(tokens) => tokens.ok_or_else(refusal),
            None => Err(troubled(fate).unwrap_or_else(|| no_answer(false))),
        };
        match fate {
            Fate::Silent { .. } => {}
            Fate::Lost { .. } => self.later(way, Event::Answer(holder, op, Err(no_answer(false)))),
            Fate::Slow(late) => self.later(late, Event::Answer(holder, op, answer)),
            _ => self.later(way, Event::Answer(holder, op, answer)),
        }
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
            | Event::Revoked(holder)
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
                if let Ok(entry) = &entry {
                    state.expected = entry.clone();
                }
                Input::Loaded(entry.map(|entry| read(&entry, now)))
            }
            Event::Written(_, op, result, entry)
                if state.storing.take_if(|open| *open == op).is_some() =>
            {
                if result == Ok(true) {
                    state.expected = entry;
                }
                Input::Swapped(result)
            }
            Event::StoreLate(_, op) if state.storing.take_if(|open| *open == op).is_some() => {
                self.has_store_fault = true;
                if state.is_reading {
                    Input::Loaded(Err(StoreFailed))
                } else {
                    Input::Swapped(Err(StoreFailed))
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
                self.was_answered(holder, op, answer.is_ok());
                Input::Replied(answer)
            }
            Event::SendLate(_, op) if state.sending.take_if(|open| *open == op).is_some() => {
                self.was_answered(holder, op, false);
                Input::Replied(Err(no_answer(true)))
            }
            Event::Revoked(_) => Input::Revoked,
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
        self.check(holder);
    }

    fn perform(&mut self, holder: usize, output: Output) {
        let op = self.holders[holder].next_op();
        let account = self.holders[holder].account;
        match output {
            Output::Load | Output::Swap(_) => {
                let is_busy = self.holders[holder].storing.replace(op).is_some();
                if is_busy {
                    self.fail(|| "two store operations at once".into());
                }
                self.holders[holder].is_reading = output == Output::Load;
                let way = self.way(self.plan.store);
                self.later(STORE_TIMEOUT, Event::StoreLate(holder, op));
                match output {
                    Output::Swap(entry) => {
                        let expected = self.holders[holder].expected.clone();
                        let entry = Rc::new(written(entry));
                        self.later(way, Event::Write(holder, op, expected, entry));
                    }
                    _ => self.later(way, Event::Read(holder, op)),
                }
            }
            Output::Lock { within } => {
                let is_busy = self.holders[holder].locking.replace(op).is_some();
                if is_busy || self.places[account].owner == Some(holder) {
                    self.fail(|| "a lock is taken twice".into());
                }
                self.lock(holder, account, op, within);
            }
            Output::Unlock => self.release(holder),
            Output::Send(request) => self.send(holder, op, &request),
            Output::Revoke(request) => {
                let token = Token::parse(field(&request, "token")).unwrap();
                let way = self.way(self.plan.network);
                self.later(way, Event::Revoke(holder, token));
            }
            Output::Settle { caller, result } => self.settled(holder, caller, &result),
            Output::Changed => {}
        }
    }

    fn send(&mut self, holder: usize, op: u32, request: &Request) {
        let is_busy = self.holders[holder].sending.replace(op).is_some();
        if is_busy || request.endpoint != Endpoint::Token {
            self.fail(|| "two requests at once".into());
        }
        let token = (field(request, "grant_type") == "refresh_token")
            .then(|| Token::parse(field(request, "refresh_token")).unwrap());
        if let Some(token) = token {
            self.presented(holder, op, token);
        }
        let way = self.way(self.plan.network);
        self.later(way, Event::Arrive(holder, op, token));
        self.later(self.plan.timeout, Event::SendLate(holder, op));
    }

    /// The world, but for what a search does not tell apart.
    pub(crate) fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (
            self.time,
            &self.holders,
            &self.places,
            &self.server,
            &self.presentations,
        )
            .hash(&mut hasher);
        let queued = self.queue.iter().fold(0_u64, |sum, (at, _, event)| {
            let mut hasher = DefaultHasher::new();
            (at, event).hash(&mut hasher);
            sum.wrapping_add(hasher.finish())
        });
        queued.hash(&mut hasher);
        hasher.finish()
    }

    pub(crate) fn session(&self, name: String) -> Session {
        Session::new(self.config.clone(), name)
    }
}

pub(crate) fn field<'a>(request: &'a Request, name: &str) -> &'a str {
    let mut fields = request
        .body
        .split('&')
        .filter_map(|field| field.split_once('='));
    fields
        .find(|(other, _)| *other == name)
        .map_or("", |(_, value)| value)
}
