//! What a sign-out waits for: callers, and what they wait for at the server.

use std::mem;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Departure {
    callers: Vec<u32>,
    /// Under way.
    revocations: u32,
}

impl Departure {
    pub(super) fn add(&mut self, caller: u32) {
        self.callers.push(caller);
    }

    pub(super) fn remove(&mut self, caller: u32) {
        self.callers.retain(|&leaving| leaving != caller);
    }

    pub(super) fn revoking(&mut self) {
        self.revocations += 1;
    }

    pub(super) fn revoked(&mut self) {
        self.revocations -= 1;
    }

    pub(super) fn is_awaited(&self) -> bool {
        !self.callers.is_empty()
    }

    /// The callers who wait no longer: of a session that has ended, once every revocation is answered.
    pub(super) fn finished(&mut self) -> Vec<u32> {
        if self.revocations == 0 {
            self.given_up()
        } else {
            Vec::new()
        }
    }

    /// All of them.
    pub(super) fn given_up(&mut self) -> Vec<u32> {
        mem::take(&mut self.callers)
    }
}

#[cfg(test)]
mod tests {
    use super::Departure;

    #[test]
    fn callers_are_told_when_every_revocation_is_answered() {
        let mut departure = Departure::default();
        departure.add(1);
        departure.add(2);
        departure.add(3);
        departure.remove(2);
        departure.revoking();
        departure.revoking();
        departure.revoked();
        assert!(departure.finished().is_empty());
        departure.revoked();
        assert!(departure.is_awaited());
        assert_eq!(departure.finished(), [1, 3]);
        assert!(!departure.is_awaited());
        assert!(departure.finished().is_empty());
    }
}
