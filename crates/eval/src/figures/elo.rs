//! Ratings that move with every game, as chess players have them.

use super::Battle;
use super::bradley_terry::{SCALE, check};
use crate::Result;

/// Elo's ratings (Elo 1978, *The Rating of Chessplayers*, section 1.6): after every game the winner takes from the loser
/// `K · (S − E)` points, where S is what he got and `E = 1 / (1 + 10^((R' − R) / 400))` what was to be expected.
///
/// The order of games matters, and the last ones matter most: who is rated by [`ratings`](super::ratings) is rated by all
/// games alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Elo {
    /// K, the most that one game can give: 10 to 40 among people, 4 where there are thousands of games.
    pub most: f64,
    /// What everybody begins with. Only differences mean something.
    pub begin: f64,
}

impl Elo {
    /// The ratings after all battles, in their order.
    ///
    /// ```
    /// use eval::{Battle, Elo};
    ///
    /// // equals meet: the winner takes half of K
    /// let got = Elo { most: 32.0, begin: 1000.0 }.ratings(2, &[Battle { left: 0, right: 1, score: 1.0 }])?;
    /// assert_eq!(got, [1016.0, 984.0]);
    /// # Ok::<(), eval::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`ratings`](super::ratings).
    pub fn ratings(&self, players: usize, battles: &[Battle]) -> Result<Vec<f64>> {
        check(players, battles, 0)?;
        let mut ratings = vec![self.begin; players];
        for &Battle { left, right, score } in battles {
            let expected = 1.0 / (1.0 + libm::exp10((ratings[right] - ratings[left]) / SCALE));
            let moved = self.most * (score - expected);
            ratings[left] += moved;
            ratings[right] -= moved;
        }
        Ok(ratings)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Battle, Elo};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn nobody_makes_points_of_nothing(games in prop::collection::vec((0..4_usize, 1..4_usize, 0..3_u8), 0..200)) {
            let battle = |(left, by, half): (usize, usize, u8)| Battle {
                left, right: (left + by) % 4, score: f64::from(half) / 2.0,
            };
            let battles: Vec<Battle> = games.into_iter().map(battle).collect();
            let got = Elo { most: 16.0, begin: 1_000.0 }.ratings(4, &battles).unwrap();
            prop_assert!((got.iter().sum::<f64>() - 4_000.0).abs() < 1e-9, "{:?}", got);
        }
    }

    #[test]
    fn the_expected_moves_nobody_and_order_matters() {
        let elo = Elo { most: 32.0, begin: 0.0 };
        let game = |score| Battle { left: 0, right: 1, score };
        assert_eq!(elo.ratings(2, &[game(0.5); 9]).unwrap(), [0.0, 0.0]);
        let [first, last] = [[1.0, 0.0], [0.0, 1.0]].map(|scores| elo.ratings(2, &scores.map(game)).unwrap());
        assert!(first[0] < 0.0 && 0.0 < last[0], "who won last is ahead: {first:?} {last:?}");
        assert!(elo.ratings(1, &[game(1.0)]).is_err());
    }
}
