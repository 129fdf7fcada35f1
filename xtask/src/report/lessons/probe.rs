//! A probe: how much of what conversations ask a base model knows, by their source.

use super::super::axis::Axis;
use super::super::chart::{Chart, legend};
use super::super::plot::{self, Colour, Plot, Shape, Spread};
use super::super::scores::{Figure, Sheet};
use super::super::text;
use super::{Lesson, checkpoint, named};

/// The benchmark that asks.
pub(super) const BENCHMARK: &str = "probe";

/// Conversations of one source.
struct Source {
    name: String,
    questions: u64,
    known: Figure,
    unsure: f64,
    unknown: f64,
}

pub(super) fn of(sheet: &Sheet) -> anyhow::Result<Option<Lesson>> {
    let sources: Vec<Source> = sheet
        .items(BENCHMARK)
        .filter_map(|(name, item)| {
            Some(Source {
                name: text::line(name, 40),
                questions: item.count("questions"),
                known: item.figure("known")?,
                unsure: item.value("unsure")?,
                unknown: item.value("unknown")?,
            })
        })
        .collect();
    if sources.is_empty() {
        return Ok(None);
    }
    let row = |of: &Source| {
        vec![
            of.name.clone(),
            of.questions.to_string(),
            of.known.with_interval(3),
            format!("{:.3}", of.unsure),
            format!("{:.3}", of.unknown),
        ]
    };
    Ok(Some(Lesson {
        title: "What the base model knows",
        lead: "Each question was asked several times, as a text that ends before the answer. Where the base model is \
               right nearly always, the conversation keeps its answer; where it is hardly ever right, the answer became \
               a refusal; what lies between was left out (Grattafiori et al. 2024, arXiv 2407.21783, section 4.3.6).",
        checkpoint: checkpoint(sheet),
        chart: chart(&sources)?,
        columns: named(&["source", "questions", "known", "unsure", "not known"]),
        rows: sources.iter().map(row).collect(),
    }))
}

fn chart(sources: &[Source]) -> anyhow::Result<Chart> {
    let spread = |(at, of): (usize, &Source)| {
        let at = at as f64;
        Spread { at: (of.known.value, at), ends: of.known.ends().map(|end| (end.clamp(0.0, 1.0), at)) }
    };
    let spreads: Vec<Spread> = sources.iter().enumerate().map(spread).collect();
    let title = "Questions that the base model knows";
    let svg = plot::svg(&Plot {
        title,
        x: Axis::between("share known", -0.03, 1.03),
        y: Axis::of_names(sources.iter().map(|of| of.name.as_str())),
        layers: &[(Colour::First, Shape::Spreads(&spreads))],
        height: 90 + 34 * sources.len() as u32,
    })?;
    Ok(Chart {
        title: title.to_owned(),
        unit: "share of questions, with its interval".to_owned(),
        svg,
        spark: None,
        caption: caption(sources),
        legend: legend(&[]),
    })
}

fn caption(sources: &[Source]) -> String {
    let by = |a: &&Source, b: &&Source| a.known.value.total_cmp(&b.known.value);
    let (Some(most), Some(least)) = (sources.iter().max_by(by), sources.iter().min_by(by)) else {
        return String::new();
    };
    let known = |of: &Source| format!("{:.1} % of {}", of.known.value * 100.0, of.name);
    let questions: u64 = sources.iter().map(|of| of.questions).sum();
    let refused: f64 = sources.iter().map(|of| of.unknown * of.questions as f64).sum();
    format!(
        "The base model knows {} and {}. Of {questions} conversations {refused:.0} became refusals: the model is taught to \
         refuse what it would have got wrong, and nothing else.",
        known(most),
        known(least)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_counted() {
        let source = |name: &str, known, unknown| Source {
            name: name.to_owned(),
            questions: 200,
            known: Figure { value: known, low: None, high: None },
            unsure: 1.0 - known - unknown,
            unknown,
        };
        let said = caption(&[source("often", 0.9, 0.05), source("never", 0.0, 1.0)]);
        assert!(
            said.contains("knows 90.0 % of often and 0.0 % of never. Of 400 conversations 210"),
            "{said}"
        );
    }
}
