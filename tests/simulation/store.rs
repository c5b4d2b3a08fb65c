//! What the holders of one account share: a register with compare-and-set, and a lock.

use std::rc::Rc;

use meshydb_client::record::{Entry, Record, Stored};
use meshydb_client::token::{Now, Validity};

use crate::plan::Locks;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) entry: Rc<Entry>,
    pub(crate) locks: Locks,
    pub(crate) owner: Option<usize>,
    /// Who waits for the lock.
    pub(crate) queue: Vec<usize>,
    /// The sessions that were here and are not to come back.
    pub(crate) gone: Vec<String>,
}

impl Place {
    pub(crate) fn new(locks: Locks) -> Self {
        Self {
            entry: Rc::default(),
            locks,
            owner: None,
            queue: Vec::new(),
            gone: Vec::new(),
        }
    }

    pub(crate) fn live(&self) -> Option<&Record> {
        match &self.entry.stored {
            Stored::Live(record) => Some(record),
            Stored::Empty | Stored::Ended { .. } | Stored::Corrupt | Stored::Newer => None,
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
