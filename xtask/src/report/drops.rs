//! What was left out: the rows of `dropped/1` by reason, with one page to look at for each.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde::Serialize;
use shard::{Dropped, dropped};

use super::run::Stage;
use super::text;

/// Rows that are looked through in each stage. All of a small run; enough of a large one for a page of each reason.
const ROWS: u64 = 200_000;

/// What one stage left out.
#[derive(Serialize)]
pub(super) struct Drops {
    pub(super) stage: String,
    /// The most frequent first.
    pub(super) reasons: Vec<Reason>,
    /// Whether all rows were looked through.
    pub(super) whole: bool,
}

/// One reason and an example of it.
#[derive(Serialize)]
pub(super) struct Reason {
    pub(super) name: String,
    /// Rows that give this reason, as far as they were looked through.
    pub(super) rows: u64,
    damaged: bool,
    example: Example,
}

/// One page or record, made harmless.
#[derive(Default, Serialize)]
struct Example {
    /// The address, or else the archive and the byte.
    place: String,
    detail: Option<String>,
    text: Option<String>,
}

impl Example {
    fn of(row: &dropped::Row<'_>) -> Self {
        let place = row.url.map_or_else(|| format!("{} at {}", row.source, row.offset), str::to_owned);
        Self {
            place: text::line(&place, 160),
            detail: row.detail.map(|detail| text::line(detail, 160)),
            text: row.text.map(|of| text::beginning(of, 360, 8)).filter(|text| !text.is_empty()),
        }
    }
}

pub(super) fn of(stage: &Stage) -> anyhow::Result<Option<Drops>> {
    let mut reasons: BTreeMap<String, Reason> = BTreeMap::new();
    let (mut rows, mut whole) = (0, true);
    stage.rows::<Dropped>(|row| {
        rows += 1;
        if rows > ROWS {
            whole = false;
            return ControlFlow::Break(());
        }
        match reasons.get_mut(row.reason) {
            // a page with text shows more than the first one without
            Some(reason) => {
                reason.rows += 1;
                if reason.example.text.is_none() && row.text.is_some() {
                    reason.example = Example::of(&row);
                }
            }
            None => {
                let damaged = row.kind == dropped::Kind::Damage;
                let reason =
                    Reason { name: text::line(row.reason, 80), rows: 1, damaged, example: Example::of(&row) };
                reasons.insert(row.reason.to_owned(), reason);
            }
        }
        ControlFlow::Continue(())
    })?;
    let mut reasons: Vec<Reason> = reasons.into_values().collect();
    reasons.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.name.cmp(&b.name)));
    let stage = stage.name().to_owned();
    Ok(Some(Drops { stage, reasons, whole }).filter(|drops| !drops.reasons.is_empty()))
}
