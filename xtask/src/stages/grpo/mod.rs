//! `grpo`: a chat model learns from its own answers, by rewards that can be verified (DeepSeek-AI 2025, arXiv 2501.12948,
//! section 2.2).

mod asked;
mod measure;
mod record;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use grpo::{Curriculum, Guards, Method, Order, Reward, Rewards, Round, Rounds, Stopped, Truncated, Watch};
use model::{AdamWSettings, CausalLm, Checkpoints, Decay, Guard, Plan, Progress, Recompute, Schedule, fit};
use pipeline::{Class, Error, Fault, Io, Output, Signature, Slot, Stage, Task};
use rl::{Drawing, PolicyGradient};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sft::Protocol;
use shard::{Dropped, Metrics, Problems, Rollouts, Table};

use super::pretrain::Matrices;
use super::training::{Curves, Log, Speech, Work, keep_counts, write_model};
use asked::Questions;
use measure::Held;
use record::Record;

/// Trains a model on its own answers: what earns more than other answers to the same problem becomes likelier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Grpo {
    /// How a conversation is written as tokens; by default as the tokenizer's special tokens suggest.
    pub protocol: Option<Protocol>,
    /// Only problems whose source ends with one of these are learned from, as `/practice`; without any, all but `held_out`.
    pub sources: Vec<String>,
    /// Problems whose source ends with one of these are measured on and never learned from.
    pub held_out: Vec<String>,
    /// What earns something: the first says whether an answer is right.
    pub rewards: Vec<Reward>,
    /// The method.
    pub method: Method,
    /// Rounds of answers.
    #[schemars(extend("unit" = "rounds"))]
    pub rounds: u64,
    /// Problems of a round.
    #[schemars(extend("unit" = "problems"))]
    pub problems: usize,
    /// Answers to a problem, which are compared with each other.
    #[schemars(extend("unit" = "answers"))]
    pub group: usize,
    /// Most tokens of an answer.
    #[schemars(extend("unit" = "tokens"))]
    pub tokens: usize,
    /// The order in which problems come.
    pub order: Order,
    /// What becomes of answers that ran out of room.
    pub truncated: Truncated,
    /// Passes over the answers of a round; in all but the first step they are an older policy's.
    #[schemars(extend("unit" = "passes"))]
    pub passes: usize,
    /// Optimizer steps of a pass, each on another part of the round's problems.
    #[schemars(extend("unit" = "steps"))]
    pub steps: usize,
    /// Most tokens of a batch; a step averages over as many batches as it needs.
    #[schemars(extend("unit" = "tokens"))]
    pub tokens_per_batch: usize,
    /// Most answers that grow at once; 0 for all of a round.
    #[schemars(extend("unit" = "answers"))]
    pub at_once: usize,
    /// Gradients longer than this are shortened to it.
    #[schemars(extend("source" = "Pascanu et al. 2013, algorithm 1"))]
    pub clip_norm: f64,
    /// The learning rate over the optimizer steps.
    pub schedule: Schedule,
    /// What moves the weight matrices of layers; all the rest moves by AdamW.
    pub matrices: Matrices,
    /// Moments of AdamW, the decay of all matrices, and parameters that learn otherwise.
    pub optimizer: AdamWSettings,
    /// When the run is given up because it does not learn.
    pub guards: Guards,
    /// What the backward pass computes a second time to save memory.
    pub recompute: Recompute,
    /// Rounds between checkpoints, from which a killed run goes on; 0 for none.
    #[schemars(extend("unit" = "rounds"))]
    pub checkpoint_every: u64,
    /// Rounds between measurements on held-out problems; first and last are always measured. 0 for those only.
    #[schemars(extend("unit" = "rounds"))]
    pub measure_every: u64,
    /// Answers to each held-out problem.
    #[schemars(extend("unit" = "answers"))]
    pub measure_group: usize,
    /// Most held-out problems that are measured on; 0 for all.
    #[schemars(extend("unit" = "problems"))]
    pub measure_most: usize,
    /// Rounds between those whose answers are kept in `rollouts`; the first and the last always are. 0 for those only.
    #[schemars(extend("unit" = "rounds"))]
    pub keep_every: u64,
}

impl Default for Grpo {
    fn default() -> Self {
        Self {
            protocol: None,
            sources: vec![],
            held_out: vec!["/test".to_owned()],
            rewards: vec![Reward::default()],
            method: Method::default(),
            rounds: 100,
            problems: 32,
            group: 16,
            tokens: 64,
            order: Order::default(),
            truncated: Truncated::default(),
            passes: 1,
            steps: 1,
            tokens_per_batch: 16_384,
            at_once: 0,
            clip_norm: 1.0,
            schedule: Schedule { peak: 2e-4, warmup_steps: 10, decay: Decay::Linear, ..Schedule::default() },
            matrices: Matrices::Adamw,
            optimizer: AdamWSettings { weight_decay: 0.0, ..AdamWSettings::default() },
            guards: Guards::default(),
            recompute: Recompute::default(),
            checkpoint_every: 20,
            measure_every: 20,
            measure_group: 4,
            measure_most: 64,
            keep_every: 10,
        }
    }
}

