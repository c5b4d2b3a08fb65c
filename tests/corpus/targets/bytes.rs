//! Values made of bytes. When they run out, every value is zero, empty or missing.

use meshydb_client::oauth::Member;
use meshydb_client::token::Now;

use super::support::{Json, START};

const WORDS: [&str; 16] = [
    "Bearer",
    "bearer",
    "mac",
    "canary-1",
    "R1",
    "sid-1",
    "scope",
    "60",
    "invalid_grant",
    "invalid_request",
    "signed_out",
    "invalid_grant",
    "response_lost",
    "replaced",
    "removed",
    "0123456789abc",
];

pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl Bytes<'_> {
    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    pub(crate) fn word(&mut self) -> u64 {
        (0..8).fold(0, |word, _| word << 8 | u64::from(self.byte()))
    }

    pub(crate) fn short(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.byte()) % choices.len()]
    }

    pub(crate) fn text(&mut self) -> String {
        let length = usize::from(self.byte()).min(self.0.len());
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        String::from_utf8_lossy(text).into_owned()
    }

    /// A moment that a clock can show, often one near the others.
    pub(crate) fn moment(&mut self) -> i64 {
        if self.flag() {
            START.wall + i64::from(self.short().cast_signed()) * 100
        } else {
            (self.word() % 8_640_000_000_000_001).cast_signed()
        }
    }

    pub(crate) fn now(&mut self) -> Now {
        Now {
            wall: self.moment(),
            monotonic: i64::from(self.short()) * 1_000,
        }
    }

    pub(crate) fn member(&mut self) -> Member {
        match self.byte() % 8 {
            0 => Member::Missing,
            1 => Member::Other,
            2 | 3 => Member::Text(self.pick(&WORDS).into()),
            4 => Member::Text(self.text()),
            5 => Member::Number(f64::from(self.short())),
            6 => Member::Number(self.moment() as f64),
            _ => Member::Number(f64::from_bits(self.word())),
        }
    }

    pub(crate) fn json(&mut self, names: &[&'static str]) -> Json {
        let empty = Json::new([]);
        names
            .iter()
            .fold(empty, |json, name| json.with(name, self.member()))
    }
}
