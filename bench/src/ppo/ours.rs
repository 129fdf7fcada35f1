//! Our side of a step.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use anyhow::{Context, bail};
use candle_core::Tensor;
use cpu_time::ProcessTime;
use model::checkpoint::read_tensors;
use model::{AdamW, Decoder, Loss, Objective, Optimizer, Params};
use rl::math::{Aggregation, Clip, Ratio, Terms};
use rl::{Batch, PolicyGradient, Rollout, Scored};
use rlhf_reward::{Critic, HEAD, Ppo, PpoBatch, Preference, Ranked, RankingBatch, RewardModel};
use serde_json::{Value, json};

use crate::memory::resident;

/// Of a batch at most; a step has as many batches as it takes.
const TOKENS_PER_BATCH: usize = 2_400;

/// What the names of the critic's parameters begin with.
const CRITIC: &str = "critic.";

/// A policy and a critic as one training: a graph that both are in is walked once.
struct Learner {
    params: Params,
    policy: Decoder,
    critic: Decoder,
    head: Tensor,
    optimizer: AdamW,
}

impl Learner {
    fn open(folder: &Path) -> anyhow::Result<Self> {
        let mut tensors: BTreeMap<String, Tensor> = read_tensors(&folder.join("policy/model.safetensors"))?;
        for (name, tensor) in read_tensors(&folder.join("critic/model.safetensors"))? {
            tensors.insert(format!("{CRITIC}{name}"), tensor);
        }
        let head = tensors.remove(&format!("{CRITIC}{HEAD}")).context("the critic has no head")?;
        tensors.insert(HEAD.to_owned(), head);
        let params = Params::from_tensors(tensors);
        let config = super::config();
        let (policy, critic) = (Decoder::new(&config, &params, "")?, Decoder::new(&config, &params, CRITIC)?);
        let head = rlhf_reward::head(&params, config.width)?;
        Ok(Self { params, policy, critic, head, optimizer: AdamW::default() })
    }

    /// Takes what batches left behind, and moves. The norm before it is clipped to 1.
    fn learn(&mut self, weight: f64) -> anyhow::Result<f64> {
        let mut gradients = self.params.take_gradients();
        gradients.scale(1.0 / weight);
        let norm = gradients.norm();
        if norm > 1.0 {
            gradients.scale(1.0 / norm);
        }
        self.optimizer.step(&self.params, &gradients, 1e-4)?;
        Ok(norm)
    }
}

/// `ppo-steps FOLDER`: for every line on standard input a step of that name, and a line about it.
pub fn steps(folder: &Path) -> anyhow::Result<()> {
    let told: Value = serde_json::from_slice(&fs::read(folder.join("batch.json"))?)?;
    let mut learner = Learner::open(folder)?;
    let (rankings, answers) = (rankings(&told), answers(&told));
    let before = resident("VmRSS")?;
    for order in io::stdin().lines() {
        let start = ProcessTime::now();
        let (loss, norm) = match order?.as_str() {
            "reward" => reward(&mut learner, &rankings)?,
            "ppo" => ppo(&mut learner, &answers)?,
            other => bail!("no step is called {other}"),
        };
        let seconds = start.elapsed().as_secs_f64();
        let memory_bytes = resident("VmHWM")? - before;
        println!(
            "{}",
            json!({"seconds": seconds, "loss": loss, "norms": [norm], "memory_bytes": memory_bytes})
        );
    }
    Ok(())
}

fn reward(learner: &mut Learner, rankings: &[Preference]) -> anyhow::Result<(f64, f64)> {
    let reward = RewardModel { body: &learner.critic, head: learner.head.clone() };
    let objective = Ranked { reward, centring: 0.0, seen: RefCell::default() };
    let (mut sum, mut weight) = (0.0, 0.0);
    let mut batch = RankingBatch::default();
    let mut rest = rankings.iter().peekable();
    while let Some(preference) = rest.next() {
        batch.push(preference);
        let longer = |next: &&Preference| batch.layout.len() + length(next) > TOKENS_PER_BATCH;
        if rest.peek().is_none_or(longer) {
            add(&objective.loss(&batch)?, &learner.params, &mut sum, &mut weight)?;
            batch = RankingBatch::default();
        }
    }
    drop(objective);
    Ok((sum / weight, learner.learn(weight)?))
}

fn length(of: &Preference) -> usize {
    of.prompt.len() + of.answers.iter().map(Vec::len).sum::<usize>()
}

fn ppo(
    learner: &mut Learner,
    answers: &[(Vec<u32>, Rollout, Scored, [Vec<f64>; 2])],
) -> anyhow::Result<(f64, f64)> {
    let terms = Terms {
        ratio: Ratio::Token,
        clip: Clip { low: 0.2, high: 0.2 },
        aggregation: Aggregation::TokenMean,
        ..Terms::default()
    };
    let objective = Ppo {
        policy: PolicyGradient::new(&learner.policy, terms),
        critic: Critic { body: &learner.critic, head: learner.head.clone() },
        value_weight: 0.5,
        value_range: 0.2,
        pretraining_weight: 0.0,
        seen: RefCell::default(),
    };
    let (mut sum, mut weight) = (0.0, 0.0);
    let whole = answers.first().map_or(1, |(prompt, drawn, ..)| prompt.len() + drawn.ids.len());
    for some in answers.chunks((TOKENS_PER_BATCH / whole).max(1)) {
        let mut batch = PpoBatch { answers: Batch::default(), ..PpoBatch::default() };
        for (prompt, drawn, scored, [values, returns]) in some {
            batch.answers.layout.push(prompt, [drawn]);
            batch.answers.answers.push(scored.clone());
            batch.old_values.extend(values);
            batch.returns.extend(returns);
        }
        add(&objective.loss(&batch)?, &learner.params, &mut sum, &mut weight)?;
    }
    drop(objective);
    Ok((sum / weight, learner.learn(weight)?))
}

/// Leaves the gradients of a batch behind, times its weight.
fn add(loss: &Loss, params: &Params, sum: &mut f64, weight: &mut f64) -> anyhow::Result<()> {
    *sum += f64::from(loss.mean.to_scalar::<f32>()?) * loss.weight;
    *weight += loss.weight;
    Ok(params.backward(&loss.mean.affine(loss.weight, 0.0)?)?)
}

fn rankings(told: &Value) -> Vec<Preference> {
    let of = |(id, ranking): (u64, &Value)| Preference {
        id,
        prompt: ids(&ranking["prompt"]),
        answers: ranking["answers"].as_array().into_iter().flatten().map(ids).collect(),
        ranks: ids(&ranking["ranks"]).into_iter().map(|rank| rank as i32).collect(),
        margins: None,
    };
    (0..).zip(told["rankings"].as_array().into_iter().flatten()).map(of).collect()
}

fn answers(told: &Value) -> Vec<(Vec<u32>, Rollout, Scored, [Vec<f64>; 2])> {
    let of = |answer: &Value| {
        let numbers = |name: &str| -> Vec<f64> {
            answer[name].as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
        };
        let rollout = Rollout { ids: ids(&answer["ids"]), ..Rollout::default() };
        let scored = Scored { old: numbers("old"), advantages: numbers("advantages"), ..Scored::default() };
        (ids(&answer["prompt"]), rollout, scored, [numbers("values"), numbers("returns")])
    };
    told["answers"].as_array().into_iter().flatten().map(of).collect()
}

fn ids(list: &Value) -> Vec<u32> {
    list.as_array().into_iter().flatten().filter_map(|id| Some(id.as_u64()? as u32)).collect()
}
