//! Where things are: pipeline files, runs, lock files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use pipeline::{
    Contents, Error, Fault, Library, LockFile, Manifest, Memo, Pin, Pins, PipelineFile, Plan, Planner,
    Registry, Store,
};
use shard::{Documents, Table};

/// Pipelines that the installed program carries.
const BUILTIN: &[(&str, &str)] = &[
    ("common-crawl", include_str!("../pipelines/common-crawl.toml")),
    ("demo", include_str!("../pipelines/demo.toml")),
    ("lessons/alphago", include_str!("../pipelines/lessons/alphago.toml")),
    ("lessons/context", include_str!("../pipelines/lessons/context.toml")),
    ("lessons/countdown", include_str!("../pipelines/lessons/countdown.toml")),
    ("lessons/decimals", include_str!("../pipelines/lessons/decimals.toml")),
    ("lessons/hear", include_str!("../pipelines/lessons/hear.toml")),
    ("lessons/in-context", include_str!("../pipelines/lessons/in-context.toml")),
    ("lessons/letters", include_str!("../pipelines/lessons/letters.toml")),
    ("lessons/longer", include_str!("../pipelines/lessons/longer.toml")),
    ("lessons/memorisation", include_str!("../pipelines/lessons/memorisation.toml")),
    ("lessons/mixed", include_str!("../pipelines/lessons/mixed.toml")),
    ("lessons/pleasing", include_str!("../pipelines/lessons/pleasing.toml")),
    ("lessons/probe", include_str!("../pipelines/lessons/probe.toml")),
    ("lessons/prompted", include_str!("../pipelines/lessons/prompted.toml")),
    ("lessons/rl-letters", include_str!("../pipelines/lessons/rl-letters.toml")),
    ("lessons/rl-sums", include_str!("../pipelines/lessons/rl-sums.toml")),
    ("lessons/scaling", include_str!("../pipelines/lessons/scaling.toml")),
    ("lessons/see", include_str!("../pipelines/lessons/see.toml")),
    ("lessons/think", include_str!("../pipelines/lessons/think.toml")),
    ("lessons/tools", include_str!("../pipelines/lessons/tools.toml")),
    ("real", include_str!("../pipelines/real.toml")),
    ("tiny", include_str!("../pipelines/tiny.toml")),
    ("web-sample", include_str!("../pipelines/web-sample.toml")),
];

/// Reads the pipeline called `name` from `pipelines/` or `pipelines/lessons/`, or as a path, or from the program itself.
pub(crate) fn load(name: &str) -> pipeline::Result<PipelineFile> {
    let directories = ["pipelines", "pipelines/lessons"].map(PathBuf::from);
    Library { directories: &directories, builtin: BUILTIN }.load(name)
}

/// The lock file of a pipeline: beside it. A built-in pipeline has none.
pub(crate) fn lock_path(pipeline: &PipelineFile) -> Option<PathBuf> {
    (!pipeline.builtin).then(|| pipeline.path.with_extension("lock"))
}

/// What the lock file says, if there is one.
pub(crate) fn lock(pipeline: &PipelineFile) -> anyhow::Result<Option<LockFile>> {
    let Some(path) = lock_path(pipeline) else { return Ok(None) };
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(LockFile::parse(&text, &path)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let fault = Fault::new("this lock file cannot be read").at(&path, None).got(error.to_string());
            let fault = fault.expected("a readable UTF-8 text file");
            Err(Error::Wiring(fault.cure("delete it: the next run writes it anew")).into())
        }
    }
}

/// Plans `pipeline` for this machine.
pub(crate) fn plan(
    pipeline: PipelineFile,
    registry: &Registry,
    runs: &Path,
    pinned: &[Pin],
    pins: &dyn Pins,
    absent: Option<&mut Vec<Error>>,
) -> anyhow::Result<Plan> {
    let mut memo = Memo::open(runs.join("outside.json"));
    let mut planner = Planner { registry, kernels: kernels(), memo: &mut memo, pinned, pins, absent };
    Ok(planner.plan(pipeline)?)
}

/// The kernel class: part of the key of numeric stages.
fn kernels() -> &'static str {
    #[cfg(feature = "train")]
    return model::kernel_class();
    #[cfg(not(feature = "train"))]
    return "none";
}

