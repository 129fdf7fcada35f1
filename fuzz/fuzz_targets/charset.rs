//! Any bytes are text, and what is valid UTF-8 without a claim stays what it is.

#![no_main]

use libfuzzer_sys::fuzz_target;
use warc::charset::{Hints, decode};

fuzz_target!(|data: &[u8]| {
    let Some((how, data)) = data.split_first() else { return };
    let (label, bytes) = data.split_at(data.len().min(usize::from(how % 16)));
    let label = std::str::from_utf8(label).ok();
    let hints = Hints { http: label, url: label, markup: how & 16 == 0 };
    let text = decode(bytes, &hints).text;
    assert!(text.len() <= 3 * bytes.len() + 3);
    if let Ok(valid) = std::str::from_utf8(bytes) {
        let plain = decode(bytes, &Hints::default()).text;
        assert_eq!(plain, valid.strip_prefix('\u{feff}').unwrap_or(valid));
    }
});
