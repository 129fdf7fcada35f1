//! A file mapped into memory: the one `unsafe` line of the crate.

use std::fs::File;
use std::path::Path;

use memmap2::Mmap;

use crate::{Error, Result};

/// Maps `path`, read-only.
///
/// The bytes are handed out as `&[u8]` only, so that any content is valid; what must not happen is that the
/// file shrinks or changes meanwhile. Token files lie in directories that nothing writes to once complete.
#[allow(unsafe_code)]
pub(super) fn map(path: &Path) -> Result<Mmap> {
    let file = File::open(path).map_err(Error::io(path))?;
    // SAFETY: the mapping is read-only and lives as long as it is borrowed. Another process that truncates
    // the file while it is mapped would break this; the caller's files are immutable, as documented above.
    unsafe { Mmap::map(&file) }.map_err(Error::io(path))
}
