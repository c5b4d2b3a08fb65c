//! What the holders of one account share: a register with compare-and-set, and a lock.

use std::rc::Rc;

use meshydb_client::event::StoreFailed;
use meshydb_client::record::{Entry, Record, Stored};
use meshydb_client::token::{Now, Validity};

use crate::plan::{Fate, Locks, Turn};
use crate::trace::shown;
use crate::world::{EPOCH, Event, World};

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
    /// When what was stored was lost, with claims and all.
    pub(crate) cleared_at: Option<i64>,
    /// Until when no holder may send, as far as it was written.
    pub(crate) cools_until: i64,
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
            cleared_at: None,
            cools_until: 0,
        }
    }

    pub(crate) fn live(&self) -> Option<&Record> {
        match &self.entry.stored {
            Stored::Live(record) => Some(record),
            Stored::Empty
            | Stored::Ended { .. }
            | Stored::Corrupt
            | Stored::Newer
            | Stored::Silent
            | Stored::Unusable => None,
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

/// The entry as it is written: the monotonic clock of its writer means nothing to others, and of what is no record nothing stays.
pub(crate) fn written(mut entry: Entry) -> Entry {
    if entry.stored == Stored::Corrupt {
        entry.stored = Stored::Empty;
    }
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
            Fate::Refused { .. } => {
                self.later(way, Event::WasRead(holder, op, Err(StoreFailed::Once)))
            }
            Fate::Slow(late) | Fate::Late(late) => {
                self.later(late, Event::WasRead(holder, op, Ok(entry)));
            }
            _ => self.later(way, Event::WasRead(holder, op, Ok(entry))),
        }
    }

    fn denies(&self, holder: usize) -> bool {
        let denial = self.plan.denial.filter(|_| !self.healed);
        denial.is_some_and(|denial| {
            denial.holder.is_none_or(|denied| denied == holder)
                && (denial.from..denial.to).contains(&self.time)
        })
    }

    pub(crate) fn write_entry(&mut self, write: Write) {
        if let Some(by) = self.pause_ends_in() {
            if self.chance(2) == 0 {
                self.later(by, Event::Swap(write));
            }
            return;
        }
        let is_first = write.entry.stored.sid() != write.expected.stored.sid();
        if is_first && matches!(write.entry.stored, Stored::Live(_)) {
            let stored = write.expected.stored.clone();
            self.holders[write.holder].takes_place_of = Some(stored);
        }
        if self.denies(write.holder) {
            return self.swap(write, Fate::Refused { acted: false });
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
            self.note_cooldown(holder, account, &before);
            self.check_written(holder, account, &before);
            self.hint_others(holder, account);
        }
        let (way, answer) = match fate {
            Fate::Silent { .. } => return,
            Fate::Refused { .. } => (way, Err(StoreFailed::Once)),
            Fate::Slow(late) => (late, Ok(done)),
            _ => (way, Ok(done)),
        };
        self.later(way, Event::Written(holder, op, answer, entry));
    }

    /// A cool-down began by the clock of whoever wrote it first.
    fn note_cooldown(&mut self, holder: usize, account: usize, before: &Entry) {
        let place = &mut self.places[account];
        let Some(cooldown) = place.entry.attempt.cooldown else {
            place.cools_until = 0;
            return;
        };
        if before.attempt.cooldown != Some(cooldown) {
            let begun = cooldown.since - EPOCH - self.holders[holder].offset;
            place.cools_until = begun + cooldown.duration;
        }
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
