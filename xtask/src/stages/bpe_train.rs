//! `bpe-train`: learns a vocabulary from documents.

use bpe::{Pattern, Settings, TieBreak, Trainer};
use pipeline::{Io, Output, Signature, Slot, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{Documents, Table};

use super::shards;

/// Learns a byte-pair vocabulary from documents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BpeTrain {
    /// Size of the vocabulary: 256 bytes, the learned merges and the 32 special tokens.
    #[schemars(extend("unit" = "tokens"))]
    pub vocab_size: u32,
    /// Where text is cut before pairs are counted; no token crosses a cut.
    #[schemars(extend("source" = "nanochat, tokenizer.py: GPT-4's pattern with \\p{N}{1,2}"))]
    pub pattern: Pattern,
    /// Which of equally frequent pairs is merged first, and how bytes are numbered.
    #[schemars(extend("source" = "rustbpe and Hugging Face tokenizers 0.23"))]
    pub tie_break: TieBreak,
    /// A pair seen fewer times is not merged, even if the vocabulary stays smaller than asked.
    #[schemars(extend("unit" = "occurrences"))]
    pub min_frequency: u64,
    /// Stop reading documents after so much text; 0 reads all.
    #[schemars(extend("unit" = "bytes", "source" = "nanochat trains on 2e9 characters"))]
    pub max_bytes: u64,
    /// What counting words may take, about; more is an error, not an exhausted machine. 0 is no bound.
    #[schemars(extend("unit" = "MB"))]
    pub memory_mb: u64,
}

impl Default for BpeTrain {
    fn default() -> Self {
        let Settings { vocab_size, pattern, tie_break, min_frequency, .. } = Settings::default();
        Self { vocab_size, pattern, tie_break, min_frequency, max_bytes: 0, memory_mb: 0 }
    }
}

impl Stage for BpeTrain {
    fn signature(&self) -> Signature {
        Signature {
            reads: vec![Slot::new("documents", Documents::NAME)],
            writes: vec![Output::new("tokenizer", "tokenizer/1")],
            sources: &["bpe"],
            unhashed: vec!["memory_mb"],
            ..Signature::exact(1)
        }
    }

    fn run(&self, io: &Io, _: Task) -> anyhow::Result<()> {
        let Self { vocab_size, pattern, tie_break, min_frequency, max_bytes, memory_mb } = self.clone();
        let max_memory = memory_mb.saturating_mul(1_000_000);
        let mut trainer =
            Trainer::new(Settings { vocab_size, pattern, tie_break, min_frequency, max_memory })?;
        let input = io.input("documents")?;
        io.progress().length(input.rows());
        let mut bytes = 0;
        for batch in shards::read_all::<Documents>(input) {
            let batch = batch?;
            let texts: Vec<&str> = batch
                .rows()
                .map(|row| row.text)
                .take_while(|text| {
                    let fits = max_bytes == 0 || bytes < max_bytes;
                    bytes += if fits { text.len() as u64 } else { 0 };
                    fits
                })
                .collect();
            trainer.feed(&texts);
            io.progress().advance(texts.len() as u64);
            io.count("documents", texts.len() as u64);
            if texts.len() < batch.len() {
                break;
            }
        }
        let trained = trainer.train()?;
        let report = trained.report;
        if report.merges < report.asked_merges {
            tracing::warn!(
                "the text supports {} merges of the {} asked for",
                report.merges,
                report.asked_merges
            );
        }
        io.count("merges", u64::from(report.merges));
        io.count("distinct_words", report.distinct_words);
        trained.tokenizer.save(&io.output("tokenizer")?)?;
        io.add_tree("tokenizer")
    }
}
