//! The only window that a stage has on the world.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use anyhow::Context;

use crate::error::Result;
use crate::files::{Links, files_below, hash_file};
use crate::key::{Key, derive_seed};
use crate::manifest::{FileRecord, TaskRecord};
use crate::plan::{Found, Planned};
use crate::run::Progress;
use crate::stop::{Listening, Stop};
use crate::store::{CACHE, Store};

/// The directory, in that of a stage in progress, that goes away when the stage is whole.
pub(crate) const SCRATCH: &str = "scratch";

/// What one task may read, where it writes, and what it reports.
pub struct Io<'a> {
    pub(crate) planned: &'a Planned,
    pub(crate) inputs: &'a BTreeMap<String, Input>,
    pub(crate) partial: PathBuf,
    /// Whether machines work on this stage that do not share its scratch.
    pub(crate) apart: bool,
    pub(crate) mirror: Option<&'a Path>,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) stop: &'a Stop,
    pub(crate) record: Mutex<TaskRecord>,
}

/// One filled slot: a directory of finished files.
#[derive(Debug, Clone)]
pub struct Input {
    pub(crate) place: Place,
    pub(crate) directory: OnceLock<PathBuf>,
    pub(crate) files: Vec<InputFile>,
    pub(crate) counters: BTreeMap<String, u64>,
    pub(crate) metrics: BTreeMap<String, f64>,
}

/// One finished file of an input.
#[derive(Debug, Clone)]
pub struct InputFile {
    /// Path below the input's directory: a logical name that may appear in data.
    pub name: String,
    /// Rows, where it is a shard.
    pub rows: Option<u64>,
    /// Length.
    pub bytes: u64,
    pub(crate) place: Place,
    pub(crate) blake3: String,
}

/// An output of a finished stage.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) store: Store,
    pub(crate) key: Key,
    pub(crate) output: String,
}

impl InputFile {
    /// Where it lies. With a depot behind the store it is brought here when it is first asked for, so a task that reads
    /// one file of an input brings one.
    ///
    /// # Errors
    /// When the depot does not answer, or has another file than the manifest says.
    pub fn path(&self) -> Result<PathBuf> {
        let (name, blake3) = (self.name.clone(), self.blake3.clone());
        let record = FileRecord { name, rows: self.rows, bytes: self.bytes, blake3 };
        self.place.store.file(&self.place.key, &self.place.output, &record)
    }
}

impl Input {
    /// Its files, in the order of their names.
    pub fn files(&self) -> &[InputFile] {
        &self.files
    }
    /// The directory they lie in, for formats that are a folder; all of them are there.
    ///
    /// # Errors
    /// Those of [`InputFile::path`].
    pub fn directory(&self) -> Result<&Path> {
        if let Some(known) = self.directory.get() {
            return Ok(known);
        }
        let Place { store, key, output } = &self.place;
        let mut directory = store.entry(key).join(output);
        for file in &self.files {
            let path = file.path()?;
            if !path.starts_with(&directory) {
                directory = store.fetched(key).join(output);
            }
        }
        Ok(self.directory.get_or_init(|| directory))
    }
    /// Rows over all shards.
    pub fn rows(&self) -> u64 {
        self.files.iter().filter_map(|file| file.rows).sum()
    }
    /// A counter of the stage that made it.
    pub fn counter(&self, name: &str) -> Option<u64> {
        self.counters.get(name).copied()
    }
    /// A final metric of the stage that made it.
    pub fn metric(&self, name: &str) -> Option<f64> {
        self.metrics.get(name).copied()
    }
}

