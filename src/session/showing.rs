//! What a session shows of itself.

use super::{Phase, Session};
use crate::event::Snapshot;
use crate::record::Record;
use crate::token::RefreshToken;

/// What a refresh token is to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// None of its tokens.
    No,
    /// One that it has had.
    Past,
    /// The one that it has.
    Current,
}

impl Session {
    /// Names the session.
    pub fn sid(&self) -> &str {
        &self.common.sid
    }

    /// The name of the phase that it is in, for a trace.
    pub fn phase(&self) -> &'static str {
        self.phase.name()
    }

    /// The token in hand, unless the session is over.
    pub fn held(&self) -> Option<&Record> {
        let record = self.common.hand.record();
        record
            .filter(|_| !self.phase.is_over())
            .map(|record| &**record)
    }

    /// Whether `token` is this session's, or what it is being opened with, or was.
    pub fn recognise(&self, token: &RefreshToken) -> Known {
        if self.phase.is_over() {
            Known::No
        } else if self.common.hand.newest() == Some(token) {
            Known::Current
        } else if self.held().is_some_and(|record| record.knows(token)) {
            Known::Past
        } else {
            Known::No
        }
    }

    /// What anyone may see.
    pub fn snapshot(&self) -> Snapshot<'_> {
        let record = self.common.hand.record();
        Snapshot {
            state: match self.phase {
                Phase::Idle => "active",
                Phase::Waiting { .. } => "waiting",
                Phase::Reading(_)
                | Phase::Locking(_)
                | Phase::Claiming { .. }
                | Phase::Sending
                | Phase::Releasing(_)
                | Phase::Condemned(_)
                | Phase::Committing(_) => "refreshing",
                Phase::Ending { .. } | Phase::Over(_) | Phase::Absent => "ended",
            },
            expires_at: record
                .filter(|record| record.expiry_known)
                .map(|record| record.validity.expires_at),
            scope: record.map_or("", |record| &record.scope),
            generation: self.common.hand.generation(),
            error: self.phase.end().or(self.common.error.as_ref()),
            degraded: self.common.degraded,
        }
    }
}
