//! Stopping a run that has lost its way.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{Gradients, Progress};
use crate::{Error, Result};

/// When a loss that stays far above what it was ends the run. Losses that are no numbers always do.
///
/// A single high loss is an odd batch, and the gradient's norm is bounded anyway. A loss that stays high for steps on
/// end has left its valley, mostly by a learning rate that is too high (Chowdhery et al. 2022, arXiv 2204.02311,
/// section 5.1); every further step costs and helps nobody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Guard {
    /// Ordinary steps that a loss is compared with; 0 for no guard.
    pub window: usize,
    /// How many of their standard deviations above their mean is far.
    pub deviations: f64,
    /// Steps on end that are far and end the run.
    pub patience: usize,
}

impl Default for Guard {
    fn default() -> Self {
        Self { window: 64, deviations: 6.0, patience: 16 }
    }
}

/// A loss is not far that is less than this above the mean, in nats, however quiet the window was: a fifth more perplexity
/// may be luck.
const LEAST: f64 = 0.2;

/// Losses and gradient norms of the last ordinary steps.
pub(super) struct Watch<'a> {
    guard: &'a Guard,
    ordinary: VecDeque<Progress>,
    far: usize,
}

impl<'a> Watch<'a> {
    pub(super) fn new(guard: &'a Guard) -> Self {
        Self { guard, ordinary: VecDeque::new(), far: 0 }
    }

    /// The step last seen that was an ordinary one.
    pub(super) fn last(&self) -> Option<&Progress> {
        self.ordinary.back()
    }

    /// Looks at a step before it is taken.
    pub(super) fn look(&mut self, now: &Progress, gradients: &Gradients) -> Result<()> {
        let (mean, deviation) = self.band();
        let far = self.ordinary.len() >= self.guard.window.max(2)
            && now.loss > mean + (self.guard.deviations * deviation).max(LEAST);
        if self.guard.window == 0 || !far {
            self.far = 0;
            self.ordinary.push_back(*now);
            if self.ordinary.len() > self.guard.window.max(1) {
                self.ordinary.pop_front();
            }
            return Ok(());
        }
        self.far += 1;
        if self.far < self.guard.patience.max(1) {
            return Ok(());
        }
        let norm = self.ordinary.iter().map(|step| step.grad_norm).sum::<f64>() / self.ordinary.len() as f64;
        let (largest, share) = gradients.largest().unwrap_or(("none", 0.0));
        Err(Error::Diverged {
            step: now.step,
            begun: now.step + 1 - self.far as u64,
            loss: now.loss,
            mean,
            deviation,
            lr: now.lr,
            grad_norm: now.grad_norm,
            usual_norm: norm,
            largest: largest.to_owned(),
            share,
        })
    }

    /// Mean and standard deviation of the ordinary losses.
    fn band(&self) -> (f64, f64) {
        let n = self.ordinary.len().max(1) as f64;
        let mean = self.ordinary.iter().map(|step| step.loss).sum::<f64>() / n;
        let variance = self.ordinary.iter().map(|step| (step.loss - mean).powi(2)).sum::<f64>() / n;
        (mean, libm::sqrt(variance))
    }
}

#[cfg(test)]
mod tests {
    use super::{Gradients, Guard, Progress, Watch};
    use crate::Error;

    /// Shows the guard `losses`; the step at which it stops, and where it says that it began.
    fn shown(guard: &Guard, losses: &[f64]) -> Option<(u64, u64)> {
        let mut watch = Watch::new(guard);
        for (step, &loss) in losses.iter().enumerate() {
            let now = Progress { step: step as u64, loss, lr: 0.1, grad_norm: 1.0, weight: 1.0 };
            match watch.look(&now, &Gradients::default()) {
                Ok(()) => {}
                Err(Error::Diverged { step, begun, .. }) => return Some((step, begun)),
                Err(other) => panic!("{other}"),
            }
        }
        None
    }

    #[test]
    fn a_loss_that_stays_far_ends_the_run_and_one_that_returns_does_not() {
        let guard = Guard { window: 8, deviations: 6.0, patience: 3 };
        let usual = [3.0, 3.1, 2.9, 3.0, 2.9, 3.1, 3.0, 2.8];
        assert_eq!(shown(&guard, &[&usual[..], &[9.0, 9.0, 3.0, 9.0, 9.0, 3.0]].concat()), None);
        assert_eq!(shown(&guard, &[&usual[..], &[9.0, 3.0, 9.0, 8.0, 7.0]].concat()), Some((12, 10)));
        assert_eq!(shown(&Guard { window: 0, ..guard.clone() }, &[&usual[..], &[9.0; 99]].concat()), None);
        // without noise any difference is many deviations, and still no reason to stop
        assert_eq!(shown(&guard, &[&[1.0; 20][..], &[1.1; 20]].concat()), None);
    }
}
