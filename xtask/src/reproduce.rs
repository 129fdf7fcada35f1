//! `reproduce`: run a pipeline from top to bottom, compare with its lock, write the report.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use pipeline::{
    Error, Fault, Found, LockFile, Locked, Outcome, PipelineFile, Plan, Planned, Registry, Runner, Session,
    Store, Whole, clock::unix_seconds, write_atomically,
};
use serde_json::json;

use crate::cli::Reproduce;
use crate::lines::{Lines, duration, widths};
use crate::network::Network;
use crate::{depot, house, machine, sources, stop};

/// Runs `reproduce`.
pub(crate) fn run(
    arguments: &Reproduce,
    registry: &Registry,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<()> {
    led(arguments, registry, out, Home::Here, &|_| {
        let runner: Box<dyn Runner> = match arguments.task {
            Some(slice) => Box::new(slice),
            None => Box::new(Whole),
        };
        Ok(runner)
    })
}

/// Where the outputs of a run with a depot end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Home {
    /// On this machine too.
    Here,
    /// Only there.
    #[cfg_attr(not(feature = "cluster"), expect(dead_code, reason = "a cluster leaves them there"))]
    Away,
}

/// Makes the runner of a run, which may keep the store in mind.
type Lead<'a> = dyn for<'s> Fn(&'s Store) -> anyhow::Result<Box<dyn Runner + 's>> + 'a;

/// Runs a pipeline with the runner that `lead` makes.
pub(crate) fn led(
    arguments: &Reproduce,
    registry: &Registry,
    out: &mut (dyn Write + Send),
    home: Home,
    lead: &Lead,
) -> anyhow::Result<()> {
    let file = within(house::load(&arguments.pipeline)?, registry, arguments.until.as_deref());
    let lock = house::lock(&file)?;
    let pinned = lock.as_ref().map_or(&[][..], |lock| &lock.url);
    let network = Network { mirror: arguments.mirror.clone() };
    let mut absent = vec![];
    let planned = arguments.plan.then_some(&mut absent);
    let plan = house::plan(file, registry, &arguments.runs.runs, pinned, &network, planned)?;
    check_until(&plan, arguments.until.as_deref())?;
    let store = depot::store(&arguments.runs.runs, arguments.depot.as_deref())?;
    start_pool(arguments.threads)?;
    if arguments.plan {
        print_plan(&plan, &store, lock.as_ref(), out)?;
        for error in &absent {
            writeln!(out, "\nnot there yet: {error}")?;
        }
        return Ok(());
    }
    let directory = arguments.runs.runs.join(&plan.pipeline.name);
    heading(&plan, &directory, out)?;
    let runner = lead(&store)?;
    let outcomes = {
        let observer = Lines::new(&plan, out);
        let session = Session {
            store: &store,
            runner: &*runner,
            observer: &observer,
            stop: stop::on_signals(),
            mirror: arguments.mirror.as_deref(),
            sources: &sources::digest,
            about: sources::about(),
        };
        session.run(&plan, arguments.until.as_deref())?
    };
    if let (Some(depot), Home::Away) = (&arguments.depot, home) {
        record(&plan, &outcomes, &store, &directory, arguments.mirror.as_deref())?;
        compare(&plan, &outcomes, lock.as_ref(), &store, arguments, out)?;
        let again = format!("reproduce {} --depot {depot}", arguments.pipeline);
        writeln!(out, "in the depot: {depot}/store; `{again}` brings it here and writes the report")?;
        return Ok(());
    }
    for (stage, _) in plan.stages.iter().zip(&outcomes) {
        store.bring_home(&stage.key)?;
    }
    record(&plan, &outcomes, &store, &directory, arguments.mirror.as_deref())?;
    crate::report::write(&directory)?;
    compare(&plan, &outcomes, lock.as_ref(), &store, arguments, out)?;
    writeln!(out, "report: {}", directory.join("report.html").display())?;
    Ok(())
}

/// The pipeline without what lies below `until`, where that has a stage that this program was built without: the data stages
/// of a whole pipeline run in a program that cannot train.
pub(crate) fn within(mut file: PipelineFile, registry: &Registry, until: Option<&str>) -> PipelineFile {
    let last = until.and_then(|until| file.stages.iter().position(|stage| stage.name == until));
    if let Some(last) = last
        && file.stages[last + 1..].iter().any(|stage| registry.get(&stage.uses).is_none())
    {
        file.stages.truncate(last + 1);
    }
    file
}

pub(crate) fn check_until(plan: &Plan, until: Option<&str>) -> Result<(), Error> {
    let names: Vec<&str> = plan.stages.iter().map(|stage| stage.name.as_str()).collect();
    match until {
        Some(until) if !names.contains(&until) => {
            let fault = Fault::new(format!("--until names no stage of {}", plan.pipeline.name)).got(until);
            let cure = "`reproduce --plan` lists the stages";
            Err(Error::Wiring(fault.expected(format!("one of {}", names.join(", "))).cure(cure)))
        }
        _ => Ok(()),
    }
}

/// The one pool: stages share it, and nothing else starts compute threads.
pub(crate) fn start_pool(threads: Option<usize>) -> anyhow::Result<()> {
    let threads = threads.unwrap_or(0);
    match rayon::ThreadPoolBuilder::new().num_threads(threads).build_global() {
        // in tests several runs share a process, and the first one's pool
        Err(error) if !error.to_string().contains("already been initialized") => Err(error.into()),
        _ => Ok(()),
    }
}

fn heading(plan: &Plan, directory: &Path, out: &mut dyn Write) -> std::io::Result<()> {
    let (name, stages) = (&plan.pipeline.name, plan.stages.len());
    let left = format!("reproduce {name}  ({stages} stages, seed {}, {})", plan.pipeline.seed, plan.kernels);
    writeln!(out, "{left}  {}", directory.display())
}

fn print_plan(
    plan: &Plan,
    store: &Store,
    lock: Option<&LockFile>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let cost = |name: &str| lock?.stage.get(name)?.cpu_s;
    let [name, uses] = widths(plan.stages.iter().map(|stage| [&*stage.name, &*stage.uses]));
    // a key is that of a recipe only where all files are there that go into it
    let mut known: Vec<bool> = vec![];
    for stage in &plan.stages {
        let there = |found: &Found| matches!(found, Found::Url(_)) || !found.files().is_empty();
        let above = stage.inputs.values().all(|source| known[source.stage]);
        known.push(above && stage.outside.values().all(there));
        let key = if known.last() == Some(&true) { stage.key.as_str() } else { "not known yet" };
        let state = match (store.entry(&stage.key).is_dir(), store.partial(&stage.key).is_dir()) {
            (true, _) => "cached",
            (_, true) => "begun",
            _ => "to do",
        };
        let from: Vec<String> = stage
            .inputs
            .iter()
            .map(|(slot, source)| format!("{slot} = {}/{}", source.name, source.output))
            .collect();
        let from = from.join(", ");
        writeln!(out, "{:name$}  {:uses$}  {key:16}  {state:6}  {from}", stage.name, stage.uses)?;
        if let Some(seconds) = cost(&stage.name) {
            writeln!(out, "{:name$}  CPU time {} when it was locked", "", duration(seconds))?;
        }
        if state != "cached" {
            let above = |slot: &str| Some(plan.stages[stage.inputs.get(slot)?.stage].settings.clone());
            for line in stage.stage.forecast(&above) {
                writeln!(out, "{:name$}  {line}", "")?;
            }
        }
    }
    let all: f64 = plan.stages.iter().filter_map(|stage| cost(&stage.name)).sum();
    if all > 0.0 {
        writeln!(out, "all: CPU time {} when it was locked", duration(all))?;
    }
    Ok(())
}

/// Writes `runs/NAME`: the pipeline's text, `run.json`, a link to each stage's entry.
fn record(
    plan: &Plan,
    outcomes: &[Outcome],
    store: &Store,
    directory: &Path,
    mirror: Option<&Path>,
) -> anyhow::Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))?;
    write_atomically(&directory.join("pipeline.toml"), plan.pipeline.text.as_bytes())?;
    let mut stages = vec![];
    for (stage, outcome) in plan.stages.iter().zip(outcomes) {
        stages.push(json!({
            "name": stage.name, "use": stage.uses, "key": stage.key, "content": outcome.manifest.content,
            "how": format!("{:?}", outcome.how).to_lowercase(), "cost": outcome.cost, "numeric": stage.numeric,
            "from": stage.inputs.iter().map(|(slot, source)| (slot.clone(), format!("{}/{}", source.name, source.output))).collect::<BTreeMap<_, _>>(),
        }));
        if store.entry(&stage.key).exists() {
            link(&PathBuf::from("../store").join(stage.key.as_str()), &directory.join(&stage.name))?;
        }
    }
    unlink_others(directory, plan)?;
    // `verify --deep` makes it again from there, wherever it is called
    let absolute = |path: &Path| std::path::absolute(path);
    let file = (!plan.pipeline.builtin).then(|| absolute(&plan.pipeline.path)).transpose()?;
    let mirror = mirror.map(absolute).transpose()?;
    let run = json!({
        "file": file, "mirror": mirror, "pipeline": plan.pipeline.name, "about": plan.pipeline.about, "seed": plan.pipeline.seed, "kernels": plan.kernels,
        "store": store.root(), "finished_unix_s": unix_seconds(), "program": sources::about(), "stages": stages,
    });
    write_atomically(&directory.join("run.json"), &serde_json::to_vec_pretty(&run)?)?;
    Ok(())
}

