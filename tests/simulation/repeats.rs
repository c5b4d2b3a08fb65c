//! When a token is sent again: not before it may be, and at once where it must be.

use crate::checks::{CLOCKS_APART, SHORTEST_PAUSE};
use crate::holder::Presentation;
use crate::phases::may_lead;
use crate::server::Token;
use crate::world::World;

/// How much longer than others whoever has no caller waits, and for its store.
const PATIENCE: i64 = 3_000;
/// Sends in a row of a token whose answers are lost.
const MOST_SENDS: usize = 7;

impl World {
    /// A token is sent again only if its answer was lost, at once one time, or after a pause; and not often.
    pub(crate) fn check_again(&mut self, holder: usize, token: Token) {
        let own = |sent: &&Presentation| sent.holder == holder && sent.token == token;
        let Some(last) = self.presentations.iter().rfind(own) else {
            return self.check_pause(holder, token);
        };
        if last.answered == Some(true)
            && self.is_spendable()
            && self.places[self.holders[holder].account]
                .cleared_at
                .is_none()
        {
            return self.fail(|| {
                format!("{token:?} is presented again by h{holder}, which has a later one")
            });
        }
        let mut own_before = self.presentations.iter().rev().filter(own);
        let row = own_before.by_ref().take_while(|sent| sent.lost).count();
        let has_rested = self.time >= last.closed + SHORTEST_PAUSE
            || self.holders[holder]
                .online_at
                .max(self.holders[holder].jumped_at)
                >= last.closed;
        let is_at_once = last.is_owed && !last.late && row == 1;
        if self.is_spendable() && last.answered == Some(false) && !has_rested && !is_at_once {
            self.fail(|| format!("{token:?} is presented again by h{holder} without a pause"));
        }
        self.check_pause(holder, token);
    }

    /// Whether the clocks of all are less than a minute apart: farther, and they cannot wait for each other's pauses.
    pub(crate) fn clocks_are_near(&self) -> bool {
        let offsets = self.holders.iter();
        let (least, most) = offsets.fold((i64::MAX, i64::MIN), |(least, most), holder| {
            (least.min(holder.offset), most.max(holder.offset))
        });
        most.saturating_sub(least) < CLOCKS_APART
    }

    /// Nobody sends while all are to wait, and no token is sent too often.
    fn check_pause(&mut self, holder: usize, token: Token) {
        let state = &self.holders[holder];
        let place = &self.places[state.account];
        let is_known = state.unwritable_since.is_none() && state.online_at < 0;
        let is_own = place
            .live()
            .and_then(|record| record.refresh_token.as_ref());
        let is_own = is_own.is_some_and(|own| Token::of_refresh(own) == token);
        let are_near = self.clocks_are_near();
        if self.time < place.cools_until && is_known && is_own && are_near && self.is_spendable() {
            self.fail(|| format!("{token:?} is presented by h{holder} in a pause"));
        }
        let since = self.time - self.plan.reuse_window;
        let lost = |sent: &&Presentation| {
            sent.token == token && sent.lost && sent.at > since && !sent.is_unclaimed
        };
        let sent = self.presentations.iter().filter(lost).count();
        if sent >= MOST_SENDS
            && are_near
            && self.is_spendable()
            && self.places[self.holders[holder].account]
                .cleared_at
                .is_none()
        {
            self.fail(|| format!("{token:?} is sent too often"));
        }
    }

    /// Whether the token whose answer was lost last must be sent again, though nobody waits.
    fn owes_a_send(&self, holder: usize) -> bool {
        let own = |sent: &&Presentation| sent.holder == holder;
        let Some(last) = self.presentations.iter().rfind(own) else {
            return false;
        };
        let is_again = |sent: &&Presentation| sent.token == last.token;
        let mut sends = self.presentations.iter().filter(is_again);
        let first = sends.next().map_or(0, |first| first.at);
        let again = sends.count();
        let state = &self.holders[holder];
        let held = state.session.held();
        let held = held.and_then(|record| record.refresh_token.as_ref());
        let is_held = held.is_some_and(|held| Token::of_refresh(held) == last.token);
        let attempt = &state.expected.attempt;
        // A claim whose holder died before it sent is a send, too, as far as anybody knows.
        let is_counted = attempt.sends.map_or(0, |sends| usize::from(sends.count)) == again + 1;
        let pause = attempt.cooldown.map_or(0, |cooldown| cooldown.duration);
        let is_in_time =
            self.time.max(last.closed + pause + PATIENCE) < first + self.plan.reuse_window;
        let is_able = state.unwritable_since.is_none() && state.thawed_at < first;
        let is_last = self
            .presentations
            .last()
            .is_some_and(|sent| sent.op == last.op && own(&sent));
        last.answered == Some(false)
            && last.is_owed
            && is_last
            && is_held
            && is_able
            && is_in_time
            && is_counted
            && again + 1 < MOST_SENDS
    }

    /// A phase leads where the table of phases says, and not to rest while a send is owed.
    pub(crate) fn check_step(&mut self, holder: usize, before: &str) {
        let after = self.holders[holder].session.phase();
        if after == "Idle" && before != "Idle" && self.owes_a_send(holder) {
            self.fail(|| format!("h{holder} gives up a token that it may send again"));
        }
        if !may_lead(before, after) {
            self.fail(|| format!("{before} leads to {after}"));
        }
    }
}
