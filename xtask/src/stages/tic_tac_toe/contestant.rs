//! Who plays: somebody with rules, or a model that continues the text of a game.

use fixtures::tic_tac_toe::{Board, Player};
use model::{Decoder, Greedy, Limits, Prompt, generate};

use super::Notation;

/// Somebody with odds for each square, and last for what is no square.
pub(in crate::stages) trait Contestant {
    /// The odds after each of these games so far, which are equally long and not over.
    fn odds(&self, games: &[&[usize]]) -> anyhow::Result<Vec<[f64; 10]>>;
}

/// Who plays by rules.
pub(in crate::stages) struct Scripted<'a>(pub(in crate::stages) &'a dyn Player);

impl Contestant for Scripted<'_> {
    fn odds(&self, games: &[&[usize]]) -> anyhow::Result<Vec<[f64; 10]>> {
        let odds = |moves: &&[usize]| {
            let odds = self.0.odds(&board(moves));
            std::array::from_fn(|square| odds.get(square).copied().unwrap_or(0.0))
        };
        Ok(games.iter().map(odds).collect())
    }
}

/// Who writes the next token of a game, drawn as likely as the model finds it.
pub(in crate::stages) struct Written<'a> {
    pub(in crate::stages) decoder: &'a Decoder,
    pub(in crate::stages) notation: &'a Notation,
}

impl Contestant for Written<'_> {
    fn odds(&self, games: &[&[usize]]) -> anyhow::Result<Vec<[f64; 10]>> {
        let vocabulary = self.decoder.config().vocabulary;
        let context = self.decoder.config().context;
        let limits = Limits { new_tokens: 1, context, alternatives: vocabulary, ..Limits::default() };
        let prompt = |moves: &&[usize]| Prompt { ids: self.notation.ids(moves), seed: 0 };
        let prompts: Vec<Prompt> = games.iter().map(prompt).collect();
        let said = generate(self.decoder, &prompts, &Greedy, &limits)?;
        let odds = said.iter().zip(games).map(|(said, moves)| self.of(&said.alternatives[0], moves.len()));
        Ok(odds.collect())
    }
}

impl Written<'_> {
    /// What tokens and their log-probabilities mean for squares after so many moves; all that are none together.
    fn of(&self, tokens: &[(u32, f32)], moves: usize) -> [f64; 10] {
        let mut odds = [0.0; 10];
        for (id, log_prob) in tokens {
            odds[self.notation.square(*id, moves).unwrap_or(9)] += f64::from(*log_prob).exp();
        }
        odds
    }
}

/// The board after these moves.
pub(in crate::stages) fn board(moves: &[usize]) -> Board {
    moves.iter().fold(Board::default(), |board, square| board.with(*square, board.turn()))
}
