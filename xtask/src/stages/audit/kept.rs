//! How varied is what stayed, and which facts are in it.

use std::collections::{BTreeMap, HashSet};

use anyhow::Context;
use pipeline::Io;
use shard::{Documents, Facts};

use super::records::Records;
use super::scores::Sheet;
use super::{interval, shards};

/// Scores `variety` and, where the facts are at hand, `facts_kept` (an item a number of pages) and `exposures` (an
/// item a fact).
pub(super) fn score(
    records: &Records,
    variety_bytes: usize,
    io: &Io,
    scores: &mut Sheet,
) -> anyhow::Result<()> {
    let mut facts = Told::read(io)?;
    // documents come in the order of a hash: a random part that is the same every time
    let mut order = vec![];
    for batch in shards::read_all::<Documents>(io.input("kept")?) {
        for row in batch?.rows() {
            order.push((*blake3::hash(row.id.as_bytes()).as_bytes(), row.text.len()));
            let record = records.by_id.get(row.id);
            facts.count(record.map_or(&[], |record| &record.mentions), row.text);
        }
    }
    order.sort_unstable();
    let mut bytes = 0;
    let enough = order.iter().position(|(_, length)| {
        bytes += length;
        bytes >= variety_bytes
    });
    order.truncate(enough.map_or(order.len(), |at| at + 1));
    let mut chosen = BTreeMap::new();
    for batch in shards::read_all::<Documents>(io.input("kept")?) {
        for row in batch?.rows() {
            let place = *blake3::hash(row.id.as_bytes()).as_bytes();
            if order.binary_search(&(place, row.text.len())).is_ok() {
                chosen.insert(place, row.text.to_owned());
            }
        }
    }
    let text = chosen.into_values().collect::<Vec<_>>().join("\n\n");
    variety(&text[..text.floor_char_boundary(variety_bytes)], scores)?;
    facts.score(scores);
    Ok(())
}

fn variety(text: &str, scores: &mut Sheet) -> anyhow::Result<()> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let grams = words.windows(5);
    scores.figure("variety", "text", "bytes", text.len() as f64);
    if grams.len() > 0 {
        let distinct = grams.clone().collect::<HashSet<_>>().len();
        scores.figure("variety", "5-grams", "distinct_share", distinct as f64 / grams.len() as f64);
        let packed = zstd::bulk::compress(text.as_bytes(), 19).context("cannot compress")?;
        scores.figure("variety", "zstd -19", "bytes_per_byte", text.len() as f64 / packed.len() as f64);
    }
    Ok(())
}

/// Facts, and how often what stayed tells them.
#[derive(Default)]
struct Told(BTreeMap<u64, Fact>);

struct Fact {
    exposures: i32,
    /// What a text that tells it has in it: the last word of who it is about, and the object.
    words: [String; 2],
    /// Documents that should tell it.
    kept: u32,
    /// Documents that should and do.
    told: u32,
}

impl Told {
    fn read(io: &Io) -> anyhow::Result<Self> {
        let mut facts = BTreeMap::new();
        let Some(input) = io.optional("facts") else { return Ok(Self(facts)) };
        for batch in shards::read_all::<Facts>(input) {
            for row in batch?.rows() {
                let name = row.subject.rsplit(' ').next().unwrap_or(row.subject);
                let words = [name.to_owned(), row.object.to_owned()];
                facts.insert(row.id, Fact { exposures: row.exposures, words, kept: 0, told: 0 });
            }
        }
        Ok(Self(facts))
    }

    fn count(&mut self, mentions: &[u64], text: &str) {
        for id in mentions {
            let Some(fact) = self.0.get_mut(id) else { continue };
            fact.kept += 1;
            fact.told += u32::from(fact.words.iter().all(|word| text.contains(word.as_str())));
        }
    }

    fn score(&self, scores: &mut Sheet) {
        let mut classes: BTreeMap<i32, Vec<&Fact>> = BTreeMap::new();
        for fact in self.0.values() {
            classes.entry(fact.exposures).or_default().push(fact);
        }
        for (exposures, facts) in classes {
            let item = exposures.to_string();
            let mean = |count: fn(&Fact) -> u32| {
                let counts: Vec<f64> = facts.iter().map(|fact| f64::from(count(fact))).collect();
                interval::mean(&counts)
            };
            scores.figure("facts_kept", &item, "facts", facts.len() as f64);
            scores.between("facts_kept", &item, "documents", mean(|fact| fact.kept));
            scores.between("facts_kept", &item, "told", mean(|fact| fact.told));
        }
        for (id, fact) in &self.0 {
            scores.figure("exposures", &id.to_string(), "told", f64::from(fact.told));
        }
    }
}
