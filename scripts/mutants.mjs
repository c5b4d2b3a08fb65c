/** Faults of design: name, what the core has in one place, what the fault has instead. */
export const mutants = [
  [
    "no second look after a refusal",
    "self.refused = Some(error);\n                self.load();",
    "self.over(self.proven(&error));",
  ],
  [
    "a sign-out that ends whatever is there",
    "self.stored.live().filter(|record| record.sid == self.sid);",
    "self.stored.live();",
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
    "return self.claim(now);",
    "self.attempt.claim = None;\n                return self.send(now);",
  ],
  ["an older generation is adopted", "if record.generation > generation {", "if record.generation != generation {"],
  [
    "a newer generation is not adopted",
    "if record.generation > generation {",
    "if record.generation > generation + 1 {",
  ],
  [
    "a dead holder under the lock is waited out",
    "if claim.holder == self.holder || self.locked && claim.locked {",
    "if claim.holder == self.holder {",
  ],
  [
    "a claim made without the lock counts as dead",
    "if claim.holder == self.holder || self.locked && claim.locked {",
    "if claim.holder == self.holder || self.locked {",
  ],
  ["claims are not looked at", "(until - now.monotonic).max(0)", "0"],
  [
    "a claim is waited for from each look anew",
    "Some((rival, until)) if rival == claim =>",
    "Some((rival, until)) if rival == claim && until < 0 =>",
  ],
  [
    "a renewed claim is not waited for anew",
    "Some((rival, until)) if rival == claim =>",
    "Some((rival, until)) if rival.holder == claim.holder =>",
  ],
  [
    "its own claim keeps a holder waiting",
    "if claim.holder == self.holder || self.locked && claim.locked {",
    "if self.locked && claim.locked {",
  ],
  [
    "a send long after the claim",
    "if !done || now.since(at) > SEND_WITHIN {",
    "if !done || now.since(at) > 1_000 * SEND_WITHIN {",
  ],
  [
    "a send while the store does not answer",
    "if self.blind && self.is_shared() {\n            return self.wait(now.monotonic + NEXT_LOOK);",
    "if self.blind && self.is_shared() {\n            return self.send_unclaimed(now);",
  ],
  [
    "a claim's time passes while the store does not answer",
    "self.rival = None;\n        }\n        self.notice",
    "}\n        self.notice",
  ],
  [
    "nobody looks while another's claim lasts",
    "self.wait(now.monotonic + wait.min(NEXT_LOOK));",
    "self.wait(now.monotonic + wait);",
  ],
  ["a token that could not be stored is written again too late", "pause = pause.min(self.config.timeout / 2);", ""],
  [
    "no second look after a claim that the store does not take",
    "if !done || now.since(at) > SEND_WITHIN {",
    "if now.since(at) > SEND_WITHIN {",
  ],
  [
    "a claim shorter than its send",
    "duration: self.config.timeout + SEND_WITHIN,",
    "duration: self.config.timeout / 2,",
  ],
  [
    "a send without a claim",
    "} else {\n            self.claim(now);\n        }\n    }\n\n    /// How much longer",
    "} else {\n            self.send(now);\n        }\n    }\n\n    /// How much longer",
  ],
  [
    "a lost claim is sent all the same",
    "Phase::Claiming { .. } | Phase::Condemned if lost => self.load(),",
    "Phase::Condemned if lost => self.load(),",
  ],
  [
    "a lost commit revokes what came",
    "Standing::Behind(record) => self.adopt(now, record),\n            Standing::Over(reason) => {",
    "Standing::Behind(record) => {\n                self.revoke(next.refresh_token.as_ref());\n                self.adopt(now, record);\n            }\n            Standing::Over(reason) => {",
  ],
  [
    "a lost commit is forgotten",
    "Phase::Committing(next) if lost => self.load_for(Phase::Committing(next)),",
    "Phase::Committing(_) if lost => self.idle(),",
  ],
  [
    "callers are settled before the commit",
    "let next = Rc::new(record.rotated(tokens, *now));",
    "let next = Rc::new(record.rotated(tokens, *now));\n                let early = Ok(Some(next.access_token.clone()));\n                self.settle_those(&early, &mut |_| true);",
  ],
  [
    "the lock is kept through a cool-down",
    "        if !self.blind {\n            self.unlock();\n        }\n        self.sends = 0;",
    "        self.sends = 0;",
  ],
  [
    "the lock is given back while the store does not answer",
    "        if !self.blind {\n            self.unlock();\n        }\n        self.sends = 0;",
    "        self.unlock();\n        self.sends = 0;",
  ],
  ["the lock is never given back", "if mem::take(&mut self.locked) {", "if mem::take(&mut self.locked) && false {"],
  [
    "a lock that comes too late is kept",
    "if held {\n                self.outputs.push(Output::Unlock);\n            }\n            return;",
    "return;",
  ],
  [
    "a cool-down is not looked at",
    "if self.refused.is_none() && self.attempt.cooling(now.wall) > 0 {",
    "if self.refused.is_none() && self.attempt.cooling(now.wall) < 0 {",
  ],
  [
    "a cool-down by the other machine's clock",
    "let lasts = (0..cooldown.duration).contains(&passed);",
    "let lasts = passed < cooldown.duration;",
  ],
  [
    "no cool-down after a failure",
    "if !error.ends_session() {\n            self.cool(now, error.retry_after);\n        }",
    "",
  ],
  [
    "a backoff that does not grow",
    "let failures = self.attempt.failures() + 1;",
    "let failures = self.attempt.failures().min(0) + 1;",
  ],
  [
    "failures are forgotten by whoever takes over",
    "cooldown: self.attempt.cooldown,\n            ..Attempt",
    "..Attempt",
  ],
  ["an unanswered send is not remembered", "self.attempt.unanswered_since.get_or_insert(now.wall);", ""],
  [
    "a refusal ends a session while another holder may be answered",
    "let wait = self.kept_out(now);",
    "let wait = if self.refused.is_some() { 0 } else { self.kept_out(now) };",
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
  ["a sign-out is tried once", "if self.lost_swaps < LOST_SWAPS {", "if self.lost_swaps > LOST_SWAPS {"],
  [
    "callers have no deadline",
    "now.monotonic >= caller.deadline\n        });",
    "now.monotonic >= caller.deadline + 100_000\n        });",
  ],
  ["no alarm is set", "(wake_at < i64::MAX).then_some(wake_at)", "(wake_at < 0).then_some(wake_at)"],
  [
    "a call waits through any cool-down",
    "self.sends < SENDS && until < self.since + timeout",
    "until < self.since + 100 * timeout",
  ],
  [
    "lost swaps are counted for ever",
    "self.lost_swaps = 0;\n        self.changed();\n        if mem::take(&mut self.hinted) {",
    "self.changed();\n        if mem::take(&mut self.hinted) {",
  ],
  ["a refresh ahead never stops", "self.ahead = false;\n            let token", "let token"],
  [
    "a record that was not stored is not written again",
    "Some(record) if self.rewrites < REWRITES_AT_ONCE => {",
    "Some(record) if self.rewrites > REWRITES_AT_ONCE => {",
  ],
  [
    "a foreign claim is written over by a login",
    "if self.is_claimed() && self.own_attempt().token != self.attempt.token {",
    "if false {",
  ],
  [
    "the old token is gone back to when the store fails",
    "self.record = Some(next);\n        self.opened_with = None;",
    "if stored || self.record.is_none() {\n            self.record = Some(next);\n        }\n        self.opened_with = None;",
  ],
];
