//! `runs/store`: one immutable directory per recipe, shared by all runs.
//!
//! `KEY/` is whole. `.partial-KEY/` is in progress: each `task-*.json` in it is a finished task with its files.
//! `.locks/` holds the lock files of each key, which a crash releases. Three kinds of lock, always taken in this order:
//! `KEY` shared by all who read or make the entry, and exclusive to gc; `KEY.PART` by the one who makes that part;
//! `KEY.final` for a moment, to see what is done or to give the entry its name. `.rubbish-KEY/` is being removed.
//! `.cache/` holds what stages can make again. `.fetched-KEY/` holds what was brought here of an entry that stands in the
//! depot: its manifest, and those of its files that somebody read.

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::clock::Cost;
use crate::depot::{Depot, bring, bring_listed};
use crate::error::{Error, Fault, On, Result};
use crate::files::{hash_file, remove_directory, sync_directory};
use crate::key::Key;
use crate::manifest::{FileRecord, Manifest, moved};
use crate::outside::Stamp;

/// What stages made of their inputs and can make again; see [`Io::cache`](crate::Io::cache).
pub(crate) const CACHE: &str = ".cache";
const FINAL: &str = "final";
/// The last file of an entry.
pub(crate) const MANIFEST: &str = "stage.json";
/// Beside it: what making the entry cost, a JSON object a line.
pub(crate) const TIMINGS: &str = "timings.jsonl";
pub(crate) const FETCHED: &str = ".fetched-";
pub(crate) const PARTIAL: &str = ".partial-";
const RUBBISH: &str = ".rubbish-";

/// Where outputs live.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
    depot: Option<Arc<dyn Depot>>,
    /// Files of parts being made that this process has read and found whole.
    whole: Arc<Mutex<HashMap<PathBuf, Stamp>>>,
}

/// A held lock; dropping it, or dying, releases it.
#[derive(Debug)]
pub struct Held {
    _file: File,
}

/// How long to wait for a part that another process is at work on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Until a process that was just killed is gone.
    Short,
    /// Until it is done or dead: a cluster gives a task again whose first executor it has lost, and which may yet live.
    Long,
}

impl Patience {
    /// Tries, 50 ms apart.
    fn tries(self) -> usize {
        match self {
            Self::Short => 40,
            Self::Long => usize::MAX,
        }
    }
}

