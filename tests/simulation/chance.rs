//! A plan by chance: what is usual often, what is rare sometimes, and everything together now and then.

use crate::dice::Dice;
use crate::plan::{Act, Action, FOREIGN, Fate, Fault, Locks, Model, Outage, Plan, Start, Turn};

const CALLING: [Act; 3] = [
    Act::Call {
        min_validity: 0,
        rejected: false,
    },
    Act::Call {
        min_validity: 0,
        rejected: true,
    },
    Act::Call {
        min_validity: 20_000,
        rejected: false,
    },
];

impl Plan {
    pub(crate) fn random(seed: u64) -> Self {
        Self::by(seed, &mut Dice::new(seed))
    }

    /// The plan that bytes tell: its seed, of which ways and delays come, then each decision in turn.
    pub(crate) fn drawn(bytes: &[u8]) -> Self {
        let (seed, decisions) = bytes.split_at(bytes.len().min(2));
        let seed = seed
            .iter()
            .fold(0, |seed, byte| seed << 8 | u64::from(*byte));
        Self::by(seed, &mut Dice::given(decisions.into()))
    }

    fn by(seed: u64, dice: &mut Dice) -> Self {
        let many = dice.pick(&[1, 2, 2, 2, 3, 3, 4, 8]);
        let two_accounts = dice.chance(10);
        let lifetime = dice.pick(&[
            Some(60_000),
            Some(60_000),
            Some(60_000),
            Some(3_600_000),
            Some(10_000),
            Some(1_000),
            Some(0),
            None,
        ]);
        let skewed = dice.chance(20);
        let mut plan = Self {
            seed,
            holders: (0..many)
                .map(|index| if two_accounts { index % 2 } else { 0 })
                .collect(),
            skews: (0..4)
                .map(|_| {
                    if skewed {
                        dice.within(-25_000, 25_000)
                    } else {
                        0
                    }
                })
                .collect(),
            model: dice.pick(&[
                Model::Strict,
                Model::Strict,
                Model::Strict,
                Model::Grace(10_000),
                Model::Lenient,
                Model::Fixed { returned: true },
                Model::Fixed { returned: false },
            ]),
            lifetime,
            timeout: dice.pick(&[10_000, 10_000, 3_000]),
            reuse_window: dice.pick(&[5_000, 5_000, 0, 30_000]),
            locks: dice.pick(&[
                Locks::Fair,
                Locks::Fair,
                Locks::Fair,
                Locks::Missing,
                Locks::Missing,
                Locks::Orphaned,
            ]),
            network: dice.pick(&[5, 100, 100, 1_000]),
            store: dice.pick(&[0, 5, 50]),
            lost_hints: dice.pick(&[0, 0, 30, 100]),
            late_hints: dice.pick(&[0, 50, 50, 3_000]),
            actions: Vec::new(),
            faults: Vec::new(),
            outage: None,
            pause: None,
            denial: None,
            lag: 0,
            cut_off: None,
            exits: false,
            is_constant: false,
            must_live: false,
            must_be_one: false,
            must_open: false,
            is_crowded: dice.chance(3),
        };
        if plan.specialise(dice) {
            plan.is_crowded = false;
        } else if plan.is_crowded {
            plan.crowd(dice);
        } else if dice.chance(3) {
            plan.pause(dice);
        } else {
            plan.act(dice);
            if dice.chance(4) {
                plan.meet(dice);
            }
            plan.fail(dice);
            if dice.chance(2) {
                plan.overtake(dice);
            }
        }
        plan
    }

    fn crowd(&mut self, dice: &mut Dice) {
        self.lifetime = Some(60_000);
        self.skews = vec![0];
        self.holders.fill(0);
        self.network = self.network.min(100);
        self.locks = dice.pick(&[Locks::Fair, Locks::Missing]);
        self.fail(dice);
        self.faults.clear();
        let from = 70_000;
        let to = from + dice.pick(&[1_000, 10_000, 60_000]);
        let fate = dice.pick(&[
            Fate::Status(503, None),
            Fate::Status(429, Some(2)),
            Fate::Lost { acted: false },
            Fate::Portal,
            Fate::Status(403, None),
        ]);
        self.outage = Some(Outage { from, to, fate });
        let pause = dice.pick(&[200, 1_000, 5_000]);
        if dice.chance(30) {
            for act in (0..FOREIGN).map(|which| Act::Open(Start::Foreign(which))) {
                self.actions.push(Action {
                    at: from + dice.below(to - from),
                    holder: 0,
                    act,
                });
            }
        }
        let mut at = from;
        while at < to + 30_000 {
            for holder in 0..self.holders.len() {
                self.actions.push(Action {
                    at: at + dice.below(pause),
                    holder,
                    act: CALLING[0],
                });
            }
            at += pause;
        }
    }

