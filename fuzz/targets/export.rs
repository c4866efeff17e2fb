//! Any bytes as an export of Siècle or STSWeb, already decoded.
#![no_main]

mod door;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| door::pass(bytes));
