//! From a file to keys: wiring, types and settings are checked before anything runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::error::{Error, Fault, On, Result, nearest};
use crate::file::{Entry, PipelineFile, explain};
use crate::key::Key;
use crate::outside::{Memo, Pin, Pins, expand};
use crate::registry::{Built, Registry};
use crate::signature::{Class, Output, Outside, Signature, Slot};
use crate::stage::Stage;

/// A pipeline ready to run: every stage built, wired and named by its recipe.
pub struct Plan {
    /// The file it came from.
    pub pipeline: PipelineFile,
    /// From top to bottom.
    pub stages: Vec<Planned>,
    /// Scalar, avx2, avx512, …: part of the key of numeric stages.
    pub kernels: String,
    /// What outside URLs hold; goes into the lock file.
    pub pins: Vec<Pin>,
}

/// One stage of a plan.
pub struct Planned {
    /// Its name in the pipeline file.
    pub name: String,
    /// The registered stage that does the work.
    pub uses: String,
    /// Names its output.
    pub key: Key,
    /// What the key is the hash of.
    pub recipe: Value,
    /// All settings, defaults filled in, as written: outside files are still paths.
    pub settings: Value,
    /// What it says of itself.
    pub signature: Signature,
    /// Slot to the stage and output that fill it.
    pub inputs: BTreeMap<String, Source>,
    /// JSON pointer of a setting to what it names outside.
    pub outside: BTreeMap<String, Found>,
    /// Numeric itself, or below a stage that is.
    pub numeric: bool,
    /// The run's seed.
    pub seed: u64,
    /// Does the work.
    pub stage: Box<dyn Stage>,
}

/// An output of a stage above.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Index into [`Plan::stages`].
    pub stage: usize,
    /// That stage's name.
    pub name: String,
    /// That stage's key.
    pub key: Key,
    /// The output's name.
    pub output: String,
}

/// What a setting that names something outside led to.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// Files on this machine, with the hashes of their bytes.
    Files(Vec<(PathBuf, String)>),
    /// A URL that the stage fetches.
    Url(Pin),
}

/// What planning needs besides the file.
pub struct Planner<'a> {
    /// The stages there are.
    pub registry: &'a Registry,
    /// The kernel class of this machine.
    pub kernels: &'a str,
    /// Hashes of outside files.
    pub memo: &'a mut Memo,
    /// Pins that the lock file already holds.
    pub pinned: &'a [Pin],
    /// Asked for URLs without a pin.
    pub pins: &'a dyn Pins,
}

