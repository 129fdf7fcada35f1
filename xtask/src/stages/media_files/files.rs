//! Files of folders and archives, one after the other.

use std::io::{BufRead, Read};
use std::path::Path;

use anyhow::Context;

use crate::stages::unpacked;

/// Files larger than this are left out.
const MOST_BYTES: u64 = 64 << 20;

/// A file's name, with the folders of its archive, and what is in it.
pub(super) struct File<'a> {
    pub(super) name: &'a str,
    pub(super) bytes: &'a [u8],
}

/// A file, or the name and the bytes of one that is too large.
pub(super) type Found<'a> = Result<File<'a>, (&'a str, u64)>;

/// Shows `take` a file, or all files of an archive; of what is too large its name and size.
pub(super) fn each(path: &Path, take: &mut dyn FnMut(Found<'_>) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let what = || format!("cannot read {}", path.display());
    if !is_archive(path) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let size = path.metadata().with_context(what)?.len();
        if size > MOST_BYTES {
            return take(Err((&name, size)));
        }
        let bytes = std::fs::read(path).with_context(what)?;
        return take(Ok(File { name: &name, bytes: &bytes }));
    }
    let mut archive = tar::Archive::new(unpacked::open(path)?);
    let mut bytes = vec![];
    for entry in archive.entries().with_context(what)? {
        let entry = entry.with_context(what)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = entry.path().with_context(what)?.to_string_lossy().into_owned();
        // an archive says how large a file is, and need not be right
        let said = entry.size();
        bytes.clear();
        entry.take(MOST_BYTES + 1).read_to_end(&mut bytes).with_context(what)?;
        if bytes.len() as u64 > MOST_BYTES {
            take(Err((&name, said)))?;
        } else {
            take(Ok(File { name: &name, bytes: &bytes }))?;
        }
    }
    Ok(())
}

/// Shows `take` every line of a text, `.gz` and `.zst` too, with its number from 1.
pub(super) fn lines(
    path: &Path,
    take: &mut dyn FnMut(usize, &str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let what = || format!("cannot read {}", path.display());
    for (line, at) in unpacked::open(path)?.split(b'\n').zip(1..) {
        let line = line.with_context(what)?;
        let line = String::from_utf8_lossy(&line);
        if !line.trim().is_empty() {
            take(at, line.trim())?;
        }
    }
    Ok(())
}

pub(super) fn is_archive(path: &Path) -> bool {
    ends(path, &[".tar", ".tar.zst", ".tar.gz", ".tgz"])
}

pub(super) fn is_table(path: &Path) -> bool {
    ends(path, &[".csv", ".csv.gz", ".csv.zst"])
}

/// Whether captions may stand in it.
pub(super) fn holds_rows(path: &Path) -> bool {
    is_archive(path) || is_table(path) || ends(path, &[".jsonl", ".jsonl.gz", ".jsonl.zst", ".tsv"])
}

fn ends(path: &Path, ends: &[&str]) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    ends.iter().any(|end| name.ends_with(end))
}
