//! What was drawn on request, what came out right and what did not.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use codec::Owned;
use serde::Serialize;
use shard::media;

use super::{embedded, read, sheet};
use crate::report::run::Stage;
use crate::report::scores::{Figure, Item, Sheet};
use crate::report::text;

/// Where drawings were judged.
pub(super) const BENCHMARK: &str = "draw";
/// Drawings shown, right and wrong ones together.
const SHOWN: usize = 24;
/// Requests in the table, those that were made most often.
const REQUESTS: usize = 12;
/// Rows that are looked at.
const ROWS: usize = 20_000;
/// The item that stands for all requests together.
const ALL: &str = "all";

/// What one stage drew.
#[derive(Serialize)]
pub(in crate::report) struct Drawings {
    stage: String,
    said: String,
    /// All together, then request by request.
    rows: Vec<Row>,
    /// Different requests.
    requests: usize,
    right: Vec<Drawing>,
    wrong: Vec<Drawing>,
    /// Those that are no picture.
    malformed: u64,
    /// Those that should be one and cannot be shown.
    left_out: usize,
}

#[derive(Serialize)]
struct Row {
    asked: String,
    times: u64,
    well_formed: Option<Figure>,
    right: Option<Figure>,
}

impl Row {
    fn of(asked: &str, item: &Item) -> Self {
        Self {
            asked: text::line(asked, 80),
            times: item.count("asked"),
            well_formed: item.figure("well_formed"),
            right: item.figure("right"),
        }
    }
}

#[derive(Serialize)]
struct Drawing {
    asked: String,
    picture: String,
}

impl Drawings {
    /// Of a stage that was judged for what it drew.
    pub(in crate::report) fn of(stage: &Stage, sheets: &[Sheet]) -> anyhow::Result<Option<Self>> {
        let Some(sheet) = sheet(stage.name(), BENCHMARK, sheets) else { return Ok(None) };
        let mut items: Vec<(&str, &Item)> = sheet.items(BENCHMARK).collect();
        items.sort_by_key(|(name, item)| (*name != ALL, std::cmp::Reverse(item.count("asked"))));
        let all = items.first().filter(|(name, _)| *name == ALL).map(|(_, item)| *item);
        let requests = items.len() - usize::from(all.is_some());
        let rows = items.iter().map(|(name, item)| Row::of(name, item));
        let mut seen = Seen::default();
        let mut count = 0;
        stage.rows::<shard::Media>(|row| {
            seen.take(&row);
            count += 1;
            if count < ROWS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        let [right, wrong] = shares([seen.right.len(), seen.wrong.len()]);
        Ok(Some(Self {
            stage: stage.name().to_owned(),
            said: all.map(said).unwrap_or_default(),
            rows: rows.take(REQUESTS + usize::from(all.is_some())).collect(),
            requests,
            right: seen.right.first(right),
            wrong: seen.wrong.first(wrong),
            malformed: seen.malformed,
            left_out: seen.left_out,
        }))
    }
}

/// How many of two kinds are shown: half of each, more of one where there is less of the other.
fn shares([one, other]: [usize; 2]) -> [usize; 2] {
    let half = SHOWN / 2;
    [one.min(SHOWN - other.min(half)), other.min(SHOWN - one.min(half))]
}

fn said(all: &Item) -> String {
    let Some(right) = all.figure("right") else { return String::new() };
    let share = |share: f64| format!("{:.1} %", share * 100.0);
    let mut said =
        vec![format!("{} of {} drawings are what was asked for.", share(right.value), all.count("asked"))];
    if let Some(whole) = all.value("well_formed") {
        said.push(format!("{} are whole pictures.", share(whole)));
    }
    // several were drawn, and the model kept the one that it found likeliest
    if let Some(first) = all.value("first_right").filter(|first| *first != right.value) {
        said.push(format!(
            "Each is one of several tries, which the model chose itself; of the first tries {} were right.",
            share(first)
        ));
    }
    said.join(" ")
}

/// Drawings by how they were judged.
#[derive(Default)]
struct Seen {
    right: Gallery,
    wrong: Gallery,
    malformed: u64,
    left_out: usize,
}

impl Seen {
    fn take(&mut self, row: &media::Row<'_>) {
        let gallery = match row.source {
            "right" => &mut self.right,
            "wrong" => &mut self.wrong,
            "malformed" => {
                self.malformed += 1;
                return;
            }
            // media of another sort
            _ => return,
        };
        if !gallery.take(row) {
            self.left_out += 1;
        }
    }
}

/// The first drawing for each request, and then others.
#[derive(Default)]
struct Gallery {
    fresh: Vec<Drawing>,
    again: Vec<Drawing>,
    /// Requests that have one.
    asked: BTreeSet<String>,
}

impl Gallery {
    fn len(&self) -> usize {
        self.fresh.len() + self.again.len()
    }

    fn first(self, count: usize) -> Vec<Drawing> {
        self.fresh.into_iter().chain(self.again).take(count).collect()
    }

    /// Whether it was a picture, as far as anybody looked.
    fn take(&mut self, row: &media::Row<'_>) -> bool {
        let asked = text::line(row.caption.unwrap_or_default(), 80);
        let place = if self.asked.contains(&asked) { &mut self.again } else { &mut self.fresh };
        if place.len() == SHOWN {
            return true;
        }
        let Ok(Owned::Image(picture)) = read(row) else { return false };
        let Some(picture) = embedded::picture(&picture) else { return false };
        place.push(Drawing { asked: asked.clone(), picture });
        self.asked.insert(asked);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_and_wrong_ones_are_both_shown() {
        assert_eq!(shares([100, 100]), [12, 12]);
        assert_eq!(shares([100, 2]), [22, 2]);
        assert_eq!(shares([0, 100]), [0, 24]);
        assert_eq!(shares([3, 4]), [3, 4]);
    }
}
