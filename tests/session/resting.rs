use std::collections::BTreeSet;
use std::rc::Rc;

use meshydb_client::session::Session;

use crate::found::WAITS;
use crate::play::{Play, play};
use crate::support::config;

#[test]
fn in_the_last_tenth_of_its_life_the_token_is_given_at_once_and_the_next_fetched_behind_it() {
    play(
        "OPEN
         later 53999
         call 1          -> settle 1 A1
         later 1
         call 2          -> settle 2 A1, read
         found own#1 R1 -> send R1
         call 3          -> settle 3 A1
         replied 2       -> write own#2 R2
         written
         call 4          -> settle 4 A2",
    );
}

#[test]
fn a_refresh_ahead_that_fails_is_tried_again_after_the_pause_by_the_next_call() {
    let play = Play::new(
        "OPEN
         later 54000
         call 1          -> settle 1 A1, read
         found own#1 R1 -> send R1
         busy
         call 2          -> settle 2 A1",
    );
    assert_eq!(play.session.wake_at(), None);
    play.then("later 500\n call 3 -> settle 3 A1, read").done();
}

#[test]
fn whoever_can_wait_through_the_pause_does_three_times() {
    let play = Play::new("SENT\n busy");
    let wake = play.session.wake_at().unwrap() - play.now.monotonic;
    assert!((250..=500).contains(&wake), "{wake}");
    assert_eq!(play.session.snapshot().state, "waiting");
    play.then(
        "later 500
         woke                               -> read
         found own#1 R1 expired            -> send R1
         busy
         later 1000
         woke                               -> read
         found own#1 R1 expired            -> send R1
         busy                               -> settle 1 unavailable",
    )
    .done();
}

#[test]
fn holders_that_fail_at_once_do_not_come_back_at_once() {
    let pause = |name: &str| {
        let mut play = Play::new("");
        play.session = Session::new(Rc::new(config()), name.into());
        let play = play.then(
            "restore                 -> read
             found own#1 R1 expired -> settle 0 A1
             call 1                  -> read
             found own#1 R1 expired -> send R1
             busy",
        );
        play.session.wake_at().unwrap() - play.now.monotonic
    };
    let pauses: BTreeSet<i64> = (0..10).map(|n| pause(&format!("h{n}"))).collect();
    assert!(pauses.len() > 5, "{pauses:?}");
    assert!(pauses.iter().all(|pause| (250..=500).contains(pause)));
}

#[test]
fn a_pause_beyond_the_timeout_is_told_with_its_length() {
    let mut play = Play::new("SENT");
    let outputs = play.say("busy 60");
    assert_eq!(outputs, ["settle 1 unavailable"]);
    let error = play.session.snapshot().error.unwrap();
    assert_eq!(error.retry_after, Some(60));
    play.then("call 2 -> read\n found own#1 R1 expired cooling 60000 -> settle 2 unavailable")
        .done();
}

#[test]
fn the_pause_of_another_holder_is_kept() {
    let play = Play::new("ASKED\n found own#1 R1 expired cooling 5000");
    assert_eq!(play.session.wake_at(), Some(play.now.monotonic + 5_000));
    play.then(
        "later 5000
         woke                               -> read
         found own#1 R1 expired            -> send R1
         replied 2                          -> write own#2 R2
         written                            -> settle 1 A2",
    )
    .done();
}

#[test]
fn a_call_settles_at_its_deadline_and_its_request_goes_on() {
    let play = Play::new("SENT\n later 9999\n woke\n later 1\n woke -> settle 1 timeout");
    play.then("replied 2 -> write own#2 R2\n written\n call 2 -> settle 2 A2")
        .done();
}

#[test]
fn who_has_nobody_left_to_wait_for_does_not_wait() {
    let play = Play::new("SENT\n busy\n abort 1");
    assert_eq!(play.session.wake_at(), None);
    assert_eq!(play.session.snapshot().state, "active");
}

#[test]
fn a_record_that_could_not_be_stored_is_written_again_at_once_and_then_from_time_to_time() {
    let failing = "found own#1 R1 expired -> write own#2 R2\n unwritten";
    let mut play = Play::new("REPLIED\n unwritten -> settle 1 A2, read")
        .then(&format!("{failing} -> read\n {failing}"));
    for pause in WAITS {
        let wake = play.session.wake_at().unwrap() - play.now.monotonic;
        assert_eq!(wake, pause);
        play = play.then(&format!("later {wake}\n woke -> read\n {failing}"));
    }
    assert!(play.session.snapshot().degraded);
    let play = play.then("hint -> read\n found own#1 R1 expired -> write own#2 R2\n written");
    assert!(!play.session.snapshot().degraded);
    assert_eq!(play.session.wake_at(), None);
}

#[test]
fn a_call_waits_through_a_pause_that_ends_before_its_time_and_not_with_it() {
    Play::new("SENT\n busy 10 -> settle 1 unavailable").done();
    Play::new("SENT\n busy 9\n later 9000\n woke -> read\n found own#1 R1 expired -> send R1")
        .then("replied 2 -> write own#2 R2\n written -> settle 1 A2")
        .done();
}
