//! Drives a session: feeds it inputs and performs its outputs.

#![allow(
    clippy::float_cmp,
    reason = "the comparison is in what wasm_bindgen makes of an enum"
)]

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Date, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::AbortController;

use super::arguments::{Settings, credential, min_validity, refresh_token, rejected, tokens};
use super::platform::{Port, monotonic, read_answer, request_init, within};
use super::views::{entry_from_js, entry_to_js, error_to_js, reply_from_js, session_to_js};
use crate::config::Config;
use crate::error::Error;
use crate::event::{Input, Opening, Output, StoreFailed};
use crate::oauth::{Endpoint, Request, password_request};
use crate::session::Session;
use crate::token::{AccessToken, Now};

/// Milliseconds that one store operation may take.
const STORE_TIMEOUT: f64 = 1_000.0;
/// Bytes of an answer that are read.
const BODY_LIMIT: u32 = 65_536;

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
    /// What the last `Load` read or the last `Swap` wrote: the value that a `Swap` expects.
    seen: RefCell<Option<String>>,
    /// What a `Swap` that is under way writes.
    next: RefCell<Option<String>>,
    /// When the port is to wake the session.
    alarm: Cell<Option<i64>>,
}

#[wasm_bindgen]
impl Engine {
    /// A session that has yet to be opened; `sid` must be random.
    #[wasm_bindgen(constructor)]
    pub fn new(settings: &Settings, sid: &JsValue) -> Engine {
        let config = settings.0.clone();
        Self(Rc::new(Shell {
            session: RefCell::new(Session::new(
                config.clone(),
                sid.as_string().unwrap_or_default(),
            )),
            config,
            seen: RefCell::new(None),
            next: RefCell::new(None),
            alarm: Cell::new(None),
        }))
    }

    /// Hands a caller's wish to the machine, or tells the caller what is wrong with its arguments.
    pub fn ask(&self, wish: Wish, port: &Port, caller: u32, first: &JsValue, second: &JsValue) {
        match self.0.input(wish, caller, first, second) {
            Ok(Some(input)) => self.0.feed(port, input),
            Ok(None) => port.settle(caller, None, JsValue::UNDEFINED),
            Err(error) => port.settle(caller, None, error_to_js(&error)),
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
                let username = credential(first, "username")?;
                let password = credential(second, "password")?;
                Opening::Login(password_request(&self.config, &username, &password))
            }
            Wish::Resume => Opening::Resume(refresh_token(first)?),
            Wish::Adopt => Opening::Adopt(tokens(first)?),
            Wish::Restore => Opening::Restore,
            Wish::Join => {
                let token = refresh_token(first)?;
                let session = self.session.borrow();
                return Ok(session.knows(&token).then_some(Input::Refresh { caller }));
            }
            Wish::Token => {
                let min_validity = min_validity(first)?;
                let rejected = rejected(second)?;
                return Ok(Some(Input::Call {
                    caller,
                    min_validity,
                    rejected,
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
                Output::Settle {
                    caller,
                    result: Ok(token),
                } => {
                    port.settle(
                        caller,
                        token.as_ref().map(AccessToken::reveal),
                        JsValue::UNDEFINED,
                    );
                }
                Output::Settle {
                    caller,
                    result: Err(error),
                } => port.settle(caller, None, error_to_js(&error)),
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

    /// Starts what an output asks for. Every promise settles within a known time.
    fn begin(&self, port: &Port, output: &Output) -> Promise {
        match output {
            Output::Load => store_promise(port.store().read(&self.config.key)),
            Output::Swap(next) => {
                let seen = self
                    .seen
                    .borrow()
                    .as_deref()
                    .map_or(JsValue::NULL, Into::into);
                let next = entry_to_js(&seen, next);
                *self.next.borrow_mut() = next.as_string();
                let store = port.store();
                store_promise(store.compare_and_set(&self.config.key, &seen, &next))
            }
            Output::Lock { within } => port.lock(&self.config.key, *within as f64),
            Output::Send(request) | Output::Revoke(request) => self.send(port, request),
            Output::Unlock | Output::Settle { .. } | Output::Changed => {
                Promise::resolve(&JsValue::UNDEFINED)
            }
        }
    }

    fn send(&self, port: &Port, request: &Request) -> Promise {
        let config = &self.config;
        let controller = AbortController::new().ok();
        let init = request_init(
            &request.body,
            config.tenant.as_deref(),
            controller.as_ref().map(AbortController::signal),
            request.endpoint == Endpoint::Revocation,
        );
        let url = match request.endpoint {
            Endpoint::Token => &config.token_endpoint,
            Endpoint::Revocation => &config.revocation_endpoint,
        };
        let response = port
            .fetch()
            .call2(&JsValue::UNDEFINED, &url.as_str().into(), &init);
        let answer = read_answer(&promise(response), BODY_LIMIT);
        within(&answer, config.timeout as f64, controller.as_ref())
    }

    /// What the end of that means to the session.
    fn happened(&self, output: &Output, answer: Result<JsValue, JsValue>) -> Option<Input> {
        match output {
            Output::Load => Some(Input::Loaded(match answer {
                Ok(value) => {
                    *self.seen.borrow_mut() = value.as_string();
                    Ok(entry_from_js(&value, now()))
                }
                Err(_) => Err(StoreFailed),
            })),
            Output::Swap(_) => Some(Input::Swapped(match answer {
                Ok(swapped) => {
                    let done = !swapped.is_falsy();
                    if done {
                        self.seen.replace(self.next.take());
                    }
                    Ok(done)
                }
                Err(_) => Err(StoreFailed),
            })),
            Output::Lock { .. } => Some(Input::Locked(answer.is_ok_and(|held| held.is_truthy()))),
            Output::Send(_) => Some(Input::Replied(reply_from_js(answer))),
            Output::Revoke(_) => Some(Input::Revoked),
            Output::Unlock | Output::Settle { .. } | Output::Changed => None,
        }
    }
}

/// Performs one output and feeds back what happened.
async fn perform(shell: Rc<Shell>, port: Port, output: Output) {
    let answer = JsFuture::from(shell.begin(&port, &output)).await;
    if let Some(input) = shell.happened(&output, answer) {
        shell.feed(&port, input);
    }
}

fn store_promise(value: Result<JsValue, JsValue>) -> Promise {
    within(&promise(value), STORE_TIMEOUT, None)
}

fn promise(value: Result<JsValue, JsValue>) -> Promise {
    value.map_or_else(
        |thrown| Promise::reject(&thrown),
        |value| Promise::resolve(&value),
    )
}

fn now() -> Now {
    Now {
        wall: Date::now() as i64,
        monotonic: monotonic() as i64,
    }
}
