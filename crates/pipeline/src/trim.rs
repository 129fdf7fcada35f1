//! What the depot holds need not lie on this machine for ever.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use crate::error::{On, Result};
use crate::files::{Links, files_below};
use crate::store::{FETCHED, MANIFEST, PARTIAL, Store};
use crate::work::RECORD;

impl Store {
    /// Removes, the oldest first, what came from the depot or was put there, until at most `most` bytes of it are left on
    /// this machine. Records and manifests stay. Returns the bytes removed.
    ///
    /// For a machine that does tasks for others, and only while no task runs on this store.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn trim(&self, most: u64) -> Result<u64> {
        if self.depot().is_none() {
            return Ok(0);
        }
        let mut files: Vec<(SystemTime, u64, PathBuf)> = vec![];
        for entry in fs::read_dir(self.root()).on("read", self.root())? {
            let directory = entry.on("read", self.root())?.path();
            let name = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if [FETCHED, PARTIAL].iter().any(|prefix| name.starts_with(prefix)) {
                for path in files_below(&directory, Links::Named).on("read", &directory)? {
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    let metadata = fs::symlink_metadata(&path).on("read", &path)?;
                    if name != MANIFEST && !name.starts_with(RECORD) {
                        files.push((
                            metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
                            metadata.len(),
                            path,
                        ));
                    }
                }
            }
        }
        files.sort();
        let mut left: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        let before = left;
        for (_, bytes, path) in files {
            if left <= most {
                break;
            }
            fs::remove_file(&path).on("remove", &path)?;
            left -= bytes;
        }
        Ok(before - left)
    }
}
