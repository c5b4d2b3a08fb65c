//! Sessions that are begun by a grant which all holders have, and can send again.

use meshydb_client::config::Config;
use meshydb_client::error::Reason;

use crate::play::Play;
use crate::support::config;

const OPEN: &str = "
    share          -> read
    found empty    -> lock 11000
    granted        -> write empty by own#1 locked sent 1
    written        -> send grant
    replied 1 bare -> write own#1 bare
    written        -> unlock, settle 0 A1
";
const ASKED: &str = "
    later 60000
    call 1                      -> read
    found own#1 R1 bare expired -> lock 11000
    granted                     -> write own#1 bare by own#2 locked sent 1
    written                     -> send grant
";

fn service() -> Play {
    let config = Config {
        repeats_grant: true,
        ..config()
    };
    Play::of(config).exact()
}

#[test]
fn what_has_expired_is_renewed_by_the_grant_under_a_claim() {
    let play = service().then(OPEN);
    assert_eq!(play.session.wake_at(), None);
    play.then(ASKED)
        .then("replied 2 bare -> write own#2 bare\n written -> unlock, settle 1 A2")
        .done();
}

#[test]
fn what_has_expired_is_found_and_renewed_when_it_is_wanted() {
    service()
        .then("share -> read\n found other#4 R1 bare expired -> settle 0 A1")
        .then(
            "call 1                        -> read
             found other#4 R1 bare expired -> lock 11000
             ungranted                     -> write other#4 bare by own#1 sent 1
             written                       -> send grant
             replied 5 bare                -> write other#5 bare
             written                       -> settle 1 A5",
        )
        .done();
}

#[test]
fn a_token_that_another_has_asked_for_is_taken() {
    service()
        .then(OPEN)
        .then("later 60000\n call 1 -> read\n found own#2 R2 bare -> settle 1 A2")
        .done();
}

#[test]
fn the_next_token_is_fetched_ahead() {
    service()
        .then(OPEN)
        .then("later 55000\n call 1 -> settle 1 A1, read")
        .then("found own#1 R1 bare aged 55000 -> lock 11000")
        .done();
}

#[test]
fn an_answer_that_is_lost_is_asked_for_again_after_a_pause_for_who_waits() {
    service()
        .then(OPEN)
        .then(ASKED)
        .then(
            "unanswered                  -> write own#1 bare failed 1 sent 1
             written                     -> unlock
             later 1000
             woke                        -> read
             found own#1 R1 bare expired -> lock 11000
             granted                     -> write own#1 bare by own#3 locked failed 1 sent 2
             written                     -> send grant",
        )
        .then("replied 2 bare -> write own#2 bare\n written -> unlock, settle 1 A2")
        .done();
}

#[test]
fn a_grant_is_sent_for_nobody() {
    let play = service().then(OPEN).then(ASKED).then(
        "abort 1
         unanswered -> write own#1 bare failed 1 sent 1
         written    -> unlock",
    );
    assert_eq!(play.session.phase(), "Idle");
    play.done();
}

#[test]
fn what_a_server_refuses_for_another_reason_ends_nothing() {
    let play = service().then(OPEN).then(ASKED).then(
        "refused invalid_client 401 -> write own#1 bare failed 1
         written                    -> unlock, settle 1 refused",
    );
    assert_eq!(play.session.snapshot().state, "active");
    play.done();
}

#[test]
fn a_session_that_another_grant_has_begun_takes_its_place() {
    let play = service()
        .then(OPEN)
        .then("later 60000\n call 1 -> read\n found other#2 R2 bare -> settle 1 replaced");
    let error = play.session.snapshot().error.unwrap();
    assert_eq!(error.reason, Some(Reason::Replaced));
    play.done();
}
