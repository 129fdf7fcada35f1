//! `dpo`: a chat model learns from preferences without a reward model (Rafailov et al. 2023, arXiv 2305.18290).

use std::cell::RefCell;
use std::ops::ControlFlow;

use model::{AdamWSettings, Checkpoints, Decay, Guard, Plan, Progress, Recompute, Schedule};
use pipeline::{Class, Fault, Io, Output, Signature, Slot, Stage, Task};
use rl::Drawing;
use rlhf_reward::math::Direct;
use rlhf_reward::{Pair, PairBatch, PreferenceModel, RewardModel as Scorer, Shuffled, log_probs, pairs};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sft::Protocol;
use shard::{Dropped, Metrics, Preferences, Problems, Table};

use super::preferences::{Gold, Probe, Rankings, Requests, agrees, judge, read, requests};
use super::pretrain::Matrices;
use super::training::{Curves, Log, Speech, Work, keep_counts, write_model};

/// Makes better answers likelier and worse ones less likely, measured against the model as it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Dpo {
    /// How a conversation is written as tokens; by default as the tokenizer's special tokens suggest.
    pub protocol: Option<Protocol>,
    /// Only rankings whose source ends with one of these are learned from; without any, all but `held_out`.
    pub sources: Vec<String>,
    /// Rankings and requests whose source ends with one of these are measured with and never learned from.
    pub held_out: Vec<String>,
    /// Of all other rankings this share is held out too.
    pub hold_out: f64,
    /// The loss of a pair.
    pub loss: Direct,
    /// How closely the model is held to what it was.
    #[schemars(extend("source" = "0.1, Rafailov et al. 2023, appendix B"))]
    pub beta: f64,
    /// Who knows what answers are worth, and is asked for nothing but to be shown.
    pub gold: Option<Gold>,
    /// Passes over the pairs.
    #[schemars(extend("unit" = "passes"))]
    pub epochs: u64,
    /// Pairs of a step.
    #[schemars(extend("unit" = "pairs"))]
    pub pairs: usize,
    /// Most tokens of a batch; a step averages over as many batches as it needs.
    #[schemars(extend("unit" = "tokens"))]
    pub tokens_per_batch: usize,
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
    /// Steps between measurements on held-out pairs and requests; first and last are always measured. 0 for those only.
    #[schemars(extend("unit" = "steps"))]
    pub measure_every: u64,
    /// Answers to each held-out request, where the input `problems` has some.
    #[schemars(extend("unit" = "answers"))]
    pub measure_group: usize,
    /// Most held-out requests that are measured with; 0 for all.
    #[schemars(extend("unit" = "requests"))]
    pub measure_most: usize,
    /// Most tokens of an answer.
    #[schemars(extend("unit" = "tokens"))]
    pub tokens: usize,
}

impl Default for Dpo {
    fn default() -> Self {
        Self {
            protocol: None,
            sources: vec![],
            held_out: vec!["/test".to_owned()],
            hold_out: 0.0,
            loss: Direct::Sigmoid { wrong_labels: 0.0 },
            beta: 0.1,
            gold: None,
            epochs: 1,
            pairs: 32,
            tokens_per_batch: 4_096,
            clip_norm: 1.0,
            schedule: Schedule { peak: 3e-4, warmup_steps: 10, decay: Decay::Linear, ..Schedule::default() },
            matrices: Matrices::Adamw,
            optimizer: AdamWSettings { weight_decay: 0.0, ..AdamWSettings::default() },
            recompute: Recompute::default(),
            checkpoint_every: 100,
            measure_every: 50,
            measure_group: 2,
            measure_most: 0,
            tokens: 64,
        }
    }
}

