//! What a session does because time has passed.

use super::opening::no_store;
use super::{Aim, Common, Lock, Phase, Session};
use crate::oauth;
use crate::record::Stored;
use crate::token::Now;

impl Session {
    /// When [`Input::Woke`](crate::event::Input::Woke) is due, by the monotonic clock.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "an answer ends the other phases"
    )]
    pub fn wake_at(&self) -> Option<i64> {
        let due = match self.phase {
            Phase::Waiting { until, .. } => until,
            Phase::Idle => self.common.rewrite_at(),
            _ => i64::MAX,
        };
        let wake_at = due.min(self.common.callers.deadline());
        (wake_at < i64::MAX).then_some(wake_at)
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "an answer ends the other phases"
)]
impl Common {
    /// When a record that could not be stored is written again.
    fn rewrite_at(&self) -> i64 {
        let is_hopeless = matches!(self.look.stored, Stored::Newer);
        if self.degraded && !is_hopeless {
            self.rewrite.at()
        } else {
            i64::MAX
        }
    }

    pub(super) fn woke(&mut self, now: &Now, phase: Phase) -> Phase {
        if self.lock == Lock::Queued || matches!(phase, Phase::Committing(_)) {
            let timeout = self.config.timeout;
            self.callers.extend_deadlines(now.monotonic, timeout);
        }
        let late = if self.look.is_silent() {
            no_store()
        } else {
            oauth::no_answer(true)
        };
        self.settle_those(&Err(late), &mut |caller| caller.is_late(now));
        match self.rest(phase) {
            Phase::Waiting { until, aim } if until <= now.monotonic => self.read(aim),
            Phase::Idle if self.rewrite_at() <= now.monotonic => {
                self.put_off_rewrite(now);
                self.read(Aim::Refresh)
            }
            phase => phase,
        }
    }

    /// Back to rest, if no caller is left to wait.
    pub(super) fn rest(&mut self, phase: Phase) -> Phase {
        match phase {
            Phase::Waiting { .. } if self.callers.is_empty() => self.idle(),
            phase => phase,
        }
    }
}
