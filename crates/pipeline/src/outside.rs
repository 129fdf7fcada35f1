//! Files and URLs that come from outside the store: named by what is in them.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use crate::clock::unix_seconds;
use crate::error::{Fault, On, Result};
use crate::files::{Links, files_below, hash_file, write_atomically};

/// What a URL held when it was first planned; kept in the lock file, so that later plans need no network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// The address.
    pub url: String,
    /// Bytes, as the server said.
    pub length: u64,
    /// The server's version tag, if it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
}

/// Finds out what a URL holds. `xtask` asks the network; a lock file answers first.
pub trait Pins {
    /// Length and tag of `url`.
    ///
    /// # Errors
    /// Network errors.
    fn pin(&self, url: &str) -> anyhow::Result<Pin>;
}

/// The files that a path, a directory or a pattern names, in the order of their names.
pub(crate) fn expand(locator: &str, base: &Path) -> std::result::Result<Vec<PathBuf>, Fault> {
    let (locator, base) = aside(locator, base);
    let joined = base.join(locator);
    let fault = |what: &str, got: String| Fault::new(what).got(got);
    if locator.is_empty() {
        return Err(fault("a setting names no file", "\"\"".to_owned()).expected("a path or a pattern"));
    }
    // a file that is called like a pattern is that file
    let files = if locator.contains(['*', '?', '[']) && !joined.exists() {
        matching(locator, base)?
    } else if joined.is_dir() {
        let unreadable = |error: std::io::Error| format!("{}: {error}", joined.display());
        files_below(&joined, Links::Followed)
            .map_err(|error| fault("this directory cannot be read", unreadable(error)))?
    } else {
        vec![joined.clone()]
    };
    if files.is_empty() {
        let expected = "at least one file; paths are relative to the pipeline file";
        return Err(fault("a setting names no file", joined.display().to_string()).expected(expected));
    }
    for file in &files {
        // asked before it is opened: opening a pipe would wait for ever
        let readable = match std::fs::metadata(file) {
            Ok(metadata) if !metadata.is_file() => Err("neither a file nor a directory".to_owned()),
            Ok(_) => std::fs::File::open(file).map(drop).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        readable.map_err(|got| {
            let got = format!("{}: {got}", file.display());
            let expected = "a readable file; paths are relative to the pipeline file";
            fault("a file that a setting names cannot be read", got).expected(expected)
        })?;
    }
    Ok(files)
}

/// A pipeline that a program carries lies in a folder that need not be there: what it names beside that folder is found
/// from here.
fn aside<'a>(mut locator: &'a str, mut base: &'a Path) -> (&'a str, &'a Path) {
    while let (false, Some(above), Some(rest)) = (base.is_dir(), base.parent(), locator.strip_prefix("../")) {
        (locator, base) = (rest, above);
    }
    (locator, base)
}

/// Files that fit a pattern. The directory of the pipeline file is no part of the pattern, whatever it is called.
fn matching(locator: &str, base: &Path) -> std::result::Result<Vec<PathBuf>, Fault> {
    let base = if base.as_os_str().is_empty() { Path::new(".") } else { base };
    let escaped = PathBuf::from(glob::Pattern::escape(&base.to_string_lossy()));
    let pattern = escaped.join(locator);
    let fault = |got: String| Fault::new("this pattern cannot be read").got(got);
    let found =
        glob::glob(&pattern.to_string_lossy()).map_err(|error| fault(format!("\"{locator}\": {error}")))?;
    let found: std::result::Result<Vec<PathBuf>, _> = found.collect();
    let mut files = found.map_err(|error| fault(error.to_string()))?;
    files.retain(|path| !path.is_dir());
    files.sort();
    Ok(files)
}

/// Hashes of outside files, remembered by path, size, modification time and inode.
#[derive(Default)]
pub struct Memo {
    path: PathBuf,
    known: BTreeMap<PathBuf, Remembered>,
    changed: bool,
}

#[derive(Serialize, Deserialize)]
struct Remembered {
    stamp: Stamp,
    blake3: String,
}

/// What changes when a file does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    bytes: u64,
    modified_ns: u64,
    inode: u64,
}

impl Stamp {
    pub(crate) fn of(file: &Path) -> Result<Self> {
        let metadata = std::fs::metadata(file).on("read", file)?;
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Ok(Self {
            bytes: metadata.len(),
            modified_ns: modified.map_or(0, |since| since.as_nanos() as u64),
            inode: metadata.ino(),
        })
    }

    /// Changed so lately that another change might leave the same time: file systems tick in milliseconds.
    fn is_fresh(&self) -> bool {
        self.modified_ns / 1_000_000_000 + 2 > unix_seconds()
    }
}

impl Memo {
    /// Reads what is remembered in `path`; an unreadable memory is an empty one.
    pub fn open(path: PathBuf) -> Self {
        let known = std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self { path, known: known.unwrap_or_default(), changed: false }
    }

    /// The blake3 hash of the file's bytes.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn hash(&mut self, file: &Path) -> Result<String> {
        Ok(self.look(file)?.0)
    }

    /// The hash, and the stamp that the file had before it was read.
    pub(crate) fn look(&mut self, file: &Path) -> Result<(String, Stamp)> {
        let file = std::fs::canonicalize(file).on("find", file)?;
        let stamp = Stamp::of(&file)?;
        if let Some(known) = self.known.get(&file).filter(|known| known.stamp == stamp) {
            return Ok((known.blake3.clone(), stamp));
        }
        let blake3 = hash_file(&file)?.1;
        if !stamp.is_fresh() {
            self.known.insert(file, Remembered { stamp: stamp.clone(), blake3: blake3.clone() });
            self.changed = true;
        }
        Ok((blake3, stamp))
    }

    /// Writes the memory back.
    ///
    /// # Errors
    /// When the runs directory cannot be written.
    pub fn save(&self) -> Result<()> {
        if !self.changed {
            return Ok(());
        }
        write_atomically(&self.path, &serde_json::to_vec_pretty(&self.known).expect("plain data"))
    }
}
