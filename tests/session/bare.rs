use crate::play::{Play, play};
use meshydb_client::error::Reason;

const OPEN: &str = "
    login          -> read
    found empty    -> send grant
    replied 1 bare -> write own#1 bare
    written        -> settle 0 A1
";

#[test]
fn a_session_without_a_refresh_token_is_not_renewed_ahead() {
    play(&format!("{OPEN} later 55000\n call 1 -> settle 1 A1"));
}

#[test]
fn it_is_over_when_its_token_has_expired_and_nothing_is_written() {
    let play = Play::new(OPEN);
    assert_eq!(play.session.wake_at(), Some(play.now.monotonic + 60_000));
    let play = play.then("later 59999\n woke\n call 1 -> settle 1 A1\n later 1\n woke");
    let snapshot = play.session.snapshot();
    assert_eq!(snapshot.state, "ended");
    assert_eq!(snapshot.error.unwrap().reason, Some(Reason::Expired));
    assert_eq!(play.session.wake_at(), None);
    play.then("call 2 -> settle 2 expired\n hint").done();
}

#[test]
fn a_call_that_comes_before_the_timer_finds_it_expired() {
    for found in ["own#1 R1 bare expired", "own#1 R1 bare"] {
        let play = Play::new(OPEN).then("later 60000\n call 1 -> read");
        let play = play.then(&format!("found {found} -> settle 1 expired"));
        assert_eq!(play.session.snapshot().state, "ended");
        play.done();
    }
}

#[test]
fn a_clock_that_was_set_ends_nothing_and_saves_nothing() {
    let play = Play::new(OPEN).then("clock 60000\n call 1 -> read");
    let play = play.then("found own#1 R1 bare expired -> settle 1 A1");
    assert_eq!(play.session.snapshot().state, "active");
    let play = play.then("later 60000\n woke");
    assert_eq!(play.session.snapshot().state, "ended");
    let play = Play::new(OPEN).then("clock -60000\n later 60000\n woke");
    assert_eq!(play.session.snapshot().state, "ended");
}

#[test]
fn what_has_expired_and_cannot_be_renewed_is_not_restored() {
    let play = Play::new("restore -> read\n found other#1 R1 bare expired -> settle 0 nothing");
    let snapshot = play.session.snapshot();
    assert_eq!((snapshot.state, snapshot.error), ("ended", None));
    play.done();
    Play::new("restore -> read\n found other#1 R1 bare aged 59999 -> settle 0 A1")
        .then("call 1 -> settle 1 A1")
        .done();
}

#[test]
fn who_rejects_its_token_is_told_that_there_is_no_other_and_the_session_stays() {
    for call in ["refresh 1", "call 1 not A1"] {
        let play = Play::new(OPEN).then(&format!("{call} -> read"));
        let play = play.then("found own#1 R1 bare -> settle 1 expired");
        assert_eq!(play.session.snapshot().state, "active");
        play.then("call 2 -> settle 2 A1").done();
    }
}

#[test]
fn what_another_login_has_stored_takes_its_place() {
    play(&format!(
        "{OPEN} hint -> read\n found own#2 R2\n call 1 -> settle 1 A2"
    ));
    play(&format!(
        "{OPEN} later 60000\n call 1 -> read\n found other#2 R2 -> settle 1 replaced"
    ));
}

#[test]
fn a_login_for_all_takes_the_place_of_what_has_expired() {
    play(
        "share                         -> read
         found other#1 R1 bare expired -> send grant
         replied 2 bare                -> write own#2 bare
         written                       -> settle 0 A2",
    );
}
