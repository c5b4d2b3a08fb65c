//! What a session does because time has passed.

use super::opening::{no_store, unreadable};
use super::phase::Step;
use super::{Aim, Common, Phase, Session};
use crate::error::{Error, Reason};
use crate::oauth;
use crate::record::Stored;
use crate::token::Now;

/// Milliseconds by which a timer may be late before those who wait count as having slept.
const LATE: i64 = 1_000;

impl Session {
    /// When [`Input::Woke`](crate::event::Input::Woke) is due, by the monotonic clock.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "an answer ends the other phases"
    )]
    pub fn wake_at(&self) -> Option<i64> {
        let common = &self.common;
        let due = match &self.phase {
            Phase::Waiting { until, .. } => *until,
            Phase::Idle => common.rewrite_at().min(common.hand.lapses_at()),
            Phase::Ending { step, .. } => common.ending_due(*step),
            _ => i64::MAX,
        };
        let wake_at = due.min(common.callers.deadline());
        (wake_at < i64::MAX).then_some(wake_at)
    }

    /// Whether anything is under way that would be lost with its process.
    pub fn is_busy(&self) -> bool {
        let is_stored = matches!(self.phase, Phase::Idle) && !self.common.degraded;
        !is_stored && !matches!(self.phase, Phase::Over(_) | Phase::Absent)
    }

    /// Whether the process must live on until then, though no caller waits: a record is not stored yet.
    pub fn is_needed(&self) -> bool {
        let common = &self.common;
        let until = common.rewrite.until(common.config.timeout);
        common.degraded && self.wake_at().is_some_and(|at| at < until)
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

    /// When a session that is ending goes on by itself, or has kept those who sign out waiting for long enough.
    fn ending_due(&self, step: Step) -> i64 {
        let again = if step == Step::Waiting {
            self.rewrite.at()
        } else {
            i64::MAX
        };
        again.min(self.leaving_until())
    }

    fn leaving_until(&self) -> i64 {
        if self.departure.is_awaited() {
            self.rewrite.until(self.config.timeout)
        } else {
            i64::MAX
        }
    }

    pub(super) fn woke(&mut self, now: &Now, phase: Phase) -> Phase {
        let error = if self.look.is_silent() || self.contest.unwritable().is_so() {
            no_store()
        } else if self.look.stored.is_readable() {
            oauth::no_answer(true)
        } else {
            unreadable()
        };
        let mut is_late = self.callers.late(now);
        self.settle_those(&Err(error), &mut is_late);
        if matches!(phase, Phase::Ending { .. }) && self.leaving_until() <= now.monotonic {
            for caller in self.departure.given_up() {
                self.settle(caller, Err(no_store()));
            }
        }
        match self.rest(phase) {
            Phase::Waiting { until, aim } if until <= now.monotonic => {
                if now.monotonic - until > LATE {
                    self.contest.forget_rival();
                }
                self.read(aim)
            }
            Phase::Ending {
                end,
                step: Step::Waiting,
            } if self.rewrite.is_due(now) => self.ending(end, Step::Reading),
            Phase::Idle if self.rewrite_at() <= now.monotonic => {
                self.rewrite.put_off(now, self.config.timeout);
                self.read(Aim::Refresh)
            }
            Phase::Idle if self.hand.lapses_at() <= now.monotonic => {
                self.over(Error::ended(Reason::Expired))
            }
            phase => phase,
        }
    }

    /// Back to rest, if nobody is left to wait.
    pub(super) fn rest(&mut self, phase: Phase) -> Phase {
        match phase {
            Phase::Waiting { .. } if !self.callers.is_waited_for() => self.idle(),
            phase => phase,
        }
    }
}
