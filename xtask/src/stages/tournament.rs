//! `tournament`: models and players of known strength play tic-tac-toe, everybody against everybody.

use std::collections::BTreeMap;

use anyhow::Context;
use bpe::Bpe;
use eval::{Battle, Bootstrap};
use fixtures::tic_tac_toe::{Beginner, Perfect, Side, Teacher};
use model::Decoder;
use pipeline::{Class, Fault, Io, Output, Signature, Slot, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{Scores, Table};

use super::scores::Sheet;
use super::tic_tac_toe::{Contestant, Game, Notation, Outcome, Scripted, Written, board, play, told};

/// Lets models play tic-tac-toe against each other and against players of known strength, every second game with either
/// side, and rates them. A model's move is drawn as likely as it finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tournament {
    /// Names of the inputs, a checkpoint each, in the order in which they were trained.
    pub models: Vec<String>,
    /// Of a hundred moves of the teacher, so many are no whim.
    #[schemars(extend("unit" = "percent"))]
    pub careful: usize,
    /// Games between any two, half of them with either side.
    #[schemars(extend("unit" = "games"))]
    pub games: usize,
    /// How often games are drawn again for the intervals of ratings.
    #[schemars(extend("unit" = "draws"), extend("source" = "Efron 1979"))]
    pub draws: usize,
    /// Moves are rare of which the teacher makes one in so many.
    #[schemars(extend("unit" = "moves"))]
    pub rare: u32,
}

impl Default for Tournament {
    fn default() -> Self {
        Self {
            models: ["imitation", "learned"].map(str::to_owned).to_vec(),
            careful: Teacher::default().careful,
            games: 1_000,
            draws: 1_000,
            rare: 100,
        }
    }
}

/// Who plays besides models: ratings are counted from the teacher's.
const OTHERS: [&str; 3] = ["teacher", "perfect", "beginner"];
const TEACHER: usize = 0;
const PERFECT: usize = 1;
/// What the scores are called.
const BENCHMARK: &str = "tournament";
/// What the scores of rare moves are called.
const RARE: &str = "rare-move";
/// Rare moves that are told.
const TOLD: usize = 5;

