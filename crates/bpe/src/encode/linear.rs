//! Long pieces in linear time, without merging.
//!
//! Merging leaves a row of tokens exactly if it would leave each two neighbours as they are, were they all the text
//! (Neubeck and van Antwerpen 2024, <https://github.blog/ai-and-ml/llms/so-many-tokens-so-little-time-introducing-a-faster-more-flexible-byte-pair-tokenizer/>).
//! So tokens are laid down from left to right, the longest that goes with the one before; where none does, the one
//! before was wrong. Of each beginning of the text there is only one right row, so a position that failed once is
//! never tried again, and all steps together are linear.

use super::cache::Pairs;
use super::merges::{Merges, NONE, Rank};
use super::trie::{NOTHING, Trie};
use crate::Vocabulary;

/// What laying down tokens asks of a vocabulary.
#[derive(Debug)]
pub(crate) struct Linear {
    trie: Trie,
    /// By id.
    tokens: Vec<Token>,
}

/// How a token comes about, and what else to try in its place.
#[derive(Clone, Copy, Debug)]
struct Token {
    /// Rank of the merge that makes it, plus one; 0 for a byte.
    age: u32,
    left: u32,
    right: u32,
    /// The longest token that it begins with, itself apart; or [`NOTHING`].
    shorter: u32,
    length: u32,
}

impl Linear {
    /// None where tokens come about in more than one way, or before their parts: then only merging gives the ids.
    ///
    /// Trained vocabularies and the published ones do not have such tokens.
    pub(crate) fn new(vocabulary: &Vocabulary, merges: &Merges, byte_ids: &[u32; 256]) -> Option<Self> {
        let none = Token { age: u32::MAX, left: NOTHING, right: NOTHING, shorter: NOTHING, length: 0 };
        let mut tokens = vec![none; vocabulary.size()];
        for id in bytes(vocabulary, byte_ids) {
            tokens[id as usize] = Token { age: 0, length: 1, ..none };
        }
        for (rank, &(left, right)) in merges.pairs().iter().enumerate() {
            let id = merges.id(rank as u32) as usize;
            let parts = [tokens[left as usize], tokens[right as usize]];
            if tokens[id].age != u32::MAX || parts.iter().any(|part| part.age == u32::MAX) {
                return None;
            }
            let length = parts[0].length + parts[1].length;
            tokens[id] = Token { age: rank as u32 + 1, left, right, shorter: NOTHING, length };
        }
        let trie = plant(vocabulary, merges, byte_ids, &mut tokens)?;
        Some(Self { trie, tokens })
    }

    pub(crate) fn memory(&self) -> usize {
        self.trie.memory() + size_of_val(self.tokens.as_slice())
    }

    /// Appends the ids of `piece`.
    pub(crate) fn encode(&self, merges: &Merges, piece: &[u8], pairs: &mut Pairs, ids: &mut Vec<u32>) {
        let start = ids.len();
        let mut failed = Positions::below(piece.len() + 1);
        let mut at = 0;
        let mut token = self.trie.longest(piece);
        while at < piece.len() {
            if token == NOTHING {
                // nothing goes with the token before
                failed.add(at);
                let before = ids.pop().filter(|_| ids.len() >= start).expect("merging leaves some row");
                at -= self.tokens[before as usize].length as usize;
                token = self.tokens[before as usize].shorter;
                continue;
            }
            let Token { shorter, length, .. } = self.tokens[token as usize];
            let end = at + length as usize;
            let fits = ids.len() == start || {
                let before = ids[ids.len() - 1];
                pairs.or(before, token, || apart(&self.tokens, merges, before, token, NONE))
            };
            if fits && !failed.has(end) {
                ids.push(token);
                at = end;
                token = self.trie.longest(&piece[at..]);
            } else {
                token = shorter;
            }
        }
    }
}

/// Whether merging leaves `left` and `right` as they are where they are neighbours, up to the merge `deadline`.
///
/// Merges are undone, the last first. If the two that then face each other would have been joined before one of
/// them was used up, merging would not have come this way.
fn apart(tokens: &[Token], merges: &Merges, mut left: u32, mut right: u32, mut deadline: Rank) -> bool {
    let [mut of_left, mut of_right] = [left, right].map(|token| &tokens[token as usize]);
    loop {
        // a join across with a smaller rank comes in time
        if merges.rank(left, right) < deadline {
            return false;
        }
        if of_left.age > of_right.age {
            // of equals the leftmost is first: that is within `left`
            deadline = of_left.age - 1;
            left = of_left.right;
            of_left = &tokens[left as usize];
        } else if of_right.age > 0 {
            deadline = of_right.age;
            right = of_right.left;
            of_right = &tokens[right as usize];
        } else {
            return true;
        }
    }
}

/// The ids of bytes, without those that stand for bytes which a vocabulary lacks.
fn bytes(vocabulary: &Vocabulary, byte_ids: &[u32; 256]) -> impl Iterator<Item = u32> {
    let own = |&(byte, id): &(u8, u32)| vocabulary.token(id) == Some(&[byte]) && !vocabulary.is_special(id);
    (0..=255).zip(byte_ids.iter().copied()).filter(own).map(|(_, id)| id)
}

/// The tree of the tokens that merging gives for their own bytes; others are never part of a row.
fn plant(
    vocabulary: &Vocabulary,
    merges: &Merges,
    byte_ids: &[u32; 256],
    tokens: &mut [Token],
) -> Option<Trie> {
    let mut reachable = vec![false; tokens.len()];
    for id in bytes(vocabulary, byte_ids) {
        reachable[id as usize] = true;
    }
    for (rank, &(left, right)) in (0..).zip(merges.pairs()) {
        let parts = reachable[left as usize] && reachable[right as usize];
        reachable[merges.id(rank) as usize] = parts && apart(tokens, merges, left, right, rank);
    }
    // the short before the long, so that what a token begins with is there before it
    let mut by_length: Vec<(u32, &[u8])> =
        vocabulary.tokens().filter(|&(id, _)| reachable[id as usize]).collect();
    by_length.sort_by_key(|(_, bytes)| bytes.len());
    let mut trie = Trie::new(byte_ids, tokens.len())?;
    for (id, bytes) in by_length {
        tokens[id as usize].shorter = trie.insert(bytes, id)?;
    }
    Some(trie)
}

/// A set of positions, a bit each.
struct Positions(Vec<u64>);

impl Positions {
    fn below(end: usize) -> Self {
        Self(vec![0; end.div_ceil(64)])
    }

    fn add(&mut self, at: usize) {
        self.0[at / 64] |= 1 << (at % 64);
    }

    fn has(&self, at: usize) -> bool {
        self.0[at / 64] >> (at % 64) & 1 == 1
    }
}
