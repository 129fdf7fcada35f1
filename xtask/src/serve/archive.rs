//! The documents of a run: which came in, which stayed, and why the others did not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chat::serve::{Answer, Archive, Document, Documents, Found, Reason, Refusal, Step, Wanted};
use shard::{Batch, Dropped, Reader, Table, documents, dropped, signals};

use super::column::{Column, Ids, Reasons};
use super::run::Finished;
use super::search;
use crate::lines::summary;

/// Characters of a text that are told.
const LONGEST: usize = 20_000;
/// Documents among which the text of a dropped row is looked for.
const LOOKED_THROUGH: u64 = 4_000_000;

/// The shards of a run, read when somebody asks.
pub(super) struct Shelves {
    pub(super) stages: Vec<Finished>,
}

/// A shard, and how many rows it has.
type Shard = (PathBuf, u64);

impl Archive for Shelves {
    fn funnel(&self) -> Answer<Vec<Step>> {
        Ok(self.stages.iter().map(step).collect())
    }

    fn documents(&self, wanted: &Wanted) -> Answer<Documents> {
        let stage = self.stage(&wanted.stage)?;
        let read = if wanted.dropped { self.dropped(stage, wanted) } else { kept(stage, wanted) };
        read.map_err(Refusal::fault)
    }

    fn search(&self, phrase: &str, most: usize) -> Answer<Found> {
        search::search(&self.trained_on(), phrase, most).map_err(Refusal::fault)
    }
}

fn step(finished: &Finished) -> Step {
    let (stage, manifest) = (&finished.stage, &finished.manifest);
    let has = |kind: &str| finished.shards(kind).iter().any(|(_, rows)| *rows > 0);
    let dropped = manifest.dropped().into_iter().filter(|(_, count)| *count > 0);
    Step {
        name: stage.name.clone(),
        uses: stage.uses.clone(),
        summary: summary(manifest),
        came_in: manifest.counters.get("in").copied(),
        kept: manifest.counters.get("kept").copied(),
        dropped: dropped.map(|(reason, count)| Reason { reason: reason.to_owned(), count }).collect(),
        documents: has(shard::Documents::NAME),
        dropped_rows: has(Dropped::NAME),
    }
}

impl Shelves {
    fn stage(&self, name: &str) -> Answer<&Finished> {
        self.stages.iter().find(|finished| finished.stage.name == name).ok_or_else(|| {
            let names: Vec<&str> = self.stages.iter().map(|finished| finished.stage.name.as_str()).collect();
            let message = format!("there is no stage `{name}`; there are {}", names.join(", "));
            Refusal { param: Some("stage".into()), ..Refusal::missing("stage_not_found", message) }
        })
    }

    /// What the tokenizer learned from; without one, what the last stage with documents kept.
    fn trained_on(&self) -> Vec<Shard> {
        let tokenizer = self.stages.iter().find(|finished| finished.stage.uses == "bpe-train");
        let read = tokenizer.map(|finished| self.read_by(finished)).filter(|shards| !shards.is_empty());
        read.unwrap_or_else(|| {
            let kept = self.stages.iter().rev().map(|finished| finished.shards(shard::Documents::NAME));
            kept.into_iter().find(|shards| !shards.is_empty()).unwrap_or_default()
        })
    }

    /// The documents that a stage read.
    fn read_by(&self, finished: &Finished) -> Vec<Shard> {
        let sources = finished.stage.from.values().filter_map(|from| {
            let (name, output) = from.rsplit_once('/')?;
            let source = self.stages.iter().find(|finished| finished.stage.name == name)?;
            let contents = source.manifest.outputs.get(output)?;
            let documents = contents.kind == shard::Documents::NAME;
            documents.then(|| crate::house::shards(&source.entry, output, contents))
        });
        sources.flatten().collect()
    }

    fn dropped(&self, finished: &Finished, wanted: &Wanted) -> shard::Result<Documents> {
        let shards = finished.shards(Dropped::NAME);
        let (offset, limit) = (wanted.offset as u64, wanted.limit as u64);
        let mut rows: Vec<Document> = vec![];
        let total = match &wanted.reason {
            None => {
                page::<Dropped>(&shards, offset, limit, &mut |row| rows.push(of_dropped(&row)))?;
                rows_of(&shards)
            }
            Some(reason) => {
                let counted = finished.manifest.counters.get(&format!("dropped.{reason}")).copied();
                let (places, total) = places(&shards, reason, offset, limit, counted)?;
                for ((path, _), places) in shards.iter().zip(&places) {
                    pick::<Dropped>(path, places, &mut |_, row| rows.push(of_dropped(&row)))?;
                }
                total
            }
        };
        self.lend_texts(finished, &mut rows)?;
        Ok(Documents { total, rows })
    }

