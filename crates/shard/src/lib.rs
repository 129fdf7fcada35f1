//! Rows at rest: tables, atomic Parquet writers, borrowed-row readers, remote inputs.
//!
//! ```
//! use shard::{Documents, Reader, Writer, documents};
//!
//! let dir = tempfile::tempdir().unwrap();
//! let mut writer = Writer::<Documents>::create(dir.path(), "part-00000.parquet", "made by hand")?;
//! writer.push(&documents::Row { text: "Hello.", url: "https://example.org/", ..Default::default() })?;
//! let part = writer.finish()?; // only now is there a file of that name
//! assert_eq!((part.rows, part.blake3.len()), (1, 64));
//!
//! for batch in Reader::<Documents>::open(&dir.path().join(&part.name))? {
//!     for row in batch?.rows() {
//!         assert_eq!(row.text, "Hello."); // borrowed from the batch
//!     }
//! }
//! # Ok::<(), shard::Error>(())
//! ```
//!
//! Columnar at rest, borrowed rows in code: algorithms see `&str` and `&[u32]`, no Arrow, no `String` a
//! document, no serde on the hot path. A [`Table`] is one hand-written file, so that what is stored can be
//! read off the page. Writers are strict, so that equal rows are equal bytes; readers are lenient, so that a
//! thirty-line Python script can make a shard. What stands under a name is whole: half-written files never
//! have one.
//!
//! | module | holds |
//! |---|---|
//! | [`documents`], [`dropped`], [`tokens`], [`metrics`], [`pages`], [`samples`] | the tables of a corpus and a model |
//! | [`conversations`], [`problems`], [`preferences`], with [`messages`] | what a chat model learns from |
//! | [`media`] | what it sees and hears |
//! | [`rollouts`], [`battles`] | what it answered while it learned, and beside other models |
//! | [`truth`], [`facts`], [`scores`] | what is right, and how right a stage or a model was |
//! | [`signals`] | a column of documents and dropped rows: what rules measured |
//! | `table` | [`Table`], [`Builder`], [`Batch`]: the seam |
//! | `writer`, `hashing` | [`Writer`], [`Part`], [`digest`] |
//! | `nested` | columns of lists |
//! | `reader`, `decode`, `conform`, `convert` | [`Reader`]; damage is an error; what other programs write, brought to the table's types |
//! | `footer`, `display` | [`Footer`], [`check`], [`preview`]: a shard without its type |
//! | `values` | [`each_value`]: rows of any Parquet file, as JSON |
//! | `remote` | inputs from `https://` and `s3://`; feature `remote`, on by default |
//!
//! Arrow's types appear only where a table is defined; its crates are re-exported, so that versions agree.

#![forbid(unsafe_code)]

mod column;
mod conform;
mod convert;
mod decode;
mod display;
mod error;
mod footer;
mod hashing;
mod nested;
mod reader;
#[cfg(feature = "remote")]
pub mod remote;
mod table;
mod tables;
mod values;
mod writer;

/// The Arrow crates that tables are made of, in the versions that this crate is built on.
pub use {arrow_array, arrow_schema};

pub use column::column;
pub use error::{Error, Result};
pub use footer::{Footer, check, preview};
pub use hashing::{Digest, digest};
pub use reader::Reader;
pub use table::{Batch, Builder, Table};
pub use tables::battles::Battles;
pub use tables::conversations::Conversations;
pub use tables::documents::Documents;
pub use tables::dropped::Dropped;
pub use tables::facts::Facts;
pub use tables::media::{Media, MediaKind};
pub use tables::messages::{Message, Part as MessagePart, PartKind};
pub use tables::metrics::Metrics;
pub use tables::pages::Pages;
pub use tables::preferences::Preferences;
pub use tables::problems::Problems;
pub use tables::rollouts::Rollouts;
pub use tables::samples::Samples;
pub use tables::scores::Scores;
pub use tables::tokens::Tokens;
pub use tables::truth::Truth;
pub use tables::{
    battles, conversations, documents, dropped, facts, media, messages, metrics, names, pages, preferences,
    problems, rollouts, samples, schema, scores, signals, tokens, truth,
};
pub use values::each_value;
pub use writer::{Part, Writer};
