//! The arena: who is preferred to whom, by each judge, and battles to look at.

mod battles;

use serde::Serialize;

use super::axis::Axis;
use super::chart::{Chart, legend};
use super::plot::{self, Colour, Plot, Shape, Spread};
use super::run::Stage;
use super::scores::{self, Figure, Sheet};
use super::text;
use battles::Battle;

/// The benchmarks that are shown here.
pub(super) const BENCHMARKS: [&str; 2] = [ARENA, SIDES];
const ARENA: &str = "arena";
const SIDES: &str = "arena-sides";

/// What one arena found.
#[derive(Serialize)]
pub(super) struct Arena {
    stage: String,
    /// By judge, the most busy one first.
    boards: Vec<Board>,
    /// Battles between models that are far apart.
    battles: Vec<Battle>,
}

/// The leaderboard by one judge.
#[derive(Serialize)]
struct Board {
    judge: String,
    chart: Chart,
    /// The best first.
    standings: Vec<Standing>,
}

/// Where one model stands.
#[derive(Serialize)]
struct Standing {
    name: String,
    rating: Figure,
    elo: f64,
    games: u64,
    wins: u64,
    ties: u64,
    losses: u64,
    /// Its place in the order of training.
    #[serde(skip)]
    trained: u64,
}

pub(super) fn of(stage: &Stage) -> anyhow::Result<Option<Arena>> {
    let sheets = scores::of(stage)?.unwrap_or_default();
    let mut boards = vec![];
    for sheet in &sheets {
        for judge in judges(sheet) {
            let mut standings = standings(sheet, &judge);
            standings.sort_by(|a, b| {
                b.rating.value.total_cmp(&a.rating.value).then_with(|| a.trained.cmp(&b.trained))
            });
            let left = sheet.items(SIDES).find(|(name, _)| *name == judge);
            let left = left.and_then(|(_, item)| item.figure("left"));
            boards.push(Board { chart: chart(&standings, left)?, judge: text::line(&judge, 40), standings });
        }
    }
    let games = |board: &Board| board.standings.iter().map(|standing| standing.games).sum::<u64>();
    boards.sort_by_key(|board| std::cmp::Reverse(games(board)));
    let Some(first) = boards.first() else { return Ok(None) };
    let battles = battles::of(stage, &first.judge, &first.standings)?;
    Ok(Some(Arena { stage: stage.name().to_owned(), boards, battles }))
}

/// `JUDGE: MODEL` in two.
fn split(item: &str) -> Option<(&str, &str)> {
    item.split_once(": ")
}

fn judges(sheet: &Sheet) -> Vec<String> {
    let mut judges: Vec<String> =
        sheet.items(ARENA).filter_map(|(item, _)| Some(split(item)?.0.to_owned())).collect();
    judges.dedup();
    judges
}

fn standings(sheet: &Sheet, judge: &str) -> Vec<Standing> {
    let standing = |(name, item): (&str, &scores::Item)| {
        let (by, name) = split(name)?;
        (by == judge).then_some(Standing {
            name: text::line(name, 24),
            rating: item.figure("rating")?,
            elo: item.value("elo")?,
            games: item.count("games"),
            wins: item.count("wins"),
            ties: item.count("ties"),
            losses: item.count("losses"),
            trained: item.count("trained"),
        })
    };
    sheet.items(ARENA).filter_map(standing).collect()
}

fn chart(standings: &[Standing], left: Option<Figure>) -> anyhow::Result<Chart> {
    let spread = |(at, of): (usize, &Standing)| {
        let at = at as f64;
        Spread { at: (of.rating.value, at), ends: of.rating.ends().map(|end| (end, at)) }
    };
    let spreads: Vec<Spread> = standings.iter().enumerate().map(spread).collect();
    let title = "Who is preferred";
    let ends = standings.iter().flat_map(|of| of.rating.ends()).chain([0.0]);
    let svg = plot::svg(&Plot {
        title,
        x: Axis::over("rating", ends).with_room(),
        y: Axis::of_names(standings.iter().map(|of| of.name.as_str())),
        layers: &[(Colour::First, Shape::Spreads(&spreads))],
        height: 90 + 34 * standings.len() as u32,
    })?;
    Ok(Chart {
        title: title.to_owned(),
        unit: "Elo points, with their intervals".to_owned(),
        svg,
        spark: None,
        caption: caption(standings, left),
        legend: legend(&[("a model", "dot key-a")]),
    })
}

/// Who stands above whom, how surely, and whether the judge likes a side.
fn caption(standings: &[Standing], left: Option<Figure>) -> String {
    let above = |pair: &[Standing]| {
        let [high, low] = pair else { return String::new() };
        let sure = high.rating.ends()[0] > low.rating.ends()[1];
        let sure = if sure { "and the intervals do not overlap" } else { "which may be chance" };
        let points = high.rating.value - low.rating.value;
        format!("{} stands {points:.0} points above {}, {sure}.", high.name, low.name)
    };
    let mut said: Vec<String> = standings.windows(2).map(above).collect();
    if let Some(left) = left {
        let even = (left.ends()[0]..=left.ends()[1]).contains(&0.5);
        let bias = if even { "as good as half" } else { "so the judge likes a side" };
        said.push(format!(
            "The left side took {:.1} % of the battles that were won, {bias}.",
            left.value * 100.0
        ));
    }
    said.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_who_stands_above_whom_and_how_surely() {
        let standing = |name: &str, value: f64| Standing {
            name: name.to_owned(),
            rating: Figure { value, low: Some(value - 9.0), high: Some(value + 9.0) },
            elo: value,
            games: 2,
            wins: 1,
            ties: 0,
            losses: 1,
            trained: 0,
        };
        let board = [standing("reinforced", 120.0), standing("chat", 60.0), standing("base", 50.0)];
        let figure = |value| Some(Figure { value, low: Some(value - 0.02), high: Some(value + 0.02) });
        let said = caption(&board, figure(0.51));
        assert!(said.contains("reinforced stands 60 points above chat, and the intervals do not"), "{said}");
        assert!(said.contains("chat stands 10 points above base, which may be chance"), "{said}");
        assert!(said.contains("51.0 % of the battles that were won, as good as half"), "{said}");
        assert!(caption(&board, figure(0.6)).contains("likes a side"));
    }
}
