//! Pictures and sounds as files of others: PNG, JPEG and WAV, read with bounds.

mod picture;
mod wave;

pub use picture::{read_image, write_png};
pub use wave::{read_wav, write_wav};

/// What a file may ask for at most; a small file can promise a great deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Pixels of a picture.
    pub pixels: u64,
    /// Samples of a sound, all channels together.
    pub samples: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { pixels: 1 << 24, samples: 1 << 24 }
    }
}
