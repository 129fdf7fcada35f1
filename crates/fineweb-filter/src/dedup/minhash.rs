//! MinHash signatures (Broder 1997), cut into bands for locality-sensitive hashing, as FineWeb computes them.
//!
//! With b bands of r values, two documents of Jaccard similarity s share a band with probability
//! 1 − (1 − sʳ)ᵇ: for 14 × 8 that is 0.65 at s = 0.72 and 0.92 at s = 0.8.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::normalise::Normalisation;
use super::numpy::RandomState;
use super::permute::{Functions, minima};
use super::shingles::shingles;
use crate::hash::{MERSENNE_61, xxh64};

/// What of a document decides its near duplicates: one key per band; documents that share one are near.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature(pub Box<[u64]>);

/// Makes signatures of texts.
pub trait Signer: Send + Sync {
    /// The signature of `text`; none where the text is too short to have one, and then it has no duplicates.
    /// All signatures of a signer have the same number of bands.
    fn sign(&self, text: &str) -> Option<Signature>;
}

/// The hash that names a shingle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HashFunction {
    /// First eight bytes of SHA-1, little endian: FineWeb.
    #[default]
    Sha1,
    /// xxHash64: FineWeb-2 and datatrove's default.
    Xxh64,
}

/// Settings of [`MinHash`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MinHashSettings {
    /// Number of bands; documents that agree in one are duplicates.
    #[schemars(extend("unit" = "bands", "source" = "FineWeb, 3.5"))]
    pub bands: usize,
    /// Values in a band, all of which must agree.
    #[schemars(extend("unit" = "values", "source" = "FineWeb, 3.5"))]
    pub rows: usize,
    /// Words in a shingle.
    #[schemars(extend("unit" = "words", "source" = "FineWeb, 3.5"))]
    pub words: usize,
    /// The hash that names a shingle.
    #[schemars(extend("unit" = "", "source" = "FineWeb: sha1; FineWeb-2: xxh64"))]
    pub hash: HashFunction,
    /// How texts are made comparable.
    #[schemars(extend("unit" = "", "source" = "datatrove, v0.2 and v0.10"))]
    pub normalisation: Normalisation,
    /// Seed of the hash functions.
    #[schemars(extend("unit" = "", "source" = "datatrove"))]
    pub seed: u32,
}

impl Default for MinHashSettings {
    fn default() -> Self {
        Self {
            bands: 14,
            rows: 8,
            words: 5,
            hash: HashFunction::default(),
            normalisation: Normalisation::default(),
            seed: 1,
        }
    }
}

/// FineWeb's MinHash.
#[derive(Clone, Debug)]
pub struct MinHash {
    settings: MinHashSettings,
    /// The hash functions x ↦ (a x + b mod 2⁶⁴) mod 2⁶¹ − 1. The wrap at 2⁶⁴ is FineWeb's.
    functions: Vec<(u64, u64)>,
    lanes: Functions,
}

impl MinHash {
    /// Draws the hash functions.
    pub fn new(settings: MinHashSettings) -> Self {
        let mut random = RandomState::new(settings.seed);
        let count = settings.bands * settings.rows;
        // All multipliers are drawn before the first offset.
        let multipliers: Vec<u64> = (0..count).map(|_| random.randint(1, MERSENNE_61)).collect();
        let functions: Vec<(u64, u64)> =
            multipliers.into_iter().map(|a| (a, random.randint(0, MERSENNE_61))).collect();
        let lanes = Functions::new(&functions);
        Self { settings, functions, lanes }
    }

    /// Multiplier and offset of each hash function.
    pub fn functions(&self) -> &[(u64, u64)] {
        &self.functions
    }

    /// Hashes of the text's shingles in order, repeats included.
    pub fn shingles(&self, text: &str) -> Vec<u64> {
        let MinHashSettings { normalisation, words, hash, .. } = self.settings;
        shingles(text, normalisation, words.max(1), hash)
    }

    /// The minimum of each hash function over the text's shingles, band after band.
    pub fn minima(&self, text: &str) -> Option<Vec<u64>> {
        self.minima_of(&self.shingles(text))
    }

    fn minima_of(&self, shingles: &[u64]) -> Option<Vec<u64>> {
        (!shingles.is_empty()).then(|| minima(&self.lanes, shingles))
    }

    /// The signature of a text with these [`shingles`](Self::shingles), for those who need both.
    pub fn sign_shingles(&self, shingles: &[u64]) -> Option<Signature> {
        let minima = self.minima_of(shingles)?;
        let mut bytes = Vec::with_capacity(8 * self.settings.rows);
        let key = |(band, values): (usize, &[u64])| {
            bytes.clear();
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            xxh64(&bytes, band as u64)
        };
        Some(Signature(minima.chunks(self.settings.rows.max(1)).enumerate().map(key).collect()))
    }
}

impl Signer for MinHash {
    fn sign(&self, text: &str) -> Option<Signature> {
        self.sign_shingles(&self.shingles(text))
    }
}
