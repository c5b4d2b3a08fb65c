use crate::phases;
use crate::play::{Play, play};

#[test]
fn a_refusal_never_ends_what_another_holder_rotates_meanwhile() {
    Play::new(
        "SENT
         refused invalid_grant -> load
         loaded own#1 R1 expired =>
         lost =>
         loaded own#2 R2 =>",
    )
    .never("swap own#2 ended");
}

#[test]
fn a_refusal_of_a_token_that_is_not_the_stored_one_ends_nothing() {
    Play::new(
        "REPLIED
         unswapped                 -> settle 1 A2, load
         unloaded                  -> load
         unloaded
         later 60000
         call 2                    -> load
         loaded own#2 R50 expired =>
         refused invalid_grant =>
         loaded own#2 R50 expired =>",
    )
    .never("settle 2 invalid_grant");
}

#[test]
fn a_store_that_fails_after_a_refusal_ends_nothing() {
    let play =
        Play::new("SENT\n refused invalid_grant -> load\n unloaded -> settle 1 invalid_grant");
    assert_eq!(play.session.snapshot().state, "active");
    play.then("call 2 -> load\n loaded own#2 R2 -> settle 2 A2")
        .done();
}

#[test]
fn a_swap_that_failed_but_was_done_is_recognised_when_it_is_read() {
    play(
        "login           -> send password
         replied 1       -> load
         loaded empty    -> swap own#1 R1
         unswapped       -> settle 0 A1, load
         unloaded        -> load
         unloaded
         later 60000
         call 1          -> load
         loaded own#2 R2 -> settle 1 A2",
    );
}

#[test]
fn a_session_never_revokes_itself_as_the_one_it_replaced() {
    for script in [
        "unswapped                -> settle 0 A1, load
         unloaded                 -> load
         unloaded
         later 60000
         call 1                   -> load
         loaded own#1 R1 expired  -> send R1
         replied 2 =>
         loaded own#1 R1 expired =>
         swapped =>",
        "lost =>
         loaded own#1 R1 =>
         swapped =>",
    ] {
        Play::new("login -> send password\n replied 1 -> load\n loaded empty -> swap own#1 R1")
            .then(script)
            .never("revoke");
    }
}

#[test]
fn adopting_the_stored_tokens_revokes_nothing() {
    Play::new("adopt 3 -> load\n loaded other#3 R3 =>\n swapped =>").never("revoke R3");
}

#[test]
fn a_login_that_could_not_be_stored_revokes_nobody() {
    for script in [
        "unswapped =>",
        "lost =>\n unloaded =>",
        "lost =>\n loaded newer =>",
    ] {
        Play::new("login -> send password\n replied 1 -> load")
            .then("loaded other#3 R50 -> swap own#4 R1")
            .then(script)
            .never("revoke");
    }
}

#[test]
fn a_refresh_never_writes_over_a_record_that_it_cannot_read() {
    for stored in ["loaded newer", "loaded corrupt"] {
        Play::new("ASKED")
            .then(&format!("{stored} =>\n replied 2 =>"))
            .never("swap");
    }
}

#[test]
fn swaps_lost_in_different_refreshes_are_not_lost_in_a_row() {
    let refresh = |n: u32, then: &str| {
        let next = n + 1;
        format!(
            "later 60000
             call {n}                    -> load
             loaded own#{n} R{n} expired -> send R{n}
             replied {next}              -> swap own#{next} R{next}
             lost                        -> load
             {then}"
        )
    };
    let mut play = Play::new("OPEN");
    for n in 1..=8 {
        let next = n + 1;
        let adopted = format!("loaded own#{next} R{next} -> settle {n} A{next}");
        play = play.then(&refresh(n, &adopted));
    }
    play.then(&refresh(9, ""));
}

#[test]
fn a_store_that_answers_again_is_not_degraded() {
    let play = Play::new("OPEN\n hint -> load\n unloaded\n hint -> load\n loaded own#2 R2");
    assert!(!play.session.snapshot().degraded);
}

#[test]
fn a_sign_out_revokes_the_token_that_another_holder_has_stored() {
    Play::new(
        "OPEN
         signout 9 -> load, revoke R1
         loaded own#2 R2 =>
         swapped =>",
    )
    .ever("revoke R2");
}

#[test]
fn a_sign_out_is_written_even_if_the_commit_before_it_failed() {
    Play::new("REPLIED\n signout 9 -> settle 1 signed_out, revoke R2\n unswapped =>").ever("load");
}

#[test]
fn a_login_that_is_signed_out_and_then_not_stored_revokes_nobody_else() {
    for failed in ["lost", "unswapped"] {
        Play::new("login -> send password\n replied 1 -> load")
            .then("loaded other#3 R50 -> swap own#4 R1")
            .then("signout 9 -> settle 0 signed_out, revoke R1")
            .then(&format!("{failed} =>"))
            .never("revoke R50");
    }
}

