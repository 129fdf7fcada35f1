//! `sft`: a base model learns to answer, from conversations (Ouyang et al. 2022, arXiv 2203.02155, section 3.1).

mod card;
mod read;

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use bpe::{Bpe, Tokenizer};
use model::checkpoint::Special;
use model::{
    AdamWSettings, Checkpoints, Decoder, Draw, Guard, Lora, Params, Plan, Progress, Recompute, Schedule,
};
use pipeline::{Class, Fault, Io, Output, Signature, Slot, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sft::{
    Alone, BestFit, ExampleBatches, Message, Overlong, Protocol, Rendered, Role, Supervised, Template,
};
use shard::{Conversations, Dropped, Metrics, Samples, Table};

use super::pretrain::Matrices;
use super::training::{Asked, Curves, Log, Work, Writing, copy_tree, keep_counts};
use read::Talks;

/// Trains a model on conversations: only what the assistant says is learned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sft {
    /// How a conversation is written as tokens; by default as the tokenizer's special tokens suggest.
    pub protocol: Option<Protocol>,
    /// Only conversations whose source begins with one of these; without any, all.
    pub sources: Vec<String>,
    /// Most tokens of a conversation, and places of a row; 0 for the model's context.
    #[schemars(extend("unit" = "tokens"))]
    pub context: usize,
    /// What becomes of conversations that are longer.
    pub overlong: Overlong,
    /// Whether conversations share rows.
    pub packing: Sharing,
    /// How often conversations come in an epoch whose source begins with a name: 3 for three times, 0.5 for every other
    /// epoch. Others come once.
    pub weights: BTreeMap<String, f64>,
    /// The share of conversations that is held out, to measure on.
    pub hold_out: f64,
    /// Passes over the conversations.
    #[schemars(extend("unit" = "epochs"))]
    pub epochs: u64,
    /// Rows of one batch.
    #[schemars(extend("unit" = "rows"))]
    pub rows: usize,
    /// Batches that one step averages over, each by its learned tokens.
    #[schemars(extend("unit" = "batches"))]
    pub accumulation: usize,
    /// Gradients longer than this are shortened to it.
    #[schemars(extend("source" = "Pascanu et al. 2013, algorithm 1"))]
    pub clip_norm: f64,
    /// The learning rate over the steps.
    pub schedule: Schedule,
    /// What moves the weight matrices of layers; all the rest moves by AdamW.
    pub matrices: Matrices,
    /// Moments of AdamW, the decay of all matrices, and parameters that learn otherwise.
    pub optimizer: AdamWSettings,
    /// Adapters of low rank instead of all parameters; what comes out is merged.
    #[schemars(extend("source" = "Hu et al. 2021, arXiv 2106.09685"))]
    pub lora: Option<Lora>,
    /// When the run is given up because its loss went up and stayed there.
    pub guard: Guard,
    /// What the backward pass computes a second time to save memory.
    pub recompute: Recompute,
    /// Steps between checkpoints, from which a killed run goes on; 0 for none.
    #[schemars(extend("unit" = "steps"))]
    pub checkpoint_every: u64,
    /// Steps between measurements on what is held out; first and last are always measured. 0 for those only.
    #[schemars(extend("unit" = "steps"))]
    pub validate_every: u64,
    /// What is asked of the model before and after.
    pub questions: Vec<String>,
}

/// Whether conversations share rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sharing {
    /// As many as fit, best fit first; none sees another.
    Packed,
    /// A row each; what is left of it is padding.
    Padded,
}

impl Default for Sft {
    fn default() -> Self {
        let Plan { accumulation, clip_norm, guard, .. } = Plan::default();
        Self {
            protocol: None,
            sources: vec![],
            context: 0,
            overlong: Overlong::Refuse,
            packing: Sharing::Packed,
            weights: BTreeMap::new(),
            hold_out: 0.02,
            epochs: 2,
            rows: 8,
            accumulation,
            clip_norm,
            schedule: Schedule { peak: 1e-3, warmup_steps: 20, ..Schedule::default() },
            matrices: Matrices::Adamw,
            optimizer: AdamWSettings { weight_decay: 0.0, ..AdamWSettings::default() },
            lora: None,
            guard,
            recompute: Recompute::default(),
            checkpoint_every: 100,
            validate_every: 100,
            questions: ["Who are you?", "What is 23 + 48?"].map(str::to_owned).to_vec(),
        }
    }
}

