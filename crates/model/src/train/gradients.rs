//! Gradients by parameter name, measured and scaled in that order.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::buffer::Buffer;
use crate::ops::{simd, sum_by};

/// Numbers that one task measures or scales.
const CHUNK: usize = 1 << 14;

/// Gradients of parameters, in the order of their names; those that the loss does not depend on are missing.
#[derive(Default)]
pub struct Gradients(BTreeMap<String, Buffer>);

impl Gradients {
    pub(crate) fn new(gradients: BTreeMap<String, Buffer>) -> Self {
        Self(gradients)
    }

    /// The gradient of a parameter, row by row, or `None` where the loss does not depend on it.
    pub fn get(&self, name: &str) -> Option<&[f32]> {
        self.0.get(name).map(|gradient| &**gradient)
    }

    /// All gradients, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[f32])> {
        self.0.iter().map(|(name, gradient)| (name.as_str(), &**gradient))
    }

    /// Multiplies every gradient by `factor`.
    pub fn scale(&mut self, factor: f64) {
        let factor = factor as f32;
        for gradient in self.0.values_mut() {
            gradient.par_chunks_mut(CHUNK).for_each(|chunk| {
                simd(
                    #[inline(always)]
                    || chunk.iter_mut().for_each(|x| *x *= factor),
                );
            });
        }
    }

    /// The root of the sum of all squares. Within a gradient and then over gradients, in a fixed order.
    pub fn norm(&self) -> f64 {
        libm::sqrt(self.0.values().map(|gradient| square_sum(gradient)).sum())
    }

    /// The parameter with the longest gradient, and its share of all squares.
    pub(super) fn largest(&self) -> Option<(&str, f64)> {
        let squares: Vec<(&str, f64)> =
            self.0.iter().map(|(name, gradient)| (name.as_str(), square_sum(gradient))).collect();
        let all: f64 = squares.iter().map(|(_, square)| square).sum();
        let longest = squares.into_iter().max_by(|(_, a), (_, b)| a.total_cmp(b));
        longest.map(|(name, square)| (name, square / all))
    }

    /// The first parameter whose gradient has an infinite or undefined component, with the sum of its squares.
    pub(super) fn first_non_finite(&self) -> Option<(&str, f64)> {
        let mut sums = self.0.iter().map(|(name, gradient)| (name.as_str(), square_sum(gradient)));
        sums.find(|(_, squares)| !squares.is_finite())
    }
}

/// Σ gᵢ²: f32 within blocks of 4,096, f64 over blocks.
pub(super) fn square_sum(gradient: &[f32]) -> f64 {
    const BLOCK: usize = 4096;
    let chunks = gradient.par_chunks(CHUNK).map(|chunk| {
        let blocks = chunk.chunks(BLOCK);
        blocks.map(|block| f64::from(simd(|| sum_by(block, block, |x, y| x * y)))).collect::<Vec<f64>>()
    });
    chunks.collect::<Vec<_>>().into_iter().flatten().sum()
}