impl Stage for Tournament {
    fn signature(&self) -> Signature {
        let models = self.models.iter().map(|model| Slot::new(model, "checkpoint/1"));
        Signature {
            class: Class::Numeric,
            random: true,
            reads: models.chain([Slot::new("tokenizer", "tokenizer/1")]).collect(),
            writes: vec![Output::new("scores", Scores::NAME)],
            sources: &["model", "bpe", "eval", "fixtures"],
            ..Signature::exact(2)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let mut names: Vec<&str> = OTHERS.into_iter().chain(["tokenizer"]).collect();
        names.extend(self.models.iter().map(String::as_str));
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        if names.len() < all || self.models.is_empty() {
            let fault = Fault::new("players need names of their own").on("/models");
            let fault = fault.got(format!("{:?}", self.models));
            return Err(fault.expected(format!("one or more that differ, and none of {OTHERS:?}")));
        }
        if self.games == 0 {
            let fault = Fault::new("nobody plays").on("/games").got("0");
            return Err(fault.expected("at least one game between any two"));
        }
        Ok(())
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let notation = Notation::of(&Bpe::load(io.input("tokenizer")?.directory()?)?)?;
        let decoders = self.models.iter().map(|name| {
            let (_, decoder) = model::checkpoint::load(io.input(name)?.directory()?)
                .with_context(|| format!("cannot read the model \"{name}\""))?;
            Ok(decoder.detached())
        });
        let decoders = decoders.collect::<anyhow::Result<Vec<Decoder>>>()?;
        let teacher = Teacher { careful: self.careful };
        let (by_rule, written): (Vec<Scripted<'_>>, Vec<Written<'_>>) = (
            vec![Scripted(&teacher), Scripted(&Perfect), Scripted(&Beginner)],
            decoders.iter().map(|decoder| Written { decoder, notation: &notation }).collect(),
        );
        let players: Vec<&dyn Contestant> = by_rule
            .iter()
            .map(|player| player as &dyn Contestant)
            .chain(written.iter().map(|player| player as &dyn Contestant))
            .collect();
        let names: Vec<&str> = OTHERS.into_iter().chain(self.models.iter().map(String::as_str)).collect();

        let rounds = self.rounds(&players, io)?;
        let mut sheet = Sheet::default();
        self.rate(&names, &rounds, io, &mut sheet)?;
        let (first, last) = (OTHERS.len(), players.len() - 1);
        let odds = Odds { teacher: players[TEACHER], before: players[first], after: players[last] };
        rare_moves(&rounds, last, &odds, 1.0 / f64::from(self.rare.max(1)), io, &mut sheet)?;
        sheet.finish(io, task)
    }
}

/// Games of two players.
struct Round {
    x: usize,
    o: usize,
    games: Vec<Game>,
}

impl Round {
    /// What `player` does in these games, if it plays.
    fn side(&self, player: usize) -> Option<Side> {
        match player {
            _ if player == self.x => Some(Side::X),
            _ if player == self.o => Some(Side::O),
            _ => None,
        }
    }
}

impl Tournament {
    /// Everybody against everybody, with either side.
    fn rounds(&self, players: &[&dyn Contestant], io: &Io) -> anyhow::Result<Vec<Round>> {
        let pairs = (0..players.len()).flat_map(|x| (0..players.len()).map(move |o| (x, o)));
        let pairs: Vec<(usize, usize)> = pairs.filter(|(x, o)| x != o).collect();
        io.progress().length(pairs.len() as u64);
        let mut rounds = vec![];
        for (x, o) in pairs {
            let seed = io.seed(&format!("round of {x} and {o}"));
            let games = play(players[x], players[o], self.games.div_ceil(2), seed)?;
            io.count("games", games.len() as u64);
            io.progress().advance(1);
            rounds.push(Round { x, o, games });
        }
        Ok(rounds)
    }

    /// `elo` with its interval, `score` by game, `lost_to_perfect` and `illegal` as shares, of each player.
    fn rate(&self, names: &[&str], rounds: &[Round], io: &Io, sheet: &mut Sheet) -> anyhow::Result<()> {
        let battle = |round: &Round, game: &Game| Battle {
            left: round.x,
            right: round.o,
            score: game.outcome.score(Side::X),
        };
        let battles: Vec<Battle> =
            rounds.iter().flat_map(|round| round.games.iter().map(move |game| battle(round, game))).collect();
        let bootstrap = Bootstrap { draws: self.draws, seed: io.seed("ratings") };
        let ratings = bootstrap.ratings(names.len(), &battles, TEACHER, BENCHMARK)?;
        for (player, (name, rating)) in names.iter().zip(ratings).enumerate() {
            let own = |with: Option<usize>| {
                let of =
                    rounds.iter().filter(move |round| with.is_none_or(|with| round.side(with).is_some()));
                of.filter_map(move |round| Some((round.side(player)?, &round.games)))
                    .flat_map(|(side, games)| games.iter().map(move |game| (side, game.outcome)))
                    .collect::<Vec<_>>()
            };
            sheet.between(BENCHMARK, name, "elo", (rating.value, rating.low, rating.high));
            let all = own(None);
            sheet.figure(BENCHMARK, name, "games", all.len() as f64);
            let points: f64 = all.iter().map(|(side, outcome)| outcome.score(*side)).sum();
            sheet.figure(BENCHMARK, name, "score", points / all.len() as f64);
            let illegal = all.iter().filter(|(side, outcome)| *outcome == Outcome::Illegal(*side)).count();
            sheet.share(BENCHMARK, name, "illegal", illegal as u64, all.len() as u64);
            if player != PERFECT {
                let met = own(Some(PERFECT));
                let lost = met.iter().filter(|(side, outcome)| outcome.score(*side) == 0.0).count();
                sheet.share(BENCHMARK, name, "lost_to_perfect", lost as u64, met.len() as u64);
                if player >= OTHERS.len() {
                    io.metric(&format!("elo_{name}"), rating.value);
                    io.metric(&format!("lost_to_perfect_{name}"), lost as f64 / met.len() as f64);
                }
            }
        }
        Ok(())
    }
}

/// Whose odds of a move are compared.
struct Odds<'a> {
    teacher: &'a dyn Contestant,
    before: &'a dyn Contestant,
    after: &'a dyn Contestant,
}