impl Stage for Grpo {
    fn signature(&self) -> Signature {
        Signature {
            class: Class::Numeric,
            random: true,
            reads: vec![
                Slot::new("problems", Problems::NAME),
                Slot::new("checkpoint", "checkpoint/1"),
                Slot::new("tokenizer", "tokenizer/1"),
            ],
            writes: vec![
                Output::new("checkpoint", "checkpoint/1"),
                Output::new("metrics", Metrics::NAME),
                Output::new("rollouts", Rollouts::NAME),
                Output::new("dropped", Dropped::NAME),
            ],
            sources: &["model", "bpe", "sft", "rl", "grpo"],
            // how many answers grow at once changes no bit of any
            unhashed: vec!["at_once"],
            ..Signature::exact(1)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let positive = [
            ("/rounds", self.rounds as usize),
            ("/problems", self.problems),
            ("/tokens", self.tokens),
            ("/passes", self.passes),
            ("/steps", self.steps),
            ("/tokens_per_batch", self.tokens_per_batch),
            ("/measure_group", self.measure_group),
        ];
        let wrong = |on: &str, got: String, expected: &str| {
            Err(Fault::new("this makes no sense").on(on).got(got).expected(expected))
        };
        if let Some((on, _)) = positive.into_iter().find(|(_, value)| *value == 0) {
            return wrong(on, "0".into(), "1 or more");
        }
        if self.group < 2 {
            return wrong(
                "/group",
                self.group.to_string(),
                "2 or more: answers are compared with each other",
            );
        }
        if self.rewards.is_empty() {
            return wrong("/rewards", "[]".into(), "at least one");
        }
        if self.steps > self.problems {
            return wrong("/steps", self.steps.to_string(), &format!("{} problems or fewer", self.problems));
        }
        Rewards::new(&self.rewards).map_err(|error| {
            Fault::new("these rewards cannot be given").on("/rewards").got(error.to_string())
        })?;
        Ok(())
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let speech = Speech::open(io, self.protocol)?;
        let Speech { bpe, template, .. } = &speech;
        let before = io.input("checkpoint")?;
        let (params, decoder) = model::checkpoint::load(before.directory()?)?;
        let config = decoder.config().clone();
        let rewards = Rewards::new(&self.rewards)?;
        let Questions { learn, held_out } =
            self.read(io, task, bpe, &**template, &rewards, config.context)?;

        let learner = decoder.clone().recomputing(self.recompute);
        let policy = decoder.detached();
        let recipe = self.method.recipe(self.tokens);
        let reference = if recipe.terms.kl_weight > 0.0 || self.guards.kl > 0.0 {
            Some(model::checkpoint::load(before.directory()?)?.1.detached())
        } else {
            None
        };
        let drawing = Drawing {
            group: self.group,
            tokens: self.tokens,
            context: config.context,
            stop: template.ends().to_vec(),
            at_once: self.at_once,
            seed: io.seed("answers"),
        };
        let decode = |ids: &[u32]| speech.decode(ids);

        let scratch = io.scratch()?;
        let special = speech.special();
        let per_round = (self.passes * self.steps) as u64;
        let steps = self.rounds * per_round;
        let checkpoints = Checkpoints {
            directory: scratch.join("checkpoints"),
            every: self.checkpoint_every * per_round,
            keep: 2,
            config: config.clone(),
            special: special.clone(),
        };
        let begun = Work::begun(&checkpoints)? / per_round;
        let mut record = Record::open(&scratch, begun, self)?;
        let mut curriculum = Curriculum::new(self.order, learn.len(), io.seed("problems"));
        record.tell(&mut curriculum);
        let mut curves = Curves(Log::open(&scratch.join("metrics.jsonl"), begun)?);
        let held =
            Held { problems: &held_out, rewards: &rewards, decode: &decode, drawing: &drawing, grpo: self };

        let parts = rl::RewardFn::parts(&rewards);
        let figures = RefCell::new(BTreeMap::new());
        let mut guard = Watch::new(&self.guards);
        let answers = scratch.join("answers.jsonl");
        let mut watch = |round: &Round| -> rl::Result<()> {
            let seen: Vec<_> = round.asked.iter().chain(&round.redrawn).cloned().collect();
            let mut found = grpo::figures(&seen, &parts);
            found.insert("asked".to_owned(), seen.len() as f64);
            record.take(round, &parts).map_err(|error| rl::Error::Other(error.into()))?;
            let looked = guard.look(round.number + 1, &found);
            *figures.borrow_mut() = found;
            looked.map_err(|stopped| rl::Error::Other(stopped.into()))
        };
        let plan = grpo::Plan {
            problems: self.problems,
            drawing: drawing.clone(),
            recipe,
            passes: self.passes,
            steps: self.steps,
            truncated: self.truncated,
            tokens_per_batch: self.tokens_per_batch,
        };
        let mut rounds = Rounds::new(&policy, &learn, &rewards, &decode, plan, curriculum, &mut watch);
        rounds.reference = reference.as_ref().map(|reference| reference as &dyn CausalLm);
        let objective = PolicyGradient::new(&learner, recipe.terms);
        let mut optimizer = self.matrices.optimizer(&self.optimizer);
        let plan = Plan {
            steps,
            // a step has as many batches as its answers fill
            accumulation: usize::MAX,
            clip_norm: self.clip_norm,
            schedule: self.schedule.clone(),
            // the loss of a policy says nothing about how well it does
            guard: Guard { window: 0, ..Guard::default() },
        };
        if begun == 0 {
            held.measure(&policy, 0, &mut curves)?;
        }
        io.progress().length(self.rounds);
        io.progress().advance(begun);
        let stop = io.listen();
        let mut trouble: Option<anyhow::Error> = None;
        let mut held_guard = Watch::new(&self.guards);
        let mut on_step = |progress: &Progress| {
            if !progress.step.is_multiple_of(per_round) {
                return ControlFlow::Continue(());
            }
            let round = progress.step / per_round;
            let seen = objective.seen.take();
            let mut note = || -> anyhow::Result<()> {
                let found = figures.take();
                for (name, value) in &found {
                    curves.push(round, name, *value)?;
                }
                for (name, value) in
                    [("policy_loss", progress.loss), ("lr", progress.lr), ("grad_norm", progress.grad_norm)]
                {
                    curves.push(round, name, value)?;
                }
                let tokens = (seen.tokens as f64).max(1.0);
                curves.push(round, "log_prob_difference", seen.difference)?;
                curves.push(round, "clipped_low", seen.clipped[0] as f64 / tokens)?;
                curves.push(round, "clipped_high", seen.clipped[1] as f64 / tokens)?;
                if reference.is_some() {
                    curves.push(round, "kl", seen.kl / tokens)?;
                }
                let due = self.measure_every > 0 && round.is_multiple_of(self.measure_every);
                if due || round == self.rounds {
                    let right = held.measure(&policy, round, &mut curves)?;
                    let reward = found.get("reward").copied().unwrap_or_default();
                    if let Some(right) = right {
                        held_guard.look_at_held_out(round, right, reward)?;
                    }
                }
                if reference.is_some() {
                    held_guard.look(round, &BTreeMap::from([("kl".to_owned(), seen.kl / tokens)]))?;
                }
                Ok(())
            };
            let noted = note();
            io.progress().advance(1);
            match noted {
                Ok(()) if stop.asked() => ControlFlow::Break(()),
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    trouble = Some(error);
                    ControlFlow::Break(())
                }
            }
        };
        let fitted =
            fit(&params, &mut rounds, &objective, &mut *optimizer, &plan, Some(&checkpoints), &mut on_step);
        drop(rounds);
        let summary = match (trouble, fitted) {
            (Some(error), _) => return Err(explained(error, &answers)),
            (None, Err(error)) => return Err(explained(error.into(), &answers)),
            (None, Ok(summary)) => summary,
        };
        if stop.asked() && summary.step < steps {
            let done = format!("round {} of {}", summary.step / per_round, self.rounds);
            return Err(stop.stopped(&done).into());
        }
        drop(stop);

        write_model(io, "checkpoint", (&config, &special), &params, [speech.directory, before.directory()?])?;
        io.add_tree("checkpoint")?;
        curves.finish(io, &task.shard())?;
        record.finish(io, &task.shard(), &learn)?;
        io.count("parameters", params.count() as u64);
        io.count("rounds", self.rounds);
        io.count("steps", steps);
        keep_counts(io, before);
        Ok(())
    }
}

/// A run that a guard stopped, as a fault with its cure and where to read the answers.
fn explained(error: anyhow::Error, answers: &Path) -> anyhow::Error {
    let Some(Stopped { round, figure, measured, bound, rounds, diagnosis, cure }) = stopped(&error).cloned()
    else {
        return error;
    };
    let fault = Fault::new(diagnosis)
        .at(answers, None)
        .got(format!("{figure} of {measured:.3} in round {round}, the last of {rounds} beyond the bound"))
        .expected(format!("the bound kept, which is {bound:.3} (`guards` of the stage's settings)"))
        .cure(cure);
    Error::Input(fault).into()
}

/// The guard's word, out of the errors that carried it here.
fn stopped(error: &anyhow::Error) -> Option<&Stopped> {
    if let Some(stopped) = error.downcast_ref() {
        return Some(stopped);
    }
    let model::Error::Other(error) = error.downcast_ref()? else { return None };
    let rl::Error::Other(error) = error.downcast_ref()? else { return None };
    error.downcast_ref()
}
