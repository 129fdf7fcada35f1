//! What each stage cost and left, and what one needs to make it again.

use serde::Serialize;

use super::run::{Run, Stage};

/// The counter of floating-point operations.
pub(super) const FLOPS: &str = "flops";

/// All stages, and their sum.
#[derive(Serialize)]
pub(super) struct Ledger {
    git: String,
    rustc: String,
    lines: Vec<Line>,
    wall_s: f64,
    cpu_s: f64,
    peak_bytes: u64,
    bytes: u64,
    flops: Option<u64>,
}

/// One stage.
#[derive(Serialize)]
struct Line {
    name: String,
    uses: String,
    how: String,
    numeric: bool,
    wall_s: f64,
    cpu_s: f64,
    peak_bytes: u64,
    rows: Option<u64>,
    bytes: u64,
    /// Floating-point operations, of stages that count them.
    flops: Option<u64>,
    key: String,
    content: String,
    git: String,
    /// All settings, defaults filled in, as JSON.
    settings: String,
}

pub(super) fn of(run: &Run) -> Ledger {
    let lines: Vec<Line> = run.stages.iter().map(line).collect();
    Ledger {
        git: run.record.program.git.clone(),
        rustc: run.record.program.rustc.clone(),
        wall_s: lines.iter().map(|line| line.wall_s).sum(),
        cpu_s: lines.iter().map(|line| line.cpu_s).sum(),
        peak_bytes: lines.iter().map(|line| line.peak_bytes).max().unwrap_or(0),
        bytes: lines.iter().map(|line| line.bytes).sum(),
        flops: lines.iter().filter_map(|line| line.flops).reduce(|a, b| a + b),
        lines,
    }
}

fn line(stage: &Stage) -> Line {
    let cost = stage.cost();
    let manifest = stage.manifest.as_ref();
    let outputs = || manifest.iter().flat_map(|manifest| manifest.outputs.values());
    let settings = manifest.and_then(|manifest| manifest.recipe.get("settings"));
    Line {
        name: stage.name().to_owned(),
        uses: stage.uses().to_owned(),
        how: stage.how().to_owned(),
        numeric: stage.numeric(),
        wall_s: cost.wall_s,
        cpu_s: cost.cpu_s,
        peak_bytes: cost.peak_bytes,
        // archives and checkpoints have no rows
        rows: outputs()
            .flat_map(|contents| &contents.files)
            .filter_map(|file| file.rows)
            .reduce(|a, b| a + b),
        bytes: manifest.map_or(0, pipeline::Manifest::bytes),
        flops: stage.counter(FLOPS),
        key: stage.key().to_owned(),
        content: manifest.map_or_else(String::new, |manifest| manifest.content.chars().take(16).collect()),
        git: stage.git().to_owned(),
        settings: settings
            .and_then(|settings| serde_json::to_string_pretty(settings).ok())
            .unwrap_or_default(),
    }
}
