//! Plans of what chance hardly ever puts together.

use crate::dice::Dice;
use crate::plan::{
    Act, Action, Denial, FOREIGN, Fate, Fault, Locks, Model, Outage, Plan, Start, Turn,
};

pub(crate) const CALL: Act = Act::Call {
    min_validity: 0,
    rejected: false,
};
pub(crate) const EXPIRY: i64 = 60_000;

pub(crate) fn at(at: i64, holder: usize, act: Act) -> Action {
    Action { at, holder, act }
}

impl Plan {
    /// One of them, or none.
    pub(crate) fn specialise(&mut self, dice: &mut Dice) -> bool {
        match dice.below(100) {
            0..2 => self.gap(dice),
            2..4 => self.deny(dice),
            4 => self.save(dice),
            5 => self.sign_out_badly(dice),
            6 => self.adopt_again(dice),
            7 => self.be_refused(dice),
            8 => self.cut_off(dice),
            9 => self.repeat_texts(dice),
            10 => self.gateway(dice),
            11 => self.unrenewable(dice),
            12 => self.run_ahead(dice),
            13 => self.log_in_together(dice),
            14 => self.serve(dice),
            _ => return false,
        }
        true
    }

    pub(crate) fn ordinary(&mut self, holders: usize) {
        self.holders = vec![0; holders];
        self.skews = vec![0];
        self.lifetime = Some(EXPIRY);
        self.timeout = 10_000;
        self.reuse_window = 30_000;
        self.network = 100;
        self.store = 5;
        self.actions.clear();
        self.faults.clear();
    }

    /// An answer is lost, and for a second or two there is no network; one user, who has gone.
    fn gap(&mut self, dice: &mut Dice) {
        self.ordinary(1);
        self.model = Model::Grace(10_000);
        let lost = Fault {
            turn: Turn::Send,
            nth: 0,
            fate: dice.pick(&[Fate::Lost { acted: true }, Fate::Cut, Fate::Gateway(502)]),
        };
        let asked = EXPIRY + dice.below(2) * 100 - 1_000 * dice.below(6);
        self.faults.push(lost);
        self.outage = Some(Outage {
            from: asked + 250,
            to: asked + dice.within(300, 2_300),
            fate: Fate::Lost { acted: false },
        });
        self.actions.push(at(asked, 0, CALL));
        if dice.chance(30) {
            self.actions.push(at(asked + 220, 0, Act::Jump(-5)));
        }
        self.actions
            .push(at(asked + dice.pick(&[20_000, 45_000]), 0, CALL));
        self.must_live = true;
        if dice.chance(10) {
            self.reuse_window = 600_000;
            self.must_live = false;
            self.outage = Some(Outage {
                from: asked,
                to: asked + 600_000,
                fate: Fate::Lost { acted: false },
            });
            self.actions.pop();
        }
    }

    /// Writes fail while reads do not, for one or for all.
    fn deny(&mut self, dice: &mut Dice) {
        self.ordinary(2);
        self.model = dice.pick(&[Model::Strict, Model::Lenient]);
        self.locks = dice.pick(&[Locks::Fair, Locks::Missing]);
        let from = EXPIRY + dice.below(400);
        let lasts = dice.pick(&[100, 1_500, 5_000, 9_000, 30_000]);
        self.denial = Some(Denial {
            holder: dice.pick(&[None, Some(0), Some(1)]),
            from,
            to: from + lasts,
        });
        self.exits = dice.chance(20);
        for call in 0..8 {
            let time = EXPIRY + call * dice.pick(&[300, 1_000, 4_000]);
            self.actions.push(at(time, 0, CALL));
            self.actions.push(at(time + dice.below(200), 1, CALL));
        }
        self.must_live = lasts < 9_001;
    }

    /// The writes of one fail for so long that it sends without a claim, and then no more; another claims meanwhile, is answered
    /// first, and the server refuses the other without an end to the family.
    fn run_ahead(&mut self, dice: &mut Dice) {
        self.ordinary(2);
        self.model = Model::Lenient;
        self.locks = Locks::Missing;
        self.network = 1_000;
        self.denial = Some(Denial {
            holder: Some(0),
            from: EXPIRY,
            to: EXPIRY + dice.within(11_200, 14_000),
        });
        for call in 0..40 {
            self.actions.push(at(EXPIRY + call * 400, 0, CALL));
        }
        self.actions
            .push(at(EXPIRY + dice.within(11_000, 13_000), 1, CALL));
    }

