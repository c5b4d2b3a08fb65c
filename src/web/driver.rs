//! Drives a session: feeds it inputs and performs its outputs.

#![allow(
    clippy::float_cmp,
    reason = "the comparison is in what wasm_bindgen makes of an enum"
)]

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use js_sys::{Array, Date, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::arguments::{config, min_validity, text, tokens};
use super::platform::{Port, load, monotonic, post, swap};
use super::views::{entry_from_js, entry_to_js, error_to_js, reply_from_js, session_to_js};
use crate::event::{Input, Opening, Output, StoreFailed};
use crate::oauth::{Endpoint, Request, password_request};
use crate::session::Session;
use crate::token::{AccessToken, Now, RefreshToken};

const NEVER: i64 = i64::MAX;

/// What a caller may want, and the two arguments that go with it. It comes as its number: as an enum it would be compared
/// with each of them, in 230 bytes.
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub enum Wish {
    /// A session by the password grant: user name, password.
    Login,
    /// A session by the refresh grant: refresh token.
    Resume,
    /// A session with tokens of any other grant: the members of a token response.
    Adopt,
    /// The stored session; settled with nothing if there is none.
    Restore,
    /// The next access token, if a refresh token is or was this session's: refresh token. Settled with nothing otherwise.
    Join,
    /// An access token: seconds of validity, a token that will not do.
    Token,
    /// Not to be settled any more.
    Abort,
    /// That the stored record is read again.
    Hint,
    /// What is due at the moment that was waited for.
    Woke,
    /// The end.
    SignOut,
}

const LOGIN: u32 = Wish::Login as u32;
const RESUME: u32 = Wish::Resume as u32;
const ADOPT: u32 = Wish::Adopt as u32;
const RESTORE: u32 = Wish::Restore as u32;
const JOIN: u32 = Wish::Join as u32;
const TOKEN: u32 = Wish::Token as u32;
const ABORT: u32 = Wish::Abort as u32;
const HINT: u32 = Wish::Hint as u32;
const WOKE: u32 = Wish::Woke as u32;
const SIGN_OUT: u32 = Wish::SignOut as u32;

/// One session, as the hand-written JavaScript drives it. Callers are numbers: their
/// promises live in the port.
#[wasm_bindgen]
pub struct Engine(Rc<Shell>);

struct Shell {
    session: RefCell<Session>,
    /// When the port is to wake the session.
    alarm: Cell<i64>,
}

#[wasm_bindgen]
impl Engine {
    /// A session that has yet to be opened; `sid` must be random.
    #[wasm_bindgen(constructor)]
    pub fn new(values: &Array, sid: &JsValue) -> Engine {
        Self(Rc::new(Shell {
            session: RefCell::new(Session::new(Rc::new(config(values)), text(sid))),
            alarm: Cell::new(NEVER),
        }))
    }

    /// Hands a caller's wish to the machine, or settles the caller with nothing if its arguments are no good.
    pub fn ask(&self, wish: u32, port: &Port, caller: u32, first: &JsValue, second: &JsValue) {
        match self.0.input(wish, caller, first, second) {
            Some(input) => self.0.feed(port, input),
            None => port.settle(caller, JsValue::UNDEFINED, JsValue::UNDEFINED),
        }
    }
}

impl Shell {
    fn input(&self, wish: u32, caller: u32, first: &JsValue, second: &JsValue) -> Option<Input> {
        let opening = match wish {
            LOGIN => {
                let session = self.session.borrow();
                let request = password_request(session.config(), &text(first), &text(second));
                Opening::Login(request)
            }
            RESUME => Opening::Resume(RefreshToken::parse(&text(first))?),
            ADOPT => Opening::Adopt(tokens(first)?),
            RESTORE => Opening::Restore,
            JOIN => {
                let token = RefreshToken::parse(&text(first));
                let session = self.session.borrow();
                let is_known = token.is_some_and(|token| session.knows(&token));
                return is_known.then_some(Input::Refresh { caller });
            }
            TOKEN => {
                return Some(Input::Call {
                    caller,
                    min_validity: min_validity(first),
                    rejected: AccessToken::parse(&text(second)),
                });
            }
            ABORT => return Some(Input::Abort(caller)),
            HINT => return Some(Input::Hint),
            WOKE => {
                self.alarm.set(NEVER);
                return Some(Input::Woke);
            }
            SIGN_OUT => return Some(Input::SignOut { caller }),
            _ => return None,
        };
        Some(Input::Open { caller, opening })
    }

    fn feed(self: &Rc<Self>, port: &Port, input: Input) {
        let now = now();
        let outputs = self.session.borrow_mut().handle(now, input);
        for output in outputs {
            let (promise, read): (Promise, Read) = match output {
                Output::Load => (load(port), loaded),
                Output::Swap(next) => (swap(port, entry_to_js(&next)), swapped),
                Output::Lock { within } => (port.lock(within as f64), locked),
                Output::Send(request) => (send(port, &request), replied),
                Output::Revoke(request) => (send(port, &request), |_| Input::Revoked),
                Output::Unlock => {
                    port.unlock();
                    continue;
                }
                Output::Settle { caller, result } => {
                    let (token, error) = match &result {
                        Ok(token) => (token.as_ref().map(AccessToken::reveal), None),
                        Err(error) => (None, Some(error)),
                    };
                    port.settle(
                        caller,
                        token.map_or(JsValue::UNDEFINED, Into::into),
                        error.map_or(JsValue::UNDEFINED, error_to_js),
                    );
                    continue;
                }
                Output::Changed => {
                    let (view, error) = session_to_js(&self.session.borrow());
                    port.changed(view, error);
                    continue;
                }
            };
            Arc::new(Pending {
                shell: self.clone(),
                port: port.clone(),
                promise: RefCell::new(promise.into()),
                read,
            })
            .wake();
        }
        let alarm = self.session.borrow().wake_at().unwrap_or(NEVER);
        if self.alarm.replace(alarm) != alarm {
            port.wake((alarm - now.monotonic) as f64);
        }
    }
}

type Read = fn(Result<JsValue, JsValue>) -> Input;

/// An output under way: its promise, which settles within a known time, and what input it is then.
struct Pending {
    shell: Rc<Shell>,
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
            self.shell.feed(&self.port, (self.read)(answer));
        }
    }
}

fn send(port: &Port, request: &Request) -> Promise {
    let is_revocation = request.endpoint == Endpoint::Revocation;
    post(port, &request.body, is_revocation)
}

fn loaded(answer: Result<JsValue, JsValue>) -> Input {
    let entry = answer.map(|members| entry_from_js(&members, now()));
    Input::Loaded(entry.map_err(|_| StoreFailed))
}

fn swapped(answer: Result<JsValue, JsValue>) -> Input {
    let swapped = answer.map(|swapped| swapped.is_truthy());
    Input::Swapped(swapped.map_err(|_| StoreFailed))
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
