//! The funnel: every stage, what came in, what stayed, what was left out and why.

use std::collections::BTreeMap;

use serde::Serialize;

use super::drops::Drops;
use super::ledger::FLOPS;
use super::run::{Run, Stage};

/// One stage in the order of the pipeline.
#[derive(Serialize)]
pub(super) struct Step {
    name: String,
    uses: String,
    how: String,
    from: Vec<String>,
    /// Nothing for stages that do not count what comes in.
    flow: Option<Flow>,
    /// What else it counted, by name.
    counts: Vec<(String, u64)>,
    /// Its final measurements, by name.
    metrics: Vec<(String, f64)>,
    gone: bool,
}

/// in = kept + dropped.
#[derive(Serialize)]
pub(super) struct Flow {
    came_in: u64,
    kept: u64,
    dropped: u64,
    /// Of what came in.
    kept_share: f64,
    /// Widths as shares of the largest `in` of the run, so that bars of all stages have one scale.
    kept_width: f64,
    dropped_width: f64,
    reasons: Vec<Reason>,
}

/// One reason, the most frequent first.
#[derive(Serialize)]
pub(super) struct Reason {
    name: String,
    count: u64,
    /// Of what came into the stage.
    share: f64,
    /// Share of the most frequent reason of the run: one scale here too.
    width: f64,
    /// Where on the page an example of it stands.
    anchor: Option<String>,
}

pub(super) fn of(run: &Run, drops: &[Drops]) -> Vec<Step> {
    let widest = run.stages.iter().filter_map(|stage| stage.counter("in")).max().unwrap_or(0);
    let examples = |stage: &Stage| drops.iter().find(|drops| drops.stage == stage.name());
    let reasons: Vec<Vec<(String, u64)>> =
        run.stages.iter().map(|stage| reasons(stage, examples(stage))).collect();
    let longest = reasons.iter().flatten().map(|(_, count)| *count).max().unwrap_or(0);
    run.stages
        .iter()
        .zip(reasons)
        .map(|(stage, reasons)| step(stage, reasons, examples(stage), [widest, longest]))
        .collect()
}

/// Counted reasons; where the table knows others, as that of an outside program does, those of the table.
fn reasons(stage: &Stage, drops: Option<&Drops>) -> Vec<(String, u64)> {
    let counted: BTreeMap<String, u64> = stage
        .manifest
        .iter()
        .flat_map(pipeline::Manifest::dropped)
        .map(|(reason, count)| (reason.to_owned(), count))
        .collect();
    let mut reasons = counted.clone();
    if let Some(drops) = drops.filter(|drops| drops.whole) {
        let told: BTreeMap<String, u64> =
            drops.reasons.iter().map(|reason| (reason.name.clone(), reason.rows)).collect();
        if told.keys().any(|reason| !counted.contains_key(reason)) {
            let untold = counted.values().sum::<u64>().saturating_sub(told.values().sum());
            reasons = told;
            if untold > 0 {
                reasons.insert("(no row says why)".to_owned(), untold);
            }
        }
    }
    let mut reasons: Vec<(String, u64)> = reasons.into_iter().filter(|(_, count)| *count > 0).collect();
    reasons.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    reasons
}

/// `scales` are the counts of the widest stream and the longest bar.
fn step(
    stage: &Stage,
    reasons: Vec<(String, u64)>,
    examples: Option<&Drops>,
    [widest, longest]: [u64; 2],
) -> Step {
    let came_in = stage.counter("in");
    let flow = came_in.map(|came_in| {
        let kept = stage.counter("kept").unwrap_or(0);
        let dropped = came_in.saturating_sub(kept);
        let anchor = |name: &str| {
            let mut shown = examples.iter().flat_map(|drops| &drops.reasons);
            shown.find(|reason| reason.name == name).map(|reason| reason.anchor.clone())
        };
        let reason = |(name, count): (String, u64)| Reason {
            anchor: anchor(&name),
            name,
            count,
            share: share(count, came_in),
            width: share(count, longest),
        };
        Flow {
            came_in,
            kept,
            dropped,
            kept_share: share(kept, came_in),
            kept_width: share(kept, widest),
            dropped_width: share(dropped, widest),
            reasons: reasons.into_iter().map(reason).collect(),
        }
    });
    let manifest = stage.manifest.iter();
    let words = |name: &str| name.replace(['_', '.'], " ");
    let counted = manifest.clone().flat_map(|manifest| &manifest.counters);
    let told =
        |name: &str| came_in.is_some() && (["in", "kept"].contains(&name) || name.starts_with("dropped."));
    let elsewhere = |name: &str| told(name) || name == FLOPS;
    Step {
        name: stage.name().to_owned(),
        uses: stage.uses().to_owned(),
        how: stage.how().to_owned(),
        from: stage.from().values().cloned().collect(),
        flow,
        counts: counted
            .filter(|(name, _)| !elsewhere(name))
            .map(|(name, count)| (words(name), *count))
            .collect(),
        metrics: manifest
            .flat_map(|manifest| &manifest.metrics)
            .map(|(name, value)| (words(name), *value))
            .collect(),
        gone: stage.manifest.is_none(),
    }
}

fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}
