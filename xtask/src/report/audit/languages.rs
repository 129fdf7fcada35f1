//! Was each language known.

use serde::Serialize;

use super::super::scores::{Figure, Sheet};
use super::super::text::listed;
use super::confusion::{self, Confusion};
use super::{ENOUGH, counted, name};

/// All languages that were spoken.
#[derive(Serialize)]
pub(super) struct Languages {
    /// The most frequent first.
    rows: Vec<Language>,
    confusions: Vec<Confusion>,
}

/// One language.
#[derive(Serialize)]
struct Language {
    name: String,
    pages: u64,
    recall: Option<Figure>,
    weak: bool,
}

pub(super) fn of(sheet: &Sheet) -> Option<Languages> {
    let mut rows: Vec<Language> = sheet
        .items("language")
        .map(|(code, item)| {
            let recall = item.figure("recall");
            let weak = recall.is_some_and(|recall| recall.value < ENOUGH);
            Language { name: name(code), pages: item.count("pages"), recall, weak }
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.pages));
    (!rows.is_empty()).then(|| Languages { rows, confusions: confusion::of(sheet, "language_confusion") })
}

impl Languages {
    pub(super) fn said(&self) -> String {
        let weak: Vec<String> = self.rows.iter().filter(|row| row.weak).map(|row| row.name.clone()).collect();
        let all = counted(self.rows.len(), "language", "languages");
        match &weak[..] {
            [] => format!("{all}, each known on at least {ENOUGH} of its pages."),
            weak => format!("{all}; known on fewer than {ENOUGH} of their pages: {}.", listed(weak)),
        }
    }
}
