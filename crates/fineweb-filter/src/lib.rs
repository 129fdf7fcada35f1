//! Web page to document, or a reason why not: FineWeb's rules, extraction, language, private data, deduplication.
//!
//! ```
//! use fineweb_filter::{Filter, Lists, Outcome, Page, Scratch, Settings};
//!
//! let filter = Filter::new(&Settings::default(), Lists::default())?; // one for all threads
//! let mut scratch = Scratch::default(); // one per thread
//! let html = "<p>Too short to be of use, as you see.";
//! let page = Page { id: "<urn:uuid:1>", url: "https://a.example/", html, headers: &[] };
//! match filter.judge(&page, &mut scratch) {
//!     Outcome::Kept { text, language, .. } => println!("{language}: {text}"),
//!     Outcome::Dropped { reason, .. } => println!("dropped: {reason}"),
//! }
//! # Ok::<(), fineweb_filter::Error>(())
//! ```
//!
//! # Design
//!
//! The recipe is FineWeb's (Penedo et al. 2024, <https://arxiv.org/abs/2406.17557>): URL, extraction, language,
//! Gopher repetition, Gopher quality, C4, FineWeb, private data; the first rule that a page breaks is its reason. Where
//! settings ask for it, pages that forbid such use ([`rights`]) go right after extraction.
//! Three decisions carry it. A page *cannot fail*: whatever its bytes, it becomes a document or a [`Reason`]. An
//! outcome is a *pure function* of page, settings and lists: no clock, no memory of earlier pages, no order of
//! hashes; so any number of workers gives the same corpus. And words, lines and n-grams are *found once* per text,
//! in [`Document`], because finding them costs more than all rules together.
//!
//! Deduplication ([`dedup`]) is apart: it needs to see all documents, though of each only a few keys.
//!
//! # A filter of one's own
//!
//! ```
//! use fineweb_filter::{Document, DocumentFilter, Filter, Lists, Reason, Settings, Verdict};
//!
//! /// Drops pages that shout.
//! struct NoShouting;
//!
//! impl DocumentFilter for NoShouting {
//!     fn judge(&self, document: &Document<'_>) -> Verdict {
//!         let words = document.words();
//!         let loud = words.clone().filter(|word| word.len() > 3 && word.chars().all(char::is_uppercase)).count();
//!         if loud * 3 > words.len() { Verdict::Drop(Reason("shouting")) } else { Verdict::Keep }
//!     }
//! }
//!
//! let filter = Filter::new(&Settings::default(), Lists::default())?.then(Box::new(NoShouting));
//! # Ok::<(), fineweb_filter::Error>(())
//! ```
//!
//! # Map
//!
//! | module | what it holds |
//! |---|---|
//! | [`url`] | block lists and the URL filter |
//! | [`extract`] | page to text: [`Extractor`], main text, all text, character references |
//! | [`language`] | language detection |
//! | [`rules`] | the heuristic filters, each a settings struct that is a [`DocumentFilter`]; [`Signals`], what they measure |
//! | [`redact`] | private data: [`Redactor`] |
//! | [`rights`] | opt-outs and licences that pages declare |
//! | [`text`] | words, lines, sentences, marks |
//! | [`decontaminate`] | what models are tested with: [`Benchmarks`] |
//! | [`dedup`] | [`Signer`], MinHash, clustering |
//! | [`reasons`] | all reasons for a drop |
#![forbid(unsafe_code)]

mod document;
mod error;
mod filter;
mod hash;
mod page;
mod settings;
mod verdict;

pub mod decontaminate;
pub mod dedup;
pub mod extract;
pub mod language;
pub mod reasons;
pub mod redact;
pub mod rights;
pub mod rules;
pub mod text;
pub mod url;

pub use decontaminate::{Benchmarks, DecontaminateSettings};
pub use dedup::Signer;
pub use document::Document;
pub use error::{Error, Result};
pub use extract::{Extract, Extractor};
pub use filter::{Filter, Outcome, Scratch};
pub use hash::xxh64;
pub use page::Page;
pub use redact::Redactor;
pub use rules::{C4Quality, FinewebQuality, GopherQuality, GopherRepetition, Signal, Signals};
pub use settings::{
    ExtractSettings, ExtractorKind, LanguageBackend, LanguageSettings, PiiSettings, Preset, RightsSettings,
    Settings, UrlSettings,
};
pub use url::{CompiledLists, ListKind, Lists, UrlFilter};
pub use verdict::{DocumentFilter, Reason, Verdict};
