//! `eval`: how a model does on benchmarks that one brings.

mod file;
mod finished;
mod measure;

use anyhow::Context;
use bpe::{Bpe, Tokenizer, Vocabulary};
use eval::{Encoding, Subject};
use pipeline::{Class, Error, Fault, Io, Output, Outside, Signature, Slot, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{Scores, Table};

use super::{brought, shards};

pub use file::{BenchmarkFile, Method};
pub use measure::{AGGREGATE, Figures, Named, measure};

/// Asks a model the questions of benchmarks, in files that you bring.
///
/// For each benchmark and each metric `scores/1` has the mean over its items, with an interval of the bootstrap (item
/// `all`), and the value of every item; of all benchmarks that can be guessed, the mean of accuracies centred at chance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Eval {
    /// What is asked.
    pub benchmarks: Vec<BenchmarkFile>,
    /// The special token that stands before every text, as in training; empty for models that learned without.
    pub begin: String,
    /// Special tokens that end what the model writes; `begin` does too.
    pub stop: Vec<String>,
    /// Draws of the bootstrap.
    #[schemars(extend("unit" = "draws"))]
    pub draws: usize,
}

impl Default for Eval {
    fn default() -> Self {
        Self { benchmarks: vec![], begin: "<|bos|>".to_owned(), stop: vec![], draws: 1_000 }
    }
}

impl Stage for Eval {
    fn signature(&self) -> Signature {
        let outside = |(at, benchmark): (usize, &BenchmarkFile)| {
            Outside::new(format!("/benchmarks/{at}/file"), &benchmark.file).cure(&benchmark.get)
        };
        let signature = Signature {
            class: Class::Numeric,
            random: true,
            reads: vec![Slot::new("checkpoint", "checkpoint/1"), Slot::new("tokenizer", "tokenizer/1")],
            writes: vec![Output::new("scores", Scores::NAME)],
            sources: &["eval", "model", "bpe"],
            ..Signature::exact(1)
        };
        brought::declared(signature, self.benchmarks.iter().enumerate().map(outside))
    }

    fn check(&self) -> Result<(), Fault> {
        if self.benchmarks.is_empty() {
            let fault = Fault::new("`benchmarks` names nothing").on("/benchmarks").got("[]");
            return Err(fault.expected("at least one benchmark").cure(
                "write benchmarks = [{ name = \"piqa\", file = \"path/to/piqa.jsonl\", method = { choice = \"sum\" } }]",
            ));
        }
        self.benchmarks
            .iter()
            .enumerate()
            .try_for_each(|(at, benchmark)| benchmark.check(at, &self.benchmarks))
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let bpe = Bpe::load(io.input("tokenizer")?.directory()?)?;
        let (_, decoder) = model::checkpoint::load(io.input("checkpoint")?.directory()?)?;
        let vocabulary = bpe.vocabulary();
        let begin = if self.begin.is_empty() { None } else { Some(special(vocabulary, &self.begin)?) };
        let mut stop: Vec<u32> = begin.into_iter().collect();
        for name in &self.stop {
            stop.push(special(vocabulary, name)?);
        }
        let mut named = vec![];
        for (at, benchmark) in self.benchmarks.iter().enumerate() {
            let files = brought::files(io, &format!("/benchmarks/{at}/file"), &benchmark.file)?;
            named.push(Named {
                name: benchmark.name.clone(),
                benchmark: benchmark.read(&files, io.seed("shots"), &stop)?,
                items: benchmark.items,
            });
        }
        let model = decoder.detached();
        let encoding = Encoding { tokenizer: &bpe, begin };
        let context = decoder.config().context;
        let subject = Subject { seed: io.seed("answers"), ..Subject::new(&model, encoding, context) };
        let figures = measure(io, &subject, &named, self.draws)?;
        let mut out = shards::create::<Scores>(io, "scores", &task.shard())?;
        figures.write(io.stage(), &mut out).context("cannot write the scores")?;
        shards::finish(io, "scores", out)
    }
}

fn special(vocabulary: &Vocabulary, name: &str) -> anyhow::Result<u32> {
    let missing = || {
        let known: Vec<&str> = vocabulary.specials().map(|(_, name)| name).collect();
        let known = if known.is_empty() { "no special token".to_owned() } else { known.join(", ") };
        let fault = Fault::new("the tokenizer lacks a special token that a setting names").got(name);
        Error::Input(
            fault.expected(known).cure("correct `begin` or `stop`; begin = \"\" puts nothing before a text"),
        )
    };
    Ok(vocabulary.special(name).ok_or_else(missing)?)
}
