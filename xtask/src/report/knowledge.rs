//! What a model knows: of facts that its texts told a known number of times, the share that it completes.

use serde::Serialize;

use super::axis::Axis;
use super::chart::{Chart, legend};
use super::plot::{self, Colour, HEIGHT, Plot, Point, Shape, Spread, number};
use super::scores::{Figure, Item, Sheet};
use super::text::{self, listed};

/// The benchmark that asks.
pub(super) const BENCHMARK: &str = "recall";

/// What one model knows.
#[derive(Serialize)]
pub(super) struct Knowledge {
    /// What was asked.
    checkpoint: String,
    /// The least told first.
    classes: Vec<Class>,
    /// Of what the facts say, the best known first.
    relations: Vec<Relation>,
    chart: Chart,
}

/// Facts that equally many pages tell.
#[derive(Serialize)]
struct Class {
    pages: String,
    facts: u64,
    /// How often training read such a fact, on average.
    read: f64,
    known: Figure,
    /// Share that guessing gives.
    chance: Option<f64>,
}

/// Facts that say the same of different subjects, of the class that was told most.
#[derive(Serialize)]
struct Relation {
    name: String,
    facts: u64,
    known: Figure,
}

pub(super) fn of(sheet: &Sheet) -> anyhow::Result<Option<Knowledge>> {
    let mut classes: Vec<Class> = sheet
        .items(BENCHMARK)
        .filter_map(|(pages, item)| {
            let read = item.value("read").or_else(|| pages.parse().ok())?;
            let known = item.figure("known")?;
            let (pages, facts) = (text::line(pages, 24), item.count("facts"));
            Some(Class { pages, facts, read, known, chance: item.value("chance") })
        })
        .filter(|class| class.read >= 0.0)
        .collect();
    if classes.is_empty() {
        return Ok(None);
    }
    classes.sort_by(|a, b| a.read.total_cmp(&b.read));
    let said = |(name, item): (&str, &Item)| {
        let class = item.value("read").is_some() || name.parse::<f64>().is_ok();
        let known = item.figure("known").filter(|_| !class)?;
        Some(Relation { name: text::line(name, 40), facts: item.count("facts"), known })
    };
    let mut relations: Vec<Relation> = sheet.items(BENCHMARK).filter_map(said).collect();
    relations.sort_by(|a, b| b.known.value.total_cmp(&a.known.value));
    let chart = chart(&classes)?;
    Ok(Some(Knowledge { checkpoint: text::line(&sheet.checkpoint, 60), classes, relations, chart }))
}

fn chart(classes: &[Class]) -> anyhow::Result<Chart> {
    // what was never read has no place on such a scale: it stands a step before the least read
    let least = classes.iter().map(|class| class.read).find(|read| *read > 0.0).unwrap_or(1.0);
    let place = |class: &Class| if class.read > 0.0 { class.read } else { least / 4.0 };
    let word =
        |class: &Class| if class.read > 0.0 { number(rounded(class.read)) } else { "never".to_owned() };
    let marks: Vec<(f64, String)> = classes.iter().map(|class| (place(class), word(class))).collect();
    let x = Axis::logarithmic("times that training read the fact", &marks);
    let spreads: Vec<Spread> = classes
        .iter()
        .map(|class| Spread {
            at: (place(class), class.known.value),
            ends: class.known.ends().map(|end| (place(class), end.clamp(0.0, 1.0))),
        })
        .collect();
    let mut guide: Vec<Point> =
        classes.iter().filter_map(|class| Some((place(class), class.chance?))).collect();
    if let [(_, first), .., (_, last)] | [(_, first @ last)] = guide[..] {
        guide.insert(0, (x.low, first));
        guide.push((x.high, last));
    }
    let most = guide.iter().map(|point| point.1).chain(spreads.iter().map(|spread| spread.ends[1].1));
    let most = most.fold(0.0, f64::max);
    let top = [0.25, 0.5].into_iter().find(|top| most <= *top).unwrap_or(1.0);
    let title = "Facts known, by how often they were read";
    let svg = plot::svg(&Plot {
        title,
        x,
        y: Axis::between("share known", -0.03 * top, 1.03 * top),
        layers: &[(Colour::Ink, Shape::Dashed(&guide)), (Colour::First, Shape::Spreads(&spreads))],
        height: HEIGHT,
    })?;
    let keys = [("known, with its interval", "dot key-a"), ("guessing", "key-guide")];
    Ok(Chart {
        title: title.to_owned(),
        unit: "share of facts asked".to_owned(),
        svg,
        spark: None,
        caption: caption(classes),
        legend: legend(if guide.is_empty() { &keys[..1] } else { &keys }),
    })
}

