//! What counts of the time that a caller waits.

use crate::play::Play;

/// A caller that has come just now, from where the script answers for the lock and for every write.
fn asked() -> Play {
    Play::new("ASKED").exact()
}

#[test]
fn the_time_for_which_the_lock_is_waited_for_does_not_count() {
    asked()
        .then("found own#1 R1 expired -> lock 11000\n later 9000")
        .then("granted => \n written -> send R1\n later 9999\n woke")
        .then("later 1\n woke -> settle 1 timeout")
        .done();
}

#[test]
fn the_time_for_which_another_holder_may_be_sending_does_not_count() {
    let play = asked()
        .then("found own#1 R1 expired by other#1 -> lock 11000\n ungranted -> read")
        .then("found own#1 R1 expired by other#1");
    let seconds = "later 1000\n woke -> read\n found own#1 R1 expired by other#1\n";
    play.then(&seconds.repeat(10))
        .then("later 1000\n woke -> read\n found own#1 R1 expired => \n written -> send R1")
        .then("later 9999\n woke\n later 1\n woke -> settle 1 timeout")
        .done();
}

#[test]
fn the_time_that_the_store_takes_for_the_token_does_not_count() {
    let play = Play::new("REPLIED").then("later 22999\n woke");
    assert_eq!(play.waiting(), [1]);
    play.then("written -> settle 1 A2").done();
}

#[test]
fn nobody_waits_for_more_than_twice_its_time_and_three_seconds() {
    for waiting in [
        "found own#1 R1 expired -> lock 11000",
        "found own#1 R1 expired by other#1 -> lock 11000",
        "found own#1 R1 expired by other#1 -> lock 11000\n hint -> read",
    ] {
        let play = asked().then(waiting).then("later 22999\n woke");
        assert_eq!(play.waiting(), [1]);
        play.then("later 1\n woke -> settle 1 timeout").done();
    }
    Play::new("REPLIED")
        .then("later 22999\n woke\n later 1\n woke -> settle 1 timeout\n written")
        .done();
}

#[test]
fn a_caller_that_comes_later_has_all_of_its_own_time() {
    asked()
        .then("found own#1 R1 expired -> lock 11000\n later 6000\n call 2\n later 3000")
        .then("granted => \n written -> send R1")
        .then("later 10000\n woke -> settle 1 timeout, settle 2 timeout")
        .done();
}

#[test]
fn the_time_of_a_request_counts() {
    Play::new("SENT\n later 9999\n woke\n later 1\n woke -> settle 1 timeout");
}

#[test]
fn who_has_slept_waits_for_anothers_claim_anew() {
    let play = asked()
        .then("found own#1 R1 expired by other#1 -> lock 11000\n ungranted -> read")
        .then("found own#1 R1 expired by other#1\n later 12001\n woke -> read")
        .then("found own#1 R1 expired by other#1\n later 1000\n woke -> read");
    play.then("found own#2 R2 -> settle 1 A2").done();
}
