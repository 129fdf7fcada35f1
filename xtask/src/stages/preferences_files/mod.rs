//! `preferences-files`: what people prefer enters a run, in whichever of the usual shapes it is kept.

mod shape;

use std::path::Path;

use pipeline::{Fault, Io, Output, Signature, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{Dropped, Message, Preferences, Table, preferences};

use super::conversations_files::message;
use super::import::{self, Import, Sought};
use super::verdicts::{self, Verdict};
use super::{brought, rows};
use shape::Found;

/// Pairs and rankings in JSON lines, JSON lists, CSV, TSV and Parquet files, `.gz` and `.zst` too, and in `.tar` archives of such:
/// hh-rlhf, TRL with and without a prompt, instructions with two answers, UKPConvArg1, OpenAI's summaries, rankings of many.
///
/// A row that nothing can be learned from is left out and told in `dropped`, with its line; a file without any row that can be
/// used ends the run. Counted are the answers that are preferred to themselves by way of others (`in_circles`), and how many
/// twos of judgements of the same pair there are (`judged_again`) and their share that agrees (`agreement`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PreferencesFiles {
    /// Paths, directories or patterns (`preferences/*.jsonl`), relative to the pipeline file; or `package:PATTERN`, below the slot
    /// `packages`.
    pub files: Vec<String>,
    /// What stands under `source`; by default a file's name without what follows the first dot. Of files with a topic each, the
    /// topic stands there, behind this and a slash.
    pub source: Option<String>,
}

impl Stage for PreferencesFiles {
    fn signature(&self) -> Signature {
        let signature = Signature {
            writes: vec![
                Output::new("preferences", Preferences::NAME),
                Output::new("dropped", Dropped::NAME),
            ],
            ..Signature::exact(2)
        };
        brought::declared(signature, brought::outside("files", &self.files))
    }

    fn check(&self) -> Result<(), Fault> {
        brought::check(&self.files, "path/to/*.jsonl")
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let mut import = Import::<Preferences>::begin(io, "preferences", &task)?;
        let mut verdicts = vec![];
        let expected = "one in a shape that `explain preferences-files` lists";
        import.each_file(&self.files, Sought { one: "preference", expected }, |import, path| {
            self.import(path, import, &mut verdicts)
        })?;
        io.count("in_circles", verdicts::in_circles(&verdicts).len() as u64);
        let (agreed, twos) = verdicts::agreement(&verdicts);
        io.count("judged_again", twos);
        if twos > 0 {
            io.metric("agreement", agreed as f64 / twos as f64);
        }
        import.finish("preferences")
    }
}

impl PreferencesFiles {
    fn import(
        &self,
        path: &Path,
        import: &mut Import<'_, Preferences>,
        verdicts: &mut Vec<Verdict>,
    ) -> anyhow::Result<()> {
        let others = rows::each_of(path, &mut |file, line, row| {
            let found = row.and_then(|row| shape::preference(&row, file));
            match found {
                Ok(found) => {
                    verdicts.extend(judged(&found));
                    keep(import, &self.source_of(&found, file), &found)
                }
                Err(refusal) => import.leave(file, line, refusal),
            }
        })?;
        if others > 0 {
            import.io.count("other_files", others);
        }
        Ok(())
    }

    fn source_of(&self, found: &Found, file: &str) -> String {
        match (&self.source, &found.topic) {
            (Some(source), Some(topic)) => format!("{source}/{topic}"),
            (None, Some(topic)) => topic.clone(),
            (Some(source), None) => source.clone(),
            (None, None) => import::source(file).to_owned(),
        }
    }
}

fn keep(import: &mut Import<'_, Preferences>, source: &str, found: &Found) -> anyhow::Result<()> {
    let prompt = found.prompt.iter().map(|said| Message { train: None, ..message(said) });
    import.keep(&preferences::Row {
        id: import.id,
        source,
        prompt: prompt.collect(),
        responses: found.responses.iter().map(String::as_str).collect(),
        ranks: &found.ranks,
        margin: found.margin.as_deref(),
        labeler: found.labeler.as_deref(),
        policies: found.policies.as_ref().map(|names| names.iter().map(String::as_str).collect()),
    })
}

/// Who is preferred to whom.
fn judged(found: &Found) -> Vec<Verdict> {
    let prompt: String = found
        .prompt
        .iter()
        .flat_map(|said| std::iter::once(&said.role).chain(said.parts.iter().map(|(_, text)| text)))
        .flat_map(|text| [text, "\0"])
        .collect();
    let numbers = found.responses.iter().map(|answer| verdicts::number(&prompt, answer.trim()));
    let ranked: Vec<(u64, i32)> = numbers.zip(found.ranks.iter().copied()).collect();
    let twos = ranked.iter().flat_map(|better| ranked.iter().map(move |worse| (better, worse)));
    twos.filter(|(better, worse)| better.1 < worse.1)
        .map(|(better, worse)| Verdict { better: better.0, worse: worse.0 })
        .collect()
}
