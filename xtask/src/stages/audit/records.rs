//! What each record is, and what became of it.

use std::collections::BTreeMap;

use pipeline::Io;
use shard::{Documents, Dropped, Truth, dropped};

use super::shards;

/// All records of a web by their ids, and the damage that was found beside them.
pub(super) struct Records {
    pub(super) by_id: BTreeMap<String, Record>,
    /// Reason of a damage that cost a record to how often it was found: such rows have no id.
    pub(super) damage: BTreeMap<String, u64>,
}

/// A record without its texts, which are read where they are asked for.
#[derive(Default)]
pub(super) struct Record {
    pub(super) first_reason: Option<String>,
    pub(super) original: Option<String>,
    pub(super) exact: bool,
    pub(super) has_spans: bool,
    pub(super) mentions: Vec<u64>,
    pub(super) opt_out: Option<String>,
    pub(super) licence: Option<String>,
    /// What the filter did.
    pub(super) fate: Fate,
    /// Where deduplication dropped it: the reason, and the id of the one that stayed.
    pub(super) copy: Option<(String, String)>,
}

/// What became of a record in the filter.
#[derive(Default, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nobody tells: the archive lost it.
    #[default]
    Lost,
    Kept,
    Dropped(String),
}

impl Records {
    /// Joins the truth with what the stages left.
    pub(super) fn read(io: &Io) -> anyhow::Result<Self> {
        let mut by_id = BTreeMap::new();
        for batch in shards::read_all::<Truth>(io.input("truth")?) {
            for row in batch?.rows() {
                let record = Record {
                    first_reason: row.first_reason.map(str::to_owned),
                    original: row.duplicate_of.map(str::to_owned),
                    exact: row.kind == "exact_copy",
                    has_spans: !row.spans.is_empty(),
                    mentions: row.mentions.to_vec(),
                    opt_out: row.opt_out.map(str::to_owned),
                    licence: row.licence.map(str::to_owned),
                    ..Record::default()
                };
                by_id.insert(row.id.to_owned(), record);
            }
        }
        let mut records = Self { by_id, damage: BTreeMap::new() };
        records.follow(io)?;
        Ok(records)
    }

    fn follow(&mut self, io: &Io) -> anyhow::Result<()> {
        for batch in shards::read_all::<Documents>(io.input("documents")?) {
            for row in batch?.rows() {
                if let Some(record) = self.by_id.get_mut(row.id) {
                    record.fate = Fate::Kept;
                }
            }
        }
        for batch in shards::read_all::<Dropped>(io.input("dropped")?) {
            for row in batch?.rows() {
                if let Some(record) = row.id.and_then(|id| self.by_id.get_mut(id)) {
                    record.fate = Fate::Dropped(row.reason.to_owned());
                } else if row.kind == dropped::Kind::Damage {
                    *self.damage.entry(row.reason.to_owned()).or_default() += 1;
                }
            }
        }
        for batch in shards::read_all::<Dropped>(io.input("copies")?) {
            for row in batch?.rows() {
                let Some(record) = row.id.and_then(|id| self.by_id.get_mut(id)) else { continue };
                record.copy = Some((row.reason.to_owned(), row.detail.unwrap_or_default().to_owned()));
            }
        }
        Ok(())
    }
}
