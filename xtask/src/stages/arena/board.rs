//! Who stands where, by each judge.

use std::collections::BTreeSet;

use eval::{Battle, Bootstrap, Elo, Standing, leaderboard};
use pipeline::Io;
use shard::battles::Outcome;

use super::{Arena, Fought};
use crate::stages::scores::Sheet;

/// What the scores are called.
const BENCHMARK: &str = "arena";
/// What the shares of sides are called.
const SIDES: &str = "arena-sides";

/// A battle, its models by their numbers, without texts.
pub(crate) struct Game {
    pub(crate) prompt_id: u64,
    pub(crate) left: usize,
    pub(crate) right: usize,
    pub(crate) outcome: Outcome,
}

/// Where all who fought stand, by their numbers, which rise; the first is the anchor. Whoever never fought has no rating.
pub(crate) fn board(
    games: &[Game],
    elo: &Elo,
    bootstrap: &Bootstrap,
    purpose: &str,
) -> eval::Result<Vec<(usize, Standing)>> {
    let fought: BTreeSet<usize> = games.iter().flat_map(|game| [game.left, game.right]).collect();
    let fought: Vec<usize> = fought.into_iter().collect();
    let place = |number: usize| fought.binary_search(&number).expect("it is among those who fought");
    let battle = |of: &Game| {
        let score = match of.outcome {
            Outcome::Left => eval::Outcome::Left,
            Outcome::Right => eval::Outcome::Right,
            Outcome::Tie => eval::Outcome::Tie,
        };
        (of.prompt_id, Battle { left: place(of.left), right: place(of.right), score: score.score() })
    };
    let battles: Vec<(u64, Battle)> = games.iter().map(battle).collect();
    let standings = leaderboard(fought.len(), &battles, 0, elo, bootstrap, purpose)?;
    Ok(fought.into_iter().zip(standings).collect())
}

impl Arena {
    /// The standings by this arena's judge, then by all others in alphabetical order.
    pub(super) fn rate(
        &self,
        io: &Io,
        contestants: &[&str],
        battles: &[Fought],
        sheet: &mut Sheet,
    ) -> anyhow::Result<()> {
        let others: BTreeSet<&str> = battles.iter().map(|battle| battle.judge.as_str()).collect();
        let own = self.judge.name();
        for judge in others.get(own).into_iter().chain(others.iter().filter(|judge| **judge != own)) {
            let judged: Vec<&Fought> = battles.iter().filter(|battle| battle.judge == *judge).collect();
            self.rate_by(io, judge, contestants, &judged, sheet)?;
        }
        Ok(())
    }

    fn rate_by(
        &self,
        io: &Io,
        judge: &str,
        contestants: &[&str],
        judged: &[&Fought],
        sheet: &mut Sheet,
    ) -> anyhow::Result<()> {
        let game = |of: &&Fought| Game {
            prompt_id: of.prompt_id,
            left: of.left,
            right: of.right,
            outcome: of.outcome,
        };
        let games: Vec<Game> = judged.iter().map(game).collect();
        let bootstrap = Bootstrap { draws: self.draws, seed: io.seed("ratings") };
        let elo = Elo { most: self.k, begin: 0.0 };
        let standings = board(&games, &elo, &bootstrap, judge)?;
        let begin = standings.first().map_or(0.0, |(_, first)| first.elo);
        for &(number, standing) in &standings {
            let name = contestants[number];
            let item = format!("{judge}: {name}");
            let rating = standing.rating;
            sheet.between(BENCHMARK, &item, "rating", (rating.value, rating.low, rating.high));
            for (metric, value) in [
                ("elo", standing.elo - begin),
                ("games", standing.games() as f64),
                ("wins", standing.wins as f64),
                ("ties", standing.ties as f64),
                ("losses", standing.losses as f64),
                ("trained", number as f64),
            ] {
                sheet.figure(BENCHMARK, &item, metric, value);
            }
            if judge == self.judge.name() {
                io.metric(&format!("rating_{name}"), rating.value);
            }
        }
        let won = |side| judged.iter().filter(|battle| battle.outcome == side).count() as u64;
        let (left, right) = (won(Outcome::Left), won(Outcome::Right));
        sheet.share(SIDES, judge, "left", left, left + right);
        Ok(())
    }
}
