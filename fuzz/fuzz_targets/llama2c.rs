//! Any bytes are llama2.c's model or tokenizer, or an error; what is a model has exactly its tensors.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use model::formats::llama2c;

/// Sizes that a file of so many bytes could have: each byte is one, small, then all weights are `filler`.
fn sized(sizes: [u8; 7], filler: &[u8]) -> Vec<u8> {
    let mut file = sizes.map(|size| i32::from(size.cast_signed() % 9).to_le_bytes()).concat();
    file.extend(filler.iter().cycle().take(1 << 12));
    file
}

fuzz_target!(|data: &[u8]| {
    let path = Path::new("x.bin");
    if let Ok(pieces) = llama2c::parse_pieces(path, data) {
        assert!(pieces.iter().map(|piece| 8 + piece.bytes.len()).sum::<usize>() + 4 == data.len());
    }
    let bytes = match data.split_first_chunk::<7>() {
        Some((sizes, filler)) if data.len() % 2 == 0 => sized(*sizes, filler),
        _ => data.to_vec(),
    };
    // how many weights the sizes ask for is known to nobody here: every length is tried
    for end in (28.min(bytes.len())..=bytes.len()).step_by(4) {
        if let Ok(imported) = llama2c::parse(path, &bytes[..end]) {
            imported.model().expect("tensors of these sizes");
        }
    }
});
