//! A tournament: who is how strong, by the games between all of them.

use super::super::axis::Axis;
use super::super::chart::{Chart, legend};
use super::super::plot::{self, Colour, Plot, Shape, Spread};
use super::super::scores::{Figure, Sheet};
use super::super::text;
use super::{Lesson, checkpoint, named};

/// The benchmark that lets them play.
pub(super) const BENCHMARK: &str = "tournament";
/// Whose strength is 0.
const TEACHER: &str = "teacher";

/// Somebody who played.
struct Player {
    name: String,
    elo: Figure,
    games: u64,
    score: f64,
    lost: Option<Figure>,
    illegal: f64,
}

pub(super) fn of(sheet: &Sheet) -> anyhow::Result<Option<Lesson>> {
    let mut players: Vec<Player> = sheet
        .items(BENCHMARK)
        .filter_map(|(name, item)| {
            Some(Player {
                name: text::line(name, 24),
                elo: item.figure("elo")?,
                games: item.count("games"),
                score: item.value("score")?,
                lost: item.figure("lost_to_perfect"),
                illegal: item.value("illegal")?,
            })
        })
        .collect();
    if players.is_empty() {
        return Ok(None);
    }
    players.sort_by(|a, b| b.elo.value.total_cmp(&a.elo.value));
    let row = |of: &Player| {
        let lost = of.lost.map_or_else(|| "–".to_owned(), |lost| lost.with_interval(3));
        vec![
            of.name.clone(),
            of.elo.with_interval(0),
            of.games.to_string(),
            format!("{:.3}", of.score),
            lost,
            format!("{:.3}", of.illegal),
        ]
    };
    Ok(Some(Lesson {
        title: "Who is how strong",
        lead: "Everybody played against everybody, every second game with either side; a model's moves were drawn as likely \
               as it finds them, and who wrote what is no move had lost. Ratings are the likeliest strengths in the model of \
               Bradley and Terry (1952), in Elo points above or below the teacher.",
        checkpoint: checkpoint(sheet),
        chart: chart(&players)?,
        columns: named(&["player", "Elo", "games", "points a game", "lost to the perfect", "no moves"]),
        rows: players.iter().map(row).collect(),
    }))
}

fn chart(players: &[Player]) -> anyhow::Result<Chart> {
    let spread = |(at, of): (usize, &Player)| {
        let at = at as f64;
        Spread { at: (of.elo.value, at), ends: of.elo.ends().map(|end| (end, at)) }
    };
    let spreads: Vec<Spread> = players.iter().enumerate().map(spread).collect();
    let title = "Strength of all players";
    let ends = players.iter().flat_map(|of| of.elo.ends()).chain([0.0]);
    let y = Axis::of_names(players.iter().map(|of| of.name.as_str()));
    let teacher = [(0.0, y.low), (0.0, y.high)];
    let layers = [(Colour::Ink, Shape::Dashed(&teacher[..])), (Colour::First, Shape::Spreads(&spreads))];
    let x = Axis::over("Elo", ends).with_room();
    let svg = plot::svg(&Plot { title, x, y, layers: &layers, height: 90 + 34 * players.len() as u32 })?;
    Ok(Chart {
        title: title.to_owned(),
        unit: "Elo points, with their intervals".to_owned(),
        svg,
        spark: None,
        caption: caption(players),
        legend: legend(&[("a player", "dot key-a"), ("the teacher", "key-guide")]),
    })
}

fn caption(players: &[Player]) -> String {
    let said = |of: &Player| {
        let [low, high] = of.elo.ends();
        let where_to = match (low > 0.0, high < 0.0) {
            (true, _) => format!("{:.0} points above the teacher", of.elo.value),
            (_, true) => format!("{:.0} points below the teacher", -of.elo.value),
            _ => "as strong as the teacher, as far as one can tell".to_owned(),
        };
        let lost = of.lost.map_or_else(
            || "never meets itself".to_owned(),
            |lost| format!("loses {:.1} % of its games to the perfect player", lost.value * 100.0),
        );
        format!("{} is {where_to} and {lost}.", of.name)
    };
    players.iter().filter(|of| of.name != TEACHER).map(said).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_who_passed_the_teacher() {
        let player = |name: &str, elo: f64, lost| Player {
            name: name.to_owned(),
            elo: Figure { value: elo, low: Some(elo - 9.0), high: Some(elo + 9.0) },
            games: 100,
            score: 0.5,
            lost: Some(Figure { value: lost, low: None, high: None }),
            illegal: 0.0,
        };
        let said = caption(&[
            player("learned", 120.0, 0.02),
            player("teacher", 0.0, 0.4),
            player("imitation", -30.0, 0.5),
        ]);
        assert!(
            said.contains("learned is 120 points above the teacher and loses 2.0 % of its games"),
            "{said}"
        );
        assert!(said.contains("imitation is 30 points below the teacher"), "{said}");
        assert!(caption(&[player("a", 5.0, 0.1)]).contains("as far as one can tell"));
    }
}
