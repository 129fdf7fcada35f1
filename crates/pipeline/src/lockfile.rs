//! `pipelines/NAME.lock`: what a run gave when it was last known to be right, committed like `Cargo.lock`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::clock::Cost;
use crate::error::{Error, Fault, Result};
use crate::manifest::Manifest;
use crate::outside::Pin;
use crate::plan::Planned;
use crate::toml_lines::LineStarts;

/// A lock file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockFile {
    /// When and where it was written. Told, never compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Made>,
    /// What outside URLs held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub url: Vec<Pin>,
    /// By stage name.
    #[serde(default)]
    pub stage: BTreeMap<String, Locked>,
}

/// When and where a lock was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// The day, as ISO 8601 writes it.
    pub date: String,
    /// What the processor calls itself.
    pub cpu: String,
    /// The kernel class of numeric stages.
    pub kernels: String,
}

/// What one stage gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locked {
    /// The recipe's key; of a numeric stage, on the machine that wrote the lock.
    pub key: String,
    /// Hash of an exact stage's files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Final metrics of a stage that is numeric or below one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, f64>,
    /// How far a metric may be off, relative to its size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<f64>,
    /// What it counted. Told, never compared: equal bytes have equal counts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counters: BTreeMap<String, u64>,
    /// User and system time on the machine that wrote the lock, in seconds. Told, never compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_s: Option<f64>,
}

/// How a stage differs from its lock.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The stage.
    pub stage: String,
    /// What it gave.
    pub got: String,
    /// What the lock says.
    pub expected: String,
}

impl Locked {
    /// What is worth locking of a finished stage.
    pub fn of(planned: &Planned, manifest: &Manifest) -> Self {
        let numeric = planned.numeric;
        Self {
            key: planned.key.to_string(),
            content: (!numeric).then(|| manifest.content.clone()),
            metrics: if numeric { manifest.metrics.clone() } else { BTreeMap::new() },
            tolerance: numeric.then_some(0.05),
            counters: manifest.counters.clone(),
            cpu_s: None,
        }
    }

    /// The same, and what it cost here.
    #[must_use]
    pub fn costing(self, cost: Cost) -> Self {
        // tenths are all that another run could give again
        Self { cpu_s: (cost.cpu_s > 0.0).then(|| (cost.cpu_s * 10.0).round() / 10.0), ..self }
    }

    fn difference(&self, planned: &Planned, manifest: &Manifest) -> Option<(String, String)> {
        let now = Self::of(planned, manifest);
        if now.content != self.content {
            let name =
                |content: &Option<String>| content.clone().unwrap_or_else(|| "no exact content".to_owned());
            return Some((name(&now.content), name(&self.content)));
        }
        let tolerance = self.tolerance.unwrap_or(0.0);
        self.metrics.iter().find_map(|(name, &expected)| {
            let got = now.metrics.get(name).copied();
            let close = got.is_some_and(|got| (got - expected).abs() <= tolerance * expected.abs().max(1e-9));
            let said = got.map_or_else(|| format!("no {name}"), |got| format!("{name} {got}"));
            (!close).then(|| (said, format!("{name} {expected} within {:.0} %", tolerance * 100.0)))
        })
    }
}

impl LockFile {
    /// Reads a lock file's text.
    ///
    /// # Errors
    /// [`Error::Wiring`] when it is not one.
    pub fn parse(text: &str, path: &Path) -> Result<Self> {
        toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| LineStarts::of(text).line(span.start));
            let fault = Fault::new("this lock file cannot be read").at(path, line).got(error.message());
            Error::Wiring(
                fault
                    .expected("url and stage entries as `reproduce` writes them")
                    .cure("delete it: the next run writes it anew"),
            )
        })
    }

    /// Its text, with a heading.
    pub fn render(&self) -> String {
        let body = toml::to_string(self).expect("plain data: lengths are checked where they are pinned");
        format!(
            "# What this pipeline gave when it was last known to be right.\n# To accept a change on purpose, delete this file and run.\n\n{body}"
        )
    }

    /// Every stage of a run that is not what the lock says, in the order of the run.
    pub fn differences<'a>(&self, run: impl Iterator<Item = (&'a Planned, &'a Manifest)>) -> Vec<Difference> {
        let differs = |(planned, manifest): (&'a Planned, &'a Manifest)| {
            let stage = planned.name.clone();
            let (got, expected) = match self.stage.get(&planned.name) {
                Some(locked) => locked.difference(planned, manifest)?,
                None => ("a stage that the lock does not know".to_owned(), "an entry in the lock".to_owned()),
            };
            Some(Difference { stage, got, expected })
        };
        run.filter_map(differs).collect()
    }
}
