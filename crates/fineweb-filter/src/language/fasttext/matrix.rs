//! Matrices, plain or as codes of a product quantiser (Jégou et al. 2011): a row is cut into pieces, and each piece is
//! one of 256 centroids. The length of a row may be a code of its own.

use super::bytes::{Bytes, Parsed};

/// Codes for each piece.
const CODES: usize = 256;
/// The widest vectors.
pub(super) const MAX_WIDTH: usize = 4096;
/// The most numbers that codes may unpack to: a gigabyte.
const MAX_UNPACKED: usize = 1 << 28;

/// Rows of equal width.
#[derive(Debug, Default)]
pub(super) struct Matrix {
    width: usize,
    numbers: Vec<f32>,
}

impl Matrix {
    /// All zero.
    pub(super) fn zero(rows: usize, width: usize) -> Self {
        Self { width, numbers: vec![0.0; rows * width] }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn rows(&self) -> usize {
        self.numbers.len() / self.width.max(1)
    }

    #[inline]
    pub(super) fn row(&self, at: usize) -> &[f32] {
        &self.numbers[at * self.width..][..self.width]
    }

    pub(super) fn row_mut(&mut self, at: usize) -> &mut [f32] {
        &mut self.numbers[at * self.width..][..self.width]
    }

    /// A plain matrix: rows, columns, numbers.
    pub(super) fn plain(bytes: &mut Bytes<'_>, width: usize, what: &str) -> Parsed<Self> {
        let rows = bytes.long_count(&format!("the number of rows of {what}"), 0, u32::MAX as usize)?;
        bytes.long_count(&format!("the width of {what}"), width, width)?;
        let numbers = rows.checked_mul(width).ok_or_else(|| format!("{what} is too large"))?;
        Ok(Self { width, numbers: bytes.floats(numbers, what)? })
    }

    /// A quantised matrix, unpacked.
    pub(super) fn quantised(bytes: &mut Bytes<'_>, width: usize, what: &str) -> Parsed<Self> {
        let with_lengths = bytes.flag(&format!("whether {what} has lengths"))?;
        let rows = bytes.long_count(&format!("the number of rows of {what}"), 0, u32::MAX as usize)?;
        bytes.long_count(&format!("the width of {what}"), width, width)?;
        let length = bytes.count(&format!("the length of the codes of {what}"), 0, i32::MAX as usize)?;
        let codes = bytes.take(length, &format!("the codes of {what}"))?;
        let pieces = Quantiser::read(bytes, width, what)?;
        if Some(length) != rows.checked_mul(pieces.count) {
            return Err(format!(
                "{what} has {length} codes; expected {} for each of {rows} rows",
                pieces.count
            ));
        }
        let lengths = if with_lengths {
            let codes = bytes.take(rows, &format!("the lengths of {what}"))?;
            Some((codes, Quantiser::read(bytes, 1, &format!("the lengths of {what}"))?))
        } else {
            None
        };
        if rows.checked_mul(width).is_none_or(|numbers| numbers > MAX_UNPACKED) {
            return Err(format!("{what} unpacks to more than {MAX_UNPACKED} numbers"));
        }
        let mut matrix = Self::zero(rows, width);
        for (at, codes) in codes.chunks_exact(pieces.count).enumerate() {
            let scale = lengths.as_ref().map_or(1.0, |(codes, values)| values.piece(0, codes[at])[0]);
            let row = matrix.row_mut(at);
            for ((piece, &code), out) in codes.iter().enumerate().zip(row.chunks_mut(pieces.width)) {
                for (x, y) in out.iter_mut().zip(pieces.piece(piece, code)) {
                    *x = scale * y;
                }
            }
        }
        Ok(matrix)
    }
}

/// Centroids of the pieces of a vector.
struct Quantiser {
    count: usize,
    width: usize,
    last_width: usize,
    centroids: Vec<f32>,
}

impl Quantiser {
    fn read(bytes: &mut Bytes<'_>, width: usize, what: &str) -> Parsed<Self> {
        bytes.count(&format!("the quantised width of {what}"), width, width)?;
        let count = bytes.count(&format!("the number of pieces of {what}"), 1, width)?;
        let piece = bytes.count(&format!("the width of pieces of {what}"), 1, width)?;
        let last = bytes.count(&format!("the width of the last piece of {what}"), 1, piece)?;
        if (count - 1) * piece + last != width {
            return Err(format!(
                "{count} pieces of {what} of width {piece}, the last {last}, do not make {width}"
            ));
        }
        let centroids = bytes.floats(width * CODES, &format!("the centroids of {what}"))?;
        Ok(Self { count, width: piece, last_width: last, centroids })
    }

    /// Centroids stand piece by piece, code by code.
    fn piece(&self, piece: usize, code: u8) -> &[f32] {
        let width = if piece + 1 == self.count { self.last_width } else { self.width };
        let start = piece * CODES * self.width + usize::from(code) * width;
        &self.centroids[start..start + width]
    }
}
