//! A pipeline file: stages from top to bottom, each with where it stands in the text.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::error::{Error, Fault, Result, nearest};
use crate::toml_lines::{self, Lines, child};

/// A pipeline as written: parsed, extended, not yet wired.
#[derive(Debug, Clone)]
pub struct PipelineFile {
    /// The file's stem, and the run's name: `demo`.
    pub name: String,
    /// Where it was read from; a bare name when it is one of the built-in files.
    pub path: PathBuf,
    /// The text of the file itself, without what it extends.
    pub text: String,
    /// Every source of randomness in the run derives from it.
    pub seed: u64,
    /// One sentence for people.
    pub about: String,
    /// Data flows down this list only.
    pub stages: Vec<Entry>,
}

/// One `[[stage]]`.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What stages below call it.
    pub name: String,
    /// Which registered stage does the work.
    pub uses: String,
    /// Slot to `stage` or `stage/output`.
    pub from: BTreeMap<String, String>,
    /// Settings that differ from the defaults.
    pub with: Value,
    spots: BTreeMap<String, Spot>,
}

/// A file and a line in it.
#[derive(Debug, Clone)]
pub struct Spot {
    /// The file that says so; with `extends`, not always the file that was asked for.
    pub file: Arc<PathBuf>,
    /// From 1.
    pub line: usize,
}

impl Entry {
    /// Where the setting at `pointer` (`/with/url/soft_words`) was written: itself or the nearest parent.
    pub fn spot(&self, mut pointer: &str) -> &Spot {
        loop {
            match (self.spots.get(pointer), pointer.rfind('/')) {
                (Some(spot), _) => return spot,
                (None, Some(cut)) => pointer = &pointer[..cut],
                (None, None) => {
                    return self.spots.values().next().expect("an entry has the spot of its header");
                }
            }
        }
    }

    /// A refusal that points at `pointer`.
    pub(crate) fn fault(&self, pointer: &str, what: impl Into<String>) -> Fault {
        let spot = self.spot(pointer);
        Fault::new(what).at(&spot.file, Some(spot.line))
    }
}

/// Finds the text of a pipeline by name or path.
///
/// Built-in files make the installed program useful in an empty directory; a file on disk wins.
pub struct Library<'a> {
    /// Directories searched for `NAME.toml`.
    pub directories: &'a [PathBuf],
    /// Built-in files: name and text.
    pub builtin: &'a [(&'a str, &'a str)],
}

