//! From keys to clusters, and from each cluster to the one document that is kept.

use std::cmp::Reverse;

use super::Signature;
use crate::{Reason, reasons};

/// What clustering knows of a document.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// Its id; no two documents share one.
    pub id: &'a str,
    /// Length of its text. Of near duplicates the longest is kept.
    pub length: u64,
    /// Key shared by exact duplicates; see [`text_key`](super::text_key).
    pub text_key: u128,
    /// Its signature, if it has one.
    pub signature: Option<&'a Signature>,
}

/// Where a document ended up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Index of the document that is kept for this one: itself, if it is the one.
    pub keeper: usize,
    /// Documents in its cluster, itself included.
    pub size: u32,
    /// Why it goes; none for the kept document.
    pub reason: Option<Reason>,
}

/// Clusters documents that share a text key or a band, transitively, and keeps one of each cluster: the longest,
/// and among equally long ones that with the smallest id.
///
/// Neither clusters nor the choice depend on the order of `members`. Clusters are not verified: a chain of
/// near duplicates is one cluster although its ends may differ.
pub fn cluster(members: &[Member<'_>]) -> Vec<Place> {
    let mut forest = Forest::new(members.len());
    let mut keys: Vec<(u128, usize)> = members.iter().enumerate().map(|(at, m)| (m.text_key, at)).collect();
    forest.join_equal(&mut keys);
    let bands = members.iter().filter_map(|m| m.signature).map(|s| s.0.len()).max().unwrap_or(0);
    for band in 0..bands {
        keys.clear();
        let key = |m: &Member<'_>| m.signature.and_then(|s| s.0.get(band)).map(|&key| u128::from(key));
        keys.extend(members.iter().enumerate().filter_map(|(at, m)| Some((key(m)?, at))));
        forest.join_equal(&mut keys);
    }
    place(members, &mut forest)
}

fn place(members: &[Member<'_>], forest: &mut Forest) -> Vec<Place> {
    let roots: Vec<usize> = (0..members.len()).map(|at| forest.root(at)).collect();
    let rank = |at: usize| (members[at].length, Reverse(members[at].id));
    let mut keeper: Vec<usize> = (0..members.len()).collect();
    let mut size = vec![0; members.len()];
    for (at, &root) in roots.iter().enumerate() {
        size[root] += 1;
        if rank(at) > rank(keeper[root]) {
            keeper[root] = at;
        }
    }
    let place = |(at, &root): (usize, &usize)| {
        let keeper = keeper[root];
        let exact = members[at].text_key == members[keeper].text_key;
        let reason = if exact { reasons::EXACT_DUPLICATE } else { reasons::NEAR_DUPLICATE };
        Place { keeper, size: size[root], reason: (at != keeper).then_some(reason) }
    };
    roots.iter().enumerate().map(place).collect()
}

/// Union-find with path halving; the smaller index becomes the root.
struct Forest {
    parent: Vec<usize>,
}

impl Forest {
    fn new(size: usize) -> Self {
        Self { parent: (0..size).collect() }
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.parent[at] != at {
            self.parent[at] = self.parent[self.parent[at]];
            at = self.parent[at];
        }
        at
    }

    /// Joins all members whose keys are equal.
    fn join_equal(&mut self, keys: &mut [(u128, usize)]) {
        keys.sort_unstable();
        for pair in keys.windows(2) {
            let [(key, left), (next, right)] = [pair[0], pair[1]];
            if key == next {
                let (a, b) = (self.root(left), self.root(right));
                self.parent[a.max(b)] = a.min(b);
            }
        }
    }
}
