//! The tokenizer as two stages. A stage is its settings; the house reads and checks them.

use pipeline::{FileRecord, Io, Output, Signature, Slot, Stage, Task, derive_seed};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{Documents, Part, Reader, Table, Tokens, Writer, tokens};

use bpe::Tokenizer;

use crate::words::{Counts, Words};

/// Learns a vocabulary of whole words.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WordsTrain {
    /// Most tokens: 256 bytes, words, and the 32 special tokens.
    #[schemars(extend("unit" = "tokens"))]
    pub vocab_size: usize,
}

impl Default for WordsTrain {
    fn default() -> Self {
        Self { vocab_size: 4096 }
    }
}

impl Stage for WordsTrain {
    fn signature(&self) -> Signature {
        Signature {
            reads: vec![Slot::new("documents", Documents::NAME)],
            writes: vec![Output::new("tokenizer", "tokenizer/1")],
            ..Signature::exact(1)
        }
    }

    fn run(&self, io: &Io, _: Task) -> anyhow::Result<()> {
        let mut counts = Counts::default();
        for file in io.input("documents")?.files() {
            for batch in Reader::<Documents>::open(&file.path()?)? {
                batch?.rows().try_for_each(|row| counts.feed(row.text))?;
            }
        }
        Words::new(counts.vocabulary(self.vocab_size))?.save(&io.output("tokenizer")?)?;
        io.add_tree("tokenizer")
    }
}

/// Writes documents as ids of whole words.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WordsEncode {}

impl Stage for WordsEncode {
    fn signature(&self) -> Signature {
        Signature {
            reads: vec![Slot::new("documents", Documents::NAME), Slot::new("tokenizer", "tokenizer/1")],
            writes: vec![Output::new("tokens", Tokens::NAME)],
            ..Signature::exact(1)
        }
    }

    /// One task a shard: `--task i/N` and several processes come for free.
    fn phases(&self, io: &Io) -> anyhow::Result<Vec<usize>> {
        Ok(vec![io.input("documents")?.files().len()])
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let words = Words::load(io.input("tokenizer")?.directory()?)?;
        let builder = tokens::Builder::for_vocabulary(words.vocabulary().size());
        let mut writer =
            Writer::<Tokens>::with_builder(&io.output("tokens")?, &task.shard(), io.recipe(), builder)?;
        let mut ids = vec![];
        for batch in Reader::<Documents>::open(&io.input("documents")?.files()[task.part].path()?)? {
            for row in batch?.rows() {
                ids.clear();
                words.encode(row.text, &mut ids);
                // one document in fifty is held out, always the same one
                let validation = derive_seed(0, row.id).is_multiple_of(50);
                writer.push(&tokens::Row { document_id: row.id, ids: &ids, validation })?;
                io.count("tokens", ids.len() as u64);
            }
        }
        let Part { name, rows, bytes, blake3 } = writer.finish()?;
        io.add("tokens", FileRecord { name, rows: Some(rows), bytes, blake3 });
        Ok(())
    }
}
