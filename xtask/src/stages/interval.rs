//! How far a share of few may lie from that of many. Only sums, products and roots: the bits are the same everywhere.

/// Wilson's interval for `hits` of `of` (1927), at 95 %.
pub(crate) fn wilson(hits: f64, of: f64) -> (f64, f64) {
    const Z: f64 = 1.959_963_984_540_054;
    let (n, p) = (of, hits / of);
    let middle = p + Z * Z / (2.0 * n);
    let reach = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let below = 1.0 + Z * Z / n;
    (((middle - reach) / below).max(0.0), ((middle + reach) / below).min(1.0))
}

/// The shares between which the number of hits lies with a probability of `sure`, where each of the trials has a
/// chance of its own: the narrowest pair of counts that leaves at most half of the rest on either side.
pub(super) fn trials(chances: &[f64], sure: f64) -> (f64, f64) {
    // probability of each number of hits, one trial after another
    let mut of = vec![1.0];
    for chance in chances {
        of.push(0.0);
        for hits in (0..of.len()).rev() {
            let one_less = if hits > 0 { of[hits - 1] * chance } else { 0.0 };
            of[hits] = of[hits] * (1.0 - chance) + one_less;
        }
    }
    let tail = (1.0 - sure) / 2.0;
    let outside = |probabilities: &mut dyn Iterator<Item = &f64>| {
        let mut sum = 0.0;
        let beyond = probabilities.take_while(|probability| {
            sum += **probability;
            sum <= tail
        });
        beyond.count()
    };
    let (low, high) = (outside(&mut of.iter()), chances.len() - outside(&mut of.iter().rev()));
    (low as f64 / chances.len() as f64, high as f64 / chances.len() as f64)
}

/// Mean, and the interval in which that of very many lies with 95 %.
pub(super) fn mean(values: &[f64]) -> (f64, f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let spread = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (n - 1.0).max(1.0);
    let reach = 1.96 * (spread / n).sqrt();
    (mean, mean - reach, mean + reach)
}

#[cfg(test)]
mod tests {
    use super::{mean, trials, wilson};

    fn near(got: (f64, f64), expected: (f64, f64)) {
        assert!((got.0 - expected.0).abs() < 5e-5 && (got.1 - expected.1).abs() < 5e-5, "{got:?}");
    }

    #[test]
    fn intervals_are_those_of_the_books() {
        near(wilson(10.0, 10.0), (0.7225, 1.0));
        near(wilson(1.0, 20.0), (0.0089, 0.2361));
        near(wilson(0.0, 5.0), (0.0, 0.4345));
        // quantiles of the binomial of 100 trials at 0.5: 37 and 63 at 99 %
        near(trials(&[0.5; 100], 0.99), (0.37, 0.63));
        near(trials(&[1.0; 8], 0.99), (1.0, 1.0));
        near(trials(&[0.0, 1.0], 0.99), (0.5, 0.5));
        assert_eq!(mean(&[2.0]), (2.0, 2.0, 2.0));
    }
}
