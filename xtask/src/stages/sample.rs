//! `sample`: what a model writes, unedited.

use bpe::{Bpe, Tokenizer};
use model::{Draw, Limits, Prompt, generate};
use pipeline::{Class, Io, Output, Signature, Slot, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{Samples, Table, samples};

use super::{shards, special, words};

/// Text written by a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sample {
    /// What to continue; an empty prompt begins a document.
    pub prompts: Vec<String>,
    /// Continuations of each prompt.
    #[schemars(extend("unit" = "texts"))]
    pub each: usize,
    /// Most tokens to add.
    #[schemars(extend("unit" = "tokens"))]
    pub tokens: usize,
    /// How a token is drawn.
    pub draw: Draw,
}

impl Default for Sample {
    fn default() -> Self {
        let prompts = ["", "The town of", "Every year in autumn", "To cook"].map(str::to_owned).to_vec();
        Self { prompts, each: 2, tokens: 96, draw: Draw { temperature: 0.8, top_p: 0.95, ..Draw::default() } }
    }
}

impl Stage for Sample {
    fn signature(&self) -> Signature {
        Signature {
            class: Class::Numeric,
            random: true,
            reads: vec![Slot::new("checkpoint", "checkpoint/1"), Slot::new("tokenizer", "tokenizer/1")],
            writes: vec![Output::new("samples", Samples::NAME)],
            sources: &["model", "bpe"],
            ..Signature::exact(2)
        }
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let bpe = Bpe::load(io.input("tokenizer")?.directory()?)?;
        let bos = special::id(bpe.vocabulary(), "<|bos|>")?;
        let checkpoint = io.input("checkpoint")?;
        let (_, decoder) = model::checkpoint::load(checkpoint.directory()?)?;
        let mut prompts = vec![];
        for (i, prompt) in self.prompts.iter().enumerate() {
            let mut ids = vec![bos];
            bpe.encode(prompt, &mut ids);
            for sample in 0..self.each {
                prompts.push(Prompt {
                    ids: ids.clone(),
                    seed: io.seed(&format!("prompt {i}, sample {sample}")),
                });
            }
        }
        let limits = Limits {
            new_tokens: self.tokens,
            context: decoder.config().context,
            stop: vec![bos],
            ..Limits::default()
        };
        let completions = generate(&decoder.detached(), &prompts, &self.draw, &limits)?;
        let mut writer = shards::create::<Samples>(io, "samples", &task.shard())?;
        let step = checkpoint.counter("steps").unwrap_or(0) as i64;
        for (i, completion) in completions.iter().enumerate() {
            writer.push(&samples::Row {
                step,
                prompt: &self.prompts[i / self.each],
                text: &words::of(&bpe, &completion.ids),
                tokens: completion.ids.len() as i64,
                ended_by: if completion.stopped_by.is_some() { "stop" } else { "length" },
            })?;
            io.count("samples", 1);
            io.count("sampled_tokens", completion.ids.len() as u64);
        }
        shards::finish(io, "samples", writer)
    }
}
