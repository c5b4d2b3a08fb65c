//! Who may send the refresh token: this holder, or another that has claimed it.
//!
//! Owns what the holders have told each other, how often and since when the token was sent, and
//! how long another's claim is waited out here. Knows nothing of requests.

use super::hand::GRANT;
use super::holder::Holder;
use super::pauses::{Pauses, Seen};
use super::unwritable::Unwritable;
use crate::attempt::{Attempt, Claim, Cooldown, Sends};
use crate::token::Now;

/// Sends of one token in a row whose answers are lost.
const MOST_SENDS: u8 = 7;
/// How often a server that refuses a young token is asked again, a second later, and two seconds after that.
const MOST_REFUSALS: u8 = 2;
const UNTIL_ASKED_AGAIN: i64 = 1_000;
/// Milliseconds after a claim within which its holder may send.
pub(super) const SEND_WITHIN: i64 = 1_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Contest {
    me: Holder,
    /// As it was last read or written.
    pub(super) attempt: Attempt,
    rival: Option<Rival>,
    unwritable: Unwritable,
    /// Whether the store does not know of the last send, or of what came of it.
    is_unwritten: bool,
    last: Sent,
    first_send: Seen,
    pauses: Pauses,
    /// The fingerprint of the token whose answer this holder lost last.
    lost: i64,
}

/// This holder's last send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Sent {
    /// The number of its claim.
    claim: i64,
    /// Whether the token was certainly not granted.
    is_refused: bool,
}

/// Another holder's claim.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Rival {
    claim: Claim,
    /// When its time has passed here, by the monotonic clock, if the store is looked at all the while.
    until: i64,
}

impl Contest {
    pub(super) fn new(me: Holder) -> Self {
        Self {
            me,
            attempt: Attempt::default(),
            rival: None,
            unwritable: Unwritable::default(),
            is_unwritten: false,
            last: Sent::default(),
            first_send: Seen::default(),
            pauses: Pauses::default(),
            lost: 0,
        }
    }

    /// Takes what was read. Unless it came with a later generation, what could not be written stays known.
    pub(super) fn heard(&mut self, mut attempt: Attempt, is_later: bool, now: &Now) {
        let own = attempt.claim.filter(|claim| self.me.made(claim));
        let is_open = |claim: Claim| claim.number == self.last.claim && !self.last.is_refused;
        if own.is_some_and(|claim| claim.number >= self.last.claim && !is_open(claim)) {
            attempt.forget_send();
        }
        if !is_later && self.is_unwritten {
            attempt.remember(&self.attempt);
        }
        self.attempt = attempt;
        self.note(now);
    }

    /// Remembers when the first send and the cool-down were first seen.
    fn note(&mut self, now: &Now) {
        if let Some(sends) = self.attempt.sends {
            self.first_send.note(sends.since, now);
        }
        if let Some(cooldown) = self.attempt.cooldown {
            self.pauses.note(cooldown, now);
        }
    }

    /// How much longer another holder may be sending. One whose claim was made under the lock that is held here is gone.
    pub(super) fn wait(&mut self, now: &Now, has_lock: bool) -> i64 {
        let Some(claim) = self.attempt.claim else {
            return 0;
        };
        if self.me.made(&claim) || has_lock && claim.locked {
            return 0;
        }
        match &self.rival {
            Some(rival) if rival.claim == claim => (rival.until - now.monotonic).max(0),
            _ => {
                let until = now.monotonic + claim.duration;
                self.rival = Some(Rival { claim, until });
                claim.duration
            }
        }
    }

    /// Whether another holder has claimed the send.
    pub(super) fn has_rival(&self) -> bool {
        let claim = &self.attempt.claim;
        claim.as_ref().is_some_and(|claim| !self.me.made(claim))
    }

    /// Forgets this holder's claim; whether there was one.
    pub(super) fn take_own(&mut self) -> bool {
        let is_own = |claim: &mut Claim| self.me.made(claim);
        self.attempt.claim.take_if(is_own).is_some()
    }

    /// Whether this holder has ever claimed a send, or is waiting for another's claim.
    pub(super) fn has_begun(&self) -> bool {
        self.rival.is_some() || self.me.has_claimed()
    }

    /// Claims the send of the token with that fingerprint, and counts it: its answer may be lost.
    pub(super) fn claim(&mut self, token: i64, now: &Now, timeout: i64, has_lock: bool) {
        self.turn_to(token);
        self.count(now);
        let claim = self.me.claim(timeout + SEND_WITHIN, has_lock);
        self.attempt.claim = Some(claim);
    }

