//! The machine in many worlds: virtual time, networks, stores, locks and servers, with faults in all of them.
//!
//! `--seeds N [--seed S]` runs random worlds, `--seed S` alone replays one with its trace,
//! `--exhaustive` visits every interleaving of small ones, `--corpus FILE` plays what the fuzzer has kept.

#![allow(
    missing_docs,
    clippy::cast_possible_wrap,
    clippy::struct_excessive_bools,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm
)]

mod chance;
mod checks;
#[path = "../support/corpus.rs"]
mod corpus;
mod deaths;
mod dice;
mod ends;
mod grants;
mod holder;
mod network;
mod openings;
#[path = "../support/phases.rs"]
mod phases;
mod plan;
mod repeats;
mod run;
mod search;
mod server;
mod special;
mod store;
mod trace;
mod waits;
mod world;
mod writes;

fn main() {
    run::main();
}
