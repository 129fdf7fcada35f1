//! Figures of benchmarks that no other section shows.

use serde::Serialize;

use super::scores::{Figure, Sheet};
use super::{arena, audit, benchmarks, knowledge, lessons, senses, text};

/// Figures shown of one sheet, the first ones.
const SHOWN: usize = 60;

/// What else was measured of one thing.
#[derive(Serialize)]
pub(super) struct Other {
    checkpoint: String,
    rows: Vec<Row>,
    /// Figures in the table.
    all: usize,
}

/// One figure.
#[derive(Serialize)]
struct Row {
    benchmark: String,
    item: String,
    metric: String,
    figure: Figure,
}

pub(super) fn of(sheet: &Sheet) -> Option<Other> {
    let known = |name: &str| {
        audit::BENCHMARKS.contains(&name)
            || lessons::BENCHMARKS.contains(&name)
            || arena::BENCHMARKS.contains(&name)
            || senses::BENCHMARKS.contains(&name)
            || name == knowledge::BENCHMARK
            || benchmarks::is_one(sheet, name)
    };
    let mut rows = vec![];
    for benchmark in sheet.benchmarks().filter(|name| !known(name)) {
        for (item, figures) in sheet.items(benchmark) {
            rows.extend(figures.figures().map(|(metric, figure)| {
                let [benchmark, item, metric] = [benchmark, item, metric].map(|name| text::line(name, 60));
                Row { benchmark, item, metric, figure }
            }));
        }
    }
    let all = rows.len();
    rows.truncate(SHOWN);
    (all > 0).then(|| Other { checkpoint: text::line(&sheet.checkpoint, 60), rows, all })
}
