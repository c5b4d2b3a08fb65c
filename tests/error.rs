//! The names of errors, as JavaScript sees them.

#![cfg(not(target_arch = "wasm32"))]

use meshydb_client::error::{Code, Error, Reason};

#[test]
fn each_code_has_its_name_and_says_whether_to_try_again() {
    for (code, name, retryable) in [
        (Code::InvalidGrant, "invalid_grant", false),
        (Code::Refused, "refused", false),
        (Code::RateLimited, "rate_limited", true),
        (Code::Unavailable, "unavailable", true),
        (Code::Network, "network", true),
        (Code::Timeout, "timeout", true),
        (Code::InvalidResponse, "invalid_response", false),
        (Code::SessionEnded, "session_ended", false),
        (Code::Unsupported, "unsupported", false),
    ] {
        assert_eq!(code.as_str(), name);
        assert_eq!(Error::new(code, "").retryable(), retryable, "{name}");
    }
}

#[test]
fn each_reason_is_read_by_its_name() {
    for (reason, name) in [
        (Reason::SignedOut, "signed_out"),
        (Reason::InvalidGrant, "invalid_grant"),
        (Reason::ResponseLost, "response_lost"),
        (Reason::Replaced, "replaced"),
        (Reason::Removed, "removed"),
        (Reason::Expired, "expired"),
    ] {
        assert_eq!(reason.as_str(), name);
        assert_eq!(Reason::parse(name), Some(reason));
        assert_eq!(Error::ended(reason).reason, Some(reason));
    }
    assert_eq!(Reason::parse("bored"), None);
}
