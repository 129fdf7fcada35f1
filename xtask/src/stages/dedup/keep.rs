//! The last phase: the rows of one file, each kept or dropped.

use fineweb_filter::dedup::cluster_id;
use fineweb_filter::dedup::disk::{Parts, Placed, Places};
use fineweb_filter::{Reason, reasons};
use pipeline::{Io, Task};
use shard::documents::Optional;
use shard::{Documents, documents, dropped};

use super::super::shards;
use super::{Copies, Dedup, parts, places};

impl Dedup {
    pub(super) fn keep(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let fates = Fates::open(self, io, task.part)?;
        let file = &io.input("documents")?.files()[task.part];
        let mut columns = vec![Optional::MinhashClusterSize, Optional::Licence, Optional::OptOut];
        columns.extend(self.cluster_ids.then_some(Optional::MinhashClusterId));
        let mut kept = shards::create_documents(io, &task.shard(), &columns)?;
        let mut dropped = shards::create::<shard::Dropped>(io, "dropped", &task.shard())?;
        let (mut document, mut offset) = (fates.parts.numbers(task.part).start, 0);
        for batch in shards::read::<Documents>(file)? {
            for row in batch?.rows() {
                let fate = fates.of(document)?;
                io.count("in", 1);
                if let (Some((reason, keeper)), Copies::Drop) = (fate.dropped, self.copies) {
                    io.count(&format!("dropped.{}", reason.0), 1);
                    let keeper = fates.parts.id(keeper)?;
                    dropped.push(&dropped::Row {
                        id: Some(row.id),
                        url: Some(row.url),
                        source: &file.name,
                        offset,
                        stage: io.stage(),
                        reason: reason.0,
                        detail: Some(&keeper),
                        kind: dropped::Kind::Rule,
                        signals: None,
                        text: None,
                    })?;
                } else {
                    io.count("kept", 1);
                    let keeper =
                        || fate.dropped.map_or(Ok(row.id.to_owned()), |(_, keeper)| fates.parts.id(keeper));
                    let minhash_cluster_id =
                        self.cluster_ids.then(keeper).transpose()?.map(|id| cluster_id(&id));
                    let minhash_cluster_size = Some(i64::from(fate.size));
                    // signals speak of one filter's run, and end with it
                    let signals = None;
                    kept.push(&documents::Row { minhash_cluster_size, minhash_cluster_id, signals, ..row })?;
                }
                document += 1;
                offset += 1;
            }
        }
        shards::finish(io, "documents", kept)?;
        shards::finish(io, "dropped", dropped)
    }
}

/// What became of the documents of one file.
struct Fates {
    parts: Parts,
    places: Places,
    placed: Vec<Placed>,
    of_one_address: Vec<Placed>,
}

struct Fate {
    /// Documents in its cluster.
    size: u32,
    /// Why it is a copy, and of which document.
    dropped: Option<(Reason, u32)>,
}

impl Fates {
    fn open(stage: &Dedup, io: &Io, part: usize) -> anyhow::Result<Self> {
        let (parts, places) = (parts(io)?, Places::open(&places(io)?)?);
        let numbers = parts.numbers(part);
        let placed = places.of(numbers.clone())?;
        let of_one_address = match stage.address_places(io)? {
            Some(path) => Places::open(&path)?.of(numbers)?,
            None => vec![],
        };
        Ok(Self { parts, places, placed, of_one_address })
    }

    fn of(&self, document: u32) -> anyhow::Result<Fate> {
        if let Some(place) = find(&self.of_one_address, document).filter(|place| place.keeper != document) {
            // whoever was kept for its address may have gone for its text
            let place = self.places.get_of(place.keeper)?.unwrap_or(Placed { size: 1, ..place });
            return Ok(Fate { size: place.size, dropped: Some((reasons::ADDRESS_DUPLICATE, place.keeper)) });
        }
        let Some(place) = find(&self.placed, document) else { return Ok(Fate { size: 1, dropped: None }) };
        if place.keeper == document {
            return Ok(Fate { size: place.size, dropped: None });
        }
        let exact = self.parts.fact(document)?.text_key == self.parts.fact(place.keeper)?.text_key;
        let reason = if exact { reasons::EXACT_DUPLICATE } else { reasons::NEAR_DUPLICATE };
        Ok(Fate { size: place.size, dropped: Some((reason, place.keeper)) })
    }
}

fn find(places: &[Placed], document: u32) -> Option<Placed> {
    places.binary_search_by_key(&document, |place| place.document).ok().map(|at| places[at])
}
