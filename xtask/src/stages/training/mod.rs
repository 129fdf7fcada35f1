//! What stages that train a model share: notes that survive a kill, texts written on the way, folders copied.

mod answers;
mod log;
mod progress;
mod speech;
mod text;
mod work;

use std::fs;
use std::path::Path;

use anyhow::Context;

pub(super) use answers::{Kept, Worth};
pub(super) use log::Log;
pub(super) use progress::{Asked, Curves, Writing};
pub(super) use speech::Speech;
pub(super) use text::flatten;
pub(super) use work::{Work, keep_counts, write_model};

/// Copies a folder with all that is below it.
pub(super) fn copy_tree(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target).with_context(|| format!("cannot write {}", target.display()))?;
        }
    }
    Ok(())
}