    fn act(&mut self, dice: &mut Dice) {
        let mut at = 5_000;
        let rare = !dice.chance(50);
        for _ in 0..dice.within(2, 10) {
            at += dice.pick(&[0, 1, 10, 500, 5_000, 30_000, 60_000, 61_000]);
            let act = if rare { Act::Abort } else { Self::odd(dice) };
            if dice.chance(50) || matches!(act, Act::Abort) && dice.chance(90) {
                let call = dice.pick(&CALLING);
                for holder in 0..self.holders.len() {
                    self.actions.push(Action {
                        at: at + dice.below(3),
                        holder,
                        act: call,
                    });
                }
            } else {
                self.actions.push(Action {
                    at,
                    holder: dice.below(8) as usize,
                    act,
                });
            }
        }
    }

    fn odd(dice: &mut Dice) -> Act {
        match dice.below(54) {
            0..10 => Act::Reload,
            10..14 => Act::Kill,
            14..20 => Act::Freeze {
                during: dice.pick(&[500, 5_000, 15_000, 100_000]),
                counts: dice.chance(50),
            },
            20..23 => Act::SignOut,
            23..26 => Act::Open(Start::Login),
            26..29 => Act::Open(Start::Own(dice.below(4) as usize)),
            29..32 => Act::Open(Start::Foreign(dice.below(FOREIGN as i64) as usize)),
            32 => Act::Open(Start::Restore),
            33 => Act::Open(Start::RestoreOrLogin),
            34..37 => Act::Jump(dice.pick(&[
                -3_600_000,
                3_600_000,
                -315_360_000_000,
                315_360_000_000,
                -30_000,
                30_000,
                -5,
                -500,
            ])),
            37 => Act::Clear,
            38..41 => Act::Refresh,
            41 => Act::Revoke,
            42..44 => Act::Open(Start::Adopt),
            44 if dice.chance(30) => Act::Spoil {
                newer: dice.chance(50),
            },
            45 => Act::Online,
            46..48 => Act::Unauthorized,
            48 => Act::Open(Start::AdoptOwn(dice.below(4) as usize)),
            49 => Act::Open(Start::AdoptNext),
            _ => Act::Abort,
        }
    }

    fn fail(&mut self, dice: &mut Dice) {
        if dice.chance(15) {
            let from = 5_000 + dice.below(60_000);
            self.outage = Some(Outage {
                from,
                to: from + dice.pick(&[1_000, 10_000, 60_000, 300_000]),
                fate: dice.pick(&[
                    Fate::Status(503, None),
                    Fate::Status(429, Some(2)),
                    Fate::Lost { acted: false },
                    Fate::Silent { acted: false },
                    Fate::Portal,
                    Fate::Status(403, None),
                ]),
            });
        }
        let store_fails = dice.chance(25);
        let is_deaf = dice.chance(10);
        for _ in 0..dice.pick(&[0, 1, 1, 2, 3, 6]) {
            let turn = dice.pick(&[
                Turn::Send,
                Turn::Send,
                Turn::Output,
                if store_fails { Turn::Write } else { Turn::Send },
                if store_fails {
                    Turn::Read
                } else {
                    Turn::Output
                },
                if is_deaf {
                    Turn::Revocation
                } else {
                    Turn::Send
                },
            ]);
            let acted = dice.chance(50);
            let (most, fate) = match turn {
                Turn::Send => (
                    12,
                    dice.pick(&[
                        Fate::Status(503, None),
                        Fate::Status(429, None),
                        Fate::Status(429, Some(3)),
                        Fate::Status(429, Some(3_600)),
                        Fate::Status(500, None),
                        Fate::Status(403, None),
                        Fate::Status(401, None),
                        Fate::Portal,
                        Fate::Lost { acted },
                        Fate::Lost { acted },
                        Fate::Silent { acted },
                        Fate::Cut,
                        Fate::Gateway(502),
                        Fate::Gateway(503),
                        Fate::Twice,
                        Fate::Slow(9_000),
                        Fate::Slow(20_000),
                        Fate::Late(2_500),
                        Fate::Late(9_000),
                        Fate::Late(30_000),
                    ]),
                ),
                Turn::Output => (80, Fate::Kill),
                Turn::Revocation => (3, Fate::Silent { acted }),
                Turn::Read | Turn::Write => (
                    30,
                    dice.pick(&[
                        Fate::Refused { acted },
                        Fate::Refused { acted },
                        Fate::Slow(900),
                        Fate::Late(900),
                        Fate::Silent { acted },
                    ]),
                ),
            };
            self.faults.push(Fault {
                turn,
                nth: dice.below(most) as u32,
                fate,
            });
        }
        if store_fails && dice.chance(30) {
            let (from, step) = (dice.below(20) as u32, dice.within(1, 4) as u32);
            self.faults.extend((0..3).map(|nth| Fault {
                turn: Turn::Read,
                nth: from + nth * step,
                fate: Fate::Refused { acted: false },
            }));
        }
        if store_fails && dice.chance(30) {
            let from = dice.below(20) as u32;
            let until = from + dice.within(5, 60) as u32;
            self.faults.extend((from..until).map(|nth| Fault {
                turn: Turn::Write,
                nth,
                fate: Fate::Refused { acted: false },
            }));
        }
    }
}
