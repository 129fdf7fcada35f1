//! Which language a text is in.

use crate::error::{Error, Result};
use crate::{LanguageSettings, Reason, reasons};

/// A language and how sure that is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Language {
    /// ISO 639-1 where the language has such a code, as FineWeb writes it; else ISO 639-3.
    pub code: &'static str,
    /// Confidence from 0 to 1.
    pub score: f64,
}

/// The language of the first `prefix_bytes` of `text`; none where it has no letters.
pub fn detect(text: &str, prefix_bytes: usize) -> Option<Language> {
    let info = whatlang::detect(&text[..text.floor_char_boundary(prefix_bytes)])?;
    Some(Language { code: short_code(info.lang().code()), score: info.confidence() })
}

/// Keeps documents in some languages.
#[derive(Clone, Debug)]
pub struct LanguageFilter {
    keep: Vec<&'static str>,
    min_score: f64,
    prefix_bytes: usize,
}

impl LanguageFilter {
    /// Checks the language codes.
    pub fn new(settings: &LanguageSettings) -> Result<Self> {
        let known = |code: &String| {
            let languages = whatlang::Lang::all().iter();
            let mut named = languages.filter(|lang| lang.code() == code || short_code(lang.code()) == code);
            named
                .next()
                .map(|lang| short_code(lang.code()))
                .ok_or(Error::UnknownLanguage { got: code.clone() })
        };
        let keep = settings.keep.iter().map(known).collect::<Result<_>>()?;
        Ok(Self { keep, min_score: settings.min_score, prefix_bytes: settings.prefix_bytes })
    }

    /// The language of the text, or why the text goes and what was found instead.
    pub fn judge(&self, text: &str) -> std::result::Result<Language, (Reason, Option<Language>)> {
        let Some(language) = detect(text, self.prefix_bytes) else {
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

/// ISO 639-1 of an ISO 639-3 code; the code itself where there is none.
#[rustfmt::skip]
fn short_code(code: &'static str) -> &'static str {
    match code {
        "afr" => "af", "aka" => "ak", "amh" => "am", "ara" => "ar", "aze" => "az", "bel" => "be", "ben" => "bn",
        "bul" => "bg", "cat" => "ca", "ces" => "cs", "cmn" => "zh", "cym" => "cy", "dan" => "da", "deu" => "de",
        "ell" => "el", "eng" => "en", "epo" => "eo", "est" => "et", "fin" => "fi", "fra" => "fr", "guj" => "gu",
        "heb" => "he", "hin" => "hi", "hrv" => "hr", "hun" => "hu", "hye" => "hy", "ind" => "id", "ita" => "it",
        "jav" => "jv", "jpn" => "ja", "kan" => "kn", "kat" => "ka", "khm" => "km", "kor" => "ko", "lat" => "la",
        "lav" => "lv", "lit" => "lt", "mal" => "ml", "mar" => "mr", "mkd" => "mk", "mya" => "my", "nep" => "ne",
        "nld" => "nl", "nob" => "nb", "ori" => "or", "pan" => "pa", "pes" => "fa", "pol" => "pl", "por" => "pt",
        "ron" => "ro", "rus" => "ru", "sin" => "si", "slk" => "sk", "slv" => "sl", "sna" => "sn", "spa" => "es",
        "srp" => "sr", "swe" => "sv", "tam" => "ta", "tel" => "te", "tgl" => "tl", "tha" => "th", "tuk" => "tk",
        "tur" => "tr", "ukr" => "uk", "urd" => "ur", "uzb" => "uz", "vie" => "vi", "yid" => "yi", "zul" => "zu",
        other => other,
    }
}
