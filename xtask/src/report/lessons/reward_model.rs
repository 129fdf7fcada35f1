//! A reward model: how often it is right, and whether it is as sure as it is right.

use super::super::axis::Axis;
use super::super::chart::{Chart, legend};
use super::super::plot::{self, Colour, HEIGHT, Plot, Shape, Spread};
use super::super::scores::Sheet;
use super::{Lesson, checkpoint, named};

/// The benchmark that measures it.
pub(super) const BENCHMARK: &str = "reward-model";

pub(super) fn of(sheet: &Sheet) -> anyhow::Result<Option<Lesson>> {
    let (mut rows, mut bins) = (vec![], [vec![], vec![]]);
    for (name, item) in sheet.items(BENCHMARK) {
        let cell = |metric: &str| {
            item.figure(metric).map_or_else(|| "–".to_owned(), |figure| figure.with_interval(3))
        };
        if let (Some(sure), Some(right)) = (item.value("sure"), item.figure("right")) {
            let at = usize::from(!name.starts_with("learned"));
            let ends = right.ends().map(|end| (sure, end.clamp(0.0, 1.0)));
            bins[at].push(Spread { at: (sure, right.value), ends });
        } else {
            let length = cell("correlation_with_length");
            rows.push(vec![name.to_owned(), cell("accuracy"), cell("longer_is_better"), length]);
        }
    }
    if rows.is_empty() {
        return Ok(None);
    }
    let title = "How sure it is, and how right";
    let level = [(0.5, 0.5), (1.0, 1.0)];
    let layers = [
        (Colour::Ink, Shape::Dashed(&level[..])),
        (Colour::First, Shape::Spreads(&bins[0])),
        (Colour::Second, Shape::Spreads(&bins[1])),
    ];
    let low = bins.iter().flatten().flat_map(|bin| bin.ends).map(|end| end.1).fold(0.5, f64::min);
    let svg = plot::svg(&Plot {
        title,
        x: Axis::between("how sure", 0.5, 1.0),
        y: Axis::between("share right", low - 0.02, 1.02),
        layers: &layers,
        height: HEIGHT,
    })?;
    Ok(Some(Lesson {
        title: "What people prefer, as a number",
        lead: "A head on a language model learned from who won, and nothing else. Of two answers the better one should have the \
               higher score; the longer one is what somebody would choose who cannot read.",
        checkpoint: checkpoint(sheet),
        chart: Chart {
            title: title.to_owned(),
            unit: "share of pairs".to_owned(),
            svg,
            spark: None,
            caption: "On the dashed line it is as sure as it is right; above it, too modest. Wrong labels among those it \
                      learned from pull their own dots down."
                .to_owned(),
            legend: legend(&[("learned from", "key-a"), ("held out", "key-b"), ("just as right", "key-guide")]),
        },
        columns: named(&["rankings", "right", "for the longer answer", "goes with length"]),
        rows,
    }))
}
