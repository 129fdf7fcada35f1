//! Files that are whole or not there.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{On, Result};

/// Writes to a temporary name beside `path`, syncs, renames.
///
/// # Errors
/// Whatever the file system refuses; then nothing stands under `path` that did not before.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).on("create", parent)?;
    }
    // the process id keeps two processes apart that write the same file
    let temporary = suffixed(path, &format!(".{}.tmp", std::process::id()));
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| fs::rename(&temporary, path));
    if renamed.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    renamed.on("write", path)
}

/// Length and blake3 hash of a file.
///
/// # Errors
/// When it cannot be read.
pub fn hash_file(path: &Path) -> Result<(u64, String)> {
    let mut hasher = blake3::Hasher::new();
    let mut file = File::open(path).on("open", path)?;
    let bytes = std::io::copy(&mut file, &mut hasher).on("read", path)?;
    Ok((bytes, hasher.finalize().to_hex().to_string()))
}

/// Makes the names in a directory survive a power cut.
pub(crate) fn sync_directory(path: &Path) -> Result<()> {
    File::open(path).and_then(|directory| directory.sync_all()).on("sync", path)
}

/// What becomes of links to directories on the way down.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
    /// They are directories: what people keep elsewhere is theirs to arrange.
    Followed,
    /// They are names like those of files: what lies behind them is not ours to hash or to remove.
    Named,
}

/// Every file below `directory`, in the order of their paths.
///
/// # Errors
/// When a directory cannot be read or a link leads back to one that it lies in.
pub(crate) fn files_below(directory: &Path, links: Links) -> std::io::Result<Vec<PathBuf>> {
    let mut files = vec![];
    walk(directory, links, &mut vec![fs::canonicalize(directory)?], &mut files)?;
    files.sort();
    Ok(files)
}

fn walk(
    directory: &Path,
    links: Links,
    above: &mut Vec<PathBuf>,
    files: &mut Vec<PathBuf>,
) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if !path.is_dir() || (links == Links::Named && path.is_symlink()) {
            files.push(path);
            continue;
        }
        let real = fs::canonicalize(&path)?;
        if above.contains(&real) {
            return Err(std::io::Error::other(format!("{} leads back into itself", path.display())));
        }
        above.push(real);
        walk(&path, links, above, files)?;
        above.pop();
    }
    Ok(())
}

/// Removes a directory and what is in it, if it is there.
pub(crate) fn remove_directory(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other.on("remove", path),
    }
}

fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}
