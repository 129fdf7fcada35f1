//! Running a plan: skip what stands under its name, make the rest.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use crate::clock::{Cost, Stopwatch};
use crate::error::{Error, Fault, On, Result};
use crate::io::{Input, InputFile, Place};
use crate::manifest::{Manifest, moved};
use crate::plan::{Plan, Planned, Source};
use crate::runner::Runner;
use crate::stage::Task;
use crate::stop::Stop;
use crate::store::{Held, MANIFEST, Patience, Store};
use crate::work::Work;

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
    /// Keeps gc away until whoever ran the stage has written down that the run names it.
    _kept: Held,
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
    /// How it is asked to stop.
    pub stop: Stop,
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
    /// As long as the outcomes live, gc keeps their entries.
    ///
    /// # Errors
    /// The first that a stage or the store gives.
    pub fn run(&self, plan: &Plan, until: Option<&str>) -> Result<Vec<Outcome>> {
        let mut outcomes: Vec<Outcome> = vec![];
        for planned in &plan.stages {
            let outcome = self.stage(planned)?;
            self.observer.ends(planned, &outcome);
            outcomes.push(outcome);
            if until == Some(planned.name.as_str()) {
                break;
            }
        }
        Ok(outcomes)
    }

    fn stage(&self, planned: &Planned) -> Result<Outcome> {
        let sources = (self.sources)(planned.signature.sources);
        let kept = self.store.share(&planned.key)?;
        if let Some(manifest) = self.found(planned)? {
            let other_sources = manifest.sources != sources;
            return Ok(Outcome {
                how: How::Cached,
                manifest,
                cost: Cost::default(),
                other_sources,
                _kept: kept,
            });
        }
        let stopwatch = Stopwatch::start();
        let partial = self.store.partial(&planned.key);
        let how = if partial.exists() { How::Resumed } else { How::Done };
        fs::create_dir_all(&partial).on("create", &partial)?;
        let progress = self.observer.begins(planned);
        let inputs = self.inputs(planned)?;
        let (progress, patience) = (&*progress, Patience::Short);
        let work = Work { session: self, planned, inputs: &inputs, partial: &partial, progress, patience };
        let manifest = work.run(&sources)?;
        Ok(Outcome { how, manifest, cost: stopwatch.cost(), other_sources: false, _kept: kept })
    }

    /// Does one task of a stage whose run another process leads, unless it is done already.
    ///
    /// Where another process is at work on it, this waits: it may be one that a cluster has given up and that lives.
    ///
    /// # Errors
    /// The task's, or that an input stands neither in this store nor in its depot.
    pub fn task(&self, planned: &Planned, task: Task) -> Result<()> {
        let _kept = self.store.share(&planned.key)?;
        if self.store.manifest(&planned.key)?.is_some() {
            return Ok(());
        }
        let partial = self.store.partial(&planned.key);
        fs::create_dir_all(&partial).on("create", &partial)?;
        let progress = self.observer.begins(planned);
        let inputs = self.inputs(planned)?;
        let (progress, patience) = (&*progress, Patience::Long);
        let work = Work { session: self, planned, inputs: &inputs, partial: &partial, progress, patience };
        work.task(task)
    }

    /// What stands under the key, if it is what the key says.
    fn found(&self, planned: &Planned) -> Result<Option<Manifest>> {
        let entry = self.store.entry(&planned.key);
        let Some(manifest) = self.store.manifest(&planned.key)? else {
            // found out now and not when the work is done
            if entry.exists() {
                let fault = Fault::new("a stored output has lost its stage.json").at(&entry, None);
                return Err(moved(fault.expected("the manifest that a finished stage writes last"), &entry));
            }
            return Ok(None);
        };
        if !manifest.is_of(&planned.recipe) {
            let fault = Fault::new("a stored recipe is not the one its name stands for");
            let fault = fault.at(&entry.join(MANIFEST), None);
            let expected = format!("the recipe that {} is the hash of", planned.key);
            return Err(moved(fault.expected(expected), &entry));
        }
        if !entry.exists() {
            // it stands in the depot: what is brought here of it is hashed when it arrives
            return Ok(Some(manifest));
        }
        for (output, file) in manifest.files() {
            let path = entry.join(output).join(&file.name);
            let got = match fs::metadata(&path) {
                Ok(found) if found.len() == file.bytes => continue,
                Ok(found) => format!("{} bytes", found.len()),
                Err(error) => error.to_string(),
            };
            let fault = Fault::new("a stored file is missing or has another length").at(&path, None);
            return Err(moved(fault.got(got).expected(format!("{} bytes", file.bytes)), &entry));
        }
        Ok(Some(manifest))
    }

    fn inputs(&self, planned: &Planned) -> Result<BTreeMap<String, Input>> {
        let input = |source: &Source| {
            let Some(manifest) = self.store.manifest(&source.key)? else {
                let what = format!("an input of stage \"{}\" is not in the store", planned.name);
                let fault = Fault::new(what).at(&self.store.entry(&source.key), None);
                let cure = "give all processes the same --runs on a shared disk, or the same --depot";
                return Err(Error::Input(fault.cure(cure)));
            };
            let (store, key, output) = (self.store.clone(), source.key.clone(), source.output.clone());
            let place = Place { store, key, output };
            let files = manifest.outputs.get(&source.output).map_or(&[][..], |contents| &contents.files);
            let files = files.iter().map(|file| InputFile {
                name: file.name.clone(),
                rows: file.rows,
                bytes: file.bytes,
                place: place.clone(),
                blake3: file.blake3.clone(),
            });
            let files = files.collect();
            let directory = OnceLock::new();
            Ok(Input { place, directory, files, counters: manifest.counters, metrics: manifest.metrics })
        };
        planned.inputs.iter().map(|(slot, source)| Ok((slot.clone(), input(source)?))).collect()
    }
}
