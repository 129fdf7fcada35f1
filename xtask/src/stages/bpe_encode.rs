//! `bpe-encode`: documents to token ids.

use bpe::{Bpe, Tokenizer};
use pipeline::{Io, Output, Signature, Slot, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{Documents, Table, Tokens, Writer, tokens};

use super::shards;

/// Documents to token ids, some of them held out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BpeEncode {
    /// Share of documents held out from training, chosen by a hash of their id.
    #[schemars(extend("unit" = "share of documents"))]
    pub validation: f64,
}

impl Default for BpeEncode {
    fn default() -> Self {
        Self { validation: 0.02 }
    }
}

impl Stage for BpeEncode {
    fn signature(&self) -> Signature {
        Signature {
            reads: vec![Slot::new("documents", Documents::NAME), Slot::new("tokenizer", "tokenizer/1")],
            writes: vec![Output::new("tokens", Tokens::NAME)],
            sources: &["bpe"],
            ..Signature::exact(2)
        }
    }

    fn phases(&self, io: &Io) -> anyhow::Result<Vec<usize>> {
        Ok(vec![io.input("documents")?.files().len()])
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let bpe = Bpe::load(io.input("tokenizer")?.directory()?)?;
        let file = &io.input("documents")?.files()[task.part];
        let builder = tokens::Builder::for_vocabulary(bpe.vocabulary().size());
        let mut writer =
            Writer::<Tokens>::with_builder(&io.output("tokens")?, &task.shard(), io.recipe(), builder)?;
        io.progress().length(file.rows.unwrap_or(0));
        let (mut ids, mut ends) = (vec![], vec![]);
        for batch in shards::read::<Documents>(file)? {
            let batch = batch?;
            let texts: Vec<&str> = batch.rows().map(|row| row.text).collect();
            ids.clear();
            ends.clear();
            bpe.encode_all(&texts, &mut ids, &mut ends);
            let mut start = 0;
            for (row, &end) in batch.rows().zip(&ends) {
                let validation = held_out(row.id, self.validation);
                writer.push(&tokens::Row { document_id: row.id, ids: &ids[start..end], validation })?;
                io.count("documents", 1);
                io.count("held_out", u64::from(validation));
                io.count("text_bytes", row.text.len() as u64);
                start = end;
            }
            io.count("tokens", ids.len() as u64);
            io.progress().advance(batch.len() as u64);
        }
        shards::finish(io, "tokens", writer)
    }
}

/// The same document is held out in every run, wherever it stands.
pub(super) fn held_out(id: &str, share: f64) -> bool {
    let hash = blake3::hash(id.as_bytes());
    let draw = u32::from_le_bytes(hash.as_bytes()[..4].try_into().expect("four bytes"));
    f64::from(draw) < share * f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::held_out;

    #[test]
    fn the_share_is_met_and_the_bounds_hold() {
        let count = |share| (0..10_000).filter(|i| held_out(&format!("<urn:uuid:{i}>"), share)).count();
        assert_eq!((count(0.0), count(1.1)), (0, 10_000));
        assert!((400..600).contains(&count(0.05)), "{}", count(0.05));
    }
}
