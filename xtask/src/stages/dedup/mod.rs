//! `dedup`: of documents that are the same, or nearly, one stays.
//!
//! The phases are those of [`fineweb_filter::dedup::disk`]: sign (a task a file), group (a task a channel), resolve
//! (one task), keep (a task a file). Where documents of one address count as one, a phase that finds them comes after
//! the first, and those that go there take no part in what follows. What phases leave to one another lies in scratch.

mod keep;
mod sign;

use std::path::PathBuf;

use fineweb_filter::dedup::disk::{Channel, Grouping, Parts, RESOLVE_BYTES, group, resolve};
use fineweb_filter::dedup::{AddressSettings, HashFunction, MinHash, MinHashSettings, Normalisation};
use pipeline::{Fault, Io, Output, Signature, Slot, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{Documents, Dropped, Reader, Table};

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
    /// Least Jaccard similarity of the shingles of two documents that share a band; less, and the pair does not count.
    /// 0 verifies nothing. Every link of a cluster is verified then; the ends of a chain may still be unlike.
    #[schemars(extend("unit" = "Jaccard similarity", "source" = "FineWeb: 0"))]
    pub min_jaccard: f64,
    /// Whether and how documents of one address count as one.
    pub address: AddressSettings,
    /// What becomes of copies.
    pub copies: Copies,
    /// Whether kept documents get the column `minhash_cluster_id`: a hash of the id of their cluster's best document.
    pub cluster_ids: bool,
    /// Memory for sorting keys. Other than that, a file's row group is held, 12 bytes a document of the file at hand,
    /// and 16 bytes a document of the whole corpus while clusters are resolved. It changes no byte of the output.
    #[schemars(extend("unit" = "MB"))]
    pub memory_mb: usize,
}

/// What becomes of copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Copies {
    /// They are dropped; each dropped row names the document that is kept for it.
    Drop,
    /// They stay, with the size and, where asked for, the id of their cluster, for whoever weighs clusters himself.
    Mark,
}

impl Default for Dedup {
    fn default() -> Self {
        let MinHashSettings { bands, rows, words, hash, normalisation, seed } = MinHashSettings::default();
        let address = AddressSettings::default();
        let (min_jaccard, copies, cluster_ids, memory_mb) = (0.0, Copies::Drop, false, 1024);
        Self {
            bands,
            rows,
            words,
            hash,
            normalisation,
            seed,
            min_jaccard,
            address,
            copies,
            cluster_ids,
            memory_mb,
        }
    }
}

/// What a phase does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Signs one file.
    Sign,
    /// Finds documents of one address.
    Addresses,
    /// Groups one channel.
    Group,
    /// Joins groups to clusters.
    Resolve,
    /// Writes one file.
    Keep,
}

