//! The codecs of a model, and the file beside its tokenizer that keeps them.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

use crate::{Codebook, Codec, Error, Grid, Media, MelCodec, Owned, PatchCodec, Quantiser, Result, Strip};

/// What a model sees and hears with: its vocabulary has text ids, then image codes, then sound codes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Codecs {
    /// For pictures.
    pub image: Option<PatchCodec>,
    /// For sounds.
    pub sound: Option<MelCodec>,
}

/// The name of the file in a tokenizer's folder.
const FILE: &str = "codec.safetensors";
/// Under which its metadata has what is not a tensor.
const KEY: &str = "codec";

/// What stands in the file beside codebooks.
#[derive(Serialize, Deserialize)]
struct Card {
    image: Option<Entry<Grid>>,
    sound: Option<Entry<Strip>>,
}

#[derive(Serialize, Deserialize)]
struct Entry<Cut> {
    cut: Cut,
    /// Id of the first code.
    first: u32,
    levels: usize,
}

impl Codecs {
    /// Names for the tokens of all codes, in the order of their ids.
    pub fn names(&self) -> Vec<String> {
        let named = |what: &str, count: usize| {
            (0..count).map(|code| format!("<|{what}_{code}|>")).collect::<Vec<_>>()
        };
        let images = self.image.as_ref().map_or(0, |codec| codec.quantiser().size());
        let sounds = self.sound.as_ref().map_or(0, |codec| codec.quantiser().size());
        [named("image", images), named("audio", sounds)].concat()
    }

    /// Reads the codecs of a tokenizer's or a model's folder; nothing where it has none.
    ///
    /// # Errors
    /// [`Error::File`] and [`Error::Codebooks`].
    pub fn load(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(FILE);
        match fs::read(&path) {
            Ok(bytes) => Self::from_bytes(&bytes).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::File { path, source }),
        }
    }

    /// Writes them into a tokenizer's folder.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn save(&self, folder: &Path) -> Result<()> {
        let path = folder.join(FILE);
        fs::write(&path, self.to_bytes()?).map_err(|source| Error::File { path, source })
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// [`Error::Codebooks`] for what the format cannot hold.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let card = Card {
            image: self.image.as_ref().map(|codec| Entry {
                cut: *codec.grid(),
                first: codec.ids().start,
                levels: codec.quantiser().levels().len(),
            }),
            sound: self.sound.as_ref().map(|codec| Entry {
                cut: codec.strip().clone(),
                first: codec.ids().start,
                levels: codec.quantiser().levels().len(),
            }),
        };
        let quantisers = [
            ("image", self.image.as_ref().map(PatchCodec::quantiser)),
            ("sound", self.sound.as_ref().map(MelCodec::quantiser)),
        ];
        let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = vec![];
        for (what, quantiser) in quantisers {
            for (level, book) in quantiser.iter().flat_map(|quantiser| quantiser.levels()).enumerate() {
                let bytes = book.vectors().iter().flat_map(|value| value.to_le_bytes()).collect();
                tensors.push((name(what, level), vec![book.codes(), book.dim()], bytes));
            }
        }
        let refuse = |error: &dyn std::fmt::Display| Error::Codebooks { reason: error.to_string() };
        let views = tensors.iter().map(|(name, shape, bytes)| {
            Ok((name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes).map_err(|e| refuse(&e))?))
        });
        let views: Vec<(&str, TensorView<'_>)> = views.collect::<Result<_>>()?;
        let card = serde_json::to_string(&card).map_err(|e| refuse(&e))?;
        let metadata = HashMap::from([(KEY.to_owned(), card)]);
        safetensors::serialize(views, Some(metadata)).map_err(|e| refuse(&e))
    }

    /// Reads the file's bytes, which may come from anywhere.
    ///
    /// # Errors
    /// [`Error::Codebooks`] and what [`PatchCodec::new`] and [`MelCodec::new`] refuse.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let refuse = |reason: String| Error::Codebooks { reason };
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| refuse(error.to_string()))?;
        let card = metadata.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
        let card = card.ok_or_else(|| refuse(format!("it has no `{KEY}` in its metadata")))?;
        let card: Card = serde_json::from_str(card).map_err(|error| refuse(error.to_string()))?;
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| refuse(error.to_string()))?;
        let quantiser = |what: &str, levels: usize| -> Result<Quantiser> {
            let level = |level: usize| -> Result<Codebook> {
                let name = name(what, level);
                let tensor = tensors.tensor(&name).map_err(|error| refuse(error.to_string()))?;
                let [_, dim] = *tensor.shape() else {
                    return Err(refuse(format!("`{name}` has {} dimensions", tensor.shape().len())));
                };
                if tensor.dtype() != Dtype::F32 {
                    return Err(refuse(format!("`{name}` is of type {:?}", tensor.dtype())));
                }
                let (values, _) = tensor.data().as_chunks::<4>();
                Codebook::new(dim, values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
            };
            Quantiser::new((0..levels.min(tensors.len())).map(level).collect::<Result<_>>()?)
        };
        let image = card.image.map(|Entry { cut, first, levels }| {
            let quantiser = quantiser("image", levels)?;
            within(first, &quantiser).and_then(|()| PatchCodec::new(cut, quantiser, first))
        });
        let sound = card.sound.map(|Entry { cut, first, levels }| {
            let quantiser = quantiser("sound", levels)?;
            within(first, &quantiser).and_then(|()| MelCodec::new(cut, quantiser, first))
        });
        Ok(Self { image: image.transpose()?, sound: sound.transpose()? })
    }
}

fn name(what: &str, level: usize) -> String {
    format!("{what}.{level}")
}

/// Refuses ids that no vocabulary has.
fn within(first: u32, quantiser: &Quantiser) -> Result<()> {
    match u32::try_from(quantiser.size()).ok().and_then(|size| first.checked_add(size)) {
        Some(_) => Ok(()),
        None => Err(Error::Codebooks { reason: format!("its first code would be id {first}") }),
    }
}

impl Codec for Codecs {
    fn encode(&self, media: &Media<'_>, ids: &mut Vec<u32>) -> Result<()> {
        match (media, &self.image, &self.sound) {
            (Media::Image(_), Some(codec), _) => codec.encode(media, ids),
            (Media::Sound(_), _, Some(codec)) => codec.encode(media, ids),
            (Media::Image(_), None, _) => Err(Error::WrongKind { expected: "no images" }),
            (Media::Sound(_), _, None) => Err(Error::WrongKind { expected: "no sounds" }),
        }
    }

    fn decode(&self, ids: &[u32]) -> Result<Owned> {
        let of_sound =
            self.sound.as_ref().filter(|codec| ids.first().is_some_and(|id| codec.ids().contains(id)));
        match (of_sound, &self.image, &self.sound) {
            (Some(codec), ..) | (None, None, Some(codec)) => codec.decode(ids),
            (None, Some(codec), _) => codec.decode(ids),
            (None, None, None) => Err(Error::WrongKind { expected: "nothing" }),
        }
    }
}
