//! See `btt_tests::hostile::rows`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    btt_tests::hostile::rows(bytes);
});
