use crate::play::{Play, play};

#[test]
fn what_another_holder_has_rotated_is_adopted_without_a_request() {
    play("ASKED\n found own#2 R2 -> settle 1 A2");
    play("OPEN\n refresh 1 -> read\n found own#2 R2 -> settle 1 A2");
    Play::new("ASKED\n found own#3 R3 expired -> send R3\n replied 4 -> write own#4 R4");
}

#[test]
fn the_end_of_the_stored_session_is_the_end_here() {
    for (stored, reason) in ENDS {
        play(&format!(
            "ASKED
             found {stored} -> settle 1 {reason}
             call 2          -> settle 2 {reason}"
        ));
        play(&format!(
            "OPEN
             hint            -> read
             found {stored}
             call 1          -> settle 1 {reason}"
        ));
    }
}

const ENDS: [(&str, &str); 5] = [
    ("empty", "removed"),
    ("own#1 ended signed_out", "signed_out"),
    ("own#2 ended invalid_grant", "invalid_grant"),
    ("other#2 R50", "replaced"),
    ("other#2 ended signed_out", "replaced"),
];

#[test]
fn a_lost_swap_to_an_end_revokes_what_came_unless_another_session_took_the_place() {
    for (stored, reason) in ENDS {
        let is_replaced = reason == "replaced";
        let revoked = if is_replaced { "" } else { "revoke R2, " };
        play(&format!(
            "REPLIED
             lost            -> read
             found {stored} -> {revoked}settle 1 {reason}"
        ));
    }
}

#[test]
fn a_hint_reads_the_store_now_or_after_what_is_under_way() {
    play("OPEN\n hint -> read\n found own#2 R2\n call 1 -> settle 1 A2");
    play("SENT\n hint\n refused x -> settle 1 refused, read\n found own#1 R1");
    play(
        "REPLIED
         hint
         hint
         written         -> settle 1 A2, read
         found own#2 R2",
    );
}

/// A login that the store did not take, and a call when its token has expired.
const NEVER_STORED: &str = "login -> read
    unread  -> send grant
    replied 1 -> read
    unread  -> settle 0 A1, read
    unread  -> read
    unread
    later 60000
    call 1    -> read";

#[test]
fn a_store_that_cannot_say_does_not_stop_the_refresh_of_a_session_that_was_never_stored() {
    Play::new(NEVER_STORED).then("unread -> send R1");
    Play::new(NEVER_STORED).then("found corrupt -> send R1");
}

#[test]
fn while_a_store_that_others_may_share_does_not_answer_nothing_is_sent() {
    let silence = "unread\n later 1000\n woke -> read\n unread";
    let play = Play::new("ASKED").then(silence);
    assert!(play.session.snapshot().degraded);
    assert_eq!(play.session.snapshot().state, "waiting");
    let next_look = play.now.monotonic + 1_000;
    assert_eq!(play.session.wake_at(), Some(next_look));
    play.then("later 1000\n woke -> read\n found own#2 R2 -> settle 1 A2")
        .done();
    let play = Play::new("ASKED").then(silence);
    play.then("later 9000\n woke -> settle 1 unavailable, read\n found own#1 R1 expired")
        .done();
}

#[test]
fn a_claim_is_waited_out_anew_when_the_store_answers_again() {
    Play::new("ASKED")
        .exact()
        .then("found own#1 R1 expired by other#1 for 11000 -> lock 11000\n ungranted -> read")
        .then("found own#1 R1 expired by other#1 for 11000")
        .then("later 6000\n woke -> read\n unread")
        .then("later 1000\n woke -> read\n found own#1 R1 expired by other#1 for 11000")
        .then("later 5000\n woke -> read\n found own#1 R1 expired by other#1 for 11000")
        .then("later 1000\n woke -> read\n found own#2 R2 -> settle 1 A2")
        .done();
}

