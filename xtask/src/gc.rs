//! `gc`: remove what no run names.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use pipeline::{Error, Fault, Key, Store};

use crate::cli::Gc;
use crate::house;
use crate::lines::bytes;

/// Runs `gc`.
pub(crate) fn run(arguments: &Gc, out: &mut dyn Write) -> anyhow::Result<()> {
    let runs = &arguments.runs.runs;
    let store = Store::open(runs)?;
    let names = run_names(runs)?;
    if let Some(stranger) = arguments.keep.iter().find(|name| !names.contains(name)) {
        let fault = Fault::new(format!("there is no run \"{stranger}\" to keep"));
        let expected = if names.is_empty() {
            "a run: there is none".to_owned()
        } else {
            format!("one of {}", names.join(", "))
        };
        return Err(Error::Input(fault.expected(expected).cure("`gc` without --keep keeps every run")).into());
    }
    let mut keys: Vec<Key> = vec![];
    for name in &names {
        if arguments.keep.is_empty() || arguments.keep.contains(name) {
            keys.extend(house::read_run(runs, name)?.1.stages.into_iter().map(|stage| stage.key));
        } else {
            fs::remove_dir_all(runs.join(name)).with_context(|| format!("cannot remove run {name}"))?;
            writeln!(out, "removed run {name}")?;
        }
    }
    let removed = store.collect(&keys)?;
    for (name, size) in &removed {
        writeln!(out, "removed {name}  {}", bytes(*size))?;
    }
    let cache = store.empty_cache()?;
    if cache > 0 {
        writeln!(out, "removed what stages can make again  {}", bytes(cache))?;
    }
    let freed = removed.iter().map(|(_, size)| size).sum::<u64>() + cache;
    writeln!(out, "{} entries, {} freed", removed.len(), bytes(freed))?;
    Ok(())
}

/// Directories below `runs` that hold a `run.json`.
pub(crate) fn run_names(runs: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = vec![];
    for entry in fs::read_dir(runs).with_context(|| format!("cannot read {}", runs.display()))? {
        let entry = entry?;
        if entry.path().join("run.json").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
