//! One chunk of text to ids: join the pair of smallest rank, the leftmost of equals, until none is left.
//!
//! Two ways with one result. Short pieces are scanned for their minimum each time, which is quadratic with a tiny
//! constant; long ones keep their pairs in a heap, so that a megabyte of one letter costs O(n log n). Where vocabularies
//! allow it, [`Linear`](super::linear) is the third and takes the long ones.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::merges::{Merges, NONE, Rank};

/// Up to this many bytes the scan wins; measured on English, code and base64.
pub(crate) const SHORT: usize = 15;

/// Appends the ids of `piece`; `byte_ids` are the ids of single bytes.
pub(crate) fn by_merging(merges: &Merges, byte_ids: &[u32; 256], piece: &[u8], ids: &mut Vec<u32>) {
    if piece.len() <= SHORT {
        scan(merges, byte_ids, piece, ids);
    } else {
        heap(merges, byte_ids, piece, ids);
    }
}

fn scan(merges: &Merges, byte_ids: &[u32; 256], piece: &[u8], ids: &mut Vec<u32>) {
    let mut tokens = [0; SHORT];
    // joins[i] is the merge of tokens i and i + 1
    let mut joins = [NONE; SHORT];
    let mut len = piece.len();
    for (token, &byte) in tokens.iter_mut().zip(piece) {
        *token = byte_ids[byte as usize];
    }
    for at in 1..len {
        joins[at - 1] = merges.rank(tokens[at - 1], tokens[at]);
    }
    while len > 1 {
        let (mut best, mut at) = (joins[0], 0);
        for (other, &join) in joins[..len - 1].iter().enumerate() {
            if join < best {
                (best, at) = (join, other);
            }
        }
        if best == NONE {
            break;
        }
        tokens[at] = merges.id(best);
        tokens.copy_within(at + 2..len, at + 1);
        joins.copy_within(at + 1..len, at);
        len -= 1;
        if at > 0 {
            joins[at - 1] = merges.rank(tokens[at - 1], tokens[at]);
        }
        joins[at] = if at + 1 < len { merges.rank(tokens[at], tokens[at + 1]) } else { NONE };
    }
    ids.extend_from_slice(&tokens[..len]);
}

fn heap(merges: &Merges, byte_ids: &[u32; 256], piece: &[u8], ids: &mut Vec<u32>) {
    let mut symbols = Symbols::new(merges, byte_ids, piece);
    // (rank, position) in one word; the heap gives the leftmost of equal ranks first
    let entry = |at: usize, join: Rank| Reverse(u64::from(join) << 32 | at as u64);
    let joins = symbols.joins.iter().enumerate().filter(|&(_, &join)| join != NONE);
    let mut queue: BinaryHeap<_> = joins.map(|(at, &join)| entry(at, join)).collect();
    while let Some(Reverse(entered)) = queue.pop() {
        let (join, at) = ((entered >> 32) as Rank, entered as u32 as usize);
        // stale: a merge beside it has changed this pair since it was queued
        if symbols.joins[at] != join {
            continue;
        }
        for touched in symbols.join(merges, at).into_iter().flatten() {
            if symbols.joins[touched] != NONE {
                queue.push(entry(touched, symbols.joins[touched]));
            }
        }
    }
    symbols.append_to(ids);
}

/// A doubly linked list of tokens by the position of their first byte.
struct Symbols {
    tokens: Vec<u32>,
    /// Merge of the token here with the one after it; `NONE` also where no token starts.
    joins: Vec<Rank>,
    before: Vec<u32>,
    after: Vec<u32>,
}

impl Symbols {
    fn new(merges: &Merges, byte_ids: &[u32; 256], piece: &[u8]) -> Self {
        let tokens: Vec<u32> = piece.iter().map(|&byte| byte_ids[byte as usize]).collect();
        let pairs = tokens.array_windows().map(|&[left, right]| merges.rank(left, right));
        let joins = pairs.chain([NONE]).collect();
        let len = piece.len() as u32;
        // The first token has no token before it: its position minus one wraps, and is never followed.
        let before = (0..len).map(|at| at.wrapping_sub(1)).collect();
        Self { tokens, joins, before, after: (1..=len).collect() }
    }

    /// Joins the token at `at` with the next; returns the positions whose pairs changed.
    fn join(&mut self, merges: &Merges, at: usize) -> [Option<usize>; 2] {
        let gone = self.after[at] as usize;
        let next = self.after[gone] as usize;
        self.tokens[at] = merges.id(self.joins[at]);
        self.joins[gone] = NONE;
        self.after[at] = next as u32;
        self.joins[at] = NONE;
        if next < self.tokens.len() {
            self.before[next] = at as u32;
            self.joins[at] = merges.rank(self.tokens[at], self.tokens[next]);
        }
        let previous = (at > 0).then(|| self.before[at] as usize);
        if let Some(previous) = previous {
            self.joins[previous] = merges.rank(self.tokens[previous], self.tokens[at]);
        }
        [previous, Some(at)]
    }

    fn append_to(&self, ids: &mut Vec<u32>) {
        let mut at = 0;
        while at < self.tokens.len() {
            ids.push(self.tokens[at]);
            at = self.after[at] as usize;
        }
    }
}
