#![no_main]

use boothkeeper_documents::fuzz;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = fuzz::receipt(bytes);
});