impl Store {
    /// The store below `runs`, created when absent.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn open(runs: &Path) -> Result<Self> {
        let root = runs.join("store");
        fs::create_dir_all(root.join(".locks")).on("create", &root)?;
        Ok(Self { root, depot: None, whole: Arc::default() })
    }

    /// The same store, with a depot behind it: what stands there is not made again, and what is made here is put there.
    #[must_use]
    pub fn behind(mut self, depot: Arc<dyn Depot>) -> Self {
        self.depot = Some(depot);
        self
    }

    pub(crate) fn depot(&self) -> Option<&dyn Depot> {
        self.depot.as_deref()
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
        self.root.join(format!("{PARTIAL}{key}"))
    }

    /// Where lies what was brought here of the entry `key`.
    pub(crate) fn fetched(&self, key: &Key) -> PathBuf {
        self.root.join(format!("{FETCHED}{key}"))
    }

    /// The manifest of `key`, if it is whole: here, or in the depot.
    ///
    /// # Errors
    /// When the manifest is there and cannot be read.
    pub fn manifest(&self, key: &Key) -> Result<Option<Manifest>> {
        let here = read_manifest(&self.entry(key))?;
        let (None, Some(depot)) = (&here, self.depot()) else { return Ok(here) };
        let fetched = self.fetched(key);
        if !fetched.join(MANIFEST).exists() {
            bring(depot, &object(key, MANIFEST), &fetched.join(MANIFEST))?;
        }
        read_manifest(&fetched)
    }

    /// What making the entry `key` cost, wherever that was; nothing where its timings are not here.
    pub fn cost(&self, key: &Key) -> Option<Cost> {
        let timings = fs::read_to_string(self.entry(key).join(TIMINGS)).ok()?;
        let whole: Value = serde_json::from_str(timings.lines().last()?).ok()?;
        serde_json::from_value(whole["cost"].clone()).ok()
    }

    /// Where a file that the manifest of `key` lists lies on this machine; it is brought here where only the depot has it.
    pub(crate) fn file(&self, key: &Key, output: &str, file: &FileRecord) -> Result<PathBuf> {
        let name = Path::new(output).join(&file.name);
        let here = self.entry(key).join(&name);
        let (Some(depot), false) = (self.depot(), here.exists()) else { return Ok(here) };
        let fetched = self.fetched(key).join(&name);
        bring_listed(depot, &object(key, &name.to_string_lossy()), &fetched, file)?;
        Ok(fetched)
    }

    /// Removes the file at `path` where it is not what a record says. Who dies at a part leaves files that are not whole, under
    /// the names that another machine then finishes.
    pub(crate) fn remove_torn(&self, path: &Path, record: &FileRecord) -> Result<()> {
        let Ok(stamp) = Stamp::of(path) else { return Ok(()) };
        let known = || self.whole.lock().expect("nothing panics while it holds the files");
        if known().get(path) == Some(&stamp) {
            return Ok(());
        }
        if hash_file(path)?.1 != record.blake3 {
            tracing::info!(path = %path.display(), "not whole: another attempt died at it");
            return fs::remove_file(path).on("remove", path);
        }
        known().insert(path.to_owned(), stamp);
        Ok(())
    }

    /// Brings every file of the entry `key` here, so that it stands under its name; nothing where there is no such entry.
    ///
    /// # Errors
    /// When a file cannot be had.
    pub fn bring_home(&self, key: &Key) -> Result<()> {
        let Some(manifest) = self.manifest(key)? else { return Ok(()) };
        if self.entry(key).exists() {
            return Ok(());
        }
        for (output, contents) in &manifest.outputs {
            let directory = self.fetched(key).join(output);
            fs::create_dir_all(&directory).on("create", &directory)?;
            for file in &contents.files {
                self.file(key, output, file)?;
            }
        }
        match fs::rename(self.fetched(key), self.entry(key)) {
            // another process may have brought it
            Err(_) if self.entry(key).exists() => Ok(()),
            renamed => renamed.on("commit", &self.entry(key)),
        }
    }

    /// Moves a finished partial directory to its name, or, where files of it are on other machines, to what is fetched.
    pub(crate) fn commit(&self, key: &Key) -> Result<()> {
        let (partial, mut entry) = (self.partial(key), self.entry(key));
        sync_directory(&partial)?;
        if self.depot.is_some() && !is_whole(&partial)? {
            entry = self.fetched(key);
            remove_directory(&entry)?;
        }
        fs::rename(&partial, &entry).on("commit", &entry)?;
        sync_directory(&self.root)
    }

    /// Many processes may work on one key, each on parts of its own; gc must not come between.
    pub(crate) fn share(&self, key: &Key) -> Result<Held> {
        let path = self.lock_path(key.as_str());
        loop {
            let file = lock_file(&path)?;
            file.lock_shared().on("lock", &path)?;
            if stands_at(&file, &path) {
                return Ok(Held { _file: file });
            }
        }
    }

    /// One process works on one part.
    ///
    /// A process that was just killed holds its locks until the kernel has taken it apart, so a short while passes
    /// before the answer is no.
    pub(crate) fn claim(&self, key: &Key, part: &str, patience: Patience) -> Result<Held> {
        let path = self.lock_path(&format!("{key}.{part}"));
        let mut file = lock_file(&path)?;
        let mut locked = file.try_lock();
        for _ in 0..patience.tries() {
            if !matches!(locked, Err(TryLockError::WouldBlock)) {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
            locked = file.try_lock();
        }
        match locked {
            Ok(()) => {
                // who holds it, for the message that the other process prints
                let stamped = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
                stamped.on("write", &path)?;
                Ok(Held { _file: file })
            }
            Err(TryLockError::WouldBlock) => {
                let holder = fs::read_to_string(&path).unwrap_or_default();
                let fault = Fault::new(format!("another process is at work on {key}, part {part}"));
                let cure = "wait for it, or share the work: --task 0/2 here and --task 1/2 there";
                let fault = fault.at(&self.partial(key), None).got(format!("process {holder}"));
                Err(Error::Busy(fault.expected("one process a part").cure(cure)))
            }
            Err(TryLockError::Error(error)) => Err(error).on("lock", &path),
        }
    }

    /// Whoever finds all parts there finishes the entry; the others wait, then see it whole.
    pub(crate) fn finishing(&self, key: &Key) -> Result<Held> {
        let path = self.lock_path(&format!("{key}.{FINAL}"));
        let file = lock_file(&path)?;
        file.lock().on("lock", &path)?;
        Ok(Held { _file: file })
    }

    fn lock_path(&self, name: &str) -> PathBuf {
        self.root.join(".locks").join(name)
    }

    /// Removes every entry whose key is not in `keep`, and every partial directory.
    ///
    /// Returns what was removed, with its bytes. What a living process reads or works on stays, and so does whatever
    /// else lies in the store under a name that is no key's.
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
        for name in names {
            let bare = [FETCHED, PARTIAL, RUBBISH].iter().find_map(|prefix| name.strip_prefix(prefix));
            let Some(key) = Key::parse(bare.unwrap_or(&name)) else { continue };
            let lock_path = self.lock_path(key.as_str());
            let lock = lock_file(&lock_path)?;
            let wanted = bare.is_none() && keep.contains(&key);
            if wanted || lock.try_lock().is_err() || !stands_at(&lock, &lock_path) {
                continue;
            }
            let path = self.root.join(&name);
            let bytes = directory_bytes(&path);
            // renamed first: if this process dies, no half of it stands under its key
            let rubbish = self.root.join(format!("{RUBBISH}{key}"));
            if path != rubbish {
                remove_directory(&rubbish)?;
                fs::rename(&path, &rubbish).on("remove", &path)?;
            }
            remove_directory(&rubbish)?;
            self.forget_locks(key.as_str(), |_| true)?;
            removed.push((name, bytes));
        }
        Ok(removed)
    }

    /// Removes what stages keep beside the entries; returns its bytes. Who reads there finds nothing, and makes it again.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn empty_cache(&self) -> Result<u64> {
        let path = self.root.join(CACHE);
        let bytes = directory_bytes(&path);
        remove_directory(&path)?;
        Ok(bytes)
    }

    /// The locks of a whole entry's parts are of no more use: who still gets one finds the entry.
    pub(crate) fn forget_claims(&self, key: &Key) -> Result<()> {
        self.forget_locks(&format!("{key}."), |rest| rest != FINAL)
    }

    fn forget_locks(&self, prefix: &str, forget: impl Fn(&str) -> bool) -> Result<()> {
        let locks = self.root.join(".locks");
        for entry in fs::read_dir(&locks).on("read", &locks)? {
            let entry = entry.on("read", &locks)?;
            if entry.file_name().to_string_lossy().strip_prefix(prefix).is_some_and(&forget) {
                match fs::remove_file(entry.path()) {
                    Err(error) if error.kind() != ErrorKind::NotFound => {
                        return Err(error).on("remove", &entry.path());
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// Whether every file is there that the manifest in `directory` lists.
fn is_whole(directory: &Path) -> Result<bool> {
    let Some(manifest) = read_manifest(directory)? else { return Ok(false) };
    let mut files = manifest.files();
    Ok(files.all(|(output, file)| directory.join(output).join(&file.name).exists()))
}

/// The name in a depot of a file of the entry `key`.
pub(crate) fn object(key: &Key, file: &str) -> String {
    format!("store/{key}/{file}")
}

/// The name in a depot of what tasks of `key` leave to one another. Nothing reads it once the entry is whole.
pub(crate) fn work_object(key: &Key, file: &str) -> String {
    format!("work/{key}/{file}")
}

fn lock_file(path: &Path) -> Result<File> {
    File::options().create(true).truncate(false).read(true).write(true).open(path).on("open", path)
}

/// Whether `path` still leads to this file: gc unlinks the locks of what it removes, and such a lock keeps nobody out.
fn stands_at(file: &File, path: &Path) -> bool {
    let same = |(a, b): (fs::Metadata, fs::Metadata)| (a.dev(), a.ino()) == (b.dev(), b.ino());
    file.metadata().ok().zip(fs::metadata(path).ok()).is_some_and(same)
}

pub(crate) fn read_manifest(directory: &Path) -> Result<Option<Manifest>> {
    let path = directory.join(MANIFEST);
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        other => other.on("read", &path)?,
    };
    let manifest = serde_json::from_slice(&bytes).map_err(|error| {
        let fault = Fault::new("a manifest cannot be read").at(&path, Some(error.line()));
        moved(fault.got(error.to_string()).expected("what a finished stage writes"), directory)
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
