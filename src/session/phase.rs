//! Where a session is between two inputs, what it holds there, and where it may go from there.
//!
//! A handler takes the phase that the session leaves and returns the one that comes next, so
//! none can forget to leave. `tests/phases` compares each `Leads to` with what sessions do.

use std::rc::Rc;

use crate::error::Error;
use crate::record::Record;
use crate::token::Now;

/// What a session waits for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    /// A call, a sign-out or a hint.
    Idle,
    /// The stored record.
    Loading(Aim),
    /// `until` by the monotonic clock, the end of a cool-down or the next look at another holder's claim; or a hint.
    Waiting { until: i64, aim: Aim },
    /// The lock, for as long as that is worth waiting for.
    Locking(Aim),
    /// The store, with the claim in it that was made at `at`.
    Claiming { at: Now },
    /// The token endpoint.
    Sending,
    /// The store, without the claim of a send that failed with this error.
    Releasing(Error),
    /// The store, with this record in it.
    Committing(Rc<Record>),
    /// The store, with the end in it that this refusal proves.
    Condemned(Error),
    /// The store, after a sign-out: what is there now, or whether the end was `written`.
    Ending { end: Error, written: bool },
    /// Nothing: this is how it ended.
    Over(Error),
    /// Nothing: the store had no session to go on with.
    Absent,
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
    pub(super) fn is_over(&self) -> bool {
        matches!(self, Self::Ending { .. } | Self::Over(_) | Self::Absent)
    }

    /// How the session ended.
    pub(super) fn end(&self) -> Option<&Error> {
        match self {
            Self::Ending { end, .. } | Self::Over(end) => Some(end),
            Self::Idle
            | Self::Loading(_)
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
