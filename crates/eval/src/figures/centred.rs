//! One figure for many benchmarks.

use super::{Bootstrap, Interval, Weighed};

/// The items of one benchmark.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// A value and a weight an item.
    pub items: Vec<Weighed>,
    /// What guessing gets.
    pub chance: f64,
}

/// 0 for guessing, 1 for all right: `(accuracy − chance) / (1 − chance)`.
pub fn centred(accuracy: f64, chance: f64) -> f64 {
    if chance < 1.0 { (accuracy - chance) / (1.0 - chance) } else { 0.0 }
}

/// The mean of the centred accuracies, the aggregate of DCLM's CORE (Li et al. 2024, arXiv 2406.11794, section 3), with an
/// interval for the draw of items in every task. Nothing where there is no task.
pub fn centred_mean(tasks: &[Task], bootstrap: Bootstrap, purpose: &str) -> Option<Interval> {
    let items: Vec<&[Weighed]> = tasks.iter().map(|task| &task.items[..]).collect();
    let figure = |means: &[f64]| {
        let sum: f64 = means.iter().zip(tasks).map(|(mean, task)| centred(*mean, task.chance)).sum();
        sum / tasks.len() as f64
    };
    (!tasks.is_empty()).then(|| bootstrap.of(&items, purpose, figure))
}

#[cfg(test)]
mod tests {
    use super::{Bootstrap, Task, centred, centred_mean};

    #[test]
    fn guessing_is_nothing_and_all_right_is_one() {
        assert_eq!((centred(0.25, 0.25), centred(1.0, 0.25), centred(0.0, 0.5)), (0.0, 1.0, -1.0));
        let task = |right: usize, chance| Task {
            items: (0..10).map(|at| (f64::from(u8::from(at < right)), 1.0)).collect(),
            chance,
        };
        let tasks = [task(10, 0.25), task(5, 0.5), task(3, 0.0)];
        let got = centred_mean(&tasks, Bootstrap { draws: 200, seed: 1 }, "test").unwrap();
        assert!((got.value - (1.0 + 0.0 + 0.3) / 3.0).abs() < 1e-12, "{got:?}");
        assert!(got.low < got.value && got.value < got.high);
        assert_eq!(centred_mean(&[], Bootstrap { draws: 200, seed: 1 }, "test"), None);
    }
}
