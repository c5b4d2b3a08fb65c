//! A play: a session put through a script of inputs and expected outputs.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::rc::Rc;

use meshydb_client::config::Config;
use meshydb_client::event::{ANOTHER, Input, Opening, Output, StoreFailed};
use meshydb_client::record::Entry;
use meshydb_client::session::Session;
use meshydb_client::token::Now;

use crate::heard::{found, reply};
use crate::phases::may_lead;
use crate::support::{START, access, config, refresh, tokens};
use crate::words::shown;

/// How far a session has come, by name: each begins where the one before it ends.
const STAGES: [(&str, &str); 4] = [
    (
        "OPEN",
        "login                   -> read
         found empty -> send grant
         replied 1             -> write own#1 R1
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
    /// What was written last, and whether it is stored.
    written: Option<Entry>,
    stored: Entry,
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
            written: None,
            stored: Entry::default(),
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
            Input::Open { caller, .. } | Input::Call { caller, .. } | Input::SignOut { caller } => {
                assert!(self.asked.insert(*caller));
            }
            Input::Abort(caller) => assert!(self.settled.insert(*caller)),
            Input::Read(_) => assert!(self.awaited.remove("read")),
            Input::CompareAndSet(set) => {
                assert!(self.awaited.remove("write"));
                let written = self.written.take().filter(|_| *set == Ok(true));
                self.stored = written.unwrap_or_else(|| self.stored.clone());
            }
            Input::Replied(_) => assert!(self.awaited.remove("send")),
            Input::Locked(_) => assert!(self.awaited.remove("lock")),
            Input::Revoked => self.revoking -= 1,
            Input::Hint | Input::Online | Input::Woke => {}
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
                Output::CompareAndSet(entry) => {
                    self.written = Some(entry.clone());
                    self.awaits("write", "read")
                }
                Output::Grant | Output::Refresh(_) => self.awaits("send", "send"),
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
            "login" => opening(Opening::Login),
            "resume" => opening(Opening::Resume(refresh(words[1]))),
            "adopt" => opening(Opening::Adopt(tokens(caller()))),
            "restore" => opening(Opening::Restore),
            "share" => opening(Opening::RestoreOrLogin),
            "call" => Input::Call {
                caller: caller(),
                min_validity: words
                    .get(3)
                    .filter(|_| words[2] == "for")
                    .map_or(0, |least| least.parse().unwrap()),
                rejected: words
                    .get(3)
                    .filter(|_| words[2] == "not")
                    .map(|token| access(token)),
                unauthorized: words.last() == Some(&"unauthorized"),
            },
            "refresh" => Input::Call {
                caller: caller(),
                min_validity: ANOTHER,
                rejected: None,
                unauthorized: false,
            },
            "abort" => Input::Abort(caller()),
            "signout" => Input::SignOut { caller: caller() },
            "hint" => Input::Hint,
            "online" => Input::Online,
            "woke" => Input::Woke,
            "granted" => Input::Locked(true),
            "ungranted" => Input::Locked(false),
            "revoked" => Input::Revoked,
            "written" => Input::CompareAndSet(Ok(true)),
            "lost" => Input::CompareAndSet(Ok(false)),
            "unwritten" => Input::CompareAndSet(Err(StoreFailed::Once)),
            "unread" => Input::Read(Err(StoreFailed::Once)),
            "found" => Input::Read(Ok(found(self.now, &self.stored, &words[1..]))),
            _ => Input::Replied(reply(&words)),
        };
        let mut outputs = self.feed(input);
        while !self.is_exact
            && let phase = self.session.phase()
            && let Some(at) = outputs.iter().position(|output| is_step(output, phase))
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
}

fn answers(said: &str) -> Option<&'static str> {
    match said.split(' ').next() {
        Some("found" | "unread") => Some("read"),
        Some("written" | "lost" | "unwritten") => Some("write"),
        Some(
            "replied" | "refused" | "unanswered" | "unsent" | "limited" | "gateway" | "busy"
            | "late" | "portal",
        ) => Some("send"),
        _ => None,
    }
}

/// Whether a play that is not exact answers for it, in that phase.
fn is_step(output: &Output, phase: &str) -> bool {
    match output {
        Output::Lock { .. } => true,
        Output::CompareAndSet(_) => ["Claiming", "Releasing"].contains(&phase),
        _ => false,
    }
}
