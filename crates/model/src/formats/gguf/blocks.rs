//! How GGUF packs numbers, and the way back to f32.
//!
//! A quantised row is cut into blocks of 32 numbers that share a scale in f16 (`ggml-common.h` of ggml). A byte
//! of 4-bit numbers holds one of the block's first half below one of its second.

/// How the numbers of a tensor are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// As they are.
    F32,
    /// Half precision.
    F16,
    /// The upper half of an f32.
    Bf16,
    /// 4 bits: `(q - 8) · scale`.
    Q4_0,
    /// 4 bits: `q · scale + minimum`.
    Q4_1,
    /// 8 bits with a sign: `q · scale`.
    Q8_0,
}

/// Numbers in a block of one of the quantised packings.
const BLOCK: usize = 32;

impl Packing {
    /// The packing that ggml numbers so (`enum ggml_type`), if we know it.
    pub(super) fn of(code: u32) -> Option<Self> {
        match code {
            0 => Some(Self::F32),
            1 => Some(Self::F16),
            2 => Some(Self::Q4_0),
            3 => Some(Self::Q4_1),
            8 => Some(Self::Q8_0),
            30 => Some(Self::Bf16),
            _ => None,
        }
    }

    /// How many numbers stand together, and in how many bytes.
    pub(super) fn block(self) -> (usize, usize) {
        match self {
            Self::F32 => (1, 4),
            Self::F16 | Self::Bf16 => (1, 2),
            Self::Q4_0 => (BLOCK, 2 + BLOCK / 2),
            Self::Q4_1 => (BLOCK, 4 + BLOCK / 2),
            Self::Q8_0 => (BLOCK, 2 + BLOCK),
        }
    }

    /// The numbers in `bytes`, which are whole blocks.
    pub(super) fn unpack(self, bytes: &[u8]) -> Vec<f32> {
        match self {
            Self::F32 => bytes.as_chunks().0.iter().map(|&word| f32::from_le_bytes(word)).collect(),
            Self::F16 => bytes.as_chunks().0.iter().map(|&half| from_half(half)).collect(),
            Self::Bf16 => {
                bytes.as_chunks().0.iter().map(|&[low, high]| f32::from_le_bytes([0, 0, low, high])).collect()
            }
            Self::Q4_0 => blocks(bytes, |&[a, b, ref nibbles @ ..]: &[u8; 18]| {
                let scale = from_half([a, b]);
                fours(nibbles, scale, -8.0 * scale)
            }),
            Self::Q4_1 => blocks(bytes, |&[a, b, c, d, ref nibbles @ ..]: &[u8; 20]| {
                fours(nibbles, from_half([a, b]), from_half([c, d]))
            }),
            Self::Q8_0 => blocks(bytes, |&[a, b, ref eights @ ..]: &[u8; 34]| {
                let scale = from_half([a, b]);
                eights.map(|eight| f32::from(eight.cast_signed()) * scale)
            }),
        }
    }
}

/// What ggml calls the type of this number, as far as it is met in files.
pub(super) fn name_of(code: u32) -> String {
    let name = match code {
        6 => "Q5_0",
        7 => "Q5_1",
        9 => "Q8_1",
        10 => "Q2_K",
        11 => "Q3_K",
        12 => "Q4_K",
        13 => "Q5_K",
        14 => "Q6_K",
        15 => "Q8_K",
        _ => return format!("type {code}"),
    };
    name.to_owned()
}

fn blocks<const N: usize>(bytes: &[u8], unpack: impl Fn(&[u8; N]) -> [f32; BLOCK]) -> Vec<f32> {
    let (blocks, _) = bytes.as_chunks::<N>();
    let mut values = Vec::with_capacity(BLOCK * blocks.len());
    for block in blocks {
        values.extend(unpack(block));
    }
    values
}

/// Exact: a 4-bit number times an f16 fits an f32.
fn fours(nibbles: &[u8; BLOCK / 2], scale: f32, minimum: f32) -> [f32; BLOCK] {
    let mut values = [0.0; BLOCK];
    let (first, second) = values.split_at_mut(BLOCK / 2);
    for ((first, second), byte) in first.iter_mut().zip(second).zip(nibbles) {
        *first = f32::from(byte & 15) * scale + minimum;
        *second = f32::from(byte >> 4) * scale + minimum;
    }
    values
}

/// A little-endian IEEE 754 half as the f32 of the same value.
fn from_half(bytes: [u8; 2]) -> f32 {
    let bits = u32::from(u16::from_le_bytes(bytes));
    let (exponent, mantissa) = (bits >> 10 & 31, bits & 1023);
    let size = match exponent {
        0 => mantissa as f32 / 16_777_216.0, // subnormal: steps of 2^-24
        31 => f32::from_bits(255 << 23 | mantissa << 13),
        _ => f32::from_bits((exponent + 127 - 15) << 23 | mantissa << 13),
    };
    if bits >> 15 == 0 { size } else { -size }
}
