//! `pretrain`: a base model learns to predict the next token.

mod card;
mod forecast;

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::Context;
use bpe::{Bpe, Tokenizer, Vocabulary};
use model::checkpoint::Special;
use model::{
    AdamW, AdamWSettings, Checkpoints, Config, Decoder, Draw, Evaluation, Family, Guard, KneserNey, Muon,
    NextToken, Optimizer, Packed, Params, Plan, Progress, Recompute, Schedule, Tokens, Width, evaluate,
};
use pipeline::{Class, Io, Output, Signature, Slot, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shard::{Metrics, Samples, Table};

use super::special;
use super::training::{Asked, Curves, Log, Work, Writing, copy_tree, flatten};

/// Trains a base model on token ids: documents packed into rows without a loss, Muon and AdamW.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Pretrain {
    /// Size of the model; its vocabulary is the tokenizer's.
    pub model: Architecture,
    /// Optimizer steps.
    #[schemars(extend("unit" = "steps"))]
    pub steps: u64,
    /// Rows of one batch, each as long as the context.
    #[schemars(extend("unit" = "rows"))]
    pub rows: usize,
    /// Batches that one step averages over.
    #[schemars(extend("unit" = "batches"))]
    pub accumulation: usize,
    /// Gradients longer than this are shortened to it.
    #[schemars(extend("source" = "Pascanu et al. 2013, algorithm 1"))]
    pub clip_norm: f64,
    /// The learning rate over the steps.
    pub schedule: Schedule,
    /// What moves the weight matrices of layers; embeddings, head and norms always move by AdamW.
    pub matrices: Matrices,
    /// Moments of AdamW, the decay of all matrices, and parameters that learn otherwise.
    pub optimizer: AdamWSettings,
    /// When the run is given up because its loss went up and stayed there.
    #[schemars(extend("source" = "Chowdhery et al. 2022, section 5.1"))]
    pub guard: Guard,
    /// Steps between checkpoints, from which a killed run goes on; 0 for none.
    #[schemars(extend("unit" = "steps"))]
    pub checkpoint_every: u64,
    /// Steps between measurements on held-out documents; the last step is always measured. 0 for the last only.
    #[schemars(extend("unit" = "steps"))]
    pub validate_every: u64,
    /// Most rows of held-out text that a measurement reads.
    #[schemars(extend("unit" = "rows"))]
    pub validation_rows: usize,
    /// Order of a Kneser-Ney model that is measured beside it: what counting alone predicts; 0 for none.
    #[schemars(extend("unit" = "tokens"), extend("source" = "Chen and Goodman 1999"))]
    pub ngram: usize,
    /// What the backward pass computes a second time to save memory.
    pub recompute: Recompute,
    /// Steps between texts that the model writes while it learns; 0 for none.
    #[schemars(extend("unit" = "steps"))]
    pub sample_every: u64,
    /// What it continues then; an empty prompt begins a document.
    pub prompts: Vec<String>,
}

/// What moves the weight matrices of layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Matrices {
    /// AdamW, as all the rest.
    Adamw,
    /// Muon: momentum made orthogonal.
    Muon,
}

impl Matrices {
    /// An optimizer that has not taken a step.
    pub(super) fn optimizer(self, settings: &AdamWSettings) -> Box<dyn Optimizer> {
        match self {
            Self::Adamw => Box::new(AdamW::new(settings.clone())),
            Self::Muon => Box::new(Muon::new(settings.clone())),
        }
    }
}

/// The kind and the size of a decoder.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Architecture {
    /// The kind of decoder.
    pub family: Family,
    /// Most positions that the model can look back over.
    #[schemars(extend("unit" = "tokens"))]
    pub context: usize,
    /// Size of the residual stream.
    pub width: usize,
    /// Number of blocks.
    pub layers: usize,
    /// Query heads; they divide the width.
    pub heads: usize,
    /// Key and value heads; they divide the query heads.
    #[schemars(extend("source" = "grouped-query attention, arXiv 2305.13245"))]
    pub kv_heads: usize,
    /// Inner size of the feed-forward network.
    pub hidden: usize,
    /// Logits stay between this and its negative; 0 for no bounds. For nanochat only.
    #[schemars(extend("source" = "Gemma Team 2024, arXiv 2408.00118"))]
    pub softcap: f64,
    /// Whether the head is the embedding matrix, used a second time.
    pub tied: bool,
}

