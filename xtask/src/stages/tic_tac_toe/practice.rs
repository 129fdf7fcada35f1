//! Games of a policy against itself, to learn from.

use fixtures::tic_tac_toe::Side;
use model::{Batches, Cursor, Decoder, Decoding, Draw, Limits, Prompt, Random};
use rl::math::Advantage;
use rl::{Batch, Rollout, Scored};

use super::contest::outcome;
use super::{Notation, Outcome, board};

/// What games of one step look like.
#[derive(Clone, Copy, Debug)]
pub(in crate::stages) struct Practice {
    /// Openings, whose games are compared with one another.
    pub(in crate::stages) openings: usize,
    /// Games from each opening.
    pub(in crate::stages) group: usize,
    /// Most moves of an opening, drawn at random, so that games are met that nobody would play.
    pub(in crate::stages) opening_moves: usize,
    /// How the games of a group are compared.
    pub(in crate::stages) advantage: Advantage,
    /// What a nat of surprise is worth.
    pub(in crate::stages) entropy: f64,
    pub(in crate::stages) seed: u64,
}

/// How the games of a step went, as shares.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::stages) struct Tally {
    pub(in crate::stages) won_by_x: f64,
    pub(in crate::stages) drawn: f64,
    pub(in crate::stages) illegal: f64,
    /// Groups whose games all ended alike: nobody learns from them.
    pub(in crate::stages) alike: f64,
    /// Mean of −log π of what was written, in nats: how undecided the policy is.
    pub(in crate::stages) surprise: f64,
}

/// Both sides are the policy, whose newest weights play each step's games.
pub(in crate::stages) struct SelfGames<'a> {
    pub(in crate::stages) policy: &'a Decoder,
    pub(in crate::stages) notation: &'a Notation,
    pub(in crate::stages) practice: Practice,
    /// Of the last batch.
    pub(in crate::stages) tally: &'a std::cell::Cell<Tally>,
    pub(in crate::stages) cursor: Cursor,
}

/// The advantage of what is no move: as bad as a game that is lost among drawn ones.
const ILLEGAL: f64 = -1.0;

/// A game that grows.
#[derive(Default)]
struct Growing {
    moves: Vec<usize>,
    written: Rollout,
    end: Option<Outcome>,
}

impl Batches for SelfGames<'_> {
    type Batch = Batch;

    fn next(&mut self, step: u64) -> model::Result<Option<Batch>> {
        let openings: Vec<Vec<usize>> =
            (0..self.practice.openings).map(|nth| self.practice.opening(step, nth)).collect();
        let games = self.play(&openings, step)?;
        self.cursor.row += games.len() as u64;
        Ok(Some(self.batch(&openings, &games)))
    }

    fn cursor(&self) -> Cursor {
        self.cursor
    }

    fn seek(&mut self, cursor: &Cursor) -> model::Result<()> {
        self.cursor = *cursor;
        Ok(())
    }
}

impl Practice {
    /// The first moves of a group's games: none that ends the game.
    fn opening(&self, step: u64, nth: usize) -> Vec<usize> {
        let mut random = Random::new(self.seed, &format!("step {step}, opening {nth}"));
        let count = random.below(self.opening_moves as u64 + 1) as usize;
        let mut moves = vec![];
        while moves.len() < count {
            let free: Vec<usize> = board(&moves).free().collect();
            moves.push(free[random.below(free.len() as u64) as usize]);
            if outcome(&moves).is_some() {
                moves.pop();
                break;
            }
        }
        moves
    }
}

impl SelfGames<'_> {
    /// All games of a step at once, a token each at a time; whoever is over leaves.
    fn play(&self, openings: &[Vec<usize>], step: u64) -> model::Result<Vec<Growing>> {
        let (draw, group) = (Draw::default(), self.practice.group);
        let context = self.policy.config().context;
        let mut decoding = Decoding::new(self.policy);
        let mut games = vec![];
        for (nth, opening) in openings.iter().enumerate() {
            for game in 0..group {
                let name = format!("step {step}, opening {nth}, game {game}");
                let seed = Random::new(self.practice.seed, &name).below(u64::MAX);
                let limits = Limits { new_tokens: 10, context, ..Limits::default() };
                decoding.join(Prompt { ids: self.notation.ids(opening), seed }, &draw, limits)?;
                games.push(Growing { moves: opening.clone(), ..Growing::default() });
            }
        }
        while !decoding.is_empty() {
            for step in decoding.step()? {
                let game = &mut games[step.row as usize];
                game.written.ids.push(step.id);
                game.written.log_probs.push(step.log_prob);
                game.take(self.notation.square(step.id, game.moves.len()));
                if game.end.is_some() && step.end.is_none() {
                    decoding.leave(step.row)?;
                }
            }
        }
        Ok(games)
    }

    /// What X got decides how good its moves were, and with the other sign those of O.
    fn batch(&self, openings: &[Vec<usize>], games: &[Growing]) -> Batch {
        let mut batch = Batch { fresh: true, ..Batch::default() };
        let mut tally = Tally::default();
        let written: Vec<f32> =
            games.iter().flat_map(|game| game.written.log_probs.iter().copied()).collect();
        tally.surprise =
            -written.iter().map(|log_prob| f64::from(*log_prob)).sum::<f64>() / written.len() as f64;
        for (opening, games) in openings.iter().zip(games.chunks(self.practice.group)) {
            let rewards: Vec<Option<f64>> = games.iter().map(Growing::reward).collect();
            let better = self.practice.advantage.of_group(&rewards);
            batch.layout.push(&self.notation.ids(opening), games.iter().map(|game| &game.written));
            for (game, better) in games.iter().zip(&better) {
                let old: Vec<f64> =
                    game.written.log_probs.iter().map(|log_prob| f64::from(*log_prob)).collect();
                let moved = old.iter().zip(opening.len()..);
                let mut advantages: Vec<f64> = moved
                    .map(|(old, ply)| {
                        let own = if ply % 2 == 0 { *better } else { -better };
                        own + self.practice.entropy * (-old - tally.surprise)
                    })
                    .collect();
                if let (Some(Outcome::Illegal(_)), Some(last)) = (game.end, advantages.last_mut()) {
                    *last = ILLEGAL;
                }
                batch.answers.push(Scored { old, advantages, ..Scored::default() });
            }
            tally.alike += f64::from(u8::from(better.iter().all(|better| *better == 0.0)));
        }
        let share = |of: &dyn Fn(&Growing) -> bool| {
            games.iter().filter(|game| of(game)).count() as f64 / games.len().max(1) as f64
        };
        tally.won_by_x = share(&|game| game.end == Some(Outcome::Won(Side::X)));
        tally.drawn = share(&|game| game.end == Some(Outcome::Drawn));
        tally.illegal = share(&|game| matches!(game.end, Some(Outcome::Illegal(_))));
        tally.alike /= openings.len().max(1) as f64;
        self.tally.set(tally);
        batch
    }
}

impl Growing {
    /// A token more: a legal move, or the end.
    fn take(&mut self, square: Option<usize>) {
        let side = board(&self.moves).turn();
        match square.filter(|square| !self.moves.contains(square)) {
            Some(square) => {
                self.moves.push(square);
                self.end = outcome(&self.moves);
            }
            None => self.end = Some(Outcome::Illegal(side)),
        }
    }

    /// For X: 1 won, 0 drawn, -1 lost. Nothing where a token was no move: what came before is neither to blame nor to praise.
    fn reward(&self) -> Option<f64> {
        match self.end? {
            Outcome::Illegal(_) => None,
            end => Some(2.0 * end.score(Side::X) - 1.0),
        }
    }
}
