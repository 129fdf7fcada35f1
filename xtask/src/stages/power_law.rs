//! A power law through a few points.

/// `L = coefficient * N ^ -exponent`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PowerLaw {
    pub(super) coefficient: f64,
    pub(super) exponent: f64,
}

impl PowerLaw {
    /// The law with the least squared distance to `points` (N, L) between logarithms; nothing where fewer than two
    /// points differ in N, or a value is not above zero.
    ///
    /// Deviations from Kaplan et al. 2020 (arXiv 2001.08361, equation 1.1), where `L = (N_c / N) ^ a`:
    /// 1. `coefficient` stands for their `N_c ^ a`; the exponent is the same.
    /// 2. No floor that the loss cannot fall below (Hoffmann et al. 2022, arXiv 2203.15556, equation 2) is fitted: with
    ///    three points it would be a guess.
    pub(super) fn fit(points: &[(f64, f64)]) -> Option<Self> {
        if points.iter().any(|&(n, loss)| !(n > 0.0 && loss > 0.0 && n.is_finite() && loss.is_finite())) {
            return None;
        }
        let count = points.len() as f64;
        let logs: Vec<(f64, f64)> = points.iter().map(|(n, loss)| (n.ln(), loss.ln())).collect();
        let sum = logs.iter().fold((0.0, 0.0), |sum, log| (sum.0 + log.0, sum.1 + log.1));
        let mean = (sum.0 / count, sum.1 / count);
        let spread: f64 = logs.iter().map(|(x, _)| (x - mean.0) * (x - mean.0)).sum();
        let shared: f64 = logs.iter().map(|(x, y)| (x - mean.0) * (y - mean.1)).sum();
        if spread.is_nan() || spread <= 1e-12 {
            return None;
        }
        let slope = shared / spread;
        Some(Self { coefficient: (mean.1 - slope * mean.0).exp(), exponent: -slope })
    }

    /// What the law says of `n`.
    pub(super) fn at(self, n: f64) -> f64 {
        self.coefficient * n.powf(-self.exponent)
    }
}

#[cfg(test)]
mod tests {
    use super::PowerLaw;

    #[test]
    fn a_known_law_is_found_again() {
        for (coefficient, exponent) in [(1.0, 0.0), (9.5, 0.076), (40.0, 0.5), (0.1, -0.3)] {
            let law = PowerLaw { coefficient, exponent };
            for sizes in [&[1e4, 1e6][..], &[2e4, 3e5, 7e6], &[1.0, 10.0, 1e3, 1e9]] {
                let points: Vec<(f64, f64)> = sizes.iter().map(|n| (*n, law.at(*n))).collect();
                let found = PowerLaw::fit(&points).unwrap();
                assert!((found.exponent - exponent).abs() < 1e-9, "{found:?}");
                assert!((found.coefficient / coefficient - 1.0).abs() < 1e-7, "{found:?}");
            }
        }
    }

    #[test]
    fn the_fit_is_the_best_of_its_neighbours() {
        let points = [(2e4, 3.1), (2e5, 2.4), (2e6, 2.2)];
        let off = |law: PowerLaw| {
            points.iter().map(|&(n, loss)| (law.at(n).ln() - f64::ln(loss)).powi(2)).sum::<f64>()
        };
        let best = PowerLaw::fit(&points).unwrap();
        for (factor, turn) in [(1.01, 0.0), (0.99, 0.0), (1.0, 0.002), (1.0, -0.002)] {
            let other = PowerLaw { coefficient: best.coefficient * factor, exponent: best.exponent + turn };
            assert!(off(best) < off(other), "{other:?}");
        }
    }

    #[test]
    fn what_has_no_law_gets_none() {
        for points in [
            &[][..],
            &[(5.0, 2.0)],
            &[(5.0, 2.0), (5.0, 3.0)],
            &[(1.0, 2.0), (2.0, 0.0)],
            &[(0.0, 1.0), (2.0, 1.0)],
            &[(1.0, f64::NAN), (2.0, 1.0)],
        ] {
            assert_eq!(PowerLaw::fit(points), None, "{points:?}");
        }
    }
}
