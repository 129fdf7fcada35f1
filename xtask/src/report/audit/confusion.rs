//! What was taken for what.

use serde::Serialize;

use super::super::scores::Sheet;
use super::name;

/// One mistake and how many pages it befell.
#[derive(Serialize)]
pub(super) struct Confusion {
    expected: String,
    found: String,
    pub(super) pages: u64,
}

/// The items `expected > found` of a benchmark, the most frequent first.
pub(super) fn of(sheet: &Sheet, benchmark: &str) -> Vec<Confusion> {
    let mut confusions: Vec<Confusion> = sheet
        .items(benchmark)
        .map(|(item, figures)| {
            let (expected, found) = item.split_once(" > ").unwrap_or((item, ""));
            Confusion { expected: name(expected), found: name(found), pages: figures.count("pages") }
        })
        .collect();
    confusions.sort_by_key(|confusion| std::cmp::Reverse(confusion.pages));
    confusions
}
