//! The lock of the key, which saves waiting for a holder that is gone.

/// How far this holder has come with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Lock {
    /// Not asked for.
    Free,
    /// Asked for, and not answered.
    Queued,
    /// In hand.
    Held,
    /// Not to be had: this attempt goes on without.
    Denied,
    /// Not asked for since the last attempt, which had to do without: it may be nobody's.
    Doubtful,
}

impl Lock {
    /// Whether it is to be asked for now.
    pub(super) fn queue(&mut self) -> bool {
        let is_open = matches!(self, Self::Free | Self::Doubtful);
        if is_open {
            *self = Self::Queued;
        }
        is_open
    }

    /// Whether it is to be given back now.
    pub(super) fn release(&mut self) -> bool {
        let is_held = *self == Self::Held;
        if is_held {
            *self = Self::Free;
        }
        is_held
    }

    /// The next attempt asks again.
    pub(super) fn end_attempt(&mut self) {
        if *self == Self::Denied {
            *self = Self::Doubtful;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lock::{self, Denied, Doubtful, Free, Held, Queued};

    fn after(mut lock: Lock, change: fn(&mut Lock) -> bool) -> (bool, Lock) {
        (change(&mut lock), lock)
    }

    #[test]
    fn it_is_asked_for_once() {
        for lock in [Free, Doubtful] {
            assert_eq!(after(lock, Lock::queue), (true, Queued));
        }
        for lock in [Queued, Held, Denied] {
            assert_eq!(after(lock, Lock::queue), (false, lock));
        }
    }

    #[test]
    fn only_what_is_held_is_given_back() {
        assert_eq!(after(Held, Lock::release), (true, Free));
        for lock in [Free, Queued, Denied, Doubtful] {
            assert_eq!(after(lock, Lock::release), (false, lock));
        }
    }

    #[test]
    fn a_denial_counts_for_one_attempt_and_is_remembered() {
        for (lock, next) in [
            (Denied, Doubtful),
            (Free, Free),
            (Queued, Queued),
            (Held, Held),
        ] {
            let mut lock = lock;
            lock.end_attempt();
            assert_eq!(lock, next);
        }
    }
}
