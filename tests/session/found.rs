use crate::phases;
use crate::play::{Play, play};

#[test]
fn a_refusal_never_ends_what_another_holder_rotates_meanwhile() {
    Play::new(
        "SENT
         refused invalid_grant -> read
         found own#1 R1 expired =>
         lost =>
         found own#2 R2 =>",
    )
    .never("write own#2 ended");
}

#[test]
fn a_refusal_of_a_token_that_is_not_the_stored_one_ends_nothing() {
    Play::new(
        "REPLIED
         unwritten                 -> settle 1 A2, read
         unread                  -> read
         unread
         later 60000
         call 2                    -> read
         found own#2 R50 expired =>
         refused invalid_grant =>
         found own#2 R50 expired =>",
    )
    .never("settle 2 invalid_grant");
}

#[test]
fn a_store_that_fails_after_a_refusal_ends_nothing() {
    let play = Play::new("SENT\n refused invalid_grant -> read\n unread -> settle 1 invalid_grant");
    assert_eq!(play.session.snapshot().state, "active");
    play.then("call 2 -> read\n found own#2 R2 -> settle 2 A2")
        .done();
}

#[test]
fn a_swap_that_failed_but_was_done_is_recognised_when_it_is_read() {
    play(
        "login           -> read
         found empty -> send grant
         replied 1     -> write own#1 R1
         unwritten       -> settle 0 A1, read
         unread        -> read
         unread
         later 60000
         call 1          -> read
         found own#2 R2 -> settle 1 A2",
    );
}

#[test]
fn a_session_never_revokes_itself_as_the_one_it_replaced() {
    for script in [
        "unwritten                -> settle 0 A1, read
         unread                 -> read
         unread
         later 60000
         call 1                   -> read
         found own#1 R1 expired  -> send R1
         replied 2 =>
         found own#1 R1 expired =>
         written =>",
        "lost =>
         found own#1 R1 =>
         written =>",
    ] {
        Play::new("login -> read\n found empty -> send grant\n replied 1 -> write own#1 R1")
            .then(script)
            .never("revoke");
    }
}

#[test]
fn adopting_the_stored_tokens_revokes_nothing() {
    Play::new("adopt 3 -> read\n found other#3 R3 =>\n written =>").never("revoke R3");
}

#[test]
fn a_login_that_could_not_be_stored_revokes_nobody() {
    for script in [
        "unwritten =>",
        "lost =>\n unread =>",
        "lost =>\n found newer =>",
    ] {
        Play::new("login -> read\n found other#3 R50 -> send grant")
            .then("replied 1 -> write own#4 R1")
            .then(script)
            .never("revoke");
    }
}

#[test]
fn a_refresh_never_writes_over_a_record_that_it_cannot_read() {
    for stored in ["found newer", "found corrupt"] {
        Play::new("ASKED")
            .then(&format!("{stored} =>\n replied 2 =>"))
            .never("write");
    }
}

#[test]
fn swaps_lost_in_different_refreshes_are_not_lost_in_a_row() {
    let refresh = |n: u32, then: &str| {
        let next = n + 1;
        format!(
            "later 60000
             call {n}                    -> read
             found own#{n} R{n} expired -> send R{n}
             replied {next}              -> write own#{next} R{next}
             lost                        -> read
             {then}"
        )
    };
    let mut play = Play::new("OPEN");
    for n in 1..=8 {
        let next = n + 1;
        let adopted = format!("found own#{next} R{next} -> settle {n} A{next}");
        play = play.then(&refresh(n, &adopted));
    }
    play.then(&refresh(9, ""));
}

#[test]
fn a_store_that_answers_again_is_not_degraded() {
    let play = Play::new("OPEN\n hint -> read\n unread\n hint -> read\n found own#2 R2");
    assert!(!play.session.snapshot().degraded);
}

#[test]
fn a_sign_out_revokes_the_token_that_another_holder_has_stored() {
    Play::new(
        "OPEN
         signout 9 -> read, revoke R1
         found own#2 R2 =>
         written =>",
    )
    .ever("revoke R2");
}

#[test]
fn a_sign_out_is_written_even_if_the_commit_before_it_failed() {
    Play::new("REPLIED\n signout 9 -> settle 1 signed_out, revoke R2\n unwritten =>").ever("read");
}

#[test]
fn a_login_that_is_signed_out_and_then_not_stored_revokes_nobody_else() {
    for failed in ["lost", "unwritten"] {
        Play::new("login -> read\n found other#3 R50 -> send grant")
            .then("replied 1 -> write own#4 R1")
            .then("signout 9 -> settle 0 signed_out, revoke R1")
            .then(&format!("{failed} =>"))
            .never("revoke R50");
    }
}

