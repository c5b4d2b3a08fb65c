//! What the holders of one account share: a register with compare-and-set, and a lock.

use std::rc::Rc;

use meshydb_client::event::StoreFailed;
use meshydb_client::record::{Entry, Record, Stored};
use meshydb_client::token::{Now, Validity};

use crate::plan::{Fate, Locks, Turn};
use crate::trace::shown;
use crate::world::{Event, World};

/// A compare-and-set on its way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Write {
    pub(crate) holder: usize,
    pub(crate) op: u32,
    pub(crate) expected: Rc<Entry>,
    pub(crate) entry: Rc<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) entry: Rc<Entry>,
    pub(crate) locks: Locks,
    pub(crate) owner: Option<usize>,
    /// Who waits for the lock.
    pub(crate) queue: Vec<usize>,
    /// The sessions that were here and are not to come back.
    pub(crate) gone: Vec<String>,
    /// Which family of tokens each session has.
    pub(crate) families: Vec<(String, usize)>,
    /// Whether claims were removed with everything else.
    pub(crate) was_cleared: bool,
}

impl Place {
    pub(crate) fn new(locks: Locks) -> Self {
        Self {
            entry: Rc::default(),
            locks,
            owner: None,
            queue: Vec::new(),
            gone: Vec::new(),
            families: Vec::new(),
            was_cleared: false,
        }
    }

    pub(crate) fn live(&self) -> Option<&Record> {
        match &self.entry.stored {
            Stored::Live(record) => Some(record),
            Stored::Empty
            | Stored::Ended { .. }
            | Stored::Corrupt
            | Stored::Newer
            | Stored::Silent => None,
        }
    }

    /// Replaces what is expected; says whether it did.
    pub(crate) fn swap(&mut self, expected: &Entry, entry: &Rc<Entry>) -> bool {
        let equal = *self.entry == *expected;
        if equal {
            let before = self.live().map(|record| record.sid.clone());
            let is_over = matches!(entry.stored, Stored::Ended { .. })
                || before.as_deref() != entry.stored.sid();
            self.gone.extend(before.filter(|_| is_over));
            self.entry = entry.clone();
        }
        equal
    }
}

/// The entry as it is written: the monotonic clock of its writer means nothing to others.
pub(crate) fn written(mut entry: Entry) -> Entry {
    if let Stored::Live(record) = &entry.stored {
        let mut record = Record::clone(record);
        record.validity.expires_monotonic = 0;
        entry.stored = Stored::Live(Rc::new(record));
    }
    entry
}

/// The entry as it is read at `now`.
pub(crate) fn read(entry: &Entry, now: Now) -> Entry {
    let mut entry = entry.clone();
    if let Stored::Live(record) = &entry.stored {
        let mut record = Record::clone(record);
        record.validity =
            Validity::seen(now, record.validity.received_at, record.validity.expires_at);
        entry.stored = Stored::Live(Rc::new(record));
    }
    entry
}

impl World {
    fn pause_ends_in(&self) -> Option<i64> {
        let (from, to) = self.plan.pause?;
        (from..to).contains(&self.time).then_some(to - self.time)
    }

    pub(crate) fn read_entry(&mut self, holder: usize, op: u32) {
        if self.pause_ends_in().is_some() {
            return;
        }
        let entry = self.places[self.holders[holder].account].entry.clone();
        let way = self.way(self.plan.store);
        match self.fate(Turn::Read) {
            Fate::Silent { .. } => {}
            Fate::Refused { .. } => self.later(way, Event::WasRead(holder, op, Err(StoreFailed))),
            Fate::Slow(late) | Fate::Late(late) => {
                self.later(late, Event::WasRead(holder, op, Ok(entry)));
            }
            _ => self.later(way, Event::WasRead(holder, op, Ok(entry))),
        }
    }

    pub(crate) fn write_entry(&mut self, write: Write) {
        if let Some(by) = self.pause_ends_in() {
            if self.chance(2) == 0 {
                self.later(by, Event::Swap(write));
            }
            return;
        }
        match self.fate(Turn::Write) {
            Fate::Late(by) => self.later(by, Event::Swap(write)),
            fate => self.swap(write, fate),
        }
    }

    pub(crate) fn swap(&mut self, write: Write, fate: Fate) {
        let Write {
            holder,
            op,
            expected,
            entry,
        } = write;
        let account = self.holders[holder].account;
        let is_done = !matches!(
            fate,
            Fate::Refused { acted: false } | Fate::Silent { acted: false }
        );
        let way = self.way(self.plan.store);
        let before = self.places[account].entry.clone();
        let done = is_done && self.places[account].swap(&expected, &entry);
        if done {
            self.say(|| format!("store {account}: {}", shown(&entry)));
            self.check_written(holder, account, &before);
            self.hint_others(holder, account);
        }
        let (way, answer) = match fate {
            Fate::Silent { .. } => return,
            Fate::Refused { .. } => (way, Err(StoreFailed)),
            Fate::Slow(late) => (late, Ok(done)),
            _ => (way, Ok(done)),
        };
        self.later(way, Event::Written(holder, op, answer, entry));
    }

    fn hint_others(&mut self, holder: usize, account: usize) {
        for other in 0..self.holders.len() {
            let hears = other != holder
                && self.holders[other].alive
                && self.holders[other].account == account;
            if hears && self.plan.lost_hints < 100 && self.chance(100) >= self.plan.lost_hints {
                for _ in 0..=i64::from(self.chance(8) == 0) {
                    let way = self.way(self.plan.late_hints);
                    self.later(way, Event::Hint(other));
                }
            }
        }
    }
}
