//! A token that the store does not take, or a store that cannot be read.

use crate::found::WAITS;
use crate::play::{Play, play};

const SENT: &str = "
    found own#1 R1 expired -> lock 11000
    granted                 -> write own#1 R1 by own#1 locked sent 1
    written                 -> send R1
    replied 2               -> write own#2 R2
";

#[test]
fn the_lock_is_kept_while_a_record_cannot_be_written() {
    let failing = "found own#1 R1 expired by own#1 locked sent 1 -> write own#2 R2\n unwritten";
    let mut play = Play::new("ASKED").exact().then(SENT).then(&format!(
        "unwritten -> settle 1 A2, read\n {failing} -> read\n {failing}"
    ));
    for pause in &WAITS {
        assert_eq!(play.session.wake_at(), Some(play.now.monotonic + pause));
        play = play.then(&format!("later {pause}\n woke -> read\n {failing}"));
    }
    play.then("hint -> read\n found own#1 R1 expired -> write own#2 R2\n written -> unlock")
        .done();
}

#[test]
fn the_lock_is_given_back_when_another_holder_was_first_or_the_session_is_over() {
    for (found, then) in [
        ("own#2 R50", "unlock"),
        ("own#3 R3", "unlock"),
        ("own#1 ended signed_out", "unlock"),
        ("empty", "unlock"),
    ] {
        Play::new("ASKED")
            .exact()
            .then(SENT)
            .then("unwritten -> settle 1 A2, read\n unread -> read\n unread")
            .then("later 250\n woke -> read")
            .then(&format!("found {found} => "))
            .ever(then);
    }
}

#[test]
fn a_call_sends_nothing_before_what_is_in_hand_is_stored() {
    Play::new("ASKED")
        .exact()
        .then(SENT)
        .then("unwritten -> settle 1 A2, read\n unread -> read\n unread")
        .then("refresh 2 -> read\n unread\n later 1000\n woke -> read")
        .then("found own#1 R1 expired by own#1 locked sent 1 -> write own#2 R2")
        .then("written -> unlock, lock 11000")
        .then("granted -> write own#2 R2 by own#2 locked sent 1\n written -> send R2");
}

#[test]
fn a_stored_session_sends_nothing_while_its_store_cannot_be_read_and_looks_each_second() {
    for unreadable in ["unread", "found corrupt"] {
        let look = format!("{unreadable}\n later 999\n woke\n later 1\n woke -> read\n");
        let play = Play::new("ASKED").then(&look.repeat(3));
        assert_eq!(play.session.snapshot().state, "refreshing");
        play.then("found own#2 R2 -> settle 1 A2").done();
        Play::new("ASKED")
            .then(&look.repeat(3))
            .then("found own#1 R1 expired -> send R1");
    }
}

#[test]
fn nobody_waits_for_ever_for_a_store_that_cannot_be_read() {
    for unreadable in ["unread", "found corrupt"] {
        let look = format!("{unreadable}\n later 1000\n woke -> read\n");
        Play::new("ASKED")
            .then(&look.repeat(9))
            .then(&format!("{unreadable}\n later 1000\n woke =>"))
            .ever("settle 1");
    }
}

#[test]
fn nothing_is_fetched_ahead_while_the_store_cannot_be_read() {
    for unreadable in ["unread", "found corrupt"] {
        let play = Play::new("OPEN\n later 54000\n call 1 -> settle 1 A1, read");
        let play = play.then(unreadable);
        assert_eq!(play.session.snapshot().state, "active");
        play.done();
    }
}

#[test]
fn an_access_token_that_comes_again_is_as_good_as_another() {
    play(
        "OPEN
         call 1 not A1   -> read
         found own#1 R1 -> send R1
         replied 2 as 1  -> write own#2 R2
         written         -> settle 1 A1",
    );
    for failed in [
        "lost           -> read
         found own#1 R1 expired -> write own#2 R2
         written        -> settle 1 A1",
        "unwritten      -> settle 1 A1, read
         found own#1 R1 expired -> write own#2 R2
         written",
    ] {
        Play::new("SENT\n replied 2 as 1 -> write own#2 R2")
            .then(failed)
            .then("call 2 -> settle 2 A1")
            .done();
    }
}

#[test]
fn a_session_that_was_never_stored_is_refreshed_without_a_claim() {
    let play = Play::new("login -> read\n found empty -> send grant").exact();
    let play = play.then(
        "replied 1    -> write own#1 R1
         unwritten    -> settle 0 A1, read
         found empty  -> write own#1 R1
         unwritten    -> read
         found empty  -> write own#1 R1
         unwritten
         later 60000
         call 1 =>
         found empty  =>
         unwritten    =>
         granted      =>
         unwritten    =>
         found empty  =>
         unwritten    =>
         unwritten    =>
         found empty  =>
         unwritten    =>",
    );
    play.ever("send R1");
}
