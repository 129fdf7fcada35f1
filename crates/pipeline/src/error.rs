//! What can go wrong between a pipeline file and a finished run, and what cures it.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::file::Spot;

/// Everything this crate can refuse. Each kind has its own exit code.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The pipeline file is wrong: found before anything runs.
    #[error("{0}")]
    Wiring(Fault),
    /// An input is missing, unreadable or not what it was pinned to be.
    #[error("{0}")]
    Input(Fault),
    /// A stage stopped.
    #[error("stage \"{stage}\" stopped\n  at        {at}")]
    Stage {
        /// The stage's name in the pipeline file.
        stage: String,
        /// Where that file says so.
        at: Spot,
        /// Why.
        source: anyhow::Error,
    },
    /// Another process is at work on the same key.
    #[error("{0}")]
    Busy(Fault),
    /// The same recipe gave other bytes, or a stored file is not what its manifest says.
    #[error("{0}")]
    Moved(Fault),
    /// With `--task i/N`: parts of a stage belong to other processes and are not there yet.
    #[error("{0}")]
    Waiting(Fault),
    /// A stage was asked to stop, and did after it had saved what it had.
    #[error("{0}")]
    Stopped(Fault),
    /// Other machines, or the scheduler between them and this one, did not do what was asked.
    #[error("{0}")]
    Cluster(Fault),
    /// The file system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried: a verb.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Short for this crate's results.
pub type Result<T> = std::result::Result<T, Error>;

/// One refusal as a person wants it: what, where, got, expected, cure.
#[derive(Debug, Default, Clone)]
pub struct Fault {
    /// What is wrong, in one sentence without a full stop.
    pub what: String,
    /// The file at fault.
    pub file: Option<PathBuf>,
    /// The line in it, from 1.
    pub line: Option<usize>,
    /// What was found.
    pub got: String,
    /// What would have been right.
    pub expected: String,
    /// What to do now.
    pub cure: String,
    /// JSON pointer of the setting at fault, from [`Stage::check`](crate::Stage::check); planning finds its line.
    pub setting: String,
}

impl Fault {
    /// A refusal that says `what`; the other fields are added by the methods below.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), ..Self::default() }
    }
    /// Names the file, and the line in it.
    #[must_use]
    pub fn at(mut self, file: &Path, line: Option<usize>) -> Self {
        self.file = Some(file.to_owned());
        self.line = line;
        self
    }
    /// Names the setting at fault by its JSON pointer (`/files/0`), where file and line are not known yet.
    #[must_use]
    pub fn on(mut self, setting: impl Into<String>) -> Self {
        self.setting = setting.into();
        self
    }
    /// Says what was found.
    #[must_use]
    pub fn got(mut self, got: impl Into<String>) -> Self {
        self.got = got.into();
        self
    }
    /// Says what would have been right.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = expected.into();
        self
    }
    /// Says what to do now.
    #[must_use]
    pub fn cure(mut self, cure: impl Into<String>) -> Self {
        self.cure = cure.into();
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if let Some(file) = &self.file {
            write!(f, "\n  at        {}", file.display())?;
            if let Some(line) = self.line {
                write!(f, ":{line}")?;
            }
        }
        for (label, text) in [("got", &self.got), ("expected", &self.expected), ("cure", &self.cure)] {
            if !text.is_empty() {
                write!(f, "\n  {label:<9} {text}")?;
            }
        }
        Ok(())
    }
}

impl Error {
    /// The exit code of a program that stops on this error.
    ///
    /// 2 wiring, 3 input, 4 stage, 5 busy, 6 moved, 7 waiting, 8 file system, 9 cluster, 130 stopped as asked.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Wiring(_) => 2,
            Self::Input(_) => 3,
            Self::Stage { .. } => 4,
            Self::Busy(_) => 5,
            Self::Moved(_) => 6,
            Self::Waiting(_) => 7,
            Self::Io { .. } => 8,
            Self::Cluster(_) => 9,
            Self::Stopped(_) => 130,
        }
    }
}

/// Gives a file-system error its verb and path: `fs::read(p).on("read", p)?`.
pub trait On<T> {
    /// Adds what was tried, and on which path.
    fn on(self, action: &'static str, path: &Path) -> Result<T>;
}

impl<T> On<T> for std::io::Result<T> {
    fn on(self, action: &'static str, path: &Path) -> Result<T> {
        self.map_err(|source| Error::Io { action, path: path.to_owned(), source })
    }
}

/// The candidate nearest to `word`, if one is near enough to be meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (edit_distance(word, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance in bytes.
fn edit_distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let substitute = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_finds_typos_and_refuses_strangers() {
        let stages = ["filter", "fetch", "dedup"];
        assert_eq!(nearest("filtr", stages), Some("filter"));
        assert_eq!(nearest("pretrain", stages), None);
    }
}
