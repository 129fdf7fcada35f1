//! Any bytes are a picture within the bounds or an error; and so is a sound PNG or JPEG with bytes changed. What was read is
//! written and read again as it is.

#![no_main]

mod spoil;

use std::sync::LazyLock;

use codec::Image;
use codec::files::{Bounds, read_image, write_png};
use image::codecs::jpeg::JpegEncoder;
use libfuzzer_sys::fuzz_target;
use spoil::spoil;

const BOUNDS: Bounds = Bounds { pixels: 1 << 12, samples: 1 << 12 };

/// A PNG and a JPEG of 16 × 8 pixels.
static SOUND: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    let pixel = |at: usize| [at * 7, at * 31, 255 - at].map(|colour| colour as u8);
    let image = Image::new(16, 8, (0..128).flat_map(pixel).collect()).expect("as many as it takes");
    let mut jpeg = vec![];
    JpegEncoder::new(&mut jpeg)
        .encode(image.pixels(), 16, 8, image::ExtendedColorType::Rgb8)
        .expect("memory");
    [write_png(&image).expect("a small one"), jpeg]
});

fuzz_target!(|data: &[u8]| {
    let Some((how, data)) = data.split_first() else { return };
    let bytes = match how % 5 {
        0 => data.to_vec(),
        1 => [b"\x89PNG\r\n\x1a\n", data].concat(),
        2 => [b"\xff\xd8\xff", data].concat(),
        3 => spoil(&SOUND[0], data),
        _ => spoil(&SOUND[1], data),
    };
    let Ok(image) = read_image(&bytes, &BOUNDS) else { return };
    assert!((image.width() * image.height()) as u64 <= BOUNDS.pixels);
    let again = write_png(&image).expect("within the bounds");
    assert_eq!(read_image(&again, &BOUNDS).expect("it was written here"), image);
});
