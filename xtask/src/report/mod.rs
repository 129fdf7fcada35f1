//! `report.html` and `report.md`: what a run did, told with its own numbers and words.
//!
//! Every figure comes from a manifest, a table or a timing of the run; nothing is measured here. Stages are known
//! by the kinds of their outputs and never by name, so any pipeline gets a report: one that was stopped early, one
//! without a model, one made of outside programs. What cannot be read is noted on the page and stops nothing.
//!
//! | module | idea |
//! |---|---|
//! | `run` | the run as it lies on disk |
//! | `glance`, `funnel`, `drops`, `kept`, `tokenizer`, `training`, `samples`, `ledger` | one section each: rows to plain values |
//! | `failures` | where those are wrong that answer |
//! | `scores` | figures that stages measured, for the sections below |
//! | `arena` | leaderboards, and battles side by side |
//! | `senses` | pictures and sounds: as they came, as tokens, as they come back, and as they were drawn |
//! | `audit`, `knowledge`, `benchmarks`, `lessons`, `other` | how right the stages were, what the model knows, how it does on benchmarks, curves with a claim, and any other figure |
//! | `caption` | what to see in a curve |
//! | `chart`, `plot`, `axis` | a drawing with its words, as SVG that takes the colours of its page |
//! | `text` | hostile text made harmless for people: short, visible, in one direction |
//! | `render` | values into the templates of `page/` |

mod arena;
mod audit;
mod axis;
mod benchmarks;
mod caption;
mod chart;
mod drops;
#[cfg(feature = "train")]
mod failures;
mod funnel;
mod glance;
mod kept;
mod knowledge;
mod ledger;
mod lessons;
mod other;
mod plot;
mod render;
mod run;
mod samples;
mod scores;
mod senses;
#[cfg(test)]
mod tests;
mod text;
mod tokenizer;
mod training;

use std::path::Path;

use pipeline::write_atomically;
use serde::Serialize;
use shard::{Dropped, Metrics, Scores, Table};

use run::{Run, Stage};

/// Writes the report of the run in the directory `run`, which holds `run.json` and a link to each stage's entry.
pub(crate) fn write(run: &Path) -> anyhow::Result<()> {
    let report = Report::of(&Run::open(run)?);
    write_atomically(&run.join("report.html"), render::html(&report)?.as_bytes())?;
    write_atomically(&run.join("report.md"), render::markdown(&report)?.as_bytes())?;
    Ok(())
}

/// Everything that the templates show.
#[derive(Serialize)]
struct Report {
    pipeline: String,
    about: String,
    seed: u64,
    kernels: String,
    finished: String,
    glance: Vec<glance::Figure>,
    steps: Vec<funnel::Step>,
    audits: Vec<audit::Audit>,
    knowledge: Vec<knowledge::Knowledge>,
    benchmarks: Vec<benchmarks::Benchmarks>,
    lessons: Vec<lessons::Lesson>,
    arenas: Vec<arena::Arena>,
    senses: Option<senses::Senses>,
    others: Vec<other::Other>,
    drops: Vec<drops::Drops>,
    kept: Option<kept::Kept>,
    tokenizers: Vec<tokenizer::Tokenizer>,
    training: Vec<training::Training>,
    samples: Vec<samples::Samples>,
    #[cfg(feature = "train")]
    failures: Vec<failures::Failure>,
    ledger: ledger::Ledger,
    /// The pipeline file as it was run.
    text: String,
    /// What could not be read, and so is missing from the page.
    notes: Vec<String>,
}

