//! Signals that a formula gives: `bench/codec/frames.py` has the same ones.

use std::f64::consts::PI;

fn wave(rate: u32, count: usize, at: impl Fn(f64) -> f64) -> Vec<f32> {
    (0..count).map(|sample| at(sample as f64 / f64::from(rate)) as f32).collect()
}

/// From 200 Hz to a fifth of the rate more within a second.
pub(crate) fn chirp(rate: u32, count: usize) -> Vec<f32> {
    wave(rate, count, |t| (2.0 * PI * (200.0 * t + f64::from(rate) / 10.0 * t * t)).sin())
}

/// Harmonics of 120 Hz, strongest about 700 and 1,100 Hz.
pub(crate) fn vowel(rate: u32, count: usize) -> Vec<f32> {
    let loud = |hertz: f64| {
        let peak = |at: f64| 1.0 / (1.0 + ((hertz - at) / 80.0).powi(2));
        peak(700.0) + 0.6 * peak(1_100.0) + 0.1 * peak(2_400.0)
    };
    let harmonic = |nth: i32, t: f64| {
        let hertz = 120.0 * f64::from(nth);
        loud(hertz) * (2.0 * PI * hertz * t).sin()
    };
    wave(rate, count, |t| (1..33).map(|nth| harmonic(nth, t)).sum())
}

/// The upper bits of a linear congruential generator (Numerical Recipes').
pub(crate) fn noise(count: usize) -> Vec<f32> {
    let next = |state: &mut u32| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some((*state >> 16) as f32 / 32_768.0 - 1.0)
    };
    std::iter::repeat_n((), count).scan(1, |state, ()| next(state)).collect()
}

/// One by its name.
pub(crate) fn signal(name: &str, rate: u32, count: usize) -> Vec<f32> {
    match name {
        "chirp" => chirp(rate, count),
        "vowel" => vowel(rate, count),
        "noise" => noise(count),
        other => panic!("no signal {other}"),
    }
}
