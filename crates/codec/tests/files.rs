//! Files of others, sound and damaged: each is a picture, a sound, or an error with a name.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod png;
mod riff;

use codec::files::{Bounds, read_image, read_wav, write_png, write_wav};
use codec::{Error, Image, Sound};
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder};
use proptest::prelude::*;
use riff::Riff;

const SMALL: Bounds = Bounds { pixels: 1 << 12, samples: 1 << 12 };

/// Colours that differ from pixel to pixel.
fn picture() -> Image {
    let pixel = |at: usize| [(at * 7 % 256) as u8, (at * 31 % 256) as u8, (255 - at) as u8];
    Image::new(9, 7, (0..63).flat_map(pixel).collect()).unwrap()
}

/// Squares of one colour, which JPEG leaves nearly as they are.
fn jpeg() -> (Image, Vec<u8>) {
    let pixel = |at: usize| if at % 32 < 16 { [200, 40, 40] } else { [30, 60, 220] };
    let image = Image::new(32, 16, (0..32 * 16).flat_map(pixel).collect()).unwrap();
    let mut bytes = vec![];
    JpegEncoder::new_with_quality(&mut bytes, 95)
        .write_image(image.pixels(), 32, 16, ExtendedColorType::Rgb8)
        .unwrap();
    (image, bytes)
}

fn tone() -> Sound {
    Sound::new(8_000, (0..50_i16).map(|at| f32::from(at * 397 % 997) / 1_000.0 - 0.5).collect()).unwrap()
}

#[test]
fn a_picture_comes_back_from_png() {
    let read = read_image(&write_png(&picture()).unwrap(), &SMALL).unwrap();
    assert_eq!(read, picture());
}

#[test]
fn a_picture_comes_nearly_back_from_jpeg() {
    let (image, bytes) = jpeg();
    let read = read_image(&bytes, &SMALL).unwrap();
    assert_eq!((read.width(), read.height()), (32, 16));
    let far = read.pixels().iter().zip(image.pixels()).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    assert!(far < 12, "{far}");
}

#[test]
fn every_sort_of_png_is_red_green_and_blue() {
    let header = |depth, colour| png::header(2, 1, depth, colour);
    let read = |chunks: &[Vec<u8>]| read_image(&png::file(chunks), &SMALL).unwrap().pixels().to_vec();
    let data = |row: &[u8]| png::data(&[&[0], row].concat());
    // grey of 8, 16, 1 and 2 bits
    assert_eq!(read(&[header(8, 0), data(&[7, 200])]), [7, 7, 7, 200, 200, 200]);
    assert_eq!(read(&[header(16, 0), data(&[0x80, 0x80, 0xff, 0xff])]), [128, 128, 128, 255, 255, 255]);
    assert_eq!(read(&[header(1, 0), data(&[0b0100_0000])]), [0, 0, 0, 255, 255, 255]);
    assert_eq!(read(&[header(2, 0), data(&[0b0110_0000])]), [85, 85, 85, 170, 170, 170]);
    // a palette, and one whose second colour is transparent
    let palette = png::chunk(b"PLTE", &[1, 2, 3, 40, 50, 60]);
    let row = data(&[0b1000_0000]);
    assert_eq!(read(&[header(1, 3), palette.clone(), row.clone()]), [40, 50, 60, 1, 2, 3]);
    let transparent = png::chunk(b"tRNS", &[255, 0]);
    assert_eq!(read(&[header(1, 3), palette, transparent, row]), [255, 255, 255, 1, 2, 3]);
    // grey and colours with transparency
    assert_eq!(read(&[header(8, 4), data(&[0, 255, 0, 51])]), [0, 0, 0, 204, 204, 204]);
    assert_eq!(read(&[header(8, 6), data(&[9, 8, 7, 0, 100, 0, 0, 255])]), [255, 255, 255, 100, 0, 0]);
    let deep = [0x12, 0x34, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(read(&[header(16, 6), data(&deep)]), [0x12, 0, 0, 255, 255, 255]);
    // colours of 16 bits, of which one is called transparent
    let (deep, clear) = ([1, 1, 2, 2, 3, 3, 9, 9, 9, 9, 9, 9], png::chunk(b"tRNS", &[9, 9, 9, 9, 9, 9]));
    assert_eq!(read(&[header(16, 2), clear, data(&deep)]), [1, 2, 3, 255, 255, 255]);
}

#[test]
fn of_an_animation_the_first_picture_is_read() {
    let control = |number: u8| {
        let whole = [[0, 0, 0, number], [0, 0, 0, 2], [0, 0, 0, 1], [0; 4], [0; 4], [0, 1, 0, 1]].concat();
        png::chunk(b"fcTL", &[&whole[..], &[0, 0]].concat())
    };
    let second = png::data(&[0, 90, 90])[8..].to_vec();
    let second = png::chunk(b"fdAT", &[&[0, 0, 0, 2], &second[..second.len() - 4]].concat());
    let file = png::file(&[
        png::header(2, 1, 8, 0),
        png::chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]),
        control(0),
        png::data(&[0, 10, 20]),
        control(1),
        second,
    ]);
    assert_eq!(read_image(&file, &SMALL).unwrap().pixels(), [10, 10, 10, 20, 20, 20]);
}