/// Moves that the last model makes more often than not, and the teacher less often than `rare`. Those come first that are
/// most better than what the teacher would have played, and of these the most frequent.
fn rare_moves(
    rounds: &[Round],
    player: usize,
    odds: &Odds<'_>,
    rare: f64,
    io: &Io,
    sheet: &mut Sheet,
) -> anyhow::Result<()> {
    let mut made = BTreeMap::<Vec<usize>, u64>::new();
    for round in rounds {
        let Some(side) = round.side(player) else { continue };
        let own = usize::from(side == Side::O);
        for game in &round.games {
            for ply in (own..game.moves.len()).step_by(2) {
                *made.entry(game.moves[..=ply].to_vec()).or_default() += 1;
            }
        }
    }
    let mut found = vec![];
    for (moves, count) in made {
        let Some((&square, before)) = moves.split_last() else { continue };
        let odds_of = |of: &dyn Contestant| Ok::<[f64; 10], anyhow::Error>(of.odds(&[before])?[0]);
        let taught = odds_of(odds.teacher)?;
        if taught[square] >= rare {
            continue;
        }
        let chances = [taught[square], odds_of(odds.before)?[square], odds_of(odds.after)?[square]];
        if chances[2] > 0.5 {
            let usual = (0..9).max_by(|a, b| taught[*a].total_cmp(&taught[*b])).unwrap_or(square);
            found.push(Rare { count, before: before.to_vec(), square, usual, chances });
        }
    }
    io.count("rare_moves", found.iter().map(|rare| rare.count).sum());
    found.sort_by(|a, b| (b.gain(), b.count).cmp(&(a.gain(), a.count)).then_with(|| a.before.cmp(&b.before)));
    found.iter().take(TOLD).for_each(|rare| rare.tell(sheet));
    Ok(())
}

/// A move that the teacher hardly makes.
struct Rare {
    /// How often the last model made it.
    count: u64,
    before: Vec<usize>,
    square: usize,
    /// What the teacher would have played.
    usual: usize,
    /// By the teacher, the first model and the last.
    chances: [f64; 3],
}

impl Rare {
    /// What the side that moves gets after `square` where both play their best: 1 won, 0 drawn, -1 lost.
    fn worth(&self, square: usize) -> i32 {
        let board = board(&self.before);
        let after = board.with(square, board.turn());
        -after.value()
    }

    /// How much better it is than that.
    fn gain(&self) -> i32 {
        self.worth(self.square) - self.worth(self.usual)
    }

    fn tell(&self, sheet: &mut Sheet) {
        let item = format!("{}: {}", told(&self.before), self.square + 1);
        let [teacher, before, after] = self.chances;
        for (metric, value) in [
            ("made", self.count as f64),
            ("teacher", teacher),
            ("before", before),
            ("after", after),
            ("worth", f64::from(self.worth(self.square))),
            ("usual", (self.usual + 1) as f64),
            ("usual_worth", f64::from(self.worth(self.usual))),
        ] {
            sheet.figure(RARE, &item, metric, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use pipeline::Stage;

    use super::Tournament;

    #[test]
    fn players_of_one_name_are_refused() {
        let refused = |models: &[&str]| {
            let models = models.iter().map(|name| (*name).to_owned()).collect();
            Tournament { models, ..Tournament::default() }.check().is_err()
        };
        assert!(refused(&[]) && refused(&["a", "a"]) && refused(&["teacher"]) && refused(&["tokenizer"]));
        assert!(!refused(&["a", "b"]) && Tournament::default().check().is_ok());
    }
}
