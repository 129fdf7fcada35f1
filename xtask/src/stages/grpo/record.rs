//! What a run remembers of its answers, so that a resumed one remembers the same.

use std::path::Path;

use grpo::{Curriculum, Round};
use pipeline::Io;
use rl::Problem;
use serde::{Deserialize, Serialize};

use super::Grpo;
use crate::stages::training::{Kept, Log, Worth};

/// Notes by round, counted from 1.
pub(super) struct Record {
    /// What was drawn, in its order.
    drawn: Log<Drawn>,
    /// Answers worth keeping.
    answers: Kept,
    keep_every: u64,
    last: u64,
}

/// How often a problem was answered right.
#[derive(Serialize, Deserialize)]
struct Drawn(usize, usize, usize);

impl Record {
    /// What was noted up to round `begun`.
    pub(super) fn open(scratch: &Path, begun: u64, grpo: &Grpo) -> anyhow::Result<Self> {
        Ok(Self {
            drawn: Log::open(&scratch.join("drawn.jsonl"), begun)?,
            answers: Kept::open(&scratch.join("answers.jsonl"), begun)?,
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
        if !kept {
            return Ok(());
        }
        for (group, asked) in (0..).zip(round.asked.iter().chain(&round.redrawn)) {
            for (sample, answer) in (0..).zip(&asked.group.answers) {
                let reward = &asked.rewards[sample];
                let named = parts.iter().map(String::as_str).zip(reward.parts.iter().copied());
                let worth = Worth {
                    problem: asked.problem,
                    place: (group, sample as i64),
                    rewards: named.collect(),
                    reward: reward.total,
                    advantage: asked.advantages[sample],
                    text: &asked.texts[sample],
                };
                self.answers.push(number, answer, &worth)?;
            }
        }
        Ok(())
    }

    /// Writes the table.
    pub(super) fn finish(self, io: &Io, shard: &str, problems: &[Problem]) -> anyhow::Result<()> {
        self.answers.finish(io, shard, problems)
    }
}
