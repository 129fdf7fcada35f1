//! The figures of `scores/1`, by what was measured.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde::Serialize;
use shard::Scores;

use super::render;
use super::run::Stage;

/// Items of a benchmark that are looked at, the first ones.
const ITEMS: usize = 2_000;

/// What one stage measured of one thing.
pub(super) struct Sheet {
    pub(super) stage: String,
    /// What was measured: a checkpoint, or a stage.
    pub(super) checkpoint: String,
    benchmarks: BTreeMap<String, BTreeMap<String, Item>>,
}

/// One part of a benchmark: its figures by metric.
#[derive(Default)]
pub(super) struct Item(BTreeMap<String, Figure>);

/// A figure and the interval that it lies in, or should.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Figure {
    pub(super) value: f64,
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
}

impl Figure {
    /// With so many digits, and its interval behind it where it has one: `0.983 (0.961–0.995)`.
    pub(super) fn with_interval(self, digits: usize) -> String {
        render::parts(self.value, self.low.zip(self.high), digits).join(" ")
    }

    /// The interval; the figure itself where it has none.
    pub(super) fn ends(self) -> [f64; 2] {
        [self.low.unwrap_or(self.value), self.high.unwrap_or(self.value)]
    }

    /// Whether it lies in its interval, up to rounding.
    pub(super) fn inside(self) -> bool {
        let [low, high] = self.ends();
        (low - 1e-9..=high + 1e-9).contains(&self.value)
    }
}

impl Item {
    pub(super) fn figure(&self, metric: &str) -> Option<Figure> {
        self.0.get(metric).copied()
    }

    pub(super) fn value(&self, metric: &str) -> Option<f64> {
        self.figure(metric).map(|figure| figure.value)
    }

    /// A figure that counts something; nothing where there is none.
    pub(super) fn count(&self, metric: &str) -> u64 {
        self.value(metric).unwrap_or(0.0).round() as u64
    }

    pub(super) fn figures(&self) -> impl Iterator<Item = (&str, Figure)> {
        self.0.iter().map(|(metric, figure)| (metric.as_str(), *figure))
    }
}

impl Sheet {
    /// The items of a benchmark by name; none where it was not measured.
    pub(super) fn items<'a>(&'a self, benchmark: &str) -> impl Iterator<Item = (&'a str, &'a Item)> {
        self.benchmarks.get(benchmark).into_iter().flatten().map(|(name, item)| (name.as_str(), item))
    }

    pub(super) fn benchmarks(&self) -> impl Iterator<Item = &str> {
        self.benchmarks.keys().map(String::as_str)
    }
}

/// The sheets of a stage, one for each thing that it measured.
pub(super) fn of(stage: &Stage) -> anyhow::Result<Option<Vec<Sheet>>> {
    let mut sheets: BTreeMap<String, Sheet> = BTreeMap::new();
    stage.rows::<Scores>(|row| {
        // a measurement that failed is no figure
        if !row.value.is_finite() {
            return ControlFlow::Continue(());
        }
        let end = |end: Option<f64>| end.filter(|end| end.is_finite());
        let figure = Figure { value: row.value, low: end(row.low), high: end(row.high) };
        let sheet = sheets.entry(row.checkpoint.to_owned()).or_insert_with(|| Sheet {
            stage: stage.name().to_owned(),
            checkpoint: row.checkpoint.to_owned(),
            benchmarks: BTreeMap::new(),
        });
        let items = sheet.benchmarks.entry(row.benchmark.to_owned()).or_default();
        if items.len() < ITEMS || items.contains_key(row.item) {
            items.entry(row.item.to_owned()).or_default().0.insert(row.metric.to_owned(), figure);
        }
        ControlFlow::Continue(())
    })?;
    Ok(Some(sheets.into_values().collect::<Vec<_>>()).filter(|sheets| !sheets.is_empty()))
}
