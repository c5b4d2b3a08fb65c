use crate::play::{Play, play};
use meshydb_client::event::{Input, Output};

#[test]
fn a_valid_token_settles_a_call_at_once_in_every_phase() {
    play(
        "OPEN
         call 1                -> settle 1 A1
         hint                  -> read
         call 2                -> settle 2 A1
         found own#1 R1
         refresh 3             -> read
         found own#1 R1       -> send R1
         call 4                -> settle 4 A1
         replied 2             -> write own#2 R2
         call 5                -> settle 5 A1
         written               -> settle 3 A2
         call 6                -> settle 6 A2",
    );
}

#[test]
fn an_expired_token_is_read_again_sent_committed_and_only_then_settled() {
    play("REPLIED\n written -> settle 1 A2");
}

#[test]
fn ten_thousand_callers_make_one_request() {
    let mut play = Play::new("OPEN\n later 60000");
    let mut outputs = Vec::new();
    for caller in 1..=10_000 {
        outputs.extend(play.feed(Input::Call {
            caller,
            min_validity: 0,
            rejected: None,
            unauthorized: false,
        }));
    }
    assert_eq!(outputs, [Output::Read, Output::Changed]);
    let mut play = play.then(
        "found own#1 R1 expired -> send R1
         replied 2               -> write own#2 R2",
    );
    let outputs = play.feed(Input::CompareAndSet(Ok(true)));
    let settled = |output: &&Output| matches!(output, Output::Settle { .. });
    assert_eq!(outputs.iter().filter(settled).count(), 10_000);
    play.done();
}

#[test]
fn callers_who_come_during_a_refresh_share_it() {
    play(
        "ASKED
         call 2
         found own#1 R1 expired  -> send R1
         call 3
         refresh 4
         replied 2                -> write own#2 R2
         call 5 not A1
         written -> settle 1 A2, settle 2 A2, settle 3 A2, settle 4 A2, settle 5 A2",
    );
}

#[test]
fn a_token_just_received_satisfies_any_validity() {
    play(
        "OPEN
         later 30001
         call 1           -> settle 1 A1
         call 2 for 30000 -> read
         found own#1 R1  -> send R1
         replied 2        -> write own#2 R2
         later 40000
         written          -> settle 2 A2",
    );
}

#[test]
fn a_rejected_token_is_refreshed_only_if_it_is_the_one_in_hand() {
    play(
        "OPEN
         call 1 not A0   -> settle 1 A1
         call 2 not A1   -> read
         found own#1 R1 -> send R1
         replied 2       -> write own#2 R2
         written         -> settle 2 A2
         call 3 not A1   -> settle 3 A2",
    );
}

#[test]
fn a_clock_that_is_set_costs_one_refresh_and_no_more() {
    for years in ["-315360000000", "315360000000"] {
        play(&format!(
            "OPEN
             clock {years}
             call 1           -> read
             call 2
             found own#1 R1  -> send R1
             replied 2        -> write own#2 R2
             written          -> settle 1 A2, settle 2 A2
             call 3           -> settle 3 A2"
        ));
    }
}

#[test]
fn a_response_without_a_refresh_token_keeps_the_old_one() {
    play("SENT\n replied 2 keeping -> write own#2 R1\n written -> settle 1 A2");
}

#[test]
fn an_aborted_caller_is_forgotten_and_the_others_are_served() {
    for others in [
        "call 2\n abort 1\n replied 2 -> write own#2 R2\n written -> settle 2 A2",
        "abort 1\n replied 2 -> write own#2 R2\n written\n call 2 -> settle 2 A2",
    ] {
        Play::new("SENT").then(others).done();
    }
    play("ASKED\n abort 1\n found own#1 R1 expired");
}

#[test]
fn nobody_can_want_a_token_for_more_than_half_of_its_life() {
    let play = Play::new("OPEN\n later 29999\n call 1 for 3600000 -> settle 1 A1");
    play.then("later 1\n call 2 for 3600000 -> read");
}
