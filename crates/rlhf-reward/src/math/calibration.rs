//! Whether a reward model is as sure as it is right, and what it should not look at.

use super::sigmoid;

/// Pairs of which the model was about equally sure.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    /// How many.
    pub pairs: usize,
    /// How sure it was, on average: σ of the difference of scores, at least a half.
    pub sure: f64,
    /// The share that it got right.
    pub right: f64,
}

/// Pairs by how sure the model was, in `bins` steps from a half to 1; `differences` are scores of the better less those of the
/// worse (a reliability diagram, Guo et al. 2017, arXiv 1706.04599, section 2).
pub fn calibration(differences: &[f64], bins: usize) -> Vec<Bin> {
    let mut found = vec![Bin::default(); bins];
    for difference in differences {
        let sure = sigmoid(difference.abs());
        let at = (((sure - 0.5) * 2.0 * bins as f64) as usize).min(bins.saturating_sub(1));
        let Some(bin) = found.get_mut(at) else { continue };
        bin.pairs += 1;
        bin.sure += sure;
        bin.right += if *difference > 0.0 {
            1.0
        } else if *difference < 0.0 {
            0.0
        } else {
            0.5
        };
    }
    for bin in &mut found {
        let pairs = bin.pairs.max(1) as f64;
        (bin.sure, bin.right) = (bin.sure / pairs, bin.right / pairs);
    }
    found
}

/// Pearson's correlation, of scores with lengths for instance; 0 where either does not vary.
pub fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len().max(1) as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
        a.iter().zip(b).map(|(a, b)| of(a - mean_a, b - mean_b)).sum()
    };
    let (both, one, other) = (sum(&|a, b| a * b), sum(&|a, _| a * a), sum(&|_, b| b * b));
    if one > 0.0 && other > 0.0 { both / libm::sqrt(one * other) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::{calibration, correlation};

    #[test]
    fn who_is_sure_and_wrong_is_seen() {
        let bins = calibration(&[5.0, 5.0, -5.0, 0.1, -0.1, 0.0], 2);
        assert_eq!((bins[0].pairs, bins[1].pairs), (3, 3));
        assert!((bins[0].right - 0.5).abs() < 1e-12 && (bins[1].right - 2.0 / 3.0).abs() < 1e-12);
        assert!(bins[1].sure > 0.99);
        assert!(calibration(&[1.0], 0).is_empty());
    }

    #[test]
    fn what_goes_together_correlates() {
        assert!((correlation(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]) - 1.0).abs() < 1e-12);
        assert!((correlation(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]) + 1.0).abs() < 1e-12);
        assert_eq!(correlation(&[1.0, 1.0], &[1.0, 2.0]), 0.0);
    }
}