    /// A token is kept elsewhere, and used after many rotations.
    fn save(&mut self, dice: &mut Dice) {
        self.ordinary(1);
        self.model = Model::Strict;
        let back = if dice.chance(5) { 600 } else { 40 };
        for call in 0..back {
            self.actions
                .push(at(10_000 + 1_000 * call as i64, 0, Act::Refresh));
        }
        let end = 20_000 + 1_000 * back as i64;
        let kept = dice.pick(&[back, back / 2]);
        self.actions.push(at(end, 0, Act::Open(Start::Own(kept))));
        self.actions.push(at(end + 70_000, 0, CALL));
        self.must_live = true;
    }

    /// The store fails while a user signs out; sometimes the holder dies soon after, or the login is stored late.
    fn sign_out_badly(&mut self, dice: &mut Dice) {
        self.ordinary(2);
        if dice.chance(20) {
            let arrives = dice.within(2_000, 9_000);
            self.faults = (1..9)
                .map(|nth| Fault {
                    turn: Turn::Write,
                    nth,
                    fate: Fate::Late(arrives),
                })
                .collect();
            let login = at(20_000, 0, Act::Open(Start::Login));
            let leaves = at(20_000 + dice.within(1_200, arrives), 2, Act::SignOut);
            self.actions = vec![login, leaves];
            return;
        }
        let from = 20_000;
        self.denial = Some(Denial {
            holder: dice.pick(&[None, Some(0)]),
            from,
            to: from + dice.pick(&[100, 300, 4_000, 20_000]),
        });
        self.actions
            .push(at(from + dice.below(60), 0, Act::SignOut));
        if dice.chance(20) {
            self.actions
                .push(at(from + dice.below(9_000), 0, Act::Kill));
        }
        self.actions.push(at(from + 70_000, 1, CALL));
    }

    /// Sets that were granted elsewhere, the live one, old ones and the next.
    fn adopt_again(&mut self, dice: &mut Dice) {
        self.ordinary(1);
        self.model = Model::Strict;
        for call in 0..4 {
            self.actions
                .push(at(10_000 + call * 5_000, 0, Act::Refresh));
        }
        let is_next = dice.chance(30);
        let start = if is_next {
            Start::AdoptNext
        } else {
            Start::AdoptOwn(dice.below(4) as usize)
        };
        self.actions.push(at(40_000, 0, Act::Open(start)));
        self.actions.push(at(50_000, 1, Act::Refresh));
        self.actions.push(at(130_000, 1, CALL));
        self.must_live = true;
    }

    /// A part of the server does not know a young token yet.
    fn be_refused(&mut self, dice: &mut Dice) {
        self.ordinary(dice.pick(&[1, 2]));
        self.model = dice.pick(&[Model::Strict, Model::Lenient]);
        self.lag = dice.within(100, 2_900);
        for call in 0..6 {
            let time = 10_000 + call * dice.pick(&[500, 1_000, 4_000]);
            self.actions.push(at(time, call as usize, Act::Refresh));
        }
        self.must_live = true;
    }

    /// The requests of one holder reach nobody.
    fn cut_off(&mut self, dice: &mut Dice) {
        self.ordinary(2);
        self.locks = dice.pick(&[Locks::Fair, Locks::Missing]);
        self.cut_off = Some(0);
        self.lost_hints = dice.pick(&[0, 100]);
        self.actions.push(at(EXPIRY, 0, CALL));
        self.actions
            .push(at(EXPIRY + dice.within(10, 9_000), 1, CALL));
        self.must_live = true;
    }

