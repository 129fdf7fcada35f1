//! Finding documents that say the same: exactly, or nearly (MinHash).
//!
//! Signing looks at one document, clustering at keys of all of them; so signing spreads over any number of workers and
//! clustering needs 8 bytes per band and document, never a text. Of each cluster the longest document is kept, and
//! among equally long ones that with the smallest id; neither depends on the order of documents.
//!
//! In memory it takes a few lines:
//!
//! ```
//! use fineweb_filter::Signer;
//! use fineweb_filter::dedup::{Member, MinHash, MinHashSettings, cluster, text_key};
//!
//! let texts = ["One may say so, or else be silent.", "One may say so; or else be silent!", "Something else entirely."];
//! let minhash = MinHash::new(MinHashSettings::default());
//! let signatures: Vec<_> = texts.iter().map(|text| minhash.sign(text)).collect();
//! let ids = ["a", "b", "c"];
//! let members: Vec<_> = (0..3)
//!     .map(|at| Member {
//!         id: ids[at],
//!         length: texts[at].len() as u64,
//!         text_key: text_key(texts[at]),
//!         signature: signatures[at].as_ref(),
//!     })
//!     .collect();
//! let places = cluster(&members);
//! assert_eq!((places[1].keeper, places[1].size), (0, 2));
//! assert_eq!(places[2].reason, None);
//! ```
//!
//! On disk, for more documents than memory holds, the same in steps that several processes may share: see [`disk`].
//!
//! ```
//! use fineweb_filter::dedup::disk::{Channel, Grouping, PartWriter, Parts, Places, Signed, group, resolve};
//! # use fineweb_filter::{Signer, dedup::{MinHash, MinHashSettings, text_key}};
//! # let texts = ["One may say so, or else be silent.", "One may say so; or else be silent!", "Something else."];
//! # let minhash = MinHash::new(MinHashSettings::default());
//! # let folder = std::env::temp_dir().join(format!("deepdive-dedup-{}", std::process::id()));
//! let mut part = PartWriter::create(&folder.join("part-0"), 0, 14, 64 << 20)?;
//! for (id, text) in ["a", "b", "c"].iter().zip(texts) {
//!     let signature = minhash.sign(text);
//!     let (length, text_key, signature) = (text.len() as u64, text_key(text), signature.as_ref());
//!     part.push(&Signed { id, length, text_key, address_key: None, signature, shingles: &[] })?;
//! }
//! part.finish()?;
//!
//! let parts = Parts::open(vec![folder.join("part-0")])?;
//! let grouping = Grouping { memory: 64 << 20, min_jaccard: 0.0, gone: None };
//! let mut groups = vec![];
//! for (at, channel) in Channel::of_texts(14).into_iter().enumerate() {
//!     groups.push(folder.join(format!("group-{at}")));
//!     group(&parts, channel, &grouping, &groups[at])?;
//! }
//! resolve(&parts, &groups, &folder.join("places"))?;
//! let places = Places::open(&folder.join("places"))?;
//! assert_eq!(places.get_of(1)?.map(|place| place.keeper), Some(0));
//! assert_eq!(places.get_of(2)?, None);
//! # std::fs::remove_dir_all(&folder).unwrap();
//! # Ok::<(), fineweb_filter::Error>(())
//! ```

mod address;
mod cluster;
pub mod disk;
mod minhash;
mod normalise;
mod numpy;
mod permute;
mod shingles;

pub use address::{AddressSettings, address_key};
pub use cluster::{Member, Place, cluster};
pub use minhash::{HashFunction, MinHash, MinHashSettings, Signature, Signer};
pub use normalise::{Normalisation, normalise};

/// A key that equal texts share: 128 bits of BLAKE3 over the words as written, so that only spacing makes no
/// difference. Texts that differ in case, marks or numbers are for the signatures to find.
pub fn text_key(text: &str) -> u128 {
    // one long input is hashed many times faster than its words one by one
    let mut words = Vec::with_capacity(text.len() + 1);
    for word in text.split_whitespace() {
        words.extend_from_slice(word.as_bytes());
        words.push(b' ');
    }
    half(blake3::Hasher::new().update(&words))
}

/// A number that stands for the cluster whose kept document has this id: 63 bits of BLAKE3.
pub fn cluster_id(keeper: &str) -> i64 {
    (half(blake3::Hasher::new().update(keeper.as_bytes())) >> 65) as i64
}

/// The first half of a hash.
fn half(hasher: &blake3::Hasher) -> u128 {
    u128::from_be_bytes(hasher.finalize().as_bytes()[..16].try_into().expect("sixteen bytes"))
}
