//! How much better an answer is than the others of its group.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What rewards of a group become.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Advantage {
    /// `(r − mean) / (std + 1e-4)`, with Bessel's correction (Shao et al. 2024, DeepSeekMath, arXiv 2402.03300, section
    /// 4.1.2; the small number is TRL's).
    ZScore,
    /// `r − mean`: problems of middling difficulty count no less for it (Liu et al. 2025, Dr. GRPO, arXiv 2503.20783,
    /// section 3.2).
    Centred,
    /// `r − mean of the others` (Ahmadian et al. 2024, RLOO, arXiv 2402.14740, equation 6).
    LeaveOneOut,
    /// `r` itself (Williams 1992, REINFORCE).
    None,
}

/// Keeps a group of nearly equal rewards from being blown up.
const LEAST_DEVIATION: f64 = 1e-4;

impl Advantage {
    /// The advantages of a group's answers. An answer without a reward has none, and does not count for the others.
    ///
    /// A group of one answer has nothing to compare with: 0, but where the reward itself is taken.
    pub fn of_group(self, rewards: &[Option<f64>]) -> Vec<f64> {
        let known: Vec<f64> = rewards.iter().flatten().copied().collect();
        let (n, mean) = (known.len() as f64, mean(&known));
        if self != Self::None && known.iter().all(|r| *r == known[0]) {
            return vec![0.0; rewards.len()]; // to the bit, whatever the mean was rounded to
        }
        let deviation =
            libm::sqrt(known.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>() / (n - 1.0).max(1.0));
        let of = |r: f64| match self {
            Self::ZScore => (r - mean) / (deviation + LEAST_DEVIATION),
            Self::Centred => r - mean,
            // r − (n · mean − r) / (n − 1)
            Self::LeaveOneOut => (r - mean) * n / (n - 1.0).max(1.0),
            Self::None => r,
        };
        rewards.iter().map(|reward| reward.map_or(0.0, of)).collect()
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Moves the values of places that count to mean 0 and deviation 1, with Bessel's correction; others stay.
pub fn whiten(values: &mut [f64], counts: &[bool]) {
    let known: Vec<f64> =
        values.iter().zip(counts).filter(|(_, counts)| **counts).map(|(value, _)| *value).collect();
    let mean = mean(&known);
    let variance =
        known.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (known.len() as f64 - 1.0).max(1.0);
    for (value, _) in values.iter_mut().zip(counts).filter(|(_, counts)| **counts) {
        *value = (*value - mean) / libm::sqrt(variance + 1e-8);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Advantage, whiten};

    const ALL: [Advantage; 4] =
        [Advantage::ZScore, Advantage::Centred, Advantage::LeaveOneOut, Advantage::None];

    #[test]
    fn equal_rewards_teach_nothing_and_a_group_of_one_neither() {
        for advantage in &ALL[..3] {
            assert_eq!(advantage.of_group(&[Some(0.7); 5]), [0.0; 5]);
            assert_eq!(advantage.of_group(&[Some(3.0)]), [0.0]);
            assert_eq!(advantage.of_group(&[None, None]), [0.0; 2]);
        }
        assert_eq!(Advantage::None.of_group(&[Some(3.0), None]), [3.0, 0.0]);
    }

    proptest! {
        #[test]
        fn laws(rewards in prop::collection::vec(-3.0..3.0, 2..20), missing in 0..20_usize) {
            let mut rewards: Vec<Option<f64>> = rewards.into_iter().map(Some).collect();
            let all = rewards.clone();
            rewards.insert(missing.min(rewards.len()), None);
            for advantage in ALL {
                // who has no reward changes nothing for the others
                let mut with = advantage.of_group(&rewards);
                prop_assert_eq!(with.remove(missing.min(all.len())), 0.0);
                prop_assert_eq!(&with, &advantage.of_group(&all));
            }
            for advantage in &ALL[..3] {
                let sum: f64 = advantage.of_group(&all).iter().sum();
                prop_assert!(sum.abs() < 1e-9);
            }
            let own = Advantage::LeaveOneOut.of_group(&all);
            for (at, own) in own.iter().enumerate() {
                let others: Vec<f64> =
                    all.iter().enumerate().filter(|(other, _)| *other != at).filter_map(|(_, r)| *r).collect();
                let expected = all[at].unwrap() - others.iter().sum::<f64>() / others.len() as f64;
                prop_assert!((own - expected).abs() < 1e-9);
            }
        }

        #[test]
        fn white_values_have_mean_0_and_deviation_1(mut values in prop::collection::vec(-5.0..5.0, 4..40)) {
            let counts: Vec<bool> = (0..values.len()).map(|at| at % 3 != 0).collect();
            let before = values.clone();
            whiten(&mut values, &counts);
            for at in (0..values.len()).step_by(3) {
                prop_assert_eq!(values[at], before[at]);
            }
            let moments = |values: &[f64]| {
                let counted: Vec<f64> = (0..values.len()).filter(|at| at % 3 != 0).map(|at| values[at]).collect();
                let mean = counted.iter().sum::<f64>() / counted.len() as f64;
                let squares = counted.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
                (mean, squares / (counted.len() - 1) as f64)
            };
            let (mean, variance) = moments(&values);
            prop_assert!(mean.abs() < 1e-9);
            // but for the small number that keeps nearly equal values from being blown up
            let (_, before) = moments(&before);
            prop_assert!((variance - before / (before + 1e-8)).abs() < 1e-9);
        }
    }
}