impl Stage for Dedup {
    fn signature(&self) -> Signature {
        Signature {
            reads: vec![Slot::new("documents", Documents::NAME)],
            writes: vec![Output::new("documents", Documents::NAME), Output::new("dropped", Dropped::NAME)],
            unhashed: vec!["memory_mb"],
            sources: &["fineweb-filter"],
            ..Signature::exact(2)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        for (pointer, value) in [("/bands", self.bands), ("/rows", self.rows), ("/words", self.words)] {
            if value == 0 || value > 10_000 {
                let fault = Fault::new("no signature has this shape").on(pointer).got(value.to_string());
                return Err(fault.expected("1 to 10,000"));
            }
        }
        if !(0.0..=1.0).contains(&self.min_jaccard) {
            let fault = Fault::new("no similarity is outside 0 to 1").on("/min_jaccard");
            return Err(fault.got(self.min_jaccard.to_string()).expected("0 to 1"));
        }
        if self.memory_mb == 0 {
            return Err(Fault::new("nothing can be sorted in no memory")
                .on("/memory_mb")
                .expected("1 or more"));
        }
        Ok(())
    }

    fn phases(&self, io: &Io) -> anyhow::Result<Vec<usize>> {
        let needed = (starts(io)?.last().copied().unwrap_or(0) as usize * RESOLVE_BYTES).div_ceil(1 << 20);
        anyhow::ensure!(
            needed <= self.memory_mb,
            "resolving clusters of so many documents takes {needed} MB, and `memory_mb` is {}: raise it",
            self.memory_mb
        );
        let files = io.input("documents")?.files().len();
        let tasks = |step: &Step| match step {
            Step::Sign | Step::Keep => files,
            Step::Group => self.channels().len(),
            Step::Addresses | Step::Resolve => 1,
        };
        Ok(self.steps().iter().map(tasks).collect())
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        match self.steps()[task.phase] {
            Step::Sign => self.sign(io, task.part),
            Step::Addresses => {
                let (parts, pairs) = (parts(io)?, io.scratch()?.join("address-pairs"));
                group(&parts, Channel::Address, &self.grouping(None), &pairs)?;
                let places = self.address_places(io)?.expect("the step is there where addresses count");
                resolve(&parts, &[pairs], &places)?;
                io.leave(&places)
            }
            Step::Group => {
                let gone = self.address_places(io)?;
                let out = pairs(io, task.part)?;
                group(&parts(io)?, self.channels()[task.part], &self.grouping(gone.as_deref()), &out)?;
                io.leave(&out)
            }
            Step::Resolve => {
                let groups =
                    (0..self.channels().len()).map(|at| pairs(io, at)).collect::<anyhow::Result<Vec<_>>>()?;
                for (size, count) in resolve(&parts(io)?, &groups, &places(io)?)? {
                    io.count(clusters_of(size), count);
                }
                io.leave(&places(io)?)
            }
            Step::Keep => self.keep(io, task),
        }
    }
}

impl Dedup {
    fn steps(&self) -> &'static [Step] {
        if self.address.enabled {
            &[Step::Sign, Step::Addresses, Step::Group, Step::Resolve, Step::Keep]
        } else {
            &[Step::Sign, Step::Group, Step::Resolve, Step::Keep]
        }
    }

    fn channels(&self) -> Vec<Channel> {
        Channel::of_texts(self.bands)
    }

    fn minhash(&self) -> MinHash {
        let Self { bands, rows, words, hash, normalisation, seed, .. } = self.clone();
        MinHash::new(MinHashSettings { bands, rows, words, hash, normalisation, seed })
    }

    fn memory(&self) -> usize {
        self.memory_mb << 20
    }

    fn grouping<'a>(&self, gone: Option<&'a std::path::Path>) -> Grouping<'a> {
        Grouping { memory: self.memory(), min_jaccard: self.min_jaccard, gone }
    }

    /// Where documents of one address ended up, if addresses count.
    fn address_places(&self, io: &Io) -> anyhow::Result<Option<PathBuf>> {
        if self.address.enabled { Ok(Some(io.scratch()?.join("address-places"))) } else { Ok(None) }
    }
}

/// Number of the first document of each file, and the number of all.
fn starts(io: &Io) -> anyhow::Result<Vec<u32>> {
    let mut starts = vec![0u32];
    for file in io.input("documents")?.files() {
        let rows = match file.rows {
            Some(rows) => rows,
            None => Reader::<Documents>::open(&file.path()?)?.rows(),
        };
        let next = u64::from(starts[starts.len() - 1]) + rows;
        starts.push(u32::try_from(next).map_err(|_| fineweb_filter::Error::TooManyDocuments)?);
    }
    Ok(starts)
}

fn part(io: &Io, part: usize) -> anyhow::Result<PathBuf> {
    Ok(io.scratch()?.join("signed").join(format!("{part:05}")))
}

fn parts(io: &Io) -> anyhow::Result<Parts> {
    let files = io.input("documents")?.files().len();
    Ok(Parts::open((0..files).map(|at| part(io, at)).collect::<anyhow::Result<_>>()?)?)
}

fn pairs(io: &Io, channel: usize) -> anyhow::Result<PathBuf> {
    Ok(io.scratch()?.join("pairs").join(format!("{channel:05}")))
}

fn places(io: &Io) -> anyhow::Result<PathBuf> {
    Ok(io.scratch()?.join("places"))
}

/// The counter of clusters of such a size.
fn clusters_of(size: u32) -> &'static str {
    match size {
        ..=2 => "clusters.of_2",
        3 => "clusters.of_3",
        4..10 => "clusters.of_4_to_9",
        _ => "clusters.of_10_or_more",
    }
}
