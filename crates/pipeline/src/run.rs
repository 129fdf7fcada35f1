//! Running a plan: skip what stands under its name, finish what is begun, commit what is whole.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde_json::json;

use crate::clock::{Cost, Stopwatch, unix_seconds};
use crate::error::{Error, Fault, On, Result};
use crate::files::{remove_directory, write_atomically};
use crate::io::{Input, InputFile, Io};
use crate::manifest::{Contents, Manifest, TaskRecord};
use crate::plan::{Plan, Planned};
use crate::runner::Runner;
use crate::stage::Task;
use crate::store::{Store, read_manifest};

/// Hears how a task gets on. All methods may be called from any thread.
pub trait Progress: Send + Sync {
    /// How many units there are in all.
    fn length(&self, units: u64);
    /// That many more are done.
    fn advance(&self, units: u64);
}

/// Hears what becomes of each stage.
pub trait Observer {
    /// A stage begins, or goes on where it stopped.
    fn begins(&self, planned: &Planned) -> Box<dyn Progress>;
    /// A stage is whole.
    fn ends(&self, planned: &Planned, outcome: &Outcome);
}

/// What became of a stage.
pub struct Outcome {
    /// Made now, gone on with, or found.
    pub how: How,
    /// What stands under its key.
    pub manifest: Manifest,
    /// What it cost; nothing when it was found.
    pub cost: Cost,
    /// Found, but the sources that made it were others than this program's.
    pub other_sources: bool,
}

/// How a stage came to be whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It stood under its name.
    Cached,
    /// Some of its tasks or checkpoints were there already.
    Resumed,
    /// Made from nothing.
    Done,
}

/// Everything that running needs besides the plan.
pub struct Session<'a> {
    /// Where outputs live.
    pub store: &'a Store,
    /// Who does the tasks.
    pub runner: &'a dyn Runner,
    /// Who watches.
    pub observer: &'a dyn Observer,
    /// Looked into before the network.
    pub mirror: Option<&'a Path>,
    /// Digest of a crate's sources, for the note "made by other code".
    pub sources: &'a dyn Fn(&[&str]) -> String,
    /// Facts about the program for `timings.jsonl`: git revision, rustc, host.
    pub about: serde_json::Value,
}

impl Session<'_> {
    /// Runs the stages of `plan` from the top, to `until` if it is given.
    ///
    /// # Errors
    /// The first that a stage or the store gives.
    pub fn run(&self, plan: &Plan, until: Option<&str>) -> Result<Vec<Outcome>> {
        let mut outcomes: Vec<Outcome> = vec![];
        for planned in &plan.stages {
            let outcome = self.stage(planned, &outcomes)?;
            self.observer.ends(planned, &outcome);
            outcomes.push(outcome);
            if until == Some(planned.name.as_str()) {
                break;
            }
        }
        Ok(outcomes)
    }

    fn stage(&self, planned: &Planned, above: &[Outcome]) -> Result<Outcome> {
        let sources = (self.sources)(planned.signature.sources);
        if let Some(manifest) = self.found(planned)? {
            let other_sources = manifest.sources != sources;
            return Ok(Outcome { how: How::Cached, manifest, cost: Cost::default(), other_sources });
        }
        let stopwatch = Stopwatch::start();
        let key = &planned.key;
        let _shared = self.store.share(key)?;
        let partial = self.store.partial(key);
        let how = if partial.exists() { How::Resumed } else { How::Done };
        fs::create_dir_all(&partial).on("create", &partial)?;
        let progress = self.observer.begins(planned);
        let inputs = self.inputs(planned, above);
        let whole = Work { session: self, planned, inputs: &inputs, partial: &partial, progress: &*progress };
        let record = whole.run()?;
        let manifest = self.commit(planned, record, sources)?;
        Ok(Outcome { how, manifest, cost: stopwatch.cost(), other_sources: false })
    }

    /// What stands under the key, if it is what the key says.
    fn found(&self, planned: &Planned) -> Result<Option<Manifest>> {
        let Some(manifest) = self.store.manifest(&planned.key)? else { return Ok(None) };
        let entry = self.store.entry(&planned.key);
        let same = crate::canonical(&manifest.recipe) == crate::canonical(&planned.recipe);
        let missing = manifest.outputs.iter().find_map(|(output, contents)| {
            let paths = contents.files.iter().map(|file| (entry.join(output).join(&file.name), file.bytes));
            paths
                .into_iter()
                .find(|(path, bytes)| fs::metadata(path).map_or(true, |found| found.len() != *bytes))
        });
        if same && missing.is_none() {
            return Ok(Some(manifest));
        }
        let fault = match missing {
            Some((path, _)) => Fault::new("a stored file is missing or has another length").at(&path, None),
            None => Fault::new("a stored recipe is not the one its name stands for")
                .at(&entry.join("stage.json"), None),
        };
        Err(Error::Moved(fault.cure(format!("remove {} and run again: it is made anew", entry.display()))))
    }

    fn inputs(&self, planned: &Planned, above: &[Outcome]) -> BTreeMap<String, Input> {
        let input = |source: &crate::plan::Source| {
            let directory = self.store.entry(&source.key).join(&source.output);
            let manifest = &above[source.stage].manifest;
            let files = manifest.outputs.get(&source.output).map_or(&[][..], |contents| &contents.files);
            let files = files.iter().map(|file| InputFile {
                name: file.name.clone(),
                path: directory.join(&file.name),
                rows: file.rows,
                bytes: file.bytes,
            });
            Input { files: files.collect(), directory, counters: manifest.counters.clone() }
        };
        planned.inputs.iter().map(|(slot, source)| (slot.clone(), input(source))).collect()
    }

    /// Gives a whole partial directory its manifest and its name.
    fn commit(&self, planned: &Planned, record: TaskRecord, sources: String) -> Result<Manifest> {
        let key = &planned.key;
        let _finishing = self.store.finishing(key)?;
        if let Some(manifest) = self.store.manifest(key)? {
            return Ok(manifest); // another process was first
        }
        let mut outputs: BTreeMap<String, Contents> = BTreeMap::new();
        for output in &planned.signature.writes {
            let mut files = record.files.get(&output.name).cloned().unwrap_or_default();
            files.sort_by(|a, b| a.name.cmp(&b.name));
            outputs.insert(output.name.clone(), Contents { kind: output.kind.clone(), files });
        }
        let manifest = Manifest {
            key: key.clone(),
            recipe: planned.recipe.clone(),
            content: Manifest::hash_contents(&outputs),
            outputs,
            counters: record.counters,
            metrics: record.metrics,
            sources,
        };
        if let Some(missing) = manifest.unaccounted() {
            let source = anyhow::anyhow!("{missing} of what came in was neither kept nor dropped");
            return Err(Error::Stage { stage: planned.name.clone(), source });
        }
        let partial = self.store.partial(key);
        for output in manifest.outputs.keys() {
            let directory = partial.join(output);
            fs::create_dir_all(&directory).on("create", &directory)?;
        }
        let mut timing =
            json!({ "stage": planned.name, "finished_unix_s": unix_seconds(), "cost": record.cost });
        if let (Some(timing), Some(about)) = (timing.as_object_mut(), self.about.as_object()) {
            timing.extend(about.clone());
        }
        write_atomically(&partial.join("timings.jsonl"), format!("{timing}\n").as_bytes())?;
        let text = serde_json::to_vec_pretty(&manifest).expect("plain data");
        write_atomically(&partial.join("stage.json"), &text)?;
        self.name(planned)?;
        Ok(manifest)
    }

    /// A partial directory with a manifest is whole: tidy it and give it its name.
    fn name(&self, planned: &Planned) -> Result<()> {
        let partial = self.store.partial(&planned.key);
        remove_directory(&partial.join("scratch"))?;
        for entry in fs::read_dir(&partial).on("read", &partial)? {
            let path = entry.on("read", &partial)?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("task-")) {
                fs::remove_file(&path).on("remove", &path)?;
            }
        }
        self.store.commit(&planned.key)
    }
}

