//! What a server says of a secret that it was sent: nobody is shown that.

#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use meshydb_client::error::{Code, Error};
use meshydb_client::oauth::{Answer, token_response};
use support::{Json, text};

const SECRET: &str = "s3cret-token";

fn refused(secret: &str, error: &str, description: &str) -> Error {
    let body = Json::new([
        ("error", text(error)),
        ("error_description", text(description)),
    ]);
    let answer = Answer {
        status: 400,
        retry_after: None,
        members: body.members(),
    };
    token_response(&answer, secret).unwrap_err()
}

fn is_shown(secret: &str, description: &str) -> bool {
    refused(secret, "invalid_request", description)
        .server
        .is_some()
}

#[test]
fn words_with_six_characters_of_a_secret_in_a_row_are_dropped() {
    for (description, shown) in [
        ("s3cret-token", false),
        ("no such token: s3cret-token!", false),
        ("s3cret", false),
        ("-token", false),
        ("it begins with s3cre, it ends with token", true),
        ("S3CRET-TOKEN", true),
        ("s3cre -toke", true),
        ("s3c\"r\\e\u{7f}t", false),
        ("the token is unknown", true),
    ] {
        assert_eq!(is_shown(SECRET, description), shown, "{description}");
    }
}

#[test]
fn a_secret_is_recognised_in_percent_encoding() {
    for (description, shown) in [
        ("%73%33%63%72%65%74", false),
        ("s3%63re%74-", false),
        ("token=s3cret%2dtoken", false),
        ("token=s3cret%2Dtoken", false),
        ("100%s3cret", false),
        ("%s3cre", true),
        ("%7 %", true),
    ] {
        assert_eq!(is_shown(SECRET, description), shown, "{description}");
    }
    assert!(!is_shown("a/b+c=", "no token a%2Fb%2Bc%3D"));
}

#[test]
fn a_secret_of_less_than_six_characters_is_recognised_as_a_whole() {
    assert!(!is_shown("abc", "xabcx"));
    assert!(!is_shown("abc", "%61bc"));
    assert!(is_shown("abc", "ab c"));
    assert!(is_shown("", "anything"));
}

#[test]
fn what_reveals_a_secret_is_dropped_as_a_whole_and_means_what_it_means() {
    for (error, description) in [("invalid_grant", SECRET), ("invalid_grant", "a%20s3cret")] {
        let error = refused(SECRET, error, description);
        assert_eq!((error.code, error.status), (Code::InvalidGrant, Some(400)));
        assert_eq!(error.server, None);
        assert!(error.ends_session());
    }
    assert_eq!(refused(SECRET, SECRET, "why").server, None);
    let error = refused("invalid_grant", "invalid_grant", "why");
    assert!(error.server.is_none() && error.ends_session());
}
