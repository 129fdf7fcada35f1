//! Images and sound as token ids, and back.
//!
//! A model that sees and hears is the same transformer over more tokens (Chameleon Team 2024, arXiv 2405.09818). What is
//! needed for it stands here: a picture is cut into patches, a sound into frames of its mel spectrogram, and each becomes the
//! number of the nearest vector of a codebook that k-means has learned. Numbers become pixels and waves again.
//!
//! ```
//! use codec::{Codec, Grid, Image, KMeans, Media, Owned, PatchCodec, Quantiser};
//!
//! let picture = Image::new(4, 4, (0..48).map(|at| at * 5).collect())?;
//! let grid = Grid { edge: 4, patch: 2 };
//! let settings = KMeans { codes: 4, ..KMeans::default() };
//! let quantiser = Quantiser::learn(grid.dim(), &grid.patches(&picture), 1, &settings)?;
//! // ids 0 to 299 are those of texts
//! let patches = PatchCodec::new(grid, quantiser, 300)?;
//!
//! let mut ids = vec![];
//! patches.encode(&Media::Image(&picture), &mut ids)?;
//! assert_eq!(ids.len(), 4);
//! assert_eq!(patches.decode(&ids)?, Owned::Image(picture));
//! # Ok::<(), codec::Error>(())
//! ```
//!
//! # Map
//!
//! [`Codec`] is the seam. [`Image`] and [`Sound`] are what is encoded, [`files`] reads them from PNG, JPEG and WAV that may
//! be hostile. [`PatchCodec`] cuts pictures by a [`Grid`], [`MelCodec`] sounds by a [`Strip`] of [`Mel`] frames; both round by a
//! [`Quantiser`], one [`Codebook`] or several, which [`KMeans`] learns. [`Vary`] makes other
//! versions of few examples. [`Codecs`] are those of a model, as a file.

#![forbid(unsafe_code)]

mod codebook;
mod codecs;
mod error;
pub mod files;
mod frames;
mod kmeans;
mod media;
mod patches;
mod quantiser;
mod sound;
mod vary;

pub use codebook::Codebook;
pub use codecs::Codecs;
pub use error::{Error, Result};
pub use frames::{MelCodec, Strip};
pub use kmeans::{KMeans, Learned};
pub use media::{Image, Media, Owned, Sound};
pub use patches::{Grid, PatchCodec};
pub use quantiser::Quantiser;
pub use sound::{Mel, Spectrogram};
pub use vary::Vary;

/// Pictures or sounds to ids of a vocabulary, and back.
///
/// Each pixel's brightness as an id, for pictures of one line:
///
/// ```
/// use codec::{Codec, Error, Image, Media, Owned, Result};
///
/// struct Line {
///     /// The id of black.
///     first: u32,
/// }
///
/// impl Codec for Line {
///     fn encode(&self, media: &Media<'_>, ids: &mut Vec<u32>) -> Result<()> {
///         let Media::Image(image) = media else { return Err(Error::WrongKind { expected: "an image" }) };
///         ids.extend(image.pixels().chunks_exact(3).map(|rgb| self.first + u32::from(rgb[1])));
///         Ok(())
///     }
///
///     fn decode(&self, ids: &[u32]) -> Result<Owned> {
///         let grey = |id: &u32| [id.saturating_sub(self.first).min(255) as u8; 3];
///         Ok(Owned::Image(Image::new(ids.len(), 1, ids.iter().flat_map(grey).collect())?))
///     }
/// }
///
/// let (line, mut ids) = (Line { first: 300 }, vec![]);
/// let picture = Image::new(2, 1, vec![0, 0, 0, 9, 9, 9])?;
/// line.encode(&Media::Image(&picture), &mut ids)?;
/// assert_eq!(ids, [300, 309]);
/// assert_eq!(line.decode(&ids)?, Owned::Image(picture));
/// # Ok::<(), Error>(())
/// ```
pub trait Codec: Send + Sync {
    /// Appends the ids of a picture or a sound.
    ///
    /// # Errors
    /// What this codec is not made for. `ids` is then as it was.
    fn encode(&self, media: &Media<'_>, ids: &mut Vec<u32>) -> Result<()>;

    /// What ids stand for.
    ///
    /// # Errors
    /// Ids of something else, and numbers of them that make nothing whole.
    fn decode(&self, ids: &[u32]) -> Result<Owned>;
}
