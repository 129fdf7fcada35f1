//! Figures on their way into `scores/1`.

use pipeline::{Io, Task};
use shard::{Scores, scores};

use super::{interval, shards};

/// All figures of a stage, in the order of its questions.
#[derive(Default)]
pub(super) struct Sheet(Vec<Score>);

struct Score {
    benchmark: &'static str,
    item: String,
    metric: &'static str,
    value: f64,
    between: Option<(f64, f64)>,
}

impl Sheet {
    /// A figure without an interval, a count for the most part.
    pub(super) fn figure(&mut self, benchmark: &'static str, item: &str, metric: &'static str, value: f64) {
        self.push(benchmark, item, metric, value, None);
    }

    /// A figure that lies, or should lie, between two others.
    pub(super) fn between(
        &mut self,
        benchmark: &'static str,
        item: &str,
        metric: &'static str,
        (value, low, high): (f64, f64, f64),
    ) {
        self.push(benchmark, item, metric, value, Some((low, high)));
    }

    /// `hits` of `of` with Wilson's interval; nothing where there was nothing to hit.
    pub(super) fn share(
        &mut self,
        benchmark: &'static str,
        item: &str,
        metric: &'static str,
        hits: u64,
        of: u64,
    ) {
        if of > 0 {
            let (hits, of) = (hits as f64, of as f64);
            let (low, high) = interval::wilson(hits, of);
            self.between(benchmark, item, metric, (hits / of, low, high));
        }
    }

    fn push(
        &mut self,
        benchmark: &'static str,
        item: &str,
        metric: &'static str,
        value: f64,
        between: Option<(f64, f64)>,
    ) {
        self.0.push(Score { benchmark, item: item.to_owned(), metric, value, between });
    }

    /// Writes all figures as the stage's own, into its output `scores`.
    pub(super) fn finish(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let checkpoint = io.stage();
        let mut out = shards::create::<Scores>(io, "scores", &task.shard())?;
        for Score { benchmark, item, metric, value, between } in &self.0 {
            let (low, high) = between.unzip();
            out.push(&scores::Row { checkpoint, benchmark, item, metric, value: *value, low, high })?;
        }
        shards::finish(io, "scores", out)
    }

    /// The figures as text.
    #[cfg(test)]
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |Score { benchmark, item, metric, value, .. }: &Score| {
            format!("{benchmark} {item} {metric} {value}")
        };
        self.0.iter().map(line).collect()
    }
}
