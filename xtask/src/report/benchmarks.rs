//! How models do on benchmarks: accuracy beside chance, by checkpoint.

use serde::Serialize;

use super::scores::{Figure, Sheet};
use super::text;

/// What all benchmarks together stand under.
pub(super) const AGGREGATE: &str = "aggregate";
/// The item that stands for all.
const ALL: &str = "all";

/// The benchmarks of one checkpoint.
#[derive(Serialize)]
pub(super) struct Benchmarks {
    checkpoint: String,
    /// Those that are answered right or wrong.
    rows: Vec<Row>,
    /// The mean of their centred accuracies.
    aggregate: Option<Figure>,
    /// Those that are measured in another way.
    others: Vec<Other>,
    cut: u64,
}

#[derive(Serialize)]
struct Row {
    name: String,
    items: u64,
    right: Option<Figure>,
    per_token: Option<Figure>,
    per_byte: Option<Figure>,
    chance: f64,
    centred: Option<Figure>,
}

#[derive(Serialize)]
struct Other {
    name: String,
    items: u64,
    metric: String,
    figure: Figure,
}

/// Whether `benchmark` was measured item by item, by stage `eval` or one of its kin.
pub(super) fn is_one(sheet: &Sheet, benchmark: &str) -> bool {
    let has = |metric| {
        sheet.items(benchmark).any(|(item, figures)| item == ALL && figures.figure(metric).is_some())
    };
    has("items") || benchmark == AGGREGATE && has("benchmarks")
}

/// The benchmarks of a sheet that has some.
pub(super) fn of(sheet: &Sheet) -> Option<Benchmarks> {
    let names: Vec<&str> = sheet.benchmarks().filter(|name| is_one(sheet, name)).collect();
    let (mut rows, mut others, mut aggregate, mut cut) = (vec![], vec![], None, 0);
    for name in names {
        let Some((_, all)) = sheet.items(name).find(|(item, _)| *item == ALL) else { continue };
        if name == AGGREGATE {
            aggregate = all.figure("centred");
            continue;
        }
        cut += all.count("cut");
        let (shown, items) = (text::line(name, 40), all.count("items"));
        if let Some(chance) = all.value("chance") {
            let [right, per_token, per_byte, centred] =
                ["right", "right_per_token", "right_per_byte", "centred"].map(|metric| all.figure(metric));
            rows.push(Row { name: shown.clone(), items, right, per_token, per_byte, chance, centred });
        }
        let shown_above =
            ["right", "right_per_token", "right_per_byte", "centred", "chance", "items", "cut", "margin"];
        let rest = all.figures().filter(|(metric, _)| !shown_above.contains(metric));
        others.extend(rest.map(|(metric, figure)| Other {
            name: shown.clone(),
            items,
            metric: text::line(metric, 40),
            figure,
        }));
    }
    let checkpoint = text::line(&sheet.stage, 60);
    (!rows.is_empty() || !others.is_empty()).then_some(Benchmarks {
        checkpoint,
        rows,
        aggregate,
        others,
        cut,
    })
}
