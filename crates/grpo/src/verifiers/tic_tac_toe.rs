//! `tic-tac-toe`: the best move of a position, and the outcome of a game told as squares.
//!
//! Squares are numbered 1 to 9, row by row; X begins.

use rl::{Answer, Problem};

use super::quantity::quantities;
use super::result::result;
use super::{meta, right_if};
use crate::Verifier;

/// The last number of the [result](super) is a square of `{"best": [5]}`.
#[derive(Clone, Copy, Debug, Default)]
pub struct TicTacToe;

impl Verifier for TicTacToe {
    fn verify(&self, problem: &Problem, answer: &Answer<'_>) -> Option<f32> {
        let meta = meta(problem)?;
        let best: Vec<i128> =
            meta.get("best")?.as_array()?.iter().filter_map(|square| Some(square.as_i64()?.into())).collect();
        if best.is_empty() {
            return None;
        }
        let said = quantities(result(answer.text)).pop().filter(|square| !square.percent);
        let square = said.and_then(|square| square.value?.as_whole());
        right_if(square.is_some_and(|square| best.contains(&square)))
    }
}

/// Who plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Who begins.
    X,
    /// The other one.
    O,
}

impl Side {
    /// The opponent.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::X => Self::O,
            Self::O => Self::X,
        }
    }
}

/// How a game went, as far as its moves were allowed.
///
/// ```
/// use grpo::verifiers::{Game, Side};
///
/// let game = Game::of([5, 1, 3, 2, 7]);
/// assert_eq!((game.winner, game.is_over, game.illegal), (Some(Side::X), true, None));
/// let game = Game::of([5, 1, 5]);
/// assert_eq!((game.moves, game.illegal, game.turn()), (2, Some(2), Side::X));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Game {
    /// Whose each square is.
    pub board: [Option<Side>; 9],
    /// How many moves were allowed.
    pub moves: usize,
    /// Who has three in a row.
    pub winner: Option<Side>,
    /// Whether somebody has won or no square is free.
    pub is_over: bool,
    /// Place of the first move that was not allowed, from 0: to no square, to one that is taken, or after the end.
    /// [`turn`](Game::turn) tells who tried.
    pub illegal: Option<usize>,
}

/// Three in a row, from 0.
const LINES: [[usize; 3]; 8] =
    [[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6]];

impl Game {
    /// Plays the squares, X first, up to the first that is not allowed.
    pub fn of(squares: impl IntoIterator<Item = usize>) -> Self {
        let mut game = Self::default();
        for (at, square) in squares.into_iter().enumerate() {
            if !game.play(square) {
                game.illegal = Some(at);
                break;
            }
        }
        game
    }

    /// Whose turn it is; of a game that is over, whose it would be.
    pub fn turn(&self) -> Side {
        if self.moves.is_multiple_of(2) { Side::X } else { Side::O }
    }

    /// The squares that may be played, in order.
    pub fn allowed(&self) -> impl Iterator<Item = usize> + '_ {
        (1..=9).filter(|square| !self.is_over && self.board[square - 1].is_none())
    }

    /// Makes a move if it is allowed, and says whether it was.
    pub fn play(&mut self, square: usize) -> bool {
        if !self.allowed().any(|allowed| allowed == square) {
            return false;
        }
        let side = self.turn();
        self.board[square - 1] = Some(side);
        self.moves += 1;
        if LINES.iter().any(|line| line.iter().all(|at| self.board[*at] == Some(side))) {
            self.winner = Some(side);
        }
        self.is_over = self.winner.is_some() || self.moves == 9;
        true
    }
}

#[cfg(test)]
mod tests {
    use rl::Problem;

    use super::{Game, Side, TicTacToe};
    use crate::Verifier;

    #[test]
    fn any_best_square_is_right() {
        let meta = Some(r#"{"board":"X...O....","turn":"X","best":[2,9]}"#.to_owned());
        let problem = Problem { meta, ..Problem::default() };
        for (said, right) in [
            ("The answer is 9.", true),
            ("X has 1. The answer is 2", true),
            ("9, or 3", false),
            ("29", false),
            ("", false),
        ] {
            assert_eq!(TicTacToe.verify(&problem, &said.into()), Some(f32::from(u8::from(right))), "{said}");
        }
        assert_eq!(TicTacToe.verify(&Problem::default(), &"5".into()), None);
    }

    #[test]
    fn games_end_where_the_rules_say() {
        let drawn = Game::of([5, 1, 3, 7, 4, 6, 2, 8, 9]);
        assert_eq!((drawn.winner, drawn.is_over, drawn.moves), (None, true, 9));
        assert_eq!(drawn.allowed().count(), 0);
        let won = Game::of([1, 5, 2, 6, 9, 4, 3]);
        assert_eq!(
            (won.winner, won.illegal, won.moves),
            (Some(Side::O), Some(6), 6),
            "nothing comes after the end"
        );
        for beside in [0, 10, usize::MAX] {
            assert_eq!(Game::of([beside]).illegal, Some(0));
        }
        assert_eq!(Game::of([]).turn(), Side::X);
    }
}
