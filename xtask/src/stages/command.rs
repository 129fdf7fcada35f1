//! `command`: a program of any language as a stage.
//!
//! It gets paths in its arguments and writes files; what it leaves is checked before it gets a name.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use anyhow::{Context, bail};
use pipeline::{Class, Error, Fault, Io, Output, Signature, Slot, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::brought;

/// An outside program as a stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Command {
    /// The program and its arguments. `{NAME}` stands for the directory of the input or output NAME, `{code.0}` for
    /// the first file of `code`, `{seed}` for a seed.
    pub argv: Vec<String>,
    /// Its inputs: name and kind, as in `documents = "documents/1"`.
    pub reads: BTreeMap<String, String>,
    /// Its outputs: name and kind. Tables are checked column by column.
    pub writes: BTreeMap<String, String>,
    /// Raise it when the program gives other bytes for the same inputs.
    pub version: u32,
    /// Files whose bytes enter the key, relative to the pipeline file.
    pub code: Vec<String>,
    /// Whether its bits depend on the machine: it trains, or samples from a model.
    pub numeric: bool,
}

impl Default for Command {
    fn default() -> Self {
        let (argv, code) = (vec![], vec![]);
        Self { argv, reads: BTreeMap::new(), writes: BTreeMap::new(), version: 1, code, numeric: false }
    }
}

impl Stage for Command {
    fn signature(&self) -> Signature {
        Signature {
            class: if self.numeric { Class::Numeric } else { Class::Exact },
            random: self.argv.iter().any(|argument| argument.contains("{seed}")),
            reads: self.reads.iter().map(|(name, kind)| Slot::new(name, kind)).collect(),
            writes: self.writes.iter().map(|(name, kind)| Output::new(name, kind)).collect(),
            outside: brought::outside("code", &self.code),
            ..Signature::exact(self.version)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        if self.argv.is_empty() {
            let fault = Fault::new("`argv` is empty: no program is named").on("/argv").got("[]");
            let cure = "write argv = [\"python3\", \"{code.0}\", \"{documents}\"]";
            return Err(fault.expected("a program and its arguments").cure(cure));
        }
        if let Some(twice) = self.writes.keys().find(|name| self.reads.contains_key(*name)) {
            let fault = Fault::new("an input and an output have one name").on(format!("/writes/{twice}"));
            let expected = format!("another name: {{{twice}}} stands for one directory");
            return Err(fault.got(twice).expected(expected).cure("call one of them otherwise"));
        }
        for (on, names) in [("/writes/seed", &self.writes), ("/reads/seed", &self.reads)] {
            if !names.contains_key("seed") {
                continue;
            }
            let fault = Fault::new("`seed` names no directory").on(on).got("seed");
            return Err(fault.expected("another name: {seed} stands for a number").cure("rename it"));
        }
        let code = (0..self.code.len()).map(|i| format!("code.{i}"));
        let known =
            self.reads.keys().chain(self.writes.keys()).cloned().chain(code).chain(["seed".to_owned()]);
        let known: BTreeMap<String, String> = known.map(|name| (name, String::new())).collect();
        for (i, argument) in self.argv.iter().enumerate() {
            fill(argument, &known).map_err(|error| {
                let fault =
                    Fault::new(error.to_string()).on(format!("/argv/{i}")).got(format!("\"{argument}\""));
                let names: Vec<String> = known.keys().map(|name| format!("{{{name}}}")).collect();
                let cure = "add it to `reads`, `writes` or `code`, or correct it";
                fault.expected(format!("one of {}", names.join(", "))).cure(cure)
            })?;
        }
        Ok(())
    }

    fn run(&self, io: &Io, _: Task) -> anyhow::Result<()> {
        let (program, arguments) = self.argv.split_first().context("`argv` is empty")?;
        let places = self.places(io)?;
        let arguments =
            arguments.iter().map(|argument| fill(argument, &places)).collect::<anyhow::Result<Vec<_>>>()?;
        let program = fill(program, &places)?;
        for output in self.writes.keys() {
            // what an earlier attempt left is not this attempt's
            let directory = io.output(output)?;
            fs::remove_dir_all(&directory).and_then(|()| fs::create_dir(&directory))?;
        }
        let mut process = Process::new(&program);
        process.args(&arguments).current_dir(io.scratch()?).stdin(Stdio::null()).stdout(Stdio::null());
        let output = process.stderr(Stdio::piped()).output().map_err(|error| {
            let fault =
                Fault::new(format!("the program `{program}` cannot be started")).got(error.to_string());
            Error::Input(
                fault
                    .expected("a program in PATH, or an absolute path")
                    .cure("install it, or correct `argv`"),
            )
        })?;
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            let last: Vec<&str> = said.lines().rev().take(8).collect();
            let last: Vec<&str> = last.into_iter().rev().collect();
            let words = if last.is_empty() { "it said nothing".to_owned() } else { last.join("\n") };
            bail!("`{program}` failed with {}; its last words:\n{words}", output.status);
        }
        for line in said.lines() {
            tracing::info!(stage = io.stage(), "{line}");
        }
        for (output, kind) in &self.writes {
            Self::check_output(io, output, kind)?;
            io.add_tree_with(output, &|path| rows(path, kind))?;
        }
        self.count(io)
    }
}

