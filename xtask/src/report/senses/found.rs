//! Which caption is whose: how often the right one of many came first.

use serde::Serialize;

use crate::report::scores::{Figure, Item, Sheet};
use crate::report::text;

/// Where candidates were ranked.
pub(super) const BENCHMARK: &str = "retrieve";

/// What one stage found.
#[derive(Serialize)]
pub(super) struct Found {
    stage: String,
    said: String,
    rows: Vec<Row>,
}

/// Ranks of the right one.
#[derive(Serialize)]
struct Row {
    sought: String,
    candidates: u64,
    first: Option<Figure>,
    first_by_chance: f64,
    /// How many of the best were looked at.
    best: u64,
    among_best: Option<Figure>,
    among_best_by_chance: f64,
    rank: Option<Figure>,
    rank_by_chance: f64,
}

impl Row {
    fn of(sought: &str, item: &Item) -> Self {
        let value = |metric| item.value(metric).unwrap_or_default();
        let sought = match sought {
            "caption" => "the caption of a picture or sound".to_owned(),
            "medium" => "the picture or sound of a caption".to_owned(),
            other => text::line(other, 40),
        };
        let candidates = item.count("candidates");
        Self {
            sought,
            candidates,
            first: item.figure("first"),
            first_by_chance: value("first_by_chance"),
            best: (value("among_best_by_chance") * candidates as f64).round() as u64,
            among_best: item.figure("among_best"),
            among_best_by_chance: value("among_best_by_chance"),
            rank: item.figure("reciprocal_rank"),
            rank_by_chance: value("reciprocal_rank_by_chance"),
        }
    }

    fn said(&self) -> Option<String> {
        let first = self.first?;
        let chance = self.first_by_chance;
        let [low, high] = first.ends();
        let sure = if low > chance {
            "more than chance explains"
        } else if high < chance {
            "less than chance would give"
        } else {
            "which may be chance"
        };
        Some(format!(
            "Among {} candidates {} came first in {:.1} % of all cases, where chance has {:.1} %: {sure}.",
            self.candidates,
            self.sought,
            first.value * 100.0,
            chance * 100.0
        ))
    }
}

/// The ranks of a sheet that has some.
pub(super) fn of(sheet: &Sheet) -> Option<Found> {
    let rows: Vec<Row> = sheet.items(BENCHMARK).map(|(name, item)| Row::of(name, item)).collect();
    let said: Vec<String> = rows.iter().filter_map(Row::said).collect();
    let stage = text::line(&sheet.stage, 60);
    (!rows.is_empty()).then(|| Found { stage, said: said.join(" "), rows })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_whether_it_may_be_chance() {
        let row = |value: f64, reach: f64| Row {
            sought: "the caption of a picture or sound".to_owned(),
            candidates: 50,
            first: Some(Figure { value, low: Some(value - reach), high: Some(value + reach) }),
            first_by_chance: 0.02,
            best: 10,
            among_best: None,
            among_best_by_chance: 0.2,
            rank: None,
            rank_by_chance: 0.09,
        };
        let said = row(0.3, 0.1).said().unwrap();
        assert_eq!(
            said,
            "Among 50 candidates the caption of a picture or sound came first in 30.0 % of all cases, where chance has 2.0 %: \
             more than chance explains."
        );
        assert!(row(0.03, 0.02).said().unwrap().ends_with("which may be chance."));
        assert!(row(0.0, 0.01).said().unwrap().ends_with("less than chance would give."));
    }
}