/// The tasks of one stage.
struct Work<'a> {
    session: &'a Session<'a>,
    planned: &'a Planned,
    inputs: &'a BTreeMap<String, Input>,
    partial: &'a Path,
    progress: &'a dyn Progress,
}

impl Work<'_> {
    fn run(&self) -> Result<TaskRecord> {
        if read_manifest(self.partial)?.is_some() {
            // killed between manifest and name
            self.session.name(self.planned)?;
        }
        if let Some(record) = self.committed()? {
            return Ok(record);
        }
        let phases = self.planned.stage.phases(&self.io()).map_err(|source| self.stopped(source))?;
        let mut whole = TaskRecord::default();
        for (phase, &parts) in phases.iter().enumerate() {
            let tasks: Vec<Task> = (0..parts).map(|part| Task { phase, part }).collect();
            self.session.runner.run(&tasks, &|task| self.task(task))?;
            // a process that shares the work may be tidying the records away just now
            let _finishing = self.session.store.finishing(&self.planned.key)?;
            if let Some(record) = self.committed()? {
                return Ok(record);
            }
            let mut done = 0;
            for &task in &tasks {
                if let Some(record) = self.record(task)? {
                    whole.absorb(record);
                    done += 1;
                }
            }
            if done < parts {
                let fault = Fault::new(format!("stage \"{}\" is not whole yet", self.planned.name));
                let got = format!("{done} of {parts} parts are there");
                return Err(Error::Waiting(fault.got(got).cure("run the other tasks, then this one again")));
            }
        }
        Ok(whole)
    }

    /// What another process has committed in the meantime.
    fn committed(&self) -> Result<Option<TaskRecord>> {
        Ok(self.session.store.manifest(&self.planned.key)?.map(|manifest| TaskRecord {
            files: manifest.outputs.into_iter().map(|(name, contents)| (name, contents.files)).collect(),
            counters: manifest.counters,
            metrics: manifest.metrics,
            cost: Cost::default(),
        }))
    }

    fn task(&self, task: Task) -> Result<()> {
        let _claim = self.session.store.claim(&self.planned.key, &task.to_string())?;
        if self.record(task)?.is_some() {
            return Ok(());
        }
        let stopwatch = Stopwatch::start();
        let io = self.io();
        self.planned.stage.run(&io, task).map_err(|source| self.stopped(source))?;
        let mut record = io.record.into_inner().expect("nothing panics while it holds the record");
        record.cost = stopwatch.cost();
        write_atomically(&self.record_path(task), &serde_json::to_vec(&record).expect("plain data"))
    }

    fn record(&self, task: Task) -> Result<Option<TaskRecord>> {
        let path = self.record_path(task);
        match fs::read(&path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()), // an unreadable record is a task not done
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).on("read", &path),
        }
    }

    fn record_path(&self, task: Task) -> PathBuf {
        self.partial.join(format!("task-{task}.json"))
    }

    fn io(&self) -> Io<'_> {
        Io {
            planned: self.planned,
            inputs: self.inputs,
            partial: self.partial.to_owned(),
            mirror: self.session.mirror,
            progress: self.progress,
            record: Mutex::default(),
        }
    }

    fn stopped(&self, source: anyhow::Error) -> Error {
        match source.downcast::<Error>() {
            Ok(error) => error,
            Err(source) => Error::Stage { stage: self.planned.name.clone(), source },
        }
    }
}