    /// A stage that reads documents need not repeat their texts: they are in what it read.
    fn lend_texts(&self, finished: &Finished, rows: &mut [Document]) -> shard::Result<()> {
        let sources = self.read_by(finished);
        let textless = rows.iter().filter(|row| row.text.is_none());
        let mut wanted: BTreeSet<String> = textless.filter_map(|row| row.id.clone()).collect();
        let mut found: BTreeMap<String, Document> = BTreeMap::new();
        let mut seen = 0;
        for (path, count) in &sources {
            if wanted.is_empty() || seen + count > LOOKED_THROUGH {
                break;
            }
            seen += count;
            let mut places = vec![];
            let mut at = 0;
            for batch in Reader::<Column<Ids>>::open(path)? {
                for id in batch?.rows() {
                    if wanted.remove(id) {
                        places.push(at);
                    }
                    at += 1;
                }
            }
            pick::<shard::Documents>(path, &places, &mut |_, row| {
                found.insert(row.id.to_owned(), of_kept(&row));
            })?;
        }
        for row in rows.iter_mut().filter(|row| row.text.is_none()) {
            if let Some(document) = row.id.as_ref().and_then(|id| found.get(id)).cloned() {
                let (id, reason, detail) = (row.id.take(), row.reason.take(), row.detail.take());
                *row = Document { id, reason, detail, ..document };
            }
        }
        Ok(())
    }
}

fn kept(finished: &Finished, wanted: &Wanted) -> shard::Result<Documents> {
    let shards = finished.shards(shard::Documents::NAME);
    let mut rows = vec![];
    let (offset, limit) = (wanted.offset as u64, wanted.limit as u64);
    page::<shard::Documents>(&shards, offset, limit, &mut |row| rows.push(of_kept(&row)))?;
    Ok(Documents { total: rows_of(&shards), rows })
}

fn rows_of(shards: &[Shard]) -> u64 {
    shards.iter().map(|(_, rows)| rows).sum()
}

/// Shows `limit` rows behind the first `offset`; shards and row groups before them stay unread.
fn page<T: Table>(
    shards: &[Shard],
    mut offset: u64,
    limit: u64,
    each: &mut dyn FnMut(T::Row<'_>),
) -> shard::Result<()> {
    let mut left = limit;
    for (path, rows) in shards {
        if offset >= *rows {
            offset -= rows;
            continue;
        }
        for batch in Reader::<T>::open_at(path, offset)? {
            let batch = batch?;
            for row in batch.rows().take(left as usize) {
                each(row);
                left -= 1;
            }
            if left == 0 {
                return Ok(());
            }
        }
        offset = 0;
    }
    Ok(())
}

/// Where rows with this reason stand, a list of each shard, and how many there are: as many as were `counted`, if the page
/// is full before all are seen.
fn places(
    shards: &[Shard],
    reason: &str,
    offset: u64,
    limit: u64,
    counted: Option<u64>,
) -> shard::Result<(Vec<Vec<u64>>, u64)> {
    let mut places = vec![];
    let mut found = 0;
    for (path, _) in shards {
        let mut here = vec![];
        let mut at = 0;
        for batch in Reader::<Column<Reasons>>::open(path)? {
            for told in batch?.rows() {
                if told == reason {
                    if (offset..offset.saturating_add(limit)).contains(&found) {
                        here.push(at);
                    }
                    found += 1;
                }
                at += 1;
            }
            if let Some(counted) = counted.filter(|_| found >= offset.saturating_add(limit)) {
                places.push(here);
                return Ok((places, counted.max(found)));
            }
        }
        places.push(here);
    }
    Ok((places, found))
}

/// Shows the rows at `places`, which rise; row groups without any stay unread.
fn pick<T: Table>(path: &Path, places: &[u64], each: &mut dyn FnMut(u64, T::Row<'_>)) -> shard::Result<()> {
    let mut left = places;
    while let Some(&first) = left.first() {
        let Some(batch) = Reader::<T>::open_at(path, first)?.next().transpose()? else { break };
        let batch: Batch<T> = batch;
        let here = left.partition_point(|place| *place < first + batch.len() as u64);
        for place in &left[..here] {
            each(*place, batch.row((place - first) as usize));
        }
        left = &left[here..];
    }
    Ok(())
}

fn of_kept(row: &documents::Row<'_>) -> Document {
    let (text, cut) = beginning(row.text);
    Document {
        id: some(row.id),
        url: some(row.url),
        text: Some(text),
        cut,
        language: some(row.language),
        language_score: some(row.language).map(|_| row.language_score),
        signals: measured(row.signals.as_ref()),
        ..Document::default()
    }
}

fn of_dropped(row: &dropped::Row<'_>) -> Document {
    let (text, cut) = row.text.map(beginning).unzip();
    let place = || format!("{} at {}", row.source, row.offset);
    Document {
        id: row.id.and_then(some),
        // damage may have eaten the address; where it lay is known
        url: row.url.and_then(some).or_else(|| Some(place())),
        reason: some(row.reason),
        detail: row.detail.and_then(some),
        text,
        cut: cut.unwrap_or(false),
        signals: measured(row.signals.as_ref()),
        ..Document::default()
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The beginning of a text, and whether it goes on.
fn beginning(text: &str) -> (String, bool) {
    let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(at, _)| at);
    (text[..end].to_owned(), end < text.len())
}

fn measured(values: Option<&signals::Values>) -> BTreeMap<String, f64> {
    let named = signals::NAMES.iter().zip(values.into_iter().flatten());
    named.filter(|(_, value)| value.is_finite()).map(|(name, value)| ((*name).to_owned(), *value)).collect()
}
