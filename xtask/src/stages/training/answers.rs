//! Answers worth keeping, as rows of `rollouts/1`, so that a resumed run has those of its beginning.

use std::path::Path;

use pipeline::Io;
use rl::{Problem, Rollout};
use serde::{Deserialize, Serialize};
use shard::{Rollouts, rollouts};

use super::Log;
use crate::stages::shards;

/// Answers by round, counted from 1.
pub(in crate::stages) struct Kept(Log<Answered>);

/// An answer. Numbers are bits of f32: decimal digits might not come back the same.
#[derive(Serialize, Deserialize)]
struct Answered {
    problem: usize,
    group: i64,
    sample: i64,
    ids: Vec<u32>,
    log_probs: Vec<u32>,
    rewards: Vec<(String, Option<u32>)>,
    reward: Option<u32>,
    advantage: u32,
    ended: bool,
    text: String,
}

/// What is known of an answer besides its tokens.
#[derive(Clone, Debug, Default)]
pub(in crate::stages) struct Worth<'a> {
    /// The problem's place in the list.
    pub(in crate::stages) problem: usize,
    /// Which group of its round, and which answer of its group.
    pub(in crate::stages) place: (i64, i64),
    /// What the reward is made of, by name.
    pub(in crate::stages) rewards: Vec<(&'a str, Option<f64>)>,
    pub(in crate::stages) reward: Option<f64>,
    pub(in crate::stages) advantage: f64,
    pub(in crate::stages) text: &'a str,
}

impl Kept {
    /// What was kept up to round `begun`.
    pub(in crate::stages) fn open(path: &Path, begun: u64) -> anyhow::Result<Self> {
        Ok(Self(Log::open(path, begun)?))
    }

    pub(in crate::stages) fn push(
        &mut self,
        round: u64,
        answer: &Rollout,
        worth: &Worth<'_>,
    ) -> anyhow::Result<()> {
        let bits = |value: f64| (value as f32).to_bits();
        let rewards = worth.rewards.iter().map(|(name, value)| ((*name).to_owned(), value.map(bits)));
        self.0.push(
            round,
            Answered {
                problem: worth.problem,
                group: worth.place.0,
                sample: worth.place.1,
                ids: answer.ids.clone(),
                log_probs: answer.log_probs.iter().map(|log_prob| log_prob.to_bits()).collect(),
                rewards: rewards.collect(),
                reward: worth.reward.map(bits),
                advantage: bits(worth.advantage),
                ended: answer.ended,
                text: worth.text.to_owned(),
            },
        )
    }

    /// Writes the table.
    pub(in crate::stages) fn finish(self, io: &Io, shard: &str, problems: &[Problem]) -> anyhow::Result<()> {
        let mut writer = shards::create::<Rollouts>(io, "rollouts", shard)?;
        for (round, row) in self.0.rows() {
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
