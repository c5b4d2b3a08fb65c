//! What a caller may configure, argument by argument.

#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;

use meshydb_client::config::{Config, Options};
use meshydb_client::error::{Code, Error};

/// Valid arguments but for one.
fn with(argument: &str, value: &str) -> Result<Config, Error> {
    let of = |name, otherwise| if argument == name { value } else { otherwise };
    let option = |name| (argument == name).then_some(value);
    let options = Options {
        auth_url: option("authUrl"),
        token_endpoint: option("tokenEndpoint"),
        revocation_endpoint: option("revocationEndpoint"),
        scope: option("scope"),
        slot: option("slot"),
        timeout: None,
        reuse_window: None,
    };
    Config::parse(
        of("accountName", "account"),
        of("tenant", ""),
        of("publicKey", "key"),
        &options,
    )
}

fn assert_refused(result: Result<Config, Error>, argument: &str, value: &str) {
    let Err(error) = result else {
        panic!("{argument} {value:?} was accepted")
    };
    assert_eq!(error.code, Code::InvalidArgument, "{value:?}");
    assert_eq!(error.argument, Some(argument), "{value:?}");
    assert!(!error.retryable() && !error.ends_session());
}

#[test]
fn the_defaults_are_meshydb() {
    let config = Config::parse("acme", "", "key", &Options::default()).unwrap();
    assert_eq!(
        config.token_endpoint,
        "https://auth.meshydb.com/acme/connect/token"
    );
    assert_eq!(
        config.revocation_endpoint,
        "https://auth.meshydb.com/acme/connect/revocation"
    );
    assert_eq!(config.scope, "meshy.api offline_access");
    assert_eq!(config.public_key, "key");
    assert_eq!(config.tenant, "");
    assert_eq!(config.timeout, 10_000);
    assert_eq!(
        config.key,
        "meshydb-client:https%3A%2F%2Fauth.meshydb.com%2Facme%2Fconnect%2Ftoken:acme::key:default"
    );
}

#[test]
fn a_token_endpoint_turns_the_defaults_of_meshydb_off() {
    let config = with("tokenEndpoint", "https://example.com/oauth/token").unwrap();
    assert_eq!(config.token_endpoint, "https://example.com/oauth/token");
    assert_eq!(config.revocation_endpoint, "");
    assert_eq!(config.scope, "");
    let options = Options {
        token_endpoint: Some("https://example.com/t"),
        revocation_endpoint: Some("https://example.com/r"),
        scope: Some("a b"),
        ..Options::default()
    };
    let config = Config::parse("account", "", "key", &options).unwrap();
    assert_eq!(config.revocation_endpoint, "https://example.com/r");
    assert_eq!(config.scope, "a b");
}

#[test]
fn a_revocation_endpoint_of_its_own_changes_nothing_else() {
    let config = with("revocationEndpoint", "https://example.com/r").unwrap();
    assert_eq!(config.revocation_endpoint, "https://example.com/r");
    assert_eq!(
        config.token_endpoint,
        "https://auth.meshydb.com/account/connect/token"
    );
    assert_eq!(config.key, with("", "").unwrap().key);
}

#[test]
fn hostile_texts_are_refused_by_name() {
    let long = "a".repeat(10_000);
    let accounts = [
        "", ".", "..", "...", "a/b", "/a", "a\\b", "a?x", "a#x", "%2e%2e", "@evil", "a@b",
        "//evil", "-a", "_a", "~a", " a", "a ", "a b", "a\r\nb", "a\0", "a\u{7f}", "é", "а", "😀",
    ];
    let tenants = [
        "a\r\nb", "\r", "\n", "\0", "\t", " a", "a ", " ", "é", "😀", "\u{7f}",
    ];
    let keys = ["", " ", "a b", "a\r\n", "\0", "é", "\u{7f}"];
    let scopes = ["\"", "a\\b", "a\r\nb", "\t", "é", "\0"];
    for (argument, values) in [
        ("accountName", accounts.as_slice()),
        ("tenant", &tenants),
        ("publicKey", &keys),
        ("scope", &scopes),
        ("slot", &[""]),
    ] {
        for value in values.iter().copied().chain([long.as_str()]) {
            assert_refused(with(argument, value), argument, value);
        }
    }
}

#[test]
fn the_longest_texts_and_one_character_more() {
    for (argument, longest) in [
        ("accountName", 128),
        ("tenant", 1_024),
        ("publicKey", 1_024),
        ("scope", 1_024),
        ("slot", 1_024),
    ] {
        assert!(with(argument, &"a".repeat(longest)).is_ok(), "{argument}");
        let longer = "a".repeat(longest + 1);
        assert_refused(with(argument, &longer), argument, &longer);
    }
}

