//! Core values as JavaScript sees them, in both directions.

use js_sys::Array;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::platform::{meshy_error, own_members, write_record};
use crate::error::{Error, Reason};
use crate::oauth::{Member, Members, Reply, is_json};
use crate::record::{RecordMembers, Stored, VERSION};
use crate::session::Session;
use crate::token::{Now, RefreshToken, Validity};

/// The members of a stored record, in the order in which they are read and written.
const RECORD: &str = "v sid gen access_token refresh_token scope received_at expires_at past ended";
const TOKEN_RESPONSE: &str =
    "access_token token_type expires_in refresh_token scope error error_description";

/// A tuple as a JavaScript array: none of the names has to be in the wasm.
fn to_js(tuple: &impl Serialize) -> JsValue {
    serde_wasm_bindgen::to_value(tuple).unwrap_or_default()
}

/// A `MeshyError`.
pub(super) fn error_to_js(error: &Error) -> JsValue {
    let server = error.server.as_deref();
    meshy_error(to_js(&(
        error.code.as_str(),
        error.reason.map(Reason::as_str),
        error.text,
        error.retryable(),
        error.argument,
        error.status,
        server.map(|server| server.error.as_str()),
        server.and_then(|server| server.description.as_deref()),
        error.retry_after,
    )))
}

/// What a port keeps of its session: the snapshot, then the tokens while it lives.
pub(super) fn session_to_js(session: &Session) -> JsValue {
    let snapshot = session.snapshot();
    let held = session.held();
    let error = snapshot.error.as_ref().map_or(JsValue::NULL, error_to_js);
    let view = to_js(&(
        snapshot.state,
        snapshot.expires_at.map(|at| at as f64),
        snapshot.scope,
        snapshot.generation as f64,
        snapshot.degraded,
        session.sid(),
        held.map(|record| record.access_token.reveal()),
        held.and_then(|record| record.refresh_token.as_ref())
            .map(RefreshToken::reveal),
        held.map(|record| {
            let Validity {
                received_at,
                expires_at,
                expires_monotonic,
            } = record.validity;
            (
                received_at as f64,
                expires_at as f64,
                expires_monotonic as f64,
            )
        }),
    ));
    Array::of2(&view, &error).into()
}

/// The members of a record to be written.
pub(super) fn stored_to_js(seen: Option<&str>, stored: &Stored) -> String {
    let members = match stored {
        Stored::Live(record) => to_js(&(
            VERSION,
            &record.sid,
            record.generation as f64,
            record.access_token.reveal(),
            record.refresh_token.as_ref().map(RefreshToken::reveal),
            &record.scope,
            record.validity.received_at as f64,
            record
                .expiry_known
                .then_some(record.validity.expires_at as f64),
            &record.past,
        )),
        Stored::Ended {
            sid,
            generation,
            reason,
        } => {
            let none = None::<f64>;
            to_js(&(
                VERSION,
                sid,
                *generation as f64,
                none,
                none,
                none,
                none,
                none,
                none,
                reason.as_str(),
            ))
        }
        Stored::Empty | Stored::Corrupt | Stored::Newer => JsValue::NULL,
    };
    write_record(seen, RECORD, members)
}

/// The members of a token response; none if `source` is no object.
pub(super) fn token_members(source: &JsValue) -> Option<Members> {
    let values = own_members(source, TOKEN_RESPONSE).ok()??;
    let [
        access_token,
        token_type,
        expires_in,
        refresh_token,
        scope,
        error,
        error_description,
    ] = members(&values);
    Some(Members {
        access_token,
        token_type,
        expires_in,
        refresh_token,
        scope,
        error,
        error_description,
    })
}

/// What came of a request: an array from `readAnswer`, or a rejection, which is undefined where the deadline passed.
pub(super) fn reply_from_js(answer: Result<JsValue, JsValue>) -> Reply {
    let answer = match answer {
        Ok(answer) => Array::from(&answer),
        Err(reason) if reason.is_undefined() => return Reply::Timeout,
        Err(_) => return Reply::Network,
    };
    let [status, content_type, retry_after] = members(&answer);
    let json = content_type.text().is_some_and(is_json);
    Reply::Answer {
        status: status.number().unwrap_or_default() as u16,
        retry_after: retry_after.number().filter(|seconds| !seconds.is_nan()),
        members: json
            .then(|| token_members(&answer.get(3)).map(Box::new))
            .flatten(),
    }
}

/// What a store's value says.
pub(super) fn stored_from_js(value: &JsValue, now: Now) -> Stored {
    if value.is_null() || value.is_undefined() {
        return Stored::Empty;
    }
    let Ok(Some(values)) = own_members(value, RECORD) else {
        return Stored::Corrupt;
    };
    let [
        v,
        sid,
        generation,
        access_token,
        refresh_token,
        scope,
        received_at,
        expires_at,
        past,
        ended,
    ] = members(&values);
    let members = RecordMembers {
        v,
        sid,
        generation,
        access_token,
        refresh_token,
        scope,
        received_at,
        expires_at,
        past,
        ended,
    };
    Stored::parse(&members, now)
}

pub(super) fn members<const N: usize>(values: &Array) -> [Member; N] {
    let mut members = [const { Member::Missing }; N];
    for (index, place) in (0..).zip(&mut members) {
        *place = member(&values.get(index));
    }
    members
}

pub(super) fn member(value: &JsValue) -> Member {
    if value.is_undefined() {
        Member::Missing
    } else if let Some(text) = value.as_string() {
        Member::Text(text)
    } else {
        value.as_f64().map_or(Member::Other, Member::Number)
    }
}
