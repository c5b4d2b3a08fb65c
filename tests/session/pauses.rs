//! By which clock a pause is waited out, and what shortens one.

use crate::play::Play;

fn wake(play: &Play) -> i64 {
    play.session.wake_at().unwrap() - play.now.monotonic
}

#[test]
fn a_pause_is_waited_out_from_when_it_was_first_seen() {
    for since in [-30_000, 0, 30_000, 60_000] {
        let found = |passed: i64| {
            format!(
                "found own#1 R1 expired cooling 5000 since {}",
                since - passed
            )
        };
        let play = Play::new("ASKED").then(&found(0));
        assert_eq!(wake(&play), 5_000, "{since}");
        let play = play.then("later 2000\n hint -> read").then(&found(2_000));
        assert_eq!(wake(&play), 3_000, "{since}");
        let play = play.then("later 3000\n woke -> read");
        play.then(&format!("{} -> send R1", found(5_000)));
    }
}

#[test]
fn a_pause_that_is_long_over_by_any_clock_is_not_waited_out() {
    let found = |since: i64| format!("found own#1 R1 expired cooling 5000 since {since}");
    let play = Play::new("ASKED").then(&found(-64_999));
    assert_eq!(wake(&play), 1);
    Play::new("ASKED").then(&format!("{} -> send R1", found(-65_000)));
}

#[test]
fn a_pause_of_the_far_future_is_void() {
    Play::new("ASKED\n found own#1 R1 expired cooling 5000 since 60001 -> send R1");
}

#[test]
fn a_clock_that_is_set_by_a_minute_does_not_change_a_pause() {
    for clock in [-60_000, 60_000] {
        let play = Play::new("ASKED\n found own#1 R1 expired cooling 5000");
        let play = play.then(&format!("clock {clock}\n hint -> read"));
        let play = play.then(&format!(
            "found own#1 R1 expired cooling 5000 since {}",
            -clock
        ));
        assert_eq!(wake(&play), 5_000, "{clock}");
    }
    for clock in [-60_001, 65_000] {
        Play::new("ASKED\n found own#1 R1 expired cooling 5000")
            .then(&format!("clock {clock}\n hint -> read"))
            .then(&format!(
                "found own#1 R1 expired cooling 5000 since {} -> send R1",
                -clock
            ));
    }
}

#[test]
fn when_the_network_is_back_its_own_pause_is_cut_short() {
    for failed in ["busy", "unsent", "limited", "late"] {
        Play::new(&format!("SENT\n {failed}"))
            .then("online -> read\n found own#1 R1 expired -> send R1")
            .then("replied 2 -> write own#2 R2\n written -> settle 1 A2")
            .done();
    }
    let play = Play::new("SENT\n unsent\n later 1\n online -> read");
    let play = play.then("found own#1 R1 expired -> send R1\n unsent");
    assert!((500..=1_000).contains(&wake(&play)));
}

#[test]
fn what_the_server_has_asked_for_is_waited_out_though_the_network_is_back() {
    let play = Play::new("SENT\n busy 5\n later 1000\n online -> read");
    let play = play.then("found own#1 R1 expired");
    assert_eq!(wake(&play), 4_000);
}

#[test]
fn who_rests_when_the_network_is_back_goes_on_at_the_next_call() {
    let ahead = "OPEN\n later 54000\n call 1 -> settle 1 A1, read\n found own#1 R1 -> send R1";
    Play::new(&format!("{ahead}\n unsent\n call 2 -> settle 2 A1")).done();
    let play = Play::new(&format!(
        "{ahead}\n unsent\n online\n call 2 -> settle 2 A1, read"
    ));
    play.then("found own#1 R1 -> send R1").done();
}

#[test]
fn a_lost_answer_is_asked_for_again_when_the_network_is_back_though_nobody_waits() {
    Play::new("SENT\n abort 1\n unanswered -> send R1\n unanswered")
        .then("online -> read\n found own#1 R1 expired -> send R1")
        .then("replied 2 -> write own#2 R2\n written\n call 2 -> settle 2 A2")
        .done();
}

#[test]
fn the_network_is_no_news_in_any_other_phase() {
    for phase in ["ASKED", "SENT", "REPLIED"] {
        Play::new(phase).then("online");
    }
    Play::new("OPEN\n online\n signout 9 -> read, revoke R1\n online\n unread => \n online");
}
