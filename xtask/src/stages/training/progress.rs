//! How a training goes: its numbers, and what the model writes on the way.

use bpe::Bpe;
use model::{Decoder, Draw, Limits, Prompt, Random, generate};
use pipeline::Io;
use serde::{Deserialize, Serialize};
use shard::{Metrics, Samples, metrics, samples};

use super::Log;
use crate::stages::{shards, words};

/// Tokens of a text that is written on the way.
const TOKENS: usize = 48;

/// Metrics of which the last value is worth telling.
const GOOD: [&str; 10] = [
    "loss",
    "validation_loss",
    "validation_bits_per_byte",
    "ngram_bits_per_byte",
    "reward",
    "right",
    "validation_right",
    "validation_length",
    "validation_gold",
    "validation_proxy",
];

/// Numbers by step.
pub(in crate::stages) struct Curves(pub(in crate::stages) Log<Number>);

#[derive(Serialize, Deserialize)]
pub(in crate::stages) struct Number {
    name: String,
    /// The bits of an f64: decimal digits might not come back the same.
    bits: u64,
}

impl Curves {
    pub(in crate::stages) fn push(&mut self, step: u64, name: &str, value: f64) -> anyhow::Result<()> {
        self.0.push(step, Number { name: name.to_owned(), bits: value.to_bits() })
    }

    /// The last value of each metric that says how good the model is, in the order in which they were first noted.
    pub(in crate::stages) fn last(&self) -> Vec<(String, f64)> {
        let mut found: Vec<(String, f64)> = vec![];
        for (_, Number { name, bits }) in self.0.rows().iter().filter(|(_, row)| GOOD.contains(&&*row.name)) {
            let value = f64::from_bits(*bits);
            match found.iter_mut().find(|(known, _)| known == name) {
                Some((_, last)) => *last = value,
                None => found.push((name.clone(), value)),
            }
        }
        found
    }

    /// Writes the table, and the last value of each metric for the stage's line.
    pub(in crate::stages) fn finish(self, io: &Io, shard: &str) -> anyhow::Result<()> {
        let mut writer = shards::create::<Metrics>(io, "metrics", shard)?;
        for (name, value) in self.last() {
            io.metric(&name, value);
        }
        for (step, Number { name, bits }) in self.0.rows() {
            writer.push(&metrics::Row { step: *step as i64, name, value: f64::from_bits(*bits) })?;
        }
        shards::finish(io, "metrics", writer)
    }
}

/// What a model is to continue.
pub(in crate::stages) struct Asked {
    /// As people read it.
    pub(in crate::stages) text: String,
    /// As the model does.
    pub(in crate::stages) ids: Vec<u32>,
}

/// Texts by step.
pub(in crate::stages) struct Writing<'a> {
    pub(in crate::stages) prompts: Vec<Asked>,
    pub(in crate::stages) bpe: &'a Bpe,
    /// Tokens that end a text.
    pub(in crate::stages) stop: Vec<u32>,
    pub(in crate::stages) draw: Draw,
    pub(in crate::stages) seed: u64,
    pub(in crate::stages) log: Log<Written>,
}

#[derive(Serialize, Deserialize)]
pub(in crate::stages) struct Written {
    prompt: String,
    text: String,
    tokens: usize,
    stopped: bool,
}

impl Writing<'_> {
    /// Lets the model continue every prompt. The same step writes the same texts, whatever came before it.
    pub(in crate::stages) fn write(&mut self, step: u64, decoder: &Decoder) -> anyhow::Result<()> {
        let prompts: Vec<Prompt> = self.prompts.iter().map(|prompt| self.prompt(step, prompt)).collect();
        let limits = Limits {
            new_tokens: TOKENS,
            context: decoder.config().context,
            stop: self.stop.clone(),
            ..Limits::default()
        };
        let completions = generate(&decoder.detached(), &prompts, &self.draw, &limits)?;
        for (prompt, completion) in self.prompts.iter().zip(completions) {
            let text = Written {
                prompt: prompt.text.clone(),
                text: words::of(self.bpe, &completion.ids),
                tokens: completion.ids.len(),
                stopped: completion.stopped_by.is_some(),
            };
            self.log.push(step, text)?;
        }
        Ok(())
    }

    fn prompt(&self, step: u64, Asked { text, ids }: &Asked) -> Prompt {
        let seed = Random::new(self.seed, &format!("step {step}, {text}")).below(u64::MAX);
        Prompt { ids: ids.clone(), seed }
    }

    /// Writes the table.
    pub(in crate::stages) fn finish(self, io: &Io, shard: &str) -> anyhow::Result<()> {
        let mut writer = shards::create::<Samples>(io, "samples", shard)?;
        for (step, Written { prompt, text, tokens, stopped }) in self.log.rows() {
            writer.push(&samples::Row {
                step: *step as i64,
                prompt,
                text,
                tokens: *tokens as i64,
                ended_by: if *stopped { "stop" } else { "length" },
            })?;
        }
        shards::finish(io, "samples", writer)
    }
}