#[test]
fn a_login_that_is_signed_out_while_it_commits_still_revokes_what_it_replaced() {
    Play::new(
        "login               -> read
         found other#3 R50 -> send grant
         replied 1   -> write own#4 R1
         signout 9           -> settle 0 signed_out, revoke R1
         written =>
         found own#4 R1 =>
         written =>",
    )
    .ever("revoke R50");
}

#[test]
fn a_rejected_token_is_not_handed_out_again_under_a_later_number() {
    Play::new("login -> read\n found other#3 R50 -> send grant\n replied 1 -> write own#4 R1")
        .then("unwritten -> settle 0 A1, read\n unread -> read\n unread")
        .then("call 1 not A1 -> read\n found other#3 R50 -> write own#4 R1")
        .then("lost -> read\n found other#4 R51 -> write own#5 R1\n written =>")
        .never("settle 1 A1");
}

#[test]
fn beside_a_record_of_a_later_version_nothing_is_tried_by_itself() {
    let play = Play::new("login -> read\n found newer -> send grant\n replied 1 =>");
    let play = play.then("found newer");
    assert_eq!(play.session.wake_at(), None);
    play.then("later 60000\n call 1 -> read\n found newer -> settle 1 unsupported")
        .done();
}

#[test]
fn the_pause_that_began_last_counts_for_its_own_generation() {
    Play::new("SENT\n busy\n later 100\n hint -> read\n found own#1 R1 expired cooling 50")
        .then("later 500\n woke -> read");
    Play::new("SENT\n busy\n later 100\n hint -> read\n found own#2 R2 expired -> send R2");
    Play::new(
        "login -> read\n unread -> send grant\n replied 1 -> read\n unread -> settle 0 A1, read",
    )
    .then("unread -> read\n unread\n later 60000\n call 1 -> read\n unread -> send R1")
    .then("refused x =>\n call 2 -> read\n found own#1 R1 expired =>")
    .never("send R1");
}

#[test]
fn of_two_holders_that_were_answered_the_one_that_is_stored_was_first() {
    play(
        "REPLIED
         unwritten        -> settle 1 A2, read
         unread         -> read
         unread
         later 60000
         call 2           -> read
         found own#2 R50 -> settle 2 A50",
    );
}

/// Until a record is written again that could not be stored.
pub(crate) const WAITS: [i64; 13] = [
    250, 500, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000, 5_000, 5_000,
];

#[test]
fn while_no_store_answers_a_token_is_written_again_within_half_the_time_of_a_request() {
    let mut play = Play::new(
        "login        -> read
         unread     -> send grant
         replied 1    -> read
         unread     -> settle 0 A1, read
         unread     -> read
         unread",
    );
    let mut pauses = Vec::new();
    for _ in 0..13 {
        let pause = play.session.wake_at().unwrap() - play.now.monotonic;
        pauses.push(pause);
        play = play.then(&format!("later {pause}\n woke -> read\n unread"));
    }
    assert_eq!(pauses, WAITS);
}

#[test]
fn a_pause_that_begins_while_the_lock_is_waited_for_is_kept() {
    let play = Play::new("ASKED").exact().then(
        "found own#1 R1 expired cooling 2000 since 60001 -> lock 11000
         later 1
         ungranted
         later 2000
         woke -> read
         found own#1 R1 expired cooling 2000 since 58000 -> lock 100
         granted -> write own#1 R1 by own#1 locked failed 1 sent 1",
    );
    play.then("abort 1");
    assert!(phases::was_seen("Locking", "Waiting"));
}

#[test]
fn a_token_that_came_while_another_was_sent_has_a_reuse_window_of_its_own() {
    let behind = "SENT
        later 6000
        refused invalid_grant   -> read
        found own#2 R2 expired -> send R2
        unanswered              -> send R2
        unanswered
        later 1000
        woke                    -> read
        found own#2 R2 expired -> send R2";
    Play::new(behind);
}

#[test]
fn a_record_that_is_written_over_an_older_one_gives_its_token_no_more_sends() {
    let sent = Play::new("REPLIED").then(
        "written                 -> settle 1 A2
         later 60000
         call 2                  -> read
         found own#2 R2 expired -> send R2",
    );
    let again = sent.exact().then(
        "unanswered              -> write own#2 R2 by own#3 locked sent 2
         lost                    -> read
         found own#1 R1         -> write own#2 R2 sent 1
         written                 -> unlock, lock 11000
         granted                 -> write own#2 R2 by own#4 locked sent 2
         written                 -> send R2",
    );
    again.then("unanswered -> write own#2 R2 failed 2 sent 2");
}
