//! PNG and JPEG.

use std::fmt::Display;
use std::io::Cursor;

use image::{DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, Limits};

use crate::files::Bounds;
use crate::{Error, Image, Result};

/// What a pixel takes at most while it is decoded: 16 bits of four colours, and as much again for what is unpacked.
const PIXEL_BYTES: u64 = 16;
/// What a decoder may take besides.
const SPARE_BYTES: u64 = 1 << 20;

fn unreadable(reason: &dyn Display) -> Error {
    Error::Unreadable { format: "PNG or JPEG", reason: reason.to_string() }
}

/// A picture of a PNG or a JPEG file, upright; what is transparent becomes white. Of an animation it is the first picture.
///
/// # Errors
/// [`Error::Unreadable`] for anything else, [`Error::TooLarge`] before memory is asked for.
pub fn read_image(bytes: &[u8], bounds: &Bounds) -> Result<Image> {
    let format = image::guess_format(bytes).map_err(|error| unreadable(&error))?;
    if !matches!(format, ImageFormat::Png | ImageFormat::Jpeg) {
        return Err(unreadable(&format!("it is {format:?}")));
    }
    if let Some((width, height)) = promised(bytes, format) {
        check_size(width, height, bounds)?;
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(bounds.pixels.saturating_mul(PIXEL_BYTES).saturating_add(SPARE_BYTES));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| unreadable(&error))?;
    let (width, height) = decoder.dimensions();
    check_size(width, height, bounds)?;
    let orientation = decoder.orientation().map_err(|error| unreadable(&error))?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| unreadable(&error))?;
    picture.apply_orientation(orientation);
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let pixels = if picture.color().has_alpha() {
        picture.into_rgba8().pixels().flat_map(|pixel| on_white(pixel.0)).collect()
    } else {
        picture.into_rgb8().into_raw()
    };
    Image::new(width, height, pixels)
}

/// The size that a PNG begins with: its decoder asks for memory before it tells.
fn promised(bytes: &[u8], format: ImageFormat) -> Option<(u32, u32)> {
    let (width, rest) = bytes.get(16..)?.split_first_chunk()?;
    let sides = (u32::from_be_bytes(*width), u32::from_be_bytes(*rest.first_chunk()?));
    (format == ImageFormat::Png).then_some(sides)
}

fn check_size(width: u32, height: u32, bounds: &Bounds) -> Result<()> {
    match u64::from(width) * u64::from(height) {
        got if got > bounds.pixels => {
            Err(Error::TooLarge { what: "pixels of a picture", got, most: bounds.pixels })
        }
        _ => Ok(()),
    }
}

fn on_white([red, green, blue, opaque]: [u8; 4]) -> [u8; 3] {
    let blend = |colour: u8| {
        let (colour, opaque) = (u32::from(colour), u32::from(opaque));
        ((colour * opaque + 255 * (255 - opaque) + 127) / 255) as u8
    };
    [blend(red), blend(green), blend(blue)]
}

/// A picture as a PNG file.
///
/// # Errors
/// [`Error::TooLarge`] for sides that no such file has.
pub fn write_png(image: &Image) -> Result<Vec<u8>> {
    let most = i32::MAX as u64;
    let side = |side: usize| {
        let got = side as u64;
        let fits = u32::try_from(side).ok().filter(|side| u64::from(*side) <= most);
        fits.ok_or(Error::TooLarge { what: "pixels of a side", got, most })
    };
    let (width, height) = (side(image.width())?, side(image.height())?);
    let mut bytes = vec![];
    let encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    encoder.write_image(image.pixels(), width, height, ExtendedColorType::Rgb8).map_err(|_| {
        Error::TooLarge { what: "pixels of a picture", got: image.pixels().len() as u64 / 3, most }
    })?;
    Ok(bytes)
}
