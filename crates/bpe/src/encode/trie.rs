//! All tokens by their beginnings.

use super::hash::multiply_shift;

/// A tree of bytes. The node that a token ends at has the token's id; other nodes have the numbers behind all ids.
///
/// What lies behind two bytes stands in a plain table, which is where most steps go. Longer paths are edges in one
/// open-addressed table, (node, byte) to node: a step is one probe, and an edge costs 8 bytes. Most steps that lead
/// nowhere are not even tried, because they would cost a wait for memory all the same.
#[derive(Debug)]
pub(super) struct Trie {
    /// Tokens of one byte.
    bytes: [u32; 256],
    /// By two bytes.
    pairs: Vec<Node>,
    /// Power of two long, at most three quarters full.
    edges: Vec<Edge>,
    shift: u32,
    /// Edges that there is room for.
    free: usize,
    /// Ids are below.
    ids: u32,
    nodes: u32,
}

/// The number of a node in 24 bits; above, a bit for each eighth of the bytes that any edge from here goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Node(u32);

#[derive(Clone, Copy, Debug)]
struct Edge {
    /// Number of the node, and byte; [`NOTHING`] where there is no edge.
    from: u32,
    to: Node,
}

/// No token.
pub(super) const NOTHING: u32 = u32::MAX;
const NUMBER: u32 = (1 << 24) - 1;

impl Node {
    /// No node: it has the number behind all others, and no edges.
    const NONE: Self = Self(NUMBER);

    #[inline]
    fn number(self) -> u32 {
        self.0 & NUMBER
    }

    /// Whether there can be an edge by this byte.
    #[inline]
    fn goes_by(self, byte: u8) -> bool {
        self.0 & eighth(byte) != 0
    }
}

impl Trie {
    /// A tree of the tokens of one byte; `ids` is more than any token's. None where there are too many to number.
    pub(super) fn new(bytes: &[u32; 256], ids: usize) -> Option<Self> {
        let mut trie = Self {
            bytes: *bytes,
            pairs: vec![Node::NONE; 1 << 16],
            edges: Vec::new(),
            shift: 0,
            free: 0,
            ids: ids as u32,
            nodes: ids as u32,
        };
        trie.resize((2 * ids).next_power_of_two().max(64));
        (ids < NUMBER as usize).then_some(trie)
    }

    /// Adds a token, whose beginnings that are tokens are there already, and returns the longest of them; or
    /// [`NOTHING`] for tokens of one byte. None where there are too many nodes to number.
    pub(super) fn insert(&mut self, token: &[u8], id: u32) -> Option<u32> {
        let [first, second, rest @ ..] = token else { return Some(NOTHING) };
        while self.free < rest.len() {
            self.resize(2 * self.edges.len());
        }
        let mut longest = self.bytes[*first as usize];
        let pair = pair(*first, *second);
        if self.pairs[pair] == Node::NONE {
            self.pairs[pair] = self.node(rest, id)?;
        }
        let mut node = self.pairs[pair].number();
        let mut before = None;
        for (at, &byte) in rest.iter().enumerate() {
            if node < self.ids {
                longest = node;
            }
            let slot = self.slot(node, byte);
            if self.edges[slot].from == NOTHING {
                self.edges[slot] = Edge { from: edge(node, byte), to: self.node(&rest[at + 1..], id)? };
                self.free -= 1;
                let from = before.map_or(&mut self.pairs[pair], |slot: usize| &mut self.edges[slot].to);
                from.0 |= eighth(byte);
            }
            node = self.edges[slot].to.number();
            before = Some(slot);
        }
        Some(longest)
    }

    /// A new node on the way to token `id`, before the bytes `rest` of it.
    fn node(&mut self, rest: &[u8], id: u32) -> Option<Node> {
        if rest.is_empty() {
            return Some(Node(id));
        }
        self.nodes += 1;
        (self.nodes < NUMBER).then_some(Node(self.nodes - 1))
    }

    /// Makes the table of edges so large.
    fn resize(&mut self, slots: usize) {
        let none = Edge { from: NOTHING, to: Node::NONE };
        let edges = std::mem::replace(&mut self.edges, vec![none; slots]);
        self.shift = 64 - slots.trailing_zeros();
        self.free = slots / 4 * 3;
        for edge in edges.into_iter().filter(|edge| edge.from != NOTHING) {
            let slot = self.slot(edge.from >> 8, edge.from as u8);
            self.edges[slot] = edge;
            self.free -= 1;
        }
    }

    pub(super) fn memory(&self) -> usize {
        size_of_val(self.pairs.as_slice()) + size_of_val(self.edges.as_slice())
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
            if node.number() < self.ids {
                found = node.number();
            }
            if !node.goes_by(byte) {
                return found;
            }
            node = self.edges[self.slot(node.number(), byte)].to;
        }
        if node.number() < self.ids { node.number() } else { found }
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

/// The bit above a node's number that stands for this byte and for others.
#[inline]
fn eighth(byte: u8) -> u32 {
    1 << (24 + (byte & 7))
}

#[inline]
fn pair(first: u8, second: u8) -> usize {
    usize::from(first) << 8 | usize::from(second)
}

#[inline]
fn edge(node: u32, byte: u8) -> u32 {
    node << 8 | u32::from(byte)
}
