use crate::play::Play;
use meshydb_client::error::{Code, Error, Reason};
use meshydb_client::event::{Input, Output};

/// A session of a store that has never answered, and its first refresh.
const NEVER_STORED: &str = "
    login     -> read
    unread    -> send grant
    replied 1 -> read
    unread    -> settle 0 A1, read
    unread    -> read
    unread
    later 60000
    call 1    -> read
    unread    -> send R1
";

#[test]
fn a_refused_refresh_token_ends_the_session_after_a_second_look() {
    let play = Play::new(
        "SENT
         refused invalid_grant    -> read
         call 2
         found own#1 R1 expired  -> write own#1 ended invalid_grant
         written                  -> settle 1 invalid_grant, settle 2 invalid_grant
         call 3                   -> settle 3 invalid_grant",
    );
    let error = play.session.snapshot().error.unwrap();
    assert_eq!(error.code, Code::SessionEnded);
    assert_eq!(error.reason, Some(Reason::InvalidGrant));
    assert_eq!(error.status, Some(400));
    play.done();
}

#[test]
fn a_refused_refresh_token_that_is_no_more_the_stored_one_is_no_reason() {
    for looked in [
        "found own#2 R2                -> settle 1 A2",
        "found own#2 R2 expired        -> send R2\n refused x -> settle 1 refused",
        "found own#1 ended signed_out  -> settle 1 signed_out",
        "found other#2 R50             -> settle 1 replaced",
        "found empty                   -> settle 1 removed",
    ] {
        Play::new("SENT\n refused invalid_grant -> read")
            .then(looked)
            .done();
    }
}

#[test]
fn any_other_failure_keeps_the_session_and_the_next_call_tries_again() {
    for (answer, told) in [
        (
            "refused invalid_client -> settle 1 refused, settle 2 refused",
            3,
        ),
        (
            "refused server_error -> settle 1 refused, settle 2 refused",
            3,
        ),
    ] {
        let play = Play::new("SENT\n call 2").then(answer).then("later 500");
        let snapshot = play.session.snapshot();
        assert_eq!((snapshot.state, snapshot.error.is_some()), ("active", true));
        let play = play.then(&format!(
            "call {told}              -> read
             found own#1 R1 expired  -> send R1
             replied 2                -> write own#2 R2
             written                  -> settle {told} A2"
        ));
        assert_eq!(play.session.snapshot().error, None);
        play.done();
    }
}

#[test]
fn whatever_the_answer_only_a_proof_makes_the_machine_look_twice() {
    for status in [400, 401, 403, 429, 500] {
        let mut error = Error::new(Code::InvalidGrant, "");
        error.status = Some(status);
        let is_proof = matches!(status, 400 | 401 | 403);
        let outputs = Play::new("SENT").feed(Input::Replied(Err(error)));
        assert_eq!(outputs.contains(&Output::Read), is_proof, "{status}");
    }
}

#[test]
fn a_session_that_was_never_stored_ends_by_the_refusal_alone() {
    for found in ["empty", "other#2 R50"] {
        Play::new(NEVER_STORED)
            .then("refused invalid_grant -> read")
            .then(&format!("found {found} -> settle 1 invalid_grant"))
            .done();
    }
}

#[test]
fn an_end_that_cannot_be_written_is_none() {
    let play = Play::new(
        "SENT
         refused invalid_grant    -> read
         found own#1 R1 expired  -> write own#1 ended invalid_grant
         unwritten                -> settle 1 invalid_grant",
    );
    assert_eq!(play.session.snapshot().state, "active");
    play.then("later 60000\n call 2 -> read\n found own#2 R2 -> settle 2 A2")
        .done();
}

#[test]
fn a_session_that_was_never_stored_sends_again_what_was_not_answered() {
    let play = Play::new(NEVER_STORED).then("unanswered -> send R1\n unanswered");
    let wake = play.session.wake_at().unwrap() - play.now.monotonic;
    assert!((500..=1_000).contains(&wake), "{wake}");
    play.then("later 1000\n woke -> read\n unread -> send R1\n replied 2 -> read")
        .then("unread -> settle 1 A2, read\n unread -> read\n unread")
        .done();
}
