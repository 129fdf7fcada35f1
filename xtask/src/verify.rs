//! `verify`: is what the store holds what its manifests say, and would it come out the same again? And, in a checkout: has the
//! README the figures of the lock?

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use pipeline::{Error, Fault, Outcome, Registry, Session, Store, Whole};

use crate::cli::Verify;
use crate::house::{self, Run};
use crate::lines::{Lines, widths};
use crate::network::Network;
use crate::{sources, stop};

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
    let [name, uses] = widths(run.stages.iter().map(|stage| [&*stage.name, &*stage.uses]));
    for stage in &run.stages {
        let manifest = house::manifest(&store, &arguments.run, stage)?;
        manifest.verify(&store.entry(&stage.key))?;
        let files: usize = manifest.outputs.values().map(|contents| contents.files.len()).sum();
        writeln!(
            out,
            "  {:name$}  {:uses$}  {}  {files} files as written",
            stage.name, stage.uses, stage.key
        )?;
        contents.push((stage.name.clone(), manifest.content));
    }
    if arguments.deep {
        again(arguments, registry, &directory, &run, &contents, out)?;
    }
    crate::figures::check(Path::new("."))?;
    writeln!(out, "verified {}", arguments.run)?;
    Ok(())
}

/// Makes every stage anew in an empty store, and compares.
fn again(
    arguments: &Verify,
    registry: &Registry,
    directory: &Path,
    run: &Run,
    contents: &[(String, String)],
    out: &mut (dyn Write + Send),
) -> anyhow::Result<()> {
    let name = run.file.as_ref().map_or(arguments.run.clone(), |file| file.display().to_string());
    let last = contents.last().map(|(name, _)| name.as_str());
    let file = crate::reproduce::within(house::load(&name)?, registry, last);
    let pinned = house::lock(&file)?.map(|lock| lock.url).unwrap_or_default();
    let empty = directory.join(".verify");
    let _ = std::fs::remove_dir_all(&empty);
    let plan = house::plan(file, registry, &empty, &pinned, &Network { mirror: run.mirror.clone() }, None)?;
    crate::reproduce::check_until(&plan, last)?;
    let store = Store::open(&empty)?;
    crate::reproduce::start_pool(None)?;
    let outcomes = {
        let observer = Lines::new(&plan, out);
        let session = Session {
            store: &store,
            runner: &Whole,
            observer: &observer,
            stop: stop::on_signals(),
            mirror: run.mirror.as_deref(),
            sources: &sources::digest,
            about: sources::about(),
        };
        session.run(&plan, last)?
    };
    // by name: the file may have got a stage since
    let made: BTreeMap<&str, &Outcome> =
        plan.stages.iter().map(|stage| stage.name.as_str()).zip(&outcomes).collect();
    for (name, before) in contents {
        let Some(outcome) = made.get(name.as_str()) else {
            let fault = Fault::new(format!("the pipeline has no stage \"{name}\" any more"));
            let fault = fault.at(&plan.pipeline.path, None).expected("the stages of the run");
            let cure = format!("run it as it is now: reproduce {}", arguments.run);
            return Err(Error::Moved(fault.cure(cure)).into());
        };
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
