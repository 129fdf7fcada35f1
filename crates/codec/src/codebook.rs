//! A codebook: vectors that others are rounded to (Gray 1984, "Vector quantization").
#![allow(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the features of its caller"
)]

use pulp::{Simd, WithSimd};

use crate::{Error, Result};

/// Codes compared at once: a register of AVX-512, two of AVX2.
pub(crate) const LANES: usize = 16;
/// Vectors compared at once, so that a code is read once for all of them.
const ROWS: usize = 8;

/// Vectors with numbers, of which the nearest is found.
///
/// ```
/// let codebook = codec::Codebook::new(2, vec![0.0, 0.0, 1.0, 1.0])?;
/// let mut codes = vec![];
/// codebook.nearest(&[0.2, 0.1, 0.9, 0.4], &mut codes);
/// assert_eq!(codes, [0, 1]);
/// # Ok::<(), codec::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Codebook {
    dim: usize,
    /// `[codes, dim]`.
    vectors: Vec<f32>,
    /// The same as `[codes / LANES, dim, LANES]`, filled up with zeros.
    panels: Vec<[f32; LANES]>,
    /// Half of each code's squared length; infinite where there is no code.
    halves: Vec<[f32; LANES]>,
}

impl PartialEq for Codebook {
    fn eq(&self, other: &Self) -> bool {
        (self.dim, &self.vectors) == (other.dim, &other.vectors)
    }
}

impl Codebook {
    /// A codebook of `vectors`, `[codes, dim]`.
    ///
    /// # Errors
    /// [`Error::Codebooks`] for vectors that are not whole, none at all, or not finite.
    pub fn new(dim: usize, vectors: Vec<f32>) -> Result<Self> {
        check(dim, &vectors)?;
        let (mut panels, mut halves) = (vec![], vec![]);
        for codes in vectors.chunks(LANES * dim) {
            let code = |lane: usize| codes.get(lane * dim..(lane + 1) * dim);
            panels
                .extend((0..dim).map(|d| std::array::from_fn(|lane| code(lane).map_or(0.0, |code| code[d]))));
            halves.push(std::array::from_fn(|lane| code(lane).map_or(f32::INFINITY, half)));
        }
        Ok(Self { dim, vectors, panels, halves })
    }

    /// Numbers of a vector.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// How many vectors there are.
    pub fn codes(&self) -> usize {
        self.vectors.len() / self.dim
    }

    /// All vectors, `[codes, dim]`.
    pub fn vectors(&self) -> &[f32] {
        &self.vectors
    }

    /// The vector of a code.
    pub fn vector(&self, code: usize) -> &[f32] {
        &self.vectors[code * self.dim..(code + 1) * self.dim]
    }

    /// Appends the nearest code of each of `points`, `[points, dim]`; of equally near ones the first.
    ///
    /// Distances are compared as |c|²/2 − x·c, a chain of fused multiply-adds in the order of the vector: the same codes on
    /// every machine.
    pub fn nearest(&self, points: &[f32], codes: &mut Vec<u32>) {
        debug_assert!(points.len().is_multiple_of(self.dim), "whole vectors");
        pulp::Arch::new().dispatch(Nearest { codebook: self, points, codes });
    }
}

/// Refuses numbers that are no whole, finite vectors of `dim`, one at least.
pub(crate) fn check(dim: usize, vectors: &[f32]) -> Result<()> {
    let refuse = |reason: String| Err(Error::Codebooks { reason });
    if dim == 0 || vectors.is_empty() || !vectors.len().is_multiple_of(dim) {
        return refuse(format!("{} numbers are no vectors of {dim}", vectors.len()));
    }
    match vectors.iter().position(|value| !value.is_finite()) {
        Some(at) => refuse(format!("a number of vector {} is {}", at / dim, vectors[at])),
        None => Ok(()),
    }
}

/// Squared distances of each of `points` to up to [`LANES`] `codes`; a vector's distance to itself is 0.
pub(crate) fn distances(dim: usize, codes: &[f32], points: &[f32]) -> Vec<[f32; LANES]> {
    let code = |lane: usize| codes.get(lane * dim..(lane + 1) * dim);
    let panel: Vec<[f32; LANES]> =
        (0..dim).map(|d| std::array::from_fn(|lane| code(lane).map_or(f32::MAX, |code| code[d]))).collect();
    let mut distances = Vec::with_capacity(points.len() / dim);
    pulp::Arch::new().dispatch(Distances { panel: &panel, points, found: &mut distances });
    distances
}

fn half(vector: &[f32]) -> f32 {
    0.5 * vector.iter().fold(0.0, |sum, value| value.mul_add(*value, sum))
}

struct Nearest<'a> {
    codebook: &'a Codebook,
    points: &'a [f32],
    codes: &'a mut Vec<u32>,
}

