use crate::phases;
use crate::play::Play;

/// A session whose caller waits, from where the script answers for the lock and for every write.
fn asked() -> Play {
    Play::new("ASKED").exact()
}

const CLAIMED: &str = "
    found own#1 R1 expired -> lock 11000
    granted                 -> write own#1 R1 by own#1 locked sent 1
    written                 -> send R1
";

#[test]
fn a_refresh_reads_locks_claims_sends_commits_and_unlocks() {
    asked()
        .then(CLAIMED)
        .then("replied 2 -> write own#2 R2\n written -> unlock, settle 1 A2")
        .done();
}

#[test]
fn without_a_lock_the_claim_alone_decides() {
    asked()
        .then(
            "found own#1 R1 expired -> lock 11000
             ungranted               -> write own#1 R1 by own#1 sent 1
             lost                    -> read
             found own#1 R1 expired by other#1
             hint                    -> read
             found own#2 R2         -> settle 1 A2",
        )
        .done();
}

#[test]
fn what_was_rotated_while_the_lock_was_waited_for_is_adopted() {
    asked()
        .then(
            "found own#1 R1 expired by other#1 locked -> lock 11000
             granted                                   -> read
             found own#2 R2                           -> settle 1 A2, unlock",
        )
        .done();
}

#[test]
fn the_lock_is_waited_for_as_long_as_anothers_claim_lasts() {
    for duration in [1, 3_000, 3_601_000] {
        asked().then(&format!(
            "found own#1 R1 expired by other#1 for {duration} -> lock {duration}"
        ));
    }
}

#[test]
fn a_claim_made_under_the_lock_that_is_held_here_is_nobodys() {
    asked()
        .then(
            "found own#1 R1 expired by other#1 locked -> lock 11000
             granted                                   -> read
             found own#1 R1 expired by other#1 locked sent 1 -> write own#1 R1 by own#1 locked sent 2
             written                                   -> send R1",
        )
        .then("replied 2 -> write own#2 R2\n written -> unlock, settle 1 A2")
        .done();
}

#[test]
fn any_other_claim_is_waited_out_from_when_it_was_first_seen() {
    let play = asked().then(
        "found own#1 R1 expired by other#1 -> lock 11000
         ungranted                          -> read
         found own#1 R1 expired by other#1
         later 6000
         hint                               -> read
         found own#1 R1 expired by other#1",
    );
    let now = play.now.monotonic;
    assert_eq!(play.session.wake_at(), Some(now + 1_000));
    let play = play.then(
        "later 1000
         woke                               -> read
         found own#1 R1 expired by other#1
         later 2000
         woke                               -> read
         found own#1 R1 expired by other#1
         later 1000
         woke                               -> read
         found own#1 R1 expired by other#1
         later 999
         woke
         later 1
         woke                               -> read",
    );
    play.then(
        "found own#1 R1 expired by other#1 sent 1 -> write own#1 R1 by own#1 sent 2
         written                            -> send R1
         replied 2                          -> write own#2 R2
         written                            -> settle 1 A2",
    )
    .done();
}

#[test]
fn a_claim_that_is_renewed_is_waited_for_anew() {
    asked().then(
        "found own#1 R1 expired by other#1 -> lock 11000
         ungranted                          -> read
         found own#1 R1 expired by other#1
         later 10999
         hint                               -> read
         found own#1 R1 expired by other#2
         later 1
         woke",
    );
}

#[test]
fn a_lock_that_is_held_does_not_make_a_claim_without_it_nobodys() {
    asked().then(
        "found own#1 R1 expired by other#1 -> lock 11000
         granted                            -> read
         found own#1 R1 expired by other#1 -> unlock",
    );
}

#[test]
fn its_own_claim_keeps_nobody_waiting() {
    asked()
        .then(
            "found own#1 R1 expired  -> lock 11000
             granted                  -> write own#1 R1 by own#1 locked sent 1
             later 1001
             written                  -> read
             found own#1 R1 expired by own#1 locked sent 1 -> write own#1 R1 by own#2 locked sent 1
             written                  -> send R1",
        )
        .never("sent 2");
}

