//! The simplest way to follow a reward: draw n answers, keep the one with the highest score.

/// What the best of n answers by `proxy` is worth by `gold`, on average over all choices of n among those that were drawn.
///
/// With N answers sorted by proxy, answer i is the best of `C(i − 1, n − 1)` choices: an unbiased estimate for every n ≤ N from
/// the same draws (Nakano et al. 2021, arXiv 2112.09332, appendix I). Equal scores keep their order. None for n of 0, or more
/// than there are.
pub fn best_of_n(proxy: &[f64], gold: &[f64], n: usize) -> Option<f64> {
    let count = proxy.len();
    if n == 0 || n > count {
        return None;
    }
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| proxy[a].total_cmp(&proxy[b]));
    // C(i − 1, n − 1) / C(N, n), from the largest down: each is the one above times (i − n) / (i − 1)
    let mut weight = n as f64 / count as f64;
    let mut sum = 0.0;
    for (at, &answer) in order.iter().enumerate().rev() {
        sum += weight * gold[answer];
        if at == 0 || at < n {
            break;
        }
        weight *= (at + 1 - n) as f64 / at as f64;
    }
    Some(sum)
}

/// KL of the best of n from the policy that drew them, at most: `ln n − (n − 1) / n` (Stiennon et al. 2020, arXiv 2009.01325,
/// appendix G.3).
pub fn divergence_of_best(n: usize) -> f64 {
    let n = n as f64;
    libm::log(n) - (n - 1.0) / n
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{best_of_n, divergence_of_best};

    proptest! {
        #[test]
        fn it_is_the_mean_over_all_choices(
            answers in prop::collection::vec((-3.0..3.0, -3.0..3.0), 1..9), n in 1..9_usize,
        ) {
            let (proxy, gold): (Vec<f64>, Vec<f64>) = answers.into_iter().unzip();
            let choices: Vec<Vec<usize>> = (1_u32..1 << proxy.len())
                .map(|mask| (0..proxy.len()).filter(|at| mask >> at & 1 == 1).collect())
                .filter(|choice: &Vec<usize>| choice.len() == n)
                .collect();
            let best = |choice: &Vec<usize>| {
                let best = choice.iter().copied().max_by(|&a, &b| proxy[a].total_cmp(&proxy[b])).unwrap();
                gold[best]
            };
            let expected = choices.iter().map(best).sum::<f64>() / choices.len() as f64;
            match best_of_n(&proxy, &gold, n) {
                Some(found) => prop_assert!((found - expected).abs() < 1e-9, "{found} {expected}"),
                None => prop_assert!(choices.is_empty()),
            }
        }
    }

    #[test]
    fn one_of_one_is_where_it_was() {
        assert_eq!(divergence_of_best(1), 0.0);
        assert!((divergence_of_best(4) - 0.6363).abs() < 1e-4);
    }
}
