//! Figures out of the lock of `real`.

use pipeline::{LockFile, Locked};

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

    /// How many of how many were right, as a share with Wilson's interval at 95 % (Wilson 1927, doi
    /// 10.1080/01621459.1927.10502953).
    pub(super) fn share(&self, stage: &str, right: &str, of: &str) -> Option<String> {
        let (right, of) = (self.count(stage, right)? as f64, self.count(stage, of)? as f64);
        let [low, high] = wilson(right, of);
        Some(format!("{:.1} % ({:.1}–{:.1}, {of} questions)", 100.0 * right / of, 100.0 * low, 100.0 * high))
    }

    fn stage(&self, name: &str) -> Option<&Locked> {
        self.0.stage.get(name)
    }
}

fn wilson(right: f64, of: f64) -> [f64; 2] {
    const Z: f64 = 1.959_964;
    let (share, z2) = (right / of, Z * Z);
    let centre = share + z2 / (2.0 * of);
    let reach = Z * (share * (1.0 - share) / of + z2 / (4.0 * of * of)).sqrt();
    [centre - reach, centre + reach].map(|bound| (bound / (1.0 + z2 / of)).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_interval_is_that_of_the_tables() {
        // Brown, Cai and DasGupta 2001: 10 of 50 gives 0.112 to 0.330
        let [low, high] = super::wilson(10.0, 50.0);
        assert!((low - 0.112).abs() < 1e-3 && (high - 0.330).abs() < 1e-3, "{low} {high}");
        assert_eq!(super::wilson(0.0, 20.0)[0], 0.0);
    }
}
