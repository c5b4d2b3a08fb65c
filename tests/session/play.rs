//! A play: a session put through a script of inputs and expected outputs.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::rc::Rc;

use meshydb_client::attempt::{Attempt, Claim, Cooldown};
use meshydb_client::config::Config;
use meshydb_client::error::{Error, Reason};
use meshydb_client::event::{Input, Opening, Output, StoreFailed};
use meshydb_client::oauth;
use meshydb_client::record::{Entry, Stored};
use meshydb_client::session::Session;
use meshydb_client::token::{Now, RefreshToken, TokenSet, fingerprint};

use crate::phases::may_lead;
use crate::support::{LIFETIME, START, access, config, judge, record, refresh, refusal, tokens};
use crate::words::shown;

/// How far a session has come, by name: each begins where the one before it ends.
const STAGES: [(&str, &str); 4] = [
    (
        "OPEN",
        "login                   -> send password
         replied 1               -> read
         found empty            -> write own#1 R1
         written                 -> settle 0 A1",
    ),
    (
        "ASKED",
        "later 60000
         call 1                  -> read",
    ),
    ("SENT", "found own#1 R1 expired -> send R1"),
    ("REPLIED", "replied 2            -> write own#2 R2"),
];

/// Puts a session through a script, at the end of which nobody is left waiting.
pub(crate) fn play(script: &str) {
    Play::new(script).done();
}

/// A session put through a script. Each line is `input -> output, output` or a stage;
/// [`Output::Changed`] and the settling of a sign-out are left out. `=>` stands where the outputs do not matter, and such an
/// input is left out where nothing waits for it. Tokens are `A{n}` and `R{n}`, valid for a
/// minute; this session is `own`, and its opening is caller 0.
pub(crate) struct Play {
    pub(crate) session: Session,
    pub(crate) now: Now,
    asked: BTreeSet<u32>,
    settled: BTreeSet<u32>,
    leaving: BTreeSet<u32>,
    /// Revocations under way. [`Play::done`] answers those that the script does not.
    pub(crate) revoking: u32,
    /// What the session waits for.
    pub(crate) awaited: BTreeSet<&'static str>,
    trace: String,
    /// Whether the script answers for the lock and for the claims; otherwise they are granted.
    is_exact: bool,
}

impl Play {
    pub(crate) fn of(config: Config) -> Self {
        Self {
            session: Session::new(Rc::new(config), "own".into()),
            now: START,
            asked: BTreeSet::new(),
            settled: BTreeSet::new(),
            leaving: BTreeSet::new(),
            revoking: 0,
            awaited: BTreeSet::new(),
            trace: String::new(),
            is_exact: false,
        }
    }

    /// From here on the script says what becomes of the lock and of every write.
    pub(crate) fn exact(mut self) -> Self {
        self.is_exact = true;
        self
    }

    pub(crate) fn new(script: &str) -> Self {
        Self::of(config()).then(script)
    }

    pub(crate) fn then(mut self, script: &str) -> Self {
        let lines = script.lines().map(str::trim);
        for line in lines.filter(|line| !line.is_empty()) {
            if let Some(last) = STAGES.iter().position(|(name, _)| *name == line) {
                let stages = STAGES.iter().take(last + 1);
                self = stages.fold(self, |play, (_, script)| play.then(script));
            } else if let Some(said) = line.strip_suffix("=>") {
                if answers(said).is_none_or(|answered| self.awaited.contains(answered)) {
                    let seen = self.say(said.trim()).join(", ");
                    let _ = writeln!(self.trace, "{line} {seen}");
                }
            } else {
                let (said, expected) = line.split_once("->").unwrap_or((line, ""));
                let seen = self.say(said.trim()).join(", ");
                let _ = writeln!(self.trace, "{} -> {seen}", said.trim());
                assert_eq!(seen, expected.trim(), "\n{}", self.trace);
            }
        }
        self
    }

    /// Nothing of the kind was the answer to any `=>`.
    pub(crate) fn never(self, output: &str) {
        assert!(!self.said(output), "{output}\n{}", self.trace);
    }

    /// It was the answer to some `=>`.
    pub(crate) fn ever(self, output: &str) {
        assert!(self.said(output), "no {output}\n{}", self.trace);
    }

    fn said(&self, output: &str) -> bool {
        let answers = self
            .trace
            .lines()
            .filter_map(|line| line.split_once(" => "));
        answers.into_iter().any(|(_, seen)| seen.contains(output))
    }

