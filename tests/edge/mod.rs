//! The edge on a real platform: what crosses the boundary between JavaScript and the core.

use js_sys::{Array, Function, Object, Promise, Reflect};
use meshydb_client::web::{Answer, Arguments, Command, Engine, Port};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen(module = "/tests/edge/port.js")]
extern "C" {
    #[derive(Clone)]
    type TestPort;
    #[wasm_bindgen(constructor)]
    fn new(fetch: &JsValue, store: &JsValue) -> TestPort;
    #[wasm_bindgen(method)]
    fn outcome(this: &TestPort, caller: u32) -> Promise;
    #[wasm_bindgen(method)]
    fn answer(this: &TestPort, caller: u32) -> Promise;
    #[wasm_bindgen(method)]
    fn settlements(this: &TestPort, caller: u32) -> u32;
    #[wasm_bindgen(method, getter)]
    fn view(this: &TestPort) -> Array;
    #[wasm_bindgen(method, getter)]
    fn locks(this: &TestPort) -> u32;
    #[wasm_bindgen(method, getter)]
    fn alarm(this: &TestPort) -> Option<f64>;

    fn memory(text: &JsValue) -> JsValue;
    pub(crate) fn answering(status: u16, content_type: &str, body: &str) -> JsValue;
    pub(crate) fn misbehaving(how: &str) -> JsValue;
    #[wasm_bindgen(js_name = brokenStore)]
    fn broken_store(how: &str) -> JsValue;
    #[wasm_bindgen(js_name = reentrantStore)]
    fn reentrant_store(call: &Function) -> JsValue;
}

#[wasm_bindgen(module = "/pkg-template/core/platform.js")]
extern "C" {
    #[wasm_bindgen(js_name = parseObject)]
    fn parse(text: &JsValue) -> JsValue;
}

#[wasm_bindgen(module = "/pkg-template/core/post.js")]
extern "C" {
    #[wasm_bindgen(js_name = tokenMembers)]
    fn token_members(object: &JsValue, secret: &str) -> Array;
}

pub(crate) const TOKENS: &str = r#"{"access_token":"access-1","token_type":"Bearer","expires_in":3600,"refresh_token":"refresh-1"}"#;

pub(crate) struct Fixture {
    engine: Engine,
    port: TestPort,
    store: JsValue,
}

impl Fixture {
    pub(crate) fn new(fetch: &JsValue, store: JsValue) -> Self {
        Self {
            engine: engine(),
            port: TestPort::new(fetch, &store),
            store,
        }
    }

    fn port(&self) -> Port {
        self.port.clone().unchecked_into()
    }

    pub(crate) fn handle(&self, command: Command, caller: u32, arguments: &[(&str, JsValue)]) {
        self.engine
            .handle(command as u32, self.port(), caller, named(arguments));
    }

    pub(crate) async fn login(&self, caller: u32) -> String {
        self.handle(Command::Login, caller, &credentials());
        self.outcome(caller).await
    }

    async fn answer(&self, caller: u32) -> u32 {
        let answer = JsFuture::from(self.port.answer(caller)).await;
        answer.unwrap().as_f64().unwrap() as u32
    }

    pub(crate) async fn outcome(&self, caller: u32) -> String {
        let outcome = JsFuture::from(self.port.outcome(caller)).await;
        outcome.unwrap().as_string().unwrap_or_default()
    }

    fn stored(&self, member: &str) -> JsValue {
        get(&parse(&get(&self.store, "value")), member)
    }
}

fn named(values: &[(&str, JsValue)]) -> Arguments {
    let object = Object::new();
    for (name, value) in values {
        Reflect::set(&object, &(*name).into(), value).unwrap();
    }
    object.unchecked_into()
}

