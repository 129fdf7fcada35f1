//! Trees of decisions: how likely a block belongs to the main text.
//!
//! Boosted regression trees (Friedman, "Greedy function approximation", 2001), all four decisions deep, fitted by
//! `bench/extractors/fit.py`. Everything is a whole number: features, thresholds, and leaves in 1/1024 of a logit.

use super::weights::TREES;

/// Decisions, breadth first: the number of a feature, and the greatest value that goes left. Then the leaves.
pub(super) type Tree = ([(u8, i32); 15], [i16; 16]);

/// How likely, per mille, a block with these features belongs to the main text.
pub(super) fn chance(features: &[i32]) -> u32 {
    let logit = TREES.iter().map(|tree| i32::from(leaf(tree, features))).sum();
    logistic(logit)
}

fn leaf((decisions, leaves): &Tree, features: &[i32]) -> i16 {
    let mut at = 0;
    for _ in 0..4 {
        let (feature, most) = decisions[at];
        at = 2 * at + 1 + usize::from(features[usize::from(feature)] > most);
    }
    leaves[at - decisions.len()]
}

/// 1,000 / (1 + e^-x) at x = 0, 1/4, 1/2 … 8.
const LOGISTIC: [u32; 33] = [
    500, 562, 622, 679, 731, 777, 818, 852, 881, 905, 924, 940, 953, 963, 971, 977, 982, 986, 989, 991, 993,
    995, 996, 997, 998, 998, 998, 999, 999, 999, 999, 1000, 1000,
];

/// The logistic function of a logit in 1/1024, per mille: straight lines between the points of [`LOGISTIC`].
fn logistic(logit: i32) -> u32 {
    const STEP: u32 = 256;
    let size = logit.unsigned_abs();
    let at = (size / STEP) as usize;
    let upper = match (LOGISTIC.get(at), LOGISTIC.get(at + 1)) {
        (Some(here), Some(next)) => here + (next - here) * (size % STEP) / STEP,
        _ => 1_000,
    };
    if logit < 0 { 1_000 - upper } else { upper }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logistic_function_is_what_it_should_be() {
        for logit in (-9_000..=9_000).step_by(37) {
            let exact = 1_000.0 / (1.0 + (f64::from(-logit) / 1024.0).exp());
            assert!((f64::from(logistic(logit)) - exact).abs() < 3.0, "{logit}");
        }
    }
}
