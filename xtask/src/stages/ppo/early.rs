//! When a run has enough, and which weights it leaves then.

use std::fs;
use std::path::{Path, PathBuf};

use model::Params;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::stages::preferences::Point;
use crate::stages::training::Log;

/// When a run has enough: the further a policy goes from where it began, the less the reward means (Gao et al. 2022, arXiv
/// 2210.10760). Looked at with every measurement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EarlyStop {
    /// Nats from the beginning, an answer, that may be spent; 0 for any.
    #[schemars(extend("unit" = "nats per answer"))]
    pub kl: f64,
    /// The run ends when so many measurements in a row were worse than the best one by `gold`, and leaves the weights of the
    /// best; 0 for never.
    #[schemars(extend("unit" = "measurements"))]
    pub patience: usize,
}

/// Measurements, and the weights of the best.
pub(super) struct Best {
    settings: EarlyStop,
    /// Gold, where there is one, and distance.
    seen: Log<Seen>,
    directory: PathBuf,
}

/// A measurement, as bits of f64: decimal digits might not come back the same.
#[derive(Serialize, Deserialize)]
struct Seen {
    gold: Option<u64>,
    divergence: u64,
}

impl Best {
    /// What was seen up to round `begun`.
    pub(super) fn open(scratch: &Path, settings: EarlyStop, begun: u64) -> anyhow::Result<Self> {
        let seen = Log::open(&scratch.join("measured.jsonl"), begun)?;
        Ok(Self { settings, seen, directory: scratch.to_owned() })
    }

    /// Takes a measurement in, and keeps the weights where it is the best so far.
    pub(super) fn look(
        &mut self,
        round: u64,
        point: &Point,
        weights: impl FnOnce() -> rlhf_reward::Result<Params>,
    ) -> anyhow::Result<()> {
        let (gold, divergence) = (point.gold.map(f64::to_bits), point.divergence.to_bits());
        self.seen.push(round, Seen { gold, divergence })?;
        if self.settings.patience > 0 && self.round() == Some(round) {
            model::checkpoint::save_tensors(&self.path(round), &weights()?)?;
        }
        Ok(())
    }

    /// The round of the best measurement, where the run is to leave its weights.
    pub(super) fn round(&self) -> Option<u64> {
        if self.settings.patience == 0 {
            return None;
        }
        let gold = |seen: &Seen| seen.gold.map(f64::from_bits);
        let known = self.seen.rows().iter().filter_map(|(round, seen)| Some((*round, gold(seen)?)));
        // the earlier of two that are equal
        known.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(round, _)| round)
    }

    /// Whether that is enough.
    pub(super) fn enough(&self) -> bool {
        let rows = self.seen.rows();
        let spent = rows.last().is_some_and(|(_, seen)| f64::from_bits(seen.divergence) > self.settings.kl);
        let since = self.round().map_or(0, |best| rows.iter().filter(|(round, _)| *round > best).count());
        self.settings.kl > 0.0 && spent || self.settings.patience > 0 && since >= self.settings.patience
    }

    /// The weights of the best measurement into `params`, which has the same names, where the run is to leave those.
    pub(super) fn restore(&self, params: &Params) -> anyhow::Result<()> {
        let Some(round) = self.round() else { return Ok(()) };
        Ok(params.load(&model::checkpoint::read_tensors(&self.path(round))?)?)
    }

    /// One file a round: weights that a killed run left of a later round must not stand in for those of an earlier one.
    fn path(&self, round: u64) -> PathBuf {
        self.directory.join(format!("best-{round:06}.safetensors"))
    }
}

impl Drop for Best {
    /// Leaves only the best file: the others are never asked for again.
    fn drop(&mut self) {
        let Some(best) = self.round() else { return };
        for (round, _) in self.seen.rows().iter().filter(|(round, _)| *round != best) {
            let _ = fs::remove_file(self.path(*round));
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{Initial, Params};

    use super::{Best, EarlyStop};
    use crate::stages::preferences::Point;

    /// Parameters whose value tells which round left them.
    fn weights(round: f64) -> Params {
        let params = Params::new(0);
        params.get("w", 1, Initial::Constant(round)).unwrap();
        params
    }

    fn look(best: &mut Best, round: u64, gold: f64, divergence: f64) {
        let point = Point { gold: Some(gold), divergence };
        best.look(round, &point, || Ok(weights(round as f64))).unwrap();
    }

    #[test]
    fn it_ends_when_the_judge_has_turned_and_leaves_the_best() {
        let scratch = tempfile::tempdir().unwrap();
        let settings = EarlyStop { patience: 2, kl: 0.0 };
        let mut best = Best::open(scratch.path(), settings, 0).unwrap();
        for (round, gold) in [(0, 1.0), (10, 3.0), (20, 2.0), (30, 3.5), (40, 3.4)] {
            look(&mut best, round, gold, 1.0);
            assert!(!best.enough(), "{round}");
        }
        // killed here, and taken up from round 30
        drop(best);
        let mut best = Best::open(scratch.path(), settings, 30).unwrap();
        look(&mut best, 40, 3.4, 1.0);
        look(&mut best, 50, 3.3, 1.0);
        assert!(best.enough());
        assert_eq!(best.round(), Some(30));
        let left = weights(-1.0);
        best.restore(&left).unwrap();
        assert_eq!(left.vars()["w"].to_vec1::<f32>().unwrap(), [30.0]);
    }

    #[test]
    fn it_ends_when_the_distance_is_spent() {
        let scratch = tempfile::tempdir().unwrap();
        let mut best = Best::open(scratch.path(), EarlyStop { patience: 0, kl: 5.0 }, 0).unwrap();
        look(&mut best, 10, 1.0, 4.9);
        assert!(!best.enough());
        look(&mut best, 20, 2.0, 5.1);
        assert!(best.enough());
        // the weights are the last ones
        assert_eq!(best.round(), None);
    }
}
