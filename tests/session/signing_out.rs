use crate::found::WAITS;
use crate::phases;
use crate::play::{Play, play};
use crate::support::config;
use meshydb_client::config::Config;
use meshydb_client::error::{Code, Reason};
use meshydb_client::event::{Input, Output};

const WRITTEN: &str = "
    found own#1 R1   -> write own#1 ended signed_out
    written
    call 7            -> settle 7 signed_out
    signout 8
    hint
";

#[test]
fn idle_it_ends_at_once_revokes_and_is_then_written() {
    let play = Play::new("OPEN\n signout 9 -> read, revoke R1");
    assert!(play.session.held().is_none());
    assert_eq!(play.session.snapshot().state, "ended");
    let error = play.session.snapshot().error.unwrap();
    assert_eq!(error.reason, Some(Reason::SignedOut));
    play.then(WRITTEN).done();
}

#[test]
fn loading_or_confirming_it_uses_the_read_that_is_under_way() {
    for reading in ["ASKED", "SENT\n refused invalid_grant -> read"] {
        let play = Play::new(reading);
        let play = play.then("signout 9 -> settle 1 signed_out, revoke R1");
        play.then(WRITTEN).done();
    }
}

#[test]
fn sending_it_settles_everyone_and_revokes_the_late_reply() {
    for reply in [
        "replied 2 -> revoke R2",
        "refused invalid_grant",
        "unanswered",
    ] {
        for order in [[WRITTEN, reply], [reply, WRITTEN]] {
            let play = Play::new("SENT");
            let play = play.then("signout 9 -> settle 1 signed_out, read, revoke R1");
            play.then(&order.join("\n")).done();
        }
    }
}

#[test]
fn committing_it_revokes_the_newest_token_and_overwrites_what_was_being_written() {
    for (before, after) in [
        ("", "written -> read"),
        ("", "lost -> read"),
        ("lost -> read", ""),
    ] {
        Play::new("REPLIED")
            .then(before)
            .then("signout 9 -> settle 1 signed_out, revoke R2")
            .then(after)
            .then("found own#2 R2 -> write own#2 ended signed_out\n written")
            .done();
    }
}

#[test]
fn a_login_under_way_is_never_opened() {
    for script in [
        "signout 9           -> settle 0 signed_out, read
         replied 1           -> revoke R1
         found empty",
        "replied 1           -> write own#1 R1
         signout 9           -> settle 0 signed_out, revoke R1
         written             -> read
         found own#1 R1     -> write own#1 ended signed_out
         written",
    ] {
        Play::new("login -> read\n found empty -> send grant")
            .then(script)
            .done();
    }
    play("resume R9 -> read\n signout 9 -> settle 0 signed_out\n found empty");
}

#[test]
fn condemned_or_releasing_it_reads_what_its_last_write_has_left() {
    let play = Play::new("SENT").then(
        "refused invalid_grant   -> read
         found own#1 R1 expired -> write own#1 ended invalid_grant
         signout 9               -> settle 1 signed_out, revoke R1
         written                 -> read
         found own#1 ended invalid_grant",
    );
    play.done();
    let play = Play::new("SENT").exact().then(
        "busy      -> write own#1 R1 failed 1 sent 1
         signout 9 -> unlock, settle 1 signed_out, revoke R1
         written   -> read",
    );
    play.then(WRITTEN).done();
    for phase in ["Condemned", "Releasing"] {
        assert!(phases::was_seen(phase, "Ending"));
    }
}

#[test]
fn ending_or_over_it_has_nothing_left_to_do() {
    let ending = "signout 9 -> read, revoke R1\n signout 10";
    let play = Play::new("OPEN").then(ending).then(WRITTEN);
    play.then("signout 11").done();
}

#[test]
fn it_writes_nothing_over_another_session_or_an_end() {
    for stored in [
        "found other#3 R50",
        "found other#3 ended signed_out",
        "found own#1 ended invalid_grant",
        "found empty",
        "found corrupt",
        "found newer",
    ] {
        play(&format!("OPEN\n signout 9 -> read, revoke R1\n {stored}"));
    }
}

#[test]
fn a_lost_end_is_written_again_over_what_is_there_then_eight_times() {
    let again = "lost -> read\n found own#1 R1 -> write own#1 ended signed_out\n";
    let twice = format!("{again}written");
    let failed =
        "unwritten -> read\n unread -> read\n found own#1 R1 -> write own#1 ended signed_out\n";
    for more in [
        "written",
        &twice,
        &format!("{failed}written"),
        "lost -> read\n found other#2 R50",
    ] {
        Play::new("OPEN\n signout 9 -> read, revoke R1")
            .then("found own#1 R1 -> write own#1 ended signed_out")
            .then(more)
            .done();
    }
    Play::new("OPEN\n signout 9 -> read, revoke R1")
        .then("found own#1 R1 -> write own#1 ended signed_out")
        .then(&again.repeat(8))
        .then("lost -> read\n found own#1 R1 -> write own#1 ended signed_out\n written")
        .done();
}

