//! How a training goes: its numbers, and what the model writes on the way.

use bpe::{Bpe, Tokenizer};
use model::{Decoder, Draw, Limits, Prompt, Random, generate};
use pipeline::Io;
use serde::{Deserialize, Serialize};
use shard::{Metrics, Samples, metrics, samples};

use super::log::Log;
use crate::stages::shards;

/// Tokens of a text that is written on the way.
const TOKENS: usize = 48;

/// Metrics of which the last value is worth telling.
const GOOD: [&str; 4] = ["loss", "validation_loss", "validation_bits_per_byte", "ngram_bits_per_byte"];

/// Numbers by step.
pub(super) struct Curves(pub(super) Log<Number>);

#[derive(Serialize, Deserialize)]
pub(super) struct Number {
    name: String,
    /// The bits of an f64: decimal digits might not come back the same.
    bits: u64,
}

impl Curves {
    pub(super) fn push(&mut self, step: u64, name: &str, value: f64) -> anyhow::Result<()> {
        self.0.push(step, Number { name: name.to_owned(), bits: value.to_bits() })
    }

    /// The last value of each metric that says how good the model is, in the order in which they were first noted.
    pub(super) fn last(&self) -> Vec<(String, f64)> {
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
    pub(super) fn finish(self, io: &Io, shard: &str) -> anyhow::Result<()> {
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

/// Texts by step.
pub(super) struct Writing<'a> {
    pub(super) prompts: &'a [String],
    pub(super) bpe: &'a Bpe,
    pub(super) begin: u32,
    pub(super) seed: u64,
    pub(super) log: Log<Written>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Written {
    prompt: String,
    text: String,
    tokens: usize,
    stopped: bool,
}

impl Writing<'_> {
    /// Lets the model continue every prompt. The same step writes the same texts, whatever came before it.
    pub(super) fn write(&mut self, step: u64, decoder: &Decoder) -> anyhow::Result<()> {
        let prompts: Vec<Prompt> = self.prompts.iter().map(|prompt| self.prompt(step, prompt)).collect();
        let draw = Draw { temperature: 0.8, top_p: 0.95, ..Draw::default() };
        let limits = Limits {
            new_tokens: TOKENS,
            context: decoder.config().context,
            stop: vec![self.begin],
            ..Limits::default()
        };
        let completions = generate(&decoder.detached(), &prompts, &draw, &limits)?;
        for (prompt, completion) in self.prompts.iter().zip(completions) {
            let mut bytes = vec![];
            self.bpe.decode(&completion.ids, &mut bytes);
            let text = Written {
                prompt: prompt.clone(),
                text: String::from_utf8_lossy(&bytes).into_owned(),
                tokens: completion.ids.len(),
                stopped: completion.stopped_by.is_some(),
            };
            self.log.push(step, text)?;
        }
        Ok(())
    }

    fn prompt(&self, step: u64, prompt: &str) -> Prompt {
        let mut ids = vec![self.begin];
        self.bpe.encode(prompt, &mut ids);
        Prompt { ids, seed: Random::new(self.seed, &format!("step {step}, {prompt}")).below(u64::MAX) }
    }

    /// Writes the table.
    pub(super) fn finish(self, io: &Io, shard: &str) -> anyhow::Result<()> {
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
