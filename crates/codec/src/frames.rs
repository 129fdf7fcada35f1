//! Sounds as frames of their mel spectrogram, some at a time, each the number of its nearest code.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::patches::codes;
use crate::{Codec, Error, Media, Mel, Owned, Quantiser, Result, Sound, Spectrogram};

/// Rounds of Griffin and Lim's that decoding takes.
const ROUNDS: usize = 60;

/// How a sound is cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Strip {
    /// Frames.
    pub mel: Mel,
    /// Frames that one code stands for.
    #[schemars(extend("unit" = "frames"))]
    pub stack: usize,
    /// The longest sound.
    #[schemars(extend("unit" = "seconds"))]
    pub seconds: f64,
}

impl Default for Strip {
    fn default() -> Self {
        Self { mel: Mel::default(), stack: 2, seconds: 10.0 }
    }
}

impl Strip {
    /// Refuses what cannot be cut.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub fn check(&self) -> Result<()> {
        self.mel.check()?;
        let wrong = |what, got: String, expected| Err(Error::Setting { what, got, expected });
        if !(1..=64).contains(&self.stack) {
            return wrong("a stack", self.stack.to_string(), "1 to 64 frames");
        }
        if !(self.seconds > 0.0 && self.seconds <= 600.0) {
            return wrong(
                "the longest sound",
                self.seconds.to_string(),
                "more than 0 and 600 seconds at most",
            );
        }
        Ok(())
    }

    /// Numbers of a stack.
    pub fn dim(&self) -> usize {
        self.stack * self.mel.bands
    }

    /// The stacks of a sound, `[stacks, dim]`, each value from 0 to 1; the last is filled up with silence.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for a sound that is too long.
    pub fn stacks(&self, sound: &Sound) -> Result<Vec<f32>> {
        if sound.seconds() > self.seconds {
            let milliseconds = |seconds: f64| (seconds * 1e3) as u64;
            let (got, most) = (milliseconds(sound.seconds()), milliseconds(self.seconds));
            return Err(Error::TooLarge { what: "milliseconds of a sound", got, most });
        }
        let mut values = self.mel.frames(sound)?.values;
        values.resize(values.len().next_multiple_of(self.dim()), 0.0);
        Ok(values)
    }
}

/// Sounds to ids: of each stack the codes of all levels.
#[derive(Clone, Debug, PartialEq)]
pub struct MelCodec {
    strip: Strip,
    quantiser: Quantiser,
    first: u32,
}

impl MelCodec {
    /// A codec whose first code has the id `first`.
    ///
    /// # Errors
    /// What [`Strip::check`] refuses, and codebooks for stacks of another size.
    pub fn new(strip: Strip, quantiser: Quantiser, first: u32) -> Result<Self> {
        strip.check()?;
        if quantiser.dim() != strip.dim() {
            let reason = format!("vectors of {} for stacks of {} numbers", quantiser.dim(), strip.dim());
            return Err(Error::Codebooks { reason });
        }
        Ok(Self { strip, quantiser, first })
    }

    /// How sounds are cut.
    pub fn strip(&self) -> &Strip {
        &self.strip
    }

    /// What stacks are rounded to.
    pub fn quantiser(&self) -> &Quantiser {
        &self.quantiser
    }

    /// The ids of its codes.
    pub fn ids(&self) -> std::ops::Range<u32> {
        self.first..self.first + self.quantiser.size() as u32
    }

    /// The frames that ids stand for.
    ///
    /// # Errors
    /// As of [`Codec::decode`].
    pub fn spectrogram(&self, ids: &[u32]) -> Result<Spectrogram> {
        let mut values = vec![];
        self.quantiser.decode(&codes(ids, self.ids())?, &mut values)?;
        for value in &mut values {
            *value = value.clamp(0.0, 1.0);
        }
        Ok(Spectrogram { bands: self.strip.mel.bands, values })
    }
}

impl Codec for MelCodec {
    fn encode(&self, media: &Media<'_>, ids: &mut Vec<u32>) -> Result<()> {
        let Media::Sound(sound) = media else { return Err(Error::WrongKind { expected: "a sound" }) };
        let stacks = self.strip.stacks(sound)?;
        let start = ids.len();
        self.quantiser.encode(&stacks, ids);
        ids[start..].iter_mut().for_each(|id| *id += self.first);
        Ok(())
    }

    fn decode(&self, ids: &[u32]) -> Result<Owned> {
        if ids.is_empty() {
            return Err(Error::Count { got: 0, expected: "one or more".into() });
        }
        let most = (self.strip.seconds * f64::from(self.strip.mel.rate)) as usize;
        let most = (most / self.strip.mel.hop / self.strip.stack + 2) * self.quantiser.levels().len();
        if ids.len() > most {
            return Err(Error::TooLarge { what: "ids of a sound", got: ids.len() as u64, most: most as u64 });
        }
        Ok(Owned::Sound(self.strip.mel.sound(&self.spectrogram(ids)?, ROUNDS)?))
    }
}