fn credentials() -> [(&'static str, JsValue); 2] {
    [
        ("username", "alice".into()),
        ("password", "wonderland".into()),
    ]
}

fn get(object: &JsValue, member: &str) -> JsValue {
    Reflect::get(object, &member.into()).unwrap()
}

/// A session with a short timeout.
fn engine() -> Engine {
    Engine::new(named(&[
        ("publicKey", "demo-public-key".into()),
        ("scope", "meshy.api".into()),
        ("canRevoke", false.into()),
        ("timeout", 50.into()),
        ("reuseWindow", 0.into()),
        ("name", "session-1".into()),
    ]))
}

#[wasm_bindgen_test]
async fn a_login_is_stored_and_shown() {
    let fixture = Fixture::new(
        &answering(200, "application/json;charset=utf-8", TOKENS),
        memory(&JsValue::NULL),
    );
    assert_eq!(fixture.login(1).await, "access-1");
    assert_eq!(fixture.stored("refresh_token"), "refresh-1");
    assert_eq!(fixture.stored("gen"), 1);
    assert_eq!(fixture.stored("sid"), "session-1");
    assert_eq!(fixture.port.view().get(0), "active");
    assert_eq!(fixture.port.view().get(7), "refresh-1");
}

#[wasm_bindgen_test]
async fn what_is_stored_comes_back() {
    let first = Fixture::new(
        &answering(200, "application/json", TOKENS),
        memory(&JsValue::NULL),
    );
    first.login(1).await;
    let second = Fixture::new(&misbehaving("rejects"), first.store.clone());
    second.handle(Command::Restore, 1, &[]);
    assert_eq!(second.outcome(1).await, "access-1");
}

#[wasm_bindgen_test]
async fn unknown_members_of_a_record_are_preserved() {
    let record = r#"{"v":2,"sid":"s","gen":4,"access_token":"old","refresh_token":"refresh-0",
        "scope":"","received_at":1000,"expires_at":2000,"past":"","later":{"a":1}}"#;
    let fixture = Fixture::new(
        &answering(200, "application/json", TOKENS),
        memory(&record.into()),
    );
    fixture.handle(Command::Restore, 1, &[]);
    fixture.outcome(1).await;
    fixture.handle(Command::Token, 2, &[]);
    assert_eq!(fixture.outcome(2).await, "access-1");
    assert_eq!(fixture.stored("gen"), 5);
    assert_eq!(get(&fixture.stored("later"), "a"), 1);
}

#[wasm_bindgen_test]
async fn a_refresh_that_fails_leaves_its_pause_in_the_store_and_nothing_else_behind() {
    let expired = r#"{"v":2,"sid":"s","gen":4,"access_token":"old","refresh_token":"refresh-0",
        "scope":"","received_at":1000,"expires_at":2000,"past":""}"#;
    let fixture = Fixture::new(&misbehaving("hangs"), memory(&expired.into()));
    fixture.handle(Command::Restore, 1, &[]);
    fixture.outcome(1).await;
    fixture.handle(Command::Token, 2, &[]);
    assert_eq!(fixture.port.alarm(), Some(50.0));
    assert_eq!(fixture.outcome(2).await, "timeout");
    assert_eq!(fixture.stored("failures"), 1);
    assert!(fixture.stored("cooldown_for").as_f64().unwrap() >= 250.0);
    assert!(fixture.stored("sent_since").as_f64().unwrap() > 0.0);
    assert!(fixture.stored("claim").is_undefined());
    assert_eq!(fixture.stored("refresh_token"), "refresh-0");
    assert_eq!(fixture.port.locks(), 0);
    assert_eq!(fixture.port.alarm(), None);
}

#[wasm_bindgen_test]
async fn only_own_members_of_tokens_count() {
    let fixture = Fixture::new(&misbehaving("rejects"), memory(&JsValue::NULL));
    let inherited: JsValue = Object::create(parse(&TOKENS.into()).unchecked_ref::<Object>()).into();
    let adopt = |caller, tokens: &JsValue| {
        fixture.handle(
            Command::Adopt,
            caller,
            &[(
                "members",
                token_members(tokens, "").slice(1, u32::MAX).into(),
            )],
        );
    };
    for (caller, tokens) in (1..).zip([inherited, JsValue::NULL, "x".into(), Array::new().into()]) {
        adopt(caller, &tokens);
        assert_eq!(fixture.answer(caller).await, Answer::Invalid as u32);
    }
    adopt(9, &parse(&TOKENS.into()));
    assert_eq!(fixture.outcome(9).await, "access-1");
}

#[wasm_bindgen_test]
async fn nothing_stored_an_invalid_argument_and_a_foreign_token_are_different_answers() {
    let fixture = Fixture::new(
        &answering(200, "application/json", TOKENS),
        memory(&JsValue::NULL),
    );
    let refresh = |caller, token: &str| {
        fixture.handle(Command::Refresh, caller, &[("refreshToken", token.into())]);
    };
    refresh(1, "refresh-1");
    assert_eq!(fixture.answer(1).await, Answer::Unknown as u32);
    assert_eq!(fixture.login(2).await, "access-1");
    assert_eq!(fixture.answer(2).await, Answer::Token as u32);
    refresh(3, "refresh-2");
    assert_eq!(fixture.answer(3).await, Answer::Unknown as u32);
    for (caller, command) in (4..).zip([Command::Refresh, Command::Resume, Command::Adopt]) {
        fixture.handle(command, caller, &[("members", Array::new().into())]);
        assert_eq!(fixture.answer(caller).await, Answer::Invalid as u32);
    }
    let empty = Fixture::new(&misbehaving("rejects"), memory(&JsValue::NULL));
    empty.handle(Command::Restore, 1, &[]);
    assert_eq!(empty.answer(1).await, Answer::Nothing as u32);
    let offline = Fixture::new(&misbehaving("rejects"), memory(&JsValue::NULL));
    assert_eq!(offline.login(1).await, "network");
    assert_eq!(offline.answer(1).await, Answer::Failed as u32);
}

