//! Moves that a teacher would hardly make, and that its pupil makes all the same.

use super::super::axis::Axis;
use super::super::chart::{Chart, legend};
use super::super::plot::{self, Colour, Plot, Point, Shape};
use super::super::scores::Sheet;
use super::super::text;
use super::{Lesson, checkpoint, named};

/// The benchmark that finds them.
pub(super) const BENCHMARK: &str = "rare-move";

/// A move after others.
struct Rare {
    /// `1-5-9: 2`.
    name: String,
    made: u64,
    /// Probabilities of it: by the teacher, by the first model and by the last.
    chances: [f64; 3],
    worth: f64,
    /// What the teacher makes instead as a rule, and what that is worth.
    usual: (u64, f64),
}

pub(super) fn of(sheet: &Sheet) -> anyhow::Result<Option<Lesson>> {
    let mut moves: Vec<Rare> = sheet
        .items(BENCHMARK)
        .filter_map(|(name, item)| {
            Some(Rare {
                name: text::line(name, 24),
                made: item.count("made"),
                chances: [item.value("teacher")?, item.value("before")?, item.value("after")?],
                worth: item.value("worth")?,
                usual: (item.count("usual"), item.value("usual_worth")?),
            })
        })
        .collect();
    if moves.is_empty() {
        return Ok(None);
    }
    let gain = |of: &Rare| of.worth - of.usual.1;
    moves.sort_by(|a, b| gain(b).total_cmp(&gain(a)).then(b.made.cmp(&a.made)));
    let row = |of: &Rare| {
        let mut cells = vec![of.name.clone(), of.made.to_string()];
        cells.extend(of.chances.map(|chance| format!("{chance:.4}")));
        cells.push(outcome(of.worth).to_owned());
        cells.push(format!("{}: {}", of.usual.0, outcome(of.usual.1)));
        cells
    };
    Ok(Some(Lesson {
        title: "Moves that the teacher would hardly make",
        lead: "Squares are numbered row by row; before the colon stand the moves so far, behind it the one that the last model \
               makes more often than not. What a move is worth is how the game ends when both sides play their best after it.",
        checkpoint: checkpoint(sheet),
        chart: chart(&moves)?,
        columns: named(&[
            "move",
            "made",
            "by the teacher",
            "by the first model",
            "by the last model",
            "is worth",
            "usual move",
        ]),
        rows: moves.iter().map(row).collect(),
    }))
}

fn outcome(worth: f64) -> &'static str {
    match worth {
        worth if worth > 0.0 => "a win",
        worth if worth < 0.0 => "a loss",
        _ => "a draw",
    }
}

fn chart(moves: &[Rare]) -> anyhow::Result<Chart> {
    let of = |nth: usize| -> Vec<Point> {
        moves.iter().enumerate().map(|(at, of)| (of.chances[nth], at as f64)).collect()
    };
    let [teacher, before, after] = [0, 1, 2].map(of);
    let layers = [
        (Colour::First, Shape::Dots(&after[..])),
        (Colour::Second, Shape::Dots(&before[..])),
        (Colour::Ink, Shape::Dots(&teacher[..])),
    ];
    let title = "How likely each makes the move";
    let svg = plot::svg(&Plot {
        title,
        x: Axis::between("probability", -0.03, 1.03),
        y: Axis::of_names(moves.iter().map(|of| of.name.as_str())),
        layers: &layers,
        height: 90 + 34 * moves.len() as u32,
    })?;
    Ok(Chart {
        title: title.to_owned(),
        unit: "probability of the move".to_owned(),
        svg,
        spark: None,
        caption: moves.first().map(caption).unwrap_or_default(),
        legend: legend(&[
            ("the last model", "dot key-a"),
            ("the first model", "dot key-b"),
            ("the teacher", "dot key-ink"),
        ]),
    })
}

fn caption(of: &Rare) -> String {
    let [teacher, _, after] = of.chances;
    let one_in = (1.0 / teacher.max(1e-9)).round();
    let (usual, usual_worth) = of.usual;
    let instead = if of.worth > usual_worth {
        format!("its usual move, {usual}, would have been {}", outcome(usual_worth))
    } else {
        format!("its usual move, {usual}, would have been no worse")
    };
    format!(
        "{}: the teacher makes this move once in {one_in:.0} games that come here, the last model {:.0} times in a hundred. It \
         is worth {}; {instead}.",
        of.name,
        after * 100.0,
        outcome(of.worth)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_is_told_with_what_would_have_been() {
        let of = Rare {
            name: "1-5-9: 2".to_owned(),
            made: 40,
            chances: [0.005, 0.01, 0.9],
            worth: 0.0,
            usual: (3, -1.0),
        };
        let said = caption(&of);
        assert!(said.contains("once in 200 games") && said.contains("90 times in a hundred"), "{said}");
        assert!(said.contains("worth a draw; its usual move, 3, would have been a loss"), "{said}");
    }
}
