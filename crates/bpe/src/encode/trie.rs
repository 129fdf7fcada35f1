//! All tokens by their beginnings.

use super::hash::multiply_shift;

/// A tree of bytes; each node may be the end of a token.
///
/// Edges lie in one open-addressed table, (node, byte) to node: a step is one probe, and 8 bytes a slot are all it costs.
#[derive(Debug)]
pub(super) struct Trie {
    /// Power of two long, at most three quarters full.
    edges: Vec<Edge>,
    shift: u32,
    /// The token that ends at each node, or [`NO_TOKEN`].
    tokens: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Edge {
    /// Node and byte; [`FREE`] where there is no edge.
    from: u32,
    to: u32,
}

pub(super) const NO_TOKEN: u32 = u32::MAX;
const FREE: u32 = u32::MAX;
/// Nodes have 24 bits beside the byte.
const MOST_NODES: usize = 1 << 24;

impl Trie {
    /// A tree that tokens of `bytes` in all fit into; none where those are too many to number.
    pub(super) fn for_bytes(bytes: usize) -> Option<Self> {
        if bytes >= MOST_NODES {
            return None;
        }
        let slots = (bytes * 4 / 3 + 64).next_power_of_two();
        let shift = 64 - slots.trailing_zeros();
        Some(Self { edges: vec![Edge { from: FREE, to: 0 }; slots], shift, tokens: vec![NO_TOKEN] })
    }

    pub(super) fn insert(&mut self, bytes: &[u8], token: u32) {
        let mut node = 0;
        for &byte in bytes {
            let at = self.slot(node, byte);
            if self.edges[at].from == FREE {
                let to = self.tokens.len() as u32;
                self.edges[at] = Edge { from: edge(node, byte), to };
                self.tokens.push(NO_TOKEN);
            }
            node = self.edges[at].to;
        }
        self.tokens[node as usize] = token;
    }

    /// The longest token that `bytes` begin with.
    #[inline]
    pub(super) fn longest(&self, bytes: &[u8]) -> u32 {
        let (mut node, mut found) = (0, NO_TOKEN);
        for &byte in bytes {
            let Edge { from, to } = self.edges[self.slot(node, byte)];
            if from == FREE {
                break;
            }
            node = to;
            if self.tokens[node as usize] != NO_TOKEN {
                found = self.tokens[node as usize];
            }
        }
        found
    }

    #[inline]
    fn slot(&self, node: u32, byte: u8) -> usize {
        let edge = edge(node, byte);
        let mask = self.edges.len() - 1;
        let mut at = multiply_shift(edge.into(), self.shift);
        while self.edges[at].from != edge && self.edges[at].from != FREE {
            at = (at + 1) & mask;
        }
        at
    }
}

#[inline]
fn edge(node: u32, byte: u8) -> u32 {
    node << 8 | u32::from(byte)
}
