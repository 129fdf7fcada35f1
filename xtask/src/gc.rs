//! `gc`: remove what no run names.

use std::fs;
use std::io::Write;

use anyhow::Context;
use pipeline::{Error, Fault, Key, Store};

use crate::cli::Gc;
use crate::house;
use crate::lines::bytes;

/// Runs `gc`.
pub(crate) fn run(arguments: &Gc, out: &mut dyn Write) -> anyhow::Result<()> {
    let runs = &arguments.runs.runs;
    let store = Store::open(runs)?;
    let names = house::run_names(runs)?;
    if let Some(stranger) = arguments.keep.iter().find(|name| !names.contains(name)) {
        let fault = Fault::new(format!("there is no run \"{stranger}\" to keep"));
        let fault = fault.expected(house::one_of(&names));
        return Err(Error::Input(fault.cure("`gc` without --keep keeps every run")).into());
    }
    let keep = |name: &&String| arguments.keep.is_empty() || arguments.keep.contains(name);
    let (kept, gone): (Vec<&String>, Vec<&String>) = names.iter().partition(keep);
    // before anything is removed: a record that cannot be read must not cost other runs
    let mut keys: Vec<Key> = vec![];
    for name in kept {
        keys.extend(house::read_run(runs, name)?.1.stages.into_iter().map(|stage| stage.key));
    }
    for name in gone {
        fs::remove_dir_all(runs.join(name)).with_context(|| format!("cannot remove run {name}"))?;
        writeln!(out, "removed run {name}")?;
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
