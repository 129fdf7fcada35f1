//! Documents cut to a length, and how they fit into rows.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::Tokens;
use crate::Random;

/// A whole document, or a part of one that is longer than a row.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    /// Place of the first token.
    pub(super) start: usize,
    /// Tokens, at least one.
    pub(super) length: usize,
}

/// The documents of `tokens` in pieces of at most `longest` tokens; only longer documents are cut.
pub(super) fn cut(tokens: &Tokens, longest: usize, bos: u32) -> Vec<Piece> {
    const BLOCK: usize = 1 << 16; // tokens of a file are widened a block at a time
    let (mut pieces, mut block) = (Vec::<Piece>::new(), Vec::new());
    for first in (0..tokens.len()).step_by(BLOCK) {
        block.clear();
        tokens.read(first, BLOCK.min(tokens.len() - first), &mut block);
        for (at, &id) in block.iter().enumerate() {
            match pieces.last_mut() {
                Some(piece) if id != bos && piece.length < longest => piece.length += 1,
                _ => pieces.push(Piece { start: first + at, length: 1 }),
            }
        }
    }
    pieces
}

/// Orders pieces by length, longest first, and those of one length as they stand in the data.
pub(super) fn sort(pieces: &mut [Piece]) {
    pieces.sort_unstable_by_key(|piece| (Reverse(piece.length), piece.start));
}

/// Lets pieces of one length change places, each arrangement equally likely. They are sorted by length.
pub(super) fn exchange(pieces: &mut [Piece], random: &mut Random) {
    for equals in pieces.chunk_by_mut(|a, b| a.length == b.length) {
        random.shuffle(equals);
    }
}

/// For each row of `context` places, the numbers of its pieces: each piece, none longer than a row, goes where the least space
/// is left over beside it.
///
/// Given lengths longest first, this is best-fit decreasing (Ding et al. 2024, arXiv 2404.10830). It never needs many more than
/// 11/9 of the fewest rows possible (Johnson et al. 1974), and where most texts are short hardly one more, for
/// short pieces fill what longer ones leave. O(n log n).
///
/// ```
/// assert_eq!(model::best_fit([5, 4, 3, 2], 8), [[0, 2], [1, 3]]);
/// ```
pub fn best_fit(longest_first: impl IntoIterator<Item = usize>, context: usize) -> Vec<Vec<u32>> {
    let mut rows: Vec<Vec<u32>> = Vec::new();
    let mut open = BTreeSet::new(); // (space left, row)
    for (number, length) in longest_first.into_iter().enumerate() {
        let best = open.range((length, 0)..).next().copied();
        let (space, row) = best.unwrap_or((context, rows.len()));
        if !open.remove(&(space, row)) {
            rows.push(Vec::new());
        }
        rows[row].push(number as u32);
        if space > length {
            open.insert((space - length, row));
        }
    }
    rows
}
