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
}

impl Lock {
    /// Whether it is to be asked for now.
    pub(super) fn queue(&mut self) -> bool {
        let is_free = *self == Self::Free;
        if is_free {
            *self = Self::Queued;
        }
        is_free
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
    pub(super) fn forget_denial(&mut self) {
        if *self == Self::Denied {
            *self = Self::Free;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lock::{self, Denied, Free, Held, Queued};

    fn after(mut lock: Lock, change: fn(&mut Lock) -> bool) -> (bool, Lock) {
        (change(&mut lock), lock)
    }

    #[test]
    fn it_is_asked_for_once() {
        assert_eq!(after(Free, Lock::queue), (true, Queued));
        for lock in [Queued, Held, Denied] {
            assert_eq!(after(lock, Lock::queue), (false, lock));
        }
    }

    #[test]
    fn only_what_is_held_is_given_back() {
        assert_eq!(after(Held, Lock::release), (true, Free));
        for lock in [Free, Queued, Denied] {
            assert_eq!(after(lock, Lock::release), (false, lock));
        }
    }

    #[test]
    fn a_denial_counts_for_one_attempt() {
        for (lock, next) in [(Denied, Free), (Free, Free), (Queued, Queued), (Held, Held)] {
            let mut lock = lock;
            lock.forget_denial();
            assert_eq!(lock, next);
        }
    }
}
