//! Answers judged over tables.

#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use meshydb_client::error::Code;
use meshydb_client::oauth::{Member, no_answer};
use support::{Json, YEAR, judge, refresh, text};

fn response() -> Json {
    Json::new([
        ("access_token", text("access")),
        ("token_type", text("Bearer")),
        ("expires_in", Member::Number(3_600.0)),
        ("refresh_token", text("refresh")),
    ])
}

fn refusal(error: &str) -> Json {
    Json::new([("error", text(error))])
}

mod rfc6749_5_1_success {
    use super::*;

    #[test]
    fn every_member_is_taken_over() {
        let body = response().with("scope", text("a b"));
        let tokens = judge(200, Some(&body), None).unwrap();
        assert_eq!(tokens.access_token.reveal(), "access");
        assert_eq!(tokens.refresh_token, Some(refresh("refresh")));
        assert_eq!(tokens.lifetime, Some(3_600_000));
        assert_eq!(tokens.scope.as_deref(), Some("a b"));
    }

    #[test]
    fn each_member_is_validated() {
        let nine = Member::Number(9.0);
        for (name, member, accepted) in [
            ("token_type", text("bearer"), true),
            ("token_type", text("BEARER"), true),
            ("token_type", text("mac"), false),
            ("token_type", text("Bearer "), false),
            ("token_type", text(""), false),
            ("token_type", Member::Missing, false),
            ("token_type", Member::Other, false),
            ("access_token", text("a-._~+/9Z=="), true),
            ("access_token", text("1|abc"), true),
            ("access_token", text("a\",b"), true),
            ("access_token", text(""), false),
            ("access_token", text("a\r\nb"), false),
            ("access_token", text("a b"), false),
            ("access_token", text("a\u{7f}"), false),
            ("access_token", text("é"), false),
            ("access_token", Member::Missing, false),
            ("access_token", nine.clone(), false),
            ("access_token", Member::Other, false),
            ("refresh_token", Member::Missing, true),
            ("refresh_token", text("!~\""), true),
            ("refresh_token", text(""), true),
            ("refresh_token", text("a\r\nb"), false),
            ("refresh_token", nine.clone(), false),
            ("refresh_token", Member::Other, false),
            ("scope", Member::Missing, true),
            ("scope", Member::Other, true),
            ("scope", nine, true),
            ("scope", text("a\r\n\"b"), true),
        ] {
            let body = response().with(name, member.clone());
            let judged = judge(200, Some(&body), None);
            assert_eq!(judged.is_ok(), accepted, "{name}: {member:?}");
            if let Err(error) = judged {
                assert_eq!(error.code, Code::InvalidResponse);
                assert!(!error.retryable() && !error.ends_session());
            }
        }
    }

    #[test]
    fn a_scope_is_text() {
        for (given, taken) in [(text("a b"), Some("a b")), (Member::Number(1.0), None)] {
            let body = response().with("scope", given);
            let tokens = judge(200, Some(&body), None).unwrap();
            assert_eq!(tokens.scope.as_deref(), taken);
        }
    }

    #[test]
    fn expires_in_is_the_whole_seconds_of_a_number_clamped_to_a_year_or_unknown() {
        for (given, lifetime) in [
            (Member::Number(1.0), Some(1_000)),
            (Member::Number(0.0), Some(0)),
            (Member::Number(-0.0), Some(0)),
            (Member::Number(-5.0), Some(0)),
            (Member::Number(1e300), Some(YEAR)),
            (Member::Number(31_536_000.0), Some(YEAR)),
            (Member::Number(31_536_001.0), Some(YEAR)),
            (Member::Number(1.5), Some(1_000)),
            (Member::Number(0.9), Some(0)),
            (Member::Number(f64::INFINITY), None),
            (Member::Number(f64::NEG_INFINITY), None),
            (Member::Number(f64::NAN), None),
            (text("3600"), None),
            (Member::Missing, None),
            (Member::Other, None),
        ] {
            let body = response().with("expires_in", given.clone());
            let tokens = judge(200, Some(&body), None).unwrap();
            assert_eq!(tokens.lifetime, lifetime, "{given:?}");
        }
    }

    #[test]
    fn only_200_and_201_are_read() {
        let body = response();
        for status in [0, 200, 201, 204, 302, 400, 500] {
            let judged = judge(status, Some(&body), None);
            assert_eq!(judged.is_ok(), matches!(status, 200 | 201), "{status}");
        }
        let empty = judge(200, None, None).unwrap_err();
        assert_eq!(empty.code, Code::InvalidResponse);
    }
}

