//! Memorisation: how much a model completes word for word, by how often it read it.

use super::super::axis::Axis;
use super::super::chart::{Chart, legend};
use super::super::plot::{self, Colour, HEIGHT, Plot, Shape};
use super::super::scores::Sheet;
use super::{Class, Lesson, axis, checkpoint, level, named, spreads};

/// The benchmark that asks.
pub(super) const BENCHMARK: &str = "memorisation";

pub(super) fn of(sheet: &Sheet) -> anyhow::Result<Option<Lesson>> {
    let mut classes: Vec<(f64, Class)> = sheet
        .items(BENCHMARK)
        .filter_map(|(name, item)| {
            let told = item.value("read").filter(|told| *told >= 0.0)?;
            let class = Class { told, questions: item.count("facts"), right: item.figure("right")? };
            Some((name.parse().ok()?, class))
        })
        .collect();
    if classes.is_empty() {
        return Ok(None);
    }
    classes.sort_by(|a, b| a.1.told.total_cmp(&b.1.told));
    let rows = classes
        .iter()
        .map(|(texts, class)| {
            vec![texts.to_string(), class.told(), class.questions.to_string(), class.right()]
        })
        .collect();
    let classes: Vec<Class> = classes.into_iter().map(|(_, class)| class).collect();
    Ok(Some(Lesson {
        title: "Learning by heart",
        lead: "Passages of words in no order stood in a known number of texts. The model was given the first half of \
               each; it counts when the likeliest continuation is the second half, word for word (Carlini et al. 2022, \
               arXiv 2202.07646).",
        checkpoint: checkpoint(sheet),
        chart: chart(&classes)?,
        columns: named(&["texts that are the passage", "read in training", "passages", "completed"]),
        rows,
    }))
}

/// What was never read, and so is there for comparison.
fn control(classes: &[Class]) -> Option<&Class> {
    classes.first().filter(|class| class.told == 0.0)
}

fn chart(classes: &[Class]) -> anyhow::Result<Chart> {
    let x = axis("times that training read the passage", classes);
    let guide = control(classes).map(|class| level(&x, class.right.value));
    let spreads = spreads(classes);
    let mut layers = vec![(Colour::First, Shape::Spreads(&spreads))];
    let mut keys = vec![("completed, with its interval", "dot key-a")];
    if let Some(guide) = &guide {
        layers.insert(0, (Colour::Ink, Shape::Dashed(guide)));
        keys.push(("passages that no text has", "key-guide"));
    }
    let title = "Passages completed, by how often they were read";
    let y = Axis::between("share completed", -0.03, 1.03);
    let svg = plot::svg(&Plot { title, x, y, layers: &layers, height: HEIGHT })?;
    Ok(Chart {
        title: title.to_owned(),
        unit: "share of passages".to_owned(),
        svg,
        spark: None,
        caption: caption(classes),
        legend: legend(&keys),
    })
}

fn caption(classes: &[Class]) -> String {
    let [first, last] = [&classes[0], &classes[classes.len() - 1]];
    let read = |class: &Class| match class.told {
        0.0 => "never read".to_owned(),
        1.0 => "read once".to_owned(),
        _ => format!("read {} times", class.told()),
    };
    let completed = |class: &Class| format!("{:.3} of passages {}", class.right.value, read(class));
    let mut said = vec![if last.right.ends()[0] > first.right.ends()[1] {
        format!(
            "What is read often is known by heart: completed are {}, {}.",
            completed(first),
            completed(last)
        )
    } else {
        format!(
            "Reading more often does not surely help: completed are {}, {}.",
            completed(first),
            completed(last)
        )
    }];
    said.push(match classes.iter().find(|class| class.right.value >= 0.5) {
        Some(class) => format!("The first class of which half is completed was {}.", read(class)),
        None => "Of no class half is completed.".to_owned(),
    });
    match control(classes) {
        Some(class) if class.right.value > 0.0 => said.push(
            "Warning: passages that no text has are completed too, so an end follows from its beginning."
                .to_owned(),
        ),
        Some(_) => {
            said.push("Of passages that no text has none is completed: an end can only be known.".to_owned());
        }
        None => {}
    }
    said.join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::super::scores::Figure;
    use super::*;

    fn class(told: f64, right: f64) -> Class {
        let right = Figure { value: right, low: Some(right - 0.05), high: Some(right + 0.05) };
        Class { told, questions: 9, right }
    }

    #[test]
    fn what_no_text_has_is_no_text_to_complete() {
        let said = caption(&[class(0.0, 0.0), class(1.0, 0.01), class(7.96, 0.5), class(30.0, 0.9)]);
        assert!(said.contains("0.000 of passages never read, 0.900 of passages read 30 times"), "{said}");
        assert!(said.contains("half is completed was read 8 times.") && !said.contains("Warning"), "{said}");
        assert!(caption(&[class(0.0, 0.1), class(1.0, 0.3)]).contains("Warning: passages that no text has"));
        let said = caption(&[class(1.0, 0.1), class(2.0, 0.1)]);
        assert!(said.contains("does not surely help") && said.contains("Of no class half"), "{said}");
    }
}
