//! The first phase: all that clustering needs of the documents of one file.

use fineweb_filter::dedup::disk::{PartWriter, Signed};
use fineweb_filter::dedup::{address_key, text_key};
use pipeline::Io;
use rayon::prelude::*;
use shard::Documents;

use super::super::shards;
use super::{Dedup, part, starts};

impl Dedup {
    pub(super) fn sign(&self, io: &Io, file: usize) -> anyhow::Result<()> {
        let minhash = self.minhash();
        let first = starts(io)?[file];
        let folder = part(io, file)?;
        let mut writer = PartWriter::create(&folder, first, self.bands, self.memory())?;
        let file = &io.input("documents")?.files()[file];
        io.progress().length(file.rows.unwrap_or(0));
        for batch in shards::read::<Documents>(file)? {
            let batch = batch?;
            let rows: Vec<(&str, &str, &str)> = batch.rows().map(|row| (row.id, row.url, row.text)).collect();
            let sign = |&(_, url, text): &(&str, &str, &str)| {
                let mut shingles = minhash.shingles(text);
                let signature = minhash.sign_shingles(&shingles);
                if self.min_jaccard <= 0.0 {
                    shingles = vec![];
                }
                let address_key = self.address.enabled.then(|| address_key(url, &self.address)).flatten();
                (text_key(text), address_key, signature, shingles)
            };
            let signed: Vec<_> = rows.par_iter().map(sign).collect();
            for (&(id, _, text), (text_key, address_key, signature, shingles)) in rows.iter().zip(&signed) {
                writer.push(&Signed {
                    id,
                    length: text.len() as u64,
                    text_key: *text_key,
                    address_key: *address_key,
                    signature: signature.as_ref(),
                    shingles,
                })?;
            }
            io.progress().advance(batch.len() as u64);
        }
        writer.finish()?;
        io.leave(&folder)
    }
}
