//! Drives a session: feeds it inputs and performs its outputs.

#![allow(
    clippy::float_cmp,
    reason = "the comparison is in what wasm_bindgen makes of an enum"
)]

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Date};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::arguments::{config, min_validity, text, tokens};
use super::platform::{Port, load, monotonic, post, swap};
use super::views::{
    RECORD, TOKEN_RESPONSE, entry_from_js, entry_to_js, error_to_js, reply_from_js, session_to_js,
};
use crate::config::Config;
use crate::error::Error;
use crate::event::{Input, Opening, Output, StoreFailed};
use crate::oauth::{Endpoint, password_request};
use crate::session::Session;
use crate::token::{AccessToken, Now, RefreshToken};

/// What a caller may want, and the two arguments that go with it.
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub enum Wish {
    /// A session by the password grant: user name, password.
    Login,
    /// A session by the refresh grant: refresh token.
    Resume,
    /// A session with tokens of any other grant: token set.
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

/// One session, as the hand-written JavaScript drives it. Callers are numbers: their
/// promises live in the port.
#[wasm_bindgen]
pub struct Engine(Rc<Shell>);

struct Shell {
    config: Rc<Config>,
    session: RefCell<Session>,
    /// When the port is to wake the session.
    alarm: Cell<Option<i64>>,
}

#[wasm_bindgen]
impl Engine {
    /// A session that has yet to be opened; `sid` must be random.
    #[wasm_bindgen(constructor)]
    pub fn new(values: &Array, sid: &JsValue) -> Engine {
        let config = Rc::new(config(values));
        Self(Rc::new(Shell {
            session: RefCell::new(Session::new(config.clone(), text(sid))),
            config,
            alarm: Cell::new(None),
        }))
    }

    /// Hands a caller's wish to the machine, or tells the caller what is wrong with its arguments.
    pub fn ask(&self, wish: Wish, port: &Port, caller: u32, first: &JsValue, second: &JsValue) {
        match self.0.input(wish, caller, first, second) {
            Ok(Some(input)) => self.0.feed(port, input),
            Ok(None) => port.settle(caller, JsValue::UNDEFINED, JsValue::UNDEFINED),
            Err(error) => port.settle(caller, JsValue::UNDEFINED, error_to_js(&error)),
        }
    }
}

impl Shell {
    fn input(
        &self,
        wish: Wish,
        caller: u32,
        first: &JsValue,
        second: &JsValue,
    ) -> Result<Option<Input>, Error> {
        let opening = match wish {
            Wish::Login => {
                Opening::Login(password_request(&self.config, &text(first), &text(second)))
            }
            Wish::Resume => match RefreshToken::parse(&text(first)) {
                Some(token) => Opening::Resume(token),
                None => return Ok(None),
            },
            Wish::Adopt => Opening::Adopt(tokens(first)?),
            Wish::Restore => Opening::Restore,
            Wish::Join => {
                let token = RefreshToken::parse(&text(first));
                let session = self.session.borrow();
                let is_known = token.is_some_and(|token| session.knows(&token));
                return Ok(is_known.then_some(Input::Refresh { caller }));
            }
            Wish::Token => {
                return Ok(Some(Input::Call {
                    caller,
                    min_validity: min_validity(first),
                    rejected: AccessToken::parse(&text(second)),
                }));
            }
            Wish::Abort => return Ok(Some(Input::Abort(caller))),
            Wish::Hint => return Ok(Some(Input::Hint)),
            Wish::Woke => {
                self.alarm.set(None);
                return Ok(Some(Input::Woke));
            }
            Wish::SignOut => return Ok(Some(Input::SignOut { caller })),
        };
        Ok(Some(Input::Open { caller, opening }))
    }

    fn feed(self: &Rc<Self>, port: &Port, input: Input) {
        let now = now();
        let outputs = self.session.borrow_mut().handle(now, input);
        for output in outputs {
            match output {
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
                }
                Output::Changed => {
                    let (view, error) = session_to_js(&self.session.borrow());
                    port.changed(view, error);
                }
                Output::Unlock => port.unlock(),
                output @ (Output::Load
                | Output::Swap(_)
                | Output::Lock { .. }
                | Output::Send(_)
                | Output::Revoke(_)) => {
                    spawn_local(perform(self.clone(), port.clone(), output));
                }
            }
        }
        let alarm = self.session.borrow().wake_at();
        if self.alarm.replace(alarm) != alarm {
            port.wake(alarm.map(|at| (at - now.monotonic) as f64));
        }
    }
}

/// Performs one output and feeds back what happened. Every promise settles within a known time.
async fn perform(shell: Rc<Shell>, port: Port, output: Output) {
    let promise = match &output {
        Output::Load => load(&port, RECORD),
        Output::Swap(next) => swap(&port, RECORD, entry_to_js(next)),
        Output::Lock { within } => port.lock(*within as f64),
        Output::Send(request) | Output::Revoke(request) => {
            let is_revocation = request.endpoint == Endpoint::Revocation;
            post(&port, &request.body, is_revocation, TOKEN_RESPONSE)
        }
        Output::Unlock | Output::Settle { .. } | Output::Changed => return,
    };
    let answer = JsFuture::from(promise).await;
    let input = match output {
        Output::Load => {
            let entry = answer.map(|members| entry_from_js(&members, now()));
            Input::Loaded(entry.map_err(|_| StoreFailed))
        }
        Output::Swap(_) => {
            let swapped = answer.map(|swapped| swapped.is_truthy());
            Input::Swapped(swapped.map_err(|_| StoreFailed))
        }
        Output::Lock { .. } => Input::Locked(answer.is_ok_and(|held| held.is_truthy())),
        Output::Send(_) => Input::Replied(reply_from_js(answer)),
        Output::Revoke(_) => Input::Revoked,
        Output::Unlock | Output::Settle { .. } | Output::Changed => return,
    };
    shell.feed(&port, input);
}

fn now() -> Now {
    Now {
        wall: Date::now() as i64,
        monotonic: monotonic() as i64,
    }
}
