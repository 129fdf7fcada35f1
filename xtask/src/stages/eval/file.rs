//! A benchmark in a file of this machine.

use std::path::{Path, PathBuf};

use eval::{
    Benchmark, Cloze, Counted, Error, ExactMatch, Generating, MultipleChoice, Prompting, Texts, read,
};
use pipeline::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::unpacked;
use super::AGGREGATE;

/// Questions in files, and how they are put.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BenchmarkFile {
    /// What it is called in the scores.
    pub name: String,
    /// A file, a directory or a pattern, relative to the pipeline file: JSON lines, which may be packed (`.zst`, `.gz`);
    /// or `package:PATTERN`, which names it below the slot `packages`.
    pub file: String,
    /// How to get that; told where it is missing.
    pub get: String,
    /// How many questions are asked, the first ones; 0 for all.
    #[schemars(extend("unit" = "questions"))]
    pub items: usize,
    /// How a question becomes a prompt.
    pub prompting: Prompting,
    /// How it is answered.
    pub method: Method,
}

/// How questions are answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// One choice is taken, the likeliest by what is named here: `query`, `choices`, `gold` and similar.
    Choice(Counted),
    /// A text is completed; right where each token is the likeliest: `context`, `continuation`.
    Cloze,
    /// An answer is written and compared: `context` or `question`, `answer`, `aliases`.
    Generate(Box<Generating>),
    /// Texts are predicted, in bits per byte: `text`.
    Texts,
}

impl Default for BenchmarkFile {
    fn default() -> Self {
        Self {
            name: String::new(),
            file: String::new(),
            get: String::new(),
            items: 0,
            prompting: Prompting::default(),
            method: Method::Choice(Counted::Sum),
        }
    }
}

impl BenchmarkFile {
    /// Refuses names that the scores could not tell apart, and settings that ask for nothing.
    pub(super) fn check(&self, at: usize, all: &[Self]) -> Result<(), Fault> {
        let fault = |what: &str, setting: &str, got: &str| {
            Fault::new(what).on(format!("/benchmarks/{at}/{setting}")).got(format!("{got:?}"))
        };
        if self.name.is_empty() || self.name == AGGREGATE {
            return Err(fault("a benchmark needs a name of its own", "name", &self.name)
                .expected(format!("a name that is neither empty nor \"{AGGREGATE}\"")));
        }
        if all[..at].iter().any(|other| other.name == self.name) {
            return Err(fault("two benchmarks have one name", "name", &self.name).expected("a name for each"));
        }
        if let Method::Generate(generating) = &self.method {
            let Generating { tokens, samples, pass_at, .. } = &**generating;
            if *tokens == 0 || *samples == 0 {
                let got = format!("{samples} of {tokens} tokens");
                return Err(fault("no answer would be written", "method/generate", &got)
                    .expected("at least one sample of at least one token"));
            }
            if let Some(k) = pass_at.iter().find(|&&k| k == 0 || k > *samples as u64) {
                return Err(fault("pass@k needs k answers", "method/generate/pass_at", &k.to_string())
                    .expected(format!("1 to the {samples} of `samples`")));
            }
        }
        Ok(())
    }

    /// The benchmark, from its files.
    pub(super) fn read(
        &self,
        files: &[PathBuf],
        seed: u64,
        stop: &[u32],
    ) -> anyhow::Result<Box<dyn Benchmark>> {
        let prompting = self.prompting.clone();
        let benchmark: Box<dyn Benchmark> = match &self.method {
            Method::Choice(counted) => {
                let questions = all(files, read::choices)?;
                Box::new(MultipleChoice { questions, prompting, seed, counted: *counted })
            }
            Method::Cloze => Box::new(Cloze { questions: all(files, read::open)?, prompting, seed }),
            Method::Generate(generating) => Box::new(ExactMatch {
                questions: all(files, read::open)?,
                prompting,
                seed,
                generating: (**generating).clone(),
                stop: stop.to_vec(),
            }),
            Method::Texts => Box::new(Texts(all(files, read::texts)?)),
        };
        Ok(benchmark)
    }
}

fn all<T>(
    files: &[PathBuf],
    read: impl Fn(Box<dyn std::io::BufRead>) -> eval::Result<Vec<T>>,
) -> anyhow::Result<Vec<T>> {
    let mut questions = vec![];
    for file in files {
        questions.extend(read(unpacked::open(file)?).map_err(|error| wrong(file, error))?);
    }
    if questions.is_empty() {
        let fault =
            Fault::new("a benchmark has no questions").got("no lines").expected("a JSON object a line");
        let fault = files.first().map_or(fault.clone(), |file| fault.at(file, None));
        return Err(pipeline::Error::Input(fault).into());
    }
    Ok(questions)
}

fn wrong(file: &Path, error: Error) -> anyhow::Error {
    match error {
        Error::Line { line, expected, got } => {
            let fault = Fault::new("a benchmark cannot be read").at(file, Some(line)).got(got);
            pipeline::Error::Input(fault.expected(expected).cure("correct the line, or `method`")).into()
        }
        other => anyhow::Error::from(other).context(format!("cannot read {}", file.display())),
    }
}
