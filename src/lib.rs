//! Log in once and stay logged in: the core of `meshydb-client`.
//!
//! The core is pure. It reads no clock, performs no I/O, parses no JSON and names no
//! JavaScript crate; `web`, its only edge, does all of that and holds no decision.
//!
//! ```text
//!   JavaScript ──▶ web ──Input──▶ session ──Output──▶ web ──▶ fetch, store
//!                   ▲                │                   │
//!                   └────────────────┴─── what happened ─┘
//! ```
//!
//! | module | owns |
//! |---|---|
//! | [`config`] | what the options say, checked at the edge |
//! | [`oauth`] | requests, and what their answers mean |
//! | [`token`] | tokens and how long they live |
//! | [`attempt`] | who may send, and when again |
//! | [`record`] | what is stored, and who wins |
//! | [`event`] | the inputs and outputs of a session |
//! | [`session`] | the state machine of one session |
//! | [`error`] | what can go wrong |

#[forbid(unsafe_code)]
pub mod attempt;
#[forbid(unsafe_code)]
pub mod config;
#[forbid(unsafe_code)]
pub mod error;
#[forbid(unsafe_code)]
pub mod event;
#[forbid(unsafe_code)]
pub mod oauth;
#[forbid(unsafe_code)]
pub mod record;
#[forbid(unsafe_code)]
pub mod session;
#[forbid(unsafe_code)]
pub mod token;

#[cfg(target_arch = "wasm32")]
pub mod web;
