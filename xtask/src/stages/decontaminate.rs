//! `decontaminate`: documents that hold what models are tested with are dropped.

use std::collections::BTreeMap;
use std::io::{BufRead, Read};
use std::path::Path;

use anyhow::Context;
use fineweb_filter::decontaminate::Contamination;
use fineweb_filter::{Benchmarks, DecontaminateSettings, reasons};
use pipeline::{Error, Fault, Io, Output, Signature, Slot, Stage, Task};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shard::documents::Optional;
use shard::{Documents, Dropped, PartKind, Problems, Table, documents, dropped};

use super::shared::Shared;
use super::{brought, shards, unpacked};

/// What the input `problems` is called in rows and counters.
const PROBLEMS: &str = "problems";
/// The longest text of a match that is told.
const TOLD_BYTES: usize = 200;

/// Drops documents that share a run of words with a benchmark. Works offline, on files that you bring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Decontaminate {
    /// Files of benchmarks, directories or patterns, relative to the pipeline file: JSON lines (`.jsonl`, `.json`),
    /// otherwise plain text; either may be packed (`.zst`, `.gz`). The input `problems` adds to them.
    #[schemars(extend("unit" = "files", "source" = "benchmarks that models will be tested with"))]
    pub benchmarks: Vec<String>,
    /// Names of fields of JSON lines whose texts are looked for, at any depth; empty takes all texts.
    #[schemars(extend("unit" = "names", "source" = "for files whose questions share an introduction"))]
    pub fields: Vec<String>,
    /// Words in a row that a document and a benchmark must share.
    #[schemars(extend("unit" = "words", "source" = "GPT-3: 13; datatrove: 12"))]
    pub words: usize,
    /// Texts of benchmarks with fewer words than that are looked for whole, if they have so many.
    #[schemars(extend("unit" = "words", "source" = "GPT-3: 8"))]
    pub min_words: usize,
    /// The share of a document's words that may lie in such runs; 0 drops it at the first.
    #[schemars(extend("unit" = "share of words", "source" = "GPT-3: 0"))]
    pub max_share: f64,
}

impl Default for Decontaminate {
    fn default() -> Self {
        let DecontaminateSettings { words, min_words, max_share } = DecontaminateSettings::default();
        Self { benchmarks: vec![], fields: vec![], words, min_words, max_share }
    }
}

