//! Any bytes are a model of fastText or an error, and a model answers any text.

#![no_main]

use fineweb_filter::language::FastText;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((how, data)) = data.split_first() else { return };
    let mut bytes = vec![];
    if how & 1 == 0 {
        bytes.extend(793_712_314i32.to_le_bytes());
        bytes.extend(12i32.to_le_bytes());
    }
    bytes.extend_from_slice(data);
    if let Ok(model) = FastText::parse(&bytes) {
        for text in ["", "good morning", "</s>", "__label__en", &String::from_utf8_lossy(data)] {
            if let Some((label, _)) = model.predict(text) {
                assert!(!label.is_empty());
            }
        }
    }
});
