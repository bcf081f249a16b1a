#![no_main]

use boothkeeper_app::untrusted;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = untrusted::table(bytes);
});
