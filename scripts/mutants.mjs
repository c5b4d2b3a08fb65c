/** Faults of design: name, what the core has in one place, what the fault has instead. */
export const mutants = [
  ["no second look after a refusal", "self.read(Aim::End(error))", "self.over(self.proven(&error))"],
  [
    "a sign-out that ends whatever is there",
    "if let Some(record) = self.look.live(&self.sid).cloned() {",
    "if let Some(record) = self.look.stored.live().cloned() {",
  ],
  [
    "the session ends on a 5xx",
    "self.code == Code::InvalidGrant && matches!(self.status, Some(400 | 401 | 403))",
    "self.code == Code::InvalidGrant || self.code == Code::Unavailable",
  ],
  [
    "the session ends on a 403",
    "self.code == Code::InvalidGrant && matches!(self.status, Some(400 | 401 | 403))",
    "self.code == Code::InvalidGrant || self.status == Some(403)",
  ],
  [
    "a lost answer is asked for again without a claim",
    "return if self.contest.attempt.claim.is_some() {",
    "return if self.contest.attempt.claim.is_none() {",
  ],
  ["an older generation is adopted", "if record.generation > generation {", "if record.generation != generation {"],
  [
    "a newer generation is not adopted",
    "if record.generation > generation {",
    "if record.generation > generation + 1 {",
  ],
  [
    "a dead holder under the lock is waited out",
    "if self.me.made(&claim) || has_lock && claim.locked {",
    "if self.me.made(&claim) {",
  ],
  [
    "a claim made without the lock counts as dead",
    "if self.me.made(&claim) || has_lock && claim.locked {",
    "if self.me.made(&claim) || has_lock {",
  ],
  ["claims are not looked at", "(rival.until - now.monotonic).max(0)", "0"],
  [
    "a claim is waited for from each look anew",
    "Some(rival) if rival.claim == claim =>",
    "Some(rival) if rival.claim == claim && rival.until < 0 =>",
  ],
  [
    "a renewed claim is not waited for anew",
    "Some(rival) if rival.claim == claim =>",
    "Some(rival) if rival.claim.holder == claim.holder =>",
  ],
  [
    "its own claim keeps a holder waiting",
    "if self.me.made(&claim) || has_lock && claim.locked {",
    "if has_lock && claim.locked {",
  ],
  [
    "a send long after the claim",
    "if !done || now.since(at) > SEND_WITHIN {",
    "if !done || now.since(at) > 1_000 * SEND_WITHIN {",
  ],
  [
    "a send while the store does not answer",
    "if self.must_be_readable() {",
    "if self.must_be_readable() && !self.look.is_silent() {",
  ],
  [
    "a claim's time passes while the store does not answer",
    "                self.contest.forget_rival();\n                self.degraded = true;",
    "                self.degraded = true;",
  ],
  [
    "nobody looks while another's claim lasts",
    "return self.wait(now.monotonic + wait.min(NEXT_LOOK), aim);",
    "return self.wait(now.monotonic + wait, aim);",
  ],
  [
    "a token that could not be stored is written again too late",
    "self.at = now.monotonic + wait.min(timeout / 2);",
    "self.at = now.monotonic + wait.max(2 * timeout);",
  ],
  [
    "no second look after a claim that the store does not take",
    "if !done || now.since(at) > SEND_WITHIN {",
    "if now.since(at) > SEND_WITHIN {",
  ],
  [
    "a claim shorter than its send",
    "self.me.claim(timeout + SEND_WITHIN, has_lock);",
    "self.me.claim(timeout / 2, has_lock);",
  ],
  ["a send without a claim", "Aim::Refresh => self.claim(now),", "Aim::Refresh => self.send(),"],
  [
    "a lost claim is sent all the same",
    "Phase::Claiming { .. } if lost => {\n                self.contest.claim_lost();\n                self.read(Aim::Refresh)\n            }",
    "Phase::Claiming { at } if lost => self.claimed(now, at, true),",
  ],
  [
    "a lost commit revokes what came",
    "Standing::Behind(record) => self.catch_up(now, record),\n            Standing::Over(reason) => {",
    "Standing::Behind(record) => {\n                self.revoke(next.record.refresh_token.as_ref());\n                self.catch_up(now, record)\n            }\n            Standing::Over(reason) => {",
  ],
  [
    "a lost commit is forgotten",
    "Phase::Committing(next) if lost => self.read_for(Phase::Committing(next)),",
    "Phase::Committing(_) if lost => self.idle(),",
  ],
  [
    "callers are settled before the commit",
    "let mut next = record.rotated(tokens, *now);",
    "let mut next = record.rotated(tokens, *now);\n                let early = Ok(Some(next.access_token.clone()));\n                self.settle_those(&early, &mut |_| true);",
  ],
  [
    "the lock is kept through a cool-down",
    "if is_barred || !self.look.is_silent() && !is_unstored {",
    "if is_barred && !self.look.is_silent() && !is_unstored {",
  ],
  [
    "the lock is given back while the store does not answer",
    "if is_barred || !self.look.is_silent() && !is_unstored {",
    "if is_barred || self.look.is_silent() || !is_unstored {",
  ],
  ["the lock is never given back", "if self.lock.release() {", "if self.lock.release() && false {"],
  [
    "a lock that comes too late is kept",
    "                self.unlock();\n                self.lock = Lock::Free;",
    "                self.lock = Lock::Free;",
  ],
  [
    "a cool-down is not looked at",
    "if is_refresh && self.cooling(now) > 0 {",
    "if is_refresh && self.cooling(now) < 0 {",
  ],
  [
    "a cool-down by the other machine's clock",
    "if passed < -SKEW {\n            return 0;\n        }\n        (self.duration - seen.max(passed - SKEW)).max(0)",
    "(self.duration - passed.max(seen.min(passed))).max(0)",
  ],
  [
    "no cool-down after a failure",
    "if !error.ends_session() {\n            self.contest.cool_down(now, error.retry_after);\n        }",
    "",
  ],
  [
    "a backoff that does not grow",
    "let failures = sends.max(self.attempt.failures() + 1);",
    "let failures = sends.max(self.attempt.failures() + 1).min(1);",
  ],
  [
    "failures are forgotten by whoever takes over",
    "            self.attempt.token = token;\n            self.attempt.claim = None;",
    "            self.attempt.token = token;\n            self.attempt.cooldown = None;\n            self.attempt.claim = None;",
  ],
  [
    "an unanswered send is not remembered",
    "if !error.is_unanswered() {\n            self.contest.not_granted();\n        }",
    "self.contest.not_granted();",
  ],
  [
    "a refusal ends a session while another holder may be answered",
    "let wait = self.contest.wait(now, self.lock == Lock::Held);",
    "let wait = if is_refresh {\n            self.contest.wait(now, self.lock == Lock::Held)\n        } else {\n            0\n        };",
  ],
  [
    "a foreign token is sent though it is the session's",
    "if record.knows(token) => {",
    "if record.knows(token) && false => {",
  ],
  [
    "a session that took another's place goes on",
    "(_, Place::Beside(_) | Place::Stored) => Standing::Over(Reason::Replaced),",
    "(_, Place::Beside(_) | Place::Stored) => Standing::Current,",
  ],
  [
    "an end in the store is not heeded",
    ") if ended == sid => Standing::Over(*reason),",
    ") if ended == sid && *reason == Reason::Removed => Standing::Over(*reason),",
  ],
  [
    "a sign-out is tried once",
    "if self.rewrite.at_once() {\n            return self.ending(end, Step::Reading);",
    "if self.rewrite.at_once() {\n            return Phase::Over(end);",
  ],
  [
    "a sign-out forgets a write that may still come",
    "matches!(self.look.place, Place::Beside(_)) && !is_over",
    "matches!(self.look.place, Place::Beside(_)) && !is_over && false",
  ],
  [
    "callers have no deadline",
    "deadline: now.monotonic + timeout,\n            limit: now.monotonic + 2 * timeout + STORE_TIME,",
    "deadline: now.monotonic + 100_000,\n            limit: now.monotonic + 2 * timeout + 100_000,",
  ],
  ["no alarm is set", "(wake_at < i64::MAX).then_some(wake_at)", "(wake_at < 0).then_some(wake_at)"],
  [
    "a call waits through any cool-down",
    "(is_repeat || self.sends < LONGEST_WAIT) && until < self.deadline",
    "is_repeat || until < self.deadline + 1_000_000",
  ],
  [
    "a refresh ahead never stops",
    "self.rewrite = Rewrite::new(now);\n            self.callers.forget_wishes();",
    "self.rewrite = Rewrite::new(now);\n            let prefetch = self.callers.prefetch;\n            self.callers.forget_wishes();\n            self.callers.prefetch = prefetch;",
  ],
  [
    "a foreign claim is written over by a login",
    "if [token, stored, GRANT].contains(&self.attempt.token) {",
    "if [token, stored, self.attempt.token].contains(&self.attempt.token) {",
  ],
  [
    "the old token is gone back to when the store fails",
    "self.hand.put(Tokens::Record(record.clone()));\n        self.degraded = !stored;",
    "if stored || self.hand.record().is_none() {\n            self.hand.put(Tokens::Record(record.clone()));\n        }\n        self.degraded = !stored;",
  ],
  ["a lost swap counts as a store that fails", "const LOST_WRITES: u8 = 8;", "const LOST_WRITES: u8 = 0;"],
  [
    "a lost answer is asked for again at once each time",
    "let is_first = error.is_unanswered() && self.contest.lost_first();",
    "let is_first = error.is_unanswered();",
  ],
  [
    "nobody goes on after a lost answer without callers",
    "self.callers.repeat = is_asked_again || self.is_repeated(until, &error);",
    "self.callers.repeat = is_asked_again;",
  ],
  ["no repeat after the first", "sends.count < MOST_SENDS)", "sends.count < 2)"],
  ["repeats without a limit of seven", "sends.count < MOST_SENDS)", "sends.count < u8::MAX)"],
  [
    "the time of other holders counts against callers",
    "None if is_held_up => self.held_up_at",
    "None if is_held_up && now.monotonic < 0 => self.held_up_at",
  ],
  [
    "a 5xx is not remembered as unanswered",
    "Code::Network | Code::Timeout | Code::Unavailable => !self.never_sent,",
    "Code::Network | Code::Timeout => !self.never_sent,\n            Code::Unavailable => false,",
  ],
  [
    "the refusal of a young token is not asked for again",
    "if self.is_young(now) && self.contest.ask_again(now) {",
    "if self.is_young(now) && now.monotonic < 0 && self.contest.ask_again(now) {",
  ],
  ["a 403 with invalid_grant does not end the session", "Some(400 | 401 | 403)", "Some(400 | 401)"],
  [
    "the lock is given back while a token is not stored",
    "if is_barred || !self.look.is_silent() && !is_unstored {",
    "if is_barred || !self.look.is_silent() {",
  ],
  [
    "a token that could not be stored is not written again by itself",
    "if self.degraded && !is_hopeless {",
    "if self.degraded && is_hopeless {",
  ],
  [
    "a sign-out that gives up while the store fails",
    "self.rewrite.put_off(now, self.config.timeout);\n        Phase::Ending {\n            end,\n            step: Step::Waiting,\n        }",
    "self.rewrite.put_off(now, self.config.timeout);\n        Phase::Over(end)",
  ],
  ["only eight past tokens are remembered", "const PAST: usize = 514;", "const PAST: usize = 8;"],
  [
    "adopt does not join the live session",
    "(is_adopted && is_known).then_some(stored)",
    "(is_adopted && is_known && self.hand.record().is_some()).then_some(stored)",
  ],
  [
    "adopt revokes what it replaces",
    "if matches!(self.hand.tokens(), Tokens::Grant(_)) {\n            self.replaced",
    "if !matches!(self.hand.tokens(), Tokens::Foreign(_)) {\n            self.replaced",
  ],
  [
    "who was replaced in mid-refresh revokes what came",
    "if reason != Reason::Replaced {",
    "if reason == Reason::Replaced || reason != Reason::Replaced {",
  ],
  [
    "what is new is told by its text",
    "let Commit { record, is_fresh } = next;",
    "let Commit { record, .. } = next;\n        let before = self.hand.record().map(|held| &held.access_token);\n        let is_fresh = before != Some(&record.access_token);",
  ],
  [
    "a 401 always refreshes",
    "if unauthorized && self.keeps_token(now, &phase) {",
    "if unauthorized && self.keeps_token(now, &phase) && false {",
  ],
  [
    "a session without a refresh token ends on a call alone",
    "common.rewrite_at().min(common.hand.lapses_at())",
    "common.rewrite_at()",
  ],
  [
    "a session without a refresh token never ends",
    "if self.refresh_token.is_none() && self.expiry_known {",
    "if self.refresh_token.is_none() && self.expiry_known && false {",
  ],
  [
    "a cool-down by wall clocks alone",
    "(self.duration - seen.max(passed - SKEW)).max(0)",
    "(self.duration - passed.max(seen.min(passed))).max(0)",
  ],
  ["no bound for min_validity", "self.wanted.min_validity.min(validity.lifetime() / 2)", "self.wanted.min_validity"],
  [
    "a send without a claim after two failures",
    "self.is_certain() && self.span.is_some_and(is_long)",
    "self.is_certain() && (self.span.is_some_and(is_long) || self.is_so())",
  ],
  [
    "an orphaned lock is waited for in full each time",
    "(Lock::Doubtful, _) => SHORT_WAIT,",
    "(Lock::Doubtful, 0) => longest,",
  ],
  [
    "a corrupt record does not stop a send",
    "is_unreadable && self.look.has_stored() ||",
    "is_unreadable && self.look.is_silent() && self.look.has_stored() ||",
  ],
  [
    "each of those who restore or log in logs in for itself",
    "(_, Tokens::Grant(Grant::Own)) => self.send(),",
    "(_, Tokens::Grant(_)) => self.send(),",
  ],
  [
    "what has expired is joined by a login",
    "self.hand.has_shared_grant() && self.hand.can_go_on_with(&stored, now)",
    "self.hand.has_shared_grant()",
  ],
  [
    "a grant that repeats renews nothing",
    "Tokens::Record(record) => self.repeats_grant && record.refresh_token.is_none(),",
    "Tokens::Record(_) => false,",
  ],
  [
    "what could be renewed by its grant ends with its token",
    "Some(record) if !self.repeats_grant => record.lapses_at(),",
    "Some(record) => record.lapses_at(),",
  ],
  [
    "a 401 renews nothing without a refresh token",
    "!self.hand.is_sendable() || record.is_renewed(*now)",
    "record.refresh_token.is_none() || record.is_renewed(*now)",
  ],
  [
    "a grant that all have is sent again without a claim",
    "let is_shared = self.look.has_stored() || self.hand.is_everyones();",
    "let is_shared = self.look.has_stored() && !self.hand.has_shared_grant();",
  ],
  [
    "what is no record is written over without a claim",
    "if self.look.is_silent() {\n            return self.send_unclaimed(now);",
    "if !self.look.stored.is_readable() {\n            return self.send_unclaimed(now);",
  ],
  [
    "a grant is repeated as if it were spent",
    "error.is_unanswered() && self.hand.refresh_token().is_some();",
    "error.is_unanswered();",
  ],
  [
    "what a store denies is not waited for",
    "self.contest.has_rival() || self.contest.unwritable().is_so()",
    "self.contest.has_rival()",
  ],
];
