//! Outside files that may be packed.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::Context;

/// The content of a file, unpacked where its name ends with `.zst` or `.gz`.
pub(super) fn open(path: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    let what = || format!("cannot read {}", path.display());
    let file = BufReader::new(File::open(path).with_context(what)?);
    Ok(match path.extension().and_then(|extension| extension.to_str()) {
        Some("zst") => Box::new(BufReader::new(zstd::Decoder::with_buffer(file).with_context(what)?)),
        Some("gz") => Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(file))),
        _ => Box::new(file),
    })
}