    /// Every answer has the same texts, or there is a 401 for every one.
    fn repeat_texts(&mut self, dice: &mut Dice) {
        self.ordinary(2);
        self.is_constant = dice.chance(50);
        self.model = dice.pick(&[Model::Strict, Model::Fixed { returned: true }]);
        let act = if self.is_constant {
            Act::Call {
                min_validity: 0,
                rejected: true,
            }
        } else {
            Act::Unauthorized
        };
        for call in 0..20 {
            self.actions
                .push(at(10_000 + call * 700, call as usize, act));
        }
        self.must_live = self.model == Model::Strict;
    }

    /// A gateway answers for a server that has acted.
    fn gateway(&mut self, dice: &mut Dice) {
        self.ordinary(2);
        self.model = Model::Grace(10_000);
        self.faults = (0..dice.within(1, 3) as u32)
            .map(|nth| Fault {
                turn: Turn::Send,
                nth,
                fate: Fate::Gateway(dice.pick(&[500, 502, 504])),
            })
            .collect();
        self.actions.push(at(EXPIRY, 0, CALL));
        self.actions.push(at(EXPIRY + 20_000, 1, CALL));
        self.must_live = true;
    }

    /// The store answers nobody for a while, just after the token has expired; everybody calls, or in the end one alone.
    pub(crate) fn pause(&mut self, dice: &mut Dice) {
        self.lifetime = Some(60_000);
        self.skews = vec![0];
        self.holders.fill(0);
        self.timeout = dice.pick(&[10_000, 3_000]);
        self.network = dice.pick(&[100, 1_000]);
        let from = dice.within(60_000, 61_500);
        let (blink, short) = (dice.within(200, 1_500), dice.within(1_000, 5_000));
        // As long as a claim lasts, give or take.
        let near = self.timeout + dice.within(-500, 1_500);
        let to = from
            + dice.pick(&[
                blink, blink, short, short, near, near, 20_000, 50_000, 100_000,
            ]);
        self.pause = Some((from, to));
        // Who waits for a lock does not look whether the store answers, and takes that time for the claimant's.
        if to - from > 4_500 || self.timeout < 10_000 {
            self.locks = Locks::Missing;
        }
        let is_calm = dice.chance(50);
        let every = dice.pick(&[500, 500, 5_000]);
        let apart = dice.pick(&[3, 500, 500]);
        for at in (60_000..to + 30_000).step_by(every) {
            let last = is_calm && at > from;
            for holder in 0..if last { 1 } else { self.holders.len() } {
                self.actions.push(Action {
                    at: at + dice.below(apart),
                    holder,
                    act: CALL,
                });
            }
        }
    }

    /// One holder is stopped with its answer on the way. Another takes over, waits long for an answer, is overtaken when the
    /// first goes on, and loses the answer to the token that it finds then.
    pub(crate) fn overtake(&mut self, dice: &mut Dice) {
        self.holders = vec![0, 0];
        self.skews = vec![0];
        self.lifetime = Some(1_000);
        self.timeout = 10_000;
        self.reuse_window = 5_000;
        self.locks = Locks::Missing;
        (self.network, self.store) = (100, 0);
        let freeze = Act::Freeze {
            during: dice.within(11_500, 14_000),
            counts: dice.chance(50),
        };
        let acts = [(60_000, 0, CALL), (60_001, 0, freeze), (60_500, 1, CALL)];
        self.actions = acts
            .map(|(at, holder, act)| Action { at, holder, act })
            .into();
        let slow = Fate::Slow(dice.within(5_000, 9_000));
        let fates = [
            Fate::Fine,
            slow,
            Fate::Lost {
                acted: dice.chance(50),
            },
        ];
        self.faults = (0..)
            .zip(fates)
            .map(|(nth, fate)| Fault {
                turn: Turn::Send,
                nth,
                fate,
            })
            .collect();
    }

    /// Two open a session with the same foreign token while a third logs in.
    pub(crate) fn meet(&mut self, dice: &mut Dice) {
        let at = dice.within(10_000, 60_000);
        let foreign = Act::Open(Start::Foreign(dice.below(FOREIGN as i64) as usize));
        for act in [foreign, Act::Open(Start::Login), foreign] {
            self.actions.push(Action {
                at: at + dice.below(500),
                holder: 0,
                act,
            });
        }
    }
}
