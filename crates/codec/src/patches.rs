//! Pictures as patches: a fixed canvas cut into squares, each the number of its nearest code, row by row.

use image::imageops::{self, FilterType};
use image::{ImageBuffer, Rgb, RgbImage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Codec, Error, Image, Media, Owned, Quantiser, Result};

/// Most pixels of a canvas from side to side.
const MOST_EDGE: usize = 1024;
/// What is left of a canvas beside a picture that is no square.
const PAPER: u8 = 255;

/// How a picture is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Grid {
    /// Pixels of the canvas from side to side; pictures are made to fit.
    #[schemars(extend("unit" = "pixels"))]
    pub edge: usize,
    /// Pixels of a patch from side to side; it divides the edge.
    #[schemars(extend("unit" = "pixels"))]
    pub patch: usize,
}

impl Default for Grid {
    fn default() -> Self {
        Self { edge: 32, patch: 4 }
    }
}

impl Grid {
    /// Refuses grids that cannot be drawn.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub fn check(&self) -> Result<()> {
        let wrong = |what, got: usize, expected| Err(Error::Setting { what, got: got.to_string(), expected });
        if !(1..=MOST_EDGE).contains(&self.edge) {
            return wrong("a canvas", self.edge, "1 to 1,024 pixels");
        }
        if self.patch == 0 || !self.edge.is_multiple_of(self.patch) {
            return wrong("a patch", self.patch, "a divisor of the canvas");
        }
        Ok(())
    }

    /// Patches of a row, and rows of patches.
    pub fn columns(&self) -> usize {
        self.edge / self.patch
    }

    /// Numbers of a patch: its pixels, each in red, green and blue.
    pub fn dim(&self) -> usize {
        self.patch * self.patch * 3
    }

    /// The picture on a canvas: as large as it goes, in the middle, on white. A picture of the canvas's size is as it was.
    pub fn fit(&self, picture: &Image) -> Image {
        if (picture.width(), picture.height()) == (self.edge, self.edge) {
            return picture.clone();
        }
        let longest = picture.width().max(picture.height());
        let side = |pixels: usize| (pixels * self.edge).div_ceil(longest).clamp(1, self.edge) as u32;
        let (width, height) = (side(picture.width()), side(picture.height()));
        let raster: Option<RgbImage> =
            ImageBuffer::from_raw(picture.width() as u32, picture.height() as u32, picture.pixels().to_vec());
        let raster = raster.expect("an image has the bytes of its size");
        let fitted = imageops::resize(&raster, width, height, FilterType::Triangle);
        let edge = self.edge as u32;
        let mut canvas = RgbImage::from_pixel(edge, edge, Rgb([PAPER; 3]));
        let at = |side: u32| i64::from((edge - side) / 2);
        imageops::overlay(&mut canvas, &fitted, at(width), at(height));
        Image::new(self.edge, self.edge, canvas.into_raw()).expect("a canvas has pixels")
    }

    /// The patches of a picture on a canvas, `[patches, dim]`, each value from 0 to 1.
    pub fn patches(&self, picture: &Image) -> Vec<f32> {
        let canvas = self.fit(picture);
        let mut values = Vec::with_capacity(canvas.pixels().len());
        for patch in 0..self.columns() * self.columns() {
            for row in 0..self.patch {
                let start = self.start(patch, row);
                let pixels = &canvas.pixels()[start..start + 3 * self.patch];
                values.extend(pixels.iter().map(|value| f32::from(*value) / 255.0));
            }
        }
        values
    }

    /// A picture of patches, `[patches, dim]`.
    fn picture(&self, values: &[f32]) -> Result<Image> {
        let mut pixels = vec![PAPER; 3 * self.edge * self.edge];
        for (patch, values) in values.chunks_exact(self.dim()).enumerate() {
            for (row, values) in values.chunks_exact(3 * self.patch).enumerate() {
                let start = self.start(patch, row);
                let bytes = values.iter().map(|value| (value * 255.0).round().clamp(0.0, 255.0) as u8);
                pixels[start..start + 3 * self.patch].iter_mut().zip(bytes).for_each(|(at, byte)| *at = byte);
            }
        }
        Image::new(self.edge, self.edge, pixels)
    }

    /// Where a row of a patch begins among the canvas's bytes.
    fn start(&self, patch: usize, row: usize) -> usize {
        let (down, along) = (patch / self.columns(), patch % self.columns());
        3 * ((down * self.patch + row) * self.edge + along * self.patch)
    }
}

/// Pictures to ids: of each patch, row by row, the codes of all levels.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchCodec {
    grid: Grid,
    quantiser: Quantiser,
    first: u32,
}

impl PatchCodec {
    /// A codec whose first code has the id `first`.
    ///
    /// # Errors
    /// What [`Grid::check`] refuses, and codebooks for patches of another size.
    pub fn new(grid: Grid, quantiser: Quantiser, first: u32) -> Result<Self> {
        grid.check()?;
        if quantiser.dim() != grid.dim() {
            let reason = format!("vectors of {} for patches of {} numbers", quantiser.dim(), grid.dim());
            return Err(Error::Codebooks { reason });
        }
        Ok(Self { grid, quantiser, first })
    }