    /// The end of a play: nobody is left waiting.
    pub(crate) fn done(mut self) {
        while self.revoking > 0 {
            self.feed(Input::Revoked);
        }
        let waiting = self.waiting();
        assert!(waiting.is_empty(), "{waiting:?} wait\n{}", self.trace);
    }

    /// Feeds one input and checks what holds of any: it answers something, nothing else is
    /// under way at the same time, and no caller is settled twice.
    pub(crate) fn feed(&mut self, input: Input) -> Vec<Output> {
        match &input {
            Input::Open { caller, .. }
            | Input::Call { caller, .. }
            | Input::Refresh { caller }
            | Input::SignOut { caller } => assert!(self.asked.insert(*caller)),
            Input::Abort(caller) => assert!(self.settled.insert(*caller)),
            Input::Read(_) => assert!(self.awaited.remove("read")),
            Input::CompareAndSet(_) => assert!(self.awaited.remove("write")),
            Input::Replied(_) => assert!(self.awaited.remove("send")),
            Input::Locked(_) => assert!(self.awaited.remove("lock")),
            Input::Revoked => self.revoking -= 1,
            Input::Hint | Input::Woke => {}
        }
        if let Input::SignOut { caller } = &input {
            self.leaving.insert(*caller);
        }
        let before = self.session.phase();
        let outputs = self.session.handle(self.now, input);
        let after = self.session.phase();
        assert!(
            may_lead(before, after),
            "{before} to {after}\n{}",
            self.trace
        );
        for output in &outputs {
            let settled = match output {
                Output::Read => self.awaits("read", "write"),
                Output::CompareAndSet(_) => self.awaits("write", "read"),
                Output::Send(_) => self.awaits("send", "send"),
                Output::Lock { .. } => self.awaits("lock", "read"),
                Output::Settle { caller, .. } => Some(*caller),
                Output::Revoke(_) => {
                    self.revoking += 1;
                    None
                }
                Output::Unlock | Output::Changed => None,
            };
            if let Some(caller) = settled {
                assert!(self.asked.contains(&caller), "{caller} never asked");
                let once = self.settled.insert(caller);
                assert!(once, "{caller} settled twice\n{}", self.trace);
            }
        }
        outputs
    }

    fn awaits(&mut self, what: &'static str, excluded: &str) -> Option<u32> {
        let alone = !self.awaited.contains(excluded) && self.awaited.insert(what);
        assert!(alone, "{what} during {:?}\n{}", self.awaited, self.trace);
        None
    }

    pub(crate) fn waiting(&self) -> Vec<u32> {
        self.asked.difference(&self.settled).copied().collect()
    }

    pub(crate) fn say(&mut self, line: &str) -> Vec<String> {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |at: usize| words[at].trim_start_matches(char::is_alphabetic).parse();
        let caller = || number(1).unwrap();
        let opening = |opening| Input::Open { caller: 0, opening };
        let input = match words[0] {
            "later" => {
                let milliseconds: i64 = words[1].parse().unwrap();
                self.now.wall += milliseconds;
                self.now.monotonic += milliseconds;
                return Vec::new();
            }
            "clock" => {
                self.now.wall += words[1].parse::<i64>().unwrap();
                return Vec::new();
            }
            "login" => opening(Opening::Login(oauth::password_request(&config(), "u", "p"))),
            "resume" => opening(Opening::Resume(refresh(words[1]))),
            "adopt" => opening(Opening::Adopt(tokens(caller()))),
            "restore" => opening(Opening::Restore),
            "call" => Input::Call {
                caller: caller(),
                min_validity: if line.contains("for") { 30_000 } else { 0 },
                rejected: line.split_once(" not ").map(|(_, token)| access(token)),
            },
            "refresh" => Input::Refresh { caller: caller() },
            "abort" => Input::Abort(caller()),
            "signout" => Input::SignOut { caller: caller() },
            "hint" => Input::Hint,
            "woke" => Input::Woke,
            "granted" => Input::Locked(true),
            "ungranted" => Input::Locked(false),
            "revoked" => Input::Revoked,
            "replied" => Input::Replied(Ok(TokenSet {
                refresh_token: tokens(caller()).refresh_token.filter(|_| words.len() == 2),
                ..tokens(caller())
            })),
            "refused" => Input::Replied(Err(refusal(words[1]))),
            "busy" => Input::Replied(Err(busy(words.get(1)))),
            "late" => Input::Replied(Err(oauth::no_answer(true))),
            "portal" => Input::Replied(Err(portal())),
            "unanswered" => Input::Replied(Err(oauth::no_answer(false))),
            "written" => Input::CompareAndSet(Ok(true)),
            "lost" => Input::CompareAndSet(Ok(false)),
            "unwritten" => Input::CompareAndSet(Err(StoreFailed)),
            "unread" => Input::Read(Err(StoreFailed)),
            "found" => Input::Read(Ok(self.entry(&words[1..]))),
            other => panic!("what is {other}?"),
        };
        let mut outputs = self.feed(input);
        while !self.is_exact
            && let Some(at) = outputs.iter().position(is_step)
        {
            let granted = match outputs.remove(at) {
                Output::Lock { .. } => Input::Locked(true),
                _ => Input::CompareAndSet(Ok(true)),
            };
            outputs.extend(self.feed(granted));
        }
        let told = outputs.iter().filter(|output| match output {
            Output::Settle { caller, .. } => !self.leaving.contains(caller),
            Output::Changed => false,
            Output::Unlock => self.is_exact,
            _ => true,
        });
        told.map(shown).collect()
    }

