//! What frames are made with, kept for the next sound.

use std::cell::RefCell;
use std::rc::Rc;

use libm::{exp10f, log10f};

use super::bands::Bands;
use super::fourier::Fourier;
use super::griffin_lim::griffin_lim;
use super::resample::resample;
use crate::{Mel, Result, Sound, Spectrogram};

/// Settings, and all that follows from them.
pub(super) struct Transform {
    mel: Mel,
    fourier: Fourier,
    bands: Bands,
}

thread_local! {
    /// The last one: thousands of sounds are cut alike.
    static LAST: RefCell<Option<Rc<Transform>>> = const { RefCell::new(None) };
}

impl Transform {
    /// Calls with the transform of these settings.
    pub(super) fn with<T>(mel: &Mel, call: impl FnOnce(&Self) -> T) -> Result<T> {
        let last = LAST.with_borrow(|last| last.clone().filter(|transform| transform.mel == *mel));
        let transform = match last {
            Some(transform) => transform,
            None => Rc::new(Self::new(mel)?),
        };
        LAST.set(Some(Rc::clone(&transform)));
        Ok(call(&transform))
    }

    fn new(mel: &Mel) -> Result<Self> {
        mel.check_sizes()?;
        Ok(Self { bands: Bands::new(mel)?, fourier: Fourier::new(mel.window, mel.hop), mel: mel.clone() })
    }

    pub(super) fn frames(&self, sound: &Sound) -> Spectrogram {
        let wave = resample(&levelled(sound.samples()), sound.rate(), self.mel.rate);
        let frames = 1 + wave.len() / self.mel.hop;
        let (mut values, mut power) = (vec![0.0; frames * self.mel.bands], vec![0.0; self.fourier.bins()]);
        let mut scratch = self.fourier.scratch();
        for (frame, bands) in values.chunks_exact_mut(self.mel.bands).enumerate() {
            let bins = self.fourier.frame(&wave, frame, &mut scratch);
            power.iter_mut().zip(bins).for_each(|(power, bin)| *power = bin.norm_sqr());
            self.bands.gather(&power, bands);
        }
        // nothing is left of a sound beyond half the rate but what the filter lets through, 80 dB below a full tone
        let faintest = 1e-8 * self.of_full_tone();
        let loudest = values.iter().copied().fold(faintest, f32::max);
        let level = |power: f32| (1.0 + 10.0 * log10f(power / loudest) / self.mel.range).clamp(0.0, 1.0);
        for value in &mut values {
            *value = level(*value);
        }
        Spectrogram { bands: self.mel.bands, values }
    }

    /// The band power of a sine of amplitude 1, roughly: (window / 4)² in a bin, in a band of area 1.
    fn of_full_tone(&self) -> f32 {
        let bin = self.mel.window as f32 / 4.0;
        let width = self.mel.rate as f32 / 2.0 / (self.mel.bands + 1) as f32;
        bin * bin / width
    }

    pub(super) fn sound(&self, frames: &Spectrogram, rounds: usize) -> Result<Sound> {
        let count = frames.values.len() / self.mel.bands;
        let mut magnitudes = Vec::with_capacity(count * self.fourier.bins());
        let mut power = vec![0.0; self.mel.bands];
        for levels in frames.values.chunks_exact(self.mel.bands) {
            for (power, level) in power.iter_mut().zip(levels) {
                let below = (level.min(1.0) - 1.0) * self.mel.range / 10.0;
                *power = if *level <= 0.0 { 0.0 } else { exp10f(below) };
            }
            magnitudes.extend(self.bins(&power).iter().map(|power| power.sqrt()));
        }
        // as long as sounds of so many frames are in the mean
        let length = (count - 1) * self.mel.hop + self.mel.hop / 2;
        let mut wave = griffin_lim(&self.fourier, &magnitudes, length, rounds);
        wave = levelled(&wave);
        for sample in &mut wave {
            *sample *= 0.5;
        }
        Sound::new(self.mel.rate, wave)
    }

    /// Power of bins, none negative, whose bands are nearly those of a frame.
    ///
    /// By the multiplicative updates of Lee and Seung (2001, theorem 2) for Kullback and Leibler's divergence, which cares
    /// for weak bands too, from what the triangles spread.
    fn bins(&self, bands: &[f32]) -> Vec<f32> {
        const ROUNDS: usize = 20;
        let bins = self.fourier.bins();
        let (mut ratio, mut spread, mut touched) = (vec![0.0; bands.len()], vec![0.0; bins], vec![0.0; bins]);
        self.bands.scatter(&vec![1.0; bands.len()], &mut touched);
        let mut power = vec![0.0; bins];
        self.bands.scatter(bands, &mut power);
        for _ in 0..ROUNDS {
            self.bands.gather(&power, &mut ratio);
            for (ratio, band) in ratio.iter_mut().zip(bands) {
                *ratio = if *ratio > 0.0 { band / *ratio } else { 0.0 };
            }
            spread.fill(0.0);
            self.bands.scatter(&ratio, &mut spread);
            for ((power, spread), touched) in power.iter_mut().zip(&spread).zip(&touched) {
                *power = if *touched > 0.0 { *power * spread / touched } else { 0.0 };
            }
        }
        power
    }
}

/// A wave whose peak is 1; silence stays silence.
fn levelled(wave: &[f32]) -> Vec<f32> {
    let peak = wave.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    wave.iter().map(|sample| if peak > 0.0 { sample / peak } else { 0.0 }).collect()
}