#[test]
fn a_photograph_stands_upright() {
    // Exif with one entry: orientation 6, to be turned clockwise
    let exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let (image, bytes) = jpeg();
    let length = (exif.len() as u16 + 2).to_be_bytes();
    let turned = [&bytes[..2], &[0xff, 0xe1], &length, exif, &bytes[2..]].concat();
    let read = read_image(&turned, &SMALL).unwrap();
    assert_eq!((read.width(), read.height()), (16, 32));
    // what was left is on top
    let far = |at: usize| read.pixels()[at].abs_diff(image.pixels()[at]);
    assert!((0..3).all(|colour| far(colour) < 12));
}

#[test]
fn huge_promises_are_refused_before_they_are_kept() {
    let row = png::data(&[0, 0, 0]);
    for (width, height) in [(1 << 20, 1 << 20), (65, 64), (i32::MAX as u32, 1), (1, i32::MAX as u32)] {
        let file = png::file(&[png::header(width, height, 8, 0), row.clone()]);
        let got = u64::from(width) * u64::from(height);
        match read_image(&file, &SMALL) {
            Err(Error::TooLarge { what: "pixels of a picture", got: told, most: 4_096 }) => {
                assert_eq!(told, got)
            }
            other => panic!("{other:?}"),
        }
    }
    // within the bounds of pixels, but there are none
    let file = png::file(&[png::header(64, 64, 8, 0), row]);
    assert!(matches!(read_image(&file, &SMALL), Err(Error::Unreadable { .. })));
    // as large in a JPEG: the frame header says 65,500 × 65,500
    let (_, mut bytes) = jpeg();
    let frame = bytes.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    bytes[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xdc, 0xff, 0xdc]);
    assert!(read_image(&bytes, &SMALL).is_err());
    // nor is a comment unpacked that grows without end
    let bomb = png::chunk(b"zTXt", &[b"x\0\0", &png::zeros(1 << 26)[..]].concat());
    let file = png::file(&[png::header(2, 1, 8, 0), bomb, png::data(&[0, 7, 9])]);
    drop(read_image(&file, &SMALL));
}

#[test]
fn other_formats_are_named() {
    for (bytes, reason) in [
        (&b""[..], "this is no PNG or JPEG that can be read: The image format could not be determined"),
        (b"GIF89a\x01\0\x01\0", "this is no PNG or JPEG that can be read: it is Gif"),
        (b"BM\0\0\0\0", "this is no PNG or JPEG that can be read: it is Bmp"),
    ] {
        assert_eq!(read_image(bytes, &SMALL).unwrap_err().to_string(), reason);
    }
    let riff = read_wav(b"RIFF\x04\0\0\0AVI ", &SMALL).unwrap_err().to_string();
    assert!(riff.starts_with("this is no WAV that can be read: "), "{riff}");
}

#[test]
fn a_sound_comes_back_from_wav() {
    let bytes = write_wav(&tone()).unwrap();
    let read = read_wav(&bytes, &SMALL).unwrap();
    assert_eq!(read.rate(), 8_000);
    let far = |(a, b): (&f32, &f32)| (a - b).abs();
    assert!(read.samples().iter().zip(tone().samples()).map(far).all(|far| far <= 0.5 / 32_768.0));
    assert_eq!(write_wav(&read).unwrap(), bytes, "whole numbers are what they are");
    let loud = Sound::new(44_100, vec![-3.0, -1.0, 1.0, f32::MAX]).unwrap();
    let read = read_wav(&write_wav(&loud).unwrap(), &SMALL).unwrap();
    assert_eq!(read.samples(), [-1.0, -1.0, 32_767.0 / 32_768.0, 32_767.0 / 32_768.0]);
}

#[test]
fn every_sort_of_wav_is_from_minus_one_to_one() {
    let read = |riff: &Riff| read_wav(&riff.bytes(), &SMALL).unwrap().samples().to_vec();
    assert_eq!(read(&Riff::int(8, 1, &[0, 64, 128, 255])), [-1.0, -0.5, 0.0, 127.0 / 128.0]);
    assert_eq!(read(&Riff::int(16, 1, &[0, 0x80, 0, 0, 0, 0x40])), [-1.0, 0.0, 0.5]);
    assert_eq!(read(&Riff::int(24, 1, &[0, 0, 0x80, 0, 0, 0x40])), [-1.0, 0.5]);
    assert_eq!(read(&Riff::int(32, 1, &[0, 0, 0, 0x80, 0, 0, 0, 0x40])), [-1.0, 0.5]);
    assert_eq!(read(&Riff::float(1, &[0.25, -3.0])), [0.25, -3.0]);
    // channels are mixed
    assert_eq!(read(&Riff::float(2, &[0.5, -0.25, f32::MAX, f32::MAX])), [0.125, f32::MAX]);
    assert_eq!(read(&Riff::int(8, 3, &[128, 128, 224, 0, 0, 0])), [0.25, -1.0]);
    // a chunk that nobody knows comes before the data, of an odd length
    let riff = Riff { before: [&b"LIST\x03\0\0\0abc\0"[..]].concat(), ..Riff::int(8, 1, &[64]) };
    assert_eq!(read(&riff), [-0.5]);
    // the form that has room for many channels
    assert_eq!(read(&Riff { extensible: true, ..Riff::int(16, 2, &[0, 0x40, 0, 0]) }), [0.25]);
    for rate in [1_000, 7_999, 11_025, 384_000] {
        assert_eq!(read_wav(&Riff { rate, ..Riff::int(8, 1, &[0]) }.bytes(), &SMALL).unwrap().rate(), rate);
    }
}