impl Library<'_> {
    fn read(&self, name: &str, beside: Option<&Path>) -> Result<(PathBuf, String)> {
        let is_path =
            name.contains('/') || Path::new(name).extension().is_some_and(|extension| extension == "toml");
        let file = if is_path { name.to_owned() } else { format!("{name}.toml") };
        let directories = beside.into_iter().chain(self.directories.iter().map(PathBuf::as_path));
        let mut candidates: Vec<PathBuf> = directories.map(|directory| directory.join(&file)).collect();
        if is_path && beside.is_none() {
            candidates.insert(0, PathBuf::from(&file));
        }
        if let Some(path) = candidates.iter().find(|path| path.is_file()) {
            let fault = |error: std::io::Error| {
                let what = Fault::new("this pipeline file cannot be read").at(path, None);
                Error::Wiring(what.got(error.to_string()).expected("a readable UTF-8 text file"))
            };
            return Ok((path.clone(), std::fs::read_to_string(path).map_err(fault)?));
        }
        let stem = Path::new(&file).file_stem().and_then(|stem| stem.to_str()).unwrap_or(&file);
        if let Some((builtin, text)) = self.builtin.iter().find(|(builtin, _)| *builtin == stem) {
            return Ok((PathBuf::from(format!("{builtin}.toml")), (*text).to_owned()));
        }
        let known: Vec<&str> = self.builtin.iter().map(|(name, _)| *name).collect();
        let cure = match nearest(stem, known.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "give a built-in name or the path of a .toml file".to_owned(),
        };
        let fault = Fault::new(format!("there is no pipeline \"{name}\""));
        Err(Error::Wiring(fault.expected(format!("a file, or one of {}", known.join(", "))).cure(cure)))
    }

    /// Reads the pipeline `name` and everything it extends.
    ///
    /// # Errors
    /// [`Error::Wiring`] with file and line.
    pub fn load(&self, name: &str) -> Result<PipelineFile> {
        let (path, text) = self.read(name, None)?;
        let pipeline = self.parse(path, text, 0)?;
        if pipeline.stages.is_empty() {
            let fault = Fault::new("this pipeline has no stages").at(&pipeline.path, None);
            return Err(Error::Wiring(
                fault.expected("at least one [[stage]]").cure("see pipelines/tiny.toml"),
            ));
        }
        Ok(pipeline)
    }

    fn parse(&self, path: PathBuf, text: String, depth: usize) -> Result<PipelineFile> {
        let file = Arc::new(path);
        let (value, lines) = toml_lines::parse(&text).map_err(|(message, line)| {
            Error::Wiring(Fault::new("this is not valid TOML").at(&file, line).got(message))
        })?;
        let raw: RawFile = deserialize(value, "", &lines, &file)?;
        let mut pipeline = match &raw.extends {
            None => PipelineFile::empty(&file),
            Some(_) if depth > 8 => {
                let fault = Fault::new("these files extend one another in a circle");
                return Err(Error::Wiring(fault.at(&file, lines.get("/extends").copied())));
            }
            Some(base) => {
                let (path, text) = self.read(base, file.parent())?;
                self.parse(path, text, depth + 1)?
            }
        };
        pipeline.name = file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        pipeline.path.clone_from(&file);
        pipeline.text = text;
        pipeline.seed = raw.seed.unwrap_or(pipeline.seed);
        pipeline.about = raw.about.unwrap_or(pipeline.about);
        let inherited: Vec<String> = pipeline.stages.iter().map(|entry| entry.name.clone()).collect();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut entries = vec![];
        for (i, stage) in raw.stage.into_iter().enumerate() {
            let at = format!("/stage/{i}");
            let line = lines.get(&at).copied().unwrap_or(1);
            if let Some(first) = seen.insert(stage.name.clone(), line) {
                let fault =
                    Fault::new(format!("two stages are called \"{}\"", stage.name)).at(&file, Some(line));
                let expected = format!("one name a stage; the first is on line {first}");
                return Err(Error::Wiring(fault.expected(expected).cure("rename one of them")));
            }
            entries.push(Entry::new(stage, &at, &lines, &file)?);
        }
        // overrides first, so that a new stage finds who reads it, wherever the two stand in the file
        entries.sort_by_key(|entry| !inherited.contains(&entry.name));
        for entry in entries {
            pipeline.place(entry, &inherited);
        }
        check_uses(&pipeline)?;
        Ok(pipeline)
    }
}

impl PipelineFile {
    fn empty(file: &Arc<PathBuf>) -> Self {
        Self {
            name: String::new(),
            path: file.as_ref().clone(),
            text: String::new(),
            seed: 1337,
            about: String::new(),
            stages: vec![],
        }
    }

    /// An inherited stage is overridden in place; a new one goes just above the first stage that reads it.
    fn place(&mut self, entry: Entry, inherited: &[String]) {
        if let Some(base) = self.stages.iter_mut().find(|base| base.name == entry.name) {
            base.overlay(entry);
            return;
        }
        let reads_it = |other: &Entry| {
            inherited.contains(&other.name)
                && other.from.values().any(|source| stage_of(source) == entry.name)
        };
        let position = self.stages.iter().position(reads_it).unwrap_or(self.stages.len());
        self.stages.insert(position, entry);
    }
}

/// A stage may leave out `use` only where it overrides one that has it.
fn check_uses(pipeline: &PipelineFile) -> Result<()> {
    match pipeline.stages.iter().find(|entry| entry.uses.is_empty()) {
        None => Ok(()),
        Some(entry) => {
            let fault = entry.fault("", format!("stage \"{}\" does not say what it uses", entry.name));
            Err(Error::Wiring(fault.expected("use = \"…\"").cure("`explain` lists the stages there are")))
        }
    }
}

