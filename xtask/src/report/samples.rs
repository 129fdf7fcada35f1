//! What models wrote, unedited.

use std::ops::ControlFlow;

use serde::Serialize;

use super::run::Stage;
use super::text::beginning;

/// Texts shown of one stage, the first ones.
const SHOWN: usize = 24;

/// The texts of one stage.
#[derive(Serialize)]
pub(super) struct Samples {
    stage: String,
    rows: u64,
    texts: Vec<Sample>,
}

/// One continuation of a prompt.
#[derive(Serialize)]
struct Sample {
    step: i64,
    prompt: String,
    text: String,
    tokens: i64,
    ended_by: String,
}

pub(super) fn of(stage: &Stage) -> anyhow::Result<Option<Samples>> {
    let mut texts = vec![];
    stage.rows::<shard::Samples>(|row| {
        texts.push(Sample {
            step: row.step,
            prompt: beginning(row.prompt, 4_000, 80),
            text: beginning(row.text, 4_000, 80),
            tokens: row.tokens,
            ended_by: beginning(row.ended_by, 40, 1),
        });
        if texts.len() < SHOWN { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    let rows = stage.shards::<shard::Samples>().iter().map(|(_, rows)| rows).sum();
    Ok(Some(Samples { stage: stage.name().to_owned(), rows, texts })
        .filter(|samples| rows > 0 || !samples.texts.is_empty()))
}
