//! The rules alone: asked about the true text, so that what an extractor misses or adds is not their fault.

use fineweb_filter::{Filter, Lists, Outcome, Page, Scratch, Settings};
use pipeline::{Input, Io};
use rayon::prelude::*;
use shard::Truth;

use super::rules::{KEPT, Tally};
use super::scores::Sheet;
use super::shards;

/// Scores `rules_on_text` and `confusion_on_text`, as `rules` and `confusion`, of the records that have a text.
pub(super) fn score(settings: &Settings, io: &Io, scores: &mut Sheet) -> anyhow::Result<()> {
    let mut lists = Lists::default();
    for file in io.optional("lists").map_or(&[][..], Input::files) {
        lists.add_file(&file.path()?)?;
    }
    let filter = Filter::new(settings, lists)?;
    let mut tally = Tally::default();
    for batch in shards::read_all::<Truth>(io.input("truth")?) {
        let batch = batch?;
        let told = batch.rows().filter(|row| row.main_text.is_some() && row.kind != "damaged");
        let told: Vec<(Page<'_>, &str)> = told
            .map(|row| {
                let page =
                    Page { id: row.id, url: row.url, html: row.main_text.unwrap_or_default(), headers: &[] };
                (page, row.first_reason.unwrap_or(KEPT))
            })
            .collect();
        let found: Vec<&'static str> = told
            .par_iter()
            .map_init(Scratch::default, |scratch, (page, _)| found(&filter, page, scratch))
            .collect();
        for ((_, expected), found) in told.iter().zip(found) {
            tally.add(expected, found);
        }
    }
    tally.score(["rules_on_text", "confusion_on_text"], scores);
    Ok(())
}

fn found(filter: &Filter, page: &Page<'_>, scratch: &mut Scratch) -> &'static str {
    match filter.judge_plain(page, scratch) {
        Outcome::Kept { .. } => KEPT,
        Outcome::Dropped { reason, .. } => reason.0,
    }
}
