//! A run in words, without a secret.

use std::fmt::Write;

use meshydb_client::event::{Input, Output};
use meshydb_client::record::{Entry, Stored};
use meshydb_client::token::{TokenSet, fingerprint};

use crate::server::Token;

pub(crate) fn describe(input: &Input) -> String {
    match input {
        Input::Read(Ok(entry)) => format!("found {}", shown(entry)),
        Input::Replied(Ok(TokenSet { access_token, .. })) => {
            format!("replied {:?}", Token::of(access_token).index)
        }
        Input::Replied(Err(error)) => {
            format!("replied {} {:?}", error.code.as_str(), error.status)
        }
        other => format!("{other:?}"),
    }
}

pub(crate) fn describe_output(output: &Output) -> String {
    match output {
        Output::CompareAndSet(entry) => format!("write {}", shown(entry)),
        Output::Grant => "send grant".into(),
        Output::Refresh(token) => format!("send {}", token.reveal().trim_start_matches("secret")),
        Output::Settle {
            caller,
            result: Ok(Some(token)),
        } => {
            format!(
                "settle {caller} A{}x{}",
                Token::of(token).family,
                Token::of(token).index
            )
        }
        Output::Settle {
            caller,
            result: Err(error),
        } => {
            format!(
                "settle {caller} {} {:?} {:?}",
                error.code.as_str(),
                error.reason,
                error.retry_after
            )
        }
        other => format!("{other:?}"),
    }
}

pub(crate) fn name(holder: usize) -> String {
    format!("h{holder}")
}

/// What the claims of a holder say of it.
pub(crate) fn mark(holder: usize) -> i64 {
    fingerprint(&format!("h{holder}."))
}

pub(crate) fn shown(entry: &Entry) -> String {
    let attempt = &entry.attempt;
    let mut shown = match &entry.stored {
        Stored::Live(record) => {
            let token = record.refresh_token.as_ref().map(Token::of_refresh);
            let token = token.map_or("bare".into(), |token| {
                format!("R{}x{}", token.family, token.index)
            });
            format!("{}#{} {token}", record.sid, record.generation)
        }
        Stored::Ended {
            sid,
            generation,
            reason,
        } => format!("{sid}#{generation} ended {reason:?}"),
        other => format!("{other:?}"),
    };
    if let Some(claim) = &attempt.claim {
        let _ = write!(
            shown,
            " by {}.{} {}",
            (0..64)
                .find(|holder| mark(*holder) == claim.holder)
                .map_or_else(String::new, name),
            claim.number,
            if claim.locked { "locked" } else { "" }
        );
    }
    if let Some(cooldown) = &attempt.cooldown {
        let _ = write!(
            shown,
            " cooling {} after {}",
            cooldown.duration, cooldown.failures
        );
    }
    if let Some(sends) = attempt.sends {
        let _ = write!(shown, " sent {}", sends.count);
    }
    if attempt.refusals > 0 {
        let _ = write!(shown, " refused {}", attempt.refusals);
    }
    shown
}
