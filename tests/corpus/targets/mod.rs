//! What must hold of the core, whatever bytes an input is made of. Each target panics where it does not.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::float_cmp,
    clippy::missing_panics_doc,
    clippy::unwrap_used
)]

mod answers;
mod bytes;
mod records;
#[path = "../../support/mod.rs"]
mod support;
mod times;

pub use answers::{error_answer, token_answer};
pub use records::stored_record;
pub use times::times;

pub type Target = fn(&[u8]);

/// All but the world, which is the simulator's.
pub const TARGETS: [(&str, Target); 4] = [
    ("token_answer", token_answer),
    ("error_answer", error_answer),
    ("stored_record", stored_record),
    ("times", times),
];
