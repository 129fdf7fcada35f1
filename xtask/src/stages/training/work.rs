//! A training that listens: it notes every step, and stops where it is asked to.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use model::checkpoint::Special;
use model::{Batches, Checkpoints, Config, Objective, Optimizer, Params, Plan, Progress, fit};
use pipeline::{Input, Io};

use super::copy_tree;

/// What is trained, and where it leaves checkpoints.
pub(in crate::stages) struct Work<'a> {
    pub(in crate::stages) io: &'a Io<'a>,
    pub(in crate::stages) params: &'a Params,
    pub(in crate::stages) plan: Plan,
    pub(in crate::stages) checkpoints: &'a Checkpoints,
    /// Steps of a round, as the progress bar counts.
    pub(in crate::stages) per_round: u64,
}

impl Work<'_> {
    /// Steps that earlier calls took.
    pub(in crate::stages) fn begun(checkpoints: &Checkpoints) -> anyhow::Result<u64> {
        Ok(checkpoints.newest()?.map_or(0, |(step, _)| step))
    }

    /// Trains to the end of the plan, or until `note`, which is told of every step, breaks.
    ///
    /// # Errors
    /// What training or `note` refuse, and the wish of somebody to stop: a later call goes on from there.
    pub(in crate::stages) fn run<B: Batches>(
        &self,
        batches: &mut B,
        objective: &dyn Objective<B::Batch>,
        optimizer: &mut dyn Optimizer,
        note: &mut dyn FnMut(&Progress) -> anyhow::Result<ControlFlow<()>>,
    ) -> anyhow::Result<()> {
        let progress = self.io.progress();
        progress.length(self.plan.steps / self.per_round);
        progress.advance(Self::begun(self.checkpoints)? / self.per_round);
        let stop = self.io.listen();
        let (mut trouble, mut enough) = (None, false);
        let mut on_step = |step: &Progress| {
            let noted = note(step);
            let round = step.step.is_multiple_of(self.per_round);
            progress.advance(u64::from(round));
            match noted {
                Ok(ControlFlow::Continue(())) if stop.asked() && round => ControlFlow::Break(()),
                Ok(ControlFlow::Continue(())) => ControlFlow::Continue(()),
                Ok(ControlFlow::Break(())) => {
                    enough = true;
                    ControlFlow::Break(())
                }
                Err(error) => {
                    trouble = Some(error);
                    ControlFlow::Break(())
                }
            }
        };
        let summary = fit(
            self.params,
            batches,
            objective,
            optimizer,
            &self.plan,
            Some(self.checkpoints),
            &mut on_step,
        )?;
        if let Some(error) = trouble {
            return Err(error.context("cannot note a step"));
        }
        if stop.asked() && !enough && summary.step < self.plan.steps {
            return Err(stop.stopped(&format!("step {} of {}", summary.step, self.plan.steps)).into());
        }
        Ok(())
    }
}

/// Writes a model as an output of the stage, its tokenizer and what the folder that it came from says of both.
pub(in crate::stages) fn write_model(
    io: &Io,
    output: &str,
    (config, special): (&Config, &Special),
    params: &Params,
    [tokenizer, before]: [&Path; 2],
) -> anyhow::Result<()> {
    let folder = io.output(output)?;
    model::checkpoint::write(&folder, config, special, params)?;
    copy_tree(tokenizer, &folder)?;
    for name in ["tokenizer_config.json", "generation_config.json"] {
        let from = before.join(name);
        if from.is_file() {
            fs::copy(&from, folder.join(name))?;
        }
    }
    Ok(())
}

/// What the model read before is still in it: counts of the stage that it came from.
pub(in crate::stages) fn keep_counts(io: &Io, before: &Input) {
    for counter in ["tokens_read", "training_tokens"] {
        if let Some(count) = before.counter(counter) {
            io.count(counter, count);
        }
    }
}
