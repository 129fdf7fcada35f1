//! How well scores agree with a ranking.

/// What [`ranking`] finds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranking {
    /// The mean over pairs, to minimise.
    pub value: f64,
    /// Its slope with respect to each score.
    pub slopes: Vec<f64>,
    /// Pairs of answers of which one is better.
    pub pairs: usize,
    /// Pairs of which the better one has the higher score; equal scores count half.
    pub right: f64,
}

/// `−1 / |pairs| Σ log σ(r_better − r_worse − margin) + centring · mean (r_better + r_worse)²` over all pairs of a ranking
/// (Ouyang et al. 2022, InstructGPT, arXiv 2203.02155, equation 1; margins: Touvron et al. 2023, arXiv 2307.09288, equation 2;
/// centring: Eisenstein et al. 2023, arXiv 2312.09244, section 2).
///
/// Rank 1 is the best. Equal ranks are ties, of which nothing is learned. `margins`, where somebody gave them, say how much
/// better each answer is than the worst.
pub fn ranking(scores: &[f64], ranks: &[i32], margins: Option<&[f64]>, centring: f64) -> Ranking {
    let mut found = Ranking { slopes: vec![0.0; scores.len()], ..Ranking::default() };
    for better in 0..scores.len() {
        for worse in (0..scores.len()).filter(|&worse| ranks[better] < ranks[worse]) {
            let margin = margins.map_or(0.0, |margins| margins[better] - margins[worse]);
            let (difference, sum) = (scores[better] - scores[worse] - margin, scores[better] + scores[worse]);
            found.value += centring * sum * sum - log_sigmoid(difference);
            let slope = sigmoid(-difference);
            found.slopes[better] += 2.0 * centring * sum - slope;
            found.slopes[worse] += 2.0 * centring * sum + slope;
            found.pairs += 1;
            found.right += match scores[better].total_cmp(&scores[worse]) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Less => 0.0,
            };
        }
    }
    if found.pairs > 0 {
        let pairs = found.pairs as f64;
        found.value /= pairs;
        found.slopes.iter_mut().for_each(|slope| *slope /= pairs);
    }
    found
}

/// `1 / (1 + e⁻ˣ)`, without an overflow on either side.
pub fn sigmoid(x: f64) -> f64 {
    let e = libm::exp(-x.abs());
    if x >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
}

/// `log σ(x)`, exact far from 0 too.
pub fn log_sigmoid(x: f64) -> f64 {
    x.min(0.0) - libm::log1p(libm::exp(-x.abs()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{log_sigmoid, ranking, sigmoid};

    #[test]
    fn sigmoids_are_right_far_away() {
        assert_eq!(log_sigmoid(0.0), -std::f64::consts::LN_2);
        assert_eq!((log_sigmoid(-800.0), log_sigmoid(800.0)), (-800.0, 0.0));
        assert_eq!((sigmoid(-800.0), sigmoid(800.0), sigmoid(0.0)), (0.0, 1.0, 0.5));
    }

    #[test]
    fn a_tie_teaches_nothing() {
        let found = ranking(&[1.0, 3.0], &[1, 1], None, 0.1);
        assert_eq!((found.pairs, found.value, found.slopes), (0, 0.0, vec![0.0; 2]));
    }

    proptest! {
        #[test]
        fn the_loss_of_a_ranking_is_the_mean_over_its_pairs(
            answers in prop::collection::vec((-3.0..3.0, 1..4_i32, 0.0..2.0), 2..7), centring in 0.0..0.2,
        ) {
            let scores: Vec<f64> = answers.iter().map(|answer| answer.0).collect();
            let ranks: Vec<i32> = answers.iter().map(|answer| answer.1).collect();
            let margins: Vec<f64> = answers.iter().map(|answer| answer.2).collect();
            let found = ranking(&scores, &ranks, Some(&margins), centring);
            let mut losses = vec![];
            for i in 0..scores.len() {
                for j in (0..scores.len()).filter(|&j| ranks[i] < ranks[j]) {
                    let pair = ranking(
                        &[scores[i], scores[j]], &[1, 2], Some(&[margins[i], margins[j]]), centring,
                    );
                    losses.push(pair.value);
                }
            }
            prop_assert_eq!(found.pairs, losses.len());
            let mean = losses.iter().sum::<f64>() / losses.len().max(1) as f64;
            prop_assert!((found.value - mean).abs() < 1e-12);
            for at in 0..scores.len() {
                let value = |step: f64| {
                    let mut scores = scores.clone();
                    scores[at] += step;
                    ranking(&scores, &ranks, Some(&margins), centring).value
                };
                let slope = (value(1e-6) - value(-1e-6)) / 2e-6;
                prop_assert!((slope - found.slopes[at]).abs() < 1e-6);
            }
        }
    }
}
