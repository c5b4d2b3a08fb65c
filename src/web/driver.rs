//! Drives a session: feeds it inputs and performs its outputs.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Date, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::AbortController;

use super::arguments::{Settings, credential, min_validity, refresh_token, rejected, tokens};
use super::local;
use super::platform::{Port, monotonic, read_answer, request_init, within};
use super::views::{error_to_js, reply_from_js, session_to_js, stored_from_js, stored_to_js};
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
        }))
    }

    /// Opens with the password grant.
    pub fn login(&self, port: &Port, caller: u32, username: &JsValue, password: &JsValue) {
        let opening = || {
            let username = credential(username, "username")?;
            let password = credential(password, "password")?;
            Ok(Opening::Login(password_request(
                &self.0.config,
                &username,
                &password,
            )))
        };
        self.open(port, caller, opening());
    }

    /// Opens with a refresh token.
    pub fn resume(&self, port: &Port, caller: u32, token: &JsValue) {
        self.open(port, caller, refresh_token(token).map(Opening::Resume));
    }

    /// Opens with tokens of any other grant.
    pub fn adopt(&self, port: &Port, caller: u32, set: &JsValue) {
        self.open(port, caller, tokens(set).map(Opening::Adopt));
    }

    /// Opens with what is stored, or not at all.
    pub fn restore(&self, port: &Port, caller: u32) {
        self.open(port, caller, Ok(Opening::Restore));
    }

    /// Wants an access token.
    pub fn call(&self, port: &Port, caller: u32, validity: &JsValue, other_than: &JsValue) {
        let input = || {
            Ok(Input::Call {
                caller,
                min_validity: min_validity(validity)?,
                rejected: rejected(other_than)?,
            })
        };
        self.0.accept(port, caller, input());
    }

    /// Wants the next access token, if the refresh token is or was this session's; none otherwise.
    pub fn join(&self, port: &Port, caller: u32, token: &JsValue) {
        let token = refresh_token(token);
        let is_foreign = token.as_ref().is_ok_and(|token| {
            let session = self.0.session.borrow();
            session.held().is_none_or(|record| !record.knows(token))
        });
        if is_foreign {
            port.settle(caller, None, JsValue::UNDEFINED);
        } else {
            self.0
                .accept(port, caller, token.map(|_| Input::Refresh { caller }));
        }
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

    fn open(&self, port: &Port, caller: u32, opening: Result<Opening, Error>) {
        self.0.accept(
            port,
            caller,
            opening.map(|opening| Input::Open { caller, opening }),
        );
    }
}

impl Shell {
    /// Feeds what a caller asked for, or tells it at once what is wrong with its arguments.
    fn accept(self: &Rc<Self>, port: &Port, caller: u32, input: Result<Input, Error>) {
        match input {
            Ok(input) => self.feed(port, input),
            Err(error) => port.settle(caller, None, error_to_js(&error)),
        }
    }

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
                output @ (Output::Load
                | Output::Swap(_)
                | Output::Send(_)
                | Output::Revoke { .. }) => {
                    spawn_local(perform(self.clone(), port.clone(), output));
                }
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
                let seen = self
                    .seen
                    .borrow()
                    .as_deref()
                    .map_or(JsValue::NULL, Into::into);
                let next = stored_to_js(&seen, next);
                store_promise(match port.store() {
                    None => local::compare_and_set(&self.config.key, &seen, &next),
                    Some(store) => store.compare_and_set(&self.config.key, &seen, &next),
                })
            }
            Output::Send(request) | Output::Revoke { request, .. } => self.send(port, request),
            Output::Settle { .. } | Output::Changed => Promise::resolve(&JsValue::UNDEFINED),
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
                Ok(swapped) => Ok(!swapped.is_falsy()),
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
