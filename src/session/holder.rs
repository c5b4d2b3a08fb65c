//! Who this holder is among those that share a store.

use crate::attempt::Claim;
use crate::token::{fingerprint, hash};

/// Its name, what it has claimed, and its dice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Holder {
    /// The fingerprint of its name.
    mark: i64,
    claims: i64,
    dice: u64,
}

impl Holder {
    /// `name` must be random.
    pub(super) fn new(name: &str) -> Self {
        Self {
            mark: fingerprint(name),
            claims: 0,
            dice: hash(name),
        }
    }

    pub(super) fn made(&self, claim: &Claim) -> bool {
        claim.holder == self.mark
    }

    /// How many claims it has made: the number of the last one.
    pub(super) fn claims(&self) -> i64 {
        self.claims
    }

    pub(super) fn has_claimed(&self) -> bool {
        self.claims > 0
    }

    /// A claim for `duration` milliseconds, unlike any other. `locked` says whether the holder has the lock.
    pub(super) fn claim(&mut self, duration: i64, locked: bool) -> Claim {
        self.claims += 1;
        Claim {
            holder: self.mark,
            number: self.claims,
            duration,
            locked,
        }
    }

    /// The next random number.
    pub(super) fn roll(&mut self) -> u32 {
        self.dice = self
            .dice
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(1);
        (self.dice >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::Holder;

    #[test]
    fn no_two_claims_are_alike() {
        let (mut one, mut other) = (Holder::new("one"), Holder::new("other"));
        assert!(!one.has_claimed());
        let first = one.claim(11_000, true);
        assert!(one.has_claimed() && one.made(&first) && !other.made(&first));
        assert_ne!(first, one.claim(11_000, true));
        assert_ne!(first, other.claim(11_000, true));
    }

    #[test]
    fn holders_roll_different_dice() {
        let (mut one, mut other) = (Holder::new("one"), Holder::new("other"));
        let rolls = |holder: &mut Holder| [holder.roll(), holder.roll()];
        let (one, other) = (rolls(&mut one), rolls(&mut other));
        assert_ne!(one, other);
        assert_ne!(one[0], one[1]);
    }
}