#[test]
fn the_lock_is_kept_with_a_token_that_could_not_be_stored_until_the_store_answers() {
    Play::new("OPEN\n later 60000\n call 1 -> read")
        .exact()
        .then("found own#1 R1 expired -> lock 11000\n granted -> write own#1 R1 by own#1 locked sent 1")
        .then("written -> send R1\n replied 2 -> write own#2 R2")
        .then("unwritten -> settle 1 A2, read\n unread -> read\n unread")
        .then("later 1000\n woke -> read\n unread")
        .then("later 5000\n woke -> read\n found own#1 R1 expired -> write own#2 R2")
        .then("written -> unlock");
}

#[test]
fn a_store_that_fails_leaves_the_session_degraded_and_is_written_later() {
    let play = Play::new("REPLIED\n unwritten -> settle 1 A2, read\n unread -> read\n unread");
    assert!(play.session.snapshot().degraded);
    let play = play.then(
        "later 60000
         call 2                     -> read
         found own#1 R1 expired    -> write own#2 R2",
    );
    assert!(play.session.snapshot().degraded);
    let play = play.then(
        "written                    -> send R2
         replied 3                  -> write own#3 R3
         written                    -> settle 2 A3",
    );
    assert!(!play.session.snapshot().degraded);
    play.done();
    for (found, first, second) in [("empty", 1, 2), ("other#3 R50", 4, 5)] {
        let play = Play::new(NEVER_STORED).then(&format!(
            "found {found}             -> write own#{first} R1
             written =>
             replied 2                  -> write own#{second} R2
             written                    -> settle 1 A2"
        ));
        assert!(!play.session.snapshot().degraded);
        play.done();
    }
}

#[test]
fn a_lost_swap_adopts_a_newer_generation_and_revokes_nothing() {
    for adopted in [
        "found own#2 R2         -> settle 1 A2",
        "found own#5 R5         -> settle 1 A5",
        "found own#3 R3 expired -> send R3\n refused x -> settle 1 refused",
    ] {
        Play::new("REPLIED\n lost -> read").then(adopted).done();
    }
}

#[test]
fn a_lost_swap_at_the_same_generation_is_done_again() {
    play(
        "REPLIED
         lost                    -> read
         found own#1 R1 expired -> write own#2 R2
         written                 -> settle 1 A2",
    );
}

#[test]
fn a_lost_swap_and_a_store_that_cannot_say_is_degraded() {
    for stored in ["unread", "found corrupt", "found newer"] {
        let play =
            Play::new("REPLIED\n lost -> read").then(&format!("{stored} -> settle 1 A2, read"));
        assert!(play.session.snapshot().degraded);
        play.done();
    }
}

#[test]
fn eight_lost_swaps_in_a_row_are_enough() {
    let again = "lost -> read\n found own#1 R1 expired -> write own#2 R2\n".repeat(8);
    let play = Play::new("REPLIED")
        .then(&again)
        .then("lost -> settle 1 A2, read");
    assert!(play.session.snapshot().degraded);
    play.done();
}

#[test]
fn who_waits_for_the_lock_looks_when_it_hears_of_something_and_takes_no_second_place() {
    let queued = || {
        Play::new("ASKED")
            .exact()
            .then("found own#1 R1 expired by other#1 for 11000 -> lock 11000\n hint -> read")
    };
    queued()
        .then("found own#2 R2 -> settle 1 A2")
        .then("granted -> unlock\n later 60000\n call 2 -> read")
        .then("found own#2 R2 expired -> lock 11000")
        .then("granted -> write own#2 R2 by own#1 locked sent 1");
    queued()
        .then("found own#2 R2 -> settle 1 A2\n later 60000\n call 2 -> read")
        .then("found own#2 R2 expired")
        .then("granted -> write own#2 R2 by own#1 locked sent 1");
    queued()
        .then("found own#1 R1 expired by other#1 for 11000")
        .then("granted -> read\n found own#2 R2 -> settle 1 A2, unlock");
    queued()
        .then("granted\n found own#2 R2 -> settle 1 A2, unlock")
        .done();
    queued()
        .then("later 10000\n woke\n found own#2 R2 -> settle 1 A2")
        .done();
}
