//! The program in a directory of its own.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]

pub mod machines;
pub mod server;
pub mod serving;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A fresh directory with a copy of `pipelines/`, in which the program runs.
pub struct House {
    directory: TempDir,
}

impl House {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let pipelines = directory.path().join("pipelines");
        std::fs::create_dir(&pipelines).expect("it is empty");
        for entry in
            std::fs::read_dir(workspace().join("pipelines")).expect("the workspace has pipelines").flatten()
        {
            // without locks: a run writes its own
            if entry.path().extension().is_some_and(|extension| extension == "toml") {
                std::fs::copy(entry.path(), pipelines.join(entry.file_name())).expect("it can be copied");
            }
        }
        Self { directory }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("it can be made");
        std::fs::write(&path, text).expect("it can be written");
        path
    }

    /// The program with these arguments, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_deepdive"));
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program starts")
    }

    /// Runs and expects success; returns what was printed.
    pub fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let [out, err] =
            [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        assert!(output.status.success(), "{arguments:?} ended with {}:\n{out}\n{err}", output.status);
        out
    }

    /// Stage name to content hash, of a finished run.
    pub fn contents(&self, run: &str) -> BTreeMap<String, String> {
        self.stages(run, "content")
    }

    /// Stage name to key.
    pub fn keys(&self, run: &str) -> BTreeMap<String, String> {
        self.stages(run, "key")
    }

    /// Stage name to `cached`, `resumed` or `done`.
    pub fn how(&self, run: &str) -> BTreeMap<String, String> {
        self.stages(run, "how")
    }

    /// The same below another directory of runs.
    pub fn how_in(&self, runs: &str, run: &str) -> BTreeMap<String, String> {
        self.stages_in(runs, run, "how")
    }

    /// What a stage of a run says of itself: `stage.json`.
    pub fn manifest(&self, run: &str, stage: &str) -> serde_json::Value {
        let path = self.path().join("runs").join(run).join(stage).join("stage.json");
        let text = std::fs::read(path).expect("the stage is finished");
        serde_json::from_slice(&text).expect("it is JSON")
    }

    /// Steps of the newest checkpoint of a stage in progress.
    pub fn saved_steps(&self) -> u32 {
        let entries = std::fs::read_dir(self.path().join("runs/store")).into_iter().flatten().flatten();
        let folders = entries.flat_map(|entry| {
            std::fs::read_dir(entry.path().join("scratch/checkpoints")).into_iter().flatten().flatten()
        });
        let steps = folders
            .filter_map(|entry| entry.file_name().to_str()?.strip_prefix("checkpoint-")?.parse::<u32>().ok());
        steps.max().unwrap_or(0)
    }

    fn stages(&self, run: &str, field: &str) -> BTreeMap<String, String> {
        self.stages_in("runs", run, field)
    }

    fn stages_in(&self, runs: &str, run: &str, field: &str) -> BTreeMap<String, String> {
        let text =
            std::fs::read(self.path().join(runs).join(run).join("run.json")).expect("the run is finished");
        let run: serde_json::Value = serde_json::from_slice(&text).expect("it is JSON");
        let word = |value: &serde_json::Value| value.as_str().expect("it is a word").to_owned();
        let stages = run["stages"].as_array().expect("a list of stages");
        stages.iter().map(|stage| (word(&stage["name"]), word(&stage[field]))).collect()
    }
}

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    Path::new("..").canonicalize().expect("tests run in the folder of their crate")
}
