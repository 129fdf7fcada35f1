//! Sound as frames of its log-mel spectrogram, and back by Griffin–Lim.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Result, Sound};

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
    /// [`Error::Setting`](crate::Error::Setting).
    pub fn check(&self) -> Result<()> {
        todo!()
    }

    /// The frames of a sound of any rate.
    ///
    /// # Errors
    /// What [`check`](Self::check) refuses.
    pub fn frames(&self, _sound: &Sound) -> Result<Spectrogram> {
        todo!()
    }

    /// A sound whose frames are nearly these, by `rounds` of Griffin and Lim (1984).
    ///
    /// # Errors
    /// What [`check`](Self::check) refuses, and frames of another number of bands.
    pub fn sound(&self, _frames: &Spectrogram, _rounds: usize) -> Result<Sound> {
        todo!()
    }
}
