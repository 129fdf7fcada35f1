//! The whole recipe: page in, document or reason out.

use std::sync::Arc;

use crate::error::Result;
use crate::extract::{AllText, Extract, Extractor, MainText};
use crate::language::{Language, LanguageFilter};
use crate::redact::{Pii, Redactor};
use crate::rights::{OptOut, Rights};
use crate::url::{CompiledLists, UrlFilter};
use crate::{
    C4Quality, Document, DocumentFilter, ExtractorKind, FinewebQuality, GopherQuality, GopherRepetition,
    Page, Reason, RightsSettings, Settings, Verdict, reasons,
};

/// What became of a page. The text is borrowed from the worker's [`Scratch`].
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<'s> {
    /// The page is a document.
    Kept {
        /// Its text, cleaned and with private data replaced.
        text: &'s str,
        /// Its language, as ISO 639-1 where possible (`en`).
        language: &'static str,
        /// Confidence of the language, 0 to 1.
        language_score: f64,
        /// What the page says about its use.
        rights: &'s Rights,
    },
    /// The page goes.
    Dropped {
        /// The first rule that it broke.
        reason: Reason,
        /// The value at fault, where one is telling.
        detail: Option<String>,
        /// The text as that rule saw it; empty where the page was dropped before extraction.
        text: &'s str,
    },
}

/// A worker's buffers, reused from page to page.
#[derive(Debug, Default)]
pub struct Scratch {
    extract: Extract,
    clean: String,
}

/// FineWeb's recipe with all its parts made ready; one is shared by all threads.
///
/// URL, extraction, language, repetition, quality, C4, FineWeb, private data: in this order, first drop wins.
pub struct Filter {
    url: UrlFilter,
    extractor: Box<dyn Extractor>,
    rights: RightsSettings,
    language: LanguageFilter,
    before_c4: Vec<Box<dyn DocumentFilter>>,
    c4: Option<C4Quality>,
    after_c4: Vec<Box<dyn DocumentFilter>>,
    redactor: Box<dyn Redactor>,
}

impl Filter {
    /// Prepares everything that settings and lists ask for.
    pub fn new(settings: &Settings, lists: impl Into<Arc<CompiledLists>>) -> Result<Self> {
        let Settings { preset, gopher_repetition, gopher_quality, c4, fineweb, .. } = settings.clone();
        let max_nodes = settings.extract.max_nodes;
        let mut before_c4: Vec<Box<dyn DocumentFilter>> = Vec::new();
        if gopher_repetition.enabled {
            before_c4.push(Box::<GopherRepetition>::new(gopher_repetition));
        }
        if gopher_quality.enabled {
            before_c4.push(Box::new(GopherQuality { preset, ..gopher_quality }));
        }
        let mut after_c4: Vec<Box<dyn DocumentFilter>> = Vec::new();
        if fineweb.enabled {
            after_c4.push(Box::new(FinewebQuality { preset, ..fineweb }));
        }
        Ok(Self {
            url: UrlFilter::new(&settings.url, lists),
            extractor: match settings.extract.extractor {
                ExtractorKind::MainText => Box::new(MainText { max_nodes }),
                ExtractorKind::AllText => Box::new(AllText { max_nodes }),
            },
            rights: settings.rights.clone(),
            language: LanguageFilter::new(&settings.language)?,
            before_c4,
            c4: c4.enabled.then_some(c4),
            after_c4,
            redactor: Box::new(Pii::new(&settings.pii)),
        })
    }

    /// Adds a filter behind all others: it sees the cleaned text.
    #[must_use]
    pub fn then(mut self, filter: Box<dyn DocumentFilter>) -> Self {
        self.after_c4.push(filter);
        self
    }

    /// Takes another extractor.
    #[must_use]
    pub fn with_extractor(mut self, extractor: Box<dyn Extractor>) -> Self {
        self.extractor = extractor;
        self
    }

    /// Takes another redactor.
    #[must_use]
    pub fn with_redactor(mut self, redactor: Box<dyn Redactor>) -> Self {
        self.redactor = redactor;
        self
    }

    /// Judges a page. Buffers of `scratch` are overwritten; the same page gives the same outcome whatever they held.
    pub fn judge<'s>(&self, page: &Page<'_>, scratch: &'s mut Scratch) -> Outcome<'s> {
        self.judge_by(page, scratch, |extract| self.extractor.extract(page, extract))
    }

    /// The same for a page whose `html` is text that somebody else extracted, as in Common Crawl's WET files.
    pub fn judge_plain<'s>(&self, page: &Page<'_>, scratch: &'s mut Scratch) -> Outcome<'s> {
        self.judge_by(page, scratch, |extract| extract.text.push_str(page.html))
    }

    fn judge_by<'s>(
        &self,
        page: &Page<'_>,
        scratch: &'s mut Scratch,
        extract: impl FnOnce(&mut Extract),
    ) -> Outcome<'s> {
        if let Some(reason) = self.url.reason_of(page) {
            return Outcome::Dropped { reason, detail: None, text: "" };
        }
        scratch.extract.clear();
        extract(&mut scratch.extract);
        if scratch.extract.text.trim().is_empty() {
            return Outcome::Dropped { reason: reasons::NO_TEXT, detail: None, text: "" };
        }
        let rights = &mut scratch.extract.rights;
        page.headers.iter().for_each(|(name, value)| rights.header(name, value));
        if let Some((reason, detail)) = self.forbidden(rights) {
            return Outcome::Dropped { reason, detail: Some(detail), text: "" };
        }
        self.judge_text(page, scratch)
    }

    /// Whether what the page says about its use, or does not say, forbids to keep it.
    fn forbidden(&self, rights: &Rights) -> Option<(Reason, String)> {
        let RightsSettings { drop_opt_outs, licences } = &self.rights;
        if let Some(opt_out) = rights.opt_out.filter(|opt_out: &OptOut| drop_opt_outs.contains(opt_out)) {
            return Some((reasons::OPT_OUT, opt_out.to_string()));
        }
        let licence = rights.licence.as_deref();
        let allowed =
            licences.is_empty() || licence.is_some_and(|name| licences.iter().any(|known| known == name));
        (!allowed).then(|| (reasons::LICENCE, licence.unwrap_or("none").to_owned()))
    }

    fn judge_text<'s>(&self, page: &Page<'_>, scratch: &'s mut Scratch) -> Outcome<'s> {
        let Scratch { extract: Extract { text, rights, .. }, clean } = scratch;
        let language = match self.language.judge(text) {
            Ok(language) => language,
            Err((reason, found)) => {
                let detail = found.map(|Language { code, score }| format!("{code} {score:.3}"));
                return Outcome::Dropped { reason, detail, text };
            }
        };
        let document = Document::new(page.url, text);
        if let Verdict::Drop(reason) = self.before_c4.judge(&document) {
            return Outcome::Dropped { reason, detail: None, text };
        }
        clean.clear();
        match &self.c4 {
            Some(c4) => {
                if let Verdict::Drop(reason) = c4.rewrite(&document, clean) {
                    return Outcome::Dropped { reason, detail: None, text };
                }
            }
            None => clean.push_str(text),
        }
        if let Verdict::Drop(reason) = self.after_c4.judge(&Document::new(page.url, clean)) {
            return Outcome::Dropped { reason, detail: None, text: clean };
        }
        text.clear();
        self.redactor.redact(page.id, clean, text);
        Outcome::Kept { text, language: language.code, language_score: language.score, rights }
    }
}
