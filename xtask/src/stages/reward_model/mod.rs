//! `reward-model`: what people prefer, as a number (Ouyang et al. 2022, arXiv 2203.02155, section 3.5).

mod measure;

use std::cell::RefCell;
use std::ops::ControlFlow;

use model::{AdamWSettings, Checkpoints, Decay, Guard, Plan, Progress, Recompute, Schedule};
use pipeline::{Class, Fault, Io, Output, Signature, Slot, Stage, Task};
use rlhf_reward::folder::Folder;
use rlhf_reward::{
    Frozen, FrozenModel, Preference, PreferenceModel, Ranked, RankingBatch, RewardModel as Scorer, Shuffled,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sft::Protocol;
use shard::{Dropped, Metrics, Preferences, Scores, Table};

use super::preferences::{Rankings, agrees, read};
use super::pretrain::Matrices;
use super::scores::Sheet;
use super::training::{Curves, Log, Speech, Work, keep_counts, write_model};
use measure::Measured;

/// Puts a head on a language model that gives an answer a number, and trains it on rankings: all pairs of a ranking at once,
/// each answer read once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RewardModel {
    /// How a conversation is written as tokens; by default as the tokenizer's special tokens suggest.
    pub protocol: Option<Protocol>,
    /// Only rankings whose source ends with one of these are learned from; without any, all but `held_out`.
    pub sources: Vec<String>,
    /// Rankings whose source ends with one of these are measured on and never learned from.
    pub held_out: Vec<String>,
    /// Of all other rankings this share is held out too.
    pub hold_out: f64,
    /// Whether the body learns too, or only the head.
    pub body: Body,
    /// Passes over the rankings.
    #[schemars(extend("unit" = "passes"), extend("source" = "one, Ouyang et al. 2022, appendix C.2"))]
    pub epochs: u64,
    /// Rankings of a step.
    #[schemars(extend("unit" = "rankings"))]
    pub rankings: usize,
    /// Most tokens of a batch; a step averages over as many batches as it needs.
    #[schemars(extend("unit" = "tokens"))]
    pub tokens_per_batch: usize,
    /// How much scores are drawn to a mean of 0.
    #[schemars(extend("source" = "Eisenstein et al. 2023, arXiv 2312.09244"))]
    pub centring: f64,
    /// What labelers say of how much better an answer is.
    pub margins: Margins,
    /// Gradients longer than this are shortened to it.
    #[schemars(extend("source" = "Pascanu et al. 2013, algorithm 1"))]
    pub clip_norm: f64,
    /// The learning rate over the steps.
    pub schedule: Schedule,
    /// What moves the weight matrices of layers; all the rest moves by AdamW.
    pub matrices: Matrices,
    /// Moments of AdamW, the decay of all matrices, and parameters that learn otherwise.
    pub optimizer: AdamWSettings,
    /// What the backward pass computes a second time to save memory.
    pub recompute: Recompute,
    /// Steps between checkpoints, from which a killed run goes on; 0 for one at the end.
    #[schemars(extend("unit" = "steps"))]
    pub checkpoint_every: u64,
    /// Steps between measurements on held-out rankings; the last step is always measured. 0 for that only.
    #[schemars(extend("unit" = "steps"))]
    pub measure_every: u64,
}

/// Whether the body of a reward model learns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Body {
    /// All parameters learn.
    #[default]
    Learns,
    /// Only the head learns, from hidden states that are computed once.
    Frozen,
}

/// What becomes of what labelers say of how much better an answer is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Margins {
    /// Nobody looks at it.
    #[default]
    Ignored,
    /// Scores are to differ by that much (Touvron et al. 2023, arXiv 2307.09288, equation 2).
    Learned,
}

impl Default for RewardModel {
    fn default() -> Self {
        Self {
            protocol: None,
            sources: vec![],
            held_out: vec!["/test".to_owned()],
            hold_out: 0.0,
            body: Body::Learns,
            epochs: 1,
            rankings: 16,
            tokens_per_batch: 4_096,
            centring: 0.01,
            margins: Margins::Ignored,
            clip_norm: 1.0,
            schedule: Schedule { peak: 1e-3, warmup_steps: 10, decay: Decay::Cosine, floor: 0.1 },
            matrices: Matrices::Adamw,
            optimizer: AdamWSettings { weight_decay: 0.0, ..AdamWSettings::default() },
            recompute: Recompute::default(),
            checkpoint_every: 100,
            measure_every: 100,
        }
    }
}

