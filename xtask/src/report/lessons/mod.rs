//! Lessons: a curve with a claim each. What a model answers from its prompt, what it knows by heart, what size gives, what
//! it knows that it does not know, and what several answer to the same questions.

mod grid;
mod in_context;
mod interviews;
mod lengths;
mod memorisation;
mod pleasing;
mod probe;
mod rare_moves;
mod reward_model;
mod scaling;
mod tournament;

use serde::Serialize;

use super::axis::Axis;
use super::chart::Chart;
use super::plot::{Point, Spread, number};
use super::run::{Run, Stage};
use super::scores::{Figure, Sheet};
use super::text;

/// The benchmarks that are lessons.
pub(super) const BENCHMARKS: [&str; 8] = [
    in_context::BENCHMARK,
    interviews::BENCHMARK,
    memorisation::BENCHMARK,
    probe::BENCHMARK,
    rare_moves::BENCHMARK,
    reward_model::BENCHMARK,
    scaling::BENCHMARK,
    tournament::BENCHMARK,
];

/// One lesson of one model, or of several sizes of it.
#[derive(Serialize)]
pub(super) struct Lesson {
    title: &'static str,
    /// What was done.
    lead: &'static str,
    /// What was asked.
    checkpoint: String,
    chart: Chart,
    /// Names of the table's columns; all but the first are figures.
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// The lessons of a sheet.
pub(super) fn of(sheet: &Sheet) -> anyhow::Result<Option<Vec<Lesson>>> {
    let lessons = [
        in_context::of(sheet)?,
        memorisation::of(sheet)?,
        probe::of(sheet)?,
        scaling::of(sheet)?,
        tournament::of(sheet)?,
        rare_moves::of(sheet)?,
        reward_model::of(sheet)?,
    ];
    let lessons: Vec<Lesson> = lessons.into_iter().flatten().collect();
    Ok(Some(lessons).filter(|lessons| !lessons.is_empty()))
}

/// The lessons that all sheets give together.
pub(super) fn across(sheets: &[Sheet]) -> anyhow::Result<Vec<Lesson>> {
    Ok([interviews::of(sheets)?, grid::of(sheets)?].into_iter().flatten().collect())
}

/// What happened to policies that learned to please.
pub(super) fn of_run(run: &Run) -> anyhow::Result<Vec<Lesson>> {
    pleasing::of(run)
}

/// What the answers of a stage show that learned from them.
pub(super) fn of_stage(stage: &Stage) -> anyhow::Result<Option<Lesson>> {
    lengths::of(stage)
}

fn named(columns: &[&str]) -> Vec<String> {
    columns.iter().map(|&column| column.to_owned()).collect()
}

fn checkpoint(sheet: &Sheet) -> String {
    text::line(&sheet.checkpoint, 60)
}

/// Answers to questions about what was told equally often.
struct Class {
    /// How often it was told.
    told: f64,
    questions: u64,
    right: Figure,
}

impl Class {
    /// As a cell of a table.
    fn right(&self) -> String {
        self.right.with_interval(3)
    }

    /// A count, with one digit where it is a mean.
    fn told(&self) -> String {
        number((self.told * 10.0).round() / 10.0)
    }
}

/// Where classes stand from left to right. What was never told has no place on a logarithmic scale: it stands a step
/// before the least told.
fn places(classes: &[Class]) -> Vec<f64> {
    let least = classes.iter().map(|class| class.told).find(|told| *told > 0.0).unwrap_or(1.0);
    classes.iter().map(|class| if class.told > 0.0 { class.told } else { least / 2.0 }).collect()
}

/// Marked at each class, with its own count.
fn axis(name: &str, classes: &[Class]) -> Axis {
    let marks: Vec<(f64, String)> =
        places(classes).into_iter().zip(classes.iter().map(Class::told)).collect();
    Axis::logarithmic(name, &marks)
}

/// What was right, with its interval.
fn spreads(classes: &[Class]) -> Vec<Spread> {
    let spread = |(place, class): (f64, &Class)| Spread {
        at: (place, class.right.value),
        ends: class.right.ends().map(|end| (place, end.clamp(0.0, 1.0))),
    };
    places(classes).into_iter().zip(classes).map(spread).collect()
}

/// From one end of the axis to the other.
fn level(x: &Axis, value: f64) -> [Point; 2] {
    [(x.low, value), (x.high, value)]
}