impl Default for Architecture {
    fn default() -> Self {
        let Config { family, context, width, layers, heads, kv_heads, hidden, softcap, tied, .. } =
            Config::default();
        Self { family, context, width, layers, heads, kv_heads, hidden, softcap, tied }
    }
}

impl Default for Pretrain {
    fn default() -> Self {
        let Plan { steps, accumulation, clip_norm, schedule, guard } = Plan::default();
        Self {
            model: Architecture::default(),
            steps,
            rows: 16,
            accumulation,
            clip_norm,
            schedule,
            matrices: Matrices::Muon,
            optimizer: AdamWSettings::default(),
            guard,
            checkpoint_every: 50,
            validate_every: 100,
            validation_rows: 64,
            ngram: 0,
            recompute: Recompute::default(),
            sample_every: 0,
            prompts: ["", "The town of"].map(str::to_owned).to_vec(),
        }
    }
}

impl Stage for Pretrain {
    fn signature(&self) -> Signature {
        Signature {
            class: Class::Numeric,
            random: true,
            reads: vec![Slot::new("tokens", "tokens/1"), Slot::new("tokenizer", "tokenizer/1")],
            writes: vec![
                Output::new("checkpoint", "checkpoint/1"),
                Output::new("metrics", Metrics::NAME),
                Output::new("samples", Samples::NAME),
            ],
            sources: &["model", "bpe"],
            ..Signature::exact(4)
        }
    }

    fn forecast(&self, above: &dyn Fn(&str) -> Option<Value>) -> Vec<String> {
        let size = above("tokenizer").and_then(|tokenizer| tokenizer["vocab_size"].as_u64());
        forecast::lines(self, size.map(|size| size as usize))
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let tokenizer = io.input("tokenizer")?.directory()?;
        let bpe = Bpe::load(tokenizer)?;
        let vocabulary = bpe.vocabulary();
        let bos = special::id(vocabulary, "<|bos|>")?;
        let scratch = io.scratch()?;
        let width = Width::of(vocabulary.size());
        let most = (self.validation_rows * self.model.context + 1) as u64;
        let [train, held_out] = flatten(io, bos, width, &scratch, most)?;
        io.count("training_tokens", train.tokens);
        io.count("held_out_tokens", held_out.tokens);
        let (train, held_out) = (train.path, held_out.path);

        let config = self.config(vocabulary.size());
        let params = Params::new(io.seed("parameters"));
        let decoder = Decoder::new(&config, &params, "")?.recomputing(self.recompute);
        let mut batches =
            Packed::shuffled(Tokens::open(&train, width)?, config.context, self.rows, bos, io.seed("order"))?;
        let mut optimizer = self.matrices.optimizer(&self.optimizer);
        let plan = Plan {
            steps: self.steps,
            accumulation: self.accumulation,
            clip_norm: self.clip_norm,
            schedule: self.schedule.clone(),
            guard: self.guard.clone(),
        };
        let special = Special { begin: Some(bos), end: vec![bos] };
        let checkpoints = Checkpoints {
            directory: scratch.join("checkpoints"),
            every: self.checkpoint_every,
            keep: 2,
            config,
            special,
        };
        let begun = Work::begun(&checkpoints)?;
        let mut curves = Curves(Log::open(&scratch.join("metrics.jsonl"), begun)?);
        let begun_by = |text: &String| {
            let mut ids = vec![bos];
            bpe.encode(text, &mut ids);
            Asked { text: text.clone(), ids }
        };
        let mut writing = Writing {
            prompts: self.prompts.iter().map(begun_by).collect(),
            bpe: &bpe,
            stop: vec![bos],
            draw: Draw { temperature: 0.8, top_p: 0.95, ..Draw::default() },
            seed: io.seed("samples"),
            log: Log::open(&scratch.join("samples.jsonl"), begun)?,
        };

        let validation = Validation { tokens: held_out, width, bos, bytes: token_bytes(vocabulary) };
        let objective = NextToken(&decoder);
        let work = Work { io, params: &params, plan, checkpoints: &checkpoints, per_round: 1 };
        work.run(&mut batches, &objective, &mut *optimizer, &mut |progress: &Progress| {
            self.note(progress, &decoder, &validation, &mut curves)?;
            if self.sample_every > 0 && progress.step.is_multiple_of(self.sample_every) {
                writing.write(progress.step, &decoder)?;
            }
            Ok(ControlFlow::Continue(()))
        })?;

        let (_, newest) = checkpoints.newest()?.context("training took no step: `steps` is 0")?;
        let folder = io.output("checkpoint")?;
        copy_tree(&newest, &folder)?;
        copy_tree(tokenizer, &folder)?;
        if self.ngram > 0 {
            let counts = KneserNey::new(&Tokens::open(&train, width)?, vocabulary.size(), self.ngram, bos)?;
            let evaluation = counts.evaluate(&Tokens::open(&validation.tokens, width)?, &validation.bytes)?;
            curves.push(self.steps, "ngram_bits_per_byte", evaluation.bits_per_byte())?;
        }
        let tokens_read = self.steps * (self.accumulation * self.rows * self.model.context) as u64;
        let facts = card::Facts {
            parameters: params.count(),
            tokens_read,
            training_tokens: Tokens::open(&train, width)?.len() as u64,
            measured: curves.last(),
            recipe: io.recipe().to_owned(),
        };
        fs::write(folder.join("README.md"), card::text(self, decoder.config(), &facts))?;
        io.add_tree("checkpoint")?;
        curves.finish(io, &task.shard())?;
        writing.finish(io, &task.shard())?;
        io.count("parameters", params.count() as u64);
        io.count("steps", self.steps);
        io.count("tokens_read", tokens_read);
        io.count("flops", (decoder.config().flops_per_token() * tokens_read as f64) as u64);
        Ok(())
    }
}

