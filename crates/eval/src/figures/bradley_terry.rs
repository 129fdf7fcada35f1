//! How strong players are, by the games between them.
//!
//! Deviations from the literature:
//! 1. A drawn game is half a win and half a loss (as Elo counts it), where Davidson (1970) has a parameter for draws.
//! 2. Everybody has drawn one more game, against a player of the average strength: who won or lost all games would be
//!    infinitely far away otherwise.

use model::Random;
use rayon::prelude::*;

use super::{Bootstrap, Interval};
use crate::{Error, Result};

/// A game between two players, named by their numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Battle {
    /// One of them.
    pub left: usize,
    /// The other.
    pub right: usize,
    /// What the left one got: 1 won, 0.5 drawn, 0 lost. The right one got the rest.
    pub score: f64,
}

impl Battle {
    /// What `player` got, if it played.
    pub fn score_of(&self, player: usize) -> Option<f64> {
        match player {
            _ if player == self.left => Some(self.score),
            _ if player == self.right => Some(1.0 - self.score),
            _ => None,
        }
    }
}

/// Elo points of a factor of ten in strength (Elo 1978, *The Rating of Chessplayers*, section 8.4).
pub(super) const SCALE: f64 = 400.0;
/// Hunter's rounds are over when no strength moves by more than this share, or after [`ROUNDS`]: near enough for Newton's.
const NEAR: f64 = 1e-4;
const ROUNDS: usize = 10_000;
/// Newton's rounds are over when no strength moves by more than this share, or after [`STEPS`].
const STILL: f64 = 1e-13;
const STEPS: usize = 50;

/// Ratings in Elo points, those of `anchor` being 0: the likeliest strengths in the model of Bradley and Terry (1952,
/// *Biometrika* 39), where i wins against j with probability pᵢ / (pᵢ + pⱼ), and `400 · log₁₀ p`. The algorithm
/// of Hunter (2004, *Annals of Statistics* 32, equation 3) comes near them from anywhere, and Newton's ends there.
///
/// ```
/// use eval::{Battle, ratings};
///
/// // three of four: odds of 3 to 1, a little less for the drawn game that everybody gets
/// let games: Vec<Battle> = (0..4_000).map(|at| Battle { left: 0, right: 1, score: f64::from(u8::from(at % 4 > 0)) }).collect();
/// let got = ratings(2, &games, 1)?;
/// assert!((got[0] - 400.0 * 3.0_f64.log10()).abs() < 0.5 && got[1] == 0.0, "{got:?}");
/// # Ok::<(), eval::Error>(())
/// ```
///
/// # Errors
/// A player that is not there, a player against itself, a score that is none.
pub fn ratings(players: usize, battles: &[Battle], anchor: usize) -> Result<Vec<f64>> {
    check(players, battles, anchor)?;
    let mut table = Table::new(players);
    for battle in battles {
        table.add(battle);
    }
    Ok(table.ratings(anchor))
}

impl Bootstrap {
    /// [`ratings`] with intervals: games are drawn again, as many as there were.
    ///
    /// # Errors
    /// Those of [`ratings`].
    pub fn ratings(
        &self,
        players: usize,
        battles: &[Battle],
        anchor: usize,
        purpose: &str,
    ) -> Result<Vec<Interval>> {
        let alone: Vec<&[Battle]> = battles.chunks(1).collect();
        self.ratings_of_groups(players, &alone, anchor, purpose)
    }

    /// The same where games come in groups that depend on each other: groups are drawn again.
    ///
    /// # Errors
    /// Those of [`ratings`].
    pub fn ratings_of_groups(
        &self,
        players: usize,
        groups: &[&[Battle]],
        anchor: usize,
        purpose: &str,
    ) -> Result<Vec<Interval>> {
        let values = ratings(players, &groups.concat(), anchor)?;
        let drawn: Vec<Vec<f64>> = (0..self.draws)
            .into_par_iter()
            .map(|draw| {
                let mut random = Random::new(self.seed, &format!("bootstrap {draw} of {purpose}"));
                let mut table = Table::new(players);
                for _ in groups {
                    groups[random.below(groups.len() as u64) as usize]
                        .iter()
                        .for_each(|game| table.add(game));
                }
                table.ratings(anchor)
            })
            .collect();
        let interval = |(player, value): (usize, f64)| {
            Interval::of(value, drawn.iter().map(|ratings| ratings[player]).collect())
        };
        Ok(values.into_iter().enumerate().map(interval).collect())
    }
}

