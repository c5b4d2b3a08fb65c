use crate::play::Play;
use crate::support::config;
use meshydb_client::config::Config;

/// From where the script answers for the lock and for every write.
fn claimed() -> Play {
    Play::new("ASKED").exact().then(
        "found own#1 R1 expired -> lock 11000
         granted                 -> write own#1 R1 by own#1 locked sent 1
         written                 -> send R1",
    )
}

fn patient(timeout: i64) -> Play {
    let config = Config {
        timeout,
        reuse_window: 3_600_000,
        ..config()
    };
    Play::of(config).then("SENT")
}

fn wake(play: &Play) -> i64 {
    play.session.wake_at().unwrap() - play.now.monotonic
}

/// Waits for the next send, whose answer is lost too.
fn again(play: Play) -> Play {
    let pause = wake(&play);
    play.then(&format!(
        "later {pause}\n woke => \n found own#1 R1 expired => \n unanswered =>"
    ))
}

#[test]
fn a_lost_answer_is_asked_for_again_at_once_and_then_after_a_pause_without_claim_and_lock() {
    for lost in ["unanswered", "portal", "gateway"] {
        let play = claimed()
            .then(&format!("{lost} -> write own#1 R1 by own#2 locked sent 2"))
            .then(&format!(
                "written -> send R1\n {lost} -> write own#1 R1 failed 2 sent 2"
            ))
            .then("written -> unlock");
        assert!((500..=1_000).contains(&wake(&play)), "{}", wake(&play));
        play.then("later 1000\n woke -> read\n found own#1 R1 expired -> lock 11000")
            .then("granted -> write own#1 R1 by own#3 locked failed 2 sent 3")
            .then("written -> send R1\n replied 2 -> write own#2 R2")
            .then("written -> unlock, settle 1 A2")
            .done();
    }
}

#[test]
fn an_answer_that_is_late_is_asked_for_again_after_a_short_pause() {
    let play = claimed().then("late -> write own#1 R1 failed 1 sent 1\n written -> unlock");
    assert!((250..=500).contains(&wake(&play)));
    let play = Play::new("SENT\n abort 1\n late");
    assert!((1_250..=1_500).contains(&wake(&play)));
    play.then("later 1500\n woke -> read\n found own#1 R1 expired -> send R1")
        .then("replied 2 -> write own#2 R2\n written\n call 2 -> settle 2 A2")
        .done();
}

#[test]
fn seven_sends_are_enough() {
    let mut play = patient(3_600_000).then("unanswered -> send R1\n unanswered");
    let mut longest = 1_000;
    for _ in 3..7 {
        assert!((longest / 2..=longest).contains(&wake(&play)));
        play = again(play);
        longest *= 2;
    }
    assert!((longest / 2..=longest).contains(&wake(&play)));
    let pause = wake(&play);
    let play = play.then(&format!("later {pause}\n woke -> read"));
    let play = play.then("found own#1 R1 expired -> send R1\n unanswered -> settle 1 network");
    assert_eq!(play.session.wake_at(), None);
    play.done();
}

#[test]
fn a_lost_answer_is_asked_for_again_though_nobody_waits() {
    let mut play = patient(10_000).then("abort 1\n unanswered -> send R1\n unanswered");
    for longest in [1_000, 2_000, 4_000, 8_000, 16_000] {
        assert!((1_000 + longest / 2..=1_000 + longest).contains(&wake(&play)));
        assert_eq!(play.session.snapshot().state, "waiting");
        play = again(play);
    }
    assert_eq!(play.session.wake_at(), None);
    assert_eq!(play.session.snapshot().state, "active");
    play.then("later 60000\n call 2 -> read\n found own#2 R2 -> settle 2 A2")
        .done();
}

#[test]
fn who_waits_for_a_lost_answer_does_until_its_own_time_is_over() {
    let mut play = patient(10_000).then("unanswered -> send R1\n unanswered");
    let mut sends = 2;
    while play.waiting() == [1] {
        play = again(play);
        sends += 1;
    }
    assert!((5..7).contains(&sends), "{sends}");
    while play.session.wake_at().is_some() {
        play = again(play);
        sends += 1;
    }
    assert_eq!(sends, 7);
}

#[test]
fn after_the_reuse_window_a_lost_answer_is_not_asked_for_again() {
    for (later, then) in [(4_999, "send R1"), (5_000, "")] {
        let play = Play::new(&format!("SENT\n later {later}\n unanswered -> {then}"));
        let play = play.then("abort 1");
        assert_eq!(play.session.wake_at(), None, "{later}");
    }
    for (later, is_repeated) in [(3_900, true), (4_999, false)] {
        let play = Play::new(&format!("SENT\n unanswered -> send R1\n later {later}"));
        let play = play.then("unanswered\n abort 1");
        assert_eq!(play.session.wake_at().is_some(), is_repeated, "{later}");
    }
}

