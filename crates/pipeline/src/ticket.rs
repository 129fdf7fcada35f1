//! A stage as it travels to another machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Fault, Result};
use crate::file::Spot;
use crate::key::Key;
use crate::outside::{Pin, Stamp};
use crate::plan::{Found, Planned, Source, recipe};
use crate::registry::Registry;
use crate::signature::Class;

/// Enough to build a stage again elsewhere, and to see that it is the same one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ticket {
    name: String,
    uses: String,
    key: Key,
    settings: Exact,
    inputs: BTreeMap<String, (Key, String)>,
    outside: BTreeMap<String, Away>,
    seed: u64,
    kernels: String,
    spot: (PathBuf, usize),
    sources: String,
    version: String,
}

/// What a setting named outside, on the machine that planned.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Away {
    Files(Vec<(PathBuf, String)>),
    Url(Pin),
}

impl Ticket {
    /// The ticket of a planned stage: `sources` is the digest of the code that makes it, and `version` what the program
    /// that planned calls itself.
    pub fn of(planned: &Planned, sources: String, version: &str) -> Self {
        let inputs = planned
            .inputs
            .iter()
            .map(|(slot, source)| (slot.clone(), (source.key.clone(), source.output.clone())));
        let outside = planned.outside.iter().map(|(setting, found)| {
            let away = match found {
                Found::Files(files) => Away::Files(files.clone()),
                Found::Url(pin) => Away::Url(pin.clone()),
            };
            (setting.clone(), away)
        });
        Self {
            name: planned.name.clone(),
            uses: planned.uses.clone(),
            key: planned.key.clone(),
            settings: Exact::from(&planned.settings),
            inputs: inputs.collect(),
            outside: outside.collect(),
            seed: planned.seed,
            kernels: planned.recipe.get("kernels").and_then(Value::as_str).unwrap_or_default().to_owned(),
            spot: (planned.spot.file.to_path_buf(), planned.spot.line),
            sources,
            version: version.to_owned(),
        }
    }

    /// The key of its stage.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Builds the stage with this program's `registry`. `here` says where an outside file lies on this machine, given its
    /// path on the one that planned and its hash.
    ///
    /// # Errors
    /// [`Error::Moved`] where this program would make something else than the one that planned.
    pub fn build(
        &self,
        registry: &Registry,
        program: &Program,
        here: &dyn Fn(&Path, &str) -> Result<PathBuf>,
    ) -> Result<Planned> {
        let Some(kind) = registry.get(&self.uses) else {
            return Err(self.stranger(program, &format!("no stage \"{}\"", self.uses)));
        };
        let mut settings = Value::from(&self.settings);
        let unhashed = |signature: &crate::Signature| signature.unhashed.contains(&"memory_mb");
        let refused = |got: String| self.stranger(program, &got);
        let mut built = kind.build(settings.clone()).map_err(|error| refused(error.to_string()))?;
        if let (true, Some(most)) = (unhashed(&built.stage.signature()), program.memory_mb) {
            let asked = settings.get("memory_mb").and_then(Value::as_u64).unwrap_or(most);
            settings["memory_mb"] = asked.min(most).into();
            built = kind.build(settings).map_err(|error| refused(error.to_string()))?;
        }
        let signature = built.stage.signature();
        let sources = (program.sources)(signature.sources);
        if sources != self.sources {
            return Err(refused(format!("sources {sources}, not {}", self.sources)));
        }
        let (mut outside, mut stamps) = (BTreeMap::new(), vec![]);
        for (setting, away) in &self.outside {
            let found = match away {
                Away::Url(pin) => Found::Url(pin.clone()),
                Away::Files(files) => {
                    let mut found = vec![];
                    for (path, hash) in files {
                        let path = here(path, hash)?;
                        stamps.push((path.clone(), Stamp::of(&path)?));
                        found.push((path, hash.clone()));
                    }
                    Found::Files(found)
                }
            };
            outside.insert(setting.clone(), found);
        }
        let source = |(key, output): &(Key, String)| Source {
            stage: 0,
            name: String::new(),
            key: key.clone(),
            output: output.clone(),
        };
        let inputs =
            self.inputs.iter().map(|(slot, input)| (slot.clone(), source(input))).collect::<BTreeMap<_, _>>();
        let recipe =
            recipe(&self.uses, &signature, &built.settings, &inputs, &outside, self.seed, &self.kernels);
        if Key::of(&recipe) != self.key {
            return Err(refused(format!("the recipe {}", Key::of(&recipe))));
        }
        Ok(Planned {
            name: self.name.clone(),
            uses: self.uses.clone(),
            key: self.key.clone(),
            recipe,
            settings: built.settings,
            numeric: signature.class == Class::Numeric,
            signature,
            inputs,
            outside,
            seed: self.seed,
            spot: Spot { file: Arc::new(self.spot.0.clone()), line: self.spot.1 },
            stamps,
            stage: built.stage,
        })
    }

