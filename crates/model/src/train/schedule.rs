//! The learning rate over the steps of a run.

use serde::{Deserialize, Serialize};

/// A linear warm-up to a peak, and a way down from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Schedule {
    /// The highest learning rate.
    pub peak: f64,
    /// Steps to rise to the peak; the first of them already learns.
    pub warmup_steps: u64,
    /// How it falls from there.
    pub decay: Decay,
    /// Where it ends, as a share of the peak.
    pub floor: f64,
}

/// How the learning rate falls after the warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decay {
    /// Not at all.
    Constant,
    /// In a straight line.
    Linear,
    /// Along half a cosine (Loshchilov and Hutter 2016, arXiv 1608.03983, equation 5, without restarts).
    Cosine,
    /// At the peak until the last part, then in a straight line (Hu et al. 2024, arXiv 2404.06395, section 4).
    Wsd {
        /// The share of all steps that the way down takes.
        decay_share: f64,
    },
}

impl Default for Schedule {
    fn default() -> Self {
        Self { peak: 3e-3, warmup_steps: 20, decay: Decay::Cosine, floor: 0.1 }
    }
}

impl Schedule {
    /// The learning rate of step `step` (counted from 0) of `steps`.
    pub fn rate(&self, step: u64, steps: u64) -> f64 {
        if step < self.warmup_steps {
            return self.peak * (step + 1) as f64 / self.warmup_steps as f64;
        }
        let span = steps.saturating_sub(self.warmup_steps).max(1) as f64;
        let progress = ((step - self.warmup_steps) as f64 / span).min(1.0);
        let height = match self.decay {
            Decay::Constant => 1.0,
            Decay::Linear => 1.0 - progress,
            Decay::Cosine => 0.5 * (1.0 + libm::cos(std::f64::consts::PI * progress)),
            Decay::Wsd { decay_share } => {
                let length = (decay_share * steps as f64).max(1.0);
                (steps.saturating_sub(step) as f64 / length).min(1.0)
            }
        };
        self.peak * (self.floor + (1.0 - self.floor) * height)
    }
}
