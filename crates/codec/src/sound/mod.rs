//! Sound as frames of its log-mel spectrogram, and back by Griffin–Lim.
//!
//! Letters: T frames, F bins of the Fourier transform (half a window and one), B bands.

mod bands;
mod fourier;
mod griffin_lim;
mod resample;
#[cfg(test)]
#[path = "../../tests/signals/mod.rs"]
mod signals;
mod transform;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Result, Sound};
use transform::Transform;

/// How a sound becomes frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Mel {
    /// Samples a second that sounds are brought to.
    #[schemars(extend("unit" = "Hz"))]
    pub rate: u32,
    /// Samples that a frame looks at, by a Hann window.
    #[schemars(extend("unit" = "samples"))]
    pub window: usize,
    /// Samples from frame to frame.
    #[schemars(extend("unit" = "samples"))]
    pub hop: usize,
    /// Bands of a frame.
    #[schemars(extend("unit" = "bands"))]
    pub bands: usize,
    /// What is so much weaker than the loudest band of the sound is silence.
    #[schemars(extend("unit" = "dB"))]
    pub range: f32,
}

impl Default for Mel {
    fn default() -> Self {
        Self { rate: 8_000, window: 256, hop: 128, bands: 40, range: 60.0 }
    }
}

/// Frames of a sound: `[frames, bands]`, each value from 0 (silence) to 1 (the loudest band of the sound).
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrogram {
    /// Values of a frame.
    pub bands: usize,
    /// Frame by frame.
    pub values: Vec<f32>,
}

impl Mel {
    /// Refuses settings that make no sense.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub fn check(&self) -> Result<()> {
        self.check_sizes()?;
        bands::Bands::new(self).map(drop)
    }

    fn check_sizes(&self) -> Result<()> {
        let wrong = |what, got: String, expected| Err(Error::Setting { what, got, expected });
        if !Sound::RATES.contains(&self.rate) {
            return Err(Error::Rate { got: self.rate, expected: Sound::RATES });
        }
        if !(16..=1 << 16).contains(&self.window) || !self.window.is_multiple_of(2) {
            return wrong("a window", self.window.to_string(), "an even number of samples, 16 to 65,536");
        }
        if !(2..=self.window / 2).contains(&self.hop) {
            return wrong("a hop", self.hop.to_string(), "2 samples to half of the window");
        }
        if !(1.0..=200.0).contains(&self.range) {
            return wrong("a range", self.range.to_string(), "1 to 200 dB");
        }
        Ok(())
    }

    /// The frames of a sound of any rate: one for each hop that has begun, looking half a window back and forth.
    ///
    /// They are the same however loud the sound is.
    ///
    /// # Errors
    /// What [`check`](Self::check) refuses.
    pub fn frames(&self, sound: &Sound) -> Result<Spectrogram> {
        Transform::with(self, |transform| transform.frames(sound))
    }

    /// A sound whose frames are nearly these, by `rounds` of Griffin and Lim (1984). Its peak is 0.5.
    ///
    /// # Errors
    /// What [`check`](Self::check) refuses, and frames of another number of bands.
    pub fn sound(&self, frames: &Spectrogram, rounds: usize) -> Result<Sound> {
        let wrong = |got: String, expected| Err(Error::Setting { what: "a spectrogram", got, expected });
        if frames.bands != self.bands {
            return wrong(format!("{} bands", frames.bands), "as many bands as the settings say");
        }
        if frames.values.is_empty() || !frames.values.len().is_multiple_of(self.bands.max(1)) {
            return wrong(format!("{} values", frames.values.len()), "whole frames, and one at least");
        }
        if let Some(at) = frames.values.iter().position(|value| !value.is_finite()) {
            return Err(Error::Sample { at, got: frames.values[at] });
        }
        Transform::with(self, |transform| transform.sound(frames, rounds))?
    }
}
