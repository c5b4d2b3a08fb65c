//! Drives a session: feeds it inputs and performs its outputs.

#![allow(
    clippy::float_cmp,
    reason = "the comparison is in what wasm_bindgen makes of an enum"
)]

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use js_sys::{Date, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::arguments::Arguments;
use super::platform::{Port, monotonic};
use super::views::{entry_from_js, entry_to_js, error_to_js, reply_from_js, session_to_js};
use crate::event::{ANOTHER, Input, Opening, Output, StoreFailed};
use crate::session::{Known, Session};
use crate::token::Now;

const NEVER: i64 = i64::MAX;

/// What a session may be told, with the names of its arguments. It comes as its number: as an enum it would be compared
/// with each of them, in 230 bytes.
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub enum Command {
    /// Opens the session by a grant, whose parameters the port has.
    Login,
    /// Opens the session that is stored, or else one by a grant that one holder sends for all.
    RestoreOrLogin,
    /// Opens the session by the refresh grant: `refreshToken`.
    Resume,
    /// Opens the session with tokens of any other grant: `members`, those of a token response.
    Adopt,
    /// Opens the session that is stored.
    Restore,
    /// Asks for the next access token, if `refreshToken` is this session's, or was and need not prove anything: `mustProve`.
    Refresh,
    /// The same, and asks for the access token in hand.
    Join,
    /// Asks for an access token: `minValidity` in seconds, `rejected`.
    Token,
    /// Asks for another one than `rejected`, which a server has refused.
    Unauthorized,
    /// Lets go of a caller, which is not settled any more.
    Abort,
    /// Has the store read again.
    Hint,
    /// Says that the time has come that the port was to wait for.
    Wake,
    /// Says that the network may be back.
    Online,
    /// Ends the session.
    SignOut,
}

const LOGIN: u32 = Command::Login as u32;
const RESTORE_OR_LOGIN: u32 = Command::RestoreOrLogin as u32;
const RESUME: u32 = Command::Resume as u32;
const ADOPT: u32 = Command::Adopt as u32;
const RESTORE: u32 = Command::Restore as u32;
const REFRESH: u32 = Command::Refresh as u32;
const JOIN: u32 = Command::Join as u32;
const UNAUTHORIZED: u32 = Command::Unauthorized as u32;
const TOKEN: u32 = Command::Token as u32;
const ABORT: u32 = Command::Abort as u32;
const HINT: u32 = Command::Hint as u32;
const WAKE: u32 = Command::Wake as u32;
const ONLINE: u32 = Command::Online as u32;
const SIGN_OUT: u32 = Command::SignOut as u32;

/// What a caller is settled with.
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub enum Answer {
    /// The access token.
    Token,
    /// No token: nothing is stored, or the session was signed out.
    Nothing,
    /// The arguments of the command are invalid.
    Invalid,
    /// The refresh token is none of this session's.
    Unknown,
    /// It was this session's, and would not prove that whoever has it may go on.
    Spent,
    /// The error.
    Failed,
}

/// One session, as the hand-written JavaScript drives it. Callers are numbers: their promises live in the port.
#[wasm_bindgen]
pub struct Engine(Rc<Driver>);

struct Driver {
    session: RefCell<Session>,
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "of what is borrowed the glue would keep a stack, and unwind it"
)]
#[wasm_bindgen]
impl Engine {
    /// A session that has yet to be opened, of these settings and a random `name`.
    #[wasm_bindgen(constructor)]
    pub fn new(settings: Arguments) -> Engine {
        let session = Session::new(Rc::new(settings.config()), settings.text("name"));
        Self(Rc::new(Driver {
            session: RefCell::new(session),
        }))
    }

    /// Hands a command to the session, or settles the caller at once where that is not possible.
    pub fn handle(&self, command: u32, port: Port, caller: u32, arguments: Arguments) {
        match self.0.input(command, caller, &arguments) {
            Ok(input) => self.0.feed(&port, input),
            Err(answer) => port.settle(caller, answer as u32, JsValue::UNDEFINED),
        }
    }
}

