#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| meshydb_client_fuzz::request_form(bytes));
