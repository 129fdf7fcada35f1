//! What is encoded: pixels and samples, checked once.

use std::ops::RangeInclusive;

use crate::{Error, Result};

/// A picture or a sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Media<'a> {
    /// A picture.
    Image(&'a Image),
    /// A sound.
    Sound(&'a Sound),
}

/// A picture or a sound of one's own.
#[derive(Clone, Debug, PartialEq)]
pub enum Owned {
    /// A picture.
    Image(Image),
    /// A sound.
    Sound(Sound),
}

impl Owned {
    /// The same, lent.
    pub fn media(&self) -> Media<'_> {
        match self {
            Self::Image(image) => Media::Image(image),
            Self::Sound(sound) => Media::Sound(sound),
        }
    }
}

/// Pixels in red, green and blue, a byte each: `[height, width, 3]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Image {
    /// A picture of `pixels`, row by row.
    ///
    /// # Errors
    /// [`Error::Pixels`] where there are none, or not as many bytes as that takes.
    pub fn new(width: usize, height: usize, pixels: Vec<u8>) -> Result<Self> {
        let bytes = width.checked_mul(height).and_then(|count| count.checked_mul(3));
        if pixels.is_empty() || bytes != Some(pixels.len()) {
            return Err(Error::Pixels { width, height, bytes: pixels.len() });
        }
        Ok(Self { width, height, pixels })
    }

    /// Pixels of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// All bytes, `[height, width, 3]`.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }
}

/// Samples of one channel, in -1 to 1 where nothing is overdriven.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    rate: u32,
    samples: Vec<f32>,
}

impl Sound {
    /// Sampling rates that are read, in Hz.
    pub const RATES: RangeInclusive<u32> = 1_000..=384_000;

    /// A sound of `samples`, `rate` of them a second.
    ///
    /// # Errors
    /// [`Error::Rate`], [`Error::Silent`] without samples, [`Error::Sample`] where one is no finite number.
    pub fn new(rate: u32, samples: Vec<f32>) -> Result<Self> {
        if !Self::RATES.contains(&rate) {
            return Err(Error::Rate { got: rate, expected: Self::RATES });
        }
        if samples.is_empty() {
            return Err(Error::Silent);
        }
        match samples.iter().position(|sample| !sample.is_finite()) {
            Some(at) => Err(Error::Sample { at, got: samples[at] }),
            None => Ok(Self { rate, samples }),
        }
    }

    /// Samples a second.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// All samples.
    pub fn samples(&self) -> &[f32] {
        &self.samples
    }

    /// How long it lasts.
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.rate)
    }
}
