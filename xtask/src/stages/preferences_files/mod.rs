//! `preferences-files`: what people prefer enters a run, in whichever of the usual shapes it is kept.

mod shape;

use std::path::Path;

use pipeline::{Error, Fault, Io, Output, Signature, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{Dropped, Message, Preferences, Table, Writer, dropped, preferences};

use super::conversations_files::message;
use super::verdicts::{self, Verdict};
use super::{brought, rows, shards};
use shape::{Found, Refusal};

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
        let mut import = Import {
            io,
            kept: shards::create::<Preferences>(io, "preferences", &task.shard())?,
            fallen: shards::create::<Dropped>(io, "dropped", &task.shard())?,
            id: 0,
            verdicts: vec![],
            first: None,
        };
        let paths = brought::all(io, "files", &self.files)?;
        for path in paths {
            let before = import.id;
            self.import(&path, &mut import)?;
            if import.id == before {
                let (line, problem) = import.first.take().unwrap_or((1, "nothing is in it".to_owned()));
                let fault = Fault::new("no preference could be read").at(&path, Some(line)).got(problem);
                let fault = fault.expected("one in a shape that `explain preferences-files` lists");
                return Err(Error::Input(fault.cure("correct the file")).into());
            }
            import.first = None;
            io.count("files", 1);
        }
        let Import { kept, fallen, verdicts, .. } = import;
        io.count("in_circles", verdicts::in_circles(&verdicts).len() as u64);
        let (agreed, twos) = verdicts::agreement(&verdicts);
        io.count("judged_again", twos);
        if twos > 0 {
            io.metric("agreement", agreed as f64 / twos as f64);
        }
        shards::finish(io, "preferences", kept)?;
        shards::finish(io, "dropped", fallen)
    }
}

impl PreferencesFiles {
    fn import(&self, path: &Path, import: &mut Import<'_>) -> anyhow::Result<()> {
        let others = rows::each_of(path, &mut |file, line, row| {
            let found = row.and_then(|row| shape::preference(&row, file));
            import.io.count("in", 1);
            match found {
                Ok(found) => import.keep(&self.source_of(&found, file), &found),
                Err(refusal) => import.drop(file, line, refusal),
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
            (None, None) => file.split('.').next().unwrap_or(file).to_owned(),
        }
    }
}

/// Rows on their way.
struct Import<'a> {
    io: &'a Io<'a>,
    kept: Writer<Preferences>,
    fallen: Writer<Dropped>,
    /// Number of the next preference.
    id: u64,
    verdicts: Vec<Verdict>,
    /// The first row of the present file that could not be used.
    first: Option<(usize, String)>,
}

impl Import<'_> {
    fn keep(&mut self, source: &str, found: &Found) -> anyhow::Result<()> {
        let prompt = found.prompt.iter().map(|said| Message { train: None, ..message(said) });
        self.kept.push(&preferences::Row {
            id: self.id,
            source,
            prompt: prompt.collect(),
            responses: found.responses.iter().map(String::as_str).collect(),
            ranks: &found.ranks,
            margin: found.margin.as_deref(),
            labeler: found.labeler.as_deref(),
            policies: found.policies.as_ref().map(|names| names.iter().map(String::as_str).collect()),
        })?;
        self.judge(found);
        self.id += 1;
        self.io.count("kept", 1);
        Ok(())
    }

    /// Notes who is preferred to whom.
    fn judge(&mut self, found: &Found) {
        let prompt: String = found
            .prompt
            .iter()
            .flat_map(|said| std::iter::once(&said.role).chain(said.parts.iter().map(|(_, text)| text)))
            .flat_map(|text| [text, "\0"])
            .collect();
        let numbers: Vec<u64> =
            found.responses.iter().map(|answer| verdicts::number(&prompt, answer.trim())).collect();
        for (better, first) in numbers.iter().zip(&found.ranks) {
            for (worse, second) in numbers.iter().zip(&found.ranks) {
                if first < second {
                    self.verdicts.push(Verdict { better: *better, worse: *worse });
                }
            }
        }
    }

    fn drop(&mut self, file: &str, line: usize, (reason, problem): Refusal) -> anyhow::Result<()> {
        self.fallen.push(&dropped::Row {
            source: file,
            offset: line as i64,
            stage: self.io.stage(),
            reason,
            detail: Some(&format!("line {line}: {problem}")),
            kind: dropped::Kind::Damage,
            ..dropped::Row::default()
        })?;
        self.io.count(&format!("dropped.{reason}"), 1);
        self.first.get_or_insert((line, problem));
        Ok(())
    }
}
