//! Who may send the refresh token: this holder, or another that has claimed it.
//!
//! Owns what the holders have told each other, and how long another's claim is waited out here.
//! Knows nothing of requests, or of what comes of a send.

use super::holder::Holder;
use crate::attempt::{Attempt, Claim, Cooldown};
use crate::token::Now;

/// Claims in a row that the store does not take before the token is sent without.
const FAILED_CLAIMS: u8 = 2;
/// Milliseconds after a claim within which its holder may send.
pub(super) const SEND_WITHIN: i64 = 1_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Contest {
    me: Holder,
    /// As it was last read or written.
    pub(super) attempt: Attempt,
    rival: Option<Rival>,
    /// In a row.
    failed_claims: u8,
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
            failed_claims: 0,
        }
    }

    /// Takes what was read. Unless it came with a later generation, what is known of the same token stays known.
    pub(super) fn heard(&mut self, mut attempt: Attempt, is_later: bool) {
        if !is_later {
            attempt.remember(&self.attempt);
        }
        self.attempt = attempt;
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

    /// Whether this holder has ever claimed a send, or is waiting for another's claim.
    pub(super) fn has_begun(&self) -> bool {
        self.rival.is_some() || self.me.has_claimed()
    }

    /// Claims the send of the token with that fingerprint. Another holder whose claim has run out may have sent it.
    pub(super) fn claim(&mut self, token: i64, now: &Now, timeout: i64, has_lock: bool) {
        self.turn_to(token);
        if self.has_rival() {
            self.attempt.unanswered_since.get_or_insert(now.wall);
        }
        let claim = self.me.claim(timeout + SEND_WITHIN, has_lock);
        self.attempt.claim = Some(claim);
    }

    /// No holder claims the send of that token.
    pub(super) fn unclaim(&mut self, token: i64) {
        self.turn_to(token);
        self.attempt.claim = None;
    }

    pub(super) fn claim_failed(&mut self) {
        self.failed_claims += 1;
    }

    /// Whether the store takes no claim.
    pub(super) fn is_claimless(&self) -> bool {
        self.failed_claims >= FAILED_CLAIMS
    }

    /// The next attempt claims again.
    pub(super) fn end_attempt(&mut self) {
        self.failed_claims = 0;
    }

    /// A claim that is seen from now on is waited out from now on.
    pub(super) fn forget_rival(&mut self) {
        self.rival = None;
    }

    /// Notes that no holder may send for a while.
    pub(super) fn cool_down(&mut self, now: &Now, retry_after: Option<u32>) {
        let failures = self.attempt.failures() + 1;
        let random = self.me.roll();
        self.attempt.cooldown = Some(Cooldown::new(now.wall, failures, retry_after, random));
    }

    /// Whether the server may have spent the token with that fingerprint without any holder knowing.
    pub(super) fn is_unanswered(&self, token: i64) -> bool {
        self.attempt.token == token && self.attempt.unanswered_since.is_some()
    }

    /// Forgets the sends of another token, but for the cool-down that followed them.
    fn turn_to(&mut self, token: i64) {
        if self.attempt.token != token {
            self.attempt.token = token;
            self.attempt.claim = None;
            self.attempt.unanswered_since = None;
        }
    }

    /// What a holder is up to that opens a session with another token than that one: it outlives the session that is stored.
    pub(super) fn beside(&self, token: i64) -> Attempt {
        if self.has_rival() && token != self.attempt.token {
            self.attempt
        } else {
            Attempt::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Contest, SEND_WITHIN};
    use crate::attempt::Claim;
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
        contest.claim(TOKEN, &at(5), TIMEOUT, false);
        assert_eq!(contest.attempt.unanswered_since, Some(5));
        let claim = contest.attempt.claim.map(|claim| claim.duration);
        assert_eq!(claim, Some(TIMEOUT + SEND_WITHIN));
        contest.claim(TOKEN + 1, &at(6), TIMEOUT, false);
        assert_eq!(contest.attempt.unanswered_since, None);
    }

    #[test]
    fn a_store_that_takes_no_claim_twice_is_done_without() {
        let mut contest = contest(None);
        contest.claim_failed();
        assert!(!contest.is_claimless());
        contest.claim_failed();
        assert!(contest.is_claimless());
        contest.end_attempt();
        assert!(!contest.is_claimless());
    }

    #[test]
    fn only_the_claim_of_another_token_outlives_the_session() {
        let contest = contest(Some(claimed_by("other", 1)));
        assert_eq!(contest.beside(TOKEN).claim, None);
        assert_eq!(contest.beside(TOKEN + 1), contest.attempt);
    }
}
