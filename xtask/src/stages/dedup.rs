//! `dedup`: of documents that are the same, or nearly, one stays.

use std::collections::BTreeMap;

use fineweb_filter::Signer;
use fineweb_filter::dedup::{
    HashFunction, Member, MinHash, MinHashSettings, Normalisation, Place, Signature as MinHashSignature,
    cluster, text_key,
};
use pipeline::{Io, Output, Signature, Slot, Stage, Task};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::documents::Optional;
use shard::{Documents, Dropped, Table, documents, dropped};

use super::shards;

/// Drops exact and near copies. Of a cluster the longest document stays; ties go to the smallest id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Dedup {
    /// Bands of a signature: documents that agree in one whole band are near copies.
    #[schemars(extend("unit" = "bands", "source" = "FineWeb: 14"))]
    pub bands: usize,
    /// Hash functions in a band.
    #[schemars(extend("unit" = "hash functions", "source" = "FineWeb: 8"))]
    pub rows: usize,
    /// Words in a shingle. Documents with fewer words are compared exactly only.
    #[schemars(extend("unit" = "words", "source" = "FineWeb: 5"))]
    pub words: usize,
    /// How a shingle becomes a number.
    #[schemars(extend("source" = "FineWeb: sha1; FineWeb-2: xxh64"))]
    pub hash: HashFunction,
    /// How text is levelled before it is cut into words.
    pub normalisation: Normalisation,
    /// Seed of the hash functions.
    #[schemars(extend("source" = "datatrove: 1"))]
    pub seed: u32,
}

impl Default for Dedup {
    fn default() -> Self {
        let MinHashSettings { bands, rows, words, hash, normalisation, seed } = MinHashSettings::default();
        Self { bands, rows, words, hash, normalisation, seed }
    }
}

impl Stage for Dedup {
    fn signature(&self) -> Signature {
        Signature {
            reads: vec![Slot::new("documents", Documents::NAME)],
            writes: vec![Output::new("documents", Documents::NAME), Output::new("dropped", Dropped::NAME)],
            sources: &["fineweb-filter"],
            ..Signature::exact(1)
        }
    }

    fn run(&self, io: &Io, _: Task) -> anyhow::Result<()> {
        let signed = self.sign(io)?;
        let places = cluster(&signed.iter().map(Signed::member).collect::<Vec<_>>());
        let mut at = 0;
        for (part, file) in io.input("documents")?.files().iter().enumerate() {
            let name = Task { phase: 0, part }.shard();
            let columns = [Optional::MinhashClusterSize, Optional::Licence, Optional::OptOut];
            let mut kept = shards::create_documents(io, &name, &columns)?;
            let mut dropped = shards::create::<Dropped>(io, "dropped", &name)?;
            let mut row_of_file = 0;
            for batch in shards::read::<Documents>(file)? {
                for row in batch?.rows() {
                    let place = places[at];
                    io.count("in", 1);
                    match place.reason {
                        None => {
                            io.count("kept", 1);
                            let minhash_cluster_size = Some(i64::from(place.size));
                            // signals speak of one filter's run, and end with it
                            kept.push(&documents::Row { minhash_cluster_size, signals: None, ..row })?;
                        }
                        Some(reason) => {
                            io.count(&format!("dropped.{}", reason.0), 1);
                            dropped.push(&fallen(
                                io,
                                &file.name,
                                row_of_file,
                                &row,
                                reason.0,
                                &signed[place.keeper].id,
                            ))?;
                        }
                    }
                    at += 1;
                    row_of_file += 1;
                }
            }
            shards::finish(io, "documents", kept)?;
            shards::finish(io, "dropped", dropped)?;
        }
        report_clusters(io, &places);
        Ok(())
    }
}

impl Dedup {
    /// What clustering needs of every document, in the order of the shards.
    fn sign(&self, io: &Io) -> anyhow::Result<Vec<Signed>> {
        let Self { bands, rows, words, hash, normalisation, seed } = self.clone();
        let minhash = MinHash::new(MinHashSettings { bands, rows, words, hash, normalisation, seed });
        let input = io.input("documents")?;
        io.progress().length(input.rows());
        let mut signed = vec![];
        for batch in shards::read_all::<Documents>(input) {
            let batch = batch?;
            let texts: Vec<(&str, &str)> = batch.rows().map(|row| (row.id, row.text)).collect();
            signed.par_extend(texts.into_par_iter().map(|(id, text)| Signed {
                id: id.to_owned(),
                length: text.len() as u64,
                text_key: text_key(text),
                signature: minhash.sign(text),
            }));
            io.progress().advance(batch.len() as u64);
        }
        Ok(signed)
    }
}

struct Signed {
    id: String,
    length: u64,
    text_key: u128,
    signature: Option<MinHashSignature>,
}

impl Signed {
    fn member(&self) -> Member<'_> {
        Member {
            id: &self.id,
            length: self.length,
            text_key: self.text_key,
            signature: self.signature.as_ref(),
        }
    }
}

fn fallen<'a>(
    io: &'a Io,
    source: &'a str,
    offset: i64,
    row: &documents::Row<'a>,
    reason: &'a str,
    keeper: &'a str,
) -> dropped::Row<'a> {
    dropped::Row {
        id: Some(row.id),
        url: Some(row.url),
        source,
        offset,
        stage: io.stage(),
        reason,
        detail: Some(keeper),
        kind: dropped::Kind::Rule,
        signals: None,
        text: None,
    }
}

/// How many clusters have two members, three, four to nine, more.
fn report_clusters(io: &Io, places: &[Place]) {
    let mut sizes: BTreeMap<&str, u64> = BTreeMap::new();
    for place in places.iter().filter(|place| place.reason.is_none() && place.size > 1) {
        let name = match place.size {
            2 => "clusters.of_2",
            3 => "clusters.of_3",
            4..10 => "clusters.of_4_to_9",
            _ => "clusters.of_10_or_more",
        };
        *sizes.entry(name).or_default() += 1;
    }
    for (name, count) in sizes {
        io.count(name, count);
    }
}
