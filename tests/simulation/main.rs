//! The machine in many worlds: virtual time, networks, stores, locks and servers, with faults in all of them.
//!
//! `--seeds N [--seed S]` runs random worlds, `--seed S` alone replays one with its trace,
//! `--exhaustive` visits every interleaving of small ones.

#![allow(
    missing_docs,
    clippy::cast_possible_wrap,
    clippy::struct_excessive_bools,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm
)]

#[cfg(not(target_arch = "wasm32"))]
mod chance;
#[cfg(not(target_arch = "wasm32"))]
mod checks;
#[cfg(not(target_arch = "wasm32"))]
mod dice;
#[cfg(not(target_arch = "wasm32"))]
mod ends;
#[cfg(not(target_arch = "wasm32"))]
mod holder;
#[cfg(not(target_arch = "wasm32"))]
mod network;
#[cfg(not(target_arch = "wasm32"))]
mod plan;
#[cfg(not(target_arch = "wasm32"))]
mod run;
#[cfg(not(target_arch = "wasm32"))]
mod search;
#[cfg(not(target_arch = "wasm32"))]
mod server;
#[cfg(not(target_arch = "wasm32"))]
mod store;
#[cfg(not(target_arch = "wasm32"))]
mod trace;
#[cfg(not(target_arch = "wasm32"))]
mod world;
#[cfg(not(target_arch = "wasm32"))]
mod writes;

fn main() {
    #[cfg(not(target_arch = "wasm32"))]
    run::main();
}
