//! Drives a session: feeds it inputs and performs its outputs.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Date, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::AbortController;

use super::arguments::{Settings, credential, min_validity, refresh_token, rejected, tokens};
use super::local;
use super::platform::{Port, monotonic, random_id, read_answer, request_init, within};
use super::views::{error_to_js, reply_from_js, session_to_js, stored_from_js, stored_to_js};
use crate::config::Config;
use crate::error::Error;
use crate::oauth::{Request, password_request};
use crate::session::{Input, Opening, Output, Session, StoreFailed};
use crate::token::Now;

/// Milliseconds that one store operation may take.
const STORE_TIMEOUT: f64 = 1_000.0;
/// Bytes of an answer that are read.
const BODY_LIMIT: u32 = 65_536;

/// One session, as the hand-written JavaScript drives it. Callers are numbers: their
/// promises live in the port.
#[wasm_bindgen]
pub struct Engine(Rc<Shell>);

struct Shell {
    config: Rc<Config>,
    session: RefCell<Session>,
    /// What the last `Load` read: the value that a `Swap` expects.
    seen: RefCell<Option<String>>,
}

#[wasm_bindgen]
impl Engine {
    /// A session that has yet to be opened.
    #[wasm_bindgen(constructor)]
    pub fn new(settings: &Settings) -> Engine {
        let config = settings.0.clone();
        Self(Rc::new(Shell {
            session: RefCell::new(Session::new(config.clone(), random_id())),
            config,
            seen: RefCell::new(None),
        }))
    }

    /// Opens with the password grant.
    pub fn login(
        &self,
        port: &Port,
        caller: u32,
        username: &JsValue,
        password: &JsValue,
    ) -> Result<(), JsValue> {
        let request = || {
            let username = credential(username, "username")?;
            let password = credential(password, "password")?;
            Ok(Opening::Login(password_request(
                &self.0.config,
                &username,
                &password,
            )))
        };
        self.open(port, caller, request())
    }

    /// Opens with a refresh token.
    pub fn resume(&self, port: &Port, caller: u32, token: &JsValue) -> Result<(), JsValue> {
        self.open(port, caller, refresh_token(token).map(Opening::Resume))
    }

    /// Opens with tokens of any other grant.
    pub fn adopt(&self, port: &Port, caller: u32, set: &JsValue) -> Result<(), JsValue> {
        self.open(port, caller, tokens(set).map(Opening::Adopt))
    }

    /// Opens with what is stored, or not at all.
    pub fn restore(&self, port: &Port, caller: u32) {
        self.0.feed(
            port,
            Input::Open {
                caller,
                opening: Opening::Restore,
            },
        );
    }

    /// Wants an access token.
    #[wasm_bindgen(js_name = call)]
    pub fn call(
        &self,
        port: &Port,
        caller: u32,
        validity: &JsValue,
        other_than: &JsValue,
    ) -> Result<(), JsValue> {
        let input = || {
            Ok(Input::Call {
                caller,
                min_validity: min_validity(validity)?,
                rejected: rejected(other_than)?,
            })
        };
        self.0.feed(port, input().map_err(thrown)?);
        Ok(())
    }

    /// Wants the next access token, if the refresh token is or was this session's.
    pub fn join(&self, port: &Port, caller: u32, token: &JsValue) -> Result<bool, JsValue> {
        let token = refresh_token(token).map_err(thrown)?;
        let joins = self
            .0
            .session
            .borrow()
            .held()
            .is_some_and(|record| record.knows(&token));
        if joins {
            self.0.feed(port, Input::Refresh { caller });
        }
        Ok(joins)
    }

    /// Forgets a caller.
    pub fn abort(&self, port: &Port, caller: u32) {
        self.0.feed(port, Input::Abort(caller));
    }

    /// The stored record may have changed.
    pub fn hint(&self, port: &Port) {
        self.0.feed(port, Input::Hint);
    }

