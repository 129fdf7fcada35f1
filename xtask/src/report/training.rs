//! Curves of `metrics/1`: what a stage measured step by step, drawn, and a sentence that says what to see.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde::Serialize;
use shard::Metrics;

use super::axis::Axis;
use super::caption;
use super::chart::{Chart, legend};
use super::plot::{self, Colour, HEIGHT, Plot, Shape};
use super::run::Stage;
use super::text;

/// Points drawn of a curve; longer ones are averaged over equal spans of steps.
const POINTS: usize = 400;

/// The charts of one stage.
#[derive(Serialize)]
pub(super) struct Training {
    stage: String,
    charts: Vec<Chart>,
}

/// Step and value, by step.
pub(super) type Curve = Vec<(f64, f64)>;

pub(super) fn of(stage: &Stage, vocabulary: Option<usize>) -> anyhow::Result<Option<Training>> {
    let mut curves: BTreeMap<String, Curve> = BTreeMap::new();
    stage.rows::<Metrics>(|row| {
        // a measurement that failed is no point
        if row.value.is_finite() {
            match curves.get_mut(row.name) {
                Some(curve) => curve.push((row.step as f64, row.value)),
                None => drop(curves.insert(row.name.to_owned(), vec![(row.step as f64, row.value)])),
            }
        }
        ControlFlow::Continue(())
    })?;
    for curve in curves.values_mut() {
        curve.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    curves.retain(|_, curve| moves(curve));
    let mut charts = vec![];
    for name in ordered(&curves) {
        // held-out values of a metric are drawn into its chart
        let base = name.strip_prefix("validation_");
        if base.is_some_and(|base| curves.contains_key(base)) {
            continue;
        }
        let held_out = curves.get(&format!("validation_{name}"));
        charts.push(chart(&name, &curves[&name], held_out, vocabulary)?);
    }
    let stage = stage.name().to_owned();
    Ok(Some(Training { stage, charts }).filter(|training| !training.charts.is_empty()))
}

/// A curve that has two different values: others are better said than drawn.
fn moves(curve: &Curve) -> bool {
    curve.iter().any(|(_, value)| *value != curve[0].1)
}

/// What one looks at first comes first, the rest by name.
fn ordered(curves: &BTreeMap<String, Curve>) -> Vec<String> {
    let mut names: Vec<String> = curves.keys().cloned().collect();
    let first = [
        "reward",
        "right",
        "length",
        "entropy",
        "zero_variance",
        "loss",
        "validation_loss",
        "validation_bits_per_byte",
    ];
    names.sort_by_key(|name| first.iter().position(|known| known == name).unwrap_or(first.len()));
    names
}

fn chart(
    name: &str,
    curve: &Curve,
    held_out: Option<&Curve>,
    vocabulary: Option<usize>,
) -> anyhow::Result<Chart> {
    let (title, unit) = match name {
        "loss" => ("Loss", "nats per token"),
        "validation_loss" => ("Loss on held-out text", "nats per token"),
        "validation_bits_per_byte" => ("Held-out text", "bits per byte"),
        "lr" => ("Learning rate", "per step"),
        "grad_norm" => ("Length of the gradient", "before clipping"),
        "policy_loss" => ("Loss of the policy, which says little", "per token"),
        "reward" => ("Reward", "per answer"),
        "right" => ("Right answers", "share"),
        "right_in_group" => ("Groups with a right answer", "share"),
        "zero_variance" => ("Groups of equal rewards", "share"),
        "length" => ("Length of answers", "tokens"),
        "ended_length" => ("Length of answers that ended", "tokens"),
        "truncated" => ("Answers that ran out of room", "share"),
        "entropy" => ("Entropy of the policy", "nats per token"),
        "kl" => ("Distance from where it began", "nats"),
        "gold" => ("What answers are worth to who knows", "per answer"),
        "accuracy" => ("Pairs in the right order", "share"),
        "explained_variance" => ("What the critic foresees of returns", "share"),
        "self_corrections" => ("Answers that check or correct themselves", "share"),
        "duplicates" => ("Answers that another says word for word", "share"),
        other => (other, "value"),
    };
    let thinned = thinned(curve);
    let guess = vocabulary.filter(|_| name == "loss").map(|size| (size as f64).ln());
    let points = || thinned.iter().chain(held_out.into_iter().flatten());
    let x = Axis::over("step", points().map(|point| point.0));
    let y = Axis::over(unit, points().map(|point| point.1).chain(guess)).with_room();
    let level = guess.map(|guess| [(x.low, guess), (x.high, guess)]);
    let line = if curve.len() < 24 { Shape::LineAndDots(&thinned) } else { Shape::Line(&thinned) };
    let mut layers = vec![(Colour::First, line)];
    let mut keys = vec![];
    if let Some(held_out) = held_out {
        layers.push((Colour::Second, Shape::LineAndDots(held_out)));
        let [training, measured] = match unit {
            "share" | "tokens" => ["answers learned from", "held-out problems"],
            _ => ["training batches", "held-out text"],
        };
        keys = vec![(training, "key-a"), (measured, "key-b")];
    }
    if let Some(level) = &level {
        layers.insert(0, (Colour::Ink, Shape::Dashed(level)));
        keys.push(("a blind guess", "key-guide"));
    }
    let title = text::visible(&text::line(&title.replace('_', " "), 60));
    let svg = plot::svg(&Plot { title: &title, x, y, layers: &layers, height: HEIGHT })?;
    Ok(Chart {
        svg,
        unit: unit.to_owned(),
        spark: Some(spark(&thinned)),
        caption: caption::of(name, curve, held_out, guess, span(curve)),
        legend: legend(&keys),
        title,
    })
}

/// How many values a drawn point stands for.
fn span(curve: &Curve) -> usize {
    curve.len().div_ceil(POINTS).max(1)
}

/// At most [`POINTS`] points: means over equally many values, each at its middle step.
fn thinned(curve: &Curve) -> Curve {
    let mean = |points: &[(f64, f64)]| {
        let sum = points.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
        (sum.0 / points.len() as f64, sum.1 / points.len() as f64)
    };
    curve.chunks(span(curve)).map(mean).collect()
}

/// A curve in at most forty blocks, the lowest value an eighth high.
fn spark(curve: &Curve) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let values = || curve.iter().map(|(_, value)| *value);
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    let columns = curve.len().min(40);
    let height = |column: usize| {
        let (_, value) = curve[column * (curve.len() - 1) / (columns - 1).max(1)];
        BLOCKS[((value - low) / (high - low).max(f64::MIN_POSITIVE) * 7.0).round() as usize]
    };
    (0..columns).map(height).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_curves_are_averaged_and_short_ones_kept() {
        let curve: Curve = (1..=1_000).map(|step| (f64::from(step), f64::from(step))).collect();
        let short = thinned(&curve);
        assert_eq!((short.len(), short[0], short[333]), (334, (2.0, 2.0), (1000.0, 1000.0)));
        assert_eq!(thinned(&curve[..400].to_vec()), curve[..400]);
    }

    #[test]
    fn a_spark_rises_with_the_curve() {
        let curve: Curve = (0..8).map(|step| (f64::from(step), f64::from(step))).collect();
        assert_eq!(spark(&curve), "▁▂▃▄▅▆▇█");
    }
}
