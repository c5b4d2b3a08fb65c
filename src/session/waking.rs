//! What a session does because time has passed.

use super::opening::no_store;
use super::{Phase, Session};
use crate::oauth;
use crate::record::Stored;
use crate::token::Now;

impl Session {
    /// When [`Input::Woke`](crate::event::Input::Woke) is due, by the monotonic clock.
    pub fn wake_at(&self) -> Option<i64> {
        let wake_at = self.due_at().unwrap_or(i64::MAX).min(self.deadline);
        (wake_at < i64::MAX).then_some(wake_at)
    }

    /// When the machine itself has something to do.
    fn due_at(&self) -> Option<i64> {
        if let Phase::Waiting { until } = self.phase {
            return Some(until);
        }
        let is_idle = matches!(self.phase, Phase::Idle);
        let is_hopeless = matches!(self.stored, Stored::Newer);
        (is_idle && self.degraded && !is_hopeless).then_some(self.rewrite_at)
    }

    pub(super) fn woke(&mut self, now: &Now) {
        let timeout = self.config.timeout;
        let is_patient = self.queued || matches!(self.phase, Phase::Committing(_));
        let error = if self.blind {
            no_store()
        } else {
            oauth::no_answer(true)
        };
        self.settle_those(&Err(error), &mut |caller| {
            if is_patient && now.monotonic >= caller.deadline {
                caller.be_patient(timeout);
            }
            now.monotonic >= caller.deadline
        });
        self.rest();
        if self.due_at().is_some_and(|due| due <= now.monotonic) {
            if matches!(self.phase, Phase::Idle) {
                self.rewrite_later(now);
            }
            self.load();
        }
    }

    /// Back to rest, if what is waited for is wanted by nobody any more.
    pub(super) fn rest(&mut self) {
        if matches!(self.phase, Phase::Waiting { .. }) && self.callers.is_empty() {
            self.idle();
        }
    }
}
