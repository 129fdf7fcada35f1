//! Some of many, at equal distances.

use std::path::{Path, PathBuf};

/// The middle of part `which` of `parts` of `n` things; nothing where there are fewer things than that.
pub(crate) fn middle(which: u64, parts: u64, n: u64) -> Option<u64> {
    let parts = parts.min(n);
    (which < parts).then(|| (2 * which + 1) * n / (2 * parts))
}

/// Rows of all shards together, `most` at most, each as its shard and its number in it.
pub(crate) fn rows(shards: &[(PathBuf, u64)], most: u64) -> Vec<(&Path, u64)> {
    let all: u64 = shards.iter().map(|(_, rows)| rows).sum();
    let place = |mut at: u64| {
        for (path, rows) in shards {
            if at < *rows {
                return Some((path.as_path(), at));
            }
            at -= rows;
        }
        None
    };
    (0..most).filter_map(|which| middle(which, most, all)).filter_map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_even_and_within() {
        let all = |parts, n| (0..parts).filter_map(|which| middle(which, parts, n)).collect::<Vec<_>>();
        assert_eq!(all(3, 9), [1, 4, 7]);
        assert_eq!(all(4, 2), [0, 1]);
        assert_eq!(all(2, 0), Vec::<u64>::new());
    }

    #[test]
    fn rows_are_counted_through_all_shards() {
        let shards = [("a", 3), ("b", 0), ("c", 5)].map(|(path, rows)| (PathBuf::from(path), rows));
        let [a, c] = ["a", "c"].map(Path::new);
        assert_eq!(rows(&shards, 4), [(a, 1), (c, 0), (c, 2), (c, 4)]);
        assert_eq!(rows(&shards[..1], 9), [(a, 0), (a, 1), (a, 2)]);
        assert!(rows(&[], 4).is_empty());
    }
}