#[test]
fn who_wakes_a_second_after_its_claim_does_not_send() {
    for clock in ["later 1001", "clock 1001", "clock -1"] {
        asked()
            .then("found own#1 R1 expired -> lock 11000\n granted =>")
            .then(clock)
            .then("written -> read");
    }
    asked()
        .then("found own#1 R1 expired -> lock 11000\n granted =>")
        .then("later 1000\n written -> send R1");
}

#[test]
fn a_refusal_after_an_unanswered_send_is_a_lost_answer() {
    for stored in [
        "own#1 R1 expired sent 1",
        "own#1 R1 expired by other#1 locked sent 1",
    ] {
        asked()
            .then(&format!("found {stored} =>"))
            .then("granted =>")
            .then(&format!("found {stored} =>"))
            .then("written -> send R1\n refused invalid_grant -> read")
            .then(
                "found own#1 R1 expired by own#1 locked sent 2 -> write own#1 ended response_lost",
            )
            .then("written -> unlock, settle 1 response_lost")
            .done();
    }
}

#[test]
fn a_refusal_ends_nothing_while_another_holder_may_be_answered() {
    asked()
        .then(CLAIMED)
        .then(
            "refused invalid_grant              -> read
             found own#1 R1 expired by other#7 -> unlock
             hint                               -> read
             found own#2 R2                    -> settle 1 A2",
        )
        .done();
}

#[test]
fn an_answer_in_hand_is_committed_over_anothers_claim() {
    asked()
        .then(CLAIMED)
        .then(
            "replied 2                          -> write own#2 R2
             lost                               -> read
             found own#1 R1 expired by other#7 -> write own#2 R2
             written                            -> unlock, settle 1 A2",
        )
        .done();
}

#[test]
fn a_foreign_token_is_claimed_by_its_fingerprint_whatever_is_stored() {
    for stored in ["empty", "other#3 R3", "other#3 ended signed_out"] {
        Play::new("resume R99 -> read").exact().then(&format!(
            "found {stored} -> lock 11000
             granted         -> write {stored} by own#1 locked sent 1
             written         -> send R99"
        ));
    }
}

#[test]
fn a_login_keeps_the_claim_of_whoever_opens_a_foreign_token() {
    Play::new("login -> read")
        .exact()
        .then(
            "found other#3 R3 by other#1 of R99 -> send grant
             replied 1                           -> write own#4 R1 by other#1
             written                             -> revoke R3, settle 0 A1",
        )
        .done();
}

#[test]
fn who_waits_for_the_same_foreign_token_joins_without_a_request() {
    Play::new("resume R99 -> read")
        .exact()
        .then(
            "found empty by other#1 locked of R99 -> lock 11000
             granted                               -> read
             found other#1 R99                    -> settle 0 A99, unlock",
        )
        .done();
}

#[test]
fn who_loses_the_claim_to_the_same_foreign_token_joins_without_a_request() {
    Play::new("resume R99 -> read")
        .exact()
        .then(
            "found empty          -> lock 11000
             granted               -> write empty by own#1 locked sent 1
             lost                  -> read
             found other#1 R99    -> settle 0 A99, unlock",
        )
        .done();
}

#[test]
fn a_foreign_token_that_is_refused_gives_its_claim_back() {
    Play::new("resume R99 -> read")
        .exact()
        .then(
            "found other#3 R3     -> lock 11000
             granted               -> write other#3 R3 by own#1 locked sent 1
             written               -> send R99
             refused invalid_grant -> write other#3 R3
             written               -> unlock, settle 0 invalid_grant",
        )
        .done();
}

/// The store is looked at once more, and takes no claim.
const UNWRITABLE: &str = "
    woke =>
    found own#1 R1 expired =>
    granted                =>
    unwritten              =>
    found own#1 R1 expired =>
    unwritten              =>
    found own#1 R1 expired =>
";

#[test]
fn without_a_claim_a_token_is_sent_only_where_none_was_taken_for_longer_than_one_lasts() {
    let mut play = asked().then(
        "found own#1 R1 expired -> lock 11000
         granted                 -> write own#1 R1 by own#1 locked sent 1
         unwritten               -> read
         found own#1 R1 expired =>
         unwritten               -> read
         found own#1 R1 expired -> unlock",
    );
    for second in 2..=12 {
        play = play.then(&format!("later 1000\n call {second} =>"));
        assert_eq!(play.session.phase(), "Waiting", "{second}");
        play = play.then(UNWRITABLE);
    }
    assert_eq!(play.session.phase(), "Waiting");
    play = play.then("later 1000").then(UNWRITABLE);
    play.then("replied 2 -> write own#2 R2")
        .never("unavailable");
}

