//! The state machine, one script for each phase and input that matters.

#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

#[path = "../support/phases.rs"]
mod phases;
#[path = "../support/mod.rs"]
mod support;

mod answers;
mod bare;
mod calling;
mod claiming;
mod delays;
mod failing;
mod found;
mod heard;
mod opening;
mod pauses;
mod play;
mod refused;
mod repeating;
mod resting;
mod service;
mod sharing;
mod signing_out;
mod unauthorized;
mod unstored;
mod words;
