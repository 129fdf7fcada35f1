//! What can go wrong before the first page is judged, and on the disk. Pages themselves never fail.

use std::path::{Path, PathBuf};

/// An error in settings, lists, or on disk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A block list could not be read.
    #[error("{}: cannot read block list: {source}", path.display())]
    ReadList {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A directory of block lists holds none of the known files.
    #[error("{}: no block list here; expected {expected}", path.display())]
    NoLists {
        /// The directory.
        path: PathBuf,
        /// Names that would be read.
        expected: &'static str,
    },
    /// A list of takedowns holds lines that cannot be obeyed.
    #[error("{}: {lines} lines are not UTF-8 or too long; expected an address, a host or a document's id a line", path.display())]
    Takedown {
        /// The file.
        path: PathBuf,
        /// How many.
        lines: u64,
    },
    /// Compiled lists could not be kept.
    #[error("{}: cannot write compiled lists: {source}", path.display())]
    WriteLists {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file of compiled lists is not what it should be.
    #[error("{}: {problem}; remove it, and it is made anew", path.display())]
    CompiledLists {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: &'static str,
    },
    /// A model could not be read.
    #[error("{}: cannot read the model: {source}", path.display())]
    ReadModel {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is no model of fastText, or none that can be used.
    #[error("{}: this model cannot be used: {problem}", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A language code is not one that can be detected.
    #[error("language.keep: unknown language {got:?}; expected ISO 639 codes such as \"en\" or \"eng\"")]
    UnknownLanguage {
        /// The code given.
        got: String,
    },
    /// A file of the deduplication on disk could not be written or read.
    #[error("{}: cannot {action}: {source}", path.display())]
    Disk {
        /// The file or directory.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// Documents are numbered with 32 bits.
    #[error(
        "more than 4,294,967,294 documents cannot be deduplicated at once; split them, by language or by crawl"
    )]
    TooManyDocuments,
}

/// Says what was tried on which file.
pub(crate) trait On<T> {
    fn on(self, action: &'static str, path: &Path) -> Result<T>;
}

impl<T> On<T> for std::io::Result<T> {
    fn on(self, action: &'static str, path: &Path) -> Result<T> {
        self.map_err(|source| Error::Disk { path: path.to_owned(), action, source })
    }
}

/// Result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;
