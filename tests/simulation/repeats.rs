//! When a token is sent again: not before it may be, and at once where it must be.

use meshydb_client::event::Input;

use crate::checks::SHORTEST_PAUSE;
use crate::holder::Presentation;
use crate::phases::may_lead;
use crate::server::Token;
use crate::world::World;

const SENDS_AT_ONCE: usize = 3;

impl World {
    /// A holder sends a token again only if its answer was lost, soon and not often, or after a pause.
    pub(crate) fn check_again(&mut self, holder: usize, token: Token) {
        let own = self.presentations.iter();
        let own = own.filter(|sent| sent.holder == holder && sent.token == token);
        let (mut row, mut first, mut last): (usize, i64, Option<&Presentation>) = (0, 0, None);
        for sent in own {
            let rests = last.is_none_or(|last| {
                last.answered == Some(true) || sent.at >= last.closed + SHORTEST_PAUSE
            });
            if rests {
                (row, first) = (0, sent.at);
            }
            row += 1;
            last = Some(sent);
        }
        let Some(last) = last else {
            return;
        };
        let has_tokens = last.answered == Some(true);
        let (is_lost, rests) = (last.lost, self.time >= last.closed + SHORTEST_PAUSE);
        let in_time = last.closed < first + self.plan.reuse_window;
        if has_tokens && self.is_spendable() {
            self.fail(|| {
                format!("{token:?} is presented again by h{holder}, which has a later one")
            });
        }
        let may = is_lost && row < SENDS_AT_ONCE && in_time;
        let is_sound = self.clocks_agree && self.is_spendable() && !self.has_store_fault;
        if !has_tokens && !rests && !may && is_sound {
            self.fail(|| format!("{token:?} is presented again by h{holder} without a pause"));
        }
    }

    /// Whether the token that was sent last must be sent again at once, now that its answer is lost.
    fn owes_a_send(&self, holder: usize) -> bool {
        let own = |sent: &&Presentation| sent.holder == holder;
        let Some(last) = self.presentations.iter().rfind(own) else {
            return false;
        };
        let is_again = |sent: &&Presentation| own(sent) && sent.token == last.token;
        let mut sends = self.presentations.iter().filter(is_again);
        let first = sends.next().map_or(0, |first| first.at);
        let again = sends.count();
        let state = &self.holders[holder];
        let generation = state.session.snapshot().generation;
        let stored = state.expected.stored.live();
        let is_stored = stored.is_some_and(|record| record.generation == generation);
        let is_paused = state.expected.attempt.cooldown.is_some();
        let is_sound = self.clocks_agree && is_stored && (again == 0 || !self.has_store_fault);
        state.session.phase() == "Sending"
            && self.time < first + self.plan.reuse_window
            && again + 1 < SENDS_AT_ONCE
            && !is_paused
            && is_sound
    }

    /// The phase before an input, and whether that must lead to another send.
    pub(crate) fn before(&self, holder: usize, input: &Input) -> (&'static str, bool) {
        let is_lost = matches!(input, Input::Replied(Err(error)) if error.is_lost_answer());
        let phase = self.holders[holder].session.phase();
        (phase, is_lost && self.owes_a_send(holder))
    }

    /// A phase leads where the table of phases says, and to another send where the token is owed one.
    pub(crate) fn check_step(&mut self, holder: usize, (before, is_owed): (&str, bool)) {
        let after = self.holders[holder].session.phase();
        if is_owed && !matches!(after, "Claiming" | "Sending") {
            self.fail(|| format!("h{holder} gives up a token that it may send again at once"));
        }
        if !may_lead(before, after) {
            self.fail(|| format!("{before} leads to {after}"));
        }
    }
}