mod rfc6749_5_2_refusal {
    use super::*;

    #[test]
    fn each_status_and_body_has_one_meaning() {
        use Code::{InvalidGrant, InvalidResponse, RateLimited, Refused, Unavailable};
        for (status, error, code) in [
            (0, "", InvalidResponse),
            (200, "", Refused),
            (200, "invalid_grant", InvalidGrant),
            (201, "invalid_grant", InvalidGrant),
            (200, "bad_refresh_token", Refused),
            (204, "", InvalidResponse),
            (302, "", InvalidResponse),
            (307, "invalid_grant", InvalidResponse),
            (400, "invalid_grant", InvalidGrant),
            (400, "invalid_client", Refused),
            (400, "invalid_request", Refused),
            (400, "invalid_scope", Refused),
            (400, "unauthorized_client", Refused),
            (400, "unsupported_grant_type", Refused),
            (400, "INVALID_GRANT", Refused),
            (400, "invalid_grant ", Refused),
            (400, "", Refused),
            (401, "invalid_client", Refused),
            (401, "invalid_grant", InvalidGrant),
            (403, "", Refused),
            (404, "", Refused),
            (407, "", Refused),
            (408, "invalid_grant", Unavailable),
            (425, "", Unavailable),
            (429, "invalid_grant", RateLimited),
            (499, "", Refused),
            (500, "invalid_grant", Unavailable),
            (503, "", Unavailable),
            (599, "", Unavailable),
            (999, "", Unavailable),
        ] {
            let body = refusal(error);
            let judged = judge(status, Some(&body), None).unwrap_err();
            let row = format!("{status} {error}");
            assert_eq!(judged.code, code, "{row}");
            assert_eq!(judged.status, Some(status), "{row}");
            let retryable = matches!(code, RateLimited | Unavailable);
            assert_eq!(judged.retryable(), retryable, "{row}");
            let ends = matches!(status, 400 | 401) && error == "invalid_grant";
            assert_eq!(judged.ends_session(), ends, "{row}");
        }
    }

    #[test]
    fn only_400_401_and_403_with_invalid_grant_end_a_session() {
        let (grant, client) = (refusal("invalid_grant"), refusal("invalid_client"));
        for status in 0..=999 {
            for (body, proof) in [(Some(&grant), true), (Some(&client), false), (None, false)] {
                let error = judge(status, body, None).unwrap_err();
                let is_proof = proof && matches!(status, 400 | 401 | 403);
                assert_eq!(error.ends_session(), is_proof, "{status}");
            }
        }
    }

    #[test]
    fn an_error_that_only_resembles_invalid_grant_ends_nothing() {
        for error in ["invalid_grant\0", "\"invalid_grant\"", "invalid_éгgrant"] {
            let judged = judge(400, Some(&refusal(error)), None).unwrap_err();
            assert!(!judged.ends_session(), "{error:?}");
        }
    }
}

#[test]
fn rfc9110_10_2_3_retry_after_is_whole_seconds_up_to_an_hour_where_a_retry_makes_sense() {
    for (given, kept) in [
        (None, None),
        (Some(0.0), Some(0)),
        (Some(-3.0), Some(0)),
        (Some(0.2), Some(1)),
        (Some(30.0), Some(30)),
        (Some(3_600.5), Some(3_600)),
        (Some(1e300), Some(3_600)),
        (Some(f64::INFINITY), Some(3_600)),
        (Some(f64::NEG_INFINITY), Some(0)),
        (Some(f64::NAN), Some(0)),
    ] {
        for status in [408, 425, 429, 500, 503, 999] {
            let error = judge(status, None, given).unwrap_err();
            assert_eq!(error.retry_after, kept, "{status} {given:?}");
        }
        for status in [0, 200, 302, 400, 401, 403, 404] {
            let error = judge(status, None, given).unwrap_err();
            assert_eq!(error.retry_after, None, "{status} {given:?}");
        }
    }
}

#[test]
fn no_answer_is_retryable_and_ends_nothing() {
    for (late, code) in [(false, Code::Network), (true, Code::Timeout)] {
        let error = no_answer(late);
        assert_eq!((error.code, error.status), (code, None));
        assert!(error.retryable() && !error.ends_session());
    }
}