impl Io<'_> {
    /// The input in `slot`.
    ///
    /// # Errors
    /// When the slot is optional and empty.
    pub fn input(&self, slot: &str) -> anyhow::Result<&Input> {
        self.optional(slot).with_context(|| format!("the input \"{slot}\" is not connected"))
    }

    /// The input in `slot`, if the pipeline fills it.
    pub fn optional(&self, slot: &str) -> Option<&Input> {
        self.inputs.get(slot)
    }

    /// What the setting at `pointer` names outside the store.
    pub fn outside(&self, pointer: &str) -> Option<&Found> {
        self.planned.outside.get(pointer)
    }

    /// The local files that the setting at `pointer` names.
    pub fn outside_files(&self, pointer: &str) -> Vec<PathBuf> {
        match self.outside(pointer) {
            Some(Found::Files(files)) => files.iter().map(|(path, _)| path.clone()).collect(),
            _ => vec![],
        }
    }

    /// Where the output `name` is being made; it gets its final place when the stage is whole.
    ///
    /// # Errors
    /// When it cannot be created, or the signature does not name it.
    pub fn output(&self, name: &str) -> anyhow::Result<PathBuf> {
        let declared = self.planned.signature.writes.iter().any(|output| output.name == name);
        anyhow::ensure!(declared, "the output \"{name}\" is not in the stage's signature");
        created(self.partial.join(name))
    }

    /// A directory that survives a crash and goes away when the stage is whole: checkpoints, phases.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn scratch(&self) -> anyhow::Result<PathBuf> {
        created(self.partial.join(SCRATCH))
    }

    /// Says that tasks of later phases read what lies at `path` in scratch: a file, or a directory with all that is in it.
    ///
    /// Machines that share no disk find it in their scratch then. A stage with one phase leaves nothing.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn leave(&self, path: &Path) -> anyhow::Result<()> {
        if !self.apart {
            return Ok(());
        }
        let scratch = self.scratch()?;
        let files = if path.is_dir() { files_below(path, Links::Named)? } else { vec![path.to_owned()] };
        for file in files {
            let name = file.strip_prefix(&scratch).context("what is left to later phases lies in scratch")?;
            let name = name.to_str().context("a file name is not UTF-8")?.to_owned();
            let (bytes, blake3) = hash_file(&file)?;
            self.record().left.push(FileRecord { name, rows: None, bytes, blake3 });
        }
        Ok(())
    }

    /// A directory beside the store for what any task can make again: files named by what they were made of, each
    /// put there whole. It outlives the run, until `gc` removes it.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn cache(&self, what: &str) -> anyhow::Result<PathBuf> {
        created(self.partial.with_file_name(CACHE).join(what))
    }

    /// Reports a finished shard whose hash was computed while it was written.
    pub fn add(&self, output: &str, file: FileRecord) {
        self.record().files.entry(output.to_owned()).or_default().push(file);
    }

    /// Syncs, hashes and reports a finished file that is not a shard.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn add_file(&self, output: &str, name: &str) -> anyhow::Result<()> {
        self.add(output, self.finished_file(output, name)?);
        Ok(())
    }

    fn finished_file(&self, output: &str, name: &str) -> anyhow::Result<FileRecord> {
        let path = self.partial.join(output).join(name);
        File::open(&path)
            .and_then(|file| file.sync_all())
            .with_context(|| format!("cannot sync {}", path.display()))?;
        let (bytes, blake3) = hash_file(&path)?;
        Ok(FileRecord { name: name.to_owned(), rows: None, bytes, blake3 })
    }

    /// Reports every file below the output's directory.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn add_tree(&self, output: &str) -> anyhow::Result<()> {
        self.add_tree_with(output, &|_| Ok(None))
    }

    /// The same, with the rows that `rows` finds in each file.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn add_tree_with(
        &self,
        output: &str,
        rows: &dyn Fn(&Path) -> anyhow::Result<Option<u64>>,
    ) -> anyhow::Result<()> {
        let root = self.output(output)?;
        for path in
            files_below(&root, Links::Named).with_context(|| format!("cannot read {}", root.display()))?
        {
            // a link would tie the store to what lies outside it
            anyhow::ensure!(!path.is_symlink(), "{} is a link: write a file", path.display());
            let name = path.strip_prefix(&root)?.to_str().context("a file name is not UTF-8")?.to_owned();
            self.add(output, FileRecord { rows: rows(&path)?, ..self.finished_file(output, &name)? });
        }
        Ok(())
    }

    /// Counts: `in`, `kept` and `dropped.REASON` make the funnel, and must add up.
    pub fn count(&self, name: &str, by: u64) {
        *self.record().counters.entry(name.to_owned()).or_default() += by;
    }

    /// Notes a final measurement: a loss, bits per byte. Must be deterministic, and finite when the task ends.
    pub fn metric(&self, name: &str, value: f64) {
        self.record().metrics.insert(name.to_owned(), value);
    }

    /// Notes what is no part of the result and may differ from run to run: which pages took longest, say. It ends in
    /// the task's line of `timings.jsonl`, beside what the task cost.
    pub fn note(&self, name: &str, value: serde_json::Value) {
        self.record().notes.insert(name.to_owned(), value);
    }

    /// A seed for one purpose, from the run's seed. No two purposes share one.
    pub fn seed(&self, purpose: &str) -> u64 {
        assert!(
            self.planned.signature.random,
            "a stage that draws declares `random`, so that the seed is in its key"
        );
        derive_seed(self.planned.seed, purpose)
    }

    /// The key, for the metadata of shards.
    pub fn recipe(&self) -> &str {
        self.planned.key.as_str()
    }

    /// What the stage is called after `use`, for rows that say who dropped them.
    ///
    /// Not its name in the pipeline file: that is no part of the key, so bytes must not depend on it.
    pub fn stage(&self) -> &str {
        &self.planned.uses
    }

    /// `--mirror DIR`: looked into before the network.
    pub fn mirror(&self) -> Option<&Path> {
        self.mirror
    }

    /// Tells a watching person how far it is.
    pub fn progress(&self) -> &dyn Progress {
        self.progress
    }

    /// Hears from now on when the run is asked to stop.
    ///
    /// Whoever listens has to answer soon: save, and return [`Listening::stopped`]. A stage that does not listen is
    /// ended at once and loses the task.
    pub fn listen(&self) -> Listening {
        self.stop.listen()
    }

    fn record(&self) -> std::sync::MutexGuard<'_, TaskRecord> {
        self.record.lock().expect("nothing panics while it holds the record")
    }
}

fn created(path: PathBuf) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
    Ok(path)
}
