//! `verify`: is what the store holds what its manifests say, and would it come out the same again? And, in a checkout: has the
//! README the figures of the lock?

use std::io::Write;

use pipeline::{Error, Fault, Registry, Session, Store, Whole};

use crate::cli::Verify;
use crate::lines::Lines;
use crate::network::Network;
use crate::{house, sources, stop};

/// Runs `verify`.
pub(crate) fn run(
    arguments: &Verify,
    registry: &Registry,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<()> {
    let runs = &arguments.runs.runs;
    let (directory, run) = house::read_run(runs, &arguments.run)?;
    let store = Store::open(runs)?;
    let mut contents = vec![];
    for stage in &run.stages {
        let manifest = house::manifest(&store, &arguments.run, stage)?;
        manifest.verify(&store.entry(&stage.key))?;
        let files: usize = manifest.outputs.values().map(|contents| contents.files.len()).sum();
        writeln!(out, "  {:12} {:16} {}  {files} files as written", stage.name, stage.uses, stage.key)?;
        contents.push((stage.name.clone(), manifest.content));
    }
    if arguments.deep {
        again(arguments, registry, &directory, &contents, out)?;
    }
    crate::figures::check(std::path::Path::new("."))?;
    writeln!(out, "verified {}", arguments.run)?;
    Ok(())
}

/// Makes every stage anew in an empty store, and compares.
fn again(
    arguments: &Verify,
    registry: &Registry,
    directory: &std::path::Path,
    contents: &[(String, String)],
    out: &mut (dyn Write + Send),
) -> anyhow::Result<()> {
    let file = house::load(&arguments.run)?;
    let pinned = house::lock(&file)?.map(|lock| lock.url).unwrap_or_default();
    let empty = directory.join(".verify");
    let _ = std::fs::remove_dir_all(&empty);
    let plan = house::plan(file, registry, &empty, &pinned, &Network { mirror: None })?;
    let store = Store::open(&empty)?;
    crate::reproduce::start_pool(None)?;
    let outcomes = {
        let observer = Lines::new(&plan, out);
        let session = Session {
            store: &store,
            runner: &Whole,
            observer: &observer,
            stop: stop::on_signals(),
            mirror: None,
            sources: &sources::digest,
            about: sources::about(),
        };
        session.run(&plan, contents.last().map(|(name, _)| name.as_str()))?
    };
    for ((name, before), outcome) in contents.iter().zip(&outcomes) {
        if *before != outcome.manifest.content {
            let fault = Fault::new(format!("stage \"{name}\" gave other bytes when it was made again"))
                .at(&empty, None);
            let fault = fault.got(&outcome.manifest.content).expected(before);
            return Err(Error::Moved(
                fault.cure("compare the two directories; raise the stage's version if code changed"),
            )
            .into());
        }
    }
    std::fs::remove_dir_all(&empty)?;
    Ok(())
}
