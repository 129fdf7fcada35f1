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
