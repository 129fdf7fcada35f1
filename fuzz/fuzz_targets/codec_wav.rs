//! Any bytes are a sound within the bounds or an error, headers with any numbers too. A sound has frames from 0 to 1, and what is
//! written of it is read again as it is.

#![no_main]

use std::sync::LazyLock;

use codec::files::{Bounds, read_wav, write_wav};
use codec::{Mel, Sound};
use libfuzzer_sys::fuzz_target;

const BOUNDS: Bounds = Bounds { pixels: 1 << 12, samples: 1 << 12 };

static SOUND: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let samples = (0..40).map(|at| (at % 7) as f32 / 7.0).collect();
    write_wav(&Sound::new(8_000, samples).expect("finite samples")).expect("a short one")
});

/// Writes a byte at a time into the sound file: where, and what.
fn spoil(edits: &[u8]) -> Vec<u8> {
    let mut file = SOUND.clone();
    for edit in edits.chunks_exact(2) {
        let at = usize::from(edit[0]) % file.len();
        file[at] = edit[1];
    }
    file
}

/// A file whose format is the first 16 bytes and whose data is the rest.
fn with_format(data: &[u8]) -> Vec<u8> {
    let (format, data) = data.split_at(data.len().min(16));
    let length = (data.len() as u32).to_le_bytes();
    [b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0", format, b"data", &length, data].concat()
}

fuzz_target!(|data: &[u8]| {
    let Some((how, data)) = data.split_first() else { return };
    let bytes = match how % 3 {
        0 => data.to_vec(),
        1 => with_format(data),
        _ => spoil(data),
    };
    let Ok(sound) = read_wav(&bytes, &BOUNDS) else { return };
    assert!(sound.samples().len() as u64 <= BOUNDS.samples);
    let frames = Mel::default().frames(&sound).expect("the settings are the usual ones");
    assert!(frames.values.iter().all(|value| (0.0..=1.0).contains(value)));
    let written = write_wav(&sound).expect("within the bounds");
    let again = read_wav(&written, &BOUNDS).expect("it was written here");
    assert_eq!(write_wav(&again).expect("within the bounds"), written);
});
