//! In-context learning: how often a model is right, by how often its prompt showed the answer.

use super::super::axis::Axis;
use super::super::chart::{Chart, legend};
use super::super::plot::{self, Colour, HEIGHT, Plot, Point, Shape};
use super::super::scores::Sheet;
use super::{Class, Lesson, axis, checkpoint, level, named, places, spreads};

/// The benchmark that asks.
pub(super) const BENCHMARK: &str = "in-context";

/// A class, and what others would have right.
struct Shots {
    class: Class,
    /// Who answers what the prompt says most often.
    counting: f64,
    /// Who has not read the prompt.
    chance: f64,
}

pub(super) fn of(sheet: &Sheet) -> anyhow::Result<Option<Lesson>> {
    let mut shots: Vec<Shots> = sheet
        .items(BENCHMARK)
        .filter_map(|(name, item)| {
            let told = name.parse().ok().filter(|told| (0.0..1e9).contains(told))?;
            let class = Class { told, questions: item.count("facts"), right: item.figure("right")? };
            Some(Shots { class, counting: item.value("counting")?, chance: item.value("chance")? })
        })
        .collect();
    if shots.is_empty() {
        return Ok(None);
    }
    shots.sort_by(|a, b| a.class.told.total_cmp(&b.class.told));
    let row = |shots: &Shots| {
        let [counting, chance] = [shots.counting, shots.chance].map(|share| format!("{share:.3}"));
        vec![shots.class.told(), shots.class.questions.to_string(), shots.class.right(), counting, chance]
    };
    let rows = shots.iter().map(row).collect();
    let said = caption(&shots);
    Ok(Some(Lesson {
        title: "Learning from the prompt",
        lead: "Each text pairs names with colours anew, so no colour can be known by heart. The model was given lines \
               of a text that it never read, then a name, and had to say the colour.",
        checkpoint: checkpoint(sheet),
        chart: chart(shots, said)?,
        columns: named(&["lines that show the name", "questions", "right", "by counting", "by guessing"]),
        rows,
    }))
}

fn chart(shots: Vec<Shots>, caption: String) -> anyhow::Result<Chart> {
    let chance = shots.iter().map(|shots| shots.chance).sum::<f64>() / shots.len() as f64;
    let (classes, counting): (Vec<Class>, Vec<f64>) =
        shots.into_iter().map(|shots| (shots.class, shots.counting)).unzip();
    let counted: Vec<Point> = places(&classes).into_iter().zip(counting).collect();
    let x = axis("lines above that show the name", &classes);
    let (guessed, spreads) = (level(&x, chance), spreads(&classes));
    let title = "Right answers, by how often the prompt showed the name";
    let layers = [
        (Colour::Ink, Shape::Dashed(&guessed[..])),
        (Colour::Second, Shape::Line(&counted)),
        (Colour::First, Shape::Spreads(&spreads)),
    ];
    let y = Axis::between("share right", -0.03, 1.03);
    let svg = plot::svg(&Plot { title, x, y, layers: &layers, height: HEIGHT })?;
    let keys = [
        ("the model, with its interval", "dot key-a"),
        ("counting the lines above", "key-b"),
        ("guessing", "key-guide"),
    ];
    Ok(Chart {
        title: title.to_owned(),
        unit: "share of questions".to_owned(),
        svg,
        spark: None,
        caption,
        legend: legend(&keys),
    })
}

fn times(class: &Class) -> String {
    match class.told {
        0.0 => "never shown".to_owned(),
        1.0 => "shown once".to_owned(),
        _ => format!("shown {} times", class.told()),
    }
}

fn caption(shots: &[Shots]) -> String {
    let [first, last] = [&shots[0], &shots[shots.len() - 1]];
    let right = |of: &Shots| format!("{:.3} where the name was {}", of.class.right.value, times(&of.class));
    let mut said = vec![if last.class.right.ends()[0] > first.class.right.ends()[1] {
        format!(
            "The more often the prompt shows a name, the more answers are right: {}, {}.",
            right(first),
            right(last)
        )
    } else {
        format!("Showing a name more often does not surely help: {}, {}.", right(first), right(last))
    }];
    said.push(format!(
        "Guessing gives {:.3}; at the right end, counting what the lines above say gives {:.3}.",
        first.chance, last.counting
    ));
    match shots.iter().find(|shots| shots.class.right.ends()[0] > shots.chance) {
        None => said.push("Nowhere does the whole interval lie above guessing: it was not learned.".to_owned()),
        Some(shots) if shots.class.told == 0.0 => {
            said.push("Warning: names that were never shown are answered above chance, so the prompts give answers away.".to_owned());
        }
        Some(shots) => said.push(format!(
            "The whole interval lies above guessing from names {} on. The weights hold no colour of such a text: what \
             rises is learned while reading it.",
            times(&shots.class)
        )),
    }
    said.join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::super::scores::Figure;
    use super::*;

    fn shots(told: f64, right: f64) -> Shots {
        let right = Figure { value: right, low: Some(right - 0.05), high: Some(right + 0.05) };
        Shots { class: Class { told, questions: 9, right }, counting: 0.9, chance: 0.25 }
    }

    #[test]
    fn it_is_said_from_where_on_more_is_right_than_by_guessing() {
        let said = caption(&[shots(0.0, 0.27), shots(1.0, 0.29), shots(2.0, 0.6), shots(16.0, 0.97)]);
        assert!(
            said.contains("0.270 where the name was never shown, 0.970 where the name was shown 16 times"),
            "{said}"
        );
        assert!(
            said.contains("above guessing from names shown 2 times on") && !said.contains("Warning"),
            "{said}"
        );
        let said = caption(&[shots(0.0, 0.27), shots(8.0, 0.26)]);
        assert!(said.contains("does not surely help") && said.contains("was not learned"), "{said}");
        assert!(
            caption(&[shots(0.0, 0.4), shots(8.0, 0.9)]).contains("Warning: names that were never shown")
        );
    }
}