#[test]
fn its_caller_is_settled_when_the_end_is_written_and_the_revocation_answered() {
    let written = "found own#1 R1 -> write own#1 ended signed_out\n written";
    for order in [[written, "revoked"], ["revoked", written]] {
        let play = Play::new("OPEN\n signout 9 -> read, revoke R1").then(order[0]);
        assert_eq!(play.waiting(), [9]);
        assert!(play.then(order[1]).waiting().is_empty());
    }
}

#[test]
fn without_a_place_to_revoke_at_only_the_store_is_waited_for() {
    let play = Play::of(Config {
        can_revoke: false,
        ..config()
    });
    let play = play.then("OPEN\n signout 9 -> read");
    assert_eq!(play.waiting(), [9]);
    play.then(WRITTEN).done();
}

#[test]
fn it_goes_on_until_its_end_is_stored_and_tells_its_caller_when_the_time_is_over() {
    let mut play = Play::new("OPEN\n signout 9 -> read, revoke R1\n revoked")
        .then("unread -> read\n unread -> read\n unread");
    for pause in &WAITS[..11] {
        assert_eq!(play.session.wake_at(), Some(play.now.monotonic + pause));
        play = play.then(&format!("later {pause}\n woke -> read\n unread"));
    }
    let play = play.then("later 249\n woke");
    assert_eq!(play.waiting(), [9]);
    let mut play = play.then("later 1");
    let outputs = play.feed(Input::Woke);
    let [Output::Settle { caller, result }] = &outputs[..] else {
        panic!("{outputs:?}")
    };
    let code = result.as_ref().unwrap_err().code;
    assert_eq!((*caller, code), (9, Code::Unavailable));
    assert_eq!(play.session.snapshot().state, "ended");
    play.then("later 4750\n woke -> read")
        .then("found own#1 R1 -> write own#1 ended signed_out\n written")
        .done();
}

#[test]
fn an_end_that_is_not_written_is_written_again_at_once_twice_and_then_after_pauses() {
    let failing = "found own#1 R1 -> write own#1 ended signed_out\n unwritten";
    let play = Play::new("OPEN\n signout 9 -> read, revoke R1")
        .then(&format!(
            "{failing} -> read\n {failing} -> read\n {failing}"
        ))
        .then(&format!("later 250\n woke -> read\n {failing}"))
        .then("later 500\n woke -> read");
    play.then(WRITTEN).done();
}

#[test]
fn swaps_that_its_end_has_lost_are_no_failure_for_eight_times_and_then_one() {
    let lost = "found own#1 R1 -> write own#1 ended signed_out\n lost";
    let eight = format!("{lost} -> read\n").repeat(8);
    let play = Play::new("OPEN\n signout 9 -> read, revoke R1")
        .then(&format!("{eight}{lost} -> read\n").repeat(2))
        .then(&format!("{eight}{lost}"));
    assert_eq!(play.session.wake_at(), Some(play.now.monotonic + 250));
    play.then("later 250\n woke -> read").then(WRITTEN).done();
}

#[test]
fn a_caller_that_has_gone_is_not_told() {
    let play = Play::new("OPEN\n signout 9 -> read, revoke R1\n abort 9\n unread -> read");
    assert_eq!(play.session.wake_at(), None);
    play.then("later 10000\n woke\n found empty").done();
}

#[test]
fn where_a_login_may_still_be_stored_the_end_is_written_in_its_place() {
    for (found, write, written) in [
        ("empty", 1, "written"),
        ("other#3 R5", 4, "written -> revoke R5"),
        ("other#3 ended signed_out", 4, "written"),
    ] {
        let login = format!(
            "login -> read\n found {found} -> send grant\n replied 60 -> write own#{write} R60\n \
             unwritten -> settle 0 A60, read\n signout 9 -> revoke R60\n"
        );
        let end = format!("found {found} -> write own#{write} ended signed_out\n");
        for after in [
            written,
            "lost -> read\n found own#4 ended signed_out",
            "lost -> read\n found third#9 R7",
        ] {
            Play::new(&login).then(&end).then(after).done();
        }
        Play::new(&login).then("found third#9 R7").done();
    }
}
