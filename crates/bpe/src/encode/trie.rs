//! All tokens by their beginnings.

use super::hash::multiply_shift;

/// A tree of bytes. The node that a token ends at has the token's id; other nodes have the numbers behind all ids.
///
/// What lies behind two bytes stands in a plain table, which is where most steps go. Longer paths are edges in one
/// open-addressed table, (node, byte) to node: a step is one probe, and an edge costs 8 bytes.
#[derive(Debug)]
pub(super) struct Trie {
    /// Tokens of one byte.
    bytes: [u32; 256],
    /// By two bytes.
    pairs: Vec<u32>,
    /// Power of two long, at most three quarters full.
    edges: Vec<Edge>,
    shift: u32,
    /// Edges that there is room for.
    free: usize,
    /// Ids are below.
    ids: u32,
    nodes: u32,
}

#[derive(Clone, Copy, Debug)]
struct Edge {
    /// Node and byte; [`NOTHING`] where there is no edge.
    from: u32,
    to: u32,
}

/// No node, no token.
pub(super) const NOTHING: u32 = u32::MAX;
/// Nodes have 24 bits beside the byte.
const MOST_NODES: usize = 1 << 24;

impl Trie {
    /// A tree of the tokens of one byte; `ids` is more than any token's. None where there are too many to number.
    pub(super) fn new(bytes: &[u32; 256], ids: usize) -> Option<Self> {
        let mut trie = Self {
            bytes: *bytes,
            pairs: vec![NOTHING; 1 << 16],
            edges: Vec::new(),
            shift: 0,
            free: 0,
            ids: ids as u32,
            nodes: ids as u32,
        };
        trie.resize((2 * ids).next_power_of_two().max(64));
        (ids < MOST_NODES).then_some(trie)
    }

    /// Adds a token, whose beginnings that are tokens are there already, and returns the longest of them; or
    /// [`NOTHING`] for tokens of one byte. None where there are too many nodes to number.
    pub(super) fn insert(&mut self, token: &[u8], id: u32) -> Option<u32> {
        let [first, second, rest @ ..] = token else { return Some(NOTHING) };
        let mut longest = self.bytes[*first as usize];
        let mut node = self.pairs[pair(*first, *second)];
        if node == NOTHING {
            node = self.number(rest, id)?;
            self.pairs[pair(*first, *second)] = node;
        }
        for (at, &byte) in rest.iter().enumerate() {
            if node < self.ids {
                longest = node;
            }
            let mut slot = self.slot(node, byte);
            if self.edges[slot].from == NOTHING {
                if self.free == 0 {
                    self.resize(2 * self.edges.len());
                    slot = self.slot(node, byte);
                }
                let to = self.number(&rest[at + 1..], id)?;
                self.edges[slot] = Edge { from: edge(node, byte), to };
                self.free -= 1;
            }
            node = self.edges[slot].to;
        }
        Some(longest)
    }

    /// The number of a new node on the way to token `id`, before the bytes `rest` of it.
    fn number(&mut self, rest: &[u8], id: u32) -> Option<u32> {
        if rest.is_empty() {
            return Some(id);
        }
        self.nodes += 1;
        ((self.nodes as usize) < MOST_NODES).then_some(self.nodes - 1)
    }

    /// Makes the table of edges so large.
    fn resize(&mut self, slots: usize) {
        let edges = std::mem::replace(&mut self.edges, vec![Edge { from: NOTHING, to: NOTHING }; slots]);
        self.shift = 64 - slots.trailing_zeros();
        self.free = slots / 4 * 3;
        for edge in edges.into_iter().filter(|edge| edge.from != NOTHING) {
            let slot = self.slot(edge.from >> 8, edge.from as u8);
            self.edges[slot] = edge;
            self.free -= 1;
        }
    }

    /// The longest token that `bytes` begin with; [`NOTHING`] of nothing.
    #[inline]
    pub(super) fn longest(&self, bytes: &[u8]) -> u32 {
        let (first, second, rest) = match bytes {
            [] => return NOTHING,
            [byte] => return self.bytes[*byte as usize],
            [first, second, rest @ ..] => (*first, *second, rest),
        };
        let mut found = self.bytes[first as usize];
        let mut node = self.pairs[pair(first, second)];
        for &byte in rest {
            if node < self.ids {
                found = node;
            }
            if node == NOTHING {
                return found;
            }
            node = self.edges[self.slot(node, byte)].to;
        }
        if node < self.ids { node } else { found }
    }

    #[inline]
    fn slot(&self, node: u32, byte: u8) -> usize {
        let edge = edge(node, byte);
        let mask = self.edges.len() - 1;
        let mut at = multiply_shift(edge.into(), self.shift);
        while self.edges[at].from != edge && self.edges[at].from != NOTHING {
            at = (at + 1) & mask;
        }
        at
    }
}

#[inline]
fn pair(first: u8, second: u8) -> usize {
    usize::from(first) << 8 | usize::from(second)
}

#[inline]
fn edge(node: u32, byte: u8) -> u32 {
    node << 8 | u32::from(byte)
}
