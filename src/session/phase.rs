//! Where a session is between two inputs, what it holds there, and where it may go from there.
//!
//! A handler takes the phase that the session leaves and returns the one that comes next, so
//! none can forget to leave. Each `Leads to` is compared with what sessions do in the simulation and in scripts.

use std::rc::Rc;

use crate::error::Error;
use crate::record::Record;
use crate::token::Now;

/// What a session waits for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    /// A call, a sign-out or a hint.
    ///
    /// Leads to Reading, Committing, Ending, Over.
    Idle,
    /// The stored record.
    ///
    /// Leads to Idle, Waiting, Locking, Claiming, Sending, Committing, Condemned, Ending, Over, Absent.
    Reading(Aim),
    /// `until` by the monotonic clock, the end of a cool-down or the next look at another holder's claim; or a hint.
    ///
    /// Leads to Idle, Reading, Ending, Over.
    Waiting { until: i64, aim: Aim },
    /// The lock, for as long as that is worth waiting for.
    ///
    /// Leads to Idle, Reading, Waiting, Claiming, Condemned, Ending, Over.
    Locking(Aim),
    /// The store, with the claim in it that was made at `at`.
    ///
    /// Leads to Reading, Sending, Ending.
    Claiming { at: Now },
    /// The token endpoint.
    ///
    /// Leads to Idle, Reading, Waiting, Claiming, Releasing, Committing, Ending, Over.
    Sending,
    /// The store, without the claim of a send that failed with this error.
    ///
    /// Leads to Idle, Reading, Waiting, Ending, Over.
    Releasing(Error),
    /// The store, with this record in it.
    ///
    /// Leads to Idle, Reading, Waiting, Locking, Claiming, Sending, Ending, Over.
    Committing(Commit),
    /// The store, with the end in it that this refusal proves.
    ///
    /// Leads to Idle, Reading, Ending, Over.
    Condemned(Error),
    /// The store, after a sign-out.
    ///
    /// Leads to Over.
    Ending { end: Error, step: Step },
    /// Nothing: this is how it ended.
    ///
    /// Leads to nothing.
    Over(Error),
    /// Nothing: the store had no session to go on with.
    ///
    /// Leads to nothing.
    Absent,
}

/// A record on its way into the store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Commit {
    pub(super) record: Rc<Record>,
    /// Whether the server gave it just now: it is not the record in hand, written again.
    pub(super) is_fresh: bool,
}

/// What is in hand already.
pub(super) fn again(record: Rc<Record>) -> Commit {
    Commit {
        record,
        is_fresh: false,
    }
}

/// How far the end of a session has come into the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// The store is asked what is there.
    Reading,
    /// The end is being written.
    Writing,
    /// The store has failed, and is asked again by the schedule of what is written again.
    Waiting,
}

/// What a refresh is after.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Aim {
    /// The next token.
    Refresh,
    /// The end of the session, if the token that the server refused so is still the stored one.
    End(Error),
}

impl Phase {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Idle => "Idle",
            Self::Reading(_) => "Reading",
            Self::Waiting { .. } => "Waiting",
            Self::Locking(_) => "Locking",
            Self::Claiming { .. } => "Claiming",
            Self::Sending => "Sending",
            Self::Releasing(_) => "Releasing",
            Self::Committing(_) => "Committing",
            Self::Condemned(_) => "Condemned",
            Self::Ending { .. } => "Ending",
            Self::Over(_) => "Over",
            Self::Absent => "Absent",
        }
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self, Self::Ending { .. } | Self::Over(_) | Self::Absent)
    }

    /// How the session ended.
    pub(super) fn end(&self) -> Option<&Error> {
        match self {
            Self::Ending { end, .. } | Self::Over(end) => Some(end),
            Self::Idle
            | Self::Reading(_)
            | Self::Waiting { .. }
            | Self::Locking(_)
            | Self::Claiming { .. }
            | Self::Sending
            | Self::Releasing(_)
            | Self::Committing(_)
            | Self::Condemned(_)
            | Self::Absent => None,
        }
    }
}
