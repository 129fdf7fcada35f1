//! Problems out of shards: each is learned from, measured on, or left out with a reason.

use std::collections::BTreeMap;

use bpe::Bpe;
use grpo::{Part, Rewards};
use pipeline::{Error, Fault, Io, Task};
use rl::Problem;
use sft::Template;
use shard::{Dropped, Problems, dropped, problems};

use super::Grpo;
use crate::stages::problem::{self, Reason};
use crate::stages::shards;

/// What is asked.
pub(super) struct Questions {
    pub(super) learn: Vec<Problem>,
    pub(super) held_out: Vec<Problem>,
}

impl Grpo {
    /// Reads all problems, tries the verifiers on each, and writes those that were left out.
    pub(super) fn read(
        &self,
        io: &Io,
        task: Task,
        bpe: &Bpe,
        template: &dyn Template,
        rewards: &Rewards,
        context: usize,
    ) -> anyhow::Result<Questions> {
        let (mut learn, mut held_out, mut left_out) = (vec![], vec![], BTreeMap::<&str, u64>::new());
        let mut fallen = shards::create::<Dropped>(io, "dropped", &task.shard())?;
        let mut count = 0_u64;
        for file in io.input("problems")?.files() {
            let mut offset = 0;
            for batch in shards::read::<Problems>(file)? {
                for row in batch?.rows() {
                    let place = offset;
                    offset += 1;
                    let measured = self.held_out.iter().any(|end| row.source.ends_with(end));
                    let learned =
                        self.sources.is_empty() || self.sources.iter().any(|end| row.source.ends_with(end));
                    if !measured && !learned {
                        continue;
                    }
                    count += 1;
                    match asked(&row, bpe, template, rewards, context) {
                        Ok(problem) if measured => held_out.push(problem),
                        Ok(problem) => learn.push(problem),
                        Err((reason, detail)) => {
                            *left_out.entry(reason).or_default() += 1;
                            fallen.push(&dropped::Row {
                                id: Some(&row.id.to_string()),
                                source: &file.name,
                                offset: place,
                                stage: io.stage(),
                                reason,
                                detail: Some(&format!("{}: {detail}", row.source)),
                                ..dropped::Row::default()
                            })?;
                        }
                    }
                }
            }
        }
        shards::finish(io, "dropped", fallen)?;
        io.count("in", count);
        io.count("kept", (learn.len() + held_out.len()) as u64);
        io.count("held_out", held_out.len() as u64);
        for (reason, count) in &left_out {
            io.count(&format!("dropped.{reason}"), *count);
        }
        let lost: u64 = left_out.values().sum();
        // every step of a pass needs a problem of its own
        if learn.len() < self.steps.max(1) || 2 * lost > count {
            let reasons: Vec<String> =
                left_out.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
            let fault = Fault::new("too few problems can be learned from")
                .got(format!("{} of {count} problems; left out: {}", learn.len(), reasons.join(", ")))
                .expected("one for each of `steps`, and half of all")
                .cure("a problem needs an answer, a verifier that calls it right and nothing wrong, and room in the context");
            return Err(Error::Input(fault).into());
        }
        Ok(Questions { learn, held_out })
    }
}

/// The problem as the model reads it, tried on its own answer.
fn asked(
    row: &problems::Row<'_>,
    bpe: &Bpe,
    template: &dyn Template,
    rewards: &Rewards,
    context: usize,
) -> Result<Problem, Reason> {
    let problem = problem::rendered(row, bpe, template, context)?;
    // the first one says what is right; the others may want what a bare answer does not have
    if let Some(Part { name, verifier, .. }) = rewards.parts.first() {
        grpo::self_test(&**verifier, name, &problem).map_err(|error| (error.reason(), error.to_string()))?;
    }
    Ok(problem)
}