    /// How pictures are cut.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// What patches are rounded to.
    pub fn quantiser(&self) -> &Quantiser {
        &self.quantiser
    }

    /// The ids of its codes.
    pub fn ids(&self) -> std::ops::Range<u32> {
        self.first..self.first + self.quantiser.size() as u32
    }

    /// Ids of a picture.
    pub fn length(&self) -> usize {
        self.grid.columns() * self.grid.columns() * self.quantiser.levels().len()
    }
}

impl Codec for PatchCodec {
    fn encode(&self, media: &Media<'_>, ids: &mut Vec<u32>) -> Result<()> {
        let Media::Image(picture) = media else { return Err(Error::WrongKind { expected: "an image" }) };
        let start = ids.len();
        self.quantiser.encode(&self.grid.patches(picture), ids);
        ids[start..].iter_mut().for_each(|id| *id += self.first);
        Ok(())
    }

    fn decode(&self, ids: &[u32]) -> Result<Owned> {
        if ids.len() != self.length() {
            return Err(Error::Count { got: ids.len(), expected: self.length().to_string() });
        }
        let mut values = vec![];
        self.quantiser.decode(&codes(ids, self.ids())?, &mut values)?;
        Ok(Owned::Image(self.grid.picture(&values)?))
    }
}

/// Ids as codes.
pub(crate) fn codes(ids: &[u32], expected: std::ops::Range<u32>) -> Result<Vec<u32>> {
    let code = |(at, &id): (usize, &u32)| {
        if expected.contains(&id) {
            Ok(id - expected.start)
        } else {
            Err(Error::Id { at, id, expected: expected.clone() })
        }
    };
    ids.iter().enumerate().map(code).collect()
}

#[cfg(test)]
mod tests {
    use super::{Grid, PatchCodec};
    use crate::{Codec, Error, Image, KMeans, Media, Owned, Quantiser, Sound};

    const GRID: Grid = Grid { edge: 4, patch: 2 };

    fn picture() -> Image {
        Image::new(4, 4, (0..48).map(|at| at * 5).collect()).unwrap()
    }

    fn codec(levels: usize) -> PatchCodec {
        let points = GRID.patches(&picture());
        let quantiser =
            Quantiser::learn(GRID.dim(), &points, levels, &KMeans { codes: 4, ..KMeans::default() }).unwrap();
        PatchCodec::new(GRID, quantiser, 100).unwrap()
    }

    #[test]
    fn four_codes_for_four_patches_lose_nothing() {
        for levels in [1, 2] {
            let (codec, mut ids) = (codec(levels), vec![7]);
            codec.encode(&Media::Image(&picture()), &mut ids).unwrap();
            assert_eq!(ids.len(), 1 + codec.length());
            assert!(ids[1..].iter().all(|id| codec.ids().contains(id)));
            assert_eq!(codec.decode(&ids[1..]).unwrap(), Owned::Image(picture()));
        }
    }

    #[test]
    fn patches_lie_row_by_row() {
        let patches = GRID.patches(&picture());
        let bytes: Vec<u32> = patches[..12].iter().map(|value| (value * 51.0).round() as u32).collect();
        assert_eq!(bytes, [0, 1, 2, 3, 4, 5, 12, 13, 14, 15, 16, 17]);
        assert_eq!((patches[12] * 51.0).round(), 6.0);
    }

    #[test]
    fn other_sizes_are_made_to_fit() {
        let wide = Image::new(8, 4, vec![0; 96]).unwrap();
        let fitted = GRID.fit(&wide);
        assert_eq!((fitted.width(), fitted.height()), (4, 4));
        let rows: Vec<bool> =
            fitted.pixels().chunks_exact(12).map(|row| row.iter().all(|b| *b == 0)).collect();
        assert_eq!(rows, [false, true, true, false]);
        // a line stays a line
        let line = Image::new(1000, 1, vec![0; 3000]).unwrap();
        assert_eq!(GRID.fit(&line).pixels().chunks_exact(12).filter(|row| *row == [0; 12]).count(), 1);
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let codec = codec(1);
        let sound = Sound::new(8_000, vec![0.0]).unwrap();
        assert!(matches!(codec.encode(&Media::Sound(&sound), &mut vec![]), Err(Error::WrongKind { .. })));
        assert!(matches!(codec.decode(&[100; 3]), Err(Error::Count { got: 3, .. })));
        assert!(matches!(codec.decode(&[100, 99, 100, 100]), Err(Error::Id { at: 1, id: 99, .. })));
        assert!(matches!(codec.decode(&[100, 104, 100, 100]), Err(Error::Id { at: 1, id: 104, .. })));
        let grid = |edge, patch| Grid { edge, patch }.check().is_err();
        assert_eq!(
            [grid(0, 1), grid(4, 0), grid(4, 3), grid(2048, 2), grid(4, 4)],
            [true, true, true, true, false]
        );
    }
}
