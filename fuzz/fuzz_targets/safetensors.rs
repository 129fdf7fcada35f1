//! Any bytes are a file of tensors or an error, and tensors hold no more than the file did.

#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use model::checkpoint::read_tensors;

/// One file a process, for the reader wants a path.
static FILE: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("fuzz-{}.safetensors", std::process::id())));

/// With the length of the header that it needs; what follows the header's last brace are weights.
fn framed(data: &[u8]) -> Vec<u8> {
    let end = data.iter().rposition(|&byte| byte == b'}').map_or(data.len(), |at| at + 1);
    [&(end as u64).to_le_bytes(), data].concat()
}

fuzz_target!(|data: &[u8]| {
    let Some((how, data)) = data.split_first() else { return };
    let bytes = if how % 2 == 0 { data.to_vec() } else { framed(data) };
    std::fs::write(&*FILE, &bytes).expect("a temporary file");
    let Ok(tensors) = read_tensors(&FILE) else { return };
    let sizes = tensors.values().map(|tensor| tensor.elem_count() * tensor.dtype().size_in_bytes());
    assert!(sizes.sum::<usize>() <= bytes.len());
});