impl Planner<'_> {
    /// Wires `pipeline` and names every stage.
    ///
    /// # Errors
    /// [`Error::Wiring`] for what the file says, [`Error::Input`] for what it points at.
    pub fn plan(&mut self, pipeline: PipelineFile) -> Result<Plan> {
        let mut plan = Plan { pipeline, stages: vec![], kernels: self.kernels.to_owned(), pins: vec![] };
        let mut built = vec![];
        for entry in &plan.pipeline.stages {
            built.push(self.build(entry)?);
        }
        for (i, Built { stage, settings }) in built.into_iter().enumerate() {
            let entry = &plan.pipeline.stages[i];
            let signature = stage.signature();
            let inputs = wire(entry, &signature, &plan)?;
            let outside = self.look_outside(entry, &signature)?;
            plan.pins.extend(outside.values().filter_map(|found| match found {
                Found::Url(pin) => Some(pin.clone()),
                Found::Files(_) => None,
            }));
            let above = inputs.values().any(|source| plan.stages[source.stage].numeric);
            let recipe =
                recipe(entry, &signature, &settings, &inputs, &outside, plan.pipeline.seed, self.kernels);
            plan.stages.push(Planned {
                name: entry.name.clone(),
                uses: entry.uses.clone(),
                key: Key::of(&recipe),
                recipe,
                settings,
                numeric: above || signature.class == Class::Numeric,
                signature,
                inputs,
                outside,
                seed: plan.pipeline.seed,
                stage,
            });
        }
        Ok(plan)
    }

    fn build(&self, entry: &Entry) -> Result<Built> {
        let Some(kind) = self.registry.get(&entry.uses) else {
            let names: Vec<&str> = self.registry.iter().map(|kind| kind.name).collect();
            let fault = entry.fault("/use", format!("there is no stage \"{}\"", entry.uses));
            let cure = nearest(&entry.uses, names.iter().copied());
            let cure = cure.map_or("`explain` says what each does".to_owned(), |near| {
                format!("did you mean \"{near}\"?")
            });
            return Err(Error::Wiring(fault.expected(format!("one of {}", names.join(", "))).cure(cure)));
        };
        kind.build(entry.with.clone()).map_err(|error| {
            let (pointer, fault) = explain(&error, "/with");
            let spot = entry.spot(&pointer);
            let cure = format!("`explain {}` lists its settings", entry.uses);
            let cure = if fault.cure.is_empty() { cure } else { fault.cure.clone() };
            Error::Wiring(fault.at(&spot.file, Some(spot.line)).cure(cure))
        })
    }

    fn look_outside(&mut self, entry: &Entry, signature: &Signature) -> Result<BTreeMap<String, Found>> {
        let mut found = BTreeMap::new();
        for outside in &signature.outside {
            let pointer = format!("/with{}", outside.setting);
            let spot = entry.spot(&pointer);
            let here = if outside.is_url() {
                Found::Url(self.pin(entry, &pointer, outside)?)
            } else {
                let base = spot.file.parent().unwrap_or(Path::new("."));
                let files = expand(&outside.locator, base).map_err(|fault| {
                    let cure =
                        format!("correct `{}`", outside.setting.trim_start_matches('/').replace('/', "."));
                    Error::Input(fault.at(&spot.file, Some(spot.line)).cure(cure))
                })?;
                let mut hashed = vec![];
                for file in files {
                    let hash = self.memo.hash(&file)?;
                    // absolute, because tasks may run in a process that stands elsewhere
                    hashed.push((std::path::absolute(&file).on("find", &file)?, hash));
                }
                Found::Files(hashed)
            };
            found.insert(outside.setting.clone(), here);
        }
        self.memo.save()?;
        Ok(found)
    }

    fn pin(&self, entry: &Entry, pointer: &str, outside: &Outside) -> Result<Pin> {
        if let Some(pin) = self.pinned.iter().find(|pin| pin.url == outside.locator) {
            return Ok(pin.clone());
        }
        self.pins.pin(&outside.locator).map_err(|error| {
            let fault = entry.fault(pointer, format!("{} cannot be asked for its length", outside.locator));
            Error::Input(
                fault
                    .got(format!("{error:#}"))
                    .cure("check the address and the network, or give --mirror DIR"),
            )
        })
    }
}

