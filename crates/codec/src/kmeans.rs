//! k-means: codes where they lose least (Lloyd 1982), begun by k-means++ (Arthur and Vassilvitskii 2007).

use rand_chacha::ChaCha12Rng;
use rand_core::SeedableRng;
use rayon::prelude::*;

use crate::codebook::{LANES, check, distances};
use crate::vary::uniform;
use crate::{Codebook, Error, Result};

/// Vectors that one thread looks at; sums are added up in this order, whoever made them.
const PIECE: usize = 1024;

/// How a codebook is learned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KMeans {
    /// Codes to find; fewer come out where there are fewer different vectors.
    pub codes: usize,
    /// Rounds of Lloyd's at most.
    pub rounds: usize,
    /// It ends when codes move less than this share of the vectors' variance, squared lengths both.
    pub tolerance: f64,
    /// What the first codes are drawn by.
    pub seed: u64,
}

impl Default for KMeans {
    fn default() -> Self {
        Self { codes: 256, rounds: 100, tolerance: 1e-4, seed: 0 }
    }
}

/// A codebook, and how well it stands for what it was learned from.
#[derive(Clone, Debug)]
pub struct Learned {
    /// The codes.
    pub codebook: Codebook,
    /// Sum of squared distances of all vectors to their codes.
    pub inertia: f64,
    /// Rounds that it took.
    pub rounds: usize,
}

impl KMeans {
    /// Codes for `points`, `[points, dim]`.
    ///
    /// # Errors
    /// [`Error::Setting`] without codes, and what [`Codebook::new`] refuses of `points`.
    pub fn learn(&self, dim: usize, points: &[f32]) -> Result<Learned> {
        if self.codes == 0 {
            return Err(Error::Setting { what: "codes", got: "0".into(), expected: "1 or more" });
        }
        check(dim, points)?;
        let least = self.tolerance * variance(dim, points);
        let mut codebook = Codebook::new(dim, self.begin(dim, points))?;
        let mut rounds = 0;
        let mut before: Vec<u32> = vec![];
        loop {
            let nearest = assign(&codebook, points);
            if rounds == self.rounds || nearest == before {
                let inertia = inertia(&codebook, points, &nearest);
                return Ok(Learned { codebook, inertia, rounds });
            }
            let moved = means(&codebook, points, &nearest);
            let shift = squared(codebook.vectors(), &moved);
            codebook = Codebook::new(dim, moved)?;
            rounds += 1;
            before = nearest;
            if shift <= least {
                // one more look, so that what is told of the codes is true of them
                let nearest = assign(&codebook, points);
                let inertia = inertia(&codebook, points, &nearest);
                return Ok(Learned { codebook, inertia, rounds });
            }
        }
    }

    /// k-means++: each code is drawn by its squared distance from those before, the best of [`LANES`] draws.
    fn begin(&self, dim: usize, points: &[f32]) -> Vec<f32> {
        let mut random = ChaCha12Rng::seed_from_u64(self.seed);
        let count = points.len() / dim;
        let point = |at: usize| &points[at * dim..(at + 1) * dim];
        let first = (uniform(&mut random) * count as f64) as usize;
        let mut codes = point(first.min(count - 1)).to_vec();
        let mut least = vec![f32::INFINITY; count];
        lower(&mut least, &to_each(dim, &codes, points), 0);
        while codes.len() < self.codes * dim {
            let sums = running(&least);
            let total = sums.last().copied().unwrap_or_default();
            if total == 0.0 {
                break; // every vector is a code already
            }
            let draw = |random: &mut ChaCha12Rng| {
                let at = uniform(random) * total;
                sums.partition_point(|sum| *sum <= at).min(count - 1)
            };
            let drawn: [usize; LANES] = std::array::from_fn(|_| draw(&mut random));
            let tried: Vec<f32> = drawn.iter().flat_map(|&at| point(at)).copied().collect();
            let distances = to_each(dim, &tried, points);
            let left = left_by(&least, &distances);
            let best = (0..LANES).reduce(|best, lane| if left[lane] < left[best] { lane } else { best });
            let best = best.unwrap_or_default();
            codes.extend_from_slice(point(drawn[best]));
            lower(&mut least, &distances, best);
        }
        codes
    }
}

/// Squared distances of all points to a few codes, piece by piece.
fn to_each(dim: usize, codes: &[f32], points: &[f32]) -> Vec<[f32; LANES]> {
    let pieces = points.par_chunks(PIECE * dim).map(|piece| distances(dim, codes, piece));
    pieces.collect::<Vec<_>>().concat()
}

/// What would be lost with one more code, for each that was tried.
fn left_by(least: &[f32], distances: &[[f32; LANES]]) -> [f64; LANES] {
    let mut sums = [0.0; LANES];
    for (least, distances) in least.iter().zip(distances) {
        for (sum, distance) in sums.iter_mut().zip(distances) {
            *sum += f64::from(distance.min(*least));
        }
    }
    sums
}

fn lower(least: &mut [f32], distances: &[[f32; LANES]], lane: usize) {
    least.iter_mut().zip(distances).for_each(|(least, distances)| *least = least.min(distances[lane]));
}

fn running(values: &[f32]) -> Vec<f64> {
    let sum = |sum: &mut f64, value: &f32| {
        *sum += f64::from(*value);
        Some(*sum)
    };
    values.iter().scan(0.0, sum).collect()
}

fn squared(a: &[f32], b: &[f32]) -> f64 {
    f64::from(a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>())
}

