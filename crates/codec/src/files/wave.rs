//! WAV.

use std::fmt::Display;
use std::io::{Cursor, Read};

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};

use crate::files::Bounds;
use crate::{Error, Result, Sound};

/// What a whole number of 16 bits is divided by.
const FULL: f32 = 32_768.0;

fn unreadable(reason: &dyn Display) -> Error {
    Error::Unreadable { format: "WAV", reason: reason.to_string() }
}

/// A sound of a WAV file, its channels mixed to one.
///
/// # Errors
/// [`Error::Unreadable`] for anything else, [`Error::TooLarge`] before memory is asked for, and what [`Sound::new`] refuses.
pub fn read_wav(bytes: &[u8], bounds: &Bounds) -> Result<Sound> {
    let [start, format, data] =
        chunks(bytes).ok_or_else(|| unreadable(&"there are no chunks of a format and of data"))?;
    let mut reader = WavReader::new(start.chain(format).chain(data)).map_err(|error| unreadable(&error))?;
    let spec = reader.spec();
    let (got, channels) = (u64::from(reader.len()), usize::from(spec.channels));
    if got > bounds.samples {
        return Err(Error::TooLarge { what: "samples of a sound", got, most: bounds.samples });
    }
    if channels == 0 {
        return Err(unreadable(&"no channels"));
    }
    let samples = match (spec.sample_format, spec.bits_per_sample) {
        (SampleFormat::Float, 32) => mixed(reader.samples::<f32>(), channels, 1.0)?,
        (SampleFormat::Int, bits @ 1..=32) => {
            let full = (1_u64 << (bits - 1)) as f64;
            mixed(reader.samples::<i32>().map(|sample| sample.map(f64::from)), channels, full)?
        }
        (format, bits) => return Err(unreadable(&format!("samples of {bits} bits, {format:?}"))),
    };
    Sound::new(spec.sample_rate, samples)
}

/// The start of a file, its format, and its data with all that follows.
///
/// hound looks for them too, but forgets that a chunk of an odd length has a byte more (hound 3.5.1).
fn chunks(bytes: &[u8]) -> Option<[&[u8]; 3]> {
    let (start, mut rest) = bytes.split_at_checked(12)?;
    let mut format = None;
    loop {
        let length = u32::from_le_bytes(*rest.get(4..)?.first_chunk()?) as usize;
        match &rest[..4] {
            b"data" => return Some([start, format?, rest]),
            b"fmt " => format = Some(rest.get(..8 + length)?),
            _ => {}
        }
        rest = rest.get(8 + length.next_multiple_of(2)..)?;
    }
}

/// The mean of each `channels` samples, where `full` becomes 1.
fn mixed<S: Into<f64>>(
    mut samples: impl Iterator<Item = hound::Result<S>>,
    channels: usize,
    full: f64,
) -> Result<Vec<f32>> {
    let mut mixed = vec![];
    while let Some(first) = samples.next() {
        let mut sum: f64 = first.map_err(|error| unreadable(&error))?.into();
        for _ in 1..channels {
            let next = samples.next().ok_or_else(|| unreadable(&"it ends between two channels"))?;
            sum += next.map_err(|error| unreadable(&error))?.into();
        }
        mixed.push((sum / channels as f64 / full) as f32);
    }
    Ok(mixed)
}

/// A sound as a WAV file of 16 bits a sample; what is louder than 1 is cut.
///
/// # Errors
/// [`Error::TooLarge`] for more than four gigabytes, which is what such a file can hold.
pub fn write_wav(sound: &Sound) -> Result<Vec<u8>> {
    let most = u64::from(u32::MAX / 2 - 64);
    let too_large =
        || Error::TooLarge { what: "samples of a WAV file", got: sound.samples().len() as u64, most };
    if sound.samples().len() as u64 > most {
        return Err(too_large());
    }
    let spec = WavSpec {
        channels: 1,
        sample_rate: sound.rate(),
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    let mut bytes = Cursor::new(Vec::with_capacity(64 + 2 * sound.samples().len()));
    let write = |bytes| -> hound::Result<()> {
        let mut writer = WavWriter::new(bytes, spec)?;
        for sample in sound.samples() {
            // a cast holds to the ends of its type
            writer.write_sample((sample * FULL).round() as i16)?;
        }
        writer.finalize()
    };
    write(&mut bytes).map_err(|_| too_large())?;
    Ok(bytes.into_inner())
}
