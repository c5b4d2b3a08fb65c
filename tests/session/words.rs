//! What a session puts out, in the words of a play.

use std::fmt::Write;

use meshydb_client::attempt::Attempt;
use meshydb_client::error::Error;
use meshydb_client::event::Output;
use meshydb_client::record::{Entry, Stored};
use meshydb_client::token::{RefreshToken, fingerprint};

pub(crate) fn shown(output: &Output) -> String {
    match output {
        Output::Read => "read".into(),
        Output::Lock { within, .. } => format!("lock {within}"),
        Output::Unlock => "unlock".into(),
        Output::CompareAndSet(Entry { stored, attempt }) => {
            format!("write {}{}", value(stored), steps(attempt))
        }
        Output::Grant => "send grant".into(),
        Output::Refresh(token) => format!("send {}", token.reveal()),
        Output::Revoke(token) => format!("revoke {}", token.reveal()),
        Output::Settle { caller, result } => {
            let result = match result {
                Ok(Some(token)) => token.reveal().into(),
                Ok(None) => "nothing".into(),
                Err(error) => told(error),
            };
            format!("settle {caller} {result}")
        }
        Output::Changed => "changed".into(),
    }
}

fn value(stored: &Stored) -> String {
    match stored {
        Stored::Live(record) => {
            let token = record.refresh_token.as_ref();
            let token = token.map_or("bare", RefreshToken::reveal);
            format!("{}#{} {token}", record.sid, record.generation)
        }
        Stored::Ended {
            sid,
            generation,
            reason,
        } => format!("{sid}#{generation} ended {}", reason.as_str()),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn steps(attempt: &Attempt) -> String {
    let mut steps = String::new();
    if let Some(claim) = &attempt.claim {
        let locked = if claim.locked { " locked" } else { "" };
        let is_own = claim.holder == fingerprint("own");
        let holder = if is_own { "own" } else { "other" };
        let _ = write!(steps, " by {holder}#{}{locked}", claim.number);
    }
    if let Some(cooldown) = &attempt.cooldown {
        let _ = write!(steps, " failed {}", cooldown.failures);
    }
    if let Some(sends) = &attempt.sends {
        let _ = write!(steps, " sent {}", sends.count);
    }
    if attempt.refusals > 0 {
        let _ = write!(steps, " refused {}", attempt.refusals);
    }
    steps
}

fn told(error: &Error) -> String {
    match error.reason {
        Some(reason) => reason.as_str().into(),
        None => error.code.as_str().into(),
    }
}
