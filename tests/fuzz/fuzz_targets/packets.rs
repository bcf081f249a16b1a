#![no_main]

use boothkeeper_documents::fuzz;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for name in ["usage-history.json", "a.zip", "a.eml"] {
        let _ = fuzz::packet(name, bytes);
    }
});