    /// Ends the session.
    #[wasm_bindgen(js_name = signOut)]
    pub fn sign_out(&self, port: &Port, caller: u32) {
        self.0.feed(port, Input::SignOut { caller });
    }

    fn open(
        &self,
        port: &Port,
        caller: u32,
        opening: Result<Opening, Error>,
    ) -> Result<(), JsValue> {
        let opening = opening.map_err(thrown)?;
        self.0.feed(port, Input::Open { caller, opening });
        Ok(())
    }
}

impl Shell {
    fn feed(self: &Rc<Self>, port: &Port, input: Input) {
        let outputs = self.session.borrow_mut().handle(now(), input);
        for output in outputs {
            match output {
                Output::Settle {
                    caller,
                    result: Ok(token),
                } => {
                    port.settle(
                        caller,
                        token.as_ref().map(|token| token.reveal()),
                        JsValue::UNDEFINED,
                    );
                }
                Output::Settle {
                    caller,
                    result: Err(error),
                } => port.settle(caller, None, error_to_js(&error)),
                Output::Changed => {
                    let view = session_to_js(&self.session.borrow());
                    port.changed(view);
                }
                output => spawn_local(perform(self.clone(), port.clone(), output)),
            }
        }
    }

    /// Starts what an output asks for. Every promise settles within a known time.
    fn begin(&self, port: &Port, output: &Output) -> Promise {
        match output {
            Output::Load => store_promise(match port.store() {
                None => local::read(&self.config.key),
                Some(store) => store.read(&self.config.key),
            }),
            Output::Swap(next) => {
                let seen = self.seen.borrow();
                let (key, seen) = (self.config.key.as_str(), seen.as_deref());
                let next = stored_to_js(seen, next);
                store_promise(match port.store() {
                    None => local::compare_and_set(key, seen, &next),
                    Some(store) => {
                        store.compare_and_set(key, seen.map_or(JsValue::NULL, Into::into), &next)
                    }
                })
            }
            Output::Send(request) => self.send(port, request, false),
            Output::Revoke { request, .. } => self.send(port, request, true),
            Output::Settle { .. } | Output::Changed => Promise::resolve(&JsValue::UNDEFINED),
        }
    }

    fn send(&self, port: &Port, request: &Request, keepalive: bool) -> Promise {
        let controller = AbortController::new().ok();
        let signal = controller.as_ref().map(AbortController::signal);
        let init = request_init(&request.body, request.tenant.as_deref(), signal, keepalive);
        let response = port
            .fetch()
            .call2(&JsValue::UNDEFINED, &request.url.as_str().into(), &init);
        let answer = read_answer(&promise(response), BODY_LIMIT);
        within(&answer, self.config.timeout as f64, controller.as_ref())
    }

    /// What the end of that means to the session.
    fn input(&self, output: &Output, answer: Result<JsValue, JsValue>) -> Option<Input> {
        match output {
            Output::Load => Some(Input::Loaded(match answer {
                Ok(value) => {
                    *self.seen.borrow_mut() = value.as_string();
                    Ok(stored_from_js(&value, now()))
                }
                Err(_) => Err(StoreFailed),
            })),
            Output::Swap(_) => Some(Input::Swapped(match answer {
                Ok(swapped) => Ok(swapped.as_bool() == Some(true)),
                Err(_) => Err(StoreFailed),
            })),
            Output::Send(_) => Some(Input::Replied(reply_from_js(answer))),
            Output::Revoke { .. } | Output::Settle { .. } | Output::Changed => None,
        }
    }
}

/// Performs one output and feeds back what happened.
async fn perform(shell: Rc<Shell>, port: Port, output: Output) {
    let answer = JsFuture::from(shell.begin(&port, &output)).await;
    if let Some(input) = shell.input(&output, answer) {
        shell.feed(&port, input);
    } else if let Output::Revoke {
        caller: Some(caller),
        ..
    } = output
    {
        port.settle(caller, None, JsValue::UNDEFINED);
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

fn thrown(error: Error) -> JsValue {
    error_to_js(&error)
}
