//! `stage.json`: what a store entry is, and proof that it still is.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical::canonical;
use crate::clock::Cost;
use crate::error::{Error, Fault, Result};
use crate::files::hash_file;
use crate::key::Key;
use crate::store::MANIFEST;

/// The last file written into an entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The entry's name.
    pub key: Key,
    /// What the key is the hash of: stage, version, settings, inputs, and seed or kernel class where it has them.
    pub recipe: Value,
    /// Output name to what lies there.
    pub outputs: BTreeMap<String, Contents>,
    /// What was counted: `in`, `kept`, `dropped.REASON`, and whatever else the stage counts.
    pub counters: BTreeMap<String, u64>,
    /// Final measurements of a stage that learns: loss, bits per byte.
    pub metrics: BTreeMap<String, f64>,
    /// blake3 over names and hashes of all files: equal content, equal hash.
    pub content: String,
    /// Digest of the sources that made it; not part of the recipe.
    pub sources: String,
}

/// What one output holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Contents {
    /// Table or format, with version: `documents/1`.
    pub kind: String,
    /// In the order of their names.
    pub files: Vec<FileRecord>,
}

/// One finished file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Path below the output's directory.
    pub name: String,
    /// Rows, where it is a shard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Length.
    pub bytes: u64,
    /// Hash of its bytes, computed while they were written.
    pub blake3: String,
}

/// What one task did; the entry's manifest is the sum of its tasks.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct TaskRecord {
    pub(crate) files: BTreeMap<String, Vec<FileRecord>>,
    pub(crate) counters: BTreeMap<String, u64>,
    pub(crate) metrics: BTreeMap<String, f64>,
    pub(crate) cost: Cost,
    /// Files in scratch that tasks of later phases read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) left: Vec<FileRecord>,
    /// What is no part of the result: how long pages took, and the like.
    #[serde(default)]
    pub(crate) notes: BTreeMap<String, Value>,
}

impl TaskRecord {
    pub(crate) fn absorb(&mut self, other: Self) {
        for (output, files) in other.files {
            self.files.entry(output).or_default().extend(files);
        }
        for (name, count) in other.counters {
            *self.counters.entry(name).or_default() += count;
        }
        self.metrics.extend(other.metrics);
        self.cost += other.cost;
    }
}

impl Manifest {
    /// Rows over all shards of `output`.
    pub fn rows(&self, output: &str) -> u64 {
        self.outputs
            .get(output)
            .map_or(0, |contents| contents.files.iter().filter_map(|file| file.rows).sum())
    }

    /// Bytes over all outputs.
    pub fn bytes(&self) -> u64 {
        self.outputs.values().flat_map(|contents| &contents.files).map(|file| file.bytes).sum()
    }

    /// Every file, beside the output that it belongs to.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &FileRecord)> {
        self.outputs
            .iter()
            .flat_map(|(output, contents)| contents.files.iter().map(move |file| (output.as_str(), file)))
    }

    /// `dropped.REASON` counters, most frequent first.
    pub fn dropped(&self) -> Vec<(&str, u64)> {
        let reasons =
            self.counters.iter().filter_map(|(name, &count)| Some((name.strip_prefix("dropped.")?, count)));
        let mut reasons: Vec<_> = reasons.collect();
        reasons.sort_by_key(|&(reason, count)| (std::cmp::Reverse(count), reason));
        reasons
    }

    /// in = kept + dropped, where the stage counts what comes in.
    pub(crate) fn unaccounted(&self) -> Option<i128> {
        let came_in = i128::from(*self.counters.get("in")?);
        let kept = i128::from(self.counters.get("kept").copied().unwrap_or(0));
        let dropped: i128 = self.dropped().iter().map(|&(_, count)| i128::from(count)).sum();
        Some(came_in - kept - dropped).filter(|&missing| missing != 0)
    }

    pub(crate) fn hash_contents(outputs: &BTreeMap<String, Contents>) -> String {
        let mut hasher = blake3::Hasher::new();
        for (output, contents) in outputs {
            for file in &contents.files {
                hasher.update(format!("{output}/{} {}\n", file.name, file.blake3).as_bytes());
            }
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Whether this is the manifest of `recipe`.
    ///
    /// Floats lose their last bit when JSON is read, so the recipe is written and read before it is compared.
    pub(crate) fn is_of(&self, recipe: &Value) -> bool {
        let read: Option<Value> = serde_json::from_str(&recipe.to_string()).ok();
        read.is_some_and(|recipe| canonical(&self.recipe) == canonical(&recipe))
    }

    /// Rehashes every file below `entry`.
    ///
    /// # Errors
    /// [`Error::Moved`] names the first file that is missing or has other bytes.
    pub fn verify(&self, entry: &Path) -> Result<()> {
        if Self::hash_contents(&self.outputs) != self.content {
            let fault = Fault::new("a manifest's content hash is not that of the files it lists");
            return Err(moved(fault.at(&entry.join(MANIFEST), None), entry));
        }
        for (output, file) in self.files() {
            let path = entry.join(output).join(&file.name);
            let found = if path.is_file() { hash_file(&path)?.1 } else { "no file".to_owned() };
            if found != file.blake3 {
                let fault = Fault::new("a stored file is not what its manifest says").at(&path, None);
                return Err(moved(fault.got(found).expected(&file.blake3), entry));
            }
        }
        Ok(())
    }
}

/// The refusal of a store entry that is not what was put there, and what to do with it.
pub(crate) fn moved(fault: Fault, entry: &Path) -> Error {
    Error::Moved(fault.cure(format!("remove {} and run again: it is made anew", entry.display())))
}
