//! Everything that a user can set about filtering, with FineWeb's values as defaults.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rights::OptOut;
use crate::{C4Quality, FinewebQuality, GopherQuality, GopherRepetition};

/// Whose reading of the rules. Thresholds are equal in both; strictness, character sets and counting differ.
///
/// | what | `fineweb-2025` | `fineweb-v1` |
/// |---|---|---|
/// | lines that are copied | parted by runs of line feeds | parted by each line end, blank ones too |
/// | marks that make no word | punctuation, terminal marks of all scripts | punctuation |
/// | stop words | distinct ones | occurrences |
/// | FineWeb: at the limit (but for line feeds per token) | a page passes | it is dropped |
/// | FineWeb: lines | blank ones do not count | they do |
/// | FineWeb: terminal marks | of all scripts, no quotes | `.` `!` `?` `'` `"` |
/// | a text without characters or lines | `empty` | falls by another rule, or by none |
///
/// Equal here and not in datatrove: words, which 2024 had from NLTK and we split as spaCy does in both; language, which
/// we ask of whatlang; extraction. Lists of addresses are given apart: 2024 had those of the category `adult` alone. The
/// readings of near duplicates are [`MinHashSettings`](crate::dedup::MinHashSettings).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Preset {
    /// datatrove 0.10, the code of today.
    #[default]
    #[serde(rename = "fineweb-2025")]
    Fineweb2025,
    /// The code of May 2024 that made the released FineWeb.
    #[serde(rename = "fineweb-v1")]
    FinewebV1,
}

/// Settings of the whole filter, in the order in which it runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whose reading of the rules.
    #[schemars(extend("unit" = "", "source" = "datatrove, v0.2 and v0.10"))]
    pub preset: Preset,
    /// Block lists and words in addresses.
    pub url: UrlSettings,
    /// Finding the main text.
    pub extract: ExtractSettings,
    /// What pages say about their use.
    pub rights: RightsSettings,
    /// Languages to keep.
    pub language: LanguageSettings,
    /// Repeated paragraphs, lines and n-grams.
    pub gopher_repetition: GopherRepetition,
    /// Words, symbols and lines.
    pub gopher_quality: GopherQuality,
    /// Line by line cleaning.
    pub c4: C4Quality,
    /// Ends and lengths of lines.
    pub fineweb: FinewebQuality,
    /// Private data.
    pub pii: PiiSettings,
}

impl Settings {
    /// FineWeb's settings in one of its two readings.
    pub fn preset(preset: Preset) -> Self {
        Self { preset, ..Self::default() }
    }
}

/// Settings of the URL filter; which addresses are blocked is given apart, as [`Lists`](crate::Lists).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UrlSettings {
    /// Whether the filter runs; without lists it blocks nothing.
    #[schemars(extend("unit" = "", "source" = "FineWeb"))]
    pub enabled: bool,
    /// So many distinct dubious words in an address drop it; 0 is no limit.
    #[schemars(extend("unit" = "words", "source" = "FineWeb, URL filter"))]
    pub soft_words: usize,
}

impl Default for UrlSettings {
    fn default() -> Self {
        Self { enabled: true, soft_words: 2 }
    }
}

/// How text is found in a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExtractorKind {
    /// The main text without navigation, advertising and the like.
    #[default]
    MainText,
    /// All visible text.
    AllText,
}

/// Settings of text extraction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExtractSettings {
    /// How text is found.
    #[schemars(extend("unit" = "", "source" = "FineWeb takes main text"))]
    pub extractor: ExtractorKind,
    /// What stands behind this many elements and texts of a page is not read.
    #[schemars(extend("unit" = "nodes", "source" = "bounded work; the largest real pages have some 100,000"))]
    pub max_nodes: usize,
}

impl Default for ExtractSettings {
    fn default() -> Self {
        Self { extractor: ExtractorKind::default(), max_nodes: 500_000 }
    }
}

/// Whose wishes about use are followed. What pages say is found and recorded in any case.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RightsSettings {
    /// Pages that opt out in one of these ways are dropped.
    #[schemars(extend("unit" = "names of opt-outs", "source" = "off in FineWeb"))]
    pub drop_opt_outs: Vec<OptOut>,
    /// Only pages that stand under one of these licences are kept; empty keeps all.
    #[schemars(extend("unit" = "SPDX names", "source" = "off in FineWeb"))]
    pub licences: Vec<String>,
}

/// What tells languages apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LanguageBackend {
    /// Trigrams of 70 languages; built in.
    #[default]
    Whatlang,
    /// A model of fastText.
    Fasttext,
}

/// Settings of the language filter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LanguageSettings {
    /// What tells languages apart.
    #[schemars(extend("unit" = "", "source" = "FineWeb: fastText"))]
    pub backend: LanguageBackend,
    /// The model of `fasttext`, relative to the pipeline file: `lid.176.ftz` or another with labels of languages.
    #[schemars(extend("unit" = "file", "source" = "FineWeb: lid.176.bin"))]
    pub model: String,
    /// Languages to keep, ISO 639-1 or 639-3; empty keeps all.
    #[schemars(extend("unit" = "ISO 639 code", "source" = "FineWeb"))]
    pub keep: Vec<String>,
    /// The score must be greater. Where nothing is said, greater than 0.65 of fastText's probability, as in FineWeb,
    /// or than 0.4 of whatlang's confidence, its lead over the next language, which keeps what FineWeb keeps.
    #[schemars(extend("unit" = "confidence 0 to 1", "source" = "FineWeb: 0.65 of fastText's"))]
    pub min_score: Option<f64>,
    /// Length of the beginning of the text that is looked at; 0 is all of it.
    #[schemars(extend("unit" = "bytes", "source" = "enough for a sure answer; FineWeb reads all"))]
    pub prefix_bytes: usize,
}

impl LanguageSettings {
    /// What the score must exceed.
    pub fn least_score(&self) -> f64 {
        self.min_score.unwrap_or(match self.backend {
            LanguageBackend::Whatlang => 0.4,
            LanguageBackend::Fasttext => 0.65,
        })
    }
}

impl Default for LanguageSettings {
    fn default() -> Self {
        Self {
            backend: LanguageBackend::default(),
            model: String::new(),
            keep: vec!["en".to_owned()],
            min_score: None,
            prefix_bytes: 4_096,
        }
    }
}

/// What private data is replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch that a user sets by its name")]
pub struct PiiSettings {
    /// Replace e-mail addresses.
    #[schemars(extend("unit" = "", "source" = "FineWeb"))]
    pub email: bool,
    /// Replace IPv4 addresses that are publicly routed.
    #[schemars(extend("unit" = "", "source" = "FineWeb"))]
    pub ipv4: bool,
    /// Replace IPv6 addresses that are publicly routed.
    #[schemars(extend("unit" = "", "source" = "RFC 4291, IANA"))]
    pub ipv6: bool,
    /// Replace telephone numbers: with a plus sign, or as they are written within countries.
    #[schemars(extend("unit" = "", "source" = "ITU-T E.164, E.123"))]
    pub phone: bool,
    /// Replace numbers of bank accounts (IBAN) whose check digits are right.
    #[schemars(extend("unit" = "", "source" = "ISO 13616"))]
    pub iban: bool,
    /// Replace numbers of payment cards whose issuer, length and check digit are right.
    #[schemars(extend("unit" = "", "source" = "ISO/IEC 7812"))]
    pub card: bool,
}

impl Default for PiiSettings {
    fn default() -> Self {
        Self { email: true, ipv4: true, ipv6: false, phone: false, iban: false, card: false }
    }
}
