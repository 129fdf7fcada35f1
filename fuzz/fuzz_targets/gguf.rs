//! Any bytes are a GGUF file or an error; and so is a sound file with bytes changed, tensors and tokenizer too.

#![no_main]

mod spoil;
#[path = "../../crates/model/tests/common/gguf.rs"]
#[allow(dead_code, reason = "tests write more")]
mod writer;

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use model::formats::gguf;
use spoil::spoil;

static SOUND: LazyLock<Vec<u8>> = LazyLock::new(|| writer::smallest_llama().bytes());

fuzz_target!(|data: &[u8]| {
    let Some((how, data)) = data.split_first() else { return };
    let bytes = match how % 3 {
        0 => data.to_vec(),
        1 => [b"GGUF\x03\0\0\0", data].concat(),
        _ => spoil(&SOUND, data),
    };
    let Ok(file) = gguf::parse(Path::new("x.gguf"), bytes) else { return };
    for (name, description) in &file.tensors {
        let tensor = file.tensor(name).expect("checked when the file was read");
        assert_eq!(tensor.dims(), description.shape);
    }
    if let Ok(tokenizer) = gguf::tokenizer(&file) {
        let ids = [tokenizer.bos, tokenizer.eos, tokenizer.unknown];
        assert!(ids.into_iter().flatten().all(|id| (id as usize) < tokenizer.tokens.len()));
    }
    let Ok(imported) = gguf::llama(&file) else { return };
    imported.config.check().expect("checked when it was read");
    // a decoder has angles for its whole context, and no file is as long as its context says
    if imported.config.context < 1 << 12 {
        drop(imported.model());
    }
});
