//! A pipeline file: stages from top to bottom, each with where it stands in the text.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::error::{Error, Fault, Result, nearest};
use crate::toml_lines::Lines;

/// A pipeline as written: parsed, extended, not yet wired.
#[derive(Debug, Clone)]
pub struct PipelineFile {
    /// The file's stem, and the run's name: `demo`.
    pub name: String,
    /// Where it was read from; a bare name when it is one of the built-in files.
    pub path: PathBuf,
    /// The text of the file itself, without what it extends.
    pub text: String,
    /// Whether it is one of the program's own rather than a file on disk.
    pub builtin: bool,
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

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
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

impl PipelineFile {
    pub(crate) fn empty(file: &Arc<PathBuf>) -> Self {
        Self {
            name: String::new(),
            path: file.as_ref().clone(),
            text: String::new(),
            builtin: false,
            seed: 1337,
            about: String::new(),
            stages: vec![],
        }
    }

    /// Overrides inherited stages in place, and adds new ones.
    ///
    /// A new stage goes just above the first stage that reads it; one that nothing reads goes to the end. Stages that
    /// read one another are placed last to first, so that each finds its reader in place.
    pub(crate) fn overlay(&mut self, entries: Vec<Entry>) -> Result<()> {
        let mut lines: BTreeMap<String, usize> = BTreeMap::new();
        let mut new = vec![];
        for entry in entries {
            if let Some(first) = lines.insert(entry.name.clone(), entry.spot("").line) {
                let fault = entry.fault("", format!("two stages are called \"{}\"", entry.name));
                let expected = format!("one name a stage; the first is on line {first}");
                let got = format!("name = \"{}\"", entry.name);
                return Err(Error::Wiring(fault.got(got).expected(expected).cure("rename one of them")));
            }
            match self.stages.iter_mut().find(|base| base.name == entry.name) {
                Some(base) => base.overlay(entry),
                None if entry.uses.is_empty() => return Err(Error::Wiring(self.uses_nothing(&entry))),
                None => new.push(entry),
            }
        }
        let mut inherited = self.stages.len();
        for entry in new.into_iter().rev() {
            let reads_it = |other: &Entry| other.from.values().any(|source| stage_of(source) == entry.name);
            let reader = self.stages.iter().position(reads_it).unwrap_or(inherited);
            inherited += usize::from(reader < inherited);
            self.stages.insert(reader, entry);
        }
        Ok(())
    }

    /// A stage may leave out `use` only where it overrides one that has it.
    fn uses_nothing(&self, entry: &Entry) -> Fault {
        let fault = entry.fault("", format!("stage \"{}\" does not say what it uses", entry.name));
        let inherited = self.stages.iter().map(|stage| stage.name.as_str());
        match nearest(&entry.name, inherited) {
            Some(near) => {
                let expected = "use = \"…\", or the name of a stage that it changes";
                fault.expected(expected).cure(format!("did you mean \"{near}\"?"))
            }
            None => fault.expected("use = \"…\"").cure("`explain` lists the stages there are"),
        }
    }
}

/// What may name a directory.
pub(crate) const WORD: &str = "letters, digits, - and _, at most 64 of them";

/// Whether `name` is a [`WORD`].
pub(crate) fn is_word(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=64).contains(&name.len()) && name.bytes().all(fits)
}

/// The stage of `stage/output`.
pub(crate) fn stage_of(source: &str) -> &str {
    source.split('/').next().unwrap_or(source)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawStage {
    name: String,
    #[serde(rename = "use")]
    uses: Option<String>,
    #[serde(default)]
    from: BTreeMap<String, String>,
    #[serde(default)]
    with: Option<Value>,
}

impl Entry {
    pub(crate) fn new(raw: RawStage, at: &str, lines: &Lines, file: &Arc<PathBuf>) -> Result<Self> {
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
        if !is_word(&entry.name) {
            let fault = entry
                .fault("/name", "a stage's name is not a word")
                .got(format!("{:?}", clipped(&entry.name)));
            return Err(Error::Wiring(fault.expected(WORD).cure("it names a directory: rename it")));
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

/// A line short enough for a message.
pub(crate) fn clipped(line: &str) -> String {
    let short: String = line.chars().take(80).collect();
    if short.len() < line.len() { format!("{short}…") } else { short }
}
