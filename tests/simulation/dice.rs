//! Chance, from a seed (splitmix64), or from bytes that decide each throw until they run out.

use std::vec::IntoIter;

#[derive(Clone, Debug)]
pub(crate) enum Dice {
    Seeded(u64),
    Given(IntoIter<u8>),
}

pub(crate) fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self::Seeded(mix(seed ^ 0x5be0_cd19_137e_2179))
    }

    pub(crate) fn given(bytes: Vec<u8>) -> Self {
        Self::Given(bytes.into_iter())
    }

    pub(crate) fn below(&mut self, sides: i64) -> i64 {
        let sides = sides.max(1) as u64;
        let number = match self {
            Self::Seeded(state) => {
                *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                mix(*state) % sides
            }
            Self::Given(bytes) => {
                let mut byte = || u64::from(bytes.next().unwrap_or(u8::MAX));
                ((byte() << 8 | byte()) * sides) >> 16
            }
        };
        number as i64
    }

    pub(crate) fn within(&mut self, from: i64, to: i64) -> i64 {
        from + self.below(to - from + 1)
    }

    pub(crate) fn chance(&mut self, percent: i64) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as i64) as usize]
    }
}