impl Stage for Sft {
    fn signature(&self) -> Signature {
        Signature {
            class: Class::Numeric,
            random: true,
            reads: vec![
                Slot::new("conversations", Conversations::NAME),
                Slot::new("checkpoint", "checkpoint/1"),
                Slot::new("tokenizer", "tokenizer/1"),
            ],
            writes: vec![
                Output::new("checkpoint", "checkpoint/1"),
                Output::new("metrics", Metrics::NAME),
                Output::new("samples", Samples::NAME),
                Output::new("dropped", Dropped::NAME),
            ],
            sources: &["model", "bpe", "sft"],
            ..Signature::exact(1)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let wrong = |on: &str, got: String, expected: &str| {
            Err(Fault::new("this makes no sense").on(on).got(got).expected(expected))
        };
        if !(0.0..1.0).contains(&self.hold_out) {
            return wrong("/hold_out", self.hold_out.to_string(), "0, or less than 1");
        }
        if let Some((name, weight)) = self.weights.iter().find(|(_, weight)| !(0.0..=1e4).contains(*weight)) {
            return wrong(&format!("/weights/{name}"), weight.to_string(), "0 or more, and 10,000 at most");
        }
        if self.rows == 0 || self.epochs == 0 {
            return wrong(if self.rows == 0 { "/rows" } else { "/epochs" }, "0".into(), "1 or more");
        }
        Ok(())
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let tokenizer = io.input("tokenizer")?.directory()?;
        let bpe = Bpe::load(tokenizer)?;
        let protocol = self.protocol.unwrap_or_else(|| Protocol::of(bpe.vocabulary()));
        let template = protocol.template(bpe.vocabulary())?;
        let before = io.input("checkpoint")?;
        let (params, plain) = model::checkpoint::load(before.directory()?)?;
        let config = plain.config().clone();
        let context = if self.context == 0 { config.context } else { self.context.min(config.context) };
        let Talks { train, times, held_out } = self.read(io, task, &bpe, &*template, context)?;

        let packing = || -> Box<dyn sft::Packing> {
            match self.packing {
                Sharing::Packed => Box::new(BestFit),
                Sharing::Padded => Box::new(Alone),
            }
        };
        let seed = io.seed("order");
        let mut batches =
            ExampleBatches::shuffled(Arc::clone(&train), times, packing(), context, self.rows, seed)?;
        io.metric("packing_efficiency", batches.efficiency());
        let rows_per_step = (self.rows * self.accumulation.max(1)) as u64;
        let steps = (batches.rows() as u64 * self.epochs).div_ceil(rows_per_step);

        let adapters = Params::new(io.seed("adapters"));
        let learner = match &self.lora {
            Some(lora) => Decoder::adapted(&config, &params, "", lora, &adapters)?,
            None => plain.clone(),
        };
        let learner = learner.recomputing(self.recompute);
        let learned = if self.lora.is_some() { &adapters } else { &params };
        let mut optimizer = self.matrices.optimizer(&self.optimizer);
        let plan = Plan {
            steps,
            accumulation: self.accumulation,
            clip_norm: self.clip_norm,
            schedule: self.schedule.clone(),
            guard: self.guard.clone(),
        };
        let scratch = io.scratch()?;
        let special = Special { begin: bpe.vocabulary().special("<|bos|>"), end: template.ends().to_vec() };
        let checkpoints = Checkpoints {
            directory: scratch.join("checkpoints"),
            every: self.checkpoint_every,
            keep: 2,
            config: config.clone(),
            special: special.clone(),
        };
        let begun = Work::begun(&checkpoints)?;
        let mut curves = Curves(Log::open(&scratch.join("metrics.jsonl"), begun)?);
        let mut writing = Writing {
            prompts: self.asked(&*template, &bpe)?,
            bpe: &bpe,
            stop: template.ends().to_vec(),
            draw: Draw { temperature: 0.0, ..Draw::default() },
            seed: io.seed("samples"),
            log: Log::open(&scratch.join("samples.jsonl"), begun)?,
        };
        let measure = |curves: &mut Curves, step: u64| -> anyhow::Result<()> {
            if held_out.is_empty() {
                return Ok(());
            }
            let mut rows = ExampleBatches::sequential(Arc::clone(&held_out), packing(), context, self.rows)?;
            let measured = sft::evaluate(&learner.detached(), &mut rows)?;
            curves.push(step, "validation_loss", measured.loss())?;
            curves.push(step, "validation_accuracy", measured.accuracy())?;
            curves.push(step, "validation_entropy", measured.mean_entropy())
        };
        if begun == 0 {
            measure(&mut curves, 0)?;
            writing.write(0, &plain)?;
        }
        let work = Work { io, params: learned, plan, checkpoints: &checkpoints, per_round: 1 };
        work.run(&mut batches, &Supervised(&learner), &mut *optimizer, &mut |progress: &Progress| {
            let Progress { step, loss, lr, grad_norm, weight } = *progress;
            for (name, value) in [("loss", loss), ("lr", lr), ("grad_norm", grad_norm), ("tokens", weight)] {
                curves.push(step, name, value)?;
            }
            let due = self.validate_every > 0 && step.is_multiple_of(self.validate_every);
            if due || step == steps {
                measure(&mut curves, step)?;
            }
            Ok(ControlFlow::Continue(()))
        })?;

        if let Some(lora) = &self.lora {
            lora.merge(&config, &params, &adapters)?;
        }
        writing.write(steps, &plain)?;
        let folder = io.output("checkpoint")?;
        model::checkpoint::write(&folder, &config, &special, &params)?;
        copy_tree(tokenizer, &folder)?;
        add_template(&folder, &*template)?;
        let facts = card::Facts {
            parameters: params.count(),
            learned: learned.count(),
            conversations: train.len(),
            tokens: train.learned(),
            steps,
            measured: curves.last(),
            recipe: io.recipe().to_owned(),
        };
        fs::write(folder.join("README.md"), card::text(protocol, &facts))?;
        io.add_tree("checkpoint")?;
        curves.finish(io, &task.shard())?;
        writing.finish(io, &task.shard())?;
        io.count("parameters", params.count() as u64);
        io.count("learned_parameters", learned.count() as u64);
        io.count("steps", steps);
        keep_counts(io, before);
        Ok(())
    }
}

impl Sft {
    fn asked(&self, template: &dyn Template, bpe: &Bpe) -> anyhow::Result<Vec<Asked>> {
        let asked = self.questions.iter().map(|text| {
            let mut rendered = Rendered::default();
            template.render(&[Message::text(Role::User, text)], bpe, &mut rendered)?;
            template.open(bpe, &mut rendered);
            Ok(Asked { text: text.clone(), ids: rendered.ids })
        });
        asked.collect()
    }
}

/// Tells other programs how conversations are written: as `chat_template` of `tokenizer_config.json`.
fn add_template(folder: &Path, template: &dyn Template) -> anyhow::Result<()> {
    let path = folder.join("tokenizer_config.json");
    let mut config: BTreeMap<String, Value> = match fs::read(&path) {
        Ok(text) => {
            serde_json::from_slice(&text).with_context(|| format!("cannot read {}", path.display()))?
        }
        Err(_) => BTreeMap::new(),
    };
    if let Some(jinja) = template.jinja() {
        config.insert("chat_template".to_owned(), Value::from(jinja));
    }
    fs::write(&path, serde_json::to_string_pretty(&config)? + "\n")
        .with_context(|| format!("cannot write {}", path.display()))
}
