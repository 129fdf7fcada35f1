//! Did each rule drop what it should, and nothing else.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::scores::{Figure, Item, Sheet};
use super::confusion::{self, Confusion};
use super::{ENOUGH, counted, name};

/// All reasons, and `kept`.
#[derive(Serialize)]
pub(super) struct Rules {
    /// The weakest first; among those that are not marked, the most frequent.
    pub(super) rows: Vec<Rule>,
    /// How many are marked.
    pub(super) weak: usize,
    /// Of the rules that were also asked about the true text, how many there are and how many are weak there.
    pub(super) on_text: Option<(usize, usize)>,
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
    /// The same, had the rule seen the true text.
    recall_on_text: Option<Figure>,
    precision_on_text: Option<Figure>,
    weak: bool,
}

impl Rule {
    fn worst(&self) -> f64 {
        [self.recall, self.precision].iter().flatten().fold(1.0, |worst, figure| worst.min(figure.value))
    }
}

/// Whether one of the figures is less than enough.
fn weak(figures: [Option<Figure>; 2]) -> bool {
    figures.iter().flatten().any(|figure| figure.value < ENOUGH)
}

pub(super) fn of(sheet: &Sheet) -> Option<Rules> {
    let shares = |item: &Item| ["recall", "precision"].map(|metric| item.figure(metric));
    let on_text: BTreeMap<&str, _> =
        sheet.items("rules_on_text").map(|(reason, item)| (reason, shares(item))).collect();
    let mut rows: Vec<Rule> = sheet
        .items("rules")
        .map(|(reason, item)| {
            let [recall, precision] = shares(item);
            let [recall_on_text, precision_on_text] = on_text.get(reason).copied().unwrap_or_default();
            Rule {
                name: name(reason),
                expected: item.count("expected"),
                found: item.count("found"),
                right: item.count("right"),
                recall,
                precision,
                recall_on_text,
                precision_on_text,
                weak: weak([recall, precision]),
            }
        })
        .collect();
    rows.sort_by(|a, b| {
        let worse = || if a.weak { a.worst().total_cmp(&b.worst()) } else { b.expected.cmp(&a.expected) };
        b.weak.cmp(&a.weak).then_with(worse)
    });
    let weak = rows.iter().filter(|row| row.weak).count();
    let on_text = (!on_text.is_empty())
        .then(|| (on_text.len(), on_text.values().filter(|figures| self::weak(**figures)).count()));
    (!rows.is_empty()).then(|| Rules { rows, weak, on_text, confusions: confusion::of(sheet, "confusion") })
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
        let alone = match self.on_text {
            None => String::new(),
            Some((all, 0)) => format!(" Asked about the true text, none of {all} lies below it."),
            Some((all, weak)) => format!(" Asked about the true text, {weak} of {all} lie below it."),
        };
        format!(
            "{marked}; {right} of {expected} pages met the fate that they should, {wrong} another.{alone}"
        )
    }
}
