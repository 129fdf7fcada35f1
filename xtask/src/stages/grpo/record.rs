//! What a run remembers of its answers, so that a resumed one remembers the same.

use std::path::Path;

use grpo::{Asked, Curriculum, Round};
use pipeline::Io;
use rl::Problem;
use serde::{Deserialize, Serialize};
use shard::{Rollouts, rollouts};

use super::Grpo;
use crate::stages::shards;
use crate::stages::training::Log;

/// Notes by round, counted from 1.
pub(super) struct Record {
    /// What was drawn, in its order.
    drawn: Log<Drawn>,
    /// Answers worth keeping.
    answers: Log<Answered>,
    keep_every: u64,
    last: u64,
}

/// How often a problem was answered right.
#[derive(Serialize, Deserialize)]
struct Drawn(usize, usize, usize);

#[derive(Serialize, Deserialize)]
struct Answered {
    problem: usize,
    group: i64,
    sample: i64,
    ids: Vec<u32>,
    /// Bits of f32: decimal digits might not come back the same.
    log_probs: Vec<u32>,
    rewards: Vec<(String, Option<u32>)>,
    reward: Option<u32>,
    advantage: u32,
    ended: bool,
    text: String,
}

impl Record {
    /// What was noted up to round `begun`.
    pub(super) fn open(scratch: &Path, begun: u64, grpo: &Grpo) -> anyhow::Result<Self> {
        Ok(Self {
            drawn: Log::open(&scratch.join("drawn.jsonl"), begun)?,
            answers: Log::open(&scratch.join("answers.jsonl"), begun)?,
            keep_every: grpo.keep_every,
            last: grpo.rounds,
        })
    }

    /// Tells a new curriculum how problems were answered.
    pub(super) fn tell(&self, curriculum: &mut Curriculum) {
        for (_, Drawn(problem, right, answers)) in self.drawn.rows() {
            curriculum.learn(*problem, *right, *answers);
        }
    }

    pub(super) fn take(&mut self, round: &Round, parts: &[String]) -> anyhow::Result<()> {
        let number = round.number + 1;
        // in the order in which they were drawn: a problem is never drawn twice in a round
        for asked in round.redrawn.iter().chain(&round.asked) {
            let drawn = Drawn(asked.problem, asked.right(), asked.group.answers.len());
            self.drawn.push(number, drawn)?;
        }
        let kept = number == 1
            || number == self.last
            || self.keep_every > 0 && number.is_multiple_of(self.keep_every);
        if kept {
            for (group, asked) in (0..).zip(round.asked.iter().chain(&round.redrawn)) {
                for sample in 0..asked.group.answers.len() {
                    self.answers.push(number, answered(asked, group, sample, parts))?;
                }
            }
        }
        Ok(())
    }

    /// Writes the table.
    pub(super) fn finish(self, io: &Io, shard: &str, problems: &[Problem]) -> anyhow::Result<()> {
        let mut writer = shards::create::<Rollouts>(io, "rollouts", shard)?;
        for (round, row) in self.answers.rows() {
            let problem = &problems[row.problem];
            let log_probs: Vec<f32> = row.log_probs.iter().map(|bits| f32::from_bits(*bits)).collect();
            let rewards = row.rewards.iter().map(|(name, bits)| (name.as_str(), bits.map(f32::from_bits)));
            writer.push(&rollouts::Row {
                step: *round as i64,
                problem_id: problem.id,
                asked: &problem.asked,
                answer: &problem.answer,
                group: row.group,
                sample: row.sample,
                ids: &row.ids,
                log_probs: &log_probs,
                rewards: rewards.collect(),
                reward: row.reward.map(f32::from_bits),
                advantage: f32::from_bits(row.advantage),
                truncated: !row.ended,
                text: &row.text,
            })?;
        }
        shards::finish(io, "rollouts", writer)
    }
}

fn answered(asked: &Asked, group: i64, sample: usize, parts: &[String]) -> Answered {
    let (answer, reward) = (&asked.group.answers[sample], &asked.rewards[sample]);
    let bits = |value: f64| (value as f32).to_bits();
    let named = parts.iter().zip(&reward.parts);
    Answered {
        problem: asked.problem,
        group,
        sample: sample as i64,
        ids: answer.ids.clone(),
        log_probs: answer.log_probs.iter().map(|log_prob| log_prob.to_bits()).collect(),
        rewards: named.map(|(name, value)| (name.clone(), value.map(bits))).collect(),
        reward: reward.total.map(bits),
        advantage: bits(asked.advantages[sample]),
        ended: answer.ended,
        text: asked.texts[sample].clone(),
    }
}
