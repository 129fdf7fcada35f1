//! The work on one stage: finish what is begun, commit what is whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::clock::{Cost, Stopwatch, unix_seconds};
use crate::depot::{Depot, bring, bring_listed, deposit};
use crate::error::{Error, Fault, On, Result};
use crate::files::{Links, files_below, remove_directory, sync_directory, write_atomically};
use crate::io::{Input, Io, SCRATCH};
use crate::manifest::{Contents, Manifest, TaskRecord};
use crate::outside::Stamp;
use crate::plan::Planned;
use crate::run::{Progress, Session};
use crate::runner::Job;
use crate::stage::Task;
use crate::store::{Held, MANIFEST, Patience, TIMINGS, object, read_manifest, work_object};

/// More parts than this and their five-digit names no longer sort as numbers do.
const MOST_PARTS: usize = 100_000;

/// How the names of tasks' records begin.
pub(crate) const RECORD: &str = "task-";

fn record_name(task: Task) -> String {
    format!("{RECORD}{task}.json")
}

/// The tasks of one stage.
pub(crate) struct Work<'a> {
    pub(crate) session: &'a Session<'a>,
    pub(crate) planned: &'a Planned,
    pub(crate) inputs: &'a BTreeMap<String, Input>,
    pub(crate) partial: &'a Path,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) patience: Patience,
}

