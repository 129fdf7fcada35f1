//! From a file to keys: wiring, types and settings are checked before anything runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::error::{Error, Fault, On, Result, nearest};
use crate::explain::explain;
use crate::file::{Entry, PipelineFile, Spot};
use crate::key::Key;
use crate::outside::{Memo, Pin, Pins, Stamp, expand};
use crate::registry::{Built, Registry};
use crate::signature::{Class, Outside, Signature};
use crate::stage::Stage;
use crate::wire::{check_names, wire};

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
    /// Where the pipeline file says so.
    pub spot: Spot,
    /// What outside files looked like before they were hashed.
    pub(crate) stamps: Vec<(PathBuf, Stamp)>,
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

impl Found {
    /// The local files, with their hashes; none where it is a URL.
    pub fn files(&self) -> &[(PathBuf, String)] {
        match self {
            Self::Files(files) => files,
            Self::Url(_) => &[],
        }
    }
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
    /// Where there is a list, it is told of outside files that are not there, and the plan goes on without them: such a
    /// plan is to be looked at. Nothing else ends well: its keys are of no recipe.
    pub absent: Option<&'a mut Vec<Error>>,
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
            check_names(entry, &signature)?;
            let inputs = wire(entry, &signature, &plan)?;
            let mut stamps = vec![];
            let outside = self.look_outside(entry, &signature, &mut stamps)?;
            plan.pins.extend(outside.values().filter_map(|found| match found {
                Found::Url(pin) => Some(pin.clone()),
                Found::Files(_) => None,
            }));
            let above = inputs.values().any(|source| plan.stages[source.stage].numeric);
            let recipe = recipe(
                &entry.uses,
                &signature,
                &settings,
                &inputs,
                &outside,
                plan.pipeline.seed,
                self.kernels,
            );
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
                spot: entry.spot("").clone(),
                stamps,
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
        let refused = |pointer: &str, fault: Fault| {
            let spot = entry.spot(pointer);
            let cure = format!("`explain {}` lists its settings", entry.uses);
            let cure = if fault.cure.is_empty() { cure } else { fault.cure.clone() };
            Error::Wiring(fault.at(&spot.file, Some(spot.line)).cure(cure))
        };
        let built = kind.build(entry.with.clone()).map_err(|error| {
            let (pointer, fault) = explain(&error, "/with");
            refused(&pointer, fault)
        })?;
        built.stage.check().map_err(|fault| refused(&format!("/with{}", fault.setting), fault))?;
        Ok(built)
    }

    fn look_outside(
        &mut self,
        entry: &Entry,
        signature: &Signature,
        stamps: &mut Vec<(PathBuf, Stamp)>,
    ) -> Result<BTreeMap<String, Found>> {
        let mut found = BTreeMap::new();
        for outside in &signature.outside {
            let pointer = format!("/with{}", outside.setting);
            let here = if outside.is_url() {
                Found::Url(self.pin(entry, &pointer, outside)?)
            } else {
                Found::Files(self.files(entry, &pointer, outside, stamps)?)
            };
            found.insert(outside.setting.clone(), here);
        }
        self.memo.save()?;
        Ok(found)
    }

    fn files(
        &mut self,
        entry: &Entry,
        pointer: &str,
        outside: &Outside,
        stamps: &mut Vec<(PathBuf, Stamp)>,
    ) -> Result<Vec<(PathBuf, String)>> {
        let spot = entry.spot(pointer);
        let setting = outside.setting.trim_start_matches('/').replace('/', ".");
        let correct = format!("correct `{setting}`");
        let cure = if outside.cure.is_empty() { correct } else { format!("{}, or {correct}", outside.cure) };
        let refused = |fault: Fault| Error::Input(fault.at(&spot.file, Some(spot.line)).cure(cure.clone()));
        let base = spot.file.parent().unwrap_or(Path::new("."));
        let mut hashed = vec![];
        let files = match (expand(&outside.locator, base).map_err(refused), &mut self.absent) {
            (Err(error), Some(absent)) => {
                absent.push(error);
                vec![]
            }
            (files, _) => files?,
        };
        for file in files {
            let (hash, stamp) = self.memo.look(&file)?;
            // absolute, because tasks may run in a process that stands elsewhere
            let file = std::path::absolute(&file).on("find", &file)?;
            stamps.push((file.clone(), stamp));
            hashed.push((file, hash));
        }
        Ok(hashed)
    }

    fn pin(&self, entry: &Entry, pointer: &str, outside: &Outside) -> Result<Pin> {
        if let Some(pin) = self.pinned.iter().find(|pin| pin.url == outside.locator) {
            return Ok(pin.clone());
        }
        let pin = self.pins.pin(&outside.locator).map_err(|error| {
            let fault = entry.fault(pointer, format!("{} cannot be asked for its length", outside.locator));
            Error::Input(
                fault
                    .got(format!("{error:#}"))
                    .cure("check the address and the network, or give --mirror DIR"),
            )
        })?;
        // a lock file is TOML, whose numbers have a sign
        if pin.length > i64::MAX as u64 {
            let fault = entry.fault(pointer, format!("{} has an absurd length", outside.locator));
            return Err(Error::Input(fault.got(format!("{} bytes", pin.length)).cure("check the address")));
        }
        Ok(pin)
    }
}

/// Everything that decides a stage's bytes, and nothing else.
pub(crate) fn recipe(
    uses: &str,
    signature: &Signature,
    settings: &Value,
    inputs: &BTreeMap<String, Source>,
    outside: &BTreeMap<String, Found>,
    seed: u64,
    kernels: &str,
) -> Value {
    let mut settings = settings.clone();
    let mut recipe = Map::new();
    for (pointer, found) in outside {
        let held = match found {
            Found::Files(files) => files.iter().map(|(path, hash)| json!([file_name(path), hash])).collect(),
            Found::Url(pin) => json!(pin),
        };
        match settings.pointer_mut(pointer) {
            Some(value) => *value = held,
            // the stage derived the name: then no setting stands for it
            None => drop(recipe.insert(format!("outside {pointer}"), held)),
        }
    }
    if let Some(settings) = settings.as_object_mut() {
        settings.retain(|name, _| !signature.unhashed.contains(&name.as_str()));
    }
    recipe.insert("stage".to_owned(), json!(uses));
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
