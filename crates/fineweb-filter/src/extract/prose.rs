//! Where a page's running text stands: the element that holds most of it, and how far a block is from it.
//!
//! Prose is blocks of at least [`LONG`] words of which few are in links. The *prime* element is the one with most prose
//! right below it, wrappers of single blocks not counted: the body of an article, if there is one.

use std::ops::Range;

use super::blocks::Blocks;
use super::features::Sink;
use super::tree::Tree;

/// Words from which a block is prose.
const LONG: u32 = 20;

/// A page's prose.
#[derive(Debug, Default)]
pub(super) struct Prose {
    /// Words of prose below each node.
    below: Vec<u32>,
    /// Words of prose whose narrowest context is the node.
    right_below: Vec<u32>,
    prime: usize,
    /// The blocks of the prime element.
    blocks: Range<usize>,
    /// Of each block, blocks since the last prose and until the next.
    since: Vec<i32>,
    until: Vec<i32>,
}

/// A distance that is as good as none.
const FAR: i32 = 1_000;

impl Prose {
    /// Finds a page's prose, given the contexts of blocks.
    pub(super) fn of(tree: &Tree, cut: &Blocks, contexts: impl Fn(usize) -> [usize; 3]) -> Self {
        let (nodes, count) = (tree.nodes.len(), cut.blocks.len());
        let mut prose = Self { below: vec![0; nodes], right_below: vec![0; nodes], ..Self::default() };
        let is_prose = |at: usize| {
            let shape = &cut.blocks[at].shape;
            shape.words >= LONG && shape.linked * 3 <= shape.letters
        };
        for at in (0..count).filter(|&at| is_prose(at)) {
            let words = cut.blocks[at].shape.words;
            prose.below[cut.blocks[at].container as usize] += words;
            prose.right_below[contexts(at)[0]] += words;
        }
        for at in (1..nodes).rev() {
            prose.below[tree.nodes[at].parent as usize] += prose.below[at];
        }
        prose.prime = (0..nodes).rev().max_by_key(|&at| prose.right_below[at]).unwrap_or(0);
        let before = |node: usize| {
            let first = |at: u32| cut.pieces[at as usize].node as usize;
            cut.blocks.partition_point(|block| first(block.first) < node)
        };
        prose.blocks = before(prose.prime)..before(tree.nodes[prose.prime].end as usize);
        let mut distance = FAR;
        let mut step = |at: usize| {
            let told = distance;
            distance = if is_prose(at) { 0 } else { (distance + 1).min(FAR) };
            told
        };
        prose.since = (0..count).map(&mut step).collect();
        let mut distance = FAR;
        prose.until = vec![0; count];
        for at in (0..count).rev() {
            prose.until[at] = distance;
            distance = if is_prose(at) { 0 } else { (distance + 1).min(FAR) };
        }
        prose
    }

    /// Puts what the prose around it says of a block.
    pub(super) fn put(&self, sink: &mut impl Sink, tree: &Tree, at: usize, contexts: [usize; 3]) {
        let share = |part: u32| (u64::from(part) * 1_000 / u64::from(self.below[0].max(1))) as i32;
        for (context, name) in contexts.into_iter().zip(["1", "2", "3"]) {
            sink.put("prose of page", name, share(self.below[context]));
        }
        sink.put("prose right below", "", share(self.right_below[contexts[0]]));
        sink.put("prime", "of page", share(self.right_below[self.prime]));
        sink.put("prime", "inside", i32::from(self.blocks.contains(&at)));
        sink.put("prime", "before", self.blocks.start.saturating_sub(at) as i32);
        sink.put("prime", "after", (at + 1).saturating_sub(self.blocks.end) as i32);
        let holds = |node: usize| (node..tree.nodes[node].end as usize).contains(&self.prime);
        sink.put("prime", "met", contexts.into_iter().position(holds).unwrap_or(3) as i32);
        sink.put("prose", "since", self.since[at]);
        sink.put("prose", "until", self.until[at]);
    }
}
