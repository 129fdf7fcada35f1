//! Files and URLs that come from outside the store: named by what is in them.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use crate::error::{Fault, On, Result};
use crate::files::{hash_file, write_atomically};

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
    let joined = base.join(locator);
    let fault = |what: &str, got: String| Fault::new(what).got(got);
    let files = if locator.contains(['*', '?', '[']) {
        let pattern = joined.to_string_lossy();
        let matches =
            glob::glob(&pattern).map_err(|e| fault("this pattern cannot be read", e.to_string()))?;
        matches.filter_map(std::result::Result::ok).filter(|path| path.is_file()).collect()
    } else if joined.is_dir() {
        let mut files = vec![];
        walk(&joined, &mut files)
            .map_err(|error| fault("this directory cannot be read", error.to_string()))?;
        files
    } else {
        let readable = std::fs::File::open(&joined).map(|_| vec![joined.clone()]);
        let got = |error: std::io::Error| format!("{}: {error}", joined.display());
        readable.map_err(|error| fault("a file that a setting names cannot be read", got(error)))?
    };
    if files.is_empty() {
        let expected = "at least one file; paths are relative to the pipeline file";
        return Err(fault("a setting names no file", joined.display().to_string()).expected(expected));
    }
    let mut files: Vec<PathBuf> = files;
    files.sort();
    Ok(files)
}

fn walk(directory: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Hashes of outside files, remembered by path, size, modification time and inode.
#[derive(Default)]
pub struct Memo {
    path: PathBuf,
    known: BTreeMap<PathBuf, Remembered>,
    changed: bool,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Remembered {
    bytes: u64,
    modified_ns: u64,
    inode: u64,
    blake3: String,
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
        let file = std::fs::canonicalize(file).on("find", file)?;
        let metadata = std::fs::metadata(&file).on("read", &file)?;
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let mut now = Remembered {
            bytes: metadata.len(),
            modified_ns: modified.map_or(0, |since| since.as_nanos() as u64),
            inode: metadata.ino(),
            blake3: String::new(),
        };
        if let Some(known) = self.known.get(&file) {
            now.blake3.clone_from(&known.blake3);
            if *known == now {
                return Ok(now.blake3);
            }
        }
        now.blake3 = hash_file(&file)?.1;
        let hash = now.blake3.clone();
        self.known.insert(file, now);
        self.changed = true;
        Ok(hash)
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