impl Pretrain {
    fn config(&self, vocabulary: usize) -> Config {
        let Architecture { family, context, width, layers, heads, kv_heads, hidden, softcap, tied } =
            self.model;
        let sizes = Config { context, width, layers, heads, kv_heads, hidden, ..Config::default() };
        Config { family, vocabulary, softcap, tied, ..sizes }
    }

    fn note(
        &self,
        progress: &Progress,
        decoder: &Decoder,
        validation: &Validation,
        curves: &mut Curves,
    ) -> anyhow::Result<()> {
        let Progress { step, loss, lr, grad_norm, weight } = *progress;
        for (name, value) in [("loss", loss), ("lr", lr), ("grad_norm", grad_norm), ("tokens", weight)] {
            curves.push(step, name, value)?;
        }
        let due = self.validate_every > 0 && step.is_multiple_of(self.validate_every);
        if (due || step == self.steps)
            && let Some(evaluation) = validation.measure(decoder)?
        {
            curves.push(step, "validation_loss", evaluation.loss())?;
            curves.push(step, "validation_bits_per_byte", evaluation.bits_per_byte())?;
        }
        Ok(())
    }
}

/// Held-out documents, and what is needed to measure on them.
struct Validation {
    tokens: PathBuf,
    width: Width,
    bos: u32,
    bytes: Vec<u32>,
}

impl Validation {
    /// Loss and bits per byte; nothing when too few documents are held out to fill a row.
    fn measure(&self, decoder: &Decoder) -> anyhow::Result<Option<Evaluation>> {
        let context = decoder.config().context;
        let ids = Tokens::open(&self.tokens, self.width)?;
        if ids.len() <= context {
            return Ok(None);
        }
        let mut rows = Packed::sequential(ids, context, 8, self.bos)?;
        Ok(Some(evaluate(&decoder.detached(), &mut rows, &self.bytes)?))
    }
}

/// The length of each token's text; special tokens have none.
fn token_bytes(vocabulary: &Vocabulary) -> Vec<u32> {
    let length = |id| {
        if vocabulary.is_special(id) { 0 } else { vocabulary.token(id).map_or(0, |token| token.len() as u32) }
    };
    (0..vocabulary.size() as u32).map(length).collect()
}
