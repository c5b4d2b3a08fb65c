//! Plans of sessions whose grants are sent by programs together, or that no refresh token renews.

use crate::dice::Dice;
use crate::plan::{Act, Denial, Fate, Fault, Locks, Model, Plan, Start, Turn};
use crate::special::{CALL, EXPIRY, at};

impl Plan {
    /// Several programs find no session, and log in at once; sometimes one of them dies of it, or an answer is lost.
    pub(crate) fn log_in_together(&mut self, dice: &mut Dice) {
        self.ordinary(1);
        self.locks = dice.pick(&[Locks::Fair, Locks::Missing]);
        self.actions.push(at(10_000, 0, Act::SignOut));
        let spread = dice.pick(&[1, 60, 400]);
        let count = 2 + dice.below(4);
        let start = if dice.chance(20) {
            Start::Foreign(0)
        } else {
            Start::RestoreOrLogin
        };
        if dice.chance(30) {
            self.actions
                .push(at(15_000, 0, Act::Spoil { newer: false }));
        }
        for _ in 0..count {
            let time = 20_000 + dice.below(spread);
            self.actions.push(at(time, 0, Act::Open(start)));
        }
        if dice.chance(20) && start == Start::RestoreOrLogin {
            self.actions.push(at(15_000, 0, Act::Clear));
            self.denial = Some(Denial {
                holder: None,
                from: 16_000,
                to: 60_000,
            });
            self.locks = Locks::Missing;
            self.must_open = true;
            return;
        }
        for holder in 1..=count as usize {
            if dice.chance(10) {
                let time = 20_000 + dice.below(spread + 200);
                self.actions.push(at(time, holder, Act::Abort));
            }
        }
        self.must_be_one = dice.chance(50);
        if !self.must_be_one {
            self.faults.push(Fault {
                turn: Turn::Send,
                nth: 0,
                fate: dice.pick(&[Fate::Lost { acted: true }, Fate::Cut, Fate::Gateway(502)]),
            });
        }
        for holder in 1..=count as usize {
            self.actions.push(at(50_000, holder, CALL));
        }
    }

    /// Programs share a session that each of them can begin again: they go on with it, whatever becomes of an answer.
    pub(crate) fn serve(&mut self, dice: &mut Dice) {
        self.ordinary(dice.pick(&[1, 2, 3, 8]));
        self.model = Model::Service;
        self.locks = dice.pick(&[Locks::Fair, Locks::Missing]);
        let apart = dice.pick(&[1, 50, 3_000]);
        for call in 0..40 {
            let act = match dice.below(40) {
                0 => Act::Reload,
                1 => Act::Kill,
                2 => Act::Open(Start::RestoreOrLogin),
                3..6 => Act::Unauthorized,
                _ => CALL,
            };
            let time = EXPIRY + call / 4 * dice.pick(&[7_000, 20_000, 61_000]);
            self.actions
                .push(at(time + dice.below(apart), call as usize, act));
        }
        for _ in 0..dice.below(4) {
            self.faults.push(Fault {
                turn: Turn::Send,
                nth: dice.below(12) as u32,
                fate: dice.pick(&[
                    Fate::Lost { acted: true },
                    Fate::Gateway(502),
                    Fate::Status(503, None),
                    Fate::Silent { acted: true },
                ]),
            });
        }
        self.must_live = true;
    }

    /// There is no refresh token.
    pub(crate) fn unrenewable(&mut self, dice: &mut Dice) {
        self.ordinary(2);
        self.model = Model::Bare;
        self.lifetime = dice.pick(&[Some(60_000), None]);
        let share = Act::Open(Start::RestoreOrLogin);
        for call in 0..6 {
            let act = dice.pick(&[
                CALL,
                Act::Unauthorized,
                Act::Jump(30_000),
                Act::Reload,
                share,
            ]);
            self.actions
                .push(at(40_000 + call * 12_000, call as usize, act));
        }
    }
}
