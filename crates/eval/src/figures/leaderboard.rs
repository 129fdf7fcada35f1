//! Who stands where after many battles.

use std::collections::BTreeMap;

use super::{Battle, Bootstrap, Elo, Interval};
use crate::Result;

/// Where one player stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// By all games alike, in Elo points above the anchor, with an interval.
    pub rating: Interval,
    /// By the games in their order.
    pub elo: f64,
    /// Games won.
    pub wins: u64,
    /// Games that nobody won.
    pub ties: u64,
    /// Games lost.
    pub losses: u64,
}

impl Standing {
    /// Games played.
    pub fn games(&self) -> u64 {
        self.wins + self.ties + self.losses
    }
}

/// The standings of all players, by their numbers: [`ratings`](super::ratings) with intervals, [`Elo`], and what they won.
///
/// Each battle comes with the number of its group. Groups are what is drawn again for intervals, such as all battles over
/// one prompt: these share answers, and tell less than as many battles over prompts of their own.
///
/// # Errors
/// Those of [`ratings`](super::ratings).
pub fn leaderboard(
    players: usize,
    battles: &[(u64, Battle)],
    anchor: usize,
    elo: &Elo,
    bootstrap: &Bootstrap,
    purpose: &str,
) -> Result<Vec<Standing>> {
    let mut groups: BTreeMap<u64, Vec<Battle>> = BTreeMap::new();
    for (group, battle) in battles {
        groups.entry(*group).or_default().push(*battle);
    }
    let groups: Vec<&[Battle]> = groups.values().map(Vec::as_slice).collect();
    let battles: Vec<Battle> = battles.iter().map(|(_, battle)| *battle).collect();
    let intervals = bootstrap.ratings_of_groups(players, &groups, anchor, purpose)?;
    let elo = elo.ratings(players, &battles)?;
    let standing = |(player, (rating, elo))| {
        let own = battles.iter().filter_map(|battle| battle.score_of(player));
        let (mut wins, mut ties, mut losses) = (0, 0, 0);
        for score in own {
            match score {
                _ if score > 0.5 => wins += 1,
                _ if score < 0.5 => losses += 1,
                _ => ties += 1,
            }
        }
        Standing { rating, elo, wins, ties, losses }
    };
    Ok(intervals.into_iter().zip(elo).enumerate().map(standing).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Prompts whose battles all end alike tell less than as many battles over prompts of their own.
    #[test]
    fn battles_over_one_prompt_are_drawn_together() {
        let battle =
            |at: u64| Battle { left: 0, right: 1, score: f64::from(u8::from(!at.is_multiple_of(3))) };
        let board = |each: u64| {
            let battles: Vec<(u64, Battle)> = (0..300).map(|at| (at / each, battle(at / 10))).collect();
            let elo = Elo { most: 4.0, begin: 0.0 };
            leaderboard(2, &battles, 1, &elo, &Bootstrap { draws: 400, seed: 3 }, "test").unwrap()[0]
        };
        let [alone, together] = [1, 10].map(board);
        assert_eq!((alone.wins, alone.ties, alone.losses, alone.games()), (200, 0, 100, 300));
        assert_eq!((alone.rating.value, alone.elo), (together.rating.value, together.elo));
        let width = |of: Interval| of.high - of.low;
        assert!(width(together.rating) > 2.0 * width(alone.rating), "{alone:?} {together:?}");
    }
}
