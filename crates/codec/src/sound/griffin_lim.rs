//! A wave from magnitudes: phases are found by going to and fro (Griffin and Lim 1984), with momentum (Perraudin et al. 2013).

use realfft::num_complex::Complex;

use super::fourier::Fourier;

/// α of Perraudin et al., algorithm 2.
const MOMENTUM: f32 = 0.99;

/// A wave whose transform has nearly these magnitudes, `[T, F]`.
pub(super) fn griffin_lim(fourier: &Fourier, magnitudes: &[f32], length: usize, rounds: usize) -> Vec<f32> {
    let bins = fourier.bins();
    let frames = magnitudes.len() / bins;
    let weights = fourier.weights(frames, length);
    let (mut wave, mut scratch) = (vec![0.0; length], fourier.scratch());
    let mut spectrum: Vec<Complex<f32>> = magnitudes.iter().map(|&magnitude| magnitude.into()).collect();
    let mut last = vec![Complex::default(); spectrum.len()];
    let project = |spectrum: &[Complex<f32>], wave: &mut Vec<f32>, scratch: &mut _| {
        fourier.wave(spectrum, wave, scratch);
        wave.iter_mut().zip(&weights).for_each(|(sample, weight)| *sample *= weight);
    };
    project(&spectrum, &mut wave, &mut scratch);
    for round in 0..rounds {
        let momentum = if round == 0 { 0.0 } else { MOMENTUM };
        for frame in 0..frames {
            let range = frame * bins..(frame + 1) * bins;
            let now = fourier.frame(&wave, frame, &mut scratch);
            let places = spectrum[range.clone()].iter_mut().zip(&mut last[range.clone()]);
            for (((place, last), &now), &magnitude) in places.zip(now).zip(&magnitudes[range]) {
                let ahead = now + (now - *last) * momentum;
                *last = now;
                let size = ahead.norm();
                *place = if size > 0.0 { ahead * (magnitude / size) } else { magnitude.into() };
            }
        }
        project(&spectrum, &mut wave, &mut scratch);
    }
    wave
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::griffin_lim;
    use crate::sound::fourier::Fourier;
    use crate::sound::signals::signal;

    fn magnitudes(fourier: &Fourier, wave: &[f32], frames: usize) -> Vec<f32> {
        let mut scratch = fourier.scratch();
        let frame = |frame| -> Vec<f32> {
            fourier.frame(wave, frame, &mut scratch).iter().map(|bin| bin.norm()).collect()
        };
        (0..frames).flat_map(frame).collect()
    }

    /// How far magnitudes are from those wanted, as a share: spectral convergence.
    fn distance(wave: &[f32], hop: usize, rounds: usize) -> f32 {
        let fourier = Fourier::new(256, hop);
        let frames = 1 + wave.len() / hop;
        let wanted = magnitudes(&fourier, wave, frames);
        let made = griffin_lim(&fourier, &wanted, wave.len(), rounds);
        let made = magnitudes(&fourier, &made, frames);
        let far: f32 = wanted.iter().zip(&made).map(|(a, b)| (a - b) * (a - b)).sum();
        (far / wanted.iter().map(|value| value * value).sum::<f32>()).sqrt()
    }

    /// librosa starts with the same phases, so it gets as near; `bench/codec/frames.py` has made the numbers. Differences
    /// in the last bit grow from round to round.
    #[test]
    fn phases_come_as_near_as_those_of_librosa() {
        let numbers: Value = serde_json::from_str(include_str!("../../tests/numbers.json")).unwrap();
        for case in numbers["griffin_lim"].as_array().unwrap() {
            let wave = signal(case["signal"].as_str().unwrap(), 8_000, 8_000);
            let count = |name: &str| case[name].as_u64().unwrap() as usize;
            let ours = distance(&wave, count("hop"), count("rounds"));
            let theirs = case["distance"].as_f64().unwrap() as f32;
            assert!(ours < 1.1 * theirs + 0.005, "{ours} for {case}");
        }
    }

    #[test]
    fn phases_come_nearer_by_rounds() {
        for name in ["chirp", "vowel"] {
            let wave = signal(name, 8_000, 8_000);
            for hop in [64, 128] {
                let far = [0, 8, 32, 128].map(|rounds| distance(&wave, hop, rounds));
                assert!(far.is_sorted_by(|before, after| after < before), "{name}: {far:?}");
                assert!(far[3] < 0.06, "{name}: {far:?}");
            }
        }
    }
}
