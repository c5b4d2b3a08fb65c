//! A play: a session put through a script of inputs and expected outputs.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::rc::Rc;

use meshydb_client::config::Config;
use meshydb_client::error::{Code, Error, Reason};
use meshydb_client::event::{Input, Opening, Output, StoreFailed};
use meshydb_client::oauth::{self, Request};
use meshydb_client::record::Stored;
use meshydb_client::session::Session;
use meshydb_client::token::{Now, RefreshToken, TokenSet};

use crate::support::{LIFETIME, START, access, config, record, refresh, refusal, tokens};

/// How far a session has come, by name: each begins where the one before it ends.
const STAGES: [(&str, &str); 4] = [
    (
        "OPEN",
        "login                   -> send password
         replied 1               -> load
         loaded empty            -> swap own#1 R1
         swapped                 -> settle 0 A1",
    ),
    (
        "ASKED",
        "later 60000
         call 1                  -> load",
    ),
    ("SENT", "loaded own#1 R1 expired -> send R1"),
    ("REPLIED", "replied 2            -> swap own#2 R2"),
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
        }
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
            Input::Loaded(_) => assert!(self.awaited.remove("load")),
            Input::Swapped(_) => assert!(self.awaited.remove("swap")),
            Input::Replied(_) => assert!(self.awaited.remove("send")),
            Input::Revoked => self.revoking -= 1,
            Input::Hint => {}
        }
        if let Input::SignOut { caller } = &input {
            self.leaving.insert(*caller);
        }
        let outputs = self.session.handle(self.now, input);
        for output in &outputs {
            let settled = match output {
                Output::Load => self.awaits("load", "swap"),
                Output::Swap(_) => self.awaits("swap", "load"),
                Output::Send(_) => self.awaits("send", "send"),
                Output::Settle { caller, .. } => Some(*caller),
                Output::Revoke(_) => {
                    self.revoking += 1;
                    None
                }
                Output::Changed => None,
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
            "revoked" => Input::Revoked,
            "replied" => Input::Replied(Ok(TokenSet {
                refresh_token: tokens(caller()).refresh_token.filter(|_| words.len() == 2),
                ..tokens(caller())
            })),
            "refused" => Input::Replied(Err(refusal(words[1]))),
            "unanswered" => Input::Replied(Err(oauth::no_answer(false))),
            "swapped" => Input::Swapped(Ok(true)),
            "lost" => Input::Swapped(Ok(false)),
            "unswapped" => Input::Swapped(Err(StoreFailed)),
            "unloaded" => Input::Loaded(Err(StoreFailed)),
            "loaded" => Input::Loaded(Ok(self.stored(&words[1..]))),
            other => panic!("what is {other}?"),
        };
        let outputs = self.feed(input);
        let told = outputs.iter().filter(|output| match output {
            Output::Settle { caller, .. } => !self.leaving.contains(caller),
            Output::Changed => false,
            Output::Load | Output::Swap(_) | Output::Send(_) | Output::Revoke(_) => true,
        });
        told.map(shown).collect()
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
        Some("loaded" | "unloaded") => Some("load"),
        Some("swapped" | "lost" | "unswapped") => Some("swap"),
        Some("replied" | "refused" | "unanswered") => Some("send"),
        _ => None,
    }
}

fn shown(output: &Output) -> String {
    match output {
        Output::Load => "load".into(),
        Output::Swap(Stored::Live(record)) => {
            let token = record.refresh_token.as_ref();
            let token = token.map_or("bare", RefreshToken::reveal);
            format!("swap {}#{} {token}", record.sid, record.generation)
        }
        Output::Swap(Stored::Ended {
            sid,
            generation,
            reason,
        }) => format!("swap {sid}#{generation} ended {}", reason.as_str()),
        Output::Swap(other) => format!("swap {other:?}"),
        Output::Send(request) => format!("send {}", field(request, "refresh_token")),
        Output::Revoke(request) => format!("revoke {}", field(request, "token")),
        Output::Settle { caller, result } => {
            let result = match result {
                Ok(Some(token)) => token.reveal().into(),
                Ok(None) => "nothing".into(),
                Err(error) => told(error),
            };
            format!("settle {caller} {result}")
        }
        Output::Changed => "changed".into(),
    }
}

fn told(error: &Error) -> String {
    match error.reason {
        Some(reason) => reason.as_str().into(),
        None if error.code == Code::SessionEnded => "expired".into(),
        None => error.code.as_str().into(),
    }
}

fn field<'a>(request: &'a Request, name: &str) -> &'a str {
    let mut fields = request
        .body
        .split('&')
        .filter_map(|field| field.split_once('='));
    let found = fields.find(|(other, _)| *other == name);
    found.map_or("password", |(_, value)| value)
}
