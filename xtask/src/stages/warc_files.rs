//! `warc-files`: archives of this machine enter a run.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use pipeline::{Fault, Io, Output, Signature, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::brought;

/// WARC files of this machine. Their bytes enter the key; their paths do not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WarcFiles {
    /// Paths, directories or patterns (`crawl/*.warc.gz`), relative to the pipeline file.
    pub files: Vec<String>,
}

impl Stage for WarcFiles {
    fn signature(&self) -> Signature {
        Signature {
            writes: vec![Output::new("warc", "warc/1")],
            outside: brought::outside("files", &self.files),
            ..Signature::exact(1)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        brought::check(&self.files, "path/to/*.warc.gz")
    }

    fn run(&self, io: &Io, _: Task) -> anyhow::Result<()> {
        let directory = io.output("warc")?;
        let mut names = vec![];
        for source in brought::outside_files(io, "files", &self.files) {
            let name = source
                .file_name()
                .and_then(|name| name.to_str())
                .context("a file name is not UTF-8")?
                .to_owned();
            if names.contains(&name) {
                bail!("two files are called {name}: rename one, names identify archives in the data");
            }
            place(&source, &directory.join(&name))?;
            io.add_file("warc", &name)?;
            io.count("files", 1);
            names.push(name);
        }
        Ok(())
    }
}

/// A hard link where the file system can, a copy elsewhere: the store must not change when the original's name does.
fn place(source: &Path, target: &Path) -> anyhow::Result<()> {
    let _ = fs::remove_file(target);
    // a link to a link would follow a later change of it
    let source = fs::canonicalize(source).with_context(|| format!("cannot find {}", source.display()))?;
    if fs::hard_link(&source, target).is_err() {
        fs::copy(&source, target)
            .with_context(|| format!("cannot copy {} to {}", source.display(), target.display()))?;
    }
    Ok(())
}
