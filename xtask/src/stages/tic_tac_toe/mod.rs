//! Tic-tac-toe as a text that two players write in turn: `<|bos|>`, then a sign a move.

mod contest;
mod contestant;
mod practice;

use anyhow::ensure;
use bpe::{Bpe, Tokenizer};
use fixtures::tic_tac_toe::{Side, signs};

use super::special;

pub(super) use contest::{Game, Outcome, play};
pub(super) use contestant::{Contestant, Scripted, Written, board};
pub(super) use practice::{Practice, SelfGames, Tally};

/// How games are written as tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Notation {
    /// What stands before the first move.
    pub(super) begin: u32,
    /// Of each square, row by row, as X writes it and as O does.
    squares: [[u32; 9]; 2],
}

impl Notation {
    /// As a tokenizer writes them.
    pub(super) fn of(bpe: &Bpe) -> anyhow::Result<Self> {
        let begin = special::id(bpe.vocabulary(), "<|bos|>")?;
        let mut squares = [[0; 9]; 2];
        for (of, side) in squares.iter_mut().zip([Side::X, Side::O]) {
            for (id, sign) in of.iter_mut().zip(signs(side).chars()) {
                let mut ids = vec![];
                bpe.encode(&sign.to_string(), &mut ids);
                ensure!(ids.len() == 1, "the tokenizer needs {} tokens for {sign}, not 1", ids.len());
                *id = ids[0];
            }
        }
        Ok(Self { begin, squares })
    }

    /// A game so far.
    pub(super) fn ids(&self, moves: &[usize]) -> Vec<u32> {
        let moves = moves.iter().enumerate().map(|(ply, square)| self.squares[ply % 2][*square]);
        std::iter::once(self.begin).chain(moves).collect()
    }

    /// The square of a token after so many moves, if it is one's of the side that moves.
    pub(super) fn square(&self, id: u32, moves: usize) -> Option<usize> {
        self.squares[moves % 2].iter().position(|square| *square == id)
    }
}

/// `1-5-9`: a game as people read it.
pub(super) fn told(moves: &[usize]) -> String {
    moves.iter().map(|square| (square + 1).to_string()).collect::<Vec<_>>().join("-")
}
