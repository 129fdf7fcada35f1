//! Checkpoints of a run in progress: enough to continue with the same bits.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Optimizer;
use crate::checkpoint::{self, Special, read, read_tensors, whole_directory, write_json, write_tensors};
use crate::{Batches, Config, Cursor, Error, Params, Result};

/// Where a run leaves `checkpoint-000300/` and its like, and finds them again.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    /// The directory that they lie in; it is made where it is missing.
    pub directory: PathBuf,
    /// Steps between two; 0 for one at the end only.
    pub every: u64,
    /// How many of the newest to keep; 0 for all.
    pub keep: usize,
    /// What the model's `config.json` says.
    pub config: Config,
    /// Ids that begin and end texts.
    pub special: Special,
}

/// What `trainer/progress.json` holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    step: u64,
    cursor: Cursor,
}

impl Checkpoints {
    /// The newest whole checkpoint, with its step.
    pub fn newest(&self) -> Result<Option<(u64, PathBuf)>> {
        Ok(self.list()?.pop_last())
    }

    pub(super) fn is_due(&self, step: u64) -> bool {
        self.every > 0 && step.is_multiple_of(self.every)
    }

    /// Brings everything to where the newest checkpoint left it; returns its step, 0 without one.
    pub(super) fn resume<B: Batches>(
        &self,
        params: &Params,
        optimizer: &mut dyn Optimizer,
        batches: &mut B,
    ) -> Result<u64> {
        let Some((_, directory)) = self.newest()? else { return Ok(0) };
        let path = directory.join("trainer/progress.json");
        let place: Place = serde_json::from_slice(&read(&path)?)
            .map_err(|problem| Error::format(&path, problem.to_string()))?;
        params.load(&read_tensors(&directory.join("model.safetensors"))?)?;
        optimizer.load(read_tensors(&directory.join("trainer/optimizer.safetensors"))?)?;
        batches.seek(&place.cursor)?;
        Ok(place.step)
    }

    pub(super) fn save(
        &self,
        step: u64,
        params: &Params,
        optimizer: &dyn Optimizer,
        cursor: &Cursor,
    ) -> Result<()> {
        fs::create_dir_all(&self.directory).map_err(Error::io(&self.directory))?;
        whole_directory(&self.directory.join(format!("checkpoint-{step:06}")), |partial| {
            checkpoint::write(partial, &self.config, &self.special, params)?;
            let trainer = partial.join("trainer");
            fs::create_dir_all(&trainer).map_err(Error::io(&trainer))?;
            write_tensors(&trainer.join("optimizer.safetensors"), &optimizer.state()?)?;
            let path = trainer.join("progress.json");
            let place = serde_json::to_value(Place { step, cursor: *cursor })
                .map_err(|problem| Error::format(&path, problem.to_string()))?;
            write_json(&path, &place)
        })?;
        self.prune()
    }

    fn prune(&self) -> Result<()> {
        let all = self.list()?;
        let surplus = if self.keep == 0 { 0 } else { all.len().saturating_sub(self.keep) };
        for directory in all.values().take(surplus) {
            fs::remove_dir_all(directory).map_err(Error::io(directory))?;
        }
        Ok(())
    }

    /// Whole checkpoints by step; unfinished ones have another name.
    fn list(&self) -> Result<BTreeMap<u64, PathBuf>> {
        if !self.directory.exists() {
            return Ok(BTreeMap::new());
        }
        let entries = fs::read_dir(&self.directory).map_err(Error::io(&self.directory))?;
        let mut found = BTreeMap::new();
        for entry in entries {
            let path = entry.map_err(Error::io(&self.directory))?.path();
            if let Some(step) = step_of(&path) {
                found.insert(step, path);
            }
        }
        Ok(found)
    }
}

fn step_of(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.strip_prefix("checkpoint-")?.parse().ok()
}
