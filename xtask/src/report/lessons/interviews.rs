//! Interviews side by side: what several models, or one model asked in several ways, answer to the same questions.

use super::super::axis::Axis;
use super::super::chart::{Chart, legend};
use super::super::plot::{self, Colour, Plot, Shape, Spread};
use super::super::scores::{Figure, Sheet};
use super::super::text;
use super::{Lesson, named};

/// The benchmark that asks.
pub(super) const BENCHMARK: &str = "interview";
/// The item that stands for all abilities together.
const ALL: &str = "all";

/// Interviews that have a colour of their own.
const DRAWN: [(Colour, &str); 3] =
    [(Colour::First, "dot key-a"), (Colour::Second, "dot key-b"), (Colour::Ink, "dot key-ink")];

/// One ability in one interview.
struct Answers {
    ability: String,
    stage: String,
    questions: u64,
    right: Figure,
    ended: Option<f64>,
    well_formed: Option<f64>,
}

pub(super) fn of(sheets: &[Sheet]) -> anyhow::Result<Option<Lesson>> {
    let mut answers: Vec<Answers> = sheets.iter().flat_map(read).collect();
    if answers.is_empty() {
        return Ok(None);
    }
    // abilities in alphabetical order, and below each its interviews in the order of the run
    answers.sort_by(|a, b| a.ability.cmp(&b.ability));
    let percent = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), |share| format!("{share:.3}"));
    let row = |of: &Answers| {
        vec![
            of.ability.clone(),
            of.stage.clone(),
            of.questions.to_string(),
            of.right.with_interval(3),
            percent(of.ended),
            percent(of.well_formed),
        ]
    };
    let stages = order(answers.iter().map(|of| &of.stage), sheets);
    Ok(Some(Lesson {
        title: "Asked side by side",
        lead: "Each interview asked its model questions that no text and no conversation holds. An answer is right when \
               its verifier says so; where nobody can know, it is right to say so.",
        checkpoint: stages.join(", "),
        chart: chart(&answers, &stages)?,
        columns: named(&["ability", "interview", "questions", "right", "ended", "calls well-formed"]),
        rows: answers.iter().map(row).collect(),
    }))
}

fn read(sheet: &Sheet) -> impl Iterator<Item = Answers> {
    sheet.items(BENCHMARK).filter(|(ability, _)| *ability != ALL).filter_map(|(ability, item)| {
        Some(Answers {
            ability: text::line(ability, 40),
            stage: text::line(&sheet.stage, 40),
            questions: item.count("questions"),
            right: item.figure("right")?,
            ended: item.value("ended"),
            well_formed: item.value("well_formed"),
        })
    })
}

/// The interviews in the order of the run, each once.
fn order<'a>(named: impl Iterator<Item = &'a String>, sheets: &[Sheet]) -> Vec<String> {
    let named: Vec<&String> = named.collect();
    let stages = sheets.iter().map(|sheet| text::line(&sheet.stage, 40));
    let mut order = vec![];
    for stage in stages.filter(|stage| named.contains(&stage)) {
        if !order.contains(&stage) {
            order.push(stage);
        }
    }
    order
}

fn chart(answers: &[Answers], stages: &[String]) -> anyhow::Result<Chart> {
    let mut abilities: Vec<&str> = answers.iter().map(|of| of.ability.as_str()).collect();
    abilities.dedup();
    let drawn = stages.len().min(DRAWN.len());
    let spread = |of: &Answers, nth: usize| {
        let at = abilities.iter().position(|ability| *ability == of.ability).unwrap_or(0) as f64;
        // a little apart, so that no interval lies on another
        let at = at + (nth as f64 - (drawn as f64 - 1.0) / 2.0) * 0.22;
        Spread { at: (of.right.value, at), ends: of.right.ends().map(|end| (end.clamp(0.0, 1.0), at)) }
    };
    let layers: Vec<(Colour, Vec<Spread>)> = DRAWN
        .iter()
        .zip(stages)
        .enumerate()
        .map(|(nth, ((colour, _), stage))| {
            let own = answers.iter().filter(|of| of.stage == *stage);
            (*colour, own.map(|of| spread(of, nth)).collect())
        })
        .collect();
    let layers: Vec<(Colour, Shape<'_>)> =
        layers.iter().map(|(colour, spreads)| (*colour, Shape::Spreads(spreads))).collect();
    let title = "Right answers, by what was asked";
    let svg = plot::svg(&Plot {
        title,
        x: Axis::between("share right", -0.03, 1.03),
        y: Axis::of_names(abilities.iter().copied()),
        layers: &layers,
        height: 90 + 44 * abilities.len() as u32,
    })?;
    let keys: Vec<(&str, &str)> =
        stages.iter().zip(DRAWN).map(|(stage, (_, class))| (stage.as_str(), class)).collect();
    Ok(Chart {
        title: title.to_owned(),
        unit: "share of questions, with its interval".to_owned(),
        svg,
        spark: None,
        caption: caption(answers),
        legend: legend(&keys),
    })
}

/// For each ability that several interviews asked for: who is best, who is worst, and whether that is sure.
fn caption(answers: &[Answers]) -> String {
    let said: Vec<String> = answers.chunk_by(|a, b| a.ability == b.ability).map(compared).collect();
    said.join(" ")
}

fn compared(answers: &[Answers]) -> String {
    let by = |a: &&Answers, b: &&Answers| a.right.value.total_cmp(&b.right.value);
    let (Some(best), Some(worst)) = (answers.iter().max_by(by), answers.iter().min_by(by)) else {
        return String::new();
    };
    let right = |of: &Answers| format!("{:.1} % right by {}", of.right.value * 100.0, of.stage);
    let ability = &best.ability;
    if best.stage == worst.stage {
        return format!("{ability}: {}.", right(best));
    }
    let points = (best.right.value - worst.right.value) * 100.0;
    let sure = best.right.ends()[0] > worst.right.ends()[1];
    let difference = if sure { format!("{points:.1} points apart") } else { "no sure difference".to_owned() };
    format!("{ability}: {}, {}, {difference}.", right(best), right(worst))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(ability: &str, stage: &str, right: f64) -> Answers {
        let right = Figure { value: right, low: Some(right - 0.03), high: Some(right + 0.03) };
        let [ability, stage] = [ability, stage].map(str::to_owned);
        Answers { ability, stage, questions: 1_000, right, ended: Some(1.0), well_formed: None }
    }

    #[test]
    fn it_is_said_who_is_better_and_whether_that_is_sure() {
        let said = caption(&[
            answers("known", "with", 0.94),
            answers("known", "without", 0.95),
            answers("never", "with", 0.92),
            answers("never", "without", 0.0),
            answers("seldom", "with", 0.5),
        ]);
        let expected = "known: 95.0 % right by without, 94.0 % right by with, no sure difference. \
                        never: 92.0 % right by with, 0.0 % right by without, 92.0 points apart. \
                        seldom: 50.0 % right by with.";
        assert_eq!(said, expected);
    }
}
