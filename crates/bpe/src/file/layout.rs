//! The layout of `tokenizer.json`, as far as byte-level BPE needs it. One set of types writes 1.0 and reads it and 2.0.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
pub(super) struct File {
    pub(super) version: String,
    #[serde(default)]
    pub(super) truncation: Option<Ignored>,
    #[serde(default)]
    pub(super) padding: Option<Ignored>,
    #[serde(default)]
    pub(super) added_tokens: Vec<AddedToken>,
    #[serde(default)]
    pub(super) normalizer: Option<serde_json::Value>,
    pub(super) pre_tokenizer: Component,
    #[serde(default)]
    pub(super) post_processor: Option<Ignored>,
    pub(super) decoder: Component,
    pub(super) model: Model,
}

/// Read and passed over; written as null.
pub(super) struct Ignored;

impl<'de> Deserialize<'de> for Ignored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl Serialize for Ignored {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_none()
    }
}

#[derive(Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools)] // the file's flags
pub(super) struct AddedToken {
    pub(super) id: u32,
    pub(super) content: String,
    #[serde(default)]
    pub(super) single_word: bool,
    #[serde(default)]
    pub(super) lstrip: bool,
    #[serde(default)]
    pub(super) rstrip: bool,
    #[serde(default)]
    pub(super) normalized: bool,
    #[serde(default)]
    pub(super) special: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type")]
pub(super) enum Component {
    Sequence {
        pretokenizers: Vec<Component>,
    },
    Split {
        pattern: SplitPattern,
        behavior: String,
        invert: bool,
    },
    /// In 2.0 only a decoder, without fields.
    ByteLevel {
        #[serde(default = "yes")]
        add_prefix_space: bool,
        #[serde(default = "yes")]
        trim_offsets: bool,
        #[serde(default = "yes")]
        use_regex: bool,
    },
}

fn yes() -> bool {
    true
}

#[derive(Serialize, Deserialize)]
pub(super) enum SplitPattern {
    Regex(String),
    String(String),
}

#[derive(Serialize, Deserialize)]
pub(super) struct Model {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) dropout: Option<f64>,
    /// Never needed: each byte has a token.
    #[serde(default)]
    pub(super) unk_token: Option<String>,
    #[serde(default)]
    pub(super) continuing_subword_prefix: Option<String>,
    #[serde(default)]
    pub(super) end_of_word_suffix: Option<String>,
    #[serde(default)]
    pub(super) fuse_unk: bool,
    #[serde(default)]
    pub(super) byte_fallback: bool,
    #[serde(default)]
    pub(super) ignore_merges: bool,
    /// Of 2.0: in 1.0 the pre-tokenizer says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) byte_level: Option<bool>,
    pub(super) vocab: Vocab,
    pub(super) merges: Vec<MergeEntry>,
}

/// The vocabulary in the order of the file, doubles and all: a map would hide a contradiction.
pub(super) struct Vocab(pub(super) Vec<(String, u32)>);

impl Serialize for Vocab {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (token, id) in &self.0 {
            map.serialize_entry(token, id)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Vocab {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Vocab;
            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("an object from tokens to ids")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vocab, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Vocab(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// `"left right"`, which every reader knows and we write, or `["left", "right"]`.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum MergeEntry {
    Line(String),
    Pair(String, String),
}

impl MergeEntry {
    pub(super) fn sides(&self) -> (Cow<'_, str>, Cow<'_, str>) {
        match self {
            Self::Line(line) => {
                let (left, right) = line.split_once(' ').unwrap_or((line, ""));
                (left.into(), right.into())
            }
            Self::Pair(left, right) => (left.into(), right.into()),
        }
    }
}
