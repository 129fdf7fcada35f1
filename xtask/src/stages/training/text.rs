//! Tokenised documents as flat files that training maps.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use model::{Tokens, Width};
use pipeline::Io;

use crate::stages::shards;

/// A file of ids and how many they are.
pub(in crate::stages) struct Flat {
    pub(in crate::stages) path: PathBuf,
    pub(in crate::stages) tokens: u64,
}

/// All documents behind one another, each after `bos`: one file to train on, one of about `most` tokens to measure on.
pub(in crate::stages) fn flatten(
    io: &Io,
    bos: u32,
    width: Width,
    scratch: &Path,
    most: u64,
) -> anyhow::Result<[Flat; 2]> {
    let mut flat = ["train.bin", "validation.bin"].map(|name| Flat { path: scratch.join(name), tokens: 0 });
    let most = [u64::MAX, most];
    let mut files =
        [BufWriter::new(File::create(&flat[0].path)?), BufWriter::new(File::create(&flat[1].path)?)];
    let mut bytes = vec![];
    for batch in shards::read_all::<shard::Tokens>(io.input("tokens")?) {
        for row in batch?.rows() {
            let to = usize::from(row.validation);
            if flat[to].tokens >= most[to] {
                continue;
            }
            bytes.clear();
            Tokens::write(&[bos], width, &mut bytes)?;
            Tokens::write(row.ids, width, &mut bytes)?;
            files[to].write_all(&bytes)?;
            flat[to].tokens += 1 + row.ids.len() as u64;
        }
    }
    files.iter_mut().try_for_each(Write::flush)?;
    Ok(flat)
}
