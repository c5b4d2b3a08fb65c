use crate::play::{Play, play};

const RENEWED: &str = "
    OPEN
    call 1 not A1 unauthorized -> read
    found own#1 R1             -> send R1
    replied 2                  -> write own#2 R2
    written                    -> settle 1 A2
";

#[test]
fn a_401_is_answered_with_another_token_once_and_then_handed_on() {
    for passed in [0, 29_999] {
        play(&format!(
            "{RENEWED}
             later {passed}
             call 2 not A2 unauthorized -> settle 2 A2
             call 3 not A2 unauthorized -> settle 3 A2
             call 4 not A1 unauthorized -> settle 4 A2"
        ));
    }
    Play::new(RENEWED).then("later 30000\n call 2 not A2 unauthorized -> read");
}

#[test]
fn whoever_says_that_a_token_will_not_do_gets_another() {
    Play::new(RENEWED).then("call 2 not A2 -> read");
    Play::new(RENEWED).then("refresh 2 -> read");
}

#[test]
fn the_first_401_of_a_token_that_came_without_one_gets_another() {
    for before in ["call 1", "call 1 not A1", "refresh 1"] {
        let open = "OPEN\n later 60000";
        Play::new(&format!("{open}\n {before} -> read"))
            .then("found own#1 R1 expired -> send R1\n replied 2 -> write own#2 R2")
            .then("written -> settle 1 A2\n call 2 not A2 unauthorized -> read");
    }
}

#[test]
fn a_401_is_handed_on_while_another_refresh_is_under_way() {
    Play::new(RENEWED)
        .then("refresh 2 -> read\n found own#2 R2 -> send R2")
        .then("call 3 not A2 unauthorized -> settle 3 A2")
        .then("replied 3 -> write own#3 R3\n written -> settle 2 A3")
        .done();
}

#[test]
fn without_a_refresh_token_every_401_is_handed_on() {
    play(
        "restore                      -> read
         found other#1 R1 bare        -> settle 0 A1
         call 1 not A1 unauthorized   -> settle 1 A1
         call 2 not A1 unauthorized   -> settle 2 A1",
    );
}

#[test]
fn a_401_after_the_end_is_told_the_end() {
    Play::new("OPEN\n signout 9 -> read, revoke R1")
        .then("call 1 not A1 unauthorized -> settle 1 signed_out");
}
