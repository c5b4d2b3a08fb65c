//! What a session shows of itself.

use super::{Phase, Session};
use crate::config::Config;
use crate::event::Snapshot;
use crate::record::Record;
use crate::token::RefreshToken;

impl Session {
    /// What it was made with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Names the session.
    pub fn sid(&self) -> &str {
        &self.sid
    }

    /// The token in hand, unless the session is over.
    pub fn held(&self) -> Option<&Record> {
        self.record.as_deref().filter(|_| !self.is_over())
    }

    /// Whether `token` is or was this session's, or is what it is being opened with.
    pub fn knows(&self, token: &RefreshToken) -> bool {
        let is_opening = !self.is_over() && self.opened_with.as_ref() == Some(token);
        is_opening || self.held().is_some_and(|record| record.knows(token))
    }

    /// What anyone may see.
    pub fn snapshot(&self) -> Snapshot<'_> {
        let record = self.record.as_ref();
        Snapshot {
            state: match self.phase {
                Phase::Idle => "active",
                Phase::Waiting { .. } => "waiting",
                Phase::Loading
                | Phase::Locking
                | Phase::Claiming { .. }
                | Phase::Sending
                | Phase::Releasing(_)
                | Phase::Condemned
                | Phase::Committing(_) => "refreshing",
                Phase::Ending { .. } | Phase::Over => "ended",
            },
            expires_at: record
                .filter(|record| record.expiry_known)
                .map(|record| record.validity.expires_at),
            scope: record.map_or("", |record| &record.scope),
            generation: self.generation(),
            error: self.error.as_ref(),
            degraded: self.degraded,
        }
    }

    pub(super) fn generation(&self) -> i64 {
        self.record.as_ref().map_or(0, |record| record.generation)
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Ending { .. } | Phase::Over)
    }
}
