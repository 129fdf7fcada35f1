//! `show`: a run's funnel, or rows of any of its shards.

#[cfg(feature = "train")]
mod conversations;
#[cfg(feature = "train")]
pub(crate) use conversations::conversation;
mod rollouts;
mod tokenizer;

use std::io::Write;
use std::path::Path;

use pipeline::{Error, Fault, Manifest, Store};
use shard::{Documents, Reader};

use crate::cli::Show;
use crate::house;
use crate::lines::{summary, thousands, widths};

/// Runs `show`.
pub(crate) fn run(arguments: &Show, out: &mut dyn Write) -> anyhow::Result<()> {
    let runs = &arguments.runs.runs;
    let (_, run) = house::read_run(runs, &arguments.run)?;
    let store = Store::open(runs)?;
    let manifest = |stage| house::manifest(&store, &arguments.run, stage);
    let Some(wanted) = &arguments.stage else {
        if !arguments.what_if.is_empty() {
            let fault = Fault::new("--what-if asks one stage").expected("a stage of `fineweb-filter`");
            let cure = format!("name it: show {} STAGE --what-if RULE=VALUE", arguments.run);
            return Err(Error::Wiring(fault.cure(cure)).into());
        }
        if arguments.tokens || arguments.text.is_some() {
            let fault = Fault::new("--tokens and --text ask one stage").expected("a stage with tokens");
            let cure = format!("name it: show {} STAGE …; `show {0}` lists them", arguments.run);
            return Err(Error::Wiring(fault.cure(cure)).into());
        }
        let [name, uses] = widths(run.stages.iter().map(|stage| [&*stage.name, &*stage.uses]));
        for stage in &run.stages {
            let summary = summary(&manifest(stage)?);
            writeln!(out, "  {:name$}  {:uses$}  {}  {summary}", stage.name, stage.uses, stage.key)?;
        }
        return Ok(());
    };
    let (name, output) =
        wanted.split_once('/').map_or((wanted.as_str(), None), |(name, output)| (name, Some(output)));
    let Some(stage) = run.stages.iter().find(|stage| stage.name == name) else {
        let names: Vec<&str> = run.stages.iter().map(|stage| stage.name.as_str()).collect();
        let fault = Fault::new(format!("the run has no stage \"{name}\""))
            .expected(format!("one of {}", names.join(", ")))
            .cure(format!("`show {}` lists the stages", arguments.run));
        return Err(Error::Wiring(fault).into());
    };
    let manifest = manifest(stage)?;
    let entry = store.entry(&stage.key);
    if !arguments.what_if.is_empty() {
        return crate::what_if::run(&stage.uses, &manifest, &entry, &arguments.what_if, out);
    }
    if arguments.tokens {
        return tokens(&store, &manifest, arguments, out);
    }
    funnel(&manifest, out)?;
    if let Some((name, contents)) = rollouts::of(&manifest).filter(|_| output.is_none()) {
        return rollouts::print(&entry.join(name), contents, arguments.rows, out);
    }
    let tokenizers = || manifest.outputs.iter().filter(|(_, contents)| contents.kind == TOKENIZER);
    if arguments.text.is_some() && tokenizers().next().is_none() {
        let fault = Fault::new("--text is cut by a tokenizer").got(format!("a stage of `{}`", stage.uses));
        let fault = fault.expected("a stage that makes one, as `bpe-train`");
        return Err(Error::Wiring(fault.cure(format!("`show {}` lists the stages", arguments.run))).into());
    }
    let mut shown = 0;
    for (name, contents) in &manifest.outputs {
        if output.is_none_or(|output| output == name) {
            writeln!(
                out,
                "\n{name}  {}  {} files, {} rows",
                contents.kind,
                contents.files.len(),
                thousands(manifest.rows(name))
            )?;
            if contents.kind == TOKENIZER {
                let text = match &arguments.text {
                    Some(text) => text.clone(),
                    None => beginning(&store, &run)?.unwrap_or_else(|| EXAMPLE.to_owned()),
                };
                tokenizer::print(&bpe::Bpe::load(&entry.join(name))?, &text, out)?;
            }
            let printed = rows(&entry.join(name), contents, arguments.rows, out);
            // a shard that cannot be read may be one that was changed
            printed.map_err(|error| manifest.verify(&entry).err().map_or(error, Into::into))?;
            shown += 1;
        }
    }
    if shown == 0 {
        let names: Vec<&str> = manifest.outputs.keys().map(String::as_str).collect();
        let fault = Fault::new(format!("stage \"{name}\" has no such output")).got(wanted);
        let fault = fault.expected(format!("one of {}", names.join(", ")));
        return Err(
            Error::Wiring(fault.cure(format!("`show {} {name}` shows all of them", arguments.run))).into()
        );
    }
    Ok(())
}

