//! Did each rule drop what it should, and nothing else.

use serde::Serialize;

use super::super::scores::{Figure, Sheet};
use super::confusion::{self, Confusion};
use super::{ENOUGH, counted, name};

/// All reasons, and `kept`.
#[derive(Serialize)]
pub(super) struct Rules {
    /// The weakest first; among those that are not marked, the most frequent.
    pub(super) rows: Vec<Rule>,
    /// How many are marked.
    pub(super) weak: usize,
    confusions: Vec<Confusion>,
}

/// One reason.
#[derive(Serialize)]
pub(super) struct Rule {
    name: String,
    /// Pages that should go for it, that went for it, and both.
    expected: u64,
    found: u64,
    right: u64,
    recall: Option<Figure>,
    precision: Option<Figure>,
    weak: bool,
}

impl Rule {
    fn worst(&self) -> f64 {
        [self.recall, self.precision].iter().flatten().fold(1.0, |worst, figure| worst.min(figure.value))
    }
}

pub(super) fn of(sheet: &Sheet) -> Option<Rules> {
    let mut rows: Vec<Rule> = sheet
        .items("rules")
        .map(|(reason, item)| {
            let [recall, precision] = ["recall", "precision"].map(|metric| item.figure(metric));
            Rule {
                name: name(reason),
                expected: item.count("expected"),
                found: item.count("found"),
                right: item.count("right"),
                recall,
                precision,
                weak: [recall, precision].iter().flatten().any(|figure| figure.value < ENOUGH),
            }
        })
        .collect();
    rows.sort_by(|a, b| {
        let worse = || if a.weak { a.worst().total_cmp(&b.worst()) } else { b.expected.cmp(&a.expected) };
        b.weak.cmp(&a.weak).then_with(worse)
    });
    let weak = rows.iter().filter(|row| row.weak).count();
    (!rows.is_empty()).then(|| Rules { rows, weak, confusions: confusion::of(sheet, "confusion") })
}

impl Rules {
    pub(super) fn said(&self) -> String {
        let all = counted(self.rows.len(), "reason", "reasons");
        let wrong: u64 = self.confusions.iter().map(|confusion| confusion.pages).sum();
        let [right, expected] = [|row: &Rule| row.right, |row: &Rule| row.expected]
            .map(|of| self.rows.iter().map(of).sum::<u64>());
        let marked = match self.weak {
            0 => format!("All {all} have recall and precision of at least {ENOUGH}"),
            weak => format!("{weak} of {all} lie below {ENOUGH} in recall or precision"),
        };
        let [right, expected, wrong] = [right, expected, wrong].map(crate::lines::thousands);
        format!("{marked}; {right} of {expected} pages met the fate that they should, {wrong} another.")
    }
}
