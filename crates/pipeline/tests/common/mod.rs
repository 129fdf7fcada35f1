//! Toy stages and a house for them.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use pipeline::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

/// How often a toy's tasks ran, and after how many they die: tests run side by side, so each has a counter of its own.
pub static RAN: [AtomicUsize; 16] = [const { AtomicUsize::new(0) }; 16];
pub static DIES_AFTER: [AtomicUsize; 16] = [const { AtomicUsize::new(usize::MAX) }; 16];

/// Writes numbers, one file a part, in two phases: the second copies what the first noted in scratch.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Numbers {
    /// Parts of each phase.
    pub parts: usize,
    /// Enters every line.
    pub factor: f64,
    /// How to write it.
    pub style: Style,
    /// A file from outside.
    pub list: Option<String>,
    /// Whether a part counts one line too many.
    pub lies: bool,
    /// Changes no byte.
    pub buffer: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    #[default]
    Plain,
    Ornate,
}

impl Default for Numbers {
    fn default() -> Self {
        Self { parts: 6, factor: 0.1, style: Style::Plain, list: None, lies: false, buffer: 1 }
    }
}

impl Stage for Numbers {
    fn signature(&self) -> Signature {
        Signature {
            random: true,
            writes: vec![Output::new("numbers", "numbers/1"), Output::new("rest", "rest/1")],
            unhashed: vec!["buffer"],
            outside: self.list.iter().map(|list| Outside::new("/list", list)).collect(),
            ..Signature::exact(1)
        }
    }
    fn phases(&self, _: &Io) -> anyhow::Result<Vec<usize>> {
        Ok(vec![self.parts, self.parts])
    }
    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let note = io.scratch()?.join(format!("note-{}", task.part));
        if task.phase == 0 {
            io.count("in", 2);
            io.count("kept", 1);
            io.count("dropped.odd", 1 + u64::from(self.lies));
            std::fs::write(&note, format!("{} {}", task.part, self.factor))?;
            return io.leave(&note);
        }
        let listed: Vec<String> =
            io.outside_files("/list").iter().map(std::fs::read_to_string).collect::<std::io::Result<_>>()?;
        let name = format!("part-{:05}.txt", task.part);
        let text =
            format!("{} {:?} {} {listed:?}", std::fs::read_to_string(note)?, self.style, io.seed("toy"));
        std::fs::write(io.output("numbers")?.join(&name), text)?;
        io.add_file("numbers", &name)
    }
}

/// Copies its input, part by part; counts in [`RAN`] and dies as [`DIES_AFTER`] says.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Copy {
    /// Which counter is this test's.
    pub counter: usize,
    /// Whether it depends on the machine.
    pub numeric: bool,
    /// Its metric.
    pub loss: f64,
}

impl Stage for Copy {
    fn signature(&self) -> Signature {
        Signature {
            class: if self.numeric { Class::Numeric } else { Class::Exact },
            reads: vec![Slot::new("numbers", "numbers/1")],
            writes: vec![Output::new("numbers", "numbers/1")],
            ..Signature::exact(1)
        }
    }
    fn check(&self) -> std::result::Result<(), Fault> {
        if self.counter < RAN.len() { Ok(()) } else { Err(Fault::new("no such counter").on("/counter")) }
    }
    fn phases(&self, io: &Io) -> anyhow::Result<Vec<usize>> {
        Ok(vec![io.input("numbers")?.files().len()])
    }
    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let file = &io.input("numbers")?.files()[task.part];
        let target = io.output("numbers")?.join(&file.name);
        if RAN[self.counter].load(Ordering::SeqCst) >= DIES_AFTER[self.counter].load(Ordering::SeqCst) {
            std::fs::write(target.with_extension("half"), "half")?;
            anyhow::bail!("the toy dies in part {}", task.part);
        }
        RAN[self.counter].fetch_add(1, Ordering::SeqCst);
        std::fs::write(target, std::fs::read(file.path()?)?)?;
        io.metric("loss", if self.loss < 0.0 { f64::NAN } else { self.loss });
        io.add_file("numbers", &file.name)
    }
}

pub fn registry() -> Registry {
    Registry::default().with::<Numbers>("numbers", "writes numbers").with::<Copy>("copy", "copies them")
}

pub struct NoNetwork;

