//! Core values as JavaScript sees them, in both directions.

use js_sys::Array;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::platform::{own_members, write_record};
use crate::attempt::AttemptMembers;
use crate::error::{Error, Reason};
use crate::oauth::{Answer, Member, Members, no_answer, token_response};
use crate::record::{Entry, Record, RecordMembers, Stored, VERSION};
use crate::session::Session;
use crate::token::{Now, TokenSet, Validity};

/// The members of a stored record, in the order in which they are read and written.
const RECORD: &str = "v sid gen access_token refresh_token scope received_at expires_at past ended \
    attempt claim claim_number claim_for claim_locked cooldown_since cooldown_for failures unanswered_since";
const TOKEN_RESPONSE: &str =
    "access_token token_type expires_in refresh_token scope error error_description";

/// One value on its way out. What goes out goes as an array of these: no name has to be in the wasm.
#[derive(Serialize)]
#[serde(untagged)]
enum Value<'a> {
    Text(Option<&'a str>),
    Number(Option<f64>),
    Flag(bool),
}

use Value::{Flag, Number, Text};

fn number<'a>(value: i64) -> Value<'a> {
    Number(Some(value as f64))
}

fn to_js(values: &[Value<'_>]) -> JsValue {
    serde_wasm_bindgen::to_value(values).unwrap_or_default()
}

/// What `meshyError` makes a `MeshyError` of.
pub(super) fn error_to_js(error: &Error) -> JsValue {
    let server = error.server.as_deref();
    to_js(&[
        Text(Some(error.code.as_str())),
        Text(error.reason.map(Reason::as_str)),
        Text(Some(error.text)),
        Flag(error.retryable()),
        Text(error.argument),
        Number(error.status.map(f64::from)),
        Text(server.map(|server| server.error.as_str())),
        Text(server.and_then(|server| server.description.as_deref())),
        Number(error.retry_after.map(f64::from)),
    ])
}

/// What a port keeps of its session: the snapshot, the tokens while it lives, and the error.
pub(super) fn session_to_js(session: &Session) -> (JsValue, JsValue) {
    let snapshot = session.snapshot();
    let held = session.held();
    let validity = held.map_or_else(Validity::default, |record| record.validity);
    let margin = validity.margin();
    let view = to_js(&[
        Text(Some(snapshot.state)),
        Number(snapshot.expires_at.map(|at| at as f64)),
        Text(Some(snapshot.scope)),
        number(snapshot.generation),
        Flag(snapshot.degraded),
        Text(Some(session.sid())),
        Text(
            held.filter(|_| !snapshot.degraded)
                .map(|record| record.access_token.reveal()),
        ),
        Text(held.and_then(|record| Some(record.refresh_token.as_ref()?.reveal()))),
        number(validity.not_before()),
        number(validity.expires_at - margin),
        number(validity.expires_monotonic - margin),
    ]);
    let error = snapshot.error.as_ref();
    (view, error.map_or(JsValue::UNDEFINED, error_to_js))
}

/// The text of an entry to be written over `seen`.
pub(super) fn entry_to_js(seen: &JsValue, Entry { stored, attempt }: &Entry) -> JsValue {
    let live = match stored {
        Stored::Live(record) => Some(&**record),
        Stored::Empty | Stored::Ended { .. } | Stored::Corrupt | Stored::Newer => None,
    };
    let ended = match stored {
        Stored::Ended { reason, .. } => Some(reason.as_str()),
        Stored::Empty | Stored::Live(_) | Stored::Corrupt | Stored::Newer => None,
    };
    let claim = attempt.claim.as_ref();
    let cooldown = attempt.cooldown.as_ref();
    let live_number = |value: fn(&Record) -> i64| Number(live.map(|record| value(record) as f64));
    let members = to_js(&[
        Number(Some(VERSION)),
        Text(stored.sid()),
        Number(stored.sid().map(|_| stored.generation() as f64)),
        Text(live.map(|record| record.access_token.reveal())),
        Text(live.and_then(|record| Some(record.refresh_token.as_ref()?.reveal()))),
        Text(live.map(|record| record.scope.as_str())),
        live_number(|record| record.validity.received_at),
        Number(
            live.filter(|record| record.expiry_known)
                .map(|record| record.validity.expires_at as f64),
        ),
        Text(live.map(|record| record.past.as_str())),
        Text(ended),
        Text(Some(attempt.token.as_str()).filter(|token| !token.is_empty())),
        Text(claim.map(|claim| claim.holder.as_str())),
        Number(claim.map(|claim| claim.number as f64)),
        Number(claim.map(|claim| claim.duration as f64)),
        Number(claim.map(|claim| f64::from(u8::from(claim.locked)))),
        Number(cooldown.map(|cooldown| cooldown.since as f64)),
        Number(cooldown.map(|cooldown| cooldown.duration as f64)),
        Number(cooldown.map(|cooldown| f64::from(cooldown.failures))),
        Number(attempt.unanswered_since.map(|since| since as f64)),
    ]);
    write_record(seen, RECORD, members)
}

/// Reads the members of a token response; none if `source` is no object.
pub(super) fn with_token_members<T>(
    source: &JsValue,
    judge: impl FnOnce(Option<Members<'_>>) -> T,
) -> T {
    judge(match read(source, TOKEN_RESPONSE).as_deref() {
        Some(
            [
                access_token,
                token_type,
                expires_in,
                refresh_token,
                scope,
                error,
                error_description,
            ],
        ) => Some(Members {
            access_token,
            token_type,
            expires_in,
            refresh_token,
            scope,
            error,
            error_description,
        }),
        _ => None,
    })
}

/// What came of a token request: an array from `readAnswer`, or a rejection, which is undefined where the deadline passed.
pub(super) fn reply_from_js(answer: Result<JsValue, JsValue>) -> Result<TokenSet, Error> {
    let answer: Array = answer
        .map_err(|reason| no_answer(reason.is_undefined()))?
        .unchecked_into();
    let status = answer.get(0).as_f64().unwrap_or_default() as u16;
    let content_type = answer.get(1).as_string().unwrap_or_default();
    let retry_after = answer.get(2).as_f64().filter(|seconds| !seconds.is_nan());
    with_token_members(&answer.get(3), |members| {
        token_response(&Answer {
            status,
            content_type: &content_type,
            retry_after,
            members,
        })
    })
}

/// What a store's value says.
pub(super) fn entry_from_js(value: &JsValue, now: Now) -> Entry {
    if value.is_falsy() {
        return Entry::default();
    }
    match read(value, RECORD).as_deref() {
        Some(
            [
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
                attempt,
                claim,
                claim_number,
                claim_for,
                claim_locked,
                cooldown_since,
                cooldown_for,
                failures,
                unanswered_since,
            ],
        ) => {
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
                attempt: AttemptMembers {
                    attempt,
                    claim,
                    claim_number,
                    claim_for,
                    claim_locked,
                    cooldown_since,
                    cooldown_for,
                    failures,
                    unanswered_since,
                },
            };
            Entry::parse(&members, now)
        }
        _ => Entry::unreadable(),
    }
}

/// The own members of an object, or of a JSON object.
fn read(source: &JsValue, names: &str) -> Option<Vec<Member>> {
    let values = own_members(source, names).ok()??;
    Some(members(&values))
}

pub(super) fn members(values: &Array) -> Vec<Member> {
    (0..values.length())
        .map(|index| member(&values.get(index)))
        .collect()
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
