//! Outside files that may be packed.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::Context;

/// The content of a file, unpacked where its name ends with `.zst`, `.gz` or `.tgz`.
pub(crate) fn open(path: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    let what = || format!("cannot read {}", path.display());
    let file = BufReader::new(File::open(path).with_context(what)?);
    unpack(path, file).with_context(what)
}

/// What a reader yields, unpacked where the name ends with `.zst`, `.gz` or `.tgz`.
pub(super) fn unpack<'a>(name: &Path, reader: impl BufRead + 'a) -> std::io::Result<Box<dyn BufRead + 'a>> {
    Ok(match ending(name).as_deref() {
        Some("zst") => Box::new(BufReader::new(zstd::Decoder::with_buffer(reader)?)),
        Some("gz" | "tgz") => Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(reader))),
        _ => Box::new(reader),
    })
}

/// What the name of a file ends with, in lower case: some systems write capitals.
pub(super) fn ending(name: &Path) -> Option<String> {
    Some(name.extension()?.to_str()?.to_ascii_lowercase())
}
