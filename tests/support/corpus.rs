//! What a fuzzer has kept in a file of `fuzz/corpus`: each line an input, in hexadecimal digits.

use std::fs;

pub(crate) fn inputs(path: &str) -> Vec<Vec<u8>> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.lines().map(bytes).collect()
}

fn bytes(line: &str) -> Vec<u8> {
    let byte = |digits| u8::from_str_radix(str::from_utf8(digits).unwrap(), 16).unwrap();
    line.as_bytes().chunks(2).map(byte).collect()
}