/// Conversations as the stage's model read them.
fn tokens(store: &Store, manifest: &Manifest, arguments: &Show, out: &mut dyn Write) -> anyhow::Result<()> {
    #[cfg(feature = "train")]
    if conversations::are_read_by(manifest) {
        return conversations::print(store, manifest, arguments.rows, out);
    }
    let _ = (store, out);
    let fault = Fault::new("--tokens shows conversations with their loss mask")
        .got(format!("a stage of `{}`", manifest.recipe["stage"].as_str().unwrap_or("nothing")))
        .expected("a stage that learns from conversations, as `sft`");
    Err(Error::Wiring(fault.cure(format!("`show {}` lists the stages", arguments.run))).into())
}

/// What a stage that makes a tokenizer writes.
const TOKENIZER: &str = "tokenizer/1";
/// What is cut where a run has no documents.
const EXAMPLE: &str = "Tokens are pieces of text: unbelievably small ones, 12345 at a time.";
/// Characters of a document that are shown.
const BEGINNING: usize = 400;

/// How a document begins that the last stage with documents kept.
fn beginning(store: &Store, run: &house::Run) -> anyhow::Result<Option<String>> {
    for (path, _) in house::last_documents(store, &run.stages)? {
        let first = Reader::<Documents>::open(&path)?.next().transpose()?;
        if let Some(row) = first.as_ref().and_then(|batch| batch.rows().next()) {
            return Ok(Some(row.text.chars().take(BEGINNING).collect()));
        }
    }
    Ok(None)
}

/// What came in, and where it went, longest bar first.
fn funnel(manifest: &Manifest, out: &mut dyn Write) -> anyhow::Result<()> {
    let Some(&came_in) = manifest.counters.get("in") else {
        writeln!(out, "{}", summary(manifest))?;
        return Ok(());
    };
    let kept = manifest.counters.get("kept").copied().unwrap_or(0);
    let mut line = |name: &str, count: u64| {
        let share = count as f64 / came_in.max(1) as f64;
        let bar = "█".repeat((share * 40.0).round() as usize);
        writeln!(out, "{:>10}  {:5.1} %  {name:34} {bar}", thousands(count), share * 100.0)
    };
    line("in", came_in)?;
    line("kept", kept)?;
    for (reason, count) in manifest.dropped() {
        line(reason, count)?;
    }
    Ok(())
}

/// The first rows of an output, a column a line; files that are no shard by name.
fn rows(
    directory: &Path,
    contents: &pipeline::Contents,
    wanted: usize,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let mut left = wanted;
    for file in &contents.files {
        if file.rows.is_none() {
            writeln!(out, "  {}  {}", file.name, crate::lines::bytes(file.bytes))?;
            continue;
        }
        for row in shard::preview(&directory.join(&file.name), left)? {
            writeln!(out, "  ─ {}", file.name)?;
            for (column, value) in row {
                writeln!(out, "  {column:>16}  {}", value.replace('\n', "\n                    "))?;
            }
            left -= 1;
        }
        if left == 0 {
            break;
        }
    }
    Ok(())
}