pub(super) fn check(players: usize, battles: &[Battle], anchor: usize) -> Result<()> {
    let wrong = |setting, expected: String, got: String| Err(Error::Setting { setting, expected, got });
    if anchor >= players {
        return wrong("anchor", format!("one of {players} players"), anchor.to_string());
    }
    for Battle { left, right, score } in battles {
        if left.max(right) >= &players || left == right {
            return wrong("battles", format!("two of {players} players"), format!("{left} and {right}"));
        }
        if !(0.0..=1.0).contains(score) {
            return wrong("score", "from 0 to 1".into(), score.to_string());
        }
    }
    Ok(())
}

/// Games and wins.
struct Table {
    players: usize,
    /// Games of i against j.
    games: Vec<f64>,
    /// What each player won, draws as halves.
    wins: Vec<f64>,
}

impl Table {
    fn new(players: usize) -> Self {
        Self { players, games: vec![0.0; players * players], wins: vec![0.0; players] }
    }

    fn add(&mut self, &Battle { left, right, score }: &Battle) {
        self.games[left * self.players + right] += 1.0;
        self.games[right * self.players + left] += 1.0;
        self.wins[left] += score;
        self.wins[right] += 1.0 - score;
    }

    fn ratings(&self, anchor: usize) -> Vec<f64> {
        let mut strengths = vec![1.0; self.players];
        for _ in 0..ROUNDS {
            let next: Vec<f64> = (0..self.players).map(|player| self.next(player, &strengths)).collect();
            let moved = next.iter().zip(&strengths).map(|(new, old)| (new / old - 1.0).abs());
            let most = moved.fold(0.0, f64::max);
            strengths = next;
            if most < NEAR {
                break;
            }
        }
        self.polish(&mut strengths);
        strengths.iter().map(|strength| SCALE * libm::log10(strength / strengths[anchor])).collect()
    }

    /// Wᵢ / Σⱼ nᵢⱼ / (pᵢ + pⱼ), with the drawn game against the average in both sums.
    fn next(&self, player: usize, strengths: &[f64]) -> f64 {
        let own = strengths[player];
        let games = &self.games[player * self.players..][..self.players];
        let met = games.iter().zip(strengths).map(|(games, other)| games / (own + other));
        (self.wins[player] + 0.5) / (met.sum::<f64>() + 1.0 / (own + 1.0))
    }

    /// Newton's method on the logarithms of strengths: the likelihood is concave in them, and with the drawn game against
    /// the average strictly so.
    fn polish(&self, strengths: &mut [f64]) {
        for _ in 0..STEPS {
            let moves = solve(self.equations(strengths));
            let most = moves.iter().fold(0.0_f64, |most, moved| most.max(moved.abs()));
            // far away the curve is no parabola: no strength may move by more than a factor of e
            for (strength, moved) in strengths.iter_mut().zip(&moves) {
                *strength *= libm::exp(moved / most.max(1.0));
            }
            if most < STILL {
                break;
            }
        }
    }

    /// Row i: the negative second derivatives of the logarithm of the likelihood by θᵢ and θⱼ, where p = exp θ, and last
    /// its first derivative by θᵢ, `Wᵢ − Σⱼ nᵢⱼ pᵢ / (pᵢ + pⱼ)`.
    fn equations(&self, strengths: &[f64]) -> Vec<Vec<f64>> {
        let row = |player: usize| {
            let own = strengths[player];
            let chance = own / (own + 1.0);
            let mut row = vec![0.0; self.players + 1];
            row[player] = chance / (own + 1.0);
            row[self.players] = self.wins[player] + 0.5 - chance;
            for (other, games) in self.games[player * self.players..][..self.players].iter().enumerate() {
                let sum = own + strengths[other];
                let curve = games * (own / sum) * (strengths[other] / sum);
                row[player] += curve;
                row[other] -= curve;
                row[self.players] -= games * own / sum;
            }
            row
        };
        (0..self.players).map(row).collect()
    }
}

