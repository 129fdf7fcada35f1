//! `runs/store`: one immutable directory per recipe, shared by all runs.
//!
//! `KEY/` is whole. `.partial-KEY/` is in progress: each `task-*.json` in it is a finished task with its files.
//! `.locks/` holds one lock file per key, which a crash releases.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{Error, Fault, On, Result};
use crate::files::{remove_directory, sync_directory};
use crate::key::Key;
use crate::manifest::Manifest;

/// Where outputs live.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// A held lock; dropping it, or dying, releases it.
#[derive(Debug)]
pub struct Held {
    _file: File,
}

impl Store {
    /// The store below `runs`, created when absent.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn open(runs: &Path) -> Result<Self> {
        let root = runs.join("store");
        fs::create_dir_all(root.join(".locks")).on("create", &root)?;
        Ok(Self { root })
    }

    /// Its directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the finished output of `key` stands.
    pub fn entry(&self, key: &Key) -> PathBuf {
        self.root.join(key.as_str())
    }

    /// Where `key` is being made.
    pub fn partial(&self, key: &Key) -> PathBuf {
        self.root.join(format!(".partial-{key}"))
    }

    /// The manifest of `key`, if it is whole.
    ///
    /// # Errors
    /// When the manifest is there and cannot be read.
    pub fn manifest(&self, key: &Key) -> Result<Option<Manifest>> {
        read_manifest(&self.entry(key))
    }

    /// Moves a finished partial directory to its name.
    pub(crate) fn commit(&self, key: &Key) -> Result<()> {
        let (partial, entry) = (self.partial(key), self.entry(key));
        sync_directory(&partial)?;
        fs::rename(&partial, &entry).on("commit", &entry)?;
        sync_directory(&self.root)
    }

    /// Many processes may work on one key, each on parts of its own; gc must not come between.
    pub(crate) fn share(&self, key: &Key) -> Result<Held> {
        let file = self.lock_file(key.as_str())?;
        file.lock_shared().on("lock", &self.root)?;
        Ok(Held { _file: file })
    }

    /// One process works on one part.
    pub(crate) fn claim(&self, key: &Key, part: &str) -> Result<Held> {
        let name = format!("{key}.{part}");
        let mut file = self.lock_file(&name)?;
        match file.try_lock() {
            Ok(()) => {
                // who holds it, for the message that the other process prints
                let stamped = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
                stamped.on("write", &self.root)?;
                Ok(Held { _file: file })
            }
            Err(TryLockError::WouldBlock) => {
                let holder = fs::read_to_string(self.root.join(".locks").join(&name)).unwrap_or_default();
                let fault = Fault::new(format!("another process is at work on {key}, part {part}"));
                let cure = "wait for it, or share the work: --task 0/2 here and --task 1/2 there";
                Err(Error::Busy(fault.got(format!("process {holder}")).cure(cure)))
            }
            Err(TryLockError::Error(error)) => Err(error).on("lock", &self.root),
        }
    }

    /// Whoever finds all parts there finishes the entry; the others wait, then see it whole.
    pub(crate) fn finishing(&self, key: &Key) -> Result<Held> {
        let file = self.lock_file(&format!("{key}.final"))?;
        file.lock().on("lock", &self.root)?;
        Ok(Held { _file: file })
    }

    fn lock_file(&self, name: &str) -> Result<File> {
        let path = self.root.join(".locks").join(name);
        File::options().create(true).truncate(false).read(true).write(true).open(&path).on("open", &path)
    }

    /// Removes every entry and abandoned partial directory whose key is not in `keep`.
    ///
    /// Returns what was removed, with its bytes. What a living process works on stays.
    ///
    /// # Errors
    /// When the store cannot be read or a directory not removed.
    pub fn collect(&self, keep: &[Key]) -> Result<Vec<(String, u64)>> {
        let mut removed = vec![];
        let mut names: Vec<String> = vec![];
        for entry in fs::read_dir(&self.root).on("read", &self.root)? {
            names.push(entry.on("read", &self.root)?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        for name in names.iter().filter(|name| *name != ".locks") {
            let key = name.strip_prefix(".partial-").unwrap_or(name);
            let wanted = keep.iter().any(|kept| kept.as_str() == key) && !name.starts_with('.');
            let lock = self.lock_file(key)?;
            if wanted || lock.try_lock().is_err() {
                continue;
            }
            let path = self.root.join(name);
            let bytes = directory_bytes(&path);
            remove_directory(&path)?;
            self.forget_locks(key)?;
            removed.push((name.clone(), bytes));
        }
        Ok(removed)
    }

    fn forget_locks(&self, key: &str) -> Result<()> {
        let locks = self.root.join(".locks");
        for entry in fs::read_dir(&locks).on("read", &locks)? {
            let path = entry.on("read", &locks)?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(key)) {
                fs::remove_file(&path).on("remove", &path)?;
            }
        }
        Ok(())
    }
}

pub(crate) fn read_manifest(directory: &Path) -> Result<Option<Manifest>> {
    let path = directory.join("stage.json");
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other.on("read", &path)?,
    };
    let manifest = serde_json::from_slice(&bytes).map_err(|error| {
        let fault =
            Fault::new("a manifest cannot be read").at(&path, Some(error.line())).got(error.to_string());
        Error::Moved(fault.cure(format!("remove {} and run again", directory.display())))
    })?;
    Ok(Some(manifest))
}

fn directory_bytes(path: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(path) else { return 0 };
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => directory_bytes(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.filter_map(std::result::Result::ok).map(size).sum()
}
