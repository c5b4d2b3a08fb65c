//! What one world is and what will happen in it: everything that a run depends on.

/// What the authorization server does with a refresh token that was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Model {
    /// Its reuse revokes the family.
    Strict,
    /// Within so many milliseconds it gives the current tokens again, then it revokes the family.
    Grace(i64),
    /// It is refused, the family lives on.
    Lenient,
    /// It stays the one, and comes back with the answer or not.
    Fixed { returned: bool },
    /// There is none.
    Bare,
    /// There is none, and every holder can send the grant again.
    Service,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Locks {
    Fair,
    Missing,
    /// Held for ever by nobody.
    Orphaned,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Start {
    Login,
    Restore,
    RestoreOrLogin,
    /// With tokens from elsewhere.
    Adopt,
    /// With a set of the stored session, of so many rotations ago.
    AdoptOwn(usize),
    /// With the set after the stored one, which somebody else has asked for.
    AdoptNext,
    /// With the stored session's refresh token, or one of so many rotations ago.
    Own(usize),
    /// With the first token of the numbered family, which no login opened.
    Foreign(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    /// A further holder beside this one.
    Open(Start),
    Call {
        min_validity: i64,
        rejected: bool,
    },
    /// For another token than the one in hand, since a server has answered 401.
    Unauthorized,
    /// For whatever comes after the token in hand.
    Refresh,
    /// The platform says that the network is back.
    Online,
    Abort,
    SignOut,
    Kill,
    Reload,
    /// For so many milliseconds, in which the monotonic clock goes on or does not.
    Freeze {
        during: i64,
        counts: bool,
    },
    /// Of the wall clock.
    Jump(i64),
    /// The site's data are removed.
    Clear,
    /// What is stored becomes unreadable, or a later version's.
    Spoil {
        newer: bool,
    },
    /// The server revokes the stored session.
    Revoke,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Action {
    pub(crate) at: i64,
    pub(crate) holder: usize,
    pub(crate) act: Act,
}

/// Whose turn, counted from the beginning of the run, a fault strikes at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Turn {
    Send,
    Read,
    Write,
    Output,
    Revocation,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Fate {
    #[default]
    Fine,
    /// Answered by somebody who does not look at the token.
    Status(u16, Option<u16>),
    /// The server has acted, and a gateway answers for it.
    Gateway(u16),
    /// The platform sends it twice, and gives the second answer.
    Twice,
    /// A 200 that is no token response, from somebody else or from a server that has acted.
    Portal,
    Cut,
    /// The connection breaks before the server has acted, or after.
    Lost {
        acted: bool,
    },
    /// Nothing ever comes, and the server has acted or not.
    Silent {
        acted: bool,
    },
    /// The store does nothing and says so, or acts and says that it failed.
    Refused {
        acted: bool,
    },
    /// The answer takes so long.
    Slow(i64),
    /// What is asked for arrives so late.
    Late(i64),
    /// The holder dies before this output.
    Kill,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fault {
    pub(crate) turn: Turn,
    pub(crate) nth: u32,
    pub(crate) fate: Fate,
}

/// Writes fail, and reads do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Denial {
    /// Of this holder, or of all.
    pub(crate) holder: Option<usize>,
    pub(crate) from: i64,
    pub(crate) to: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Outage {
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) fate: Fate,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// The account of each holder that is there from the beginning.
    pub(crate) holders: Vec<usize>,
    /// How far the wall clocks are from the truth, in turn.
    pub(crate) skews: Vec<i64>,
    pub(crate) model: Model,
    /// Of access tokens, in milliseconds.
    pub(crate) lifetime: Option<i64>,
    pub(crate) timeout: i64,
    pub(crate) reuse_window: i64,
    pub(crate) locks: Locks,
    /// The longest way to the server, and to the store.
    pub(crate) network: i64,
    pub(crate) store: i64,
    /// Hints that are lost, in percent; those that are not come after so long at most, and some come twice.
    pub(crate) lost_hints: i64,
    pub(crate) late_hints: i64,
    pub(crate) actions: Vec<Action>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) outage: Option<Outage>,
    /// From when to when the store answers nobody. What was written meanwhile may be done at the end.
    pub(crate) pause: Option<(i64, i64)>,
    pub(crate) denial: Option<Denial>,
    /// For so many milliseconds after it was issued, a part of the server may refuse a token.
    pub(crate) lag: i64,
    /// The holder whose requests reach nobody.
    pub(crate) cut_off: Option<usize>,
    /// Whether holders exit as soon as nothing keeps them alive.
    pub(crate) exits: bool,
    /// Whether every access token has the same text.
    pub(crate) is_constant: bool,
    /// Whether nothing happens but an outage in which everybody calls all the time.
    pub(crate) is_crowded: bool,
    /// Whether whatever happens the session has to be there in the end.
    pub(crate) must_live: bool,
    /// Whether every holder has to be opened.
    pub(crate) must_open: bool,
    /// Whether those who log in together have to get one session.
    pub(crate) must_be_one: bool,
}

pub(crate) const FOREIGN: usize = 2;

impl Plan {
    pub(crate) fn fate(&self, turn: Turn, nth: u32) -> Fate {
        let strikes = |fault: &&Fault| fault.turn == turn && fault.nth == nth;
        self.faults
            .iter()
            .find(strikes)
            .map_or(Fate::Fine, |fault| fault.fate)
    }

    /// How often a foreign token is opened.
    pub(crate) fn foreign(&self) -> usize {
        let opens = |action: &&Action| matches!(action.act, Act::Open(Start::Foreign(_)));
        self.actions.iter().filter(opens).count()
    }

    /// How many families no login opened.
    pub(crate) fn granted_elsewhere(&self) -> usize {
        if self.model == Model::Service {
            0
        } else {
            FOREIGN
        }
    }

    /// Whether one is: the record remembers one token's unanswered send.
    pub(crate) fn has_foreign(&self) -> bool {
        self.foreign() > 0
    }

    /// Whether the store may keep callers waiting.
    pub(crate) fn has_bad_store(&self) -> bool {
        let mut faults = self.faults.iter();
        let has_fault = faults.any(|fault| fault.turn == Turn::Write);
        self.denial.is_some() || self.pause.is_some() || has_fault
    }

    /// Whether nothing goes wrong.
    pub(crate) fn is_calm(&self) -> bool {
        self.faults.is_empty()
            && self.outage.is_none()
            && self.pause.is_none()
            && self.denial.is_none()
            && self.cut_off.is_none()
            && self.lag == 0
            && self.is_quiet()
    }

    /// Whether nobody does what harms others.
    fn is_quiet(&self) -> bool {
        let strikes = |action: &Action| {
            matches!(
                action.act,
                Act::Kill
                    | Act::Reload
                    | Act::Freeze { .. }
                    | Act::Jump(_)
                    | Act::Clear
                    | Act::Spoil { .. }
                    | Act::Revoke
                    | Act::Unauthorized
                    | Act::Open(Start::AdoptNext | Start::AdoptOwn(_))
            )
        };
        !self.actions.iter().any(strikes)
    }
}
