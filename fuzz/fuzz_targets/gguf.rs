//! Any bytes are a GGUF file or an error; and so is a sound file with bytes changed, tensors and tokenizer too.

#![no_main]

#[path = "../../crates/model/tests/common/gguf.rs"]
#[allow(dead_code, reason = "tests write more")]
mod writer;

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use model::formats::gguf;

static SOUND: LazyLock<Vec<u8>> = LazyLock::new(|| writer::smallest_llama().bytes());

/// Writes a byte at a time into the sound file: where, and what.
fn spoil(edits: &[u8]) -> Vec<u8> {
    let mut file = SOUND.clone();
    for edit in edits.chunks_exact(3) {
        let at = usize::from(u16::from_be_bytes([edit[0], edit[1]])) % file.len();
        file[at] = edit[2];
    }
    file
}

fuzz_target!(|data: &[u8]| {
    let Some((how, data)) = data.split_first() else { return };
    let bytes = match how % 3 {
        0 => data.to_vec(),
        1 => [b"GGUF\x03\0\0\0", data].concat(),
        _ => spoil(data),
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