    /// A stored value, and after `by` what its holders are up to: `by holder#number for 11000 locked`, `cooling 5000`, `unanswered`.
    fn entry(&mut self, words: &[&str]) -> Entry {
        let at = words
            .iter()
            .position(|word| ["by", "cooling", "cooled", "unanswered"].contains(word));
        let (stored, rest) = words.split_at(at.unwrap_or(words.len()));
        let stored = self.stored(stored);
        let mut attempt = Attempt::default();
        if let Stored::Live(record) = &stored {
            attempt.token = record
                .refresh_token
                .as_ref()
                .map_or(0, RefreshToken::fingerprint);
        }
        let after = |name: &str| {
            let at = rest.iter().position(|word| *word == name)?;
            Some(rest.get(at + 1).copied().unwrap_or_default())
        };
        if let Some((holder, number)) = after("by").and_then(|by| by.split_once('#')) {
            attempt.claim = Some(Claim {
                holder: fingerprint(holder),
                number: number.parse().unwrap(),
                duration: after("for").map_or(11_000, |duration| duration.parse().unwrap()),
                locked: after("locked").is_some(),
            });
        }
        if let Some(token) = after("of") {
            attempt.token = refresh(token).fingerprint();
        }
        attempt.cooldown = after("cooling").map(|duration| Cooldown {
            since: self.now.wall,
            duration: duration.parse().unwrap(),
            failures: 1,
        });
        if let Some(duration) = after("cooled") {
            attempt.cooldown = Some(Cooldown {
                since: self.now.wall + 1,
                duration: duration.parse().unwrap_or(60_000),
                failures: 1,
            });
        }
        attempt.unanswered_since = after("unanswered").map(|_| self.now.wall);
        Entry { stored, attempt }
    }

    fn stored(&self, words: &[&str]) -> Stored {
        let Some((sid, generation)) = words[0].split_once('#') else {
            return match words[0] {
                "empty" => Stored::Empty,
                "corrupt" => Stored::Corrupt,
                "newer" => Stored::Newer,
                other => panic!("what is {other}?"),
            };
        };
        let generation = generation.parse().unwrap();
        if words[1] == "ended" {
            let (sid, reason) = (sid.into(), Reason::parse(words[2]).unwrap());
            return Stored::Ended {
                sid,
                generation,
                reason,
            };
        }
        let mut now = self.now;
        if words.get(2) == Some(&"expired") {
            now.wall -= LIFETIME;
            now.monotonic -= LIFETIME;
        }
        let mut record = record(sid, generation, words[1][1..].parse().unwrap(), now);
        if words.get(2) == Some(&"bare") {
            record.refresh_token = None;
        }
        Stored::Live(Rc::new(record))
    }
}

fn answers(said: &str) -> Option<&'static str> {
    match said.split(' ').next() {
        Some("found" | "unread") => Some("read"),
        Some("written" | "lost" | "unwritten") => Some("write"),
        Some("replied" | "refused" | "unanswered" | "busy" | "late" | "portal") => Some("send"),
        _ => None,
    }
}

/// Whether a play that is not exact answers for it.
fn is_step(output: &Output) -> bool {
    match output {
        Output::Lock { .. } => true,
        Output::CompareAndSet(entry) => entry.attempt != Attempt::default(),
        _ => false,
    }
}

fn busy(retry_after: Option<&&str>) -> Error {
    let retry_after = retry_after.map(|seconds| seconds.parse().unwrap());
    judge(503, None, retry_after).unwrap_err()
}

fn portal() -> Error {
    judge(200, None, None).unwrap_err()
}
