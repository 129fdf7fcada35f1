//! What a filter says of a document, and the trait through which it says it.

use crate::Document;
use crate::rules::Broken;

/// Why a document was dropped: a stable `snake_case` name, listed in [`crate::reasons`].
///
/// A static name and nothing else, because most pages of a crawl end here and none of them should allocate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reason(pub &'static str);

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

/// A filter's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The document passes.
    Keep,
    /// The document goes, for this reason.
    Drop(Reason),
}

impl Verdict {
    /// The reason of a drop.
    pub fn reason(self) -> Option<Reason> {
        match self {
            Self::Keep => None,
            Self::Drop(reason) => Some(reason),
        }
    }
}

/// A broken rule drops, with its reason.
impl From<Option<Broken>> for Verdict {
    fn from(broken: Option<Broken>) -> Self {
        broken.map_or(Self::Keep, |broken| Self::Drop(broken.rule.reason))
    }
}

/// Decides whether a document stays.
///
/// A filter is a pure function of the document: the same text gets the same verdict on every machine,
/// whatever came before it.
pub trait DocumentFilter: Send + Sync {
    /// Judges one document.
    fn judge(&self, document: &Document<'_>) -> Verdict;

    /// Judges many, appending one verdict each. Implement it only where a batch is faster, as for a classifier.
    fn judge_all(&self, documents: &[Document<'_>], verdicts: &mut Vec<Verdict>) {
        verdicts.extend(documents.iter().map(|document| self.judge(document)));
    }
}

/// A chain of filters is a filter: the first drop wins, so cheap filters stand first.
impl DocumentFilter for [Box<dyn DocumentFilter>] {
    fn judge(&self, document: &Document<'_>) -> Verdict {
        let drop = self.iter().find_map(|filter| filter.judge(document).reason());
        drop.map_or(Verdict::Keep, Verdict::Drop)
    }
}

impl DocumentFilter for Vec<Box<dyn DocumentFilter>> {
    fn judge(&self, document: &Document<'_>) -> Verdict {
        self.as_slice().judge(document)
    }
}
