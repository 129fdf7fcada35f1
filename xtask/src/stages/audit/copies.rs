//! Were copies found, and only copies.

use std::collections::BTreeMap;

use fineweb_filter::dedup::{MinHash, MinHashSettings};
use pipeline::Io;
use rayon::prelude::*;
use shard::Documents;

use super::records::{Fate, Record, Records};
use super::scores::Sheet;
use super::{interval, shards};

/// Two pages of which one copies the other, both of which came through the filter.
struct Pair<'a> {
    copy: &'a str,
    original: &'a str,
    exact: bool,
    /// Whether they ended in one cluster.
    found: bool,
}

/// Scores `exact_copies`, `near_copies` (an item a step of Jaccard similarity, which is that of the texts as
/// deduplication saw them) and `merges` (an item a reason).
pub(super) fn score(records: &Records, io: &Io, scores: &mut Sheet) -> anyhow::Result<()> {
    let pairs = pairs(records);
    let exact = || pairs.iter().filter(|pair| pair.exact);
    scores.share(
        "exact_copies",
        "all",
        "found",
        exact().filter(|pair| pair.found).count() as u64,
        exact().count() as u64,
    );
    scores.figure("exact_copies", "all", "pairs", exact().count() as f64);
    let texts = texts(&pairs, io)?;
    near(&pairs, &texts, scores);
    merges(records, scores);
    Ok(())
}

fn pairs(records: &Records) -> Vec<Pair<'_>> {
    let keeper =
        |id: &'_ str, record: &Record| record.copy.as_ref().map_or(id, |(_, keeper)| keeper).to_owned();
    let mut pairs = vec![];
    for (copy, record) in &records.by_id {
        let Some((original, first)) = record.original.as_ref().and_then(|id| records.by_id.get_key_value(id))
        else {
            continue;
        };
        if record.fate == Fate::Kept && first.fate == Fate::Kept {
            let found = keeper(copy, record) == keeper(original, first);
            pairs.push(Pair { copy, original, exact: record.exact, found });
        }
    }
    pairs
}

/// The texts of all pairs by id.
fn texts(pairs: &[Pair<'_>], io: &Io) -> anyhow::Result<BTreeMap<String, String>> {
    let mut wanted: Vec<&str> = pairs.iter().flat_map(|pair| [pair.copy, pair.original]).collect();
    wanted.sort_unstable();
    let mut texts = BTreeMap::new();
    for batch in shards::read_all::<Documents>(io.input("documents")?) {
        for row in batch?.rows().filter(|row| wanted.binary_search(&row.id).is_ok()) {
            texts.insert(row.id.to_owned(), row.text.to_owned());
        }
    }
    Ok(texts)
}

/// Steps of a twentieth, the last one closed above.
const STEPS: usize = 20;

#[derive(Default)]
struct Step {
    chances: Vec<f64>,
    found: u64,
}

fn near(pairs: &[Pair<'_>], texts: &BTreeMap<String, String>, scores: &mut Sheet) {
    let settings = MinHashSettings::default();
    let minhash = MinHash::new(settings.clone());
    let measured: Vec<Option<f64>> = pairs
        .par_iter()
        .map(|pair| {
            let sets = [pair.copy, pair.original].map(|id| Some(shingles(&minhash, texts.get(id)?)));
            let [Some(one), Some(other)] = sets else { return None };
            jaccard(&one, &other)
        })
        .collect();
    let mut steps: BTreeMap<usize, Step> = BTreeMap::new();
    for (pair, similarity) in pairs.iter().zip(measured).filter(|(pair, _)| !pair.exact) {
        let Some(similarity) = similarity else { continue };
        let step = steps.entry(((similarity * STEPS as f64) as usize).min(STEPS - 1)).or_default();
        step.chances.push(chance(similarity, &settings));
        step.found += u64::from(pair.found);
    }
    for (step, Step { chances, found }) in steps {
        let [from, to] = [step, step + 1].map(|edge| edge as f64 / STEPS as f64);
        let (item, pairs) = (format!("{from:.2} to {to:.2}"), chances.len() as f64);
        let (low, high) = interval::trials(&chances, 0.99);
        scores.between("near_copies", &item, "found", (found as f64 / pairs, low, high));
        scores.figure("near_copies", &item, "expected", chances.iter().sum::<f64>() / pairs);
        scores.figure("near_copies", &item, "pairs", pairs);
    }
}

fn shingles(minhash: &MinHash, text: &str) -> Vec<u64> {
    let mut shingles = minhash.shingles(text);
    shingles.sort_unstable();
    shingles.dedup();
    shingles
}

/// Jaccard similarity of two sorted sets; none of two empty ones.
fn jaccard(one: &[u64], other: &[u64]) -> Option<f64> {
    let common = one.iter().filter(|shingle| other.binary_search(shingle).is_ok()).count();
    let all = one.len() + other.len() - common;
    (all > 0).then(|| common as f64 / all as f64)
}

/// 1 − (1 − sʳ)ᵇ: the chance that one of b bands of r values agrees.
fn chance(s: f64, settings: &MinHashSettings) -> f64 {
    let power = |base: f64, times: usize| (0..times).fold(1.0, |product, _| product * base);
    1.0 - power(1.0 - power(s, settings.rows), settings.bands)
}

/// Documents that went as copies of one that they do not copy.
fn merges(records: &Records, scores: &mut Sheet) {
    let root = |id: &'_ str| {
        records.by_id.get(id).and_then(|record| record.original.clone()).unwrap_or(id.to_owned())
    };
    let mut reasons: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (id, record) in &records.by_id {
        let Some((reason, keeper)) = &record.copy else { continue };
        let (right, of) = reasons.entry(reason).or_default();
        *right += u64::from(root(id) == root(keeper));
        *of += 1;
    }
    for (reason, (right, of)) in reasons {
        scores.share("merges", reason, "precision", right, of);
        scores.figure("merges", reason, "wrong", (of - right) as f64);
        scores.figure("merges", reason, "documents", of as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_are_those_of_bands() {
        let settings = MinHashSettings::default();
        for (s, expected) in [(0.0, 0.0), (0.72, 0.65), (0.8, 0.92), (1.0, 1.0)] {
            assert!((chance(s, &settings) - expected).abs() < 0.005, "{s}");
        }
        assert_eq!(jaccard(&[1, 2, 3], &[2, 3, 4]), Some(0.5));
        assert_eq!(jaccard(&[], &[]), None);
    }

    #[test]
    fn pairs_are_found_where_one_document_stands_for_both() {
        let record = |original: Option<&str>, keeper: Option<&str>| Record {
            original: original.map(str::to_owned),
            fate: Fate::Kept,
            copy: keeper.map(|keeper| ("near_duplicate".to_owned(), keeper.to_owned())),
            ..Record::default()
        };
        let by_id = BTreeMap::from([
            ("a".to_owned(), record(None, Some("b"))),
            ("b".to_owned(), record(Some("a"), None)),
            ("c".to_owned(), record(None, None)),
            ("d".to_owned(), record(Some("c"), Some("e"))),
            ("e".to_owned(), record(None, None)),
        ]);
        let records = Records { by_id, damage: BTreeMap::new() };
        let found: Vec<bool> = pairs(&records).iter().map(|pair| pair.found).collect();
        assert_eq!(found, [true, false]);
        let mut sheet = Sheet::default();
        merges(&records, &mut sheet);
        assert!(
            sheet.lines().contains(&"merges near_duplicate precision 0.5".to_owned()),
            "{:?}",
            sheet.lines()
        );
    }
}
