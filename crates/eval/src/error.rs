//! The one error type of the crate.

/// What can go wrong between a file of questions and a score.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The model refused.
    #[error(transparent)]
    Model(#[from] model::Error),
    /// A line of a benchmark is not what it should be.
    #[error("line {line}: expected {expected}, got {got}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What would be right.
        expected: String,
        /// What stands there, shortened.
        got: String,
    },
    /// A line could not be read at all.
    #[error("line {line}: {source}")]
    Io {
        /// Counted from 1.
        line: usize,
        /// What the system said.
        source: std::io::Error,
    },
    /// A judge could not do its work.
    #[error("the judge \"{judge}\" failed: {source}")]
    Judge {
        /// What it is called.
        judge: String,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A setting is impossible alone or beside the benchmark.
    #[error("{setting}: expected {expected}, got {got}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// What would be right.
        expected: String,
        /// What was there.
        got: String,
    },
}

impl From<candle_core::Error> for Error {
    fn from(error: candle_core::Error) -> Self {
        Self::Model(error.into())
    }
}

/// Shorthand for results of this crate.
pub type Result<T> = std::result::Result<T, Error>;