#[wasm_bindgen_test]
async fn a_misbehaving_fetch_is_an_error_and_the_next_login_works() {
    for (how, code) in [
        ("throws", "network"),
        ("rejects", "network"),
        ("nothing", "network"),
        ("object", "network"),
        ("hangs", "timeout"),
        ("body hangs", "timeout"),
        ("body breaks", "network"),
        ("endless", "invalid_response"),
        ("not UTF-8", "invalid_response"),
    ] {
        let fixture = Fixture::new(&misbehaving(how), memory(&JsValue::NULL));
        assert_eq!(fixture.login(1).await, code, "{how}");
        assert_eq!(fixture.port.settlements(1), 1, "{how}");
    }
}

#[wasm_bindgen_test]
async fn an_answer_that_is_no_token_response_is_refused() {
    for (status, content_type, body, code) in [
        (200, "text/html", TOKENS, "invalid_response"),
        (200, "application/json", "<html>", "invalid_response"),
        (200, "application/json", "[]", "invalid_response"),
        (200, "application/json", "null", "invalid_response"),
        (200, "application/json", &TOKENS[..40], "invalid_response"),
        (202, "application/json", TOKENS, "invalid_response"),
        (
            400,
            "application/json",
            r#"{"error":"invalid_grant"}"#,
            "invalid_grant",
        ),
        (
            400,
            "application/json",
            r#"{"error":"invalid_client"}"#,
            "refused",
        ),
        (403, "text/html", "blocked", "refused"),
        (429, "text/plain", "", "rate_limited"),
        (503, "text/plain", "", "unavailable"),
    ] {
        let fixture = Fixture::new(
            &answering(status, content_type, body),
            memory(&JsValue::NULL),
        );
        assert_eq!(
            fixture.login(1).await,
            code,
            "{status} {content_type} {body}"
        );
        assert!(get(&fixture.store, "value").is_null());
    }
}

#[wasm_bindgen_test]
async fn a_broken_store_does_not_keep_a_login_from_working() {
    for how in ["throws", "rejects", "hangs"] {
        let fetch = answering(200, "application/json", TOKENS);
        let fixture = Fixture::new(&fetch, broken_store(how));
        assert_eq!(fixture.login(1).await, "access-1", "{how}");
        assert_eq!(fixture.port.view().get(4), 1, "{how}: degraded");
    }
}

#[wasm_bindgen_test]
async fn a_store_may_call_back_into_the_machine() {
    let engine = std::rc::Rc::new(engine());
    let slot = std::rc::Rc::new(std::cell::RefCell::new(None::<TestPort>));
    let call = {
        let (engine, slot) = (engine.clone(), slot.clone());
        Closure::<dyn Fn()>::new(move || {
            let port: JsValue = slot
                .borrow()
                .as_ref()
                .map(|port: &TestPort| JsValue::from(port.clone()))
                .unwrap();
            let port: &Port = port.unchecked_ref();
            for command in [Command::Hint, Command::Token] {
                engine.handle(command as u32, port.clone(), 7, named(&[]));
            }
        })
    };
    let store = reentrant_store(call.as_ref().unchecked_ref());
    let port = TestPort::new(&answering(200, "application/json", TOKENS), &store);
    *slot.borrow_mut() = Some(JsValue::from(port.clone()).unchecked_into());
    engine.handle(
        Command::Login as u32,
        port.clone().unchecked_into(),
        1,
        named(&credentials()),
    );
    let outcome = JsFuture::from(port.outcome(1)).await.unwrap();
    assert_eq!(outcome, "access-1");
}

#[wasm_bindgen_test]
async fn a_call_is_settled_after_its_handle_is_gone() {
    let port = {
        let fixture = Fixture::new(
            &answering(200, "application/json", TOKENS),
            memory(&JsValue::NULL),
        );
        fixture.handle(Command::Login, 1, &credentials());
        fixture.port
    };
    assert_eq!(JsFuture::from(port.outcome(1)).await.unwrap(), "access-1");
}