#[test]
fn a_store_that_has_not_been_tried_for_long_may_have_recovered() {
    let play = asked().then(
        "found own#1 R1 expired -> lock 11000
         granted                 -> write own#1 R1 by own#1 locked sent 1
         unwritten               -> read
         found own#1 R1 expired =>
         unwritten               -> read
         found own#1 R1 expired -> unlock
         later 60000
         woke                    -> settle 1 unavailable",
    );
    let play = play
        .then("call 2 -> read")
        .then(&UNWRITABLE.replace("woke =>", ""));
    assert_eq!(play.session.phase(), "Waiting");
}

#[test]
fn a_claim_that_cannot_be_written_is_tried_twice_again_after_another_holder_was_waited_for() {
    asked().then(
        "found own#1 R1 expired -> lock 11000
         granted                 -> write own#1 R1 by own#1 locked sent 1
         unwritten               -> read
         found own#1 R1 expired =>
         unwritten               -> read
         found own#1 R1 expired by other#1 for 500 -> unlock
         later 500
         woke                    -> read
         found own#1 R1 expired -> lock 11000
         granted                 -> write own#1 R1 by own#3 locked sent 1
         unwritten               -> read
         found own#1 R1 expired  -> write own#1 R1 by own#4 locked sent 1
         unwritten               -> read
         found own#1 R1 expired -> unlock",
    );
}

#[test]
fn a_claim_that_cannot_be_taken_back_is_a_store_that_fails_unless_another_was_first() {
    for (released, degraded) in [("unwritten", true), ("lost", false), ("written", false)] {
        let play = asked().then(CLAIMED);
        let play = play
            .then("busy -> write own#1 R1 failed 1 sent 1")
            .then(&format!("{released} =>"));
        assert_eq!(play.session.snapshot().degraded, degraded, "{released}");
    }
}

#[test]
fn a_claim_that_cannot_be_written_is_followed_by_a_look() {
    let play = asked().then(
        "found own#1 R1 expired -> lock 11000
         granted                 -> write own#1 R1 by own#1 locked sent 1
         unwritten               -> read",
    );
    assert!(play.session.snapshot().degraded);
    let play = play.then("found own#2 R2 -> settle 1 A2, unlock");
    assert!(!play.session.snapshot().degraded);
}

#[test]
fn a_lock_that_comes_too_late_is_given_back() {
    asked()
        .then("found own#1 R1 expired -> lock 11000")
        .then("signout 9 -> settle 1 signed_out, read, revoke R1\n granted -> unlock")
        .then("found own#1 R1 -> write own#1 ended signed_out\n written")
        .done();
}

#[test]
fn a_lock_that_comes_when_nobody_waits_any_more_is_given_back() {
    asked()
        .then("found own#1 R1 expired -> lock 11000\n abort 1\n granted -> unlock")
        .done();
    let play = Play::new("resume R99 -> read").exact();
    let play = play.then("found empty -> lock 11000\n abort 0\n granted -> unlock");
    assert_eq!(play.session.snapshot().state, "ended");
    play.done();
}

#[test]
fn who_signs_out_while_it_claims_sends_nothing() {
    asked()
        .then("found own#1 R1 expired -> lock 11000")
        .then("granted -> write own#1 R1 by own#1 locked sent 1")
        .then("signout 9 -> unlock, settle 1 signed_out, revoke R1\n written -> read")
        .then("found own#1 R1 -> write own#1 ended signed_out\n written")
        .done();
}

#[test]
fn a_refused_token_is_given_up_when_the_other_holder_has_made_way() {
    asked()
        .then(CLAIMED)
        .then(
            "refused invalid_grant              -> read
             found own#1 R1 expired by other#7 -> unlock
             hint                               -> read
             found own#1 R1 expired            -> lock 11000
             granted                            -> write own#1 ended invalid_grant
             written                            -> unlock, settle 1 invalid_grant",
        )
        .done();
    assert!(phases::was_seen("Locking", "Condemned"));
}
