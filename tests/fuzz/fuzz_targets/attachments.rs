#![no_main]

use boothkeeper_documents::fuzz;
use libfuzzer_sys::fuzz_target;

// Cleaning an attachment twice gives the same name and bytes as cleaning it once.
fuzz_target!(|bytes: &[u8]| {
    if let Ok((name, kept)) = fuzz::attachment("file", bytes) {
        assert_eq!(fuzz::attachment(&name, &kept).ok(), Some((name, kept)));
    }
});
