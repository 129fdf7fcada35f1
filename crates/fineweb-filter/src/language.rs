//! Which language a text is in.
//!
//! Two backends: whatlang, which is built in and knows 70 languages by their trigrams, and [`FastText`], which reads
//! models of fastText such as `lid.176.ftz`, FineWeb's (Joulin et al. 2016, <https://arxiv.org/abs/1607.01759>; the
//! quantised form: <https://arxiv.org/abs/1612.03651>). Their scores are not comparable.

mod codes;
mod fasttext;

use std::path::Path;

pub use fasttext::FastText;

use crate::error::{Error, Result};
use crate::settings::LanguageBackend;
use crate::{LanguageSettings, Reason, reasons};
use codes::short_code;

/// A language and how sure that is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Language {
    /// ISO 639-1 where the language has such a code, as FineWeb writes it; else ISO 639-3.
    pub code: &'static str,
    /// Confidence from 0 to 1; fastText's may be a little more.
    pub score: f64,
}

/// Tells languages apart. One for all threads; the same text gets the same answer.
///
/// ```
/// use fineweb_filter::language::{Detector, Language, LanguageFilter};
/// use fineweb_filter::LanguageSettings;
///
/// /// Takes everything that is written in ASCII for English.
/// struct Ascii;
///
/// impl Detector for Ascii {
///     fn detect(&self, text: &str) -> Option<Language> {
///         text.is_ascii().then_some(Language { code: "en", score: 1.0 })
///     }
///     fn name(&self, code: &str) -> Option<&'static str> {
///         matches!(code, "en" | "eng").then_some("en")
///     }
/// }
///
/// let filter = LanguageFilter::with(Box::new(Ascii), &LanguageSettings::default())?;
/// assert!(filter.judge("Good morning").is_ok() && filter.judge("Grüß Gott").is_err());
/// # Ok::<(), fineweb_filter::Error>(())
/// ```
pub trait Detector: Send + Sync {
    /// The language of a text; none where nothing can be said.
    fn detect(&self, text: &str) -> Option<Language>;

    /// How the language of this ISO 639 code is named in answers, if it can be one.
    fn name(&self, code: &str) -> Option<&'static str>;
}

/// The detector that is built in.
#[derive(Clone, Copy, Debug)]
pub struct Whatlang;

impl Detector for Whatlang {
    fn detect(&self, text: &str) -> Option<Language> {
        let info = whatlang::detect(text)?;
        Some(Language { code: short_code(info.lang().code()), score: info.confidence() })
    }

    fn name(&self, code: &str) -> Option<&'static str> {
        let mut codes = whatlang::Lang::all().iter().map(whatlang::Lang::code);
        codes.find(|known| *known == code || short_code(known) == code).map(short_code)
    }
}

/// What [`Whatlang`] says of the first `prefix_bytes` of `text`; none where it has no letters.
pub fn detect(text: &str, prefix_bytes: usize) -> Option<Language> {
    Whatlang.detect(&text[..text.floor_char_boundary(prefix_bytes)])
}

/// Keeps documents in some languages.
pub struct LanguageFilter {
    detector: Box<dyn Detector>,
    keep: Vec<&'static str>,
    min_score: f64,
    prefix_bytes: usize,
}

impl LanguageFilter {
    /// Checks the language codes, and reads the model where one is asked for.
    pub fn new(settings: &LanguageSettings) -> Result<Self> {
        let detector: Box<dyn Detector> = match settings.backend {
            LanguageBackend::Whatlang => Box::new(Whatlang),
            LanguageBackend::Fasttext => Box::new(FastText::load(Path::new(&settings.model))?),
        };
        Self::with(detector, settings)
    }

    /// The same with a detector of one's own; `backend` and `model` are not looked at.
    pub fn with(detector: Box<dyn Detector>, settings: &LanguageSettings) -> Result<Self> {
        let known =
            |code: &String| detector.name(code).ok_or_else(|| Error::UnknownLanguage { got: code.clone() });
        let keep = settings.keep.iter().map(known).collect::<Result<_>>()?;
        let (min_score, prefix_bytes) = (settings.least_score(), settings.prefix_bytes);
        Ok(Self { detector, keep, min_score, prefix_bytes })
    }

    /// The language of the text, or why the text goes and what was found instead.
    pub fn judge(&self, text: &str) -> std::result::Result<Language, (Reason, Option<Language>)> {
        let length = if self.prefix_bytes == 0 { text.len() } else { self.prefix_bytes };
        let Some(language) = self.detector.detect(&text[..text.floor_char_boundary(length)]) else {
            return Err((reasons::LANGUAGE, None));
        };
        if !self.keep.is_empty() && !self.keep.contains(&language.code) {
            return Err((reasons::LANGUAGE, Some(language)));
        }
        if language.score > self.min_score {
            Ok(language)
        } else {
            Err((reasons::LANGUAGE_SCORE, Some(language)))
        }
    }
}