/// `runs/NAME/run.json`.
#[derive(serde::Deserialize)]
#[cfg_attr(not(feature = "serve"), allow(dead_code, reason = "the playground tells all of it"))]
pub(crate) struct Run {
    #[serde(default)]
    pub(crate) about: String,
    /// The pipeline's file; none for one that the program carries.
    #[serde(default)]
    pub(crate) file: Option<PathBuf>,
    /// What it looked into before the network.
    #[serde(default)]
    pub(crate) mirror: Option<PathBuf>,
    #[serde(default)]
    pub(crate) seed: u64,
    pub(crate) stages: Vec<RunStage>,
}

/// One stage of a finished run.
#[derive(serde::Deserialize)]
#[cfg_attr(not(feature = "serve"), allow(dead_code, reason = "the playground tells where each came from"))]
pub(crate) struct RunStage {
    pub(crate) name: String,
    #[serde(rename = "use")]
    pub(crate) uses: String,
    pub(crate) key: pipeline::Key,
    /// Slot to `stage/output`.
    #[serde(default)]
    pub(crate) from: BTreeMap<String, String>,
}

/// Reads `run.json` of the run `name`, and where its stages lie.
pub(crate) fn read_run(runs: &Path, name: &str) -> anyhow::Result<(PathBuf, Run)> {
    let directory = runs.join(name);
    let path = directory.join("run.json");
    let text = std::fs::read_to_string(&path).map_err(|error| {
        let there = run_names(runs).unwrap_or_default();
        let fault = Fault::new(format!("there is no run \"{name}\"")).at(&path, None).got(error.to_string());
        Error::Input(fault.expected(one_of(&there)).cure(format!("make it: reproduce {name}")))
    })?;
    let run = serde_json::from_str(&text).map_err(|error| {
        let fault =
            Fault::new("a run's record cannot be read").at(&path, Some(error.line())).got(error.to_string());
        Error::Input(
            fault
                .expected("what `reproduce` writes")
                .cure(format!("run `reproduce {name}` again: it writes it anew")),
        )
    })?;
    Ok((directory, run))
}

/// Directories below `runs` that hold a `run.json`.
pub(crate) fn run_names(runs: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = vec![];
    for entry in std::fs::read_dir(runs).with_context(|| format!("cannot read {}", runs.display()))? {
        let entry = entry?;
        if entry.path().join("run.json").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// What to expect of the name of a run, where these are all that there are.
pub(crate) fn one_of(runs: &[String]) -> String {
    if runs.is_empty() { "a run: there is none".to_owned() } else { format!("one of {}", runs.join(", ")) }
}

/// The manifest of a stage of the run `name`; an error where what the stage left is gone from the store.
pub(crate) fn manifest(store: &Store, name: &str, stage: &RunStage) -> pipeline::Result<Manifest> {
    store.manifest(&stage.key)?.ok_or_else(|| {
        let fault = Fault::new(format!("the output of stage \"{}\" is gone", stage.name));
        let fault = fault.at(&store.entry(&stage.key), None);
        Error::Moved(fault.cure(format!("make it: reproduce {name}")))
    })
}

/// The shards of an output of a finished stage that lies in `entry`, each with its rows.
pub(crate) fn shards(entry: &Path, output: &str, contents: &Contents) -> Vec<(PathBuf, u64)> {
    let directory = entry.join(output);
    contents.files.iter().map(|file| (directory.join(&file.name), file.rows.unwrap_or(0))).collect()
}

/// The documents that the last stage with documents kept, as shards with their rows; none where no stage has any.
pub(crate) fn last_documents(store: &Store, stages: &[RunStage]) -> anyhow::Result<Vec<(PathBuf, u64)>> {
    for stage in stages.iter().rev() {
        let Some(manifest) = store.manifest(&stage.key)? else { continue };
        let found = manifest.outputs.iter().find(|(_, contents)| contents.kind == Documents::NAME);
        if let Some((name, contents)) = found {
            return Ok(shards(&store.entry(&stage.key), name, contents));
        }
    }
    Ok(vec![])
}
