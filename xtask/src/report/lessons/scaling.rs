//! Scaling: how the loss falls with the size of the model, and the power law through it.

use super::super::axis::Axis;
use super::super::chart::{Chart, legend};
use super::super::plot::{self, Colour, HEIGHT, Plot, Point, Shape, number};
use super::super::scores::Sheet;
use super::super::text;
use super::{Lesson, checkpoint, named};
use crate::lines::thousands;

/// The benchmark that compares.
pub(super) const BENCHMARK: &str = "scaling";
/// The item that is the law, not a model.
const LAW: &str = "power law";

/// One model.
struct Size {
    name: String,
    parameters: f64,
    flops: Option<f64>,
    loss: f64,
    /// What the law says.
    fitted: f64,
}

/// `loss = coefficient * parameters ^ -exponent`.
#[derive(Clone, Copy)]
struct Law {
    coefficient: f64,
    exponent: f64,
}

impl Law {
    fn at(self, parameters: f64) -> f64 {
        self.coefficient * parameters.powf(-self.exponent)
    }
}

pub(super) fn of(sheet: &Sheet) -> anyhow::Result<Option<Lesson>> {
    let law = sheet.items(BENCHMARK).find(|(name, _)| *name == LAW).and_then(|(_, item)| {
        Some(Law { coefficient: item.value("coefficient")?, exponent: item.value("exponent")? })
    });
    let mut sizes: Vec<Size> = sheet
        .items(BENCHMARK)
        .filter_map(|(name, item)| {
            let above_zero = |name: &str| item.value(name).filter(|value| *value > 0.0);
            let (parameters, loss) = (above_zero("parameters")?, above_zero("loss")?);
            let (fitted, flops) = (above_zero("fitted")?, item.value("flops"));
            Some(Size { name: text::line(name, 40), parameters, flops, loss, fitted })
        })
        .collect();
    let Some(law) = law.filter(|_| sizes.len() > 1) else { return Ok(None) };
    sizes.sort_by(|a, b| a.parameters.total_cmp(&b.parameters));
    let row = |size: &Size| {
        vec![
            size.name.clone(),
            thousands(size.parameters as u64),
            size.flops.map_or_else(|| "–".to_owned(), |flops| format!("{flops:.1e}")),
            format!("{:.3}", size.loss),
            format!("{:.3}", size.fitted),
        ]
    };
    Ok(Some(Lesson {
        title: "What size gives",
        lead: "Models of several sizes read the same tokens in the same order. Each stands at its number of parameters \
               without embeddings and at its loss on held-out text; the line is fitted to the logarithms of both by \
               least squares (Kaplan et al. 2020, arXiv 2001.08361).",
        checkpoint: checkpoint(sheet),
        rows: sizes.iter().map(row).collect(),
        chart: chart(&sizes, law)?,
        columns: named(&["model", "parameters", "FLOPs", "loss", "by the law"]),
    }))
}

fn chart(sizes: &[Size], law: Law) -> anyhow::Result<Chart> {
    let points: Vec<Point> = sizes.iter().map(|size| (size.parameters, size.loss)).collect();
    let marks: Vec<(f64, String)> = points.iter().map(|(at, _)| (*at, number(*at))).collect();
    let x = Axis::logarithmic("parameters without embeddings", &marks);
    let line = [x.low, x.high].map(|at| (at, law.at(at)));
    let y = losses(&points, &line);
    let title = "Loss on held-out text, by size";
    let layers = [(Colour::Ink, Shape::Dashed(&line[..])), (Colour::First, Shape::Dots(&points))];
    let svg = plot::svg(&Plot { title, x, y, layers: &layers, height: HEIGHT })?;
    Ok(Chart {
        title: title.to_owned(),
        unit: "both scales logarithmic".to_owned(),
        svg,
        spark: None,
        caption: caption(sizes, law),
        legend: legend(&[("a model", "dot key-a"), ("the power law", "key-guide")]),
    })
}

/// The upright axis, marked at each loss, with a little room around all that is drawn.
fn losses(points: &[Point], line: &[Point]) -> Axis {
    let mut losses: Vec<f64> = points.iter().map(|point| point.1).collect();
    losses.sort_by(f64::total_cmp);
    let drawn = || points.iter().chain(line).map(|point| point.1);
    let (low, high) = (drawn().fold(f64::INFINITY, f64::min), drawn().fold(0.0, f64::max));
    let room = (high / low).powf(0.06).max(1.001);
    let marks: Vec<(f64, String)> = losses.iter().map(|loss| (*loss, format!("{loss:.3}"))).collect();
    Axis::logarithmic_between("nats per token", [low / room, high * room], &marks)
}

fn caption(sizes: &[Size], law: Law) -> String {
    let off = |size: &Size| (size.loss / size.fitted - 1.0).abs();
    let farthest = sizes.iter().max_by(|a, b| off(a).total_cmp(&off(b)));
    let Law { coefficient, exponent } = law;
    let mut said = vec![format!(
        "The loss is about {} · N^{:.4} for N parameters: its exponent is {exponent:.4}.",
        number(coefficient),
        -exponent
    )];
    said.push(if exponent > 0.0 {
        format!("Twice the parameters make it {:.1} % smaller.", (1.0 - 2_f64.powf(-exponent)) * 100.0)
    } else {
        "Warning: larger models are no better here, so they read too little or learn too fast.".to_owned()
    });
    if let Some(size) = farthest.filter(|_| sizes.len() > 2) {
        said.push(format!(
            "The model that lies farthest from the line, {}, is {:.1} % off.",
            size.name,
            off(size) * 100.0
        ));
    }
    said.push("A line through so few sizes shows a direction; where it ends, it does not know.".to_owned());
    said.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_law_is_told_with_what_it_means() {
        let law = Law { coefficient: 8.0, exponent: 0.1 };
        let size = |name: &str, parameters, off| {
            let fitted = law.at(parameters);
            Size { name: name.to_owned(), parameters, flops: None, loss: fitted * off, fitted }
        };
        let sizes = [size("a", 1e4, 1.01), size("b", 1e5, 0.97), size("c", 1e6, 1.01)];
        let said = caption(&sizes, law);
        assert!(
            said.contains("about 8 · N^-0.1000 for N") && said.contains("make it 6.7 % smaller"),
            "{said}"
        );
        assert!(said.contains("farthest from the line, b, is 3.0 % off"), "{said}");
        assert!(
            caption(&sizes, Law { exponent: -0.1, ..law }).contains("Warning: larger models are no better")
        );
    }
}
