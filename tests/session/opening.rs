use crate::play::{Play, play};
use crate::support::refresh;
use meshydb_client::error::Code;
use meshydb_client::session::Known;

#[test]
fn a_login_commits_before_any_caller_is_settled() {
    play("OPEN");
}

#[test]
fn a_login_that_fails_is_over() {
    for (answer, told) in [
        ("refused invalid_grant", "invalid_grant"),
        ("refused invalid_client", "refused"),
        ("unanswered", "network"),
    ] {
        play(&format!(
            "login     -> read
             found empty -> send grant
             call 1
             {answer}  -> settle 0 {told}, settle 1 {told}
             call 2    -> settle 2 {told}
             signout 3
             hint"
        ));
    }
}

#[test]
fn a_login_replaces_and_revokes_the_stored_session_and_counts_on() {
    for (stored, set, outputs) in [
        ("other#7 R50", "own#8", "revoke R50, settle 0 A1"),
        ("other#7 R50 bare", "own#8", "settle 0 A1"),
        ("other#7 ended signed_out", "own#8", "settle 0 A1"),
        ("corrupt", "own#1", "settle 0 A1"),
    ] {
        play(&format!(
            "login           -> read
             found {stored} -> send grant
             replied 1  -> write {set} R1
             written         -> {outputs}"
        ));
    }
}

#[test]
fn a_login_that_loses_its_swap_looks_again() {
    play(
        "login               -> read
         found empty -> send grant
         replied 1         -> write own#1 R1
         lost                -> read
         found other#3 R50  -> write own#4 R1
         written             -> revoke R50, settle 0 A1",
    );
}

#[test]
fn a_login_that_nothing_can_store_is_degraded_and_served() {
    for script in [
        "unread       -> send grant
         replied 1     -> read
         unread        -> settle 0 A1, read",
        "found newer  -> send grant
         replied 1     -> settle 0 A1, read",
        "found empty  -> send grant
         replied 1     -> write own#1 R1
         unwritten     -> settle 0 A1, read",
    ] {
        let play = Play::new("login -> read").then(script);
        let play = play.then("call 1 -> settle 1 A1\n unread -> read\n unread");
        let snapshot = play.session.snapshot();
        assert_eq!((snapshot.degraded, snapshot.state), (true, "active"));
        play.then("call 2 -> settle 2 A1, read").done();
    }
}

#[test]
fn an_aborted_login_revokes_what_comes() {
    for script in [
        "abort 0\n unanswered",
        "abort 0\n replied 1 -> revoke R1",
        "replied 1          -> write own#1 R1
         abort 0
         written             -> read, revoke R1
         found own#1 R1     -> write own#1 ended signed_out
         written",
    ] {
        let play = Play::new("login -> read\n found empty -> send grant").then(script);
        assert_eq!(play.session.snapshot().state, "ended");
        play.done();
    }
}

#[test]
fn adopted_tokens_are_committed_like_a_login() {
    play(
        "adopt 1         -> read
         found empty    -> write own#1 R1
         written         -> settle 0 A1",
    );
}

#[test]
fn a_restored_session_is_gone_on_with() {
    let play = Play::new("restore -> read\n found other#4 R50 -> settle 0 A50");
    assert_eq!(play.session.sid(), "other");
    assert_eq!(play.session.snapshot().generation, 4);
    play.then(
        "call 1                       -> settle 1 A50
         later 60000
         call 2                       -> read
         found other#4 R50 expired   -> send R50
         replied 51                   -> write other#5 R51
         written                      -> settle 2 A51",
    )
    .done();
}

#[test]
fn restoring_from_nothing_finds_nothing() {
    for (stored, error) in [
        ("found empty", None),
        ("found other#4 ended signed_out", None),
        ("found corrupt", Some(Code::Unsupported)),
        ("found newer", Some(Code::Unsupported)),
    ] {
        let play = Play::new(&format!("restore -> read\n {stored} -> settle 0 nothing"));
        let snapshot = play.session.snapshot();
        assert_eq!(snapshot.state, "ended");
        assert_eq!(snapshot.error.map(|error| error.code), error, "{stored}");
        assert!(!snapshot.degraded);
        play.done();
    }
}