/// Everything that decides a stage's bytes, and nothing else.
fn recipe(
    entry: &Entry,
    signature: &Signature,
    settings: &Value,
    inputs: &BTreeMap<String, Source>,
    outside: &BTreeMap<String, Found>,
    seed: u64,
    kernels: &str,
) -> Value {
    let mut settings = settings.clone();
    for (pointer, found) in outside {
        if let Some(value) = settings.pointer_mut(pointer) {
            *value = match found {
                Found::Files(files) => {
                    files.iter().map(|(path, hash)| json!([file_name(path), hash])).collect()
                }
                Found::Url(pin) => json!(pin),
            };
        }
    }
    let mut recipe = Map::new();
    recipe.insert("stage".to_owned(), json!(entry.uses));
    recipe.insert("version".to_owned(), json!(signature.version));
    recipe.insert("settings".to_owned(), settings);
    let sources = inputs
        .iter()
        .map(|(slot, source)| (slot.clone(), json!(format!("{}/{}", source.key, source.output))));
    recipe.insert("inputs".to_owned(), Value::Object(sources.collect()));
    if signature.random {
        recipe.insert("seed".to_owned(), json!(seed));
    }
    if signature.class == Class::Numeric {
        recipe.insert("kernels".to_owned(), json!(kernels));
    }
    Value::Object(recipe)
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// Fills the slots of a stage with outputs of stages above it.
fn wire(entry: &Entry, signature: &Signature, plan: &Plan) -> Result<BTreeMap<String, Source>> {
    let slots: Vec<&str> = signature.reads.iter().map(|slot| slot.name.as_str()).collect();
    if let Some(stranger) = entry.from.keys().find(|name| !slots.contains(&name.as_str())) {
        let fault = entry.fault(
            &format!("/from/{stranger}"),
            format!("stage \"{}\" has no input \"{stranger}\"", entry.name),
        );
        let expected =
            if slots.is_empty() { "no `from`: it reads nothing".to_owned() } else { slots.join(", ") };
        let cure =
            nearest(stranger, slots).map_or_else(String::new, |near| format!("did you mean \"{near}\"?"));
        return Err(Error::Wiring(fault.expected(expected).cure(cure)));
    }
    let mut inputs = BTreeMap::new();
    for slot in &signature.reads {
        match entry.from.get(&slot.name) {
            Some(source) => {
                inputs.insert(slot.name.clone(), connect(entry, slot, source, plan)?);
            }
            None if slot.optional => {}
            None => {
                let fault =
                    entry.fault("", format!("stage \"{}\" lacks its input \"{}\"", entry.name, slot.name));
                let expected =
                    format!("from = {{ {} = \"…\" }}, a stage above that writes {}", slot.name, slot.kind);
                return Err(Error::Wiring(fault.expected(expected).cure(offers(slot, plan))));
            }
        }
    }
    Ok(inputs)
}

fn connect(entry: &Entry, slot: &Slot, source: &str, plan: &Plan) -> Result<Source> {
    let pointer = format!("/from/{}", slot.name);
    let (name, output) = source.split_once('/').map_or((source, None), |(name, output)| (name, Some(output)));
    let Some(stage) = plan.stages.iter().position(|planned| planned.name == name) else {
        return Err(Error::Wiring(unknown_source(entry, &pointer, name, plan)));
    };
    let writes = &plan.stages[stage].signature.writes;
    let fits = |written: &&Output| match output {
        Some(output) => written.name == output && (slot.kind == "*" || written.kind == slot.kind),
        None => slot.kind == "*" || written.kind == slot.kind,
    };
    let fitting: Vec<&Output> = writes.iter().filter(fits).collect();
    let listed: Vec<String> =
        writes.iter().map(|written| format!("{} ({})", written.name, written.kind)).collect();
    let got = format!("\"{name}\" writes {}", listed.join(", "));
    match fitting[..] {
        [written] => {
            let key = plan.stages[stage].key.clone();
            Ok(Source { stage, name: name.to_owned(), key, output: written.name.clone() })
        }
        [] => {
            let fault = entry.fault(
                &pointer,
                format!("\"{source}\" is not what \"{}\" reads as \"{}\"", entry.name, slot.name),
            );
            Err(Error::Wiring(fault.got(got).expected(&slot.kind).cure(offers(slot, plan))))
        }
        [first, ..] => {
            let fault = entry.fault(&pointer, format!("\"{source}\" has several outputs that fit"));
            Err(Error::Wiring(
                fault.got(got).expected("one").cure(format!("write \"{name}/{}\"", first.name)),
            ))
        }
    }
}

fn unknown_source(entry: &Entry, pointer: &str, name: &str, plan: &Plan) -> Fault {
    let above: Vec<&str> = plan.stages.iter().map(|planned| planned.name.as_str()).collect();
    let there = if above.is_empty() {
        "no stage stands above".to_owned()
    } else {
        format!("there are {}", above.join(", "))
    };
    if name == entry.name || plan.pipeline.stages.iter().any(|other| other.name == name) {
        let fault = entry.fault(pointer, format!("stage \"{name}\" does not stand above \"{}\"", entry.name));
        return fault.expected(there).cure("data flows down the file: move one of the two");
    }
    let fault = entry.fault(pointer, format!("no stage \"{name}\" stands above \"{}\"", entry.name));
    let cure = nearest(name, above).map_or_else(String::new, |near| format!("did you mean \"{near}\"?"));
    fault.expected(there).cure(cure)
}

/// Which stages above could fill the slot.
fn offers(slot: &Slot, plan: &Plan) -> String {
    let fits = |written: &Output| slot.kind == "*" || written.kind == slot.kind;
    let able = plan.stages.iter().filter(|planned| planned.signature.writes.iter().any(fits));
    let able: Vec<String> = able.map(|planned| format!("{} = \"{}\"", slot.name, planned.name)).collect();
    if able.is_empty() { format!("add a stage above that writes {}", slot.kind) } else { able.join(" or ") }
}
