//! From pairs to clusters: union-find over two arrays of numbers, then one pass over the facts.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use super::Parts;
use super::places::{better, place_bytes};
use super::runs::write_file;
use crate::Result;
use crate::error::On;

/// Bytes of memory that [`resolve`] takes a document, at most.
pub const RESOLVE_BYTES: usize = 16;

/// Joins the pairs in the files `groups`, chooses whom to keep of each cluster, and writes to `out` the place of each
/// document that is in a cluster of more than one.
///
/// Returns how many clusters there are of each size above one.
pub fn resolve(parts: &Parts, groups: &[PathBuf], out: &Path) -> Result<BTreeMap<u32, u64>> {
    let documents = parts.documents() as usize;
    let mut parent: Vec<u32> = (0..parts.documents()).collect();
    for path in groups {
        let mut pairs = BufReader::with_capacity(1 << 18, File::open(path).on("open", path)?);
        let length = pairs.get_ref().metadata().on("read", path)?.len();
        for _ in 0..length / 8 {
            let mut pair = [0; 8];
            pairs.read_exact(&mut pair).on("read", path)?;
            let ([a, b], _) = pair.as_chunks::<4>() else { unreachable!("eight bytes are twice four") };
            join(&mut parent, u32::from_le_bytes(*a), u32::from_le_bytes(*b));
        }
    }
    // a root is the smallest number of its tree, so every parent is flat before its children are asked
    for at in 0..documents {
        parent[at] = parent[parent[at] as usize];
    }
    let mut slot = vec![0u32; documents];
    for &root in &parent {
        slot[root as usize] += 1;
    }
    let mut clusters: Vec<Cluster> = vec![];
    for size in &mut slot {
        let of = *size;
        *size = NONE;
        if of > 1 {
            *size = clusters.len() as u32;
            clusters.push(Cluster { keeper: NONE, size: of, length: 0 });
        }
    }
    parts.scan(|document, fact| {
        let Some(cluster) = clusters.get_mut(slot[parent[document as usize] as usize] as usize) else {
            return Ok(());
        };
        let rival = (cluster.keeper, cluster.length);
        if cluster.keeper == NONE || better(parts, (document, fact.length), rival)? {
            (cluster.keeper, cluster.length) = (document, fact.length);
        }
        Ok(())
    })?;
    write_file(out, |file| {
        for (document, &root) in parent.iter().enumerate() {
            if let Some(cluster) = clusters.get(slot[root as usize] as usize) {
                let bytes = place_bytes(document as u32, cluster.keeper, cluster.size);
                file.write_all(&bytes).on("write", out)?;
            }
        }
        Ok(())
    })?;
    let mut sizes = BTreeMap::new();
    for cluster in &clusters {
        *sizes.entry(cluster.size).or_default() += 1;
    }
    Ok(sizes)
}

/// No document and no cluster.
const NONE: u32 = u32::MAX;

struct Cluster {
    keeper: u32,
    size: u32,
    length: u64,
}

fn join(parent: &mut [u32], a: u32, b: u32) {
    let (a, b) = (root(parent, a), root(parent, b));
    parent[a.max(b) as usize] = a.min(b);
}

/// With path halving (Tarjan and van Leeuwen 1984).
fn root(parent: &mut [u32], mut at: u32) -> u32 {
    while parent[at as usize] != at {
        parent[at as usize] = parent[parent[at as usize] as usize];
        at = parent[at as usize];
    }
    at
}
