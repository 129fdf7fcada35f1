//! What models wrote, unedited: step by step where they were asked more than once.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use serde::Serialize;

use super::run::Stage;
use super::text::beginning;

/// Texts shown of the last step, the first ones.
const SHOWN: usize = 24;
/// Steps shown: the first, the last, and some between at equal distances.
const STEPS: usize = 6;
/// Texts shown of each earlier step: the first one of each prompt.
const EARLIER: usize = 4;
/// Rows that are looked at.
const ROWS: u64 = 20_000;

/// The texts of one stage.
#[derive(Serialize)]
pub(super) struct Samples {
    stage: String,
    rows: u64,
    /// Ascending.
    steps: Vec<Step>,
}

/// What a model wrote after so many steps.
#[derive(Serialize)]
struct Step {
    step: i64,
    texts: Vec<Sample>,
}

/// One continuation of a prompt.
#[derive(Serialize)]
struct Sample {
    prompt: String,
    text: String,
    tokens: i64,
    ended_by: String,
}

pub(super) fn of(stage: &Stage) -> anyhow::Result<Option<Samples>> {
    let mut steps: BTreeMap<i64, Vec<Sample>> = BTreeMap::new();
    let mut seen = 0;
    stage.rows::<shard::Samples>(|row| {
        let texts = steps.entry(row.step).or_default();
        if texts.len() < SHOWN {
            texts.push(Sample {
                prompt: beginning(row.prompt, 4_000, 80),
                text: beginning(row.text, 4_000, 80),
                tokens: row.tokens,
                ended_by: beginning(row.ended_by, 40, 1),
            });
        }
        seen += 1;
        if seen < ROWS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    let rows = stage.shards::<shard::Samples>().iter().map(|(_, rows)| rows).sum();
    let steps = chosen(steps);
    Ok((!steps.is_empty()).then(|| Samples { stage: stage.name().to_owned(), rows, steps }))
}

/// All texts of the last step, and one of each prompt of some steps before it.
fn chosen(steps: BTreeMap<i64, Vec<Sample>>) -> Vec<Step> {
    let all = steps.len();
    let shown: BTreeSet<usize> = match all {
        0..=STEPS => (0..all).collect(),
        _ => (0..STEPS).map(|which| which * (all - 1) / (STEPS - 1)).collect(),
    };
    let chosen = steps.into_iter().enumerate().filter(|(at, _)| shown.contains(at));
    chosen
        .map(|(at, (step, mut texts))| {
            if at + 1 < all {
                let mut prompts = BTreeSet::new();
                texts.retain(|sample| prompts.insert(sample.prompt.clone()));
                texts.truncate(EARLIER);
            }
            Step { step, texts }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_and_last_step_are_shown_and_earlier_ones_briefly() {
        let texts = || {
            (0..10).map(|at| Sample {
                prompt: (at / 2).to_string(),
                text: at.to_string(),
                tokens: 1,
                ended_by: String::new(),
            })
        };
        let steps = (0..20).map(|step| (step, texts().collect())).collect();
        let chosen = chosen(steps);
        let shown: Vec<(i64, usize)> = chosen.iter().map(|step| (step.step, step.texts.len())).collect();
        assert_eq!(shown, [(0, 4), (3, 4), (7, 4), (11, 4), (15, 4), (19, 10)]);
        let words: Vec<&str> = chosen[0].texts.iter().map(|sample| sample.text.as_str()).collect();
        assert_eq!(words, ["0", "2", "4", "6"]);
    }
}
