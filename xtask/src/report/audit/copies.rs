//! Were copies found, and only copies.

use serde::Serialize;

use super::super::axis::Axis;
use super::super::chart::{Chart, legend};
use super::super::plot::{self, Colour, HEIGHT, Plot, Point, Shape};
use super::super::run::Run;
use super::super::scores::{Figure, Sheet};
use super::super::text::listed;
use super::{counted, name, settings_read};

/// Exact copies, near copies by similarity, and what was taken for a copy wrongly.
#[derive(Serialize)]
pub(super) struct Copies {
    exact: Option<Exact>,
    /// By similarity.
    steps: Vec<Step>,
    chart: Option<Chart>,
    merges: Vec<Merge>,
}

/// Pages with the same text.
#[derive(Serialize)]
struct Exact {
    found: Figure,
    pairs: u64,
}

/// Pairs of about the same similarity.
#[derive(Serialize)]
struct Step {
    name: String,
    from: f64,
    to: f64,
    pairs: u64,
    /// Share found, and the shares between which it should lie.
    found: Figure,
    expected: Option<f64>,
    inside: bool,
}

/// What went for one reason.
#[derive(Serialize)]
struct Merge {
    name: String,
    documents: u64,
    wrong: u64,
    precision: Option<Figure>,
}

/// Bands of hash functions: two texts are taken for copies where one whole band agrees.
#[derive(Clone, Copy)]
struct Bands {
    bands: i32,
    rows: i32,
}

pub(super) fn of(run: &Run, sheet: &Sheet) -> anyhow::Result<Option<Copies>> {
    let exact = sheet
        .items("exact_copies")
        .find_map(|(_, item)| Some(Exact { found: item.figure("found")?, pairs: item.count("pairs") }));
    let mut steps: Vec<Step> = sheet
        .items("near_copies")
        .filter_map(|(item, figures)| {
            let (from, to) = item.split_once(" to ")?;
            let found = figures.figure("found")?;
            Some(Step {
                name: name(item),
                from: from.parse().ok()?,
                to: to.parse().ok()?,
                pairs: figures.count("pairs"),
                found,
                expected: figures.value("expected"),
                inside: found.inside(),
            })
        })
        .filter(|step: &Step| step.from < step.to && step.from.is_finite() && step.to.is_finite())
        .collect();
    steps.sort_by(|a, b| a.from.total_cmp(&b.from));
    let merges: Vec<Merge> = sheet
        .items("merges")
        .map(|(reason, item)| Merge {
            name: name(reason),
            documents: item.count("documents"),
            wrong: item.count("wrong"),
            precision: item.figure("precision"),
        })
        .collect();
    if exact.is_none() && steps.is_empty() && merges.is_empty() {
        return Ok(None);
    }
    let chart = if steps.is_empty() { None } else { Some(chart(&steps, bands(run, sheet))?) };
    Ok(Some(Copies { exact, steps, chart, merges }))
}

/// Those of a stage that the audit reads.
fn bands(run: &Run, sheet: &Sheet) -> Option<Bands> {
    settings_read(run, sheet).find_map(|settings| {
        let number = |name: &str| i32::try_from(settings[name].as_i64()?).ok();
        Some(Bands { bands: number("bands")?, rows: number("rows")? })
    })
}

fn chart(steps: &[Step], bands: Option<Bands>) -> anyhow::Result<Chart> {
    let found: Vec<Point> =
        steps.iter().map(|step| (step.from.midpoint(step.to), step.found.value)).collect();
    let should: Vec<(Point, Point)> = steps
        .iter()
        .map(|step| {
            let [low, high] = step.found.ends();
            // an interval of no height is still to be seen
            ((step.from, (low - 0.004).max(0.0)), (step.to, (high + 0.004).min(1.0)))
        })
        .collect();
    let [left, right] = [steps[0].from, steps[steps.len() - 1].to];
    let curve: Vec<Point> = match bands {
        Some(Bands { bands, rows }) => (0..=80)
            .map(|at| left + (right - left) * f64::from(at) / 80.0)
            .map(|s| (s, 1.0 - (1.0 - s.powi(rows)).powi(bands)))
            .collect(),
        None => vec![],
    };
    let title = "Near copies found, by similarity";
    let svg = plot::svg(&Plot {
        title,
        x: Axis::between("Jaccard similarity of the texts", left, right),
        y: Axis::between("share found", -0.03, 1.03),
        layers: &[
            (Colour::Second, Shape::Boxes(&should)),
            (Colour::Ink, Shape::Dashed(&curve)),
            (Colour::First, Shape::Dots(&found)),
        ],
        height: HEIGHT,
    })?;
    let expected = bands.map(|Bands { bands, rows }| chance(bands, rows));
    let mut keys = vec![("measured", "dot key-a"), ("where it should lie", "box key-b")];
    keys.extend(expected.as_deref().map(|expected| (expected, "key-guide")));
    Ok(Chart {
        title: title.to_owned(),
        unit: "share of pairs".to_owned(),
        svg,
        spark: None,
        caption: caption(steps, bands),
        legend: legend(&keys),
    })
}

/// The chance that one of the bands agrees.
fn chance(bands: i32, rows: i32) -> String {
    let raised = |to: i32| -> String {
        let digits = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
        to.to_string().chars().filter_map(|digit| Some(digits[digit.to_digit(10)? as usize])).collect()
    };
    format!("1 − (1 − s{}){}", raised(rows), raised(bands))
}

fn caption(steps: &[Step], bands: Option<Bands>) -> String {
    let pairs: u64 = steps.iter().map(|step| step.pairs).sum();
    let mut said = vec![format!("{} pairs of known similarity.", crate::lines::thousands(pairs))];
    if let Some(Bands { bands, rows }) = bands {
        said.push(format!(
            "{bands} bands of {rows} hash functions should find a pair of similarity s with a chance of {}: few \
             below, nearly all above.",
            chance(bands, rows)
        ));
    }
    let outside: Vec<String> =
        steps.iter().filter(|step| !step.inside).map(|step| step.name.clone()).collect();
    said.push(match &outside[..] {
        [] => "Every dot should lie in its box, and does.".to_owned(),
        outside => format!("Every dot should lie in its box; that of {} does not.", listed(outside)),
    });
    said.join(" ")
}

impl Copies {
    pub(super) fn said(&self) -> String {
        let thousands = crate::lines::thousands;
        let exact = self.exact.as_ref().map(|exact| {
            format!("{:.3} of {} exact copies found", exact.found.value, thousands(exact.pairs))
        });
        let inside = self.steps.iter().filter(|step| step.inside).count();
        let near = (!self.steps.is_empty()).then(|| {
            let steps = counted(self.steps.len(), "step", "steps");
            format!("near copies as often as they should in {inside} of {steps} of similarity")
        });
        let wrong = (!self.merges.is_empty()).then(|| {
            let sum = |of: fn(&Merge) -> u64| thousands(self.merges.iter().map(of).sum());
            format!(
                "{} of {} left out as copies were none",
                sum(|merge| merge.wrong),
                sum(|merge| merge.documents)
            )
        });
        [exact, near, wrong].into_iter().flatten().collect::<Vec<_>>().join("; ") + "."
    }
}
