//! Web page to document, or a reason why not: FineWeb's rules, extraction, language, private data, deduplication.
#![forbid(unsafe_code)]

mod document;
mod error;
mod filter;
mod hash;
mod page;
mod settings;
mod verdict;

pub mod dedup;
pub mod extract;
pub mod language;
pub mod reasons;
pub mod redact;
pub mod rules;
pub mod text;
pub mod url;

pub use dedup::Signer;
pub use document::Document;
pub use error::{Error, Result};
pub use extract::Extractor;
pub use filter::{Filter, Outcome, Scratch};
pub use hash::xxh64;
pub use page::Page;
pub use redact::Redactor;
pub use rules::{C4Quality, FinewebQuality, GopherQuality, GopherRepetition};
pub use settings::{
    ExtractSettings, ExtractorKind, LanguageSettings, PiiSettings, Preset, Settings, UrlSettings,
};
pub use url::{Lists, UrlFilter};
pub use verdict::{DocumentFilter, Reason, Verdict};