impl Work<'_> {
    /// Does the runner's share of every phase; if nothing is left to do, gives the entry its name.
    pub(crate) fn run(&self, sources: &str) -> Result<Manifest> {
        if let Some(manifest) = self.settled(&self.finishing()?)? {
            return Ok(manifest);
        }
        let phases = match self.planned.stage.phases(&self.io()) {
            Ok(phases) => phases,
            // whoever shares the work may have finished it meanwhile, and taken scratch files away
            Err(source) => match self.settled(&self.finishing()?)? {
                Some(manifest) => return Ok(manifest),
                None => return Err(self.stopped(source)),
            },
        };
        if let Some(parts) = phases.iter().find(|&&parts| parts > MOST_PARTS) {
            return Err(
                self.stopped(anyhow::anyhow!("{parts} parts are more than {MOST_PARTS}: make them larger"))
            );
        }
        let mut whole = TaskRecord::default();
        let mut timings = vec![];
        for (phase, &parts) in phases.iter().enumerate() {
            let tasks: Vec<Task> = (0..parts).map(|part| Task { phase, part }).collect();
            let (stage, progress, stop) = (self.planned, self.progress, &self.session.stop);
            let job = Job { stage, tasks: &tasks, progress, stop, work: self };
            self.session.runner.run(&job)?;
            if let Some(manifest) = self.settled(&self.finishing()?)? {
                return Ok(manifest);
            }
            let records = tasks.iter().filter_map(|&task| self.record(task).transpose());
            let records = records.collect::<Result<Vec<TaskRecord>>>()?;
            if records.len() < parts {
                let fault = Fault::new(format!("stage \"{}\" is not whole yet", self.planned.name));
                let got = format!("{} of {parts} parts are there", records.len());
                let fault = fault.at(&self.planned.spot.file, Some(self.planned.spot.line)).got(got);
                let fault = fault.expected("all of them, before the stages below can begin");
                return Err(Error::Waiting(fault.cure("run the other tasks, then this one again")));
            }
            for (task, record) in tasks.iter().zip(records) {
                timings.push(json!({ "task": task.to_string(), "cost": record.cost, "notes": record.notes }));
                whole.absorb(record);
            }
        }
        let finishing = self.finishing()?;
        if let Some(manifest) = self.settled(&finishing)? {
            return Ok(manifest);
        }
        self.commit(whole, timings, sources, &finishing)
    }

    fn finishing(&self) -> Result<Held> {
        self.session.store.finishing(&self.planned.key)
    }

    /// The manifest, once the stage is whole; also if whoever made it died before giving it its name.
    ///
    /// Only under the lock: a process that shares the work may just be tidying up.
    fn settled(&self, finishing: &Held) -> Result<Option<Manifest>> {
        if let Some(manifest) = self.session.store.manifest(&self.planned.key)? {
            // a process that came when the entry had just got its name made a new, empty one
            remove_directory(self.partial)?;
            return Ok(Some(manifest));
        }
        let Some(manifest) = read_manifest(self.partial)? else { return Ok(None) };
        self.name(finishing)?;
        Ok(Some(manifest))
    }

    pub(crate) fn task(&self, task: Task) -> Result<()> {
        let _claim = self.session.store.claim(&self.planned.key, &task.to_string(), self.patience)?;
        // a claimed part without a record keeps the stage from being whole, so nobody finishes it from here on
        if self.settled(&self.finishing()?)?.is_some() || self.record(task)?.is_some() {
            return Ok(());
        }
        self.gather(task.phase)?;
        let stopwatch = Stopwatch::start();
        let io = self.io();
        self.planned.stage.run(&io, task).map_err(|source| self.stopped(source))?;
        let mut record = io.record.into_inner().expect("nothing panics while it holds the record");
        record.cost = stopwatch.cost();
        let Cost { wall_s, cpu_s, peak_bytes } = record.cost;
        tracing::info!(stage = self.planned.name, task = %task, wall_s, cpu_s, peak_bytes, "task done");
        if let Some((name, value)) = record.metrics.iter().find(|(_, value)| !value.is_finite()) {
            return Err(self.stopped(anyhow::anyhow!("the metric `{name}` came out as {value}")));
        }
        self.check_outside()?;
        self.sync_names(&record)?;
        let text = serde_json::to_vec(&record).expect("plain data");
        match self.session.store.depot() {
            None => write_atomically(&self.record_path(task), &text),
            Some(depot) => self.hand_in(depot, task, &record, &text),
        }
    }

    /// Makes the names of a task's files survive a power cut: its record counts on them.
    fn sync_names(&self, record: &TaskRecord) -> Result<()> {
        let mut directories = BTreeSet::new();
        for (output, files) in &record.files {
            let output = self.partial.join(output);
            directories
                .extend(files.iter().filter_map(|file| Some(output.join(&file.name).parent()?.to_owned())));
        }
        directories.iter().try_for_each(|directory| sync_directory(directory))
    }

    /// Puts into the depot what a task made: the files first, then the record, which is the commit; then nobody else's
    /// can be.
    fn hand_in(&self, depot: &dyn Depot, task: Task, record: &TaskRecord, text: &[u8]) -> Result<()> {
        for (output, files) in &record.files {
            for file in files {
                let name = Path::new(output).join(&file.name);
                let object = object(&self.planned.key, &name.to_string_lossy());
                deposit(depot, &object, &self.partial.join(&name), &file.blake3)?;
            }
        }
        for file in &record.left {
            let name = Path::new(SCRATCH).join(&file.name);
            let object = work_object(&self.planned.key, &name.to_string_lossy());
            deposit(depot, &object, &self.partial.join(&name), &file.blake3)?;
        }
        let finished = self.partial.join(format!(".{}", record_name(task)));
        write_atomically(&finished, text)?;
        let object = work_object(&self.planned.key, &record_name(task));
        if depot.put(&object, &finished).on("put into the depot", Path::new(&object))? {
            let path = self.record_path(task);
            return fs::rename(&finished, &path).on("write", &path);
        }
        // another attempt was first: its files are the same, its times are what counts
        fs::remove_file(&finished).on("remove", &finished)?;
        self.record(task).map(drop)
    }

    /// The tasks that have no record.
    pub(crate) fn missing(&self, tasks: &[Task]) -> Result<Vec<Task>> {
        let mut there = BTreeSet::new();
        if let Some(depot) = self.session.store.depot() {
            let below = work_object(&self.planned.key, "");
            let below = below.trim_end_matches('/');
            there.extend(depot.names(below).on("list the depot below", Path::new(below))?);
        }
        Ok(tasks
            .iter()
            .copied()
            .filter(|&task| !there.contains(&record_name(task)) && !self.record_path(task).exists())
            .collect())
    }

    /// Brings here what the phases before `phase` left for it on other machines.
    fn gather(&self, phase: usize) -> Result<()> {
        let Some(depot) = self.session.store.depot() else { return Ok(()) };
        if phase == 0 {
            return Ok(());
        }
        let parts = self.planned.stage.phases(&self.io()).map_err(|source| self.stopped(source))?;
        let before = parts.iter().take(phase).enumerate();
        for task in before.flat_map(|(phase, &parts)| (0..parts).map(move |part| Task { phase, part })) {
            for file in self.record(task)?.map(|record| record.left).unwrap_or_default() {
                let name = Path::new(SCRATCH).join(&file.name);
                let object = work_object(&self.planned.key, &name.to_string_lossy());
                let here = self.partial.join(&name);
                self.session.store.remove_torn(&here, &file)?;
                bring_listed(depot, &object, &here, &file)?;
            }
        }
        Ok(())
    }

    /// The key holds the hash of an outside file as it was when the run was planned.
    fn check_outside(&self) -> Result<()> {
        for (path, before) in &self.planned.stamps {
            if Stamp::of(path).ok().as_ref() != Some(before) {
                let fault = Fault::new(format!(
                    "{} changed while stage \"{}\" used it",
                    path.display(),
                    self.planned.name
                ));
                let fault = fault.at(&self.planned.spot.file, Some(self.planned.spot.line));
                return Err(Error::Input(fault.cure("run again: the file is hashed anew")));
            }
        }
        Ok(())
    }

    /// What a finished task left. An unreadable record is a task not done.
    fn record(&self, task: Task) -> Result<Option<TaskRecord>> {
        let path = self.record_path(task);
        if let (Some(depot), false) = (self.session.store.depot(), path.exists()) {
            bring(depot, &work_object(&self.planned.key, &record_name(task)), &path)?;
        }
        match fs::read(&path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).on("read", &path),
        }
    }

    fn record_path(&self, task: Task) -> PathBuf {
        self.partial.join(record_name(task))
    }

    fn io(&self) -> Io<'_> {
        Io {
            planned: self.planned,
            inputs: self.inputs,
            partial: self.partial.to_owned(),
            apart: self.session.store.depot().is_some(),
            mirror: self.session.mirror,
            progress: self.progress,
            stop: &self.session.stop,
            record: Mutex::default(),
        }
    }

    /// A stage's error, or what is behind it: an input that is no longer what its maker wrote.
    fn stopped(&self, source: anyhow::Error) -> Error {
        let spot = &self.planned.spot;
        let source = match source.downcast::<Error>() {
            Ok(Error::Input(fault)) if fault.file.is_none() => {
                return Error::Input(fault.at(&spot.file, Some(spot.line)));
            }
            Ok(error) => return error,
            Err(source) => source,
        };
        for input in self.planned.inputs.values() {
            let store = &self.session.store;
            if let Ok(Some(manifest)) = store.manifest(&input.key)
                && let Err(moved) = manifest.verify(&store.entry(&input.key))
            {
                return moved;
            }
        }
        Error::Stage { stage: self.planned.name.clone(), at: spot.clone(), source }
    }

    /// Gives a whole partial directory its manifest and its name.
    ///
    /// `timings` has a line a task; that of the whole stage comes last.
    fn commit(
        &self,
        record: TaskRecord,
        mut timings: Vec<Value>,
        sources: &str,
        finishing: &Held,
    ) -> Result<Manifest> {
        let mut timing =
            json!({ "stage": self.planned.name, "finished_unix_s": unix_seconds(), "cost": record.cost });
        if let (Some(timing), Some(about)) = (timing.as_object_mut(), self.session.about.as_object()) {
            timing.extend(about.clone());
        }
        let manifest = self.manifest(record, sources);
        self.remove_torn(&manifest)?;
        self.check(&manifest).map_err(|source| {
            let partial = self.partial.display();
            self.stopped(anyhow::anyhow!("{source}; correct the stage and remove {partial}: it is made anew"))
        })?;
        self.tidy(&manifest)?;
        timings.push(timing);
        let lines: String = timings.iter().flat_map(|line| [line.to_string(), "\n".to_owned()]).collect();
        write_atomically(&self.partial.join(TIMINGS), lines.as_bytes())?;
        let text = serde_json::to_vec_pretty(&manifest).expect("plain data");
        write_atomically(&self.partial.join(MANIFEST), &text)?;
        if let Some(depot) = self.session.store.depot() {
            // the manifest last; where one stands, it is of the same recipe
            for name in [TIMINGS, MANIFEST] {
                let object = object(&self.planned.key, name);
                depot.put(&object, &self.partial.join(name)).on("put into the depot", Path::new(&object))?;
            }
        }
        self.name(finishing)?;
        Ok(manifest)
    }

    fn manifest(&self, mut record: TaskRecord, sources: &str) -> Manifest {
        let mut outputs: BTreeMap<String, Contents> = BTreeMap::new();
        for output in &self.planned.signature.writes {
            let mut files = record.files.remove(&output.name).unwrap_or_default();
            files.sort_by(|a, b| a.name.cmp(&b.name));
            outputs.insert(output.name.clone(), Contents { kind: output.kind.clone(), files });
        }
        Manifest {
            key: self.planned.key.clone(),
            recipe: self.planned.recipe.clone(),
            content: Manifest::hash_contents(&outputs),
            outputs,
            counters: record.counters,
            metrics: record.metrics,
            sources: sources.to_owned(),
        }
    }

    /// Of files that other machines made, removes what an attempt that died here has left under their names.
    fn remove_torn(&self, manifest: &Manifest) -> Result<()> {
        if self.session.store.depot().is_none() {
            return Ok(());
        }
        for (output, file) in manifest.files() {
            self.session.store.remove_torn(&self.partial.join(output).join(&file.name), file)?;
        }
        Ok(())
    }

    /// What a stage that keeps its word has done.
    fn check(&self, manifest: &Manifest) -> anyhow::Result<()> {
        for (output, contents) in &manifest.outputs {
            if let Some(twice) = contents.files.windows(2).find(|pair| pair[0].name == pair[1].name) {
                anyhow::bail!("two tasks wrote {output}/{}", twice[0].name);
            }
            for file in &contents.files {
                let path = self.partial.join(output).join(&file.name);
                if self.session.store.depot().is_some() && !path.exists() {
                    // another machine made it; it was in the depot before its record was
                    continue;
                }
                let found = fs::metadata(&path).map_or(0, |metadata| metadata.len());
                anyhow::ensure!(
                    found == file.bytes,
                    "{output}/{} has {found} bytes, and the stage reported {}",
                    file.name,
                    file.bytes
                );
            }
        }
        if let Some(missing) = manifest.unaccounted() {
            anyhow::bail!(
                "`in` is {missing} more than `kept` and `dropped` together: what came in must be one of the two"
            );
        }
        Ok(())
    }

    /// Removes what attempts that died have left beside the finished files.
    fn tidy(&self, manifest: &Manifest) -> Result<()> {
        for (output, contents) in &manifest.outputs {
            let directory = self.partial.join(output);
            fs::create_dir_all(&directory).on("create", &directory)?;
            let known: BTreeSet<PathBuf> =
                contents.files.iter().map(|file| directory.join(&file.name)).collect();
            for path in files_below(&directory, Links::Named).on("read", &directory)? {
                if !known.contains(&path) {
                    fs::remove_file(&path).on("remove", &path)?;
                }
            }
            sync_directory(&directory)?;
        }
        Ok(())
    }

    /// A partial directory with a manifest is whole: it loses its records and gets its name. Where other machines made
    /// some of its files, they stand in the depot, and here is what was fetched.
    fn name(&self, _: &Held) -> Result<()> {
        remove_directory(&self.partial.join(SCRATCH))?;
        for entry in fs::read_dir(self.partial).on("read", self.partial)? {
            let path = entry.on("read", self.partial)?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(RECORD)) {
                fs::remove_file(&path).on("remove", &path)?;
            }
        }
        self.session.store.commit(&self.planned.key)?;
        self.session.store.forget_claims(&self.planned.key)
    }
}
