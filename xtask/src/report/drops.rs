//! What was left out: the rows of `dropped/1` by reason, with one page to look at for each.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde::Serialize;
use shard::{Documents, Dropped, dropped};

use super::run::{Run, Stage};
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
    /// Its name in addresses within the page.
    pub(super) anchor: String,
    /// Rows that give this reason, as far as they were looked through.
    pub(super) rows: u64,
    damaged: bool,
    example: Example,
}

impl Reason {
    fn of(row: &dropped::Row<'_>) -> Self {
        let damaged = row.kind == dropped::Kind::Damage;
        Self {
            name: text::line(row.reason, 80),
            anchor: String::new(),
            rows: 0,
            damaged,
            example: Example::of(row),
        }
    }

    /// Counts a row; a page with text shows more than the first one without.
    fn add(&mut self, row: &dropped::Row<'_>) {
        self.rows += 1;
        if self.example.text.is_none() && row.text.is_some() {
            self.example = Example::of(row);
        }
    }
}

/// One page or record, shortened.
#[derive(Default, Serialize)]
struct Example {
    #[serde(skip)]
    id: Option<String>,
    /// The address, or else the archive and the byte.
    place: String,
    detail: Option<String>,
    text: Option<String>,
    /// The document that `detail` names: of copies, the one that stayed.
    twin: Option<Twin>,
}

/// A document that a row points to.
#[derive(Clone, Serialize)]
struct Twin {
    place: String,
    text: String,
}

impl Example {
    fn of(row: &dropped::Row<'_>) -> Self {
        let place = row.url.map_or_else(|| format!("{} at {}", row.source, row.offset), str::to_owned);
        Self {
            id: row.id.map(str::to_owned),
            place: text::line(&place, 160),
            detail: row.detail.map(|detail| text::line(detail, 160)),
            text: row.text.map(shortened).filter(|text| !text.is_empty()),
            twin: None,
        }
    }
}

fn shortened(of: &str) -> String {
    text::beginning(of, 360, 8)
}

pub(super) fn of(run: &Run, stage: &Stage) -> anyhow::Result<Option<Drops>> {
    let mut reasons: BTreeMap<String, Reason> = BTreeMap::new();
    let (mut rows, mut whole) = (0, true);
    stage.rows::<Dropped>(|row| {
        rows += 1;
        if rows > ROWS {
            whole = false;
            return ControlFlow::Break(());
        }
        if !reasons.contains_key(row.reason) {
            reasons.insert(row.reason.to_owned(), Reason::of(&row));
        }
        reasons.get_mut(row.reason).expect("inserted above").add(&row);
        ControlFlow::Continue(())
    })?;
    let mut reasons: Vec<Reason> = reasons.into_values().collect();
    reasons.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.name.cmp(&b.name)));
    for (at, reason) in reasons.iter_mut().enumerate() {
        reason.anchor = format!("left-out-{}-{at}", stage.name());
    }
    look_up(run, stage, &mut reasons)?;
    let stage = stage.name().to_owned();
    Ok(Some(Drops { stage, reasons, whole }).filter(|drops| !drops.reasons.is_empty()))
}

/// A stage that reads documents need not repeat their texts: they are in what it read.
fn look_up(run: &Run, stage: &Stage, reasons: &mut [Reason]) -> shard::Result<()> {
    let examples = reasons.iter().map(|reason| &reason.example).filter(|example| example.text.is_none());
    let ids = examples.flat_map(|example| [&example.id, &example.detail]).flatten();
    let mut found: BTreeMap<String, Option<Twin>> = ids.map(|id| (id.clone(), None)).collect();
    for source in stage.from().values().filter_map(|from| run.source(from)) {
        let (mut rows, mut missing) = (0, found.len());
        source.rows::<Documents>(|row| {
            if let Some(place) = found.get_mut(row.id).filter(|place| place.is_none()) {
                *place = Some(Twin { place: text::line(row.url, 160), text: shortened(row.text) });
                missing -= 1;
            }
            rows += 1;
            if missing > 0 && rows < ROWS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
    }
    let document = |id: &Option<String>| id.as_ref().and_then(|id| found.get(id).cloned().flatten());
    for example in reasons.iter_mut().map(|reason| &mut reason.example) {
        if example.text.is_none() {
            example.text = document(&example.id).map(|document| document.text);
            example.twin = document(&example.detail);
        }
    }
    Ok(())
}