impl Pins for NoNetwork {
    fn pin(&self, url: &str) -> anyhow::Result<Pin> {
        if url.ends_with("absurd") {
            return Ok(Pin { url: url.to_owned(), length: u64::MAX, etag: None });
        }
        anyhow::bail!("there is no network in tests")
    }
}

pub struct Silent;

impl Progress for Silent {
    fn length(&self, _: u64) {}
    fn advance(&self, _: u64) {}
}

impl Observer for Silent {
    fn begins(&self, _: &Planned) -> Box<dyn Progress> {
        Box::new(Silent)
    }
    fn ends(&self, _: &Planned, _: &Outcome) {}
}

/// A directory with pipeline files and runs.
pub struct House {
    pub directory: TempDir,
    pub kernels: &'static str,
}

impl Default for House {
    fn default() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), kernels: "scalar" }
    }
}

impl House {
    /// A house whose `toy.toml` has this text.
    pub fn with(text: &str) -> Self {
        let house = Self::default();
        house.write("toy.toml", text);
        house
    }
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }
    pub fn load(&self, name: &str) -> Result<PipelineFile> {
        let builtin = [
            ("built", "[[stage]]\nname = \"n\"\nuse = \"numbers\"\n"),
            ("over", "extends = \"built.toml\"\n"),
            ("deep/nested", "[[stage]]\nname = \"n\"\nuse = \"numbers\"\n"),
        ];
        Library { directories: &[self.path("pipelines")], builtin: &builtin }.load(name)
    }
    pub fn plan_of(&self, name: &str) -> Result<Plan> {
        let mut memo = Memo::open(self.path("runs/outside.json"));
        let registry = registry();
        let pipeline = self.load(name)?;
        let (kernels, pins) = (self.kernels, &NoNetwork);
        Planner { registry: &registry, kernels, memo: &mut memo, pinned: &[], pins, absent: None }
            .plan(pipeline)
    }
    pub fn plan(&self) -> Result<Plan> {
        self.plan_of(self.path("toy.toml").to_str().unwrap())
    }
    pub fn keys(&self) -> Vec<Key> {
        self.plan().unwrap().stages.into_iter().map(|stage| stage.key).collect()
    }
    pub fn store(&self) -> Store {
        Store::open(&self.path("runs")).unwrap()
    }
    pub fn run_with(&self, runner: &dyn Runner) -> Result<Vec<Outcome>> {
        run(&self.store(), &self.plan()?, runner)
    }
    pub fn run(&self) -> Result<Vec<Outcome>> {
        self.run_with(&Whole)
    }
    /// What lies in the store under names that count.
    pub fn entries(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.store().root()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.retain(|name| name != ".locks");
        names.sort();
        names
    }
}

pub fn run(store: &Store, plan: &Plan, runner: &dyn Runner) -> Result<Vec<Outcome>> {
    session(store, runner).run(plan, None)
}

pub fn session<'a>(store: &'a Store, runner: &'a dyn Runner) -> Session<'a> {
    let (observer, stop, mirror) = (&Silent, Stop::default(), None);
    Session {
        store,
        runner,
        observer,
        stop,
        mirror,
        sources: &sources,
        about: serde_json::json!({ "host": "here" }),
    }
}

pub fn sources(_: &[&str]) -> String {
    "sources".to_owned()
}

pub fn contents(outcomes: &[Outcome]) -> Vec<String> {
    outcomes.iter().map(|outcome| outcome.manifest.content.clone()).collect()
}

pub fn how(outcomes: &[Outcome]) -> Vec<How> {
    outcomes.iter().map(|outcome| outcome.how).collect()
}

/// The refusal as a person reads it, with the directory's name left out.
pub fn words<T>(house: &House, result: Result<T>) -> String {
    let error = result.err().expect("it is refused");
    error.to_string().replace(house.directory.path().to_str().unwrap(), "HERE")
}

/// Files below a directory, by name.
pub fn tree(directory: &Path) -> Vec<String> {
    let mut names = vec![];
    for entry in std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap()) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            names.extend(tree(&entry.path()).into_iter().map(|below| format!("{name}/{below}")));
        } else {
            names.push(name);
        }
    }
    names.sort();
    names
}

pub const TWO: &str = r#"
[[stage]]
name = "n"
use = "numbers"

[[stage]]
name = "c"
use = "copy"
from = { numbers = "n" }
"#;
