//! Any bytes are llama2.c's model or tokenizer, or an error; what is a model has exactly its tensors.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use model::formats::llama2c;

/// A file of small sizes with as many weights as they need, or nearly.
fn sized(bytes: [u8; 8], filler: &[u8]) -> Vec<u8> {
    let sizes = bytes.map(|byte| i32::from(byte.cast_signed()) % 9);
    let mut file: Vec<u8> = sizes[..7].iter().flat_map(|size| size.to_le_bytes()).collect();
    let [width, hidden, layers, heads, kv_heads, vocabulary, context, off] =
        sizes.map(|size| size.unsigned_abs() as usize);
    let head_width = width / heads.max(1);
    let block = 2 * width * (1 + width + kv_heads * head_width) + 3 * width * hidden;
    let embeddings = if sizes[5] < 0 { 2 } else { 1 } * vocabulary * width;
    let count = 4 * (embeddings + layers * block + width + context * head_width);
    let filler = if filler.is_empty() { &[0] } else { filler };
    // most often not off at all
    file.extend(filler.iter().cycle().take(count + off.saturating_sub(5)));
    file
}

fuzz_target!(|data: &[u8]| {
    let path = Path::new("x.bin");
    if let Ok(pieces) = llama2c::parse_pieces(path, data) {
        let lengths = pieces.iter().map(|piece| 8 + piece.bytes.len());
        assert_eq!(4 + lengths.sum::<usize>(), data.len());
    }
    let sized = data.split_first_chunk().map(|(sizes, filler)| sized(*sizes, filler));
    for bytes in [data].into_iter().chain(sized.as_deref()) {
        if let Ok(imported) = llama2c::parse(path, bytes) {
            imported.model().expect("tensors of these sizes");
        }
    }
});
