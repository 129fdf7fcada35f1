//! Games between two, all of them a move at a time.

use fixtures::tic_tac_toe::Side;
use model::Random;

use super::Contestant;
use super::contestant::board;

/// How a game ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::stages) enum Outcome {
    /// Three in a row.
    Won(Side),
    /// The side wrote what is no move, and lost by it.
    Illegal(Side),
    /// Nobody won.
    Drawn,
}

impl Outcome {
    /// What `side` gets: 1, 0.5 or 0.
    pub(in crate::stages) fn score(self, side: Side) -> f64 {
        match self {
            Self::Won(winner) => f64::from(u8::from(winner == side)),
            Self::Illegal(loser) => f64::from(u8::from(loser != side)),
            Self::Drawn => 0.5,
        }
    }
}

/// A game that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::stages) struct Game {
    /// Legal moves, squares numbered from 0.
    pub(in crate::stages) moves: Vec<usize>,
    pub(in crate::stages) outcome: Outcome,
}

/// How a game stands after these moves, if it is over.
pub(in crate::stages) fn outcome(moves: &[usize]) -> Option<Outcome> {
    let board = board(moves);
    match board.winner() {
        Some(side) => Some(Outcome::Won(side)),
        None if board.is_over() => Some(Outcome::Drawn),
        None => None,
    }
}

/// `count` games of `x` against `o`. Game `n` depends on nothing but its odds, `seed` and n.
pub(in crate::stages) fn play(
    x: &dyn Contestant,
    o: &dyn Contestant,
    count: usize,
    seed: u64,
) -> anyhow::Result<Vec<Game>> {
    let mut dice: Vec<Random> = (0..count).map(|at| Random::new(seed, &format!("game {at}"))).collect();
    let mut games: Vec<(Vec<usize>, Option<Outcome>)> = vec![(vec![], None); count];
    for ply in 0.. {
        let going: Vec<usize> = (0..count).filter(|&at| games[at].1.is_none()).collect();
        if going.is_empty() {
            break;
        }
        let (player, side) = if ply % 2 == 0 { (x, Side::X) } else { (o, Side::O) };
        let so_far: Vec<&[usize]> = going.iter().map(|&at| &*games[at].0).collect();
        let odds = player.odds(&so_far)?;
        for (at, odds) in going.into_iter().zip(odds) {
            let square = pick(&odds, &mut dice[at]);
            let (moves, end) = &mut games[at];
            if square < 9 && !moves.contains(&square) {
                moves.push(square);
                *end = outcome(moves);
            } else {
                *end = Some(Outcome::Illegal(side));
            }
        }
    }
    let over =
        |(moves, end): (Vec<usize>, Option<Outcome>)| Game { moves, outcome: end.unwrap_or(Outcome::Drawn) };
    Ok(games.into_iter().map(over).collect())
}

/// A place by its odds.
fn pick(odds: &[f64; 10], dice: &mut Random) -> usize {
    let mut left = dice.uniform() * odds.iter().sum::<f64>();
    let drawn = odds.iter().position(|odds| {
        left -= odds;
        left < 0.0
    });
    drawn.unwrap_or(9)
}

#[cfg(test)]
mod tests {
    use fixtures::tic_tac_toe::{Beginner, Perfect, Side};

    use super::{Outcome, outcome, play};
    use crate::stages::tic_tac_toe::{Contestant, Scripted};

    /// Who always writes the same.
    struct Stubborn(usize);

    impl Contestant for Stubborn {
        fn odds(&self, games: &[&[usize]]) -> anyhow::Result<Vec<[f64; 10]>> {
            Ok(vec![std::array::from_fn(|at| f64::from(u8::from(at == self.0))); games.len()])
        }
    }

    #[test]
    fn games_end_as_they_should_and_do_not_depend_on_their_number() {
        let (perfect, beginner) = (Scripted(&Perfect), Scripted(&Beginner));
        let games = play(&perfect, &beginner, 60, 7).unwrap();
        assert!(games.iter().all(|game| outcome(&game.moves) == Some(game.outcome)));
        assert!(games.iter().all(|game| game.outcome.score(Side::X) >= 0.5));
        assert_eq!(play(&perfect, &beginner, 20, 7).unwrap(), games[..20]);
    }

    #[test]
    fn who_writes_what_is_no_move_has_lost() {
        for square in [4, 9] {
            let games = play(&Stubborn(4), &Stubborn(square), 1, 7).unwrap();
            assert_eq!((&*games[0].moves, games[0].outcome), (&[4][..], Outcome::Illegal(Side::O)));
            assert_eq!([Side::X, Side::O].map(|side| games[0].outcome.score(side)), [1.0, 0.0]);
        }
    }
}
