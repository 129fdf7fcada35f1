//! How far a figure would move with other items of the same kind.

use model::Random;
use rayon::prelude::*;

use super::{Weighed, mean};

/// A figure, and the interval that the bootstrap puts around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The figure.
    pub value: f64,
    /// 2.5 % of the resampled figures lie below.
    pub low: f64,
    /// As many lie above.
    pub high: f64,
}

impl Interval {
    /// Around `value`, by what it was in `drawn`, in any order; without width where nothing was drawn.
    pub(super) fn of(value: f64, mut drawn: Vec<f64>) -> Self {
        drawn.sort_unstable_by(f64::total_cmp);
        Self { value, low: quantile(&drawn, 0.025, value), high: quantile(&drawn, 0.975, value) }
    }
}

/// The percentile bootstrap (Efron 1979): items are drawn again with replacement, as many as there are, and the figure is
/// taken of the draw.
///
/// Draw `r` of a purpose has random numbers of its own, so neither threads nor other figures change a bit of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    /// Draws; 0 for an interval without width.
    pub draws: usize,
    /// Names the random numbers, with the purpose.
    pub seed: u64,
}

impl Bootstrap {
    /// The mean of the items by their weights.
    pub fn mean(&self, items: &[Weighed], purpose: &str) -> Interval {
        self.of(&[items], purpose, |means| means[0])
    }

    /// A figure of the means of several benchmarks, whose items are drawn apart.
    pub fn of(
        &self,
        benchmarks: &[&[Weighed]],
        purpose: &str,
        figure: impl Fn(&[f64]) -> f64 + Sync,
    ) -> Interval {
        let means: Vec<f64> = benchmarks.iter().map(|items| mean(items.iter().copied())).collect();
        let value = figure(&means);
        let drawn = (0..self.draws)
            .into_par_iter()
            .map(|draw| {
                let mut random = Random::new(self.seed, &format!("bootstrap {draw} of {purpose}"));
                let again = |items: &&[Weighed]| {
                    let count = items.len() as u64;
                    mean((0..count).map(|_| items[random.below(count) as usize]))
                };
                figure(&benchmarks.iter().map(again).collect::<Vec<f64>>())
            })
            .collect();
        Interval::of(value, drawn)
    }
}

/// Between the two nearest of sorted values, in proportion.
fn quantile(sorted: &[f64], share: f64, otherwise: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return otherwise };
    let place = share * last as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Bootstrap, mean};

    const BOOTSTRAP: Bootstrap = Bootstrap { draws: 400, seed: 7 };

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn lies_among_the_items_and_around_their_mean(values in prop::collection::vec(-5.0..5.0_f64, 1..60)) {
            let items: Vec<_> = values.iter().map(|&value| (value, 1.0)).collect();
            let got = BOOTSTRAP.mean(&items, "law");
            let least = values.iter().copied().fold(f64::INFINITY, f64::min);
            let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            prop_assert_eq!(got.value, mean(items.iter().copied()));
            prop_assert!(least - 1e-9 <= got.low && got.low <= got.high && got.high <= most + 1e-9);
        }

        #[test]
        fn moves_and_stretches_with_its_items(values in prop::collection::vec(-5.0..5.0_f64, 1..40), by in -3.0..3.0_f64) {
            let items: Vec<_> = values.iter().map(|&value| (value, 1.0)).collect();
            let moved: Vec<_> = values.iter().map(|&value| (2.0 * value + by, 1.0)).collect();
            let [a, b] = [BOOTSTRAP.mean(&items, "law"), BOOTSTRAP.mean(&moved, "law")];
            prop_assert!((2.0 * a.low + by - b.low).abs() < 1e-9 && (2.0 * a.high + by - b.high).abs() < 1e-9);
        }
    }

    #[test]
    fn threads_change_no_bit() {
        let items: Vec<_> = (0..99).map(|at| (f64::from(at % 7), f64::from(1 + at % 3))).collect();
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| BOOTSTRAP.mean(&items, "threads"))
        };
        assert_eq!(with(1), with(4));
        assert_ne!(BOOTSTRAP.mean(&items, "threads").low, BOOTSTRAP.mean(&items, "another").low);
    }

    /// Of shares the theory knows the width: 1.96 √(p (1 − p) / n).
    #[test]
    fn is_as_wide_as_the_theory_says() {
        let items: Vec<_> = (0..400).map(|at| (f64::from(u8::from(at % 4 == 0)), 1.0)).collect();
        let got = Bootstrap { draws: 4_000, seed: 1 }.mean(&items, "width");
        let half = 1.96 * (0.25 * 0.75 / 400.0_f64).sqrt();
        assert!(
            (got.low - (0.25 - half)).abs() < 0.005 && (got.high - (0.25 + half)).abs() < 0.005,
            "{got:?}"
        );
    }
}
