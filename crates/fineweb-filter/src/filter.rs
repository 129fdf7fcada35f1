//! The whole recipe: page in, document or reason out.

use std::sync::Arc;

use crate::document::Buffers;
use crate::error::Result;
use crate::extract::{AllText, Extract, Extractor, MainText};
use crate::language::{Language, LanguageFilter};
use crate::redact::{Pii, Redactor};
use crate::rights::Rights;
use crate::rules::{Broken, Measures, Rule, Signal, Signals, first_broken};
use crate::url::{CompiledLists, UrlFilter};
use crate::{Document, DocumentFilter, ExtractorKind, Page, Reason, RightsSettings, Settings, reasons};

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
        /// What was measured, where the scratch is [`Scratch::measuring`].
        signals: Option<&'s Signals>,
    },
    /// The page goes.
    Dropped {
        /// The first rule that it broke.
        reason: Reason,
        /// The value at fault, where one is telling: `0.137 > 0.1`.
        detail: Option<String>,
        /// The text as that rule saw it; empty where the page was dropped before extraction.
        text: &'s str,
        /// What was measured, where there is a text and the scratch is [`Scratch::measuring`].
        signals: Option<&'s Signals>,
    },
}

/// A worker's buffers, reused from page to page.
#[derive(Debug, Default)]
pub struct Scratch {
    extract: Extract,
    clean: String,
    extracted: Buffers,
    cleaned: Buffers,
    signals: Option<Signals>,
}

impl Scratch {
    /// Buffers with which every value is measured that a rule asks about, also behind the first rule that is broken.
    ///
    /// Pages become what they become without, and [`Outcome`] has the [`Signals`].
    pub fn measuring() -> Self {
        Self { signals: Some(Signals::default()), ..Self::default() }
    }
}

/// FineWeb's recipe with all its parts made ready; one is shared by all threads.
///
/// URL, extraction, rights, language, repetition, quality, C4, FineWeb, private data: in this order, first drop wins.
pub struct Filter {
    url: UrlFilter,
    extractor: Box<dyn Extractor>,
    language: LanguageFilter,
    settings: Settings,
    rules: Vec<Rule>,
    added: Vec<Box<dyn DocumentFilter>>,
    redactor: Box<dyn Redactor>,
}

/// Why a text falls.
struct Fall {
    reason: Reason,
    detail: Option<String>,
    text: Seen,
}

/// Which text a rule saw.
enum Seen {
    Extracted,
    Clean,
}

impl From<Broken> for Fall {
    fn from(broken: Broken) -> Self {
        let text = if broken.rule.signal.is_of_clean_text() { Seen::Clean } else { Seen::Extracted };
        // that there is a brace needs no number
        let detail = (!broken.rule.setting.is_empty()).then(|| broken.to_string());
        Self { reason: broken.rule.reason, detail, text }
    }
}

impl Filter {
    /// Prepares everything that settings and lists ask for.
    pub fn new(settings: &Settings, lists: impl Into<Arc<CompiledLists>>) -> Result<Self> {
        let max_nodes = settings.extract.max_nodes;
        Ok(Self {
            url: UrlFilter::new(&settings.url, lists),
            extractor: match settings.extract.extractor {
                ExtractorKind::MainText => Box::new(MainText { max_nodes }),
                ExtractorKind::AllText => Box::new(AllText { max_nodes }),
            },
            language: LanguageFilter::new(&settings.language)?,
            settings: settings.resolved(),
            rules: settings.rules(),
            added: Vec::new(),
            redactor: Box::new(Pii::new(&settings.pii)),
        })
    }

    /// Adds a filter behind all others: it sees the cleaned text.
    #[must_use]
    pub fn then(mut self, filter: Box<dyn DocumentFilter>) -> Self {
        self.added.push(filter);
        self
    }

    /// Takes another extractor.
    #[must_use]
    pub fn with_extractor(mut self, extractor: Box<dyn Extractor>) -> Self {
        self.extractor = extractor;
        self
    }

