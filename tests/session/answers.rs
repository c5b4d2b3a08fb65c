//! Every status with every kind of body and every error: what it is called, and what becomes of the session.

use meshydb_client::error::Code;
use meshydb_client::event::{Input, Output};
use meshydb_client::record::{Entry, Stored};
use meshydb_client::session::{Known, Session};
use meshydb_client::token::Now;

use crate::play::Play;
use crate::support::{Json, judge, refresh, text};

/// RFC 6749 section 5.2, what other documents add, and nothing.
const ERRORS: [&str; 10] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "server_error",
    "temporarily_unavailable",
    "slow_down",
    "",
];

fn expected(status: u16, error: Option<&str>) -> Code {
    match status {
        429 => Code::RateLimited,
        408 | 425 | 500.. => Code::Unavailable,
        200 | 201 | 400..=499 if error == Some("invalid_grant") => Code::InvalidGrant,
        200 | 201 if error.is_none() => Code::InvalidResponse,
        200 | 201 | 400..=499 => Code::Refused,
        _ => Code::InvalidResponse,
    }
}

const HOUR: i64 = 3_600_000;

struct World {
    session: Session,
    entry: Entry,
    sends: u32,
}

impl World {
    /// Performs what a store that works and a server that always answers like this would.
    fn run(&mut self, now: Now, input: Input, answer: &dyn Fn() -> Input) {
        for output in self.session.handle(now, input) {
            let next = match output {
                Output::Read => Input::Read(Ok(self.entry.clone())),
                Output::CompareAndSet(entry) => {
                    self.entry = entry;
                    Input::CompareAndSet(Ok(true))
                }
                Output::Lock { .. } => Input::Locked(true),
                Output::Grant | Output::Refresh(_) => {
                    self.sends += 1;
                    answer()
                }
                _ => continue,
            };
            self.run(now, next, answer);
        }
    }
}

#[test]
fn twenty_thousand_answers_to_a_refresh() {
    let sent = Play::new("SENT");
    let (now, before) = (sent.now, sent.session.held().unwrap().clone());
    let mut cells = 0;
    for status in 0..1_000 {
        for is_json in [true, false] {
            for error in ERRORS {
                let body = Json::new([("error", text(error))]);
                let reply = || judge(status, is_json.then_some(&body), None);
                let cell = format!("{status} {is_json} {error}");

                let told = reply().unwrap_err();
                let code = expected(status, is_json.then_some(error));
                let is_dead = matches!(status, 400 | 401 | 403) && code == Code::InvalidGrant;
                let is_told = matches!(status, 200 | 201) && is_json;
                let is_lost = matches!(status, 200..300 | 500..=502 | 504..) && !is_told;
                assert_eq!(told.code, code, "{cell}");
                assert_eq!(told.status, Some(status), "{cell}");
                let is_retryable = matches!(code, Code::RateLimited | Code::Unavailable);
                assert_eq!(told.retryable(), is_retryable, "{cell}");
                assert_eq!(told.ends_session(), is_dead, "{cell}");

                let mut world = World {
                    session: sent.session.clone(),
                    entry: Entry {
                        stored: Stored::Live(before.clone().into()),
                        ..Entry::default()
                    },
                    sends: 1,
                };
                let answer = || Input::Replied(reply());
                world.run(now, answer(), &answer);
                let snapshot = world.session.snapshot();
                assert_eq!(snapshot.state == "ended", is_dead, "{cell}");
                assert_eq!(world.sends, if is_lost { 2 } else { 1 }, "{cell}");
                if is_dead {
                    assert!(matches!(world.entry.stored, Stored::Ended { .. }), "{cell}");
                } else {
                    assert_eq!(world.session.held(), Some(&before), "{cell}");
                    assert_eq!(
                        world.session.recognise(&refresh("R1")),
                        Known::Current,
                        "{cell}"
                    );
                    assert_eq!(
                        world.entry.stored,
                        Stored::Live(before.clone().into()),
                        "{cell}"
                    );
                    assert_eq!(snapshot.error.unwrap().code, code, "{cell}");
                }
                cells += 1;
            }
        }
    }
    assert_eq!(cells, 20_000);
}

/// How often a token is sent in an hour in which a gateway answers for the server, with a call at each of so many milliseconds.
fn sent_in_an_outage(status: u16, every: Option<i64>) -> u32 {
    let sent = Play::new("SENT");
    let mut world = World {
        entry: Entry {
            stored: Stored::Live(sent.session.held().unwrap().clone().into()),
            ..Entry::default()
        },
        session: sent.session,
        sends: 1,
    };
    let answer = || Input::Replied(judge(status, None, None));
    let start = sent.now.monotonic;
    let at = |monotonic| Now {
        wall: sent.now.wall + monotonic - start,
        monotonic,
    };
    world.run(sent.now, answer(), &answer);
    for caller in 1.. {
        let call = every.map_or(i64::MAX, |every| start + every * i64::from(caller));
        while let Some(wake_at) = world.session.wake_at().filter(|wake_at| *wake_at <= call) {
            if wake_at > start + HOUR {
                return world.sends;
            }
            world.run(at(wake_at), Input::Woke, &answer);
        }
        if call > start + HOUR {
            break;
        }
        let call_now = Input::Call {
            caller: caller + 1_000,
            min_validity: 0,
            rejected: None,
            unauthorized: false,
        };
        world.run(at(call), call_now, &answer);
    }
    world.sends
}

#[test]
fn in_an_outage_of_an_hour_an_idle_session_sends_seven_times_and_one_in_use_once_each_half_minute()
{
    for status in [500, 502, 503, 504, 429] {
        let idle = sent_in_an_outage(status, None);
        assert!((1..=7).contains(&idle), "{status}: {idle}");
        for every in [100, 1_000, 20_000] {
            let sends = sent_in_an_outage(status, Some(every));
            assert!((60..=7 + 120).contains(&sends), "{status} {every}: {sends}");
        }
    }
}
