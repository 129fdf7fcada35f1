//! Random numbers that depend on a seed and a purpose, and on nothing else.

use rand_chacha::ChaCha12Rng;
use rand_core::{Rng, SeedableRng};

/// A stream of random numbers, named by a seed and a purpose.
///
/// Streams with another name are independent, so the order in which they are drawn from does not matter.
/// The numbers are those of ChaCha with twelve rounds; functions of them use `libm`, which gives the same
/// bits on every machine.
///
/// ```
/// let mut a = model::Random::new(1, "lottery");
/// let mut b = model::Random::new(1, "lottery");
/// assert_eq!(a.uniform(), b.uniform());
/// ```
pub struct Random(ChaCha12Rng);

impl Random {
    /// The stream of `(seed, purpose)`.
    pub fn new(seed: u64, purpose: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&seed.to_le_bytes()).update(purpose.as_bytes());
        Self(ChaCha12Rng::from_seed(*hasher.finalize().as_bytes()))
    }

    /// A number in `[0, 1)`, a multiple of 2⁻⁵³.
    pub fn uniform(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1u64 << 53) as f64;
        (self.0.next_u64() >> 11) as f64 * STEP
    }

    /// A whole number in `0..end`, all equally likely (Lemire 2019, arXiv 1805.10941).
    pub fn below(&mut self, end: u64) -> u64 {
        assert!(end > 0, "an empty range has no numbers");
        loop {
            let product = u128::from(self.0.next_u64()) * u128::from(end);
            if product as u64 >= end.wrapping_neg() % end {
                return (product >> 64) as u64;
            }
        }
    }

    /// Two independent draws of the standard normal distribution (Box and Muller 1958).
    pub fn normals(&mut self) -> [f64; 2] {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.uniform()));
        let angle = std::f64::consts::TAU * self.uniform();
        [radius * libm::cos(angle), radius * libm::sin(angle)]
    }

    /// Orders `items` at random, each order equally likely (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}
