//! Answers that grow longer as they grow righter: length beside right answers, over the rounds that a model learned from.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use shard::Metrics;

use super::super::axis::Axis;
use super::super::chart::{Chart, legend};
use super::super::plot::{self, Colour, HEIGHT, Plot, Point, Shape};
use super::super::run::Stage;
use super::{Lesson, named};

/// Spans of rounds that are told, each by its means.
const SPANS: usize = 10;
/// By so much must answers grow, from the first span to the last, to be worth a lesson.
const GROWN: f64 = 1.2;

/// Rounds from one to another, and the means of their answers.
struct Span {
    rounds: [u64; 2],
    right: f64,
    length: f64,
}

pub(super) fn of(stage: &Stage) -> anyhow::Result<Option<Lesson>> {
    let mut rounds: BTreeMap<i64, [Option<f64>; 2]> = BTreeMap::new();
    stage.rows::<Metrics>(|row| {
        let at = match row.name {
            "right" => 0,
            "length" => 1,
            _ => return ControlFlow::Continue(()),
        };
        rounds.entry(row.step).or_default()[at] = Some(row.value).filter(|value| value.is_finite());
        ControlFlow::Continue(())
    })?;
    let rounds: Vec<(u64, f64, f64)> = rounds
        .into_iter()
        .filter_map(|(round, [right, length])| Some((round as u64, right?, length?)))
        .collect();
    let spans = spans(&rounds);
    let (Some(first), Some(last)) = (spans.first(), spans.last()) else { return Ok(None) };
    if last.length < GROWN * first.length || last.right <= first.right {
        return Ok(None);
    }
    let row = |of: &Span| {
        let [from, to] = of.rounds;
        vec![format!("{from} to {to}"), format!("{:.3}", of.right), format!("{:.1}", of.length)]
    };
    Ok(Some(Lesson {
        title: "Longer and righter",
        lead: "Rewards said only whether an answer was right. What its length does beside it nobody asked for \
               (DeepSeek-AI 2025, arXiv 2501.12948, figure 3).",
        checkpoint: stage.name().to_owned(),
        chart: chart(&spans, correlation(&rounds))?,
        columns: named(&["rounds", "right", "tokens an answer"]),
        rows: spans.iter().map(row).collect(),
    }))
}

fn spans(rounds: &[(u64, f64, f64)]) -> Vec<Span> {
    let span = |rounds: &[(u64, f64, f64)]| {
        let count = rounds.len() as f64;
        let (right, length) = rounds.iter().fold((0.0, 0.0), |sum, round| (sum.0 + round.1, sum.1 + round.2));
        let ends = [rounds.first(), rounds.last()].map(|round| round.map_or(0, |round| round.0));
        Span { rounds: ends, right: right / count, length: length / count }
    };
    rounds.chunks(rounds.len().div_ceil(SPANS).max(1)).map(span).collect()
}

/// Pearson's, between right answers and length; 0 where one of them does not move.
fn correlation(rounds: &[(u64, f64, f64)]) -> f64 {
    let n = rounds.len() as f64;
    let mean = |of: fn(&(u64, f64, f64)) -> f64| rounds.iter().map(of).sum::<f64>() / n;
    let (right, length) = (mean(|round| round.1), mean(|round| round.2));
    let sum = |of: &dyn Fn(f64, f64) -> f64| {
        rounds.iter().map(|round| of(round.1 - right, round.2 - length)).sum::<f64>()
    };
    let spread = (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt();
    if spread > 0.0 { sum(&|x, y| x * y) / spread } else { 0.0 }
}

fn chart(spans: &[Span], correlation: f64) -> anyhow::Result<Chart> {
    let points: Vec<Point> = spans.iter().map(|span| (span.right, span.length)).collect();
    let title = "Length of answers, by how many are right";
    let svg = plot::svg(&Plot {
        title,
        x: Axis::over("share right", points.iter().map(|point| point.0)).with_room(),
        y: Axis::over("tokens an answer", points.iter().map(|point| point.1)).with_room(),
        layers: &[(Colour::First, Shape::LineAndDots(&points))],
        height: HEIGHT,
    })?;
    let caption = match (spans.first(), spans.last()) {
        (Some(first), Some(last)) => format!(
            "From the first rounds to the last, right answers go from {:.1} % to {:.1} %, and answers from {:.1} tokens to {:.1}. \
             Over all rounds the two are correlated by {correlation:.2}.",
            first.right * 100.0,
            last.right * 100.0,
            first.length,
            last.length
        ),
        _ => String::new(),
    };
    Ok(Chart {
        title: title.to_owned(),
        unit: "means of equally many rounds".to_owned(),
        svg,
        spark: None,
        caption,
        legend: legend(&[]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_told_in_spans_and_what_rises_together_is_correlated() {
        let rounds: Vec<(u64, f64, f64)> =
            (1..=40).map(|round| (round, round as f64 / 40.0, 30.0 + round as f64)).collect();
        let told = spans(&rounds);
        assert_eq!((told.len(), told[9].rounds), (10, [37, 40]));
        assert!((told[0].length - 32.5).abs() < 1e-12 && (correlation(&rounds) - 1.0).abs() < 1e-12);
        assert_eq!(correlation(&[(1, 0.5, 3.0), (2, 0.5, 4.0)]), 0.0);
    }
}
