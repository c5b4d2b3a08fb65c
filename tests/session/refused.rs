use crate::play::{Play, play};

/// The token in hand was given just now.
const YOUNG: &str = "
    OPEN
    refresh 1       -> read
    found own#1 R1 -> send R1
";

fn wake(play: &Play) -> i64 {
    play.session.wake_at().unwrap() - play.now.monotonic
}

#[test]
fn a_server_that_refuses_a_young_token_is_asked_again_a_second_later_and_two_seconds_after_that() {
    for status in [400, 401, 403] {
        let refused = format!("refused invalid_grant {status}");
        let play = Play::new(YOUNG).then(&refused);
        assert_eq!(
            (wake(&play), play.session.snapshot().state),
            (1_000, "waiting")
        );
        let play = play.then("later 1000\n woke -> read\n found own#1 R1 -> send R1");
        let play = play.then(&refused);
        assert_eq!(wake(&play), 2_000);
        play.then("later 2000\n woke -> read\n found own#1 R1 -> send R1")
            .then(&format!("{refused} -> read"))
            .then("found own#1 R1 -> write own#1 ended invalid_grant")
            .then("written -> settle 1 invalid_grant")
            .done();
    }
}

#[test]
fn a_young_token_that_the_server_knows_after_all_goes_on() {
    for refusals in [1, 2] {
        let again =
            "refused invalid_grant\n later 2000\n woke -> read\n found own#1 R1 -> send R1\n";
        Play::new(YOUNG)
            .then(&again.repeat(refusals))
            .then("replied 2 -> write own#2 R2\n written -> settle 1 A2")
            .then("refresh 2 -> read\n found own#2 R2 -> send R2")
            .then("refused invalid_grant\n later 1000\n woke -> read\n found own#2 R2 -> send R2")
            .then("replied 3 -> write own#3 R3\n written -> settle 2 A3")
            .done();
    }
}

#[test]
fn a_minute_after_it_was_given_a_token_is_no_longer_young() {
    let at = |age: i64| {
        Play::new(&format!("OPEN\n later {age}\n refresh 1 -> read"))
            .then(&format!("found own#1 R1 aged {age} -> send R1"))
    };
    at(60_000).then("refused invalid_grant -> read");
    let play = at(59_999).then("refused invalid_grant");
    play.then("later 1000\n woke -> read\n found own#1 R1 expired -> send R1")
        .then("refused invalid_grant -> read");
}

#[test]
fn holders_tell_each_other_how_often_a_young_token_was_refused() {
    Play::new("OPEN\n refresh 1 -> read")
        .exact()
        .then("found own#1 R1 refused 1 -> lock 11000")
        .then("granted -> write own#1 R1 by own#1 locked sent 1 refused 1\n written -> send R1")
        .then("refused invalid_grant -> write own#1 R1 failed 0 refused 2")
        .then("written -> unlock")
        .then("later 2000\n woke -> read\n found own#1 R1 refused 2 -> lock 11000")
        .then("granted => \n written => \n refused invalid_grant -> read");
    Play::new("OPEN\n refresh 1 -> read\n found own#1 R1 refused 2 -> send R1")
        .then("refused invalid_grant -> read")
        .then("found own#1 R1 -> write own#1 ended invalid_grant")
        .then("written -> settle 1 invalid_grant")
        .done();
}

#[test]
fn a_server_that_refuses_a_young_token_is_asked_again_though_nobody_waits() {
    let play = Play::new(YOUNG).then("abort 1\n refused invalid_grant");
    assert_eq!(wake(&play), 2_000);
    let play = play.then("later 2000\n woke -> read\n found own#1 R1 -> send R1");
    let play = play.then("refused invalid_grant");
    assert_eq!(wake(&play), 3_000);
    play.then("later 3000\n woke -> read\n found own#1 R1 -> send R1")
        .then("refused invalid_grant -> read\n found own#1 R1 -> write own#1 ended invalid_grant")
        .then("written\n call 2 -> settle 2 invalid_grant")
        .done();
}

#[test]
fn what_another_holder_rotates_before_the_server_is_asked_again_is_adopted() {
    play(&format!(
        "{YOUNG}
         refused invalid_grant
         hint           -> read
         found own#2 R2 -> settle 1 A2"
    ));
}

#[test]
fn a_caller_who_cannot_wait_is_told_of_the_refusal_and_the_server_is_asked_again() {
    let play =
        Play::new(YOUNG).then("later 9500\n refused invalid_grant -> settle 1 invalid_grant");
    assert_eq!(play.session.snapshot().state, "waiting");
    play.then("later 2000\n woke -> read\n found own#1 R1 -> send R1")
        .then("replied 2 -> write own#2 R2\n written")
        .done();
}

#[test]
fn a_young_token_whose_answer_was_lost_before_is_a_lost_answer_in_the_end() {
    let again = "refused invalid_grant\n later 2000\n woke -> read\n found own#1 R1 -> send R1\n";
    Play::new(YOUNG)
        .then("unanswered -> send R1")
        .then(&again.repeat(2))
        .then("refused invalid_grant -> read")
        .then("found own#1 R1 -> write own#1 ended response_lost")
        .then("written -> settle 1 response_lost")
        .done();
}