    /// Counts a send of that token which no holder claims.
    pub(super) fn unclaimed(&mut self, token: i64, now: &Now) {
        self.turn_to(token);
        self.attempt.claim = None;
        self.is_unwritten = true;
        self.count(now);
    }

    fn count(&mut self, now: &Now) {
        let since = now.wall;
        let sends = self.attempt.sends.get_or_insert(Sends { since, count: 0 });
        sends.count = sends.count.saturating_add(1);
        self.note(now);
    }

    pub(super) fn sent(&mut self) {
        self.last = Sent {
            claim: self.me.claims(),
            is_refused: false,
        };
    }

    /// What was sent last was certainly not granted.
    pub(super) fn not_granted(&mut self) {
        self.last.is_refused = true;
        self.attempt.forget_send();
    }

    /// Notes that the answer is lost. Whether it is the first of this token, as far as anybody knows.
    pub(super) fn lost_first(&mut self) -> bool {
        let is_first = matches!(self.attempt.sends, Some(Sends { count: 1, .. }));
        let is_own_first = self.lost != self.attempt.token;
        self.lost = self.attempt.token;
        is_first && is_own_first
    }

    /// What is known of the token is of no use any more: there is another, or the same was granted again.
    pub(super) fn granted(&mut self) {
        self.attempt = Attempt::default();
        self.lost = 0;
    }

    /// Whether a token whose answer was lost may be sent again by itself at `until`: not often, and only within `window`
    /// milliseconds of the first send.
    pub(super) fn may_repeat(&self, until: i64, window: i64) -> bool {
        let sends = self.attempt.sends;
        sends.is_some_and(|sends| sends.count < MOST_SENDS) && until - self.first_send.at < window
    }

    /// Whether the server is to be asked again, since it may not know the token yet; after a pause, which begins now.
    pub(super) fn ask_again(&mut self, now: &Now) -> bool {
        if self.attempt.refusals >= MOST_REFUSALS {
            return false;
        }
        self.attempt.refusals += 1;
        let cooldown = Cooldown {
            since: now.wall,
            duration: i64::from(self.attempt.refusals) * UNTIL_ASKED_AGAIN,
            failures: self.attempt.failures(),
        };
        self.rest(now, cooldown);
        true
    }

    /// The claim is not in the store: nothing is sent under it.
    pub(super) fn claim_lost(&mut self) {
        self.attempt.forget_send();
        self.attempt.claim = None;
    }

    pub(super) fn claim_failed(&mut self, now: &Now, timeout: i64) {
        self.claim_lost();
        self.unwritable.failed(now, timeout + SEND_WITHIN);
    }

    /// The store has answered a write: it took that, or there was something else.
    pub(super) fn written(&mut self, is_taken: bool) {
        self.unwritable.answered(is_taken);
        self.is_unwritten &= !is_taken;
    }

    /// The store does not know what came of the last send.
    pub(super) fn not_written(&mut self) {
        self.is_unwritten = true;
    }

    /// Whether the store takes claims.
    pub(super) fn unwritable(&self) -> &Unwritable {
        &self.unwritable
    }

    /// The next attempt claims again.
    #[inline(never)]
    pub(super) fn end_attempt(&mut self) {
        self.unwritable.end_attempt();
    }

    /// A claim that is seen from now on is waited out from now on.
    pub(super) fn forget_rival(&mut self) {
        self.rival = None;
    }

    /// Notes that no holder may send for a while.
    pub(super) fn cool_down(&mut self, now: &Now, retry_after: Option<u32>) {
        let sends = self.attempt.sends.map_or(0, |sends| u32::from(sends.count));
        let failures = sends.max(self.attempt.failures() + 1);
        let random = self.me.roll();
        self.rest(now, Cooldown::new(now.wall, failures, retry_after, random));
    }

    fn rest(&mut self, now: &Now, cooldown: Cooldown) {
        self.attempt.cooldown = Some(cooldown);
        self.pauses.begin(self.attempt.token, cooldown, now);
    }

    /// Milliseconds until this holder may send the token with that fingerprint.
    pub(super) fn cooling(&self, token: i64, now: &Now) -> i64 {
        self.pauses.left(token, self.attempt.cooldown, now)
    }

    /// The network is back.
    pub(super) fn hasten(&mut self) {
        if let Some(cooldown) = self.attempt.cooldown {
            self.pauses.waive(cooldown);
        }
    }