impl Stage for Dpo {
    fn signature(&self) -> Signature {
        Signature {
            class: Class::Numeric,
            random: true,
            reads: vec![
                Slot::new("preferences", Preferences::NAME),
                Slot::new("checkpoint", "checkpoint/1"),
                Slot::new("tokenizer", "tokenizer/1"),
                Slot::new("problems", Problems::NAME).optional(),
                Slot::new("reward", "reward/1").optional(),
            ],
            writes: vec![
                Output::new("checkpoint", "checkpoint/1"),
                Output::new("metrics", Metrics::NAME),
                Output::new("dropped", Dropped::NAME),
            ],
            sources: &["model", "bpe", "sft", "rl", "rlhf-reward", "grpo", "fixtures"],
            ..Signature::exact(1)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let wrong = |on: &str, got: String, expected: &str| {
            Err(Fault::new("this makes no sense").on(on).got(got).expected(expected))
        };
        let positive = [
            ("/epochs", self.epochs as usize),
            ("/pairs", self.pairs),
            ("/tokens_per_batch", self.tokens_per_batch),
            ("/measure_group", self.measure_group),
            ("/tokens", self.tokens),
        ];
        if let Some((on, _)) = positive.into_iter().find(|(_, value)| *value == 0) {
            return wrong(on, "0".into(), "1 or more");
        }
        if !(0.0..1.0).contains(&self.hold_out) {
            return wrong("/hold_out", self.hold_out.to_string(), "0, or less than 1");
        }
        if !(self.beta > 0.0 && self.beta.is_finite()) {
            return wrong("/beta", self.beta.to_string(), "more than 0");
        }
        if let Direct::Sigmoid { wrong_labels } = self.loss
            && !(0.0..0.5).contains(&wrong_labels)
        {
            return wrong("/loss/sigmoid/wrong_labels", wrong_labels.to_string(), "0, or less than a half");
        }
        Ok(())
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let speech = Speech::open(io, self.protocol)?;
        let Speech { bpe, template, .. } = &speech;
        let before = io.input("checkpoint")?;
        let (params, decoder) = model::checkpoint::load(before.directory()?)?;
        let config = decoder.config().clone();
        agrees(bpe, &config, before.directory()?)?;
        let sources = [&self.sources[..], &self.held_out[..]];
        let Rankings { learn, held_out } =
            read(io, task, (sources, self.hold_out), bpe, &**template, config.context)?;
        let mut asked = match io.optional("problems") {
            Some(_) => requests(io, (sources, 0.0), bpe, &**template, config.context)?,
            None => Requests::default(),
        };
        if self.measure_most > 0 {
            asked.held_out.truncate(self.measure_most);
        }
        let liked = io.optional("reward").map(|input| judge(input, speech.directory)).transpose()?;

        // the model as it was is data: its log-probabilities of every answer
        let reference = model::checkpoint::load(before.directory()?)?.1.detached();
        let referred = |rankings: &[rlhf_reward::Preference]| -> anyhow::Result<Vec<(Pair, [f64; 2])>> {
            let known = |pair: Pair| {
                let known = log_probs(&reference, &pair)?;
                Ok((pair, known))
            };
            rankings.iter().flat_map(pairs).map(known).collect()
        };
        let (learned, measured) = (referred(&learn)?, referred(&held_out)?);
        let build = |items: &[usize]| -> model::Result<PairBatch> {
            let mut batch = PairBatch::default();
            for &item in items {
                batch.push(&learned[item].0, learned[item].1);
            }
            Ok(batch)
        };
        let sizes = learned.iter().map(|(pair, _)| size(pair)).collect();
        let mut batches = Shuffled::new(sizes, self.pairs, self.tokens_per_batch, io.seed("order"), &build);
        let steps = (learned.len() as u64 * self.epochs).div_ceil(self.pairs as u64);

        let decode = |ids: &[u32]| speech.decode(ids);
        let body = liked.as_ref().map(|liked| liked.body.detached());
        let scorer =
            body.as_ref().zip(liked.as_ref()).map(|(body, liked)| Scorer { body, head: liked.head.detach() });
        let probe = Probe {
            problems: &asked.held_out,
            gold: self.gold,
            proxy: scorer.as_ref().map(|scorer| scorer as &dyn PreferenceModel),
            reference: &reference,
            decode: &decode,
            drawing: Drawing {
                group: self.measure_group,
                tokens: self.tokens,
                context: config.context,
                stop: template.ends().to_vec(),
                at_once: 0,
                seed: io.seed("measured"),
            },
        };
        let learner = decoder.clone().recomputing(self.recompute);
        let policy = decoder.detached();
        let objective = rlhf_reward::Dpo {
            policy: &learner,
            direct: self.loss,
            beta: self.beta,
            seen: RefCell::default(),
        };
        let of_held_out = |curves: &mut Curves, step: u64| -> anyhow::Result<()> {
            if !probe.problems.is_empty() {
                probe.measure(&policy, step, curves)?;
            }
            let gained = measured.iter().map(|(pair, known)| {
                let [better, worse] = log_probs(&policy, pair)?;
                Ok((better - known[0]) - (worse - known[1]))
            });
            let gained = gained.collect::<anyhow::Result<Vec<f64>>>()?;
            if gained.is_empty() {
                return Ok(());
            }
            let right = gained.iter().filter(|gained| **gained > 0.0).count();
            curves.push(step, "validation_accuracy", right as f64 / gained.len() as f64)
        };
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
        if begun == 0 {
            of_held_out(&mut curves, 0)?;
        }
        let mut optimizer = self.matrices.optimizer(&self.optimizer);
        let plan = Plan {
            steps,
            accumulation: usize::MAX,
            clip_norm: self.clip_norm,
            schedule: self.schedule.clone(),
            guard: Guard::default(),
        };
        let work = Work { io, params: &params, plan, checkpoints: &checkpoints, per_round: 1 };
        work.run(&mut batches, &objective, &mut *optimizer, &mut |progress: &Progress| {
            let Progress { step, loss, lr, grad_norm, .. } = *progress;
            let (pairs, right) = objective.seen.take();
            let accuracy = right as f64 / pairs.max(1) as f64;
            for (name, value) in
                [("loss", loss), ("accuracy", accuracy), ("lr", lr), ("grad_norm", grad_norm)]
            {
                curves.push(step, name, value)?;
            }
            if self.measure_every > 0 && step.is_multiple_of(self.measure_every) || step == steps {
                of_held_out(&mut curves, step)?;
            }
            Ok(ControlFlow::Continue(()))
        })?;

        write_model(io, "checkpoint", (&config, &special), &params, [speech.directory, before.directory()?])?;
        io.add_tree("checkpoint")?;
        curves.finish(io, &task.shard())?;
        io.count("pairs", learned.len() as u64);
        io.count("parameters", params.count() as u64);
        io.count("steps", steps);
        keep_counts(io, before);
        Ok(())
    }
}

/// Tokens of a pair in a row: the prompt once.
fn size(pair: &Pair) -> usize {
    pair.prompt.len() + pair.answers.iter().map(Vec::len).sum::<usize>()
}
