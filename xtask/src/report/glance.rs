//! The run at a glance: a handful of figures, each only where the run has it.

use serde::Serialize;
use shard::{Documents, Metrics, Table, Tokens};

use super::audit::Audit;
use super::run::{Run, Stage};
use crate::lines::{duration, thousands};

/// One figure and what it counts.
#[derive(Serialize)]
pub(super) struct Figure {
    value: String,
    what: String,
}

/// The counter of the last stage that leaves `kind` and has one.
fn newest_count(stages: &[Stage], kind: &str, name: &str) -> Option<u64> {
    stages.iter().rev().filter(|stage| stage.leaves(kind)).find_map(|stage| stage.counter(name))
}

pub(super) fn of(run: &Run, audits: &[Audit]) -> Vec<Figure> {
    let stages = &run.stages;
    let newest = |kind: &str, value: &dyn Fn(&Stage) -> Option<String>| {
        stages.iter().rev().filter(|stage| stage.leaves(kind)).find_map(value)
    };
    let came_in = stages.iter().find_map(|stage| stage.counter("in"));
    // what is kept later are conversations, rankings, problems
    let kept = newest_count(stages, Documents::NAME, "kept");
    let share = came_in.zip(kept).filter(|(came_in, _)| *came_in > 0).map(|(came_in, kept)| {
        format!("kept, {:.1} % of what came in", kept as f64 / came_in as f64 * 100.0)
    });
    let count = |name: &'static str| move |stage: &Stage| stage.counter(name).map(thousands);
    let bits = |stage: &Stage| {
        let value = stage.manifest.as_ref()?.metrics.get("validation_bits_per_byte")?;
        Some(format!("{value:.3}"))
    };
    // of the model that learned from these tokens, where there are several
    let own = |stage: &Stage| bits(stage).and_then(|_| count("parameters")(stage));
    let parameters = newest(Metrics::NAME, &own).or_else(|| newest("checkpoint/1", &count("parameters")));
    let rules = audits.iter().find_map(Audit::rules);
    let right =
        rules.map(|(all, weak)| format!("{} of {}", thousands((all - weak) as u64), thousands(all as u64)));
    let cpu: f64 = stages.iter().map(|stage| stage.cost().cpu_s).sum();
    let figures = [
        (came_in.map(thousands), "pages came in".to_owned()),
        (kept.map(thousands), share.unwrap_or_else(|| "kept".to_owned())),
        (right, "reasons with recall and precision of at least 0.95".to_owned()),
        (newest(Tokens::NAME, &count("tokens")), "tokens of text".to_owned()),
        (parameters, "parameters".to_owned()),
        (newest(Metrics::NAME, &bits), "bits per byte of held-out text".to_owned()),
        (Some(duration(cpu)), "CPU time of all stages".to_owned()),
    ];
    figures.into_iter().filter_map(|(value, what)| Some(Figure { value: value?, what })).collect()
}
