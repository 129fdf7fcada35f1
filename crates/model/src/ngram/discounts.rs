//! How much of each count is set aside for what was not seen.

/// The three discounts of modified Kneser–Ney: for counts of 1, of 2, and of 3 or more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Discounts([f64; 3]);

impl Discounts {
    /// From counts of counts: how many n-grams have each count (Chen and Goodman 1999, equation 26).
    ///
    /// Where the text is too small or too regular for the estimate, because one of these numbers is 0 or the
    /// result is no possible discount, they are ½, 1 and 1½.
    pub(super) fn estimate(counts: &[u32]) -> Self {
        let mut with = [0.0; 5]; // with[r]: n-grams that have the count r
        for &count in counts.iter().filter(|&&count| count <= 4) {
            with[count as usize] += 1.0;
        }
        let [_, n1, n2, n3, n4] = with;
        let y = n1 / (n1 + 2.0 * n2);
        let estimate = [1.0 - 2.0 * y * n2 / n1, 2.0 - 3.0 * y * n3 / n2, 3.0 - 4.0 * y * n4 / n3];
        let usable = n4 > 0.0 && estimate.iter().all(|&discount| discount > 0.0); // 0 / 0 is not
        Self(if usable { estimate } else { [0.5, 1.0, 1.5] })
    }

    /// What is set aside of a count.
    pub(super) fn of(self, count: u32) -> f64 {
        self.0[count.clamp(1, 3) as usize - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(n: [usize; 4]) -> Discounts {
        let counts = (1..).zip(n).flat_map(|(count, n)| std::iter::repeat_n(count, n));
        Discounts::estimate(&counts.collect::<Vec<u32>>())
    }

    #[test]
    fn discounts_follow_from_counts_of_counts() {
        // Y = 10 / 20
        let Discounts(discounts) = estimate([10, 5, 3, 2]);
        for (discount, expected) in discounts.iter().zip([0.5, 1.1, 3.0 - 4.0 / 3.0]) {
            assert!((discount - expected).abs() < 1e-12, "{discounts:?}");
        }
        assert_eq!(estimate([10, 5, 3, 2]).of(2), discounts[1]);
        assert_eq!(estimate([10, 5, 3, 2]).of(99), discounts[2]);
    }

    #[test]
    fn where_nothing_follows_they_are_halves() {
        for n in [[0, 0, 0, 0], [10, 5, 3, 0], [0, 5, 3, 2], [10, 1, 30, 1]] {
            assert_eq!(estimate(n), Discounts([0.5, 1.0, 1.5]), "{n:?}");
        }
    }
}