#[test]
fn the_reuse_window_is_told_by_a_clock_that_only_goes_forward() {
    for clock in ["-86400000", "86400000"] {
        Play::new(&format!("SENT\n clock {clock}\n unanswered -> send R1"));
    }
}

#[test]
fn a_caller_waits_for_three_sends_when_the_window_is_over() {
    let more = "later 1000\n woke -> read\n found own#1 R1 expired -> send R1\n";
    Play::new("SENT\n later 5000\n unanswered")
        .then(&format!(
            "{more} unanswered\n {more} unanswered -> settle 1 network"
        ))
        .done();
}

#[test]
fn a_server_that_asks_for_a_pause_is_not_asked_again_by_itself() {
    for busy in ["busy", "busy 1"] {
        let play = claimed().then(&format!("{busy} -> write own#1 R1 failed 1 sent 1"));
        let play = play.then("abort 1\n written -> unlock");
        assert_eq!(play.session.wake_at(), None, "{busy}");
    }
}

#[test]
fn a_refusal_after_a_send_that_the_server_could_not_answer_is_a_lost_answer() {
    for lost in [
        "busy",
        "busy 1",
        "late",
        "unanswered -> send R1\n unanswered",
    ] {
        Play::new(&format!("SENT\n {lost}"))
            .then("later 1000\n woke -> read\n found own#1 R1 expired -> send R1")
            .then("refused invalid_grant -> read")
            .then("found own#1 R1 expired -> write own#1 ended response_lost")
            .then("written -> settle 1 response_lost")
            .done();
    }
}

#[test]
fn a_send_that_was_certainly_not_granted_is_taken_back() {
    for definite in ["unsent", "limited", "refused invalid_client"] {
        let play = claimed().then(&format!("{definite} -> write own#1 R1 failed 1"));
        let play = play.then("abort 1\n written -> unlock");
        assert_eq!(play.session.wake_at(), None, "{definite}");
        play.then("later 1000\n call 2 -> read\n found own#1 R1 expired -> lock 11000")
            .then("granted -> write own#1 R1 by own#2 locked failed 1 sent 1")
            .then("written -> send R1\n refused invalid_grant -> read")
            .then(
                "found own#1 R1 expired by own#2 locked sent 1 -> write own#1 ended invalid_grant",
            )
            .then("written -> unlock, settle 2 invalid_grant")
            .done();
    }
}

#[test]
fn a_send_that_was_not_granted_leaves_those_before_it_counted() {
    claimed()
        .then("unanswered -> write own#1 R1 by own#2 locked sent 2\n written -> send R1")
        .then("unsent -> write own#1 R1 failed 1 sent 1\n written -> unlock");
}

#[test]
fn what_another_holder_has_sent_is_counted_and_not_asked_for_at_once() {
    Play::new("ASKED")
        .exact()
        .then("found own#1 R1 expired by other#1 locked sent 6 -> lock 11000\n granted -> read")
        .then("found own#1 R1 expired by other#1 locked sent 6 -> write own#1 R1 by own#1 locked sent 7")
        .then("written -> send R1\n abort 1\n unanswered -> write own#1 R1 failed 7 sent 7")
        .then("written -> unlock");
}

#[test]
fn what_another_holder_has_rotated_meanwhile_ends_the_repeats() {
    let play = Play::new("SENT\n abort 1\n unanswered -> send R1\n unanswered")
        .then("later 2000\n woke -> read\n found own#2 R2");
    assert_eq!(play.session.wake_at(), None);
    play.then("call 2 -> settle 2 A2").done();
}

#[test]
fn a_sign_out_ends_the_repeats() {
    Play::new("SENT\n unanswered -> send R1\n unanswered")
        .then("signout 9 -> settle 1 signed_out, read, revoke R1")
        .then("found own#1 R1 -> write own#1 ended signed_out\n written")
        .done();
}

#[test]
fn a_foreign_token_whose_answer_was_lost_is_sent_again_though_nobody_waits() {
    let play = Play::new("resume R99 -> read\n found empty -> send R99\n abort 0")
        .then("unanswered -> send R99\n unanswered\n later 2000\n woke -> read")
        .then("found empty -> send R99\n replied 100 -> write own#1 R100")
        .then("written\n call 1 -> settle 1 A100");
    play.done();
}
