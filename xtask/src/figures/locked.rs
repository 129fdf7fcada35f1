//! Figures out of the lock of `real`.

use pipeline::{LockFile, Locked};

use crate::stages::interval::wilson;

/// The lock, asked by stage and name.
pub(super) struct Figures<'a>(pub(super) &'a LockFile);

impl Figures<'_> {
    pub(super) fn metric(&self, stage: &str, name: &str) -> Option<f64> {
        self.stage(stage)?.metrics.get(name).copied()
    }

    pub(super) fn count(&self, stage: &str, name: &str) -> Option<u64> {
        self.stage(stage)?.counters.get(name).copied()
    }

    /// CPU time of several stages, in seconds.
    pub(super) fn cpu(&self, stages: &[&str]) -> Option<f64> {
        stages.iter().map(|stage| self.stage(stage)?.cpu_s).sum()
    }

    /// How many of how many were right, as a share with its interval.
    pub(super) fn share(&self, stage: &str, right: &str, of: &str) -> Option<String> {
        let (right, of) = (self.count(stage, right)? as f64, self.count(stage, of)? as f64);
        let (low, high) = wilson(right, of);
        Some(format!("{:.1} % ({:.1}–{:.1}, {of} questions)", 100.0 * right / of, 100.0 * low, 100.0 * high))
    }

    fn stage(&self, name: &str) -> Option<&Locked> {
        self.0.stage.get(name)
    }
}
