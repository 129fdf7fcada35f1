//! Files of this machine, unpacked on the way.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::Context;

/// The bytes of a file; of one that ends with `.zst` or `.gz`, those that it holds.
pub(super) fn unpacked(path: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    let what = || format!("cannot read {}", path.display());
    let file = BufReader::new(File::open(path).with_context(what)?);
    Ok(match path.extension().and_then(|end| end.to_str()) {
        Some("zst") => Box::new(BufReader::new(zstd::Decoder::with_buffer(file).with_context(what)?)),
        Some("gz") => Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(file))),
        _ => Box::new(file),
    })
}
