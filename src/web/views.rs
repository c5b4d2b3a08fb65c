//! Core values as JavaScript sees them, in both directions.

use std::array;

use js_sys::Array;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::error::{Error, Reason};
use crate::oauth::{Answer, Member, no_answer, token_response};
use crate::record::{Entry, Stored, VERSION};
use crate::session::Session;
use crate::token::{Now, RefreshToken, TokenSet, Validity};

/// Objects cross as arrays of their values: `pkg-template/core/platform.js` has the names, in the same order.
#[derive(Default)]
struct Row(Array);

impl Row {
    fn text(&self, text: Option<&str>) {
        self.push(&text);
    }

    fn number(&self, number: Option<i64>) {
        let number = number.map(|number| JsValue::from(number as f64));
        self.0.push(&number.unwrap_or_default());
    }

    /// 1 or 0.
    fn flag(&self, flag: bool) {
        self.number(Some(i64::from(flag)));
    }

    fn skip(&self, members: usize) {
        for _ in 0..members {
            self.text(None);
        }
    }

    fn push(&self, value: &impl Serialize) {
        let value = serde_wasm_bindgen::to_value(value);
        self.0.push(&value.unwrap_or_default());
    }
}

/// What `meshyError` makes a `MeshyError` of.
pub(super) fn error_to_js(error: &Error) -> JsValue {
    let row = Row::default();
    push_error(&row, error);
    row.0.into()
}

fn push_error(row: &Row, error: &Error) {
    row.text(Some(error.code.as_str()));
    row.text(error.reason.map(Reason::as_str));
    row.text(Some(error.text));
    row.flag(error.retryable());
    row.number(error.status.map(i64::from));
    row.number(error.retry_after.map(i64::from));
}

/// What a port keeps of its session: the snapshot, the tokens while it lives, and the members of its error, if it has one. A token that is
/// not stored has no time in which the port may serve it: each call writes it again.
pub(super) fn session_to_js(session: &Session) -> JsValue {
    let snapshot = session.snapshot();
    let held = session.held();
    let stored = held.filter(|_| !snapshot.degraded);
    let validity = stored.map_or_else(Validity::default, |record| record.validity);
    let margin = validity.margin();
    let row = Row::default();
    row.text(Some(snapshot.state));
    row.number(snapshot.expires_at);
    row.text(Some(snapshot.scope));
    row.number(Some(snapshot.generation));
    row.flag(snapshot.degraded);
    row.text(Some(session.sid()));
    row.text(held.map(|record| record.access_token.reveal()));
    row.text(held.and_then(|record| Some(record.refresh_token.as_ref()?.reveal())));
    row.number(Some(validity.not_before()));
    row.number(Some(validity.expires_at - margin));
    row.number(Some(validity.expires_monotonic - margin));
    if let Some(error) = snapshot.error {
        push_error(&row, error);
    }
    row.0.into()
}

/// The members of an entry.
pub(super) fn entry_to_js(Entry { stored, attempt }: &Entry) -> JsValue {
    let row = Row::default();
    row.number(Some(VERSION));
    row.text(stored.sid());
    row.number(stored.sid().map(|_| stored.generation()));
    match stored {
        Stored::Live(record) => {
            let Validity {
                received_at,
                expires_at,
                ..
            } = record.validity;
            row.text(Some(record.access_token.reveal()));
            row.text(record.refresh_token.as_ref().map(RefreshToken::reveal));
            row.text(Some(&record.scope));
            row.number(Some(received_at));
            row.number(record.expiry_known.then_some(expires_at));
            row.text(Some(&record.past));
            row.number(record.unauthorized_at);
            row.skip(1);
        }
        Stored::Ended { reason, .. } => {
            row.skip(7);
            row.text(Some(reason.as_str()));
        }
        Stored::Empty | Stored::Corrupt | Stored::Newer | Stored::Silent | Stored::Unusable => {
            row.skip(8);
        }
    }
    row.number(Some(attempt.token).filter(|token| *token != 0));
    match attempt.claim {
        Some(claim) => {
            row.number(Some(claim.holder));
            row.number(Some(claim.number));
            row.number(Some(claim.duration));
            row.number(Some(i64::from(claim.locked)));
        }
        None => row.skip(4),
    }
    match attempt.cooldown {
        Some(cooldown) => {
            row.number(Some(cooldown.since));
            row.number(Some(cooldown.duration));
            row.number(Some(i64::from(cooldown.failures)));
        }
        None => row.skip(3),
    }
    row.number(attempt.sends.map(|sends| sends.since));
    row.number(attempt.sends.map(|sends| i64::from(sends.count)));
    row.number(Some(i64::from(attempt.refusals)).filter(|refusals| *refusals > 0));
    row.0.into()
}

/// What came of a token request: what `post` resolves to, or a rejection, which is undefined where the deadline passed and
/// false where the request never left.
pub(super) fn reply_from_js(answer: Result<JsValue, JsValue>) -> Result<TokenSet, Error> {
    let answer = answer.map_err(|reason| {
        let is_late = reason.is_undefined();
        let mut error = no_answer(is_late);
        error.never_sent = !is_late && reason.is_falsy();
        error
    })?;
    let values = answer.unchecked_ref::<Array>();
    let number = |index| values.get(index).as_f64();
    let answer = Answer {
        status: number(0).unwrap_or_default() as u16,
        retry_after: number(1).filter(|seconds| !seconds.is_nan()),
        members: members(values, 2),
    };
    token_response(&answer)
}

/// The members of an entry that was read, or nothing.
pub(super) fn entry_from_js(value: &JsValue, now: Now) -> Entry {
    if value.is_falsy() {
        return Entry::default();
    }
    let values: &Array = value.unchecked_ref();
    let number = |index| values.get(11 + index as u32).as_f64().unwrap_or(f64::NAN);
    Entry::parse(&members(values, 0), &array::from_fn(number), now)
}

/// The values from `first` on; what there is none for is missing.
pub(super) fn members<const COUNT: usize>(values: &Array, first: u32) -> [Member; COUNT] {
    array::from_fn(|index| member(&values.get(first + index as u32)))
}

fn member(value: &JsValue) -> Member {
    if value.is_undefined() {
        Member::Missing
    } else if let Some(text) = value.as_string() {
        Member::Text(text)
    } else {
        value.as_f64().map_or(Member::Other, Member::Number)
    }
}