#[test]
fn what_is_wrong_with_a_wav_is_named() {
    let message = |riff: Riff| read_wav(&riff.bytes(), &SMALL).unwrap_err().to_string();
    assert_eq!(message(Riff::float(1, &[0.0, f32::NAN])), "sample 1 is NaN");
    assert_eq!(message(Riff::float(2, &[0.0, 1.0, f32::INFINITY, f32::NEG_INFINITY])), "sample 1 is NaN");
    assert_eq!(message(Riff::float(1, &[f32::INFINITY])), "sample 0 is inf");
    assert_eq!(message(Riff::int(16, 1, &[])), "a sound of no samples");
    for rate in [0, 999, 400_000, u32::MAX] {
        let expected = format!("a sampling rate of {rate} Hz: expected 1000 to 384000 Hz");
        assert_eq!(message(Riff { rate, ..Riff::int(8, 1, &[0]) }), expected);
    }
    let long = Riff { promised: Some(u32::MAX - 1), ..Riff::int(8, 1, &[0; 10]) };
    assert_eq!(message(long), "samples of a sound: 4294967294, and 4096 at most");
    let long = Riff { promised: Some(4_096), ..Riff::int(8, 1, &[0; 10]) };
    assert_eq!(message(long), "this is no WAV that can be read: Failed to read enough bytes.");
    assert_eq!(message(Riff::int(8, 1, &[0; 4_097])), "samples of a sound: 4097, and 4096 at most");
    for riff in [
        Riff::int(8, 0, &[0]),
        Riff::int(0, 1, &[0]),
        Riff::int(64, 1, &[0; 8]),
        Riff::int(16, 2, &[0, 0]),
        Riff { promised: Some(3), ..Riff::int(16, 1, &[0; 4]) },
        Riff { format: 7, ..Riff::int(8, 1, &[0]) },
        Riff { format: 3, ..Riff::int(16, 1, &[0, 0]) },
    ] {
        let message = message(riff);
        assert!(message.starts_with("this is no WAV that can be read: "), "{message}");
    }
}

/// Either something whole or an error that says something.
fn survive(bytes: &[u8]) {
    match read_image(bytes, &SMALL) {
        Ok(image) => assert!((image.width() * image.height()) as u64 <= SMALL.pixels),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    match read_wav(bytes, &SMALL) {
        Ok(sound) => assert!(sound.samples().len() as u64 <= SMALL.samples),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn whole_files() -> [Vec<u8>; 5] {
    [
        write_png(&picture()).unwrap(),
        jpeg().1,
        write_wav(&tone()).unwrap(),
        Riff { extensible: true, ..Riff::int(24, 2, &[7; 60]) }.bytes(),
        Riff::float(3, &[0.1; 30]).bytes(),
    ]
}

#[test]
fn files_may_end_anywhere() {
    for file in whole_files() {
        (0..file.len()).for_each(|end| survive(&file[..end]));
    }
    // a PNG and a WAV without their end are no picture and no sound; of a JPEG decoders make what they can
    let (png, wav) = (write_png(&picture()).unwrap(), write_wav(&tone()).unwrap());
    assert!((0..png.len() - 16).all(|end| read_image(&png[..end], &SMALL).is_err()));
    assert!((0..wav.len()).all(|end| read_wav(&wav[..end], &SMALL).is_err()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn bytes_may_be_changed(
        file in prop::sample::select(whole_files().to_vec()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut file = file;
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        survive(&file);
    }

    #[test]
    fn headers_may_say_anything(
        (rate, channels, bits, format) in (any::<u32>(), 0_u16..9, 0_u16..70, prop_oneof![0_u16..4, any::<u16>()]),
        promised in prop_oneof![Just(None), any::<u32>().prop_map(Some), (0_u32..5_000).prop_map(Some)],
        extensible in any::<bool>(),
        data in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let riff = Riff { rate, format, promised, extensible, ..Riff::int(bits, channels, &data) };
        survive(&riff.bytes());
    }

    #[test]
    fn png_headers_may_say_anything(
        (width, height) in (prop_oneof![0_u32..80, any::<u32>()], prop_oneof![0_u32..80, any::<u32>()]),
        (depth, colour) in (0_u8..20, 0_u8..8),
        rows in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        survive(&png::file(&[png::header(width, height, depth, colour), png::data(&rows)]));
    }
}
