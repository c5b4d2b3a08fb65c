use std::rc::Rc;

use crate::play::Play;
use crate::support::{LIFETIME, access, record, refusal, tokens};
use meshydb_client::error::Reason;
use meshydb_client::event::StoreFailed;
use meshydb_client::event::{Input, Output};
use meshydb_client::oauth::no_answer;
use meshydb_client::record::Stored;

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as u32 % sides
    }
}

fn stored(dice: &mut Dice, play: &Play) -> Result<Stored, StoreFailed> {
    let generation = play.session.snapshot().generation + i64::from(dice.roll(3)) - 1;
    let sid = play.session.sid();
    let n = dice.roll(40) + 1;
    let live = |sid| Stored::Live(Rc::new(record(sid, generation, n, play.now)));
    let ended = |sid: &str| Stored::Ended {
        sid: sid.into(),
        generation,
        reason: Reason::SignedOut,
    };
    Ok(match dice.roll(60) {
        0 => Stored::Empty,
        1 => Stored::Corrupt,
        2 => Stored::Newer,
        3 => live("other"),
        4 => ended("other"),
        5 => ended(sid),
        6..10 => return Err(StoreFailed),
        10.. => live(sid),
    })
}

fn answer(dice: &mut Dice, play: &Play, awaited: &str) -> Input {
    match awaited {
        "load" => Input::Loaded(stored(dice, play)),
        "swap" => Input::Swapped(match dice.roll(8) {
            0 => Err(StoreFailed),
            1..4 => Ok(false),
            4.. => Ok(true),
        }),
        _ => Input::Replied(match dice.roll(16) {
            0 => Err(refusal("invalid_grant")),
            1 => Err(refusal("invalid_client")),
            2 => Err(no_answer(true)),
            3.. => Ok(tokens(dice.roll(1_000))),
        }),
    }
}

fn step(dice: &mut Dice, play: &Play, caller: u32) -> Option<Input> {
    let awaited = play.awaited.iter().nth(dice.roll(2) as usize).copied();
    let waiting = play.waiting();
    match dice.roll(40) {
        0 => Some(Input::Hint),
        14 if play.revoking > 0 => Some(Input::Revoked),
        1 => Some(Input::Refresh { caller }),
        2 if dice.roll(8) == 0 => Some(Input::SignOut { caller }),
        3 => waiting.first().copied().map(Input::Abort),
        4..14 => Some(Input::Call {
            caller,
            min_validity: i64::from(dice.roll(3)) * LIFETIME,
            rejected: (dice.roll(4) == 0).then(|| access(&format!("A{}", dice.roll(1_000)))),
        }),
        _ => awaited.map(|awaited| answer(dice, play, awaited)),
    }
}

fn check_end(before: bool, outputs: &[Output], seed: u64) {
    for output in outputs {
        let allowed = match output {
            Output::Settle { result, .. } => !matches!(result, Ok(Some(_))),
            Output::Swap(stored) => matches!(stored, Stored::Ended { .. }),
            Output::Load | Output::Revoke(_) => true,
            Output::Send(_) | Output::Changed => false,
        };
        assert!(!before || allowed, "seed {seed}: {output:?} after the end");
    }
}

/// One session from its opening until all that it began has ended.
fn live(dice: &mut Dice, steps: &mut u32, seed: u64) {
    let openings = ["login", "adopt 1", "restore", "resume R3", "resume R9999"];
    let mut play = Play::new(&format!("{} =>", openings[dice.roll(5) as usize]));
    for caller in 1.. {
        let forward = i64::from(dice.roll(20_000));
        play.now.monotonic += forward;
        play.now.wall += forward;
        if dice.roll(50) == 0 {
            play.now.wall += i64::from(dice.roll(20_000_000)) - 10_000_000;
        }
        let Some(input) = step(dice, &play, caller) else {
            continue;
        };
        let over = play.session.snapshot().state == "ended";
        let outputs = play.feed(input);
        check_end(over, &outputs, seed);
        *steps += 1;
        if over && play.awaited.is_empty() && dice.roll(20) == 0 {
            return play.done();
        }
        let idle = play.awaited.is_empty() && play.revoking == 0;
        let stuck = idle && !play.waiting().is_empty();
        assert!(!stuck, "seed {seed}: {:?} wait for nothing", play.waiting());
    }
}

#[test]
fn random_lives_keep_every_invariant() {
    for seed in 1..=8_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut steps = 0;
        while steps < 5_000 {
            live(&mut dice, &mut steps, seed);
        }
    }
}