/// x of A x = b, rows being those of A with b behind: Gauss's elimination. A is symmetric and positive definite, so every
/// pivot is positive.
fn solve(mut rows: Vec<Vec<f64>>) -> Vec<f64> {
    let count = rows.len();
    for pivot in 0..count {
        let (above, below) = rows.split_at_mut(pivot + 1);
        let top = &above[pivot];
        for row in below {
            let share = row[pivot] / top[pivot];
            row.iter_mut().zip(top).skip(pivot).for_each(|(value, top)| *value -= share * top);
        }
    }
    let mut solution = vec![0.0; count];
    for at in (0..count).rev() {
        let known: f64 = (at + 1..count).map(|other| rows[at][other] * solution[other]).sum();
        solution[at] = (rows[at][count] - known) / rows[at][at];
    }
    solution
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Battle, Bootstrap, ratings};

    /// Games as they come out where strengths are these: as many as `each` between any two, wins in proportion.
    fn games(elo: &[f64], each: usize) -> Vec<Battle> {
        let mut games = vec![];
        for left in 0..elo.len() {
            for right in left + 1..elo.len() {
                let chance = 1.0 / (1.0 + 10_f64.powf((elo[right] - elo[left]) / 400.0));
                let won = (chance * each as f64).round() as usize;
                let score = |at| f64::from(u8::from(at < won));
                games.extend((0..each).map(|at| Battle { left, right, score: score(at) }));
            }
        }
        games
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn strengths_are_found_again(elo in prop::collection::vec(-300.0..300.0_f64, 2..6)) {
            let got = ratings(elo.len(), &games(&elo, 20_000), 0).unwrap();
            for (got, expected) in got.iter().zip(&elo) {
                prop_assert!((got - (expected - elo[0])).abs() < 2.0, "{got} {expected}");
            }
        }

        #[test]
        fn sides_do_not_matter(elo in prop::collection::vec(-300.0..300.0_f64, 2..5)) {
            let games = games(&elo, 50);
            let turned: Vec<Battle> = games.iter().map(|game| Battle {
                left: game.right, right: game.left, score: 1.0 - game.score,
            }).collect();
            let [one, two] = [games, turned].map(|games| ratings(elo.len(), &games, 1).unwrap());
            for (one, two) in one.iter().zip(&two) {
                prop_assert!((one - two).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn who_lost_all_is_far_away_and_not_lost() {
        let lost = |left| Battle { left, right: 2, score: 0.0 };
        let got = ratings(3, &[lost(0), lost(0), lost(1), lost(1)], 2).unwrap();
        assert!(got.iter().all(|rating| rating.is_finite()) && got[0] < -100.0, "{got:?}");
        assert!((got[0] - got[1]).abs() < 1e-6);
    }

    #[test]
    fn intervals_hold_the_truth_and_narrow_with_games() {
        let bootstrap = Bootstrap { draws: 200, seed: 7 };
        let wide = bootstrap.ratings(2, &games(&[0.0, 100.0], 100), 0, "test").unwrap();
        let narrow = bootstrap.ratings(2, &games(&[0.0, 100.0], 10_000), 0, "test").unwrap();
        let width = |interval: &super::Interval| interval.high - interval.low;
        assert!(wide[1].low < 100.0 && 100.0 < wide[1].high, "{wide:?}");
        assert!(width(&wide[1]) > 5.0 * width(&narrow[1]), "{wide:?} {narrow:?}");
        assert_eq!(width(&wide[0]), 0.0, "the anchor stays where it is");
    }

    #[test]
    fn games_that_are_none_are_refused() {
        let game = |left, right, score| [Battle { left, right, score }];
        for (games, anchor) in [
            (game(0, 2, 1.0), 0),
            (game(1, 1, 1.0), 0),
            (game(0, 1, 1.5), 0),
            (game(0, 1, f64::NAN), 0),
            (game(0, 1, 1.0), 2),
        ] {
            assert!(ratings(2, &games, anchor).is_err(), "{games:?}");
        }
        assert_eq!(ratings(2, &[], 0).unwrap(), [0.0, 0.0]);
    }
}
