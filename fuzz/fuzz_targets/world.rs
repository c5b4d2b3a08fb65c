#![no_main]
#![allow(dead_code, clippy::struct_excessive_bools)]

#[path = "../../tests/simulation/chance.rs"]
mod chance;
#[path = "../../tests/simulation/checks.rs"]
mod checks;
#[path = "../../tests/simulation/deaths.rs"]
mod deaths;
#[path = "../../tests/simulation/dice.rs"]
mod dice;
#[path = "../../tests/simulation/ends.rs"]
mod ends;
#[path = "../../tests/simulation/holder.rs"]
mod holder;
#[path = "../../tests/simulation/network.rs"]
mod network;
#[path = "../../tests/simulation/openings.rs"]
mod openings;
#[path = "../../tests/support/phases.rs"]
mod phases;
#[path = "../../tests/simulation/plan.rs"]
mod plan;
#[path = "../../tests/simulation/repeats.rs"]
mod repeats;
#[path = "../../tests/simulation/server.rs"]
mod server;
#[path = "../../tests/simulation/special.rs"]
mod special;
#[path = "../../tests/simulation/store.rs"]
mod store;
#[path = "../../tests/simulation/trace.rs"]
mod trace;
#[path = "../../tests/simulation/waits.rs"]
mod waits;
#[path = "../../tests/simulation/world.rs"]
mod world;
#[path = "../../tests/simulation/writes.rs"]
mod writes;

use std::rc::Rc;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut world = world::World::new(Rc::new(plan::Plan::drawn(bytes)), false);
    world.finish();
    if let Some(violation) = world.violation {
        panic!("violation: {violation}");
    }
});
