//! The chance that one of `k` tries is right.

/// An unbiased estimate of pass@k from `tries`, of which `right` were right (Chen et al. 2021, arXiv 2107.03374,
/// equation 1): `1 − C(n − c, k) / C(n, k)`.
///
/// The quotient of binomials is a product of `k` fractions between 0 and 1, so nothing overflows. More tries asked for than
/// made, `k > n`, is what `n` tries say.
///
/// ```
/// assert_eq!(eval::pass_at_k(10, 3, 1), 0.3);
/// assert_eq!(eval::pass_at_k(10, 0, 5), 0.0);
/// assert_eq!(eval::pass_at_k(10, 6, 5), 1.0);
/// ```
pub fn pass_at_k(tries: u64, right: u64, k: u64) -> f64 {
    let (right, k) = (right.min(tries), k.min(tries));
    let wrong = tries - right;
    if right == 0 || k == 0 {
        return 0.0;
    }
    if k == 1 {
        return right as f64 / tries as f64;
    }
    if wrong < k {
        return 1.0;
    }
    // all k are wrong: the first, then the second among what is left, …
    1.0 - (0..k).map(|drawn| (wrong - drawn) as f64 / (tries - drawn) as f64).product::<f64>()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::pass_at_k;

    fn binomial(n: u64, k: u64) -> u128 {
        (0..k).fold(1, |product, at| product * u128::from(n - at) / u128::from(at + 1))
    }

    proptest! {
        #[test]
        fn equals_equation_1(n in 1_u64..60, right in 0_u64..60, k in 1_u64..20) {
            let (c, k) = (right.min(n), k.min(n));
            let misses = if n - c < k { 0 } else { binomial(n - c, k) };
            let expected = 1.0 - misses as f64 / binomial(n, k) as f64;
            prop_assert!((pass_at_k(n, c, k) - expected).abs() < 1e-12);
        }

        #[test]
        fn more_tries_and_more_right_ones_never_hurt(n in 1_u64..5_000, c in 0_u64..5_000, k in 1_u64..5_000) {
            let c = c.min(n);
            let here = pass_at_k(n, c, k);
            prop_assert!((0.0..=1.0).contains(&here));
            prop_assert!(pass_at_k(n, c, k + 1) >= here - 1e-12);
            prop_assert!(pass_at_k(n, (c + 1).min(n), k) >= here - 1e-12);
        }

        /// The mean over all ways to draw k of n is the estimate: it is unbiased.
        #[test]
        fn is_the_mean_over_all_draws(outcomes in prop::collection::vec(any::<bool>(), 1..10), k in 1_usize..6) {
            let (n, k) = (outcomes.len(), k.min(outcomes.len()));
            let right = outcomes.iter().filter(|right| **right).count() as u64;
            let draws = (0_u32..1 << n).filter(|draw| draw.count_ones() as usize == k);
            let (mut hits, mut all) = (0.0, 0.0);
            for draw in draws {
                hits += f64::from(u8::from((0..n).any(|at| draw >> at & 1 == 1 && outcomes[at])));
                all += 1.0;
            }
            prop_assert!((pass_at_k(n as u64, right, k as u64) - hits / all).abs() < 1e-12);
        }
    }
}