/// One digit after the point is enough for a mean count.
fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn above_chance(class: &Class) -> bool {
    class.chance.is_some_and(|chance| class.known.ends()[0] > chance)
}

fn caption(classes: &[Class]) -> String {
    let [first, last] = [&classes[0], &classes[classes.len() - 1]];
    let times = |class: &Class| match class.read {
        read if read > 0.0 => format!("read {} times", number(rounded(read))),
        _ => "never read".to_owned(),
    };
    let known = |class: &Class| format!("{:.3} of what was {}", class.known.value, times(class));
    let mut said = vec![if classes.len() == 1 {
        format!("Known is {}.", known(first))
    } else if last.known.ends()[0] > first.known.ends()[1] {
        format!("The more often told, the better known: {}, {}.", known(first), known(last))
    } else {
        format!("What was told more often is not surely known better: {}, {}.", known(first), known(last))
    }];
    let chances = || classes.iter().filter_map(|class| class.chance);
    if let (Some(least), Some(most)) = (chances().reduce(f64::min), chances().reduce(f64::max)) {
        said.push(match format!("{least:.3}") {
            one if one == format!("{most:.3}") => format!("Guessing gives {one}."),
            least => format!("Guessing gives {least} to {most:.3}."),
        });
    }
    let learned: Vec<String> = classes.iter().filter(|class| above_chance(class)).map(times).collect();
    match &learned[..] {
        [] if chances().next().is_none() => {}
        [] => said.push("No class lies above that with its whole interval.".to_owned()),
        learned => said.push(format!("Above that with its whole interval is what was {}.", listed(learned))),
    }
    for pair in classes.windows(2) {
        if pair[1].known.ends()[1] < pair[0].known.ends()[0] {
            said.push(format!(
                "Warning: what was {} is known less than what was {}, beyond both intervals.",
                times(&pair[1]),
                times(&pair[0])
            ));
        }
    }
    if classes.iter().any(|class| class.read == 0.0 && above_chance(class)) {
        said.push(
            "Warning: what was never read is known above chance, so the questions give answers away."
                .to_owned(),
        );
    }
    said.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(read: f64, known: f64) -> Class {
        let known = Figure { value: known, low: Some(known - 0.05), high: Some(known + 0.05) };
        Class { pages: String::new(), facts: 9, read, known, chance: Some(0.1) }
    }

    #[test]
    fn a_step_down_outside_its_interval_is_a_warning() {
        let rises = [class(0.0, 0.1), class(2.0, 0.2), class(8.0, 0.18), class(30.04, 0.9)];
        let said = caption(&rises);
        assert!(said.contains("0.100 of what was never read, 0.900 of what was read 30 times"), "{said}");
        assert!(
            said.contains("Above that with its whole interval is what was read 2 times, read 8 times and")
        );
        assert!(!said.contains("Warning"), "{said}");
        let falls = caption(&[class(2.0, 0.4), class(8.0, 0.2)]);
        assert!(
            falls.contains("not surely known better")
                && falls.contains("Warning: what was read 8 times is known less")
        );
        let leaks = [class(0.0, 0.4), class(8.0, 0.5)];
        assert!(caption(&leaks).contains("above chance"));
    }
}