impl WithSimd for Nearest<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { codebook, points, codes } = self;
        let mut tiles = points.chunks_exact(ROWS * codebook.dim);
        let mut across = vec![];
        for tile in &mut tiles {
            codes.extend_from_slice(&tile_nearest::<S, ROWS>(simd, codebook, tile, &mut across));
        }
        let mut across = vec![];
        for point in tiles.remainder().chunks_exact(codebook.dim) {
            codes.extend_from_slice(&tile_nearest::<S, 1>(simd, codebook, point, &mut across));
        }
    }
}

#[inline(always)]
fn tile_nearest<S: Simd, const N: usize>(
    simd: S,
    codebook: &Codebook,
    points: &[f32],
    across: &mut Vec<[f32; N]>,
) -> [u32; N] {
    let dim = codebook.dim;
    // the same number of all vectors side by side, negative: then no index is checked below
    across.clear();
    across.extend((0..dim).map(|d| std::array::from_fn::<f32, N, _>(|row| -points[row * dim + d])));
    let mut least = [[f32::INFINITY; LANES]; N];
    let mut panel_of = [[0_u32; LANES]; N];
    for (nth, (panel, halves)) in codebook.panels.chunks_exact(dim).zip(&codebook.halves).enumerate() {
        let mut scores = [[0.0; LANES]; N];
        for (part, begin) in S::as_simd_f32s(halves).0.iter().enumerate() {
            let mut sums = [*begin; N];
            for (values, codes) in across.iter().zip(panel) {
                let codes = S::as_simd_f32s(codes).0[part];
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum = simd.mul_add_f32s(simd.splat_f32s(*value), codes, *sum);
                }
            }
            for (scores, sum) in scores.iter_mut().zip(sums) {
                S::as_mut_simd_f32s(scores).0[part] = sum;
            }
        }
        for row in 0..N {
            for lane in 0..LANES {
                let nearer = scores[row][lane] < least[row][lane];
                least[row][lane] = if nearer { scores[row][lane] } else { least[row][lane] };
                panel_of[row][lane] = if nearer { nth as u32 } else { panel_of[row][lane] };
            }
        }
    }
    std::array::from_fn(|row| {
        let lanes =
            (0..LANES).map(|lane| (least[row][lane], panel_of[row][lane] * LANES as u32 + lane as u32));
        let nearest =
            lanes.reduce(|best, next| if (next.0, next.1) < (best.0, best.1) { next } else { best });
        nearest.map_or(0, |(_, code)| code)
    })
}

struct Distances<'a> {
    panel: &'a [[f32; LANES]],
    points: &'a [f32],
    found: &'a mut Vec<[f32; LANES]>,
}

impl WithSimd for Distances<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for point in self.points.chunks_exact(self.panel.len()) {
            let mut distances = [0.0; LANES];
            for (part, distances) in S::as_mut_simd_f32s(&mut distances).0.iter_mut().enumerate() {
                let mut sum = simd.splat_f32s(0.0);
                for (value, codes) in point.iter().zip(self.panel) {
                    let apart = simd.sub_f32s(simd.splat_f32s(*value), S::as_simd_f32s(codes).0[part]);
                    sum = simd.mul_add_f32s(apart, apart, sum);
                }
                *distances = sum;
            }
            self.found.push(distances);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Codebook;

    proptest! {
        #[test]
        fn nobody_is_nearer(
            dim in 1_usize..7,
            codes in proptest::collection::vec(-4_i8..4, 1..240),
            points in proptest::collection::vec(-5_i8..5, 0..200),
        ) {
            let whole = |values: &[i8]| values[..values.len() / dim * dim].iter().map(|v| f32::from(*v)).collect::<Vec<_>>();
            let (vectors, points) = (whole(&codes), whole(&points));
            prop_assume!(!vectors.is_empty());
            let codebook = Codebook::new(dim, vectors.clone()).unwrap();
            let mut found = vec![];
            codebook.nearest(&points, &mut found);
            let distance = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
            prop_assert_eq!(found.len(), points.len() / dim);
            for (point, code) in points.chunks_exact(dim).zip(found) {
                let all: Vec<f32> = vectors.chunks_exact(dim).map(|vector| distance(point, vector)).collect();
                let least = all.iter().copied().fold(f32::INFINITY, f32::min);
                // whole numbers are exact, so the first of the nearest is the one
                prop_assert_eq!(code as usize, all.iter().position(|d| *d == least).unwrap());
            }
        }
    }

    #[test]
    fn what_is_no_codebook_is_refused() {
        for (dim, vectors) in [(0, vec![1.0]), (2, vec![]), (2, vec![1.0; 3]), (1, vec![f32::NAN])] {
            assert!(Codebook::new(dim, vectors).is_err());
        }
    }
}