impl Driver {
    fn input(&self, command: u32, caller: u32, arguments: &Arguments) -> Result<Input, Answer> {
        let opening = match command {
            LOGIN => Opening::Login,
            RESTORE_OR_LOGIN => Opening::RestoreOrLogin,
            RESUME => Opening::Resume(arguments.refresh_token().ok_or(Answer::Invalid)?),
            ADOPT => Opening::Adopt(arguments.tokens().ok_or(Answer::Invalid)?),
            RESTORE => Opening::Restore,
            REFRESH | JOIN => {
                let token = arguments.refresh_token().ok_or(Answer::Invalid)?;
                match self.session.borrow().recognise(&token) {
                    Known::No => return Err(Answer::Unknown),
                    Known::Past if arguments.flag("mustProve") => return Err(Answer::Spent),
                    Known::Past | Known::Current => {}
                }
                return Ok(Input::Call {
                    caller,
                    min_validity: if command == JOIN { 0 } else { ANOTHER },
                    rejected: None,
                    unauthorized: false,
                });
            }
            TOKEN | UNAUTHORIZED => {
                return Ok(Input::Call {
                    caller,
                    min_validity: arguments.min_validity(),
                    rejected: arguments.rejected(),
                    unauthorized: command == UNAUTHORIZED,
                });
            }
            ABORT => return Ok(Input::Abort(caller)),
            HINT => return Ok(Input::Hint),
            WAKE => return Ok(Input::Woke),
            ONLINE => return Ok(Input::Online),
            SIGN_OUT => return Ok(Input::SignOut { caller }),
            _ => return Err(Answer::Invalid),
        };
        Ok(Input::Open { caller, opening })
    }

    fn feed(self: &Rc<Self>, port: &Port, input: Input) {
        let now = now();
        let outputs = self.session.borrow_mut().handle(now, input);
        for output in outputs {
            let (promise, read): (Promise, Read) = match output {
                Output::Read => (port.read(), found),
                Output::CompareAndSet(next) => (port.compare_and_set(entry_to_js(&next)), is_set),
                Output::Lock { within, renewing } => {
                    (port.lock(within as f64, renewing as f64), locked)
                }
                Output::Grant => (port.grant(), replied),
                Output::Refresh(token) => (port.refresh(token.reveal()), replied),
                Output::Revoke(token) => (port.revoke(token.reveal()), |_| Input::Revoked),
                Output::Unlock => {
                    port.unlock();
                    continue;
                }
                Output::Settle { caller, result } => {
                    let (answer, value) = match &result {
                        Ok(Some(token)) => (Answer::Token, token.reveal().into()),
                        Ok(None) => (Answer::Nothing, JsValue::UNDEFINED),
                        Err(error) => (Answer::Failed, error_to_js(error)),
                    };
                    port.settle(caller, answer as u32, value);
                    continue;
                }
                Output::Changed => {
                    port.changed(session_to_js(&self.session.borrow()));
                    continue;
                }
            };
            Arc::new(Pending {
                driver: self.clone(),
                port: port.clone(),
                promise: RefCell::new(promise.into()),
                read,
            })
            .wake();
        }
        let session = self.session.borrow();
        let alarm = session.wake_at().unwrap_or(NEVER);
        port.wake(
            (alarm - now.monotonic) as f64,
            session.is_needed(),
            session.is_busy(),
        );
    }
}

type Read = fn(Result<JsValue, JsValue>) -> Input;

/// An output under way: its promise, which settles within a known time, and what input it is then.
struct Pending {
    driver: Rc<Driver>,
    port: Port,
    promise: RefCell<JsFuture>,
    read: Read,
}

// SAFETY: the module is built without threads.
unsafe impl Send for Pending {}
// SAFETY: the same.
unsafe impl Sync for Pending {}

impl Wake for Pending {
    fn wake(self: Arc<Self>) {
        let waker = Waker::from(self.clone());
        let mut context = Context::from_waker(&waker);
        let answer = Pin::new(&mut *self.promise.borrow_mut()).poll(&mut context);
        if let Poll::Ready(answer) = answer {
            let input = (self.read)(answer);
            self.driver.feed(&self.port, input);
        }
    }
}

fn found(answer: Result<JsValue, JsValue>) -> Input {
    let entry = answer.map(|members| entry_from_js(&members, now()));
    Input::Read(entry.map_err(|reason| failed(&reason)))
}

fn is_set(answer: Result<JsValue, JsValue>) -> Input {
    let is_set = answer.map(|is_set| is_set.is_truthy());
    Input::CompareAndSet(is_set.map_err(|reason| failed(&reason)))
}

/// A rejection that is true is that of a store which says itself that it cannot be used.
fn failed(reason: &JsValue) -> StoreFailed {
    if reason.is_truthy() {
        StoreFailed::ForGood
    } else {
        StoreFailed::Once
    }
}

fn locked(answer: Result<JsValue, JsValue>) -> Input {
    Input::Locked(answer.is_ok_and(|held| held.is_truthy()))
}

fn replied(answer: Result<JsValue, JsValue>) -> Input {
    Input::Replied(reply_from_js(answer))
}

fn now() -> Now {
    Now {
        wall: Date::now() as i64,
        monotonic: monotonic() as i64,
    }
}
