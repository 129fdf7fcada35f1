//! Tic-tac-toe as a text that two players write in turn: `<|bos|>`, then a digit a move.

mod contest;
mod contestant;
mod practice;

use anyhow::{Context, ensure};
use bpe::{Bpe, Tokenizer};

pub(super) use contest::{Game, Outcome, play};
pub(super) use contestant::{Contestant, Scripted, Written, board};
pub(super) use practice::{Practice, SelfGames, Tally};

/// How games are written as tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Notation {
    /// What stands before the first move.
    pub(super) begin: u32,
    /// Of each square, row by row.
    pub(super) squares: [u32; 9],
}

impl Notation {
    /// As a tokenizer writes them.
    pub(super) fn of(bpe: &Bpe) -> anyhow::Result<Self> {
        let begin = bpe.vocabulary().special("<|bos|>").context("the tokenizer has no token <|bos|>")?;
        let mut squares = [0; 9];
        for (at, id) in squares.iter_mut().enumerate() {
            let (digit, mut ids) = ((at + 1).to_string(), vec![]);
            bpe.encode(&digit, &mut ids);
            ensure!(ids.len() == 1, "the tokenizer needs {} tokens for {digit}, not 1", ids.len());
            *id = ids[0];
        }
        Ok(Self { begin, squares })
    }

    /// A game so far.
    pub(super) fn ids(&self, moves: &[usize]) -> Vec<u32> {
        std::iter::once(self.begin).chain(moves.iter().map(|square| self.squares[*square])).collect()
    }

    /// The square of a token, if it is one's.
    pub(super) fn square(&self, id: u32) -> Option<usize> {
        self.squares.iter().position(|square| *square == id)
    }
}

/// `1-5-9`: a game as people read it.
pub(super) fn told(moves: &[usize]) -> String {
    moves.iter().map(|square| (square + 1).to_string()).collect::<Vec<_>>().join("-")
}