impl Report {
    fn of(run: &Run) -> Self {
        let mut notes: Vec<String> = run
            .stages
            .iter()
            .filter(|stage| stage.manifest.is_none())
            .map(|stage| format!("the output of stage \"{}\" is gone; run the pipeline again", stage.name()))
            .collect();
        let drops = of_stages(run, &[Dropped::NAME], |stage| drops::of(run, stage), &mut notes);
        let kept = noted(kept::of(run), "the kept documents", &mut notes).flatten();
        let beginning =
            kept.as_ref().and_then(|kept| kept.documents.first()).map(|first| first.text.as_str());
        let tokenizers =
            of_stages(run, &["tokenizer/1"], |stage| tokenizer::of(run, stage, beginning), &mut notes);
        let vocabulary = tokenizers.first().map(|tokenizer| tokenizer.size);
        let training = of_stages(run, &[Metrics::NAME], |stage| training::of(stage, vocabulary), &mut notes);
        let sheets: Vec<scores::Sheet> =
            of_stages(run, &[Scores::NAME], scores::of, &mut notes).into_iter().flatten().collect();
        let audits = of_sheets(&sheets, |sheet| audit::of(run, sheet), &mut notes);
        Self {
            pipeline: run.record.pipeline.clone(),
            about: run.record.about.clone(),
            seed: run.record.seed,
            kernels: run.record.kernels.clone(),
            finished: run.finished(),
            glance: glance::of(run, &audits),
            steps: funnel::of(run, &drops),
            audits,
            knowledge: of_sheets(&sheets, knowledge::of, &mut notes),
            benchmarks: sheets.iter().filter_map(benchmarks::of).collect(),
            lessons: {
                let across = noted(lessons::across(&sheets), "the interviews", &mut notes);
                let learned = of_stages(run, &[shard::Rollouts::NAME], lessons::of_stage, &mut notes);
                let pleased = noted(lessons::of_run(run), "what pleases", &mut notes);
                let each = of_sheets(&sheets, lessons::of, &mut notes).into_iter().flatten();
                let together = across.into_iter().chain(pleased).flatten();
                each.chain(together).chain(learned).collect()
            },
            arenas: of_stages(run, &[shard::Battles::NAME], arena::of, &mut notes),
            senses: {
                let codebook = |stage: &Stage| senses::Codebook::of(stage, &sheets);
                let codebooks = of_stages(run, &["tokenizer/1"], codebook, &mut notes);
                let drawn = |stage: &Stage| senses::Drawings::of(stage, &sheets);
                let drawings = of_stages(run, &[shard::Media::NAME], drawn, &mut notes);
                senses::of(codebooks, drawings, &sheets)
            },
            others: sheets.iter().filter_map(other::of).collect(),
            drops,
            kept,
            tokenizers,
            training,
            samples: of_stages(run, &[shard::Samples::NAME], samples::of, &mut notes),
            #[cfg(feature = "train")]
            failures: of_stages(
                run,
                &[shard::Rollouts::NAME, shard::Samples::NAME],
                |stage| failures::of(run, stage),
                &mut notes,
            ),
            ledger: ledger::of(run),
            text: run.text.clone(),
            notes,
        }
    }
}

/// One section for each stage that leaves one of `kinds`; a stage whose files cannot be read leaves a note.
fn of_stages<T>(
    run: &Run,
    kinds: &[&str],
    section: impl Fn(&Stage) -> anyhow::Result<Option<T>>,
    notes: &mut Vec<String>,
) -> Vec<T> {
    let stages = run.stages.iter().filter(|stage| kinds.iter().any(|kind| stage.leaves(kind)));
    stages
        .filter_map(|stage| noted(section(stage), &format!("stage \"{}\"", stage.name()), notes).flatten())
        .collect()
}

/// One section for each sheet of scores that has figures for it.
fn of_sheets<T>(
    sheets: &[scores::Sheet],
    section: impl Fn(&scores::Sheet) -> anyhow::Result<Option<T>>,
    notes: &mut Vec<String>,
) -> Vec<T> {
    let what = |sheet: &scores::Sheet| format!("the scores of \"{}\"", sheet.stage);
    sheets.iter().filter_map(|sheet| noted(section(sheet), &what(sheet), notes).flatten()).collect()
}

fn noted<T>(result: anyhow::Result<T>, what: &str, notes: &mut Vec<String>) -> Option<T> {
    result.map_err(|error| notes.push(format!("{what} cannot be shown: {error:#}"))).ok()
}
