//! Decoding character references: no text is too strange, and text without `&` stays as it is.
#![no_main]

use fineweb_filter::extract::decode_entities;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &str| {
    let mut out = String::new();
    decode_entities(raw, &mut out);
    // The longest expansion: `&ngE;` of five bytes is six bytes long.
    assert!(out.len() <= raw.len() * 2);
    if !raw.contains('&') {
        assert_eq!(out, raw);
    }
});