impl Stage for Decontaminate {
    fn signature(&self) -> Signature {
        Signature {
            reads: vec![
                Slot::new("documents", Documents::NAME),
                Slot::new(PROBLEMS, Problems::NAME).optional(),
            ],
            writes: vec![Output::new("documents", Documents::NAME), Output::new("dropped", Dropped::NAME)],
            outside: brought::outside("benchmarks", &self.benchmarks),
            sources: &["fineweb-filter"],
            ..Signature::exact(2)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let fault = |setting: &str, got: String| Fault::new("this makes no sense").on(setting).got(got);
        if self.words == 0 {
            return Err(fault("/words", "0".to_owned()).expected("one word or more; papers take 8 to 13"));
        }
        if self.min_words > self.words {
            let got = format!("{} of {} words", self.min_words, self.words);
            return Err(fault("/min_words", got).expected("as many as `words` or fewer"));
        }
        if !(0.0..1.0).contains(&self.max_share) {
            return Err(fault("/max_share", self.max_share.to_string()).expected("0, or less than 1"));
        }
        Ok(())
    }

    fn phases(&self, io: &Io) -> anyhow::Result<Vec<usize>> {
        Ok(vec![io.input("documents")?.files().len()])
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        static BENCHMARKS: Shared<Benchmarks> = Shared::new();
        let benchmarks = BENCHMARKS.of(io, || self.read(io))?;
        let file = &io.input("documents")?.files()[task.part];
        let name = task.shard();
        // what passes keeps what it has, and all shards have the same columns
        let mut kept = shards::create_documents(io, &name, &Optional::ALL)?;
        let mut fallen = shards::create::<Dropped>(io, "dropped", &name)?;
        io.progress().length(file.rows.unwrap_or(0));
        let (mut offset, mut counts) = (0, BTreeMap::<&str, u64>::new());
        for batch in shards::read::<Documents>(file)? {
            let batch = batch?;
            let rows: Vec<documents::Row<'_>> = batch.rows().collect();
            let found: Vec<Option<Contamination<'_>>> =
                rows.par_iter().map(|row| benchmarks.find(row.text)).collect();
            for (row, found) in rows.iter().zip(found) {
                match found {
                    None => kept.push(row)?,
                    Some(found) => {
                        *counts.entry(found.benchmark).or_default() += 1;
                        fallen.push(&dropped::Row {
                            id: Some(row.id),
                            url: Some(row.url),
                            source: &file.name,
                            offset,
                            stage: io.stage(),
                            reason: reasons::CONTAMINATED.0,
                            detail: Some(&told(&found, row.text)),
                            kind: dropped::Kind::Rule,
                            text: None,
                            signals: None,
                        })?;
                    }
                }
                offset += 1;
            }
            io.progress().advance(batch.len() as u64);
        }
        let contaminated: u64 = counts.values().sum();
        io.count("in", offset as u64);
        io.count("kept", offset as u64 - contaminated);
        io.count(&format!("dropped.{}", reasons::CONTAMINATED), contaminated);
        for (benchmark, count) in counts {
            io.count(&format!("contaminated.{benchmark}"), count);
        }
        shards::finish(io, "documents", kept)?;
        shards::finish(io, "dropped", fallen)
    }
}

impl Decontaminate {
    fn read(&self, io: &Io) -> anyhow::Result<Benchmarks> {
        let Self { words, min_words, max_share, .. } = *self;
        let mut benchmarks = Benchmarks::new(&DecontaminateSettings { words, min_words, max_share });
        for path in brought::outside_files(io, "benchmarks", &self.benchmarks) {
            self.add_file(&path, &mut benchmarks)?;
        }
        for batch in io.optional(PROBLEMS).into_iter().flat_map(shards::read_all::<Problems>) {
            for row in batch?.rows() {
                let parts = row.prompt.iter().flat_map(|message| &message.content);
                let texts = parts.filter(|part| part.kind == PartKind::Text).filter_map(|part| part.text);
                texts.chain([row.answer]).for_each(|text| benchmarks.add(PROBLEMS, text));
            }
        }
        if benchmarks.is_empty() {
            let fault = Fault::new("no benchmark has a text that could be looked for").on("/benchmarks");
            let expected = format!("texts of at least {min_words} words, in files or the input `{PROBLEMS}`");
            return Err(Error::Input(fault.expected(expected)).into());
        }
        tracing::info!(runs = benchmarks.len(), too_short = benchmarks.too_short(), "benchmarks");
        Ok(benchmarks)
    }

    fn add_file(&self, path: &Path, benchmarks: &mut Benchmarks) -> anyhow::Result<()> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let plain = ["zst", "gz"].iter().find_map(|packed| name.strip_suffix(&format!(".{packed}")));
        let mut reader = unpacked::open(path)?;
        if ![".jsonl", ".json"].iter().any(|end| plain.unwrap_or(&name).ends_with(end)) {
            let mut text = String::new();
            reader.read_to_string(&mut text).with_context(|| format!("cannot read {}", path.display()))?;
            benchmarks.add(&name, &text);
            return Ok(());
        }
        for (line, text) in reader.lines().enumerate() {
            let text = text.with_context(|| format!("cannot read {}", path.display()))?;
            if text.trim().is_empty() {
                continue;
            }
            let value: Value = serde_json::from_str(&text).map_err(|error| {
                let fault = Fault::new("a benchmark cannot be read").at(path, Some(line + 1));
                Error::Input(fault.got(error.to_string()).expected("a JSON value a line"))
            })?;
            self.add_value(&value, self.fields.is_empty(), &name, benchmarks);
        }
        Ok(())
    }

    /// Adds the texts of a value: all, or those below fields that are named.
    fn add_value(&self, value: &Value, wanted: bool, name: &str, benchmarks: &mut Benchmarks) {
        match value {
            Value::String(text) if wanted => benchmarks.add(name, text),
            Value::Array(values) => {
                for value in values {
                    self.add_value(value, wanted, name, benchmarks);
                }
            }
            Value::Object(fields) => {
                for (field, value) in fields {
                    self.add_value(value, wanted || self.fields.contains(field), name, benchmarks);
                }
            }
            _ => {}
        }
    }
}

/// `mmlu.jsonl, 4.2 % of the words: which of these kings …`.
fn told(found: &Contamination<'_>, text: &str) -> String {
    let words = text[found.place.clone()].split_whitespace().collect::<Vec<_>>().join(" ");
    let cut = words.floor_char_boundary(TOLD_BYTES);
    let more = if cut < words.len() { "…" } else { "" };
    format!("{}, {:.1} % of the words: {}{more}", found.benchmark, found.share * 100.0, &words[..cut])
}
