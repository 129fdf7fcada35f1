//! Our side of a step: rollouts, rewards, loss, backward pass, AdamW.

use std::io;

use anyhow::ensure;
use cpu_time::ProcessTime;
use model::{AdamW, Config, Decoder, Family, Objective, Optimizer, Params, Random};
use rl::math::{Advantage, Aggregation, Clip, Ratio, Terms};
use rl::{Batch, Drawing, Group, PolicyGradient, Problem, Rollout, Scored, roll_out};
use serde_json::{Value, json};

use crate::memory::resident;

const VOCABULARY: usize = 8192;

/// Sizes of a step, as `bench/grpo/trl_step.py` has them too.
pub struct Sizes {
    pub prompts: usize,
    pub group: usize,
    pub prompt: usize,
    pub answer: usize,
    /// Answers that grow at once.
    pub together: usize,
    /// Of a batch at most; a step has as many batches as it takes.
    pub tokens_per_batch: usize,
}

impl Sizes {
    pub fn new(settings: &Value) -> Self {
        let size = |key: &str, usual| settings[key].as_u64().unwrap_or(usual) as usize;
        Self {
            prompts: size("prompts", 64),
            group: size("group", 8),
            prompt: size("prompt", 64),
            answer: size("answer", 128),
            together: size("together", 64),
            tokens_per_batch: size("tokens_per_batch", 2200),
        }
    }

    /// Tokens of all answers.
    pub fn answered(&self) -> f64 {
        (self.prompts * self.group * self.answer) as f64
    }
}

/// A Llama with random weights, and prompts of random tokens.
pub struct Training {
    params: Params,
    policy: Decoder,
    optimizer: AdamW,
    sizes: Sizes,
    random: Random,
    steps: u64,
}

/// CPU seconds of a step, and of its answers alone.
pub struct Cost {
    pub seconds: f64,
    pub rollout_seconds: f64,
}

impl Training {
    pub fn new(settings: &Value) -> anyhow::Result<Self> {
        let sizes = Sizes::new(settings);
        let config = Config {
            family: Family::Llama,
            vocabulary: VOCABULARY,
            context: sizes.prompt + sizes.answer,
            width: 384,
            layers: 6,
            heads: 6,
            kv_heads: 6,
            hidden: 1024,
            softcap: 0.0,
            tied: false,
            ..Config::default()
        };
        let params = Params::new(1);
        let policy = Decoder::new(&config, &params, "")?;
        let random = Random::new(1, "prompts");
        Ok(Self { params, policy, optimizer: AdamW::default(), sizes, random, steps: 0 })
    }

    /// The answers to new prompts.
    fn rollouts(&mut self) -> anyhow::Result<Vec<Group>> {
        let Sizes { prompts, group, prompt, answer, together, .. } = self.sizes;
        let mut draw = || (0..prompt).map(|_| self.random.below(VOCABULARY as u64) as u32).collect();
        let problems: Vec<Problem> =
            (0..prompts as u64).map(|id| Problem { id, ids: draw(), ..Problem::default() }).collect();
        let drawing = Drawing {
            group,
            tokens: answer,
            context: prompt + answer,
            stop: vec![],
            at_once: together,
            seed: 1,
        };
        Ok(roll_out(&self.policy.detached(), &problems.iter().collect::<Vec<_>>(), &drawing, self.steps)?)
    }

    /// Answers, rewards, loss, backward pass, clipping, AdamW.
    pub fn step(&mut self) -> anyhow::Result<Cost> {
        let start = ProcessTime::now();
        let groups = self.rollouts()?;
        let rollout_seconds = start.elapsed().as_secs_f64();
        let whole = |group: &Group| group.answers.iter().all(|of| of.ids.len() == self.sizes.answer);
        ensure!(groups.iter().all(whole), "an answer ended early");
        self.steps += 1;
        let objective = PolicyGradient::new(&self.policy, terms());
        let mut weight = 0.0;
        for batch in batches(&groups, self.sizes.tokens_per_batch) {
            let loss = objective.loss(&batch)?;
            self.params.backward(&loss.mean.affine(loss.weight, 0.0)?)?;
            weight += loss.weight;
        }
        let mut gradients = self.params.take_gradients();
        gradients.scale(1.0 / weight);
        let norm = gradients.norm();
        if norm > 1.0 {
            gradients.scale(1.0 / norm);
        }
        self.optimizer.step(&self.params, &gradients, 1e-4)?;
        drop(gradients);
        Ok(Cost { seconds: start.elapsed().as_secs_f64(), rollout_seconds })
    }
}

/// TRL's defaults: ratios of tokens, a clip of 0.2 on both sides, the mean over all tokens, no distance to a reference.
fn terms() -> Terms {
    Terms {
        ratio: Ratio::Token,
        clip: Clip { low: 0.2, high: 0.2 },
        aggregation: Aggregation::TokenMean,
        ..Terms::default()
    }
}

/// Whole groups in batches, scored by the share of even ids, as TRL's side does it.
pub fn batches(groups: &[Group], tokens: usize) -> Vec<Batch> {
    let mut batches: Vec<Batch> = vec![];
    for group in groups {
        let even = |answer: &Rollout| answer.ids.iter().filter(|id| **id % 2 == 0).count();
        let share = |answer: &Rollout| Some(even(answer) as f64 / answer.ids.len() as f64);
        let rewards: Vec<Option<f64>> = group.answers.iter().map(share).collect();
        let length = group.prompt.len() + group.answers.iter().map(|answer| answer.ids.len()).sum::<usize>();
        if batches.last().is_none_or(|batch| batch.layout.len() + length > tokens) {
            batches.push(Batch { fresh: true, ..Batch::default() });
        }
        let Some(batch) = batches.last_mut() else { continue };
        batch.layout.push(&group.prompt, &group.answers);
        for (answer, advantage) in group.answers.iter().zip(Advantage::ZScore.of_group(&rewards)) {
            let old: Vec<f64> = answer.log_probs.iter().map(|log_prob| f64::from(*log_prob)).collect();
            batch.answers.push(Scored { advantages: vec![advantage; old.len()], old, ..Scored::default() });
        }
    }
    batches
}

/// `grpo-steps SETTINGS`: a step for every line on standard input, and a line about it.
pub fn steps(settings: &str) -> anyhow::Result<()> {
    let mut training = Training::new(&serde_json::from_str(settings)?)?;
    let before = resident("VmRSS")?;
    for _ in io::stdin().lines() {
        let Cost { seconds, rollout_seconds } = training.step()?;
        let memory_bytes = resident("VmHWM")? - before;
        let told =
            json!({"seconds": seconds, "rollout_seconds": rollout_seconds, "memory_bytes": memory_bytes});
        println!("{told}");
    }
    Ok(())
}