    /// Takes another way to tell languages apart.
    #[must_use]
    pub fn with_language(mut self, language: LanguageFilter) -> Self {
        self.language = language;
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
            return Outcome::Dropped { reason, detail: None, text: "", signals: None };
        }
        scratch.extract.clear();
        extract(&mut scratch.extract);
        if scratch.extract.text.trim().is_empty() {
            return Outcome::Dropped { reason: reasons::NO_TEXT, detail: None, text: "", signals: None };
        }
        let rights = &mut scratch.extract.rights;
        page.headers.iter().for_each(|(name, value)| rights.header(name, value));
        if let Some((reason, detail)) = self.forbidden(rights) {
            return Outcome::Dropped { reason, detail: Some(detail), text: "", signals: None };
        }
        self.judge_text(page, scratch)
    }

    /// Whether what the page says about its use, or does not say, forbids to keep it.
    fn forbidden(&self, rights: &Rights) -> Option<(Reason, String)> {
        let RightsSettings { drop_opt_outs, licences } = &self.settings.rights;
        let unwanted = drop_opt_outs.iter().copied().filter(|way| rights.opts_out_by(*way)).max();
        if let Some(opt_out) = unwanted {
            return Some((reasons::OPT_OUT, opt_out.to_string()));
        }
        let licence = rights.licence.as_deref();
        let allowed =
            licences.is_empty() || licence.is_some_and(|name| licences.iter().any(|known| known == name));
        (!allowed).then(|| (reasons::LICENCE, licence.unwrap_or("none").to_owned()))
    }

    fn judge_text<'s>(&self, page: &Page<'_>, scratch: &'s mut Scratch) -> Outcome<'s> {
        let Scratch { extract: Extract { text, rights, .. }, clean, extracted, cleaned, signals } = scratch;
        let found = self.language.judge(text);
        if let (Err((reason, found)), None) = (&found, &signals) {
            return Outcome::Dropped { reason: *reason, detail: found.map(told), text, signals: None };
        }
        let document = Document::reusing(page.url, text, std::mem::take(extracted));
        clean.clear();
        let fall = match signals {
            None => self.fall(&document, clean, cleaned),
            Some(signals) => {
                *signals = Signals::default();
                let score = found.as_ref().map_or_else(|(_, found)| *found, |found| Some(*found));
                signals[Signal::LanguageScore] = score.map_or(f64::NAN, |language| language.score);
                self.measure(&document, clean, cleaned, signals)
            }
        };
        *extracted = document.into_buffers();
        let signals = signals.as_ref();
        match (found, fall) {
            (Err((reason, found)), _) => Outcome::Dropped { reason, detail: found.map(told), text, signals },
            (_, Some(Fall { reason, detail, text: seen })) => {
                let text = match seen {
                    Seen::Extracted => text,
                    Seen::Clean => clean,
                };
                Outcome::Dropped { reason, detail, text, signals }
            }
            (Ok(language), None) => {
                text.clear();
                self.redactor.redact(page.id, clean, text);
                Outcome::Kept {
                    text,
                    language: language.code,
                    language_score: language.score,
                    rights,
                    signals,
                }
            }
        }
    }

    /// Judges up to the first rule that is broken, and leaves the text that C4 cleaned in `clean`.
    fn fall(&self, document: &Document<'_>, clean: &mut String, spare: &mut Buffers) -> Option<Fall> {
        let Settings { gopher_repetition, gopher_quality, c4, fineweb, .. } = &self.settings;
        let repetition =
            || gopher_repetition.enabled.then(|| gopher_repetition.first_broken(document)).flatten();
        let quality = || gopher_quality.enabled.then(|| gopher_quality.first_broken(document)).flatten();
        if let Some(broken) = repetition().or_else(quality) {
            return Some(broken.into());
        }
        let mut tokens = 0;
        if c4.enabled {
            let found = c4.clean(document, clean);
            if let Some(broken) = c4.first_broken(&found) {
                return Some(broken.into());
            }
            tokens = found.tokens;
        } else {
            clean.push_str(document.text);
        }
        with_clean(document, clean, tokens, spare, |document| {
            let broken = fineweb.enabled.then(|| fineweb.first_broken(document)).flatten();
            broken.map(Fall::from).or_else(|| self.added_fall(document))
        })
    }

    /// Measures everything, then judges by that.
    fn measure(
        &self,
        document: &Document<'_>,
        clean: &mut String,
        spare: &mut Buffers,
        signals: &mut Signals,
    ) -> Option<Fall> {
        let Settings { gopher_repetition, gopher_quality, c4, fineweb, .. } = &self.settings;
        gopher_repetition.measure(document, signals);
        gopher_quality.measure(document, signals);
        let found = c4.clean(document, clean);
        for Rule { signal, .. } in c4.rules() {
            signals[signal] = found.value(signal);
        }
        if !c4.enabled {
            clean.clear();
            clean.push_str(document.text);
        }
        with_clean(document, clean, found.tokens, spare, |document| {
            fineweb.measure(document, signals);
            first_broken(&self.rules, signals).map(Fall::from).or_else(|| self.added_fall(document))
        })
    }

    fn added_fall(&self, document: &Document<'_>) -> Option<Fall> {
        let reason = self.added.judge(document).reason()?;
        Some(Fall { reason, detail: None, text: Seen::Clean })
    }
}

/// Calls `judge` with the cleaned text, of so many tokens; where cleaning changed nothing, with all that is known of the
/// text already.
fn with_clean<T>(
    document: &Document<'_>,
    clean: &str,
    tokens: usize,
    spare: &mut Buffers,
    judge: impl FnOnce(&Document<'_>) -> T,
) -> T {
    if clean == document.text {
        return judge(document);
    }
    let cleaned = Document::reusing(document.url, clean, std::mem::take(spare)).with_tokens(tokens);
    let said = judge(&cleaned);
    *spare = cleaned.into_buffers();
    said
}

fn told(Language { code, score }: Language) -> String {
    format!("{code} {score:.3}")
}
