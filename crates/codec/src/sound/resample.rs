//! Another sampling rate, by a windowed sinc (Smith and Gossett 1984, "A flexible sampling-rate conversion method").
//!
//! What would alias is cut off: up to 0.87 of the lower rate's half all passes, and from 1.03 on it is 80 dB weaker.

use std::sync::LazyLock;

use libm::{sin, sqrt};

/// Zeros of the sinc on each side.
const ZEROS: usize = 32;
/// Entries of the table between two zeros.
const STEPS: usize = 512;
/// Kaiser's shape: 80 dB.
const SHAPE: f64 = 8.0;
/// Where the filter is half open, as a share of the lower rate's half.
const OPEN: f64 = 0.95;

/// One side of the sinc under its Kaiser window.
static SINC: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let window = |share: f64| bessel(SHAPE * sqrt((1.0 - share * share).max(0.0))) / bessel(SHAPE);
    let sinc = |angle: f64| if angle == 0.0 { 1.0 } else { sin(angle) / angle };
    let entry = |at: usize| {
        let zeros = at as f64 / STEPS as f64;
        sinc(std::f64::consts::PI * zeros) * window(zeros / ZEROS as f64)
    };
    (0..=ZEROS * STEPS).map(entry).chain([0.0]).collect()
});

/// The modified Bessel function of the first kind, of order 0, by its series.
fn bessel(x: f64) -> f64 {
    let term = |(term, sum): (f64, f64), k: u32| {
        let term = term * (x / 2.0 / f64::from(k)) * (x / 2.0 / f64::from(k));
        (term, sum + term)
    };
    (1..64).fold((1.0, 1.0), term).1
}

/// A wave at another rate: as many samples as have begun within its time.
pub(super) fn resample(wave: &[f32], from: u32, to: u32) -> Vec<f32> {
    if from == to {
        return wave.to_vec();
    }
    let (from, to) = (u64::from(from), u64::from(to));
    let count = (wave.len() as u64 * to).div_ceil(from) as usize;
    let narrow = OPEN * (to as f64 / from as f64).min(1.0);
    let half = (ZEROS as f64 / narrow) as usize + 1;
    let mut out = vec![0.0; count];
    // samples that lie alike between those of the wave have the same weights
    let phases = (to / greatest_common_divisor(from, to)) as usize;
    for phase in 0..phases.min(count) {
        let share = (phase as u64 * from % to) as f64 / to as f64;
        let weights = weights(share, narrow, half);
        for at in (phase..count).step_by(phases) {
            let before = (at as u64 * from / to) as usize;
            // weight `w` belongs to sample `before + w - half`
            let (start, skip) = (before.saturating_sub(half), half.saturating_sub(before));
            out[at] = dot(&weights[skip..], &wave[start.min(wave.len())..]);
        }
    }
    out
}

/// Weights of the samples from `half` before to `half` after a place `share` behind a sample; they add up to 1.
fn weights(share: f64, narrow: f64, half: usize) -> Vec<f32> {
    let weight = |at: usize| {
        let place = (at as f64 - half as f64 - share).abs() * narrow * STEPS as f64;
        let (entry, between) = (place as usize, place.fract());
        match SINC.get(entry..entry + 2) {
            Some(pair) => pair[0] + between * (pair[1] - pair[0]),
            None => 0.0,
        }
    };
    let weights: Vec<f64> = (0..=2 * half).map(weight).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| (weight / sum) as f32).collect()
}

/// In eight sums, which is the same everywhere and quick.
fn dot(weights: &[f32], wave: &[f32]) -> f32 {
    let length = weights.len().min(wave.len());
    let (weights, wave) = (weights[..length].chunks_exact(8), wave[..length].chunks_exact(8));
    let rest: f32 = weights.remainder().iter().zip(wave.remainder()).map(|(a, b)| a * b).sum();
    let mut sums = [0.0; 8];
    for (weights, wave) in weights.zip(wave) {
        sums.iter_mut().zip(weights.iter().zip(wave)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    sums.iter().sum::<f32>() + rest
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::resample;

    fn sine(rate: u32, hertz: f64) -> Vec<f32> {
        let step = 2.0 * PI * hertz / f64::from(rate);
        (0..rate / 2).map(|at| (step * f64::from(at)).sin() as f32).collect()
    }

    const RATES: [u32; 8] = [1_000, 7_999, 8_000, 11_025, 44_100, 48_000, 96_001, 384_000];

    /// All but the ends, which the filter reaches over.
    fn middle(wave: &[f32]) -> &[f32] {
        &wave[wave.len() / 5..4 * wave.len() / 5]
    }

    #[test]
    fn a_sine_stays_the_same_sine() {
        for from in RATES {
            for to in [8_000, 16_000, 22_050] {
                let low = f64::from(from.min(to));
                for hertz in [0.02, 0.2, 0.4, 0.435].map(|share| share * low) {
                    let got = resample(&sine(from, hertz), from, to);
                    assert_eq!(
                        got.len() as u64,
                        (u64::from(from / 2) * u64::from(to)).div_ceil(u64::from(from))
                    );
                    for (got, expected) in middle(&got).iter().zip(middle(&sine_of(got.len(), to, hertz))) {
                        assert!(
                            (got - expected).abs() < 1e-3,
                            "{hertz} Hz, {from} to {to}: {got} for {expected}"
                        );
                    }
                }
            }
        }
    }

    fn sine_of(count: usize, rate: u32, hertz: f64) -> Vec<f32> {
        let step = 2.0 * PI * hertz / f64::from(rate);
        (0..count).map(|at| (step * at as f64).sin() as f32).collect()
    }

    #[test]
    fn what_would_alias_is_gone() {
        for from in [11_025, 44_100, 384_000] {
            for hertz in [0.515, 0.6, 0.68].map(|share| share * 8_000.0) {
                let got = resample(&sine(from, hertz), from, 8_000);
                let loudest = middle(&got).iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
                assert!(loudest < 2e-4, "{hertz} Hz from {from}: {loudest}");
            }
        }
    }

    #[test]
    fn a_level_stays_and_few_samples_do_too() {
        for from in RATES {
            let got = resample(&vec![0.5; from as usize], from, 8_000);
            assert!(middle(&got).iter().all(|sample| (sample - 0.5).abs() < 1e-6));
            assert!(!resample(&[1.0], from, 8_000).is_empty());
        }
    }
}
