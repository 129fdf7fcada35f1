//! The name is the recipe: what stands under a key is right, and what is not finished has no key.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical::canonical;

/// The first 64 bits of the blake3 hash of a recipe, in hexadecimal.
///
/// The manifest under it repeats the whole recipe, so that a collision is found and not believed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Key(String);

const DIGITS: usize = 16;

impl Key {
    /// The key of `recipe`.
    pub fn of(recipe: &Value) -> Self {
        Self(blake3::hash(canonical(recipe).as_bytes()).to_hex()[..DIGITS].to_owned())
    }
    /// The key that `text` spells, if it spells one: it becomes the name of a directory.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == DIGITS && text.bytes().all(is_digit)).then(|| Self(text.to_owned()))
    }
    /// Its sixteen digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Key {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("{text:?} is not a key of {DIGITS} hexadecimal digits"))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A seed for one named purpose: no two purposes share one, and adding one changes no other.
pub fn derive_seed(seed: u64, purpose: &str) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes()).update(purpose.as_bytes());
    u64::from_le_bytes(hasher.finalize().as_bytes()[..8].try_into().expect("eight bytes"))
}
