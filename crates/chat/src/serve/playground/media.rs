//! `POST /playground/media` and `/playground/media/decode`: pictures and sounds as a model has them, code by code.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use codec::{Codec, Codecs, Image, MelCodec, Owned};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::work;
use crate::serve::extract::{Body, File, Params};
use crate::serve::senses::{self, Kind, refused};
use crate::serve::{Answer, Refusal, Served};

/// Whose eyes and ears.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Whose {
    model: String,
}

/// Codes of a picture or a sound.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Codes {
    model: String,
    ids: Vec<u32>,
}

/// A picture or a sound as a model has it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Seen {
    kind: Kind,
    ids: Vec<u32>,
    /// The same, one by one: of each place all levels, places row by row.
    tokens: Vec<Code>,
    /// What the codec cuts, as a PNG in a `data:` URL: the picture on its canvas, or the spectrogram of the sound with low
    /// tones below. None where only codes are known.
    picture: Option<String>,
    /// What the codes say of it, likewise.
    rounded: String,
    /// What the codes give back, as a `data:` URL: a PNG or a WAV.
    decoded: String,
    grid: Places,
    /// How long the sound that came lasts, or the one that codes give back.
    seconds: Option<f64>,
}

/// One code.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Code {
    id: u32,
    /// The name of its token.
    name: String,
    /// Its codebook: 0 is the coarsest.
    level: usize,
    /// Its number in that.
    number: u32,
}

/// Where codes stand over the picture.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub(crate) struct Places {
    columns: usize,
    rows: usize,
    /// Codes of a place.
    levels: usize,
}

/// Answers `POST /playground/media`.
pub(super) async fn encode(
    State(served): State<Arc<Served>>,
    Params(Whose { model }): Params<Whose>,
    File { kind, bytes }: File,
) -> Answer<Json<Seen>> {
    let card = served.models.card(&model)?.clone();
    let look = move |_: &Served| {
        let codecs = senses::codecs(&card, kind)?;
        let owned = senses::open(kind, &bytes, "body")?;
        let ids = senses::encoded(&card, kind, owned.media(), "body")?;
        Ok(Json(seen(codecs, ids, Some(&owned))?))
    };
    work::done(&served, look).await
}

/// Answers `POST /playground/media/decode`.
pub(super) async fn decode(
    State(served): State<Arc<Served>>,
    Body(Codes { model, ids }): Body<Codes>,
) -> Answer<Json<Seen>> {
    let card = served.models.card(&model)?.clone();
    let look = move |_: &Served| {
        let audible = card.codecs.as_ref().and_then(|codecs| codecs.sound.as_ref()).map(MelCodec::ids);
        let is_audio = ids.first().is_some_and(|id| audible.is_some_and(|codes| codes.contains(id)));
        let codecs = senses::codecs(&card, if is_audio { Kind::Audio } else { Kind::Image })?;
        Ok(Json(seen(codecs, ids, None)?))
    };
    work::done(&served, look).await
}

/// Ids as the codec has them, and what was `given` for them.
pub(super) fn seen(codecs: &Codecs, ids: Vec<u32>, given: Option<&Owned>) -> Answer<Seen> {
    let refuse = |error| refused(error, "ids");
    let decoded = codecs.decode(&ids).map_err(refuse)?;
    match (&decoded, &codecs.image, &codecs.sound) {
        (Owned::Image(image), Some(codec), _) => {
            let (levels, columns) = (codec.quantiser().levels().len(), codec.grid().columns());
            let fitted = match given {
                Some(Owned::Image(image)) => Some(png(codec.grid().fit(image))?),
                _ => None,
            };
            Ok(Seen {
                kind: Kind::Image,
                tokens: codes("image", codec.ids().start, codec.quantiser(), &ids),
                ids,
                picture: fitted,
                rounded: png(image.clone())?,
                decoded: senses::url(&decoded).map_err(refuse)?,
                grid: Places { columns, rows: columns, levels },
                seconds: None,
            })
        }
        (Owned::Sound(sound), _, Some(codec)) => {
            let (levels, bands) = (codec.quantiser().levels().len(), codec.strip().mel.bands);
            let (heard, seconds) = match given {
                Some(Owned::Sound(given)) => (
                    Some(spectrogram(bands, &codec.strip().stacks(given).map_err(refuse)?)?),
                    given.seconds(),
                ),
                _ => (None, sound.seconds()),
            };
            let rounded = spectrogram(bands, &codec.spectrogram(&ids).map_err(refuse)?.values)?;
            Ok(Seen {
                kind: Kind::Audio,
                tokens: codes("audio", codec.ids().start, codec.quantiser(), &ids),
                grid: Places { columns: ids.len() / levels, rows: 1, levels },
                ids,
                picture: heard,
                rounded,
                decoded: senses::url(&decoded).map_err(refuse)?,
                seconds: Some(seconds),
            })
        }
        _ => Err(Refusal::fault("codes of one kind became something of another")),
    }
}

fn codes(what: &str, first: u32, quantiser: &codec::Quantiser, ids: &[u32]) -> Vec<Code> {
    let all = quantiser.codes() as u32;
    let code = |id: &u32| {
        let number = id - first;
        let level = (number / all) as usize;
        Code { id: *id, name: format!("<|{what}_{number}|>"), level, number: number % all }
    };
    ids.iter().map(code).collect()
}

fn png(image: Image) -> Answer<String> {
    senses::url(&Owned::Image(image)).map_err(Refusal::fault)
}

/// Frames `[frames, bands]` as a picture, a column each, low tones below; from dark, which is silence, to light.
fn spectrogram(bands: usize, values: &[f32]) -> Answer<String> {
    const RAMP: [[f32; 3]; 4] =
        [[16.0, 20.0, 30.0], [20.0, 80.0, 100.0], [70.0, 170.0, 150.0], [250.0, 240.0, 200.0]];
    let frames = values.len() / bands.max(1);
    let mut pixels = Vec::with_capacity(3 * values.len());
    for band in (0..bands).rev() {
        for frame in 0..frames {
            let along = values[frame * bands + band].clamp(0.0, 1.0) * (RAMP.len() - 1) as f32;
            let at = (along as usize).min(RAMP.len() - 2);
            let part = along - at as f32;
            pixels
                .extend((0..3).map(|c| (RAMP[at][c] + (RAMP[at + 1][c] - RAMP[at][c]) * part).round() as u8));
        }
    }
    png(Image::new(frames, bands, pixels).map_err(Refusal::fault)?)
}
