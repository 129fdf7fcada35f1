//! Frames of a sound as a picture: time from left to right, low tones at the bottom, what is loud is light.

use codec::{Image, Spectrogram};

use super::embedded;

/// Colours of loudness, and from where on.
const COLOURS: [(f32, [f32; 3]); 4] = [
    (0.0, [18.0, 20.0, 30.0]),
    (0.45, [22.0, 96.0, 104.0]),
    (0.8, [236.0, 146.0, 84.0]),
    (1.0, [255.0, 243.0, 208.0]),
];

/// A picture of so many frames: what is longer is cut, what is shorter ends in silence.
pub(super) fn picture(of: &Spectrogram, frames: usize) -> Option<String> {
    embedded::picture(&drawn(of, frames)?)
}

fn drawn(of: &Spectrogram, frames: usize) -> Option<Image> {
    let mut pixels = Vec::with_capacity(3 * frames * of.bands);
    for band in (0..of.bands).rev() {
        for frame in 0..frames {
            pixels.extend(colour(of.values.get(frame * of.bands + band).copied().unwrap_or(0.0)));
        }
    }
    Image::new(frames, of.bands, pixels).ok()
}

fn colour(value: f32) -> [u8; 3] {
    let pair = COLOURS.windows(2).find(|pair| value <= pair[1].0).unwrap_or(&COLOURS[2..]);
    let (from, to) = (pair[0], pair[1]);
    let along = ((value - from.0) / (to.0 - from.0)).clamp(0.0, 1.0);
    [0, 1, 2].map(|part| (from.1[part] + along * (to.1[part] - from.1[part])).round() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_tones_lie_at_the_bottom_and_silence_follows() {
        let of = Spectrogram { bands: 2, values: vec![1.0, 0.0, 0.45, 0.0] };
        let [loud, middle, silent] = [1.0, 0.45, 0.0].map(colour);
        let picture = drawn(&of, 3).unwrap();
        assert_eq!(picture.pixels(), [silent, silent, silent, loud, middle, silent].concat());
        assert_eq!(drawn(&of, 1).unwrap().pixels(), [silent, loud].concat());
        assert_eq!([loud, silent], [[255, 243, 208], [18, 20, 30]]);
        assert!(drawn(&of, 0).is_none());
    }
}