#[test]
fn restoring_from_a_store_that_does_not_answer_says_so() {
    let play = Play::new("restore -> read\n unread -> settle 0 unavailable");
    assert!(play.session.snapshot().degraded);
    play.done();
}

#[test]
fn a_token_that_is_or_was_the_stored_sessions_joins_it_and_is_never_sent() {
    for token in ["R1", "R2", "R3"] {
        play(&format!(
            "resume {token}      -> read
             found other#3 R3   -> send R3
             replied 4           -> write other#4 R4
             written             -> settle 0 A4"
        ));
    }
}

#[test]
fn a_foreign_token_is_sent_and_then_replaces_what_is_stored() {
    let play = Play::new(
        "resume R99                   -> read
         found other#3 R3            -> send R99
         replied 100                  -> write own#4 R100
         written                      -> settle 0 A100",
    );
    let held = play.session.held().unwrap();
    assert!(held.knows(&refresh("R99")) && held.knows(&refresh("R100")));
    play.done();
    for script in [
        "found empty -> send R99",
        "found corrupt -> send R99",
        "unread\n later 1000\n woke -> read\n found empty -> send R99",
        "unread\n later 10000\n woke -> settle 0 unavailable",
    ] {
        Play::new("resume R99 -> read").then(script);
    }
}

#[test]
fn a_foreign_token_that_is_refused_leaves_what_is_stored() {
    play(
        "resume R99              -> read
         found other#3 R3       -> send R99
         refused invalid_grant   -> settle 0 invalid_grant",
    );
}

#[test]
fn a_resume_that_is_aborted_in_time_sends_nothing() {
    play("resume R99 -> read\n abort 0\n found empty");
}

#[test]
fn a_resume_that_is_aborted_after_its_send_is_kept() {
    let play = Play::new(
        "resume R99      -> read
         found empty    -> send R99
         abort 0
         replied 100     -> write own#1 R100
         written",
    );
    assert_eq!(play.session.snapshot().state, "active");
    assert_eq!(play.session.recognise(&refresh("R99")), Known::Past);
    play.then("call 1 -> settle 1 A100").done();
}

#[test]
fn a_session_knows_its_tokens_until_it_is_over() {
    let known = |play: &Play, token| play.session.recognise(&refresh(token));
    let opening = Play::new("resume R5 -> read");
    assert_eq!(known(&opening, "R5"), Known::Current);
    assert_eq!(known(&opening, "R1"), Known::No);
    let open = Play::new("REPLIED\n written -> settle 1 A2");
    assert_eq!(known(&open, "R1"), Known::Past);
    assert_eq!(known(&open, "R2"), Known::Current);
    assert_eq!(known(&open, "R3"), Known::No);
    let over = open.then("later 60000\n call 2 -> read\n found empty -> settle 2 removed");
    assert_eq!(known(&over, "R2"), Known::No);
}

#[test]
fn tokens_that_the_stored_session_knows_join_it_and_nothing_is_written() {
    for token in [1, 2, 3] {
        play(&format!(
            "adopt {token} -> read\n found other#3 R3 -> settle 0 A3"
        ));
        play(&format!(
            "adopt {token}           -> read
             found other#3 R3 expired -> send R3
             replied 4                -> write other#4 R4
             written                  -> settle 0 A4"
        ));
    }
    let play = Play::new("adopt 3 -> read\n found other#3 R3 -> settle 0 A3");
    assert_eq!(play.session.sid(), "other");
}

#[test]
fn only_a_login_revokes_what_it_replaces() {
    for (script, revokes) in [
        (
            "login -> read\n found other#3 R50 -> send grant\n replied 60",
            true,
        ),
        ("adopt 60 -> read\n found other#3 R50", false),
        (
            "resume R59 -> read\n found other#3 R50 -> send R59\n replied 60",
            false,
        ),
    ] {
        let play = Play::new(&format!("{script} -> write own#4 R60\n written =>"));
        if revokes {
            play.ever("revoke R50");
        } else {
            play.never("revoke");
        }
    }
}

#[test]
fn an_ended_session_is_joined_by_nobody() {
    play(
        "adopt 3                       -> read
         found other#3 ended signed_out -> write own#4 R3
         written                       -> settle 0 A3",
    );
}