#[test]
fn a_login_that_is_signed_out_while_it_commits_still_revokes_what_it_replaced() {
    Play::new(
        "login               -> send password
         replied 1           -> load
         loaded other#3 R50  -> swap own#4 R1
         signout 9           -> settle 0 signed_out, revoke R1
         swapped =>
         loaded own#4 R1 =>
         swapped =>",
    )
    .ever("revoke R50");
}

#[test]
fn a_rejected_token_is_not_handed_out_again_under_a_later_number() {
    Play::new("login -> send password\n replied 1 -> load\n loaded other#3 R50 -> swap own#4 R1")
        .then("unswapped -> settle 0 A1, load\n unloaded -> load\n unloaded")
        .then("call 1 not A1 -> load\n loaded other#3 R50 -> swap own#4 R1")
        .then("lost -> load\n loaded other#4 R51 -> swap own#5 R1\n swapped =>")
        .never("settle 1 A1");
}

#[test]
fn beside_a_record_of_a_later_version_nothing_is_tried_by_itself() {
    let play = Play::new("login -> send password\n replied 1 -> load\n loaded newer =>");
    let play = play.then("loaded newer");
    assert_eq!(play.session.wake_at(), None);
    play.then("later 60000\n call 1 -> load\n loaded newer -> settle 1 unsupported")
        .done();
}

#[test]
fn the_pause_that_began_last_counts_for_its_own_generation() {
    Play::new("SENT\n busy\n later 100\n hint -> load\n loaded own#1 R1 expired cooling 50")
        .then("later 500\n woke -> load");
    Play::new("SENT\n busy\n later 100\n hint -> load\n loaded own#2 R2 expired -> send R2");
    let play = Play::new("OPEN\n later 60000\n call 1 -> load\n loaded corrupt -> send R1");
    play.then("refused x =>")
        .then("call 2 -> load\n loaded own#1 R1 expired =>")
        .never("send R1");
}

#[test]
fn of_two_holders_that_were_answered_the_one_that_is_stored_was_first() {
    play(
        "REPLIED
         unswapped        -> settle 1 A2, load
         unloaded         -> load
         unloaded
         later 60000
         call 2           -> load
         loaded own#2 R50 -> settle 2 A50",
    );
}

#[test]
fn while_no_store_answers_a_token_is_written_again_within_half_the_time_of_a_request() {
    let mut play = Play::new(
        "login        -> send password
         replied 1    -> load
         unloaded     -> settle 0 A1, load
         unloaded     -> load
         unloaded",
    );
    let mut pauses = Vec::new();
    for _ in 0..6 {
        let pause = play.session.wake_at().unwrap() - play.now.monotonic;
        pauses.push(pause);
        play = play.then(&format!("later {pause}\n woke -> load\n unloaded"));
    }
    assert_eq!(pauses, [1_000, 2_000, 4_000, 5_000, 5_000, 5_000]);
}

#[test]
fn a_pause_that_begins_while_the_lock_is_waited_for_is_kept() {
    let play = Play::new("ASKED").exact().then(
        "loaded own#1 R1 expired cooled 2000 -> lock 11000
         later 1
         ungranted
         later 2000
         woke -> load
         loaded own#1 R1 expired -> lock 11000
         granted -> swap own#1 R1 by own#1 locked failed 1",
    );
    play.then("abort 1");
    assert!(phases::was_seen("Locking", "Waiting"));
}

#[test]
fn a_token_that_came_while_another_was_sent_has_a_reuse_window_of_its_own() {
    let behind = "SENT
        later 6000
        refused invalid_grant   -> load
        loaded own#2 R2 expired -> send R2
        unanswered              -> send R2
        unanswered              -> send R2
        unanswered              -> settle 1 network";
    play(behind);
}

#[test]
fn a_record_that_is_written_over_an_older_one_gives_its_token_no_more_sends() {
    let sent = Play::new("REPLIED").then(
        "swapped                 -> settle 1 A2
         later 60000
         call 2                  -> load
         loaded own#2 R2 expired -> send R2",
    );
    let again = sent.exact().then(
        "unanswered              -> swap own#2 R2 by own#3 locked unanswered
         lost                    -> load
         loaded own#1 R1         -> swap own#2 R2
         swapped                 -> swap own#2 R2 by own#4 locked
         swapped                 -> send R2
         unanswered              -> swap own#2 R2 by own#5 locked unanswered
         swapped                 -> send R2",
    );
    again
        .then("unanswered -> swap own#2 R2 failed 1 unanswered")
        .then("swapped =>")
        .done();
}
