//! Which blocks to keep, from how likely each belongs to the main text.
//!
//! Not those above a fixed chance: a page where nothing is certain would come out empty, and one where all is certain
//! would gain little from doubtful blocks. The blocks kept are those that make the expected F1 of the page's words
//! greatest, which are always all from some chance upwards (Lipton, Elkan and Naryanaswamy, "Optimal thresholding of
//! classifiers to maximize F1 measure", 2014).

/// A block's chance, per mille, and how many words it has.
pub(super) type Candidate = (u32, u32);

/// Chances from which a block is kept are multiples of this.
const STEP: usize = 4;

/// The least chance with which a block of this page is kept.
pub(super) fn least_chance(candidates: impl Iterator<Item = Candidate>) -> u32 {
    let mut words = [0_u64; 1_000 / STEP + 1];
    let mut right = [0_u64; 1_000 / STEP + 1];
    for (chance, count) in candidates {
        let at = (chance as usize / STEP).min(words.len() - 1);
        words[at] += u64::from(count);
        right[at] += u64::from(count) * u64::from(chance);
    }
    let expected: u64 = right.iter().sum();
    let (mut kept, mut kept_right) = (0, 0);
    // F1 is twice the right words kept over all kept and all expected; as a fraction, so that nothing is rounded.
    let (mut best, mut best_at): ((u128, u128), usize) = ((0, 1), 0);
    for at in (0..words.len()).rev().filter(|&at| words[at] > 0) {
        kept += words[at];
        kept_right += right[at];
        let f1 = (u128::from(kept_right), u128::from(kept * 1_000 + expected));
        if f1.0 * best.1 > best.0 * f1.1 {
            (best, best_at) = (f1, at);
        }
    }
    (best_at * STEP) as u32
}

#[cfg(test)]
mod tests {
    use super::least_chance;

    #[test]
    fn the_kept_blocks_make_expected_f1_greatest() {
        for (candidates, least) in [
            (&[][..], 0),
            (&[(900, 100), (100, 100)], 900),
            // Where nothing is certain, more is kept.
            (&[(300, 100), (200, 100), (8, 100)], 200),
            (&[(960, 1_000), (500, 10), (400, 10)], 500),
            // The last block is long, so its chance must be better.
            (&[(800, 50), (400, 1_000), (100, 10)], 400),
        ] {
            assert_eq!(least_chance(candidates.iter().copied()), least, "{candidates:?}");
        }
    }
}