/// Squared distance from the mean, averaged over vectors and their numbers.
fn variance(dim: usize, points: &[f32]) -> f64 {
    let count = (points.len() / dim) as f64;
    let mut sums = vec![(0.0, 0.0); dim];
    for point in points.chunks_exact(dim) {
        for ((sum, squares), value) in sums.iter_mut().zip(point) {
            *sum += f64::from(*value);
            *squares += f64::from(*value) * f64::from(*value);
        }
    }
    let of = |(sum, squares): &(f64, f64)| squares / count - (sum / count) * (sum / count);
    sums.iter().map(of).sum::<f64>() / dim as f64
}

fn assign(codebook: &Codebook, points: &[f32]) -> Vec<u32> {
    let pieces = points.par_chunks(PIECE * codebook.dim()).map(|piece| {
        let mut codes = Vec::with_capacity(PIECE);
        codebook.nearest(piece, &mut codes);
        codes
    });
    pieces.collect::<Vec<_>>().concat()
}

/// The mean of the vectors of each code. A code of none goes to the vector that is worst off.
fn means(codebook: &Codebook, points: &[f32], nearest: &[u32]) -> Vec<f32> {
    let dim = codebook.dim();
    let (mut sums, mut counts) = (vec![0.0_f64; codebook.vectors().len()], vec![0_u64; codebook.codes()]);
    for (point, &code) in points.chunks_exact(dim).zip(nearest) {
        let sum = &mut sums[code as usize * dim..][..dim];
        sum.iter_mut().zip(point).for_each(|(sum, value)| *sum += f64::from(*value));
        counts[code as usize] += 1;
    }
    let empty: Vec<usize> = (0..counts.len()).filter(|&code| counts[code] == 0).collect();
    let mut worst = worst_off(codebook, points, nearest, empty.len()).into_iter();
    for code in empty {
        let Some(at) = worst.next() else { break };
        let point = &points[at * dim..(at + 1) * dim];
        let left = nearest[at] as usize;
        for (d, value) in point.iter().enumerate() {
            sums[left * dim + d] -= f64::from(*value);
            sums[code * dim + d] = f64::from(*value);
        }
        counts[left] -= 1;
        counts[code] = 1;
    }
    let mean = |(at, sum): (usize, &f64)| match counts[at / dim] {
        0 => codebook.vectors()[at],
        count => (sum / count as f64) as f32,
    };
    sums.iter().enumerate().map(mean).collect()
}

/// The vectors farthest from their codes, farthest first; of equally far ones the first.
fn worst_off(codebook: &Codebook, points: &[f32], nearest: &[u32], count: usize) -> Vec<usize> {
    if count == 0 {
        return vec![];
    }
    let far =
        |(at, (point, &code)): (usize, (&[f32], &u32))| (squared(point, codebook.vector(code as usize)), at);
    let mut all: Vec<(f64, usize)> =
        points.chunks_exact(codebook.dim()).zip(nearest).enumerate().map(far).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    all.into_iter().take(count).map(|(_, at)| at).collect()
}

fn inertia(codebook: &Codebook, points: &[f32], nearest: &[u32]) -> f64 {
    let lost = points.chunks_exact(codebook.dim()).zip(nearest);
    lost.map(|(point, &code)| squared(point, codebook.vector(code as usize))).sum()
}

#[cfg(test)]
mod tests {
    use super::{KMeans, Learned};

    fn blobs() -> Vec<f32> {
        // four corners, each with nine points around it
        let around = |(x, y): (f32, f32)| {
            (0..9).flat_map(move |at| [x + (at % 3) as f32 * 0.1 - 0.1, y + (at / 3) as f32 * 0.1 - 0.1])
        };
        [(0.0, 0.0), (0.0, 5.0), (5.0, 0.0), (5.0, 5.0)].into_iter().flat_map(around).collect()
    }

    #[test]
    fn four_heaps_have_four_middles() {
        for seed in 0..20 {
            let settings = KMeans { codes: 4, seed, ..KMeans::default() };
            let Learned { codebook, inertia, .. } = settings.learn(2, &blobs()).unwrap();
            let mut middles: Vec<[i32; 2]> = codebook
                .vectors()
                .chunks_exact(2)
                .map(|code| [(code[0] * 100.0).round() as i32, (code[1] * 100.0).round() as i32])
                .collect();
            middles.sort_unstable();
            assert_eq!(middles, [[0, 0], [0, 500], [500, 0], [500, 500]]);
            // nine points: four at a side, four at a corner, one in the middle
            assert!((inertia - 4.0 * (4.0 * 0.01 + 4.0 * 0.02)).abs() < 1e-5, "{inertia}");
        }
    }

    #[test]
    fn fewer_vectors_than_codes_lose_nothing() {
        let points = [0.0, 1.0, 2.0, 1.0, 1.0, 0.0];
        let learned = KMeans { codes: 16, ..KMeans::default() }.learn(1, &points).unwrap();
        assert_eq!((learned.codebook.codes(), learned.inertia), (3, 0.0));
    }

    #[test]
    fn threads_change_no_bit() {
        let points: Vec<f32> =
            (0..40_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 16) as f32 / 65_536.0).collect();
        let learned = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| KMeans { codes: 50, rounds: 12, ..KMeans::default() }.learn(4, &points).unwrap())
        };
        let one = learned(1);
        for threads in [2, 5] {
            let many = learned(threads);
            assert_eq!(one.codebook, many.codebook);
            assert_eq!(one.inertia.to_bits(), many.inertia.to_bits());
        }
    }

    #[test]
    fn vectors_that_are_none_are_refused() {
        assert!(KMeans::default().learn(2, &[1.0, f32::NAN]).is_err());
        assert!(KMeans::default().learn(2, &[1.0; 3]).is_err());
        assert!(KMeans::default().learn(2, &[]).is_err());
        assert!(KMeans { codes: 0, ..KMeans::default() }.learn(1, &[1.0]).is_err());
    }
}