#[test]
fn ordinary_texts_are_accepted() {
    for (argument, values) in [
        (
            "accountName",
            ["a", "9", "a.b", "a..b", "A-b_c~d."].as_slice(),
        ),
        ("tenant", &["", "a", "a b", "!~", "\"a\\b\""]),
        ("publicKey", &["!", "a:b&c=d%\"\\"]),
        ("scope", &["", "a", "a b", "urn:a/b?c"]),
        ("slot", &["a", " ", "Zoë 😀", "\r\n\0", "a:b"]),
    ] {
        for value in values {
            assert!(with(argument, value).is_ok(), "{argument} {value:?}");
        }
    }
    assert_eq!(with("tenant", "a b").unwrap().tenant, "a b");
}

#[test]
fn the_reuse_window_is_up_to_one_hour() {
    let with = |reuse_window| {
        let options = Options {
            reuse_window: Some(reuse_window),
            ..Options::default()
        };
        Config::parse("account", "", "key", &options)
    };
    assert_eq!(
        Config::parse("account", "", "key", &Options::default())
            .unwrap()
            .reuse_window,
        5_000
    );
    for reuse_window in [0.0, 1.0, 5_000.0, 3_600_000.0] {
        let parsed = with(reuse_window).unwrap().reuse_window;
        assert_eq!(parsed, reuse_window as i64);
    }
    for reuse_window in [-1.0, 3_600_001.0, f64::NAN, f64::INFINITY] {
        assert_refused(with(reuse_window), "reuseWindow", &reuse_window.to_string());
    }
}

#[test]
fn the_timeout_is_one_millisecond_to_one_hour() {
    let with = |timeout| {
        let options = Options {
            timeout: Some(timeout),
            ..Options::default()
        };
        Config::parse("account", "", "key", &options)
    };
    for timeout in [1.0, 1.5, 10_000.0, 3_600_000.0] {
        assert_eq!(with(timeout).unwrap().timeout, timeout as i64);
    }
    for timeout in [
        0.0,
        -0.0,
        0.9,
        -1.0,
        3_600_001.0,
        1e300,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
    ] {
        assert_refused(with(timeout), "timeout", &timeout.to_string());
    }
}

#[test]
fn a_slash_at_the_end_of_the_base_url_changes_nothing() {
    for base in ["https://example.com", "https://example.com/base"] {
        let plain = with("authUrl", base).unwrap();
        let slash = with("authUrl", &format!("{base}/")).unwrap();
        assert_eq!(
            plain.token_endpoint,
            format!("{base}/account/connect/token")
        );
        assert_eq!(slash.token_endpoint, plain.token_endpoint);
        assert_eq!(slash.revocation_endpoint, plain.revocation_endpoint);
        assert_eq!(slash.key, plain.key);
    }
}

#[test]
fn the_first_argument_at_fault_is_named() {
    let options = Options {
        slot: Some(""),
        ..Options::default()
    };
    assert_refused(Config::parse("", "\n", "", &options), "accountName", "");
    assert_refused(Config::parse("a", "\n", "", &options), "tenant", "");
    assert_refused(Config::parse("a", "", "", &options), "publicKey", "");
    assert_refused(Config::parse("a", "", "k", &options), "slot", "");
}

#[test]
fn different_sessions_never_share_a_key() {
    let crafted = [
        "a", "b", "a:b", ":", "::", "a:", ":a", "a%3Ab", "%3A", "a+b", "default", "a&b=c",
    ];
    let mut keys = BTreeSet::new();
    let mut count = 0;
    for account in ["a", "b", "a.b", "default"] {
        for endpoint in [
            None,
            Some("https://a"),
            Some("https://a:1"),
            Some("https://a/:"),
        ] {
            for tenant in ["", "a b"].into_iter().chain(crafted) {
                for public_key in crafted {
                    for slot in [" ", "é", "%C3%A9", "\0"].into_iter().chain(crafted) {
                        let options = Options {
                            token_endpoint: endpoint,
                            slot: Some(slot),
                            ..Options::default()
                        };
                        let config = Config::parse(account, tenant, public_key, &options);
                        keys.insert(config.unwrap().key);
                        count += 1;
                    }
                }
            }
        }
    }
    assert_eq!(keys.len(), count);
    assert!(
        keys.iter()
            .all(|key| key.bytes().all(|byte| byte.is_ascii_graphic()))
    );
}

#[test]
fn what_does_not_tell_sessions_apart_is_not_in_the_key() {
    let options = Options {
        revocation_endpoint: Some("https://a/r"),
        scope: Some("a"),
        timeout: Some(1.0),
        slot: Some("default"),
        ..Options::default()
    };
    let config = Config::parse("account", "", "key", &options).unwrap();
    assert_eq!(config.key, with("", "").unwrap().key);
}

#[test]
fn a_slot_is_measured_in_bytes_as_its_rule_says() {
    assert!(with("slot", &"é".repeat(512)).is_ok());
    assert_refused(with("slot", &"é".repeat(513)), "slot", "é × 513");
}