/// Ends the names of links that are not yet in their place.
const BEING_LINKED: &str = ".link.tmp";

/// Replaces a link by rename, so that a reader always finds one.
fn link(target: &Path, path: &Path) -> anyhow::Result<()> {
    // the process id keeps processes apart that share a run's tasks and end at the same time
    let temporary = path.with_extension(format!("{}{BEING_LINKED}", std::process::id()));
    let _ = fs::remove_file(&temporary);
    let linked = std::os::unix::fs::symlink(target, &temporary).and_then(|()| fs::rename(&temporary, path));
    linked.with_context(|| format!("cannot link {}", path.display()))
}

/// A stage that left the pipeline leaves the run.
fn unlink_others(directory: &Path, plan: &Plan) -> anyhow::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let half_made = name.to_string_lossy().ends_with(BEING_LINKED);
        let is_link = entry.path().is_symlink() && !half_made;
        if is_link && !plan.stages.iter().any(|stage| name == *stage.name) {
            // another process may have removed it already
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

/// Says whether the run is what its lock says; writes the lock where there is none.
fn compare(
    plan: &Plan,
    outcomes: &[Outcome],
    lock: Option<&LockFile>,
    store: &Store,
    arguments: &Reproduce,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let Some(path) = house::lock_path(&plan.pipeline) else { return Ok(()) };
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let Some(lock) = lock else {
        if arguments.locked {
            let fault = Fault::new("--locked was given and there is no lock file").at(&path, None);
            let fault = fault.expected("the lock of a run that was right");
            return Err(Error::Moved(fault.cure("run once without --locked: it writes one")).into());
        }
        // a lock is of a whole run
        if arguments.until.is_none() && outcomes.len() == plan.stages.len() {
            let locked = |(stage, outcome): (&Planned, &Outcome)| {
                let cost = store.cost(&stage.key).unwrap_or(outcome.cost);
                (stage.name.clone(), Locked::of(stage, &outcome.manifest).costing(cost))
            };
            let stage = plan.stages.iter().zip(outcomes).map(locked).collect();
            let made = Some(machine::made(&plan.kernels));
            let text = LockFile { made, url: plan.pins.clone(), stage }.render();
            write_atomically(&path, text.as_bytes())?;
            writeln!(out, "wrote {name}")?;
        }
        return Ok(());
    };
    let ran = plan.stages.iter().zip(outcomes.iter().map(|outcome| &outcome.manifest));
    let differences = lock.differences(ran);
    let equal = outcomes.len() - differences.len();
    writeln!(out, "equal to {name}: {equal} of {}", outcomes.len())?;
    let Some(first) = differences.first() else { return Ok(()) };
    if arguments.locked {
        let fault =
            Fault::new(format!("stage \"{}\" is the first that is not what the lock says", first.stage));
        let cure = format!("if the change is meant, delete {name} and run without --locked");
        let fault = fault.at(&path, None).got(&first.got).expected(&first.expected).cure(cure);
        return Err(Error::Moved(fault).into());
    }
    writeln!(out, "  first that differs: {} (got {}, locked {})", first.stage, first.got, first.expected)?;
    Ok(())
}
