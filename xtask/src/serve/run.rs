//! What a run has to serve: its models, tokenizers and tools, and what one might ask them.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use bpe::Bpe;
use chat::serve::Run;
use chat::{Calculator, Lookup, Tool};
use pipeline::{Error, Fault, Manifest, Store};

use super::archive::Shelves;
use super::ballots::Ballots;
use super::{cards, questions, samples, tokenizers};
use crate::house::{self, RunStage};

/// A stage whose output is there.
pub(super) struct Finished {
    pub(super) stage: RunStage,
    pub(super) manifest: Manifest,
    /// Where its output lies.
    pub(super) entry: PathBuf,
}

impl Finished {
    /// The shards of all its outputs of one kind, each with its rows.
    pub(super) fn shards(&self, kind: &str) -> Vec<(PathBuf, u64)> {
        let outputs = self.manifest.outputs.iter().filter(|(_, contents)| contents.kind == kind);
        outputs.flat_map(|(name, contents)| house::shards(&self.entry, name, contents)).collect()
    }
}

/// The run `name`, with other `tokenizers` to compare its own with.
///
/// A run without a model is served, too: it has documents to look at. What is gone from the store is not served.
pub(super) fn open(runs: &Path, name: &str, tokenizers: &[(String, PathBuf)]) -> anyhow::Result<Run> {
    let (directory, run) = house::read_run(runs, name)?;
    let store = Store::open(runs)?;
    let mut stages = vec![];
    let shards = house::last_documents(&store, &run.stages)?;
    for stage in run.stages {
        let Some(manifest) = store.manifest(&stage.key)? else {
            tracing::warn!(stage = stage.name, "what this stage left is gone, and is not served");
            continue;
        };
        stages.push(Finished { entry: store.entry(&stage.key), stage, manifest });
    }
    let models = cards::of(&stages)?;
    let mut all = own(name, &stages)?;
    if let Some(card) = models.first().filter(|_| all.is_empty()) {
        all.push((name.to_owned(), Bpe::load(&card.folder)?));
    }
    for (name, path) in tokenizers {
        if all.iter().any(|(known, _)| known == name) {
            let fault = Fault::new("two tokenizers have one name").got(name.clone());
            return Err(Error::Wiring(fault.cure("call one of them otherwise")).into());
        }
        all.push((name.clone(), tokenizers::read(name, path)?));
    }
    let mut tools: Vec<Box<dyn Tool>> = vec![Box::new(Calculator)];
    if !shards.is_empty() {
        tools.push(Box::new(Later { shards: shards.clone(), index: OnceLock::new() }));
    }
    let report = directory.join("report.html");
    let (examples, openings) = (questions::examples(&stages)?, questions::openings(&shards)?);
    let samples = samples::of(&stages)?;
    let players = models.iter().map(|card| card.id.clone()).collect();
    let ballots = Ballots { directory: directory.join("ballots"), players, known: Mutex::default() };
    Ok(Run {
        name: name.to_owned(),
        about: run.about,
        seed: run.seed,
        models,
        tokenizers: all,
        tools,
        examples,
        samples,
        openings,
        report: report.is_file().then_some(report),
        archive: Some(Box::new(Shelves { stages })),
        ballots: Some(Box::new(ballots)),
    })
}

/// What tokenizers the run made: the first has the run's name, others those of their stages.
fn own(name: &str, stages: &[Finished]) -> anyhow::Result<Vec<(String, Bpe)>> {
    let mut own = vec![];
    for stage in stages {
        let made = stage.manifest.outputs.iter().filter(|(_, contents)| contents.kind == "tokenizer/1");
        for (output, _) in made {
            let called = if own.is_empty() { name } else { &stage.stage.name };
            own.push((called.to_owned(), Bpe::load(&stage.entry.join(output))?));
        }
    }
    Ok(own)
}

/// An index that is made when somebody first looks something up.
struct Later {
    shards: Vec<(PathBuf, u64)>,
    index: OnceLock<Result<Lookup, String>>,
}

impl Tool for Later {
    fn name(&self) -> &'static str {
        Lookup::NAME
    }

    fn call(&self, request: &str) -> Result<String, String> {
        let make = || {
            crate::chat::index(&self.shards).map_err(|problem| {
                tracing::error!(%problem, "the documents cannot be looked up");
                "the documents cannot be read".to_owned()
            })
        };
        self.index.get_or_init(make).as_ref().map_err(Clone::clone)?.call(request)
    }

    fn description(&self) -> &'static str {
        Lookup::DESCRIPTION
    }

    fn argument(&self) -> &'static str {
        Lookup::ARGUMENT
    }
}
