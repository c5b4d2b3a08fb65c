//! What a family of tokens may die of, and what a refused token must be explained by.

use meshydb_client::error::Reason;

use crate::holder::Presentation;
use crate::plan::Model;
use crate::server::Token;
use crate::world::World;

/// Rotations within which a session knows its own tokens.
const REMEMBERED: usize = 512;

impl World {
    /// A token of a family that lives is refused only if what has become of the answer to its use was nobody's fault here.
    pub(crate) fn check_refusal(&mut self, holder: usize, op: u32, token: Token) {
        let lives = self.server.families[token.family].alive;
        let sender = &self.holders[holder];
        // What its sender has given up may arrive long after.
        let is_awaited = sender.alive && sender.sending == Some(op);
        let mut sends = self.presentations.iter();
        let sent = sends.find(|sent| sent.holder == holder && sent.op == op);
        let has_claim = sent.is_some_and(|sent| {
            !self.does_without(sent) && self.time < sent.at + self.plan.timeout
        });
        let is_refused = lives && is_awaited && !self.server.accepts(token, self.time);
        if is_refused && has_claim && !self.is_explained(token) {
            self.fail(|| format!("{token:?} of h{holder} is refused, and nothing explains it"));
        }
    }

    /// Whether it was sent without a claim: the store took none for longer than one lasts, or what it had could not be read.
    pub(crate) fn does_without(&self, sent: &Presentation) -> bool {
        let cleared_at = self.places[self.holders[sent.holder].account].cleared_at;
        sent.unwritable_for > self.plan.timeout || sent.is_unclaimed && cleared_at.is_some()
    }

    /// Whether each answer to its use may have been lost.
    pub(crate) fn is_explained(&self, token: Token) -> bool {
        let is_forgotten =
            token.index > 0 && token.index + REMEMBERED < self.server.newest(token.family);
        if self.server.is_used_elsewhere(token) || is_forgotten {
            return true;
        }
        let is_use = |sent: &&Presentation| sent.token == token && sent.spent;
        let mut uses = self.presentations.iter().filter(is_use).peekable();
        uses.peek().is_some() && uses.all(|sent| self.may_be_lost(sent))
    }

    /// Whether the tokens that this was answered with may never have come into the store.
    fn may_be_lost(&self, sent: &Presentation) -> bool {
        let sender = &self.holders[sent.holder];
        let window = match self.plan.model {
            Model::Grace(window) => window.min(self.plan.reuse_window),
            _ => -1,
        };
        let has_tokens = sent.answered == Some(true);
        let Token { family, index } = sent.token;
        let used = self.server.families[family].issues[index].spent;
        let is_over = self.time - used.unwrap_or(sent.at) > window;
        let is_lost = !has_tokens && (is_over || sender.thawed_at > sent.at);
        let is_gone = sender.died_at.is_some_and(|died| died >= sent.at) && !sender.has_left;
        let claimed_until = sent.at + self.plan.timeout;
        let stored_at = sent.stored_at.unwrap_or(self.time);
        let is_unstored = has_tokens && stored_at >= claimed_until;
        let has_left_unstored = sender.has_left && sent.stored_at.is_none();
        let place = &self.places[sender.account];
        let cleared_at = place.cleared_at;
        let error = sender.session.snapshot().error;
        let is_replaced = error.is_some_and(|error| error.reason == Some(Reason::Replaced))
            || self.is_replaced(family);
        let sid = sender.session.sid();
        let mut others = self.holders.iter();
        let has_signed_out = others.any(|other| other.has_signed_out && other.session.sid() == sid);
        is_lost
            || is_gone
            || is_unstored
            || has_left_unstored
            || is_replaced
            || self.does_without(sent)
            || sent.twice
            || has_signed_out
            || sender.thawed_at > sent.at
            || cleared_at.is_some_and(|cleared| cleared >= sent.at)
    }

    /// Whether a session with another family's tokens has taken the place of this family's.
    pub(crate) fn is_replaced(&self, family: usize) -> bool {
        self.places.iter().any(|place| {
            let mut sessions = place.families.iter();
            let at = sessions.position(|(_, of)| *of == family);
            at.is_some() && sessions.next().is_some()
        })
    }

    /// Whether the holder has this token for longer than a claim lasts, and could not store it.
    pub(crate) fn is_overdue(&self, holder: usize, token: Token) -> bool {
        let gave = |sent: &Presentation| {
            let Token { family, index } = sent.token;
            sent.holder == holder && family == token.family && index + 1 == token.index
        };
        let mut sends = self.presentations.iter().filter(|sent| gave(sent));
        sends.any(|sent| {
            let is_late = self.time >= sent.at + self.plan.timeout || self.does_without(sent);
            sent.answered == Some(true) && sent.stored_at.is_none() && is_late
        })
    }

    /// A world in which nothing happens that a session may die of.
    pub(crate) fn check_life(&mut self) {
        let lives = self
            .server
            .families
            .first()
            .is_some_and(|family| family.alive);
        let is_there = self.places[0].live().is_some();
        let grants = self.server.families.len() - self.plan.granted_elsewhere();
        if self.plan.must_be_one && grants > 2 {
            self.fail(|| format!("{grants} logins, and those after the first were to be one"));
        }
        if self.plan.must_live && !(lives && is_there) {
            self.fail(|| "the session has died of what it has to survive".into());
        }
    }
}
