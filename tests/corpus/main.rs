//! What the fuzzers of fuzz/ have found worth keeping, played again without them.

#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "../support/corpus.rs"]
mod corpus;
mod targets;

#[test]
fn every_input_that_was_kept_holds() {
    for (name, target) in targets::TARGETS {
        let path = format!("{}/fuzz/corpus/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        let inputs = corpus::inputs(&path);
        assert!(
            !inputs.is_empty(),
            "{path} is empty: npm run fuzz -- --only {name}"
        );
        for input in &inputs {
            target(input);
        }
    }
}

/// Bytes by chance, without any guide.
#[test]
fn many_inputs_by_chance_hold() {
    let mut state = 1_u64;
    let mut byte = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    };
    for (_, target) in targets::TARGETS {
        for _ in 0..2_000 {
            let length = usize::from(byte());
            target(&(0..length).map(|_| byte()).collect::<Vec<_>>());
        }
    }
}
