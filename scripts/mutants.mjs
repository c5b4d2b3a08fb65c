/** Faults of design: name, what the core has in one place, what the fault has instead. */
export const mutants = [
  [
    "no second look after a refusal",
    "if error.ends_session() => self.read(Aim::End(error)),",
    "if error.ends_session() => self.over(self.proven(&error)),",
  ],
  [
    "a sign-out that ends whatever is there",
    "if let Some(record) = self.look.live(&self.sid).cloned() {",
    "if let Some(record) = self.look.stored.live().cloned() {",
  ],
  [
    "the session ends on a 5xx",
    "self.code == Code::InvalidGrant && self.status == Some(400)",
    "self.code == Code::InvalidGrant || self.code == Code::Unavailable",
  ],
  [
    "the session ends on a 403",
    "self.code == Code::InvalidGrant && self.status == Some(400)",
    "self.status == Some(400) || self.status == Some(403)",
  ],
  [
    "a lost answer is asked for again without a claim",
    "return if is_claimed {\n                    self.claim(now)\n                } else {",
    "return if is_claimed && attempt.claim.take().is_none() {\n                    self.claim(now)\n                } else {",
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
    "if self.look.is_silent() && self.is_shared() {\n            return self.wait(now.monotonic + NEXT_LOOK, aim);",
    "if self.look.is_silent() && self.is_shared() {\n            return self.send_unclaimed(now);",
  ],
  [
    "a claim's time passes while the store does not answer",
    "            self.contest.forget_rival();\n            self.degraded = true;",
    "            self.degraded = true;",
  ],
  [
    "nobody looks while another's claim lasts",
    "return self.wait(now.monotonic + wait.min(NEXT_LOOK), aim);",
    "return self.wait(now.monotonic + wait, aim);",
  ],
  [
    "a token that could not be stored is written again too late",
    "self.config.timeout / 2\n        } else {",
    "i64::MAX\n        } else {",
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
  ["a send without a claim", "Aim::Refresh => self.claim(now),", "Aim::Refresh => self.send(now),"],
  ["a lost claim is sent all the same", "            Phase::Claiming { .. } if lost => self.read(Aim::Refresh),\n", ""],
  [
    "a lost commit revokes what came",
    "Standing::Behind(record) => self.catch_up(now, record),\n            Standing::Over(reason) => {",
    "Standing::Behind(record) => {\n                self.revoke(next.refresh_token.as_ref());\n                self.catch_up(now, record)\n            }\n            Standing::Over(reason) => {",
  ],
  [
    "a lost commit is forgotten",
    "Phase::Committing(next) if lost => self.read_for(Phase::Committing(next)),",
    "Phase::Committing(_) if lost => self.idle(),",
  ],
  [
    "callers are settled before the commit",
    "let next = Rc::new(record.rotated(tokens, *now));",
    "let next = Rc::new(record.rotated(tokens, *now));\n                let early = Ok(Some(next.access_token.clone()));\n                self.settle_those(&early, &mut |_| true);",
  ],
  [
    "the lock is kept through a cool-down",
    "        if !self.look.is_silent() {\n            self.unlock();\n        }\n        self.hand.burst",
    "        self.hand.burst",
  ],
  [
    "the lock is given back while the store does not answer",
    "        if !self.look.is_silent() {\n            self.unlock();\n        }\n        self.hand.burst",
    "        self.unlock();\n        self.hand.burst",
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
    "let lasts = (0..cooldown.duration).contains(&passed);",
    "let lasts = passed < cooldown.duration;",
  ],
  [
    "no cool-down after a failure",
    "if !error.ends_session() {\n            self.contest.cool_down(now, error.retry_after);\n        }",
    "",
  ],
  [
    "a backoff that does not grow",
    "let failures = self.attempt.failures() + 1;",
    "let failures = self.attempt.failures().min(0) + 1;",
  ],
  [
    "failures are forgotten by whoever takes over",
    "            self.attempt.token = token;\n            self.attempt.claim = None;",
    "            self.attempt.token = token;\n            self.attempt.cooldown = None;\n            self.attempt.claim = None;",
  ],
  ["an unanswered send is not remembered", "self.attempt.unanswered_since.get_or_insert(now.wall);", ""],
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
    "if self.lost_writes >= LOST_WRITES {\n            return Phase::Over(end);",
    "if self.lost_writes <= LOST_WRITES {\n            return Phase::Over(end);",
  ],
  ["callers have no deadline", "now.monotonic >= self.deadline", "now.monotonic >= self.deadline + 100_000"],
  ["no alarm is set", "(wake_at < i64::MAX).then_some(wake_at)", "(wake_at < 0).then_some(wake_at)"],
  [
    "a call waits through any cool-down",
    "self.sends < LONGEST_WAIT && until < self.since + timeout",
    "until < self.since + 100 * timeout",
  ],
  [
    "lost swaps are counted for ever",
    "self.lost_writes = 0;\n        self.changed();\n        if mem::take(&mut self.hinted) {",
    "self.changed();\n        if mem::take(&mut self.hinted) {",
  ],
  ["a refresh ahead never stops", "self.callers.prefetch = false;\n            if stored {", "if stored {"],
  [
    "a record that was not stored is not written again",
    "let is_at_once = self.tries < AT_ONCE;",
    "let is_at_once = self.tries > AT_ONCE;",
  ],
  ["a foreign claim is written over by a login", "if self.has_rival() && token != self.attempt.token {", "if false {"],
  [
    "the old token is gone back to when the store fails",
    "self.hand.put(Tokens::Record(next.clone()));\n        self.degraded = !stored;",
    "if stored || self.hand.record().is_none() {\n            self.hand.put(Tokens::Record(next.clone()));\n        }\n        self.degraded = !stored;",
  ],
  ["a burst outlives its token", "if self.fingerprint() != before {", "if false {"],
];
