//! Block lists of a stage: read and sorted once, and kept compiled beside the store.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use fineweb_filter::{CompiledLists, Lists};
use pipeline::{Found, InputFile, Io};

/// Smaller lists are read in less time than a file is looked for.
const WORTH_KEEPING: u64 = 4 << 20;

/// The lists in the outside files of `settings` and in `inside`; other files are passed over.
pub(super) fn read(io: &Io, settings: &[String], inside: &[InputFile]) -> anyhow::Result<Arc<CompiledLists>> {
    let mut sources: Vec<(PathBuf, Option<&str>)> = vec![];
    for setting in settings {
        if let Some(Found::Files(files)) = io.outside(setting) {
            sources.extend(files.iter().map(|(path, hash)| (path.clone(), Some(hash.as_str()))));
        }
    }
    for file in inside {
        sources.push((file.path()?, None));
    }
    let bytes: u64 = sources.iter().filter_map(|(path, _)| path.metadata().ok()).map(|file| file.len()).sum();
    if bytes < WORTH_KEEPING {
        return Ok(Arc::new(collect(&sources)?.compile()));
    }
    let key = key(&sources)?;
    let place = io.cache("lists")?.join(&key.to_hex().as_str()[..16]);
    if place.exists() {
        match CompiledLists::read(&place, key.as_bytes()) {
            Ok(lists) => return Ok(Arc::new(lists)),
            Err(error) => tracing::warn!("{error}"),
        }
    }
    let lists = collect(&sources)?.compile();
    if let Err(error) = lists.write(&place, key.as_bytes()) {
        tracing::warn!("block lists will be read again: {error}");
    }
    Ok(Arc::new(lists))
}

fn collect(sources: &[(PathBuf, Option<&str>)]) -> anyhow::Result<Lists> {
    let paths: Vec<PathBuf> = sources.iter().map(|(path, _)| path.clone()).collect();
    let mut lists = Lists::default();
    for path in lists.add_files(&paths)? {
        tracing::debug!(path = %path.display(), "no block list");
    }
    if lists.ignored() > 0 {
        tracing::warn!("{} lines of the block lists hold no entry", lists.ignored());
    }
    Ok(lists)
}

/// What the lists are made of: names, which say what a file lists, and hashes of bytes.
fn key(sources: &[(PathBuf, Option<&str>)]) -> anyhow::Result<blake3::Hash> {
    let mut key = blake3::Hasher::new();
    for (path, hash) in sources {
        let hash = match hash {
            Some(hash) => (*hash).to_owned(),
            None => hash_of(path).with_context(|| format!("cannot read {}", path.display()))?,
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        for part in [name.as_bytes(), hash.as_bytes()] {
            key.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
    }
    Ok(key.finalize())
}

fn hash_of(path: &Path) -> std::io::Result<String> {
    let mut hash = blake3::Hasher::new();
    hash.update_reader(File::open(path)?)?;
    Ok(hash.finalize().to_hex().to_string())
}