impl Stage for RewardModel {
    fn signature(&self) -> Signature {
        Signature {
            class: Class::Numeric,
            random: true,
            reads: vec![
                Slot::new("preferences", Preferences::NAME),
                Slot::new("checkpoint", "checkpoint/1"),
                Slot::new("tokenizer", "tokenizer/1"),
            ],
            writes: vec![
                Output::new("reward", "reward/1"),
                Output::new("metrics", Metrics::NAME),
                Output::new("scores", Scores::NAME),
                Output::new("dropped", Dropped::NAME),
            ],
            sources: &["model", "bpe", "sft", "rl", "rlhf-reward"],
            ..Signature::exact(1)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let positive = [
            ("/epochs", self.epochs as usize),
            ("/rankings", self.rankings),
            ("/tokens_per_batch", self.tokens_per_batch),
        ];
        let wrong = |on: &str, got: String, expected: &str| {
            Err(Fault::new("this makes no sense").on(on).got(got).expected(expected))
        };
        if let Some((on, _)) = positive.into_iter().find(|(_, value)| *value == 0) {
            return wrong(on, "0".into(), "1 or more");
        }
        if !(0.0..1.0).contains(&self.hold_out) {
            return wrong("/hold_out", self.hold_out.to_string(), "0, or less than 1");
        }
        Ok(())
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let speech = Speech::open(io, self.protocol)?;
        let Speech { bpe, template, .. } = &speech;
        let before = io.input("checkpoint")?;
        let Folder { params, body, head } = Folder::begin(before.directory()?, io.seed("head"))?;
        let config = body.config().clone();
        agrees(bpe, &config, before.directory()?)?;
        let sources = [&self.sources[..], &self.held_out[..]];
        let Rankings { mut learn, held_out } =
            read(io, task, (sources, self.hold_out), bpe, &**template, config.context)?;
        if self.margins == Margins::Ignored {
            for preference in &mut learn {
                preference.margins = None;
            }
        }

        let frozen = match self.body {
            Body::Learns => None,
            Body::Frozen => {
                Some(Frozen::read(&body.detached(), learn.iter().chain(&held_out), self.tokens_per_batch)?)
            }
        };
        let build = |items: &[usize]| -> model::Result<RankingBatch> {
            let mut batch = RankingBatch::default();
            for &item in items {
                batch.push(&learn[item]);
            }
            let asked = items.iter().flat_map(|&item| {
                let Preference { prompt, answers, .. } = &learn[item];
                answers.iter().map(|answer| (&prompt[..], &answer[..]))
            });
            batch.hidden = frozen.as_ref().map(|frozen| frozen.of(asked)).transpose()?;
            Ok(batch)
        };
        let sizes = learn.iter().map(size).collect();
        let mut batches =
            Shuffled::new(sizes, self.rankings, self.tokens_per_batch, io.seed("order"), &build);
        let steps = (learn.len() as u64 * self.epochs).div_ceil(self.rankings as u64);
        let scratch = io.scratch()?;
        let special = speech.special();
        let checkpoints = Checkpoints {
            directory: scratch.join("checkpoints"),
            every: self.checkpoint_every,
            keep: 2,
            config: config.clone(),
            special: special.clone(),
        };
        let begun = Work::begun(&checkpoints)?;
        let mut curves = Curves(Log::open(&scratch.join("metrics.jsonl"), begun)?);
        let learner = body.clone().recomputing(self.recompute);
        let objective = Ranked {
            reward: Scorer { body: &learner, head: head.clone() },
            centring: self.centring,
            seen: RefCell::default(),
        };
        let fixed = body.detached();
        let scorer: Box<dyn PreferenceModel + '_> = match &frozen {
            Some(frozen) => Box::new(FrozenModel { frozen, head: head.detach() }),
            None => Box::new(Scorer { body: &fixed, head: head.detach() }),
        };
        let mut optimizer = self.matrices.optimizer(&self.optimizer);
        let work = Work {
            io,
            params: &params,
            plan: Plan {
                steps,
                accumulation: usize::MAX,
                clip_norm: self.clip_norm,
                schedule: self.schedule.clone(),
                guard: Guard::default(),
            },
            checkpoints: &checkpoints,
            per_round: 1,
        };
        work.run(&mut batches, &objective, &mut *optimizer, &mut |progress: &Progress| {
            let Progress { step, loss, lr, grad_norm, .. } = *progress;
            let (pairs, right) = objective.seen.take();
            let accuracy = right / pairs.max(1) as f64;
            for (name, value) in
                [("loss", loss), ("accuracy", accuracy), ("lr", lr), ("grad_norm", grad_norm)]
            {
                curves.push(step, name, value)?;
            }
            let due = self.measure_every > 0 && step.is_multiple_of(self.measure_every);
            if (due || step == steps) && !held_out.is_empty() {
                let measured = Measured::of(&*scorer, &held_out)?;
                curves.push(step, "validation_loss", measured.loss())?;
                curves.push(step, "validation_accuracy", measured.accuracy())?;
            }
            Ok(ControlFlow::Continue(()))
        })?;

        let mut sheet = Sheet::default();
        for (name, rankings) in [("learned", &learn), ("held-out", &held_out)] {
            if !rankings.is_empty() {
                let measured = Measured::of(&*scorer, rankings)?;
                measured.note(name, &mut sheet);
                io.metric(&format!("accuracy_{}", name.replace('-', "_")), measured.accuracy());
            }
        }
        sheet.finish(io, task)?;
        write_model(io, "reward", (&config, &special), &params, [speech.directory, before.directory()?])?;
        io.add_tree("reward")?;
        curves.finish(io, &task.shard())?;
        io.count("parameters", params.count() as u64);
        io.count("steps", steps);
        keep_counts(io, before);
        Ok(())
    }
}

/// Tokens of a ranking in a row: the prompt once.
fn size(preference: &Preference) -> usize {
    preference.prompt.len() + preference.answers.iter().map(Vec::len).sum::<usize>()
}
