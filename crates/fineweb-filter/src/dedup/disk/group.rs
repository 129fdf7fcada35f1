//! Documents that share a key, as pairs.

use std::fs;
use std::io::Write;
use std::path::Path;

use super::places::{Gone, better};
use super::runs::{Merge, merge, write_file};
use super::{Channel, Parts};
use crate::Result;
use crate::error::On;

/// Most documents of one key with which all others of that key are compared, where pairs are verified.
pub const ROUNDS: usize = 32;

/// How documents are grouped.
#[derive(Clone, Copy, Debug)]
pub struct Grouping<'a> {
    /// Bytes for the merge. More makes it faster and changes nothing else.
    pub memory: usize,
    /// Least Jaccard similarity of two documents that share a band; 0 asks for none. Above 0 the parts must hold shingles.
    pub min_jaccard: f64,
    /// Places of an earlier clustering: documents that went there take no part.
    pub gone: Option<&'a Path>,
}

/// Writes to `out` the pairs of documents that share a key of `channel`, and returns their number.
///
/// Of n documents with one key there are n − 1 pairs, or fewer where pairs are verified.
pub fn group(parts: &Parts, channel: Channel, grouping: &Grouping<'_>, out: &Path) -> Result<u64> {
    let work = out.with_extension("merge");
    let gone = grouping.gone.map(|places| Gone::read(places, parts.documents())).transpose()?;
    let min_jaccard = if matches!(channel, Channel::Band(_)) { grouping.min_jaccard } else { 0.0 };
    let mut groups = Groups { merge: merge(parts.runs(channel)?, grouping.memory, &work)?, next: None, gone };
    let (mut pairs, mut members) = (0, vec![]);
    write_file(out, |file| {
        let mut pair = |first: u32, other: u32| {
            pairs += 1;
            let bytes = [first.to_le_bytes(), other.to_le_bytes()];
            file.write_all(bytes.as_flattened()).on("write", out)
        };
        while groups.read(&mut members)? {
            match members[..] {
                [first, ref others @ ..] if min_jaccard <= 0.0 => {
                    others.iter().try_for_each(|&other| pair(first, other))?;
                }
                _ => verify(parts, &mut members, min_jaccard, &mut pair)?,
            }
        }
        Ok(())
    })?;
    if work.exists() {
        fs::remove_dir_all(&work).on("remove", &work)?;
    }
    Ok(pairs)
}

/// Runs of equal keys.
struct Groups {
    merge: Merge,
    next: Option<(u128, u32)>,
    gone: Option<Gone>,
}

impl Groups {
    /// The next group; false at the end. Groups of one, and of none, are among them.
    fn read(&mut self, members: &mut Vec<u32>) -> Result<bool> {
        members.clear();
        let Self { merge, next, gone } = self;
        let first = next.take().map_or_else(|| merge.next(), |entry| Ok(Some(entry)))?;
        let Some((key, document)) = first else { return Ok(false) };
        let mut take = |document: u32| {
            if !gone.as_ref().is_some_and(|gone| gone.has(document)) {
                members.push(document);
            }
        };
        take(document);
        while let Some(entry) = merge.next()? {
            if entry.0 != key {
                *next = Some(entry);
                break;
            }
            take(entry.1);
        }
        Ok(true)
    }
}

/// Pairs the best of `members` with those that are alike to it, then the best of the rest, and so on.
fn verify(
    parts: &Parts,
    members: &mut Vec<u32>,
    min_jaccard: f64,
    pair: &mut impl FnMut(u32, u32) -> Result<()>,
) -> Result<()> {
    let (mut best_shingles, mut shingles) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        let [first, ref others @ ..] = members[..] else { return Ok(()) };
        if others.is_empty() {
            return Ok(());
        }
        let (mut best, mut length) = (first, parts.fact(first)?.length);
        for &other in others {
            let fact = parts.fact(other)?;
            if better(parts, (other, fact.length), (best, length))? {
                (best, length) = (other, fact.length);
            }
        }
        parts.shingles(best, &mut best_shingles)?;
        let mut rest = vec![];
        for &other in members.iter().filter(|&&other| other != best) {
            parts.shingles(other, &mut shingles)?;
            if jaccard(&best_shingles, &shingles) >= min_jaccard {
                pair(best, other)?;
            } else {
                rest.push(other);
            }
        }
        *members = rest;
    }
    Ok(())
}

/// Jaccard similarity of two sets, each sorted.
fn jaccard(a: &[u64], b: &[u64]) -> f64 {
    let (mut i, mut j, mut both) = (0, 0, 0usize);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        both += usize::from(x == y);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    match a.len() + b.len() - both {
        0 => 1.0,
        any => both as f64 / any as f64,
    }
}