impl Command {
    /// What stands for `{NAME}`.
    fn places(&self, io: &Io) -> anyhow::Result<BTreeMap<String, String>> {
        let text = |path: &Path| -> anyhow::Result<String> {
            Ok(std::path::absolute(path)?.to_str().context("a path is not UTF-8")?.to_owned())
        };
        let mut places = BTreeMap::new();
        for slot in self.reads.keys() {
            places.insert(slot.clone(), text(io.input(slot)?.directory()?)?);
        }
        for output in self.writes.keys() {
            places.insert(output.clone(), text(&io.output(output)?)?);
        }
        for i in 0..self.code.len() {
            let files = io.outside_files(&format!("/code/{i}"));
            let file = files.first().context("a file of `code` is gone")?;
            places.insert(format!("code.{i}"), text(file)?);
        }
        if self.signature().random {
            places.insert("seed".to_owned(), io.seed("command").to_string());
        }
        Ok(places)
    }

    fn check_output(io: &Io, output: &str, kind: &str) -> anyhow::Result<()> {
        let directory = io.output(output)?;
        let files = files_below(&directory)?;
        if files.is_empty() {
            let fault = Fault::new(format!("the program wrote nothing into its output \"{output}\""));
            let cure = format!("write into the directory that {{{output}}} stands for");
            return Err(Error::Input(fault.expected(format!("files of {kind}")).cure(cure)).into());
        }
        if !is_table(kind) {
            return Ok(());
        }
        for file in &files {
            rows(file, kind).with_context(|| format!("the program's output \"{output}\" is not {kind}"))?;
        }
        Ok(())
    }

    /// in = kept + dropped, as far as rows tell.
    fn count(&self, io: &Io) -> anyhow::Result<()> {
        let mut written = BTreeMap::new();
        for (output, kind) in &self.writes {
            let counts = files_below(&io.output(output)?)?
                .iter()
                .map(|file| rows(file, kind))
                .collect::<Result<Vec<_>, _>>()?;
            let sum: u64 = counts.into_iter().flatten().sum();
            *written.entry(kind.as_str()).or_insert(0) += sum;
            io.count(&format!("{output}_rows"), sum);
        }
        let documents =
            self.reads.iter().find(|(_, kind)| ["documents/1", "pages/1"].contains(&kind.as_str()));
        let kept = written.get("documents/1").copied();
        if let (Some((slot, _)), Some(kept)) = (documents, kept) {
            let came_in = io.input(slot)?.rows();
            if let Some(dropped) = came_in.checked_sub(kept) {
                io.count("in", came_in);
                io.count("kept", kept);
                let told = written.get("dropped/1").copied().unwrap_or(0).min(dropped);
                io.count("dropped.told_by_the_program", told);
                io.count("dropped.not_told", dropped - told);
            }
        }
        Ok(())
    }
}

fn is_table(kind: &str) -> bool {
    shard::schema(kind).is_some()
}

/// Rows of a shard, checked column by column; nothing for files that are no table.
fn rows(path: &Path, kind: &str) -> anyhow::Result<Option<u64>> {
    Ok(if is_table(kind) { Some(shard::check(path, kind)?) } else { None })
}

fn files_below(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = vec![];
    for entry in fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))? {
        let path = entry?.path();
        // a link is a name: what it leads to is not the program's output
        if path.is_dir() && !path.is_symlink() { files.extend(files_below(&path)?) } else { files.push(path) }
    }
    files.sort();
    Ok(files)
}

/// Replaces every `{NAME}`; a name that stands for nothing is an error.
fn fill(argument: &str, places: &BTreeMap<String, String>) -> anyhow::Result<String> {
    let mut filled = String::new();
    let mut rest = argument;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) =
            after.split_once('}').with_context(|| format!("`{argument}` has a {{ without a }}"))?;
        let place = places.get(name).with_context(|| format!("{{{name}}} in `argv` stands for nothing"))?;
        filled.push_str(before);
        filled.push_str(place);
        rest = behind;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_braces_are_replaced_and_strangers_refused() {
        let places = BTreeMap::from([("in".to_owned(), "/a".to_owned())]);
        assert_eq!(fill("--from={in}/x", &places).unwrap(), "--from=/a/x");
        assert!(fill("{out}", &places).unwrap_err().to_string().contains("stands for nothing"));
        assert!(fill("{in", &places).is_err());
    }
}