    /// Whether the server may have granted the token with that fingerprint without any holder knowing.
    pub(super) fn is_unanswered(&self, token: i64) -> bool {
        self.attempt.token == token && self.attempt.sends.is_some()
    }

    /// Forgets the sends of another token, but for the cool-down that followed them.
    fn turn_to(&mut self, token: i64) {
        if self.attempt.token != token {
            self.attempt.token = token;
            self.attempt.claim = None;
            self.attempt.sends = None;
            self.attempt.refusals = 0;
        }
    }

    /// What to tell others of the token with that fingerprint, which they do not have yet.
    pub(super) fn known_of(&self, token: i64) -> Attempt {
        Attempt {
            claim: self
                .attempt
                .claim
                .filter(|claim| self.attempt.token != token && !self.me.made(claim)),
            ..self.attempt
        }
    }

    /// What holders are up to with another token than these two, the one that is used and the stored one: it outlives both. Who
    /// sends a grant for all joins what is stored.
    pub(super) fn beside(&self, token: i64, stored: i64) -> Attempt {
        if [token, stored, GRANT].contains(&self.attempt.token) {
            Attempt::default()
        } else {
            self.known_of(token)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Contest, SEND_WITHIN};
    use crate::attempt::{Claim, Sends};
    use crate::session::holder::Holder;
    use crate::token::Now;

    const TIMEOUT: i64 = 10_000;
    const TOKEN: i64 = 7;

    fn at(milliseconds: i64) -> Now {
        Now {
            wall: milliseconds,
            monotonic: milliseconds,
        }
    }

    fn claimed_by(name: &str, number: i64) -> Claim {
        let mut holder = Holder::new(name);
        for _ in 1..number {
            holder.claim(TIMEOUT, true);
        }
        holder.claim(TIMEOUT, true)
    }

    fn contest(claim: Option<Claim>) -> Contest {
        let mut contest = Contest::new(Holder::new("me"));
        contest.attempt.token = TOKEN;
        contest.attempt.claim = claim;
        contest
    }

    #[test]
    fn another_claim_is_waited_out_from_when_it_was_first_seen() {
        let mut contest = contest(Some(claimed_by("other", 1)));
        assert_eq!(contest.wait(&at(0), false), TIMEOUT);
        assert_eq!(contest.wait(&at(4_000), false), TIMEOUT - 4_000);
        assert_eq!(contest.wait(&at(TIMEOUT), false), 0);
    }

    #[test]
    fn a_renewed_claim_is_waited_out_anew() {
        let mut contest = contest(Some(claimed_by("other", 1)));
        contest.wait(&at(0), false);
        contest.attempt.claim = Some(claimed_by("other", 2));
        assert_eq!(contest.wait(&at(4_000), false), TIMEOUT);
        assert_eq!(contest.wait(&at(5_000), false), TIMEOUT - 1_000);
        contest.forget_rival();
        assert_eq!(contest.wait(&at(6_000), false), TIMEOUT);
    }

    #[test]
    fn what_was_claimed_under_the_lock_that_is_held_is_not_waited_for() {
        let mut contest = contest(Some(claimed_by("other", 1)));
        assert_eq!(contest.wait(&at(0), true), 0);
        let own = Some(claimed_by("me", 1));
        contest.attempt.claim = own;
        assert_eq!(contest.wait(&at(0), false), 0);
        assert!(!contest.has_rival());
    }

    #[test]
    fn a_holder_that_takes_over_cannot_know_whether_the_token_was_sent() {
        let mut contest = contest(Some(claimed_by("other", 1)));
        contest.attempt.sends = Some(Sends { since: 3, count: 1 });
        contest.claim(TOKEN, &at(5), TIMEOUT, false);
        assert_eq!(contest.attempt.sends, Some(Sends { since: 3, count: 2 }));
        let claim = contest.attempt.claim.map(|claim| claim.duration);
        assert_eq!(claim, Some(TIMEOUT + SEND_WITHIN));
        contest.claim(TOKEN + 1, &at(6), TIMEOUT, false);
        assert_eq!(contest.attempt.sends, Some(Sends { since: 6, count: 1 }));
    }

    #[test]
    fn only_the_claim_of_another_token_outlives_the_session() {
        let contest = contest(Some(claimed_by("other", 1)));
        assert_eq!(contest.beside(TOKEN, 0).claim, None);
        assert_eq!(contest.beside(TOKEN + 1, 0), contest.attempt);
    }
}