/// The stage of `stage/output`.
pub(crate) fn stage_of(source: &str) -> &str {
    source.split('/').next().unwrap_or(source)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    extends: Option<String>,
    seed: Option<u64>,
    about: Option<String>,
    #[serde(default)]
    stage: Vec<RawStage>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStage {
    name: String,
    #[serde(rename = "use")]
    uses: Option<String>,
    #[serde(default)]
    from: BTreeMap<String, String>,
    #[serde(default)]
    with: Option<Value>,
}

impl Entry {
    fn new(raw: RawStage, at: &str, lines: &Lines, file: &Arc<PathBuf>) -> Result<Self> {
        let below = lines.range(at.to_owned()..).take_while(|(pointer, _)| pointer.starts_with(at));
        let spots = below
            .filter(|(pointer, _)| pointer.len() == at.len() || pointer.as_bytes()[at.len()] == b'/')
            .map(|(pointer, &line)| (pointer[at.len()..].to_owned(), Spot { file: file.clone(), line }))
            .collect();
        let entry = Self {
            name: raw.name,
            uses: raw.uses.unwrap_or_default(),
            from: raw.from,
            with: raw.with.unwrap_or_else(|| Value::Object(serde_json::Map::new())),
            spots,
        };
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if entry.name.is_empty() || !entry.name.chars().all(is_word) {
            let fault = entry.fault("/name", "a stage's name is not a word").got(format!("{:?}", entry.name));
            return Err(Error::Wiring(
                fault.expected("letters, digits, - and _").cure("it names a directory: rename it"),
            ));
        }
        if !entry.with.is_object() {
            let fault = entry.fault("/with", "`with` is not a table").got(entry.with.to_string());
            return Err(Error::Wiring(fault.expected("[stage.with] and settings below it")));
        }
        Ok(entry)
    }

    /// Another `use` starts from that stage's defaults, and from its own inputs if it names any; the same `use`
    /// keeps what it does not name.
    fn overlay(&mut self, over: Self) {
        if !over.uses.is_empty() && over.uses != self.uses {
            self.uses = over.uses;
            self.with = over.with;
            self.spots.retain(|pointer, _| !pointer.starts_with("/with"));
            if !over.from.is_empty() {
                self.from.clear();
                self.spots.retain(|pointer, _| !pointer.starts_with("/from"));
            }
        } else {
            merge(&mut self.with, over.with);
        }
        self.from.extend(over.from);
        self.spots.extend(over.spots);
    }
}

fn merge(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}

/// Deserialises `value`, and points errors at the line of the key they are about.
pub(crate) fn deserialize<T: serde::de::DeserializeOwned>(
    value: Value,
    prefix: &str,
    lines: &Lines,
    file: &Path,
) -> Result<T> {
    serde_path_to_error::deserialize::<_, T>(value).map_err(|error| {
        let (pointer, fault) = explain(&error, prefix);
        let mut parent = pointer.as_str();
        while !lines.contains_key(parent) && !parent.is_empty() {
            parent = parent.rfind('/').map_or("", |cut| &parent[..cut]);
        }
        Error::Wiring(fault.at(file, lines.get(parent).copied()))
    })
}

/// The pointer that a serde error is about, and the error as a refusal without a place.
pub(crate) fn explain(
    error: &serde_path_to_error::Error<serde_json::Error>,
    prefix: &str,
) -> (String, Fault) {
    use serde_path_to_error::Segment;
    let mut pointer = prefix.to_owned();
    let mut spelled = String::new();
    for segment in error.path() {
        match segment {
            Segment::Seq { index } => {
                pointer = child(&pointer, &index.to_string());
                write!(spelled, "[{index}]").expect("a String takes all");
            }
            Segment::Map { key } | Segment::Enum { variant: key } => {
                pointer = child(&pointer, key);
                let dot = if spelled.is_empty() { "" } else { "." };
                write!(spelled, "{dot}{key}").expect("a String takes all");
            }
            Segment::Unknown => {}
        }
    }
    let message = error.inner().to_string();
    let Some((unknown, known)) = unknown_field(&message) else {
        let (got, expected) = message.split_once(", expected ").unwrap_or((&message, ""));
        let what = if spelled.is_empty() {
            "this is incomplete".to_owned()
        } else {
            format!("`{spelled}` has a wrong value")
        };
        return (pointer, Fault::new(what).got(got).expected(expected));
    };
    let parent = spelled.strip_suffix(&unknown).unwrap_or(&spelled).trim_end_matches('.');
    if !pointer.ends_with(&format!("/{unknown}")) {
        pointer = child(&pointer, &unknown);
    }
    let place = if parent.is_empty() { String::new() } else { format!(" in `{parent}`") };
    let names = known.iter().map(String::as_str);
    let cure =
        nearest(&unknown, names.clone()).map_or_else(String::new, |near| format!("did you mean `{near}`?"));
    let expected = format!("one of {}", names.collect::<Vec<_>>().join(", "));
    (pointer, Fault::new(format!("there is no setting `{unknown}`{place}")).expected(expected).cure(cure))
}

/// Takes serde's sentence apart: "unknown field `a`, expected one of `b`, `c`".
fn unknown_field(message: &str) -> Option<(String, Vec<String>)> {
    let rest = message.strip_prefix("unknown field ")?;
    let mut names = rest.split('`').skip(1).step_by(2).map(str::to_owned);
    Some((names.next()?, names.collect()))
}
