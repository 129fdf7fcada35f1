//! The pages of an archive that took longest and that are largest: where to look when a task is slow.

use pipeline::Io;
use pipeline::clock::Timer;
use serde_json::{Value, json};

/// So many of each.
const MOST: usize = 8;

/// What one page took.
#[derive(Debug, Clone, Default)]
pub(super) struct Effort {
    /// Where its record begins in the archive.
    pub(super) offset: u64,
    /// Bytes of the record.
    pub(super) bytes: u64,
    pub(super) milliseconds: f64,
}

impl Effort {
    /// Does `work` on a record and measures it.
    pub(super) fn of<T>(offset: u64, bytes: u64, work: impl FnOnce() -> T) -> (T, Self) {
        let timer = Timer::start();
        let done = work();
        (done, Self { offset, bytes, milliseconds: timer.milliseconds() })
    }
}

/// The greatest efforts so far.
#[derive(Debug, Default)]
pub(super) struct Outliers {
    slowest: Vec<Effort>,
    largest: Vec<Effort>,
}

impl Outliers {
    pub(super) fn take(&mut self, effort: &Effort) {
        keep(&mut self.slowest, effort, |effort| effort.milliseconds);
        keep(&mut self.largest, effort, |effort| effort.bytes as f64);
    }

    /// Leaves them in the task's line of `timings.jsonl`.
    pub(super) fn note(&self, io: &Io) {
        let list = |efforts: &[Effort]| -> Value {
            let line = |effort: &Effort| {
                let Effort { offset, bytes, milliseconds } = effort;
                json!({ "offset": offset, "bytes": bytes, "milliseconds": (milliseconds * 10.0).round() / 10.0 })
            };
            efforts.iter().map(line).collect()
        };
        io.note("slowest_pages", list(&self.slowest));
        io.note("largest_pages", list(&self.largest));
    }
}

/// Keeps `found` in its place among the greatest, greatest first.
fn keep(greatest: &mut Vec<Effort>, found: &Effort, size: impl Fn(&Effort) -> f64) {
    let at = greatest.partition_point(|held| size(held) >= size(found));
    if at < MOST {
        greatest.truncate(MOST - 1);
        greatest.insert(at, found.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::{Effort, MOST, Outliers};

    #[test]
    fn the_greatest_stay() {
        let mut outliers = Outliers::default();
        for number in [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7] {
            outliers.take(&Effort { offset: 0, bytes: number, milliseconds: 10.0 - number as f64 });
        }
        let bytes: Vec<u64> = outliers.largest.iter().map(|effort| effort.bytes).collect();
        assert_eq!(bytes, [9, 9, 8, 7, 6, 5, 5, 5]);
        assert_eq!(outliers.slowest.len(), MOST);
        assert_eq!(outliers.slowest[0].bytes, 1);
    }
}
