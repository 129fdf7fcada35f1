//! `audit`: how right filter and deduplication were, on a web whose truth is known.
//!
//! | module | asks |
//! |---|---|
//! | `records` | what each record is, and what became of it |
//! | `rules` | did each rule drop what it should, and nothing else |
//! | `text` | the same, had the rules seen the true text |
//! | `pages` | one pass over the archives: text found, language, private data |
//! | `rights` | were opt-outs and licences found |
//! | `copies` | were copies found, and only copies |
//! | `kept` | how varied is what stayed, and which facts are in it |

mod copies;
mod kept;
mod pages;
mod records;
mod rights;
mod rules;
mod text;

use fineweb_filter::{ExtractSettings, Settings};
use pipeline::{Io, Output, Signature, Slot, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{Documents, Dropped, Facts, Scores, Table, Truth};

use super::{interval, scores, shards};
use records::Records;

/// Compares what a filter and a deduplication did with the truth about a generated web.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Audit {
    /// How the filter finds text: its own settings, for the text that it saw before it cleaned it.
    pub extract: ExtractSettings,
    /// How much of what is kept is looked at for variety.
    #[schemars(extend("unit" = "bytes", "source" = "the size of tinyshakespeare"))]
    pub variety_bytes: usize,
}

impl Default for Audit {
    fn default() -> Self {
        Self { extract: ExtractSettings::default(), variety_bytes: 1_100_000 }
    }
}

impl Stage for Audit {
    fn signature(&self) -> Signature {
        Signature {
            reads: vec![
                Slot::new("warc", "warc/1"),
                Slot::new("truth", Truth::NAME),
                Slot::new("facts", Facts::NAME).optional(),
                Slot::new("lists", "lists/1").optional(),
                Slot::new("documents", Documents::NAME),
                Slot::new("dropped", Dropped::NAME),
                Slot::new("kept", Documents::NAME),
                Slot::new("copies", Dropped::NAME),
            ],
            writes: vec![Output::new("scores", Scores::NAME)],
            sources: &["fineweb-filter", "fixtures", "warc"],
            ..Signature::exact(2)
        }
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let records = Records::read(io)?;
        let mut scores = scores::Sheet::default();
        rules::score(&records, &mut scores);
        text::score(&Settings { extract: self.extract.clone(), ..Settings::default() }, io, &mut scores)?;
        pages::score(&records, &self.extract, io, &mut scores)?;
        rights::score(&records, io, &mut scores)?;
        copies::score(&records, io, &mut scores)?;
        kept::score(&records, self.variety_bytes, io, &mut scores)?;
        scores.finish(io, task)
    }
}
