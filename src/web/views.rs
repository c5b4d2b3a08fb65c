//! Core values as JavaScript sees them, in both directions.

use js_sys::Array;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::attempt::AttemptMembers;
use crate::error::{Error, Reason};
use crate::oauth::{Answer, Member, Members, no_answer, token_response};
use crate::record::{Entry, RecordMembers, Stored, VERSION};
use crate::session::Session;
use crate::token::{Now, TokenSet, Validity};

/// The members of a stored record, in the order in which they are read and written.
pub(super) const RECORD: &str = "v sid gen access_token refresh_token scope received_at expires_at past ended \
    attempt claim claim_number claim_for claim_locked cooldown_since cooldown_for failures unanswered_since";
pub(super) const TOKEN_RESPONSE: &str =
    "access_token token_type expires_in refresh_token scope error error_description";

/// One value on its way out.
#[derive(Serialize)]
#[serde(untagged)]
enum Value<'a> {
    Text(Option<&'a str>),
    Number(Option<f64>),
    Flag(bool),
}

/// What goes out, goes as an array of values: no name has to be in the wasm.
#[derive(Default)]
struct Row<'a>(Vec<Value<'a>>);

impl<'a> Row<'a> {
    fn text(&mut self, text: Option<&'a str>) {
        self.0.push(Value::Text(text));
    }

    fn number(&mut self, number: Option<i64>) {
        self.0
            .push(Value::Number(number.map(|number| number as f64)));
    }

    fn flag(&mut self, flag: bool) {
        self.0.push(Value::Flag(flag));
    }

    fn into_js(self) -> JsValue {
        serde_wasm_bindgen::to_value(&self.0).unwrap_or_default()
    }
}

/// What `meshyError` makes a `MeshyError` of.
pub(super) fn error_to_js(error: &Error) -> JsValue {
    let server = error.server.as_deref();
    let mut row = Row::default();
    row.text(Some(error.code.as_str()));
    row.text(error.reason.map(Reason::as_str));
    row.text(Some(error.text));
    row.flag(error.retryable());
    row.text(error.argument);
    row.number(error.status.map(i64::from));
    row.text(server.map(|server| server.error.as_str()));
    row.text(server.and_then(|server| server.description.as_deref()));
    row.number(error.retry_after.map(i64::from));
    row.into_js()
}

/// What a port keeps of its session: the snapshot, the tokens while it lives, and the error.
pub(super) fn session_to_js(session: &Session) -> (JsValue, JsValue) {
    let snapshot = session.snapshot();
    let held = session.held();
    let validity = held.map_or_else(Validity::default, |record| record.validity);
    let margin = validity.margin();
    let valid = held.filter(|_| !snapshot.degraded);
    let mut row = Row::default();
    row.text(Some(snapshot.state));
    row.number(snapshot.expires_at);
    row.text(Some(snapshot.scope));
    row.number(Some(snapshot.generation));
    row.flag(snapshot.degraded);
    row.text(Some(session.sid()));
    row.text(valid.map(|record| record.access_token.reveal()));
    row.text(held.and_then(|record| Some(record.refresh_token.as_ref()?.reveal())));
    row.number(Some(validity.not_before()));
    row.number(Some(validity.expires_at - margin));
    row.number(Some(validity.expires_monotonic - margin));
    let error = snapshot.error.as_ref();
    (row.into_js(), error.map_or(JsValue::UNDEFINED, error_to_js))
}

/// The members of an entry, in the order of [`RECORD`].
pub(super) fn entry_to_js(Entry { stored, attempt }: &Entry) -> JsValue {
    let live = stored.live().map(|record| &**record);
    let ended = match stored {
        Stored::Ended { reason, .. } => Some(reason.as_str()),
        Stored::Empty | Stored::Live(_) | Stored::Corrupt | Stored::Newer => None,
    };
    let (claim, cooldown) = (attempt.claim, attempt.cooldown);
    let mut row = Row::default();
    row.number(Some(VERSION));
    row.text(stored.sid());
    row.number(stored.sid().map(|_| stored.generation()));
    row.text(live.map(|record| record.access_token.reveal()));
    row.text(live.and_then(|record| Some(record.refresh_token.as_ref()?.reveal())));
    row.text(live.map(|record| record.scope.as_str()));
    row.number(live.map(|record| record.validity.received_at));
    row.number(
        live.filter(|record| record.expiry_known)
            .map(|record| record.validity.expires_at),
    );
    row.text(live.map(|record| record.past.as_str()));
    row.text(ended);
    row.number(Some(attempt.token).filter(|token| *token != 0));
    row.number(claim.map(|claim| claim.holder));
    row.number(claim.map(|claim| claim.number));
    row.number(claim.map(|claim| claim.duration));
    row.number(claim.map(|claim| i64::from(claim.locked)));
    row.number(cooldown.map(|cooldown| cooldown.since));
    row.number(cooldown.map(|cooldown| cooldown.duration));
    row.number(cooldown.map(|cooldown| i64::from(cooldown.failures)));
    row.number(attempt.unanswered_since);
    row.into_js()
}

/// The members in `values`, which come in the order of [`TOKEN_RESPONSE`].
pub(super) fn token_members(values: &[Member]) -> Option<Members<'_>> {
    let [
        access_token,
        token_type,
        expires_in,
        refresh_token,
        scope,
        error,
        error_description,
    ] = values
    else {
        return None;
    };
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

/// What came of a token request: what `post` resolves to, or a rejection, which is undefined where the deadline passed.
pub(super) fn reply_from_js(answer: Result<JsValue, JsValue>) -> Result<TokenSet, Error> {
    let answer = answer.map_err(|reason| no_answer(reason.is_undefined()))?;
    let answer = members(answer.unchecked_ref());
    let [status, content_type, retry_after, body @ ..] = answer.as_slice() else {
        return Err(no_answer(false));
    };
    token_response(&Answer {
        status: status.number().unwrap_or_default() as u16,
        content_type: content_type.text().unwrap_or_default(),
        retry_after: retry_after.number().filter(|seconds| !seconds.is_nan()),
        members: token_members(body),
    })
}

/// What `load` found: the members of an entry in the order of [`RECORD`], or nothing.
pub(super) fn entry_from_js(value: &JsValue, now: Now) -> Entry {
    if value.is_falsy() {
        return Entry::default();
    }
    match members(value.unchecked_ref()).as_slice() {
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
        ] => {
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

pub(super) fn members(values: &Array) -> Vec<Member> {
    (0..values.length())
        .map(|index| member(&values.get(index)))
        .collect()
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