    fn stranger(&self, program: &Program, got: &str) -> Error {
        let fault = Fault::new(format!("this executor would make stage \"{}\" otherwise", self.name));
        let fault = fault.got(format!("{} with {got}", program.version));
        let fault = fault.expected(format!("{}, which submitted {}", self.version, self.key));
        Error::Moved(fault.cure("start executors from the program that submits"))
    }
}

/// The program that builds a stage from a ticket.
pub struct Program<'a> {
    /// What it calls itself.
    pub version: &'a str,
    /// Digest of the sources of some crates.
    pub sources: &'a dyn Fn(&[&str]) -> String,
    /// Bounds the setting of this name where it is one of those that change no byte.
    pub memory_mb: Option<u64>,
}

/// A setting as it was, to the last bit: JSON that is read again may differ in the last bit of a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Exact {
    Nothing,
    Truth(bool),
    Natural(u64),
    Integer(i64),
    /// The bits of a number.
    Real(u64),
    Text(String),
    List(Vec<Exact>),
    Table(BTreeMap<String, Exact>),
}

impl From<&Value> for Exact {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Nothing,
            Value::Bool(truth) => Self::Truth(*truth),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(natural), _) => Self::Natural(natural),
                (_, Some(integer)) => Self::Integer(integer),
                _ => Self::Real(number.as_f64().unwrap_or_default().to_bits()),
            },
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(list) => Self::List(list.iter().map(Self::from).collect()),
            Value::Object(table) => {
                Self::Table(table.iter().map(|(name, value)| (name.clone(), Self::from(value))).collect())
            }
        }
    }
}

impl From<&Exact> for Value {
    fn from(exact: &Exact) -> Self {
        match exact {
            Exact::Nothing => Self::Null,
            Exact::Truth(truth) => Self::Bool(*truth),
            Exact::Natural(natural) => Self::from(*natural),
            Exact::Integer(integer) => Self::from(*integer),
            Exact::Real(bits) => Self::from(f64::from_bits(*bits)),
            Exact::Text(text) => Self::String(text.clone()),
            Exact::List(list) => Self::Array(list.iter().map(Self::from).collect()),
            Exact::Table(table) => {
                Self::Object(table.iter().map(|(name, value)| (name.clone(), Self::from(value))).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_travel_to_the_last_bit() {
        // read from JSON by a fast reader, some of these come back as a neighbour
        let numbers: Vec<f64> = (1..2000).map(|i| f64::from_bits(0x3fd5_5555_5555_5555 + i * 977)).collect();
        let value = json!({ "numbers": numbers, "n": null, "i": -3, "u": u64::MAX, "b": true, "t": "x" });
        let text = serde_json::to_string(&Exact::from(&value)).unwrap();
        let exact: Exact = serde_json::from_str(&text).unwrap();
        assert_eq!(Value::from(&exact), value);
    }
}
