//! An original, its codes, and what these give back.

use codec::{Image, MelCodec, PatchCodec, Sound, Spectrogram};
use serde::Serialize;

use super::codes::{Codes, Layout};
use super::{embedded, spectrogram};

/// Height of a patch's field, as wide as it is high.
const PATCH: usize = 20;
/// Height of a stack's field, in which numbers stand upright.
const STACK: usize = 34;
/// What codes give back may end with the last stack, and so be longer than what is encoded at most, but not by so much.
const LONGER: f64 = 2.0;

/// A picture as it came, as tokens, and as it comes back.
#[derive(Serialize)]
pub(super) struct Picture {
    caption: String,
    /// On the canvas of the codec.
    original: String,
    codes: Codes,
    decoded: String,
    /// Peak signal to noise, in decibels; nothing where nothing was lost.
    psnr: Option<f64>,
}

impl Picture {
    /// Nothing where the codes are none, or a file would be too large.
    pub(super) fn of(
        caption: String,
        codec: &PatchCodec,
        ids: &[u32],
        [original, decoded]: [&Image; 2],
    ) -> Option<Self> {
        let layout = Layout { columns: codec.grid().columns(), height: PATCH };
        if ids.len() != codec.length() {
            return None;
        }
        let [original, decoded] = [original, decoded].map(|picture| codec.grid().fit(picture));
        Some(Self {
            caption,
            original: embedded::picture(&original)?,
            codes: Codes::of(ids, &codec.ids(), codec.quantiser(), &layout)?,
            decoded: embedded::picture(&decoded)?,
            psnr: psnr(&original, &decoded),
        })
    }

    pub(super) fn numbers(&self) -> (&str, &str) {
        (&self.caption, &self.codes.lines)
    }
}

/// Of pictures of one size.
fn psnr(one: &Image, other: &Image) -> Option<f64> {
    let squares = one.pixels().iter().zip(other.pixels()).map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2));
    let error = squares.sum::<f64>() / one.pixels().len() as f64;
    (error > 0.0).then(|| 10.0 * (255.0 * 255.0 / error).log10())
}

/// A sound as it came, as tokens, and as it comes back.
#[derive(Serialize)]
pub(super) struct Heard {
    caption: String,
    seconds: f64,
    original: Wave,
    codes: Codes,
    decoded: Wave,
}

/// A sound to look at and, where it is not too long, to hear.
#[derive(Serialize)]
struct Wave {
    spectrogram: String,
    audio: Option<String>,
}

impl Heard {
    /// Nothing where the codes are none, or a picture would be too large.
    pub(super) fn of(caption: String, codec: &MelCodec, ids: &[u32], sounds: [&Sound; 2]) -> Option<Self> {
        let columns = ids.len() / codec.quantiser().levels().len();
        let layout = Layout { columns, height: STACK };
        let codes = Codes::of(ids, &codec.ids(), codec.quantiser(), &layout)?;
        let frames = columns * codec.strip().stack;
        if sounds.iter().any(|sound| sound.seconds() > LONGER * codec.strip().seconds) {
            return None;
        }
        let wave = |sound: &Sound| -> Option<Wave> {
            let seen: Spectrogram = codec.strip().mel.frames(sound).ok()?;
            Some(Wave { spectrogram: spectrogram::picture(&seen, frames)?, audio: embedded::sound(sound) })
        };
        let [original, decoded] = sounds;
        let seconds = original.seconds();
        Some(Self { caption, seconds, original: wave(original)?, codes, decoded: wave(decoded)? })
    }

    pub(super) fn numbers(&self) -> (&str, &str) {
        (&self.caption, &self.codes.lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lost_is_measured() {
        let picture = |value| Image::new(1, 1, vec![value; 3]).unwrap();
        assert_eq!(psnr(&picture(9), &picture(9)), None);
        assert_eq!(psnr(&picture(255), &picture(0)), Some(0.0));
    }
}
