//! Bands of the mel scale: triangles over the bins of a Fourier transform.
//!
//! The scale is Slaney's (Auditory Toolbox 1998, which librosa and Whisper use too): linear below 1 kHz, logarithmic above,
//! each triangle of area 1. The scale of O'Shaughnessy (HTK) is finer at the bottom than 31 Hz of a window of 32 ms.

use libm::{exp, log};

use crate::{Error, Mel, Result};

/// Weights `[B, F]`, of which few are not 0.
pub(super) struct Bands {
    /// Of each band.
    triangles: Vec<Triangle>,
}

struct Triangle {
    /// The first bin that it weighs.
    first: usize,
    weights: Vec<f32>,
}

/// From here on the scale is logarithmic.
const BEND: f64 = 1_000.0;
/// Mels below it.
const BELOW: f64 = 15.0;
/// So many mels above it lies 6.4 times its frequency.
const STEPS: f64 = 27.0;

fn mels(hertz: f64) -> f64 {
    if hertz < BEND { hertz / BEND * BELOW } else { BELOW + STEPS * log(hertz / BEND) / log(6.4) }
}

fn hertz(mels: f64) -> f64 {
    if mels < BELOW { mels / BELOW * BEND } else { BEND * exp((mels - BELOW) / STEPS * log(6.4)) }
}

impl Bands {
    pub(super) fn new(mel: &Mel) -> Result<Self> {
        let wrong = || {
            let expected = "1 and more, and fewer where a band would lie between two bins of the window";
            Err(Error::Setting { what: "bands", got: mel.bands.to_string(), expected })
        };
        if !(1..=mel.window / 2).contains(&mel.bands) {
            return wrong();
        }
        let top = f64::from(mel.rate) / 2.0;
        let edge = |at: usize| hertz(mels(top) * at as f64 / (mel.bands + 1) as f64);
        let width = f64::from(mel.rate) / mel.window as f64;
        let triangle =
            |band| triangle([edge(band), edge(band + 1), edge(band + 2)], width, mel.window / 2 + 1);
        let triangles: Vec<Triangle> = (0..mel.bands).map(triangle).collect();
        if triangles.iter().any(|triangle| triangle.weights.is_empty()) {
            return wrong();
        }
        Ok(Self { triangles })
    }

    /// What is in each band of a frame: `[F]` to `[B]`.
    pub(super) fn gather(&self, bins: &[f32], bands: &mut [f32]) {
        for (band, Triangle { first, weights }) in bands.iter_mut().zip(&self.triangles) {
            *band = weights.iter().zip(&bins[*first..]).map(|(weight, bin)| weight * bin).sum();
        }
    }

    /// Adds to each bin what the bands above it have, by weight: `[B]` to `[F]`.
    pub(super) fn scatter(&self, bands: &[f32], bins: &mut [f32]) {
        for (band, Triangle { first, weights }) in bands.iter().zip(&self.triangles) {
            weights.iter().zip(&mut bins[*first..]).for_each(|(weight, bin)| *bin += weight * band);
        }
    }
}

/// A triangle of area 1 over three frequencies, at bins of `width` Hz.
fn triangle([low, middle, high]: [f64; 3], width: f64, bins: usize) -> Triangle {
    let weight = |bin: usize| {
        let at = bin as f64 * width;
        let slope = ((at - low) / (middle - low)).min((high - at) / (high - middle));
        (slope * 2.0 / (high - low)) as f32
    };
    let first = (0..bins).find(|&bin| weight(bin) > 0.0).unwrap_or(bins);
    Triangle { first, weights: (first..bins).map(weight).take_while(|weight| *weight > 0.0).collect() }
}

#[cfg(test)]
mod tests {
    use super::{Bands, hertz, mels};
    use crate::Mel;

    #[test]
    fn the_scale_is_the_published_one() {
        for (frequency, mel) in [(0.0, 0.0), (200.0, 3.0), (1_000.0, 15.0), (6_400.0, 42.0)] {
            assert!((mels(frequency) - mel).abs() < 1e-9 && (hertz(mel) - frequency).abs() < 1e-9);
        }
    }

    #[test]
    fn too_many_bands_for_a_window_are_refused() {
        assert!(Bands::new(&Mel::default()).is_ok());
        assert!(Bands::new(&Mel { bands: 0, ..Mel::default() }).is_err());
        assert!(Bands::new(&Mel { bands: 128, ..Mel::default() }).is_ok());
        assert!(Bands::new(&Mel { bands: 129, ..Mel::default() }).is_err());
        assert!(Bands::new(&Mel { bands: 90, rate: 48_000, ..Mel::default() }).is_err());
        assert!(Bands::new(&Mel { bands: usize::MAX, ..Mel::default() }).is_err());
    }
}
