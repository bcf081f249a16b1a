#![no_main]

use boothkeeper_app::untrusted;
use libfuzzer_sys::fuzz_target;

// What is kept of a file is kept whole when it is taken a second time.
fuzz_target!(|bytes: &[u8]| {
    if let Ok((name, kept)) = untrusted::attachment("file", bytes) {
        assert_eq!(untrusted::attachment(&name, &kept).ok(), Some((name, kept)));
    }
});
