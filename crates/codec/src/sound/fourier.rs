//! The short-time Fourier transform, and the wave that fits one best.

use std::sync::Arc;

use libm::cos;
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

/// Windows of a wave, each centred on a multiple of the hop; beyond its ends lies silence.
pub(super) struct Fourier {
    /// Hann's, periodic.
    window: Vec<f32>,
    hop: usize,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
}

/// What transforms write to, kept between them.
pub(super) struct Scratch {
    frame: Vec<f32>,
    bins: Vec<Complex<f32>>,
    forward: Vec<Complex<f32>>,
    inverse: Vec<Complex<f32>>,
}

impl Fourier {
    pub(super) fn new(window: usize, hop: usize) -> Self {
        let mut planner = RealFftPlanner::new();
        let hann =
            |at: usize| (0.5 - 0.5 * cos(2.0 * std::f64::consts::PI * at as f64 / window as f64)) as f32;
        Self {
            hop,
            forward: planner.plan_fft_forward(window),
            inverse: planner.plan_fft_inverse(window),
            window: (0..window).map(hann).collect(),
        }
    }

    /// F.
    pub(super) fn bins(&self) -> usize {
        self.window.len() / 2 + 1
    }

    pub(super) fn scratch(&self) -> Scratch {
        Scratch {
            frame: self.forward.make_input_vec(),
            bins: self.forward.make_output_vec(),
            forward: self.forward.make_scratch_vec(),
            inverse: self.inverse.make_scratch_vec(),
        }
    }

    /// The bins of frame `frame`, `[F]`.
    pub(super) fn frame<'a>(
        &self,
        wave: &[f32],
        frame: usize,
        scratch: &'a mut Scratch,
    ) -> &'a [Complex<f32>] {
        let (from, to, offset) = self.span(frame, wave.len());
        scratch.frame.fill(0.0);
        let lit = scratch.frame[offset..].iter_mut().zip(&self.window[offset..]);
        lit.zip(&wave[from..to]).for_each(|((out, window), sample)| *out = window * sample);
        self.forward
            .process_with_scratch(&mut scratch.frame, &mut scratch.bins, &mut scratch.forward)
            .expect("the lengths are the plan's");
        &scratch.bins
    }

    /// Samples `from..to` of a wave are in a frame, from its sample `offset` on.
    fn span(&self, frame: usize, length: usize) -> (usize, usize, usize) {
        let (centre, half) = (frame * self.hop, self.window.len() / 2);
        let from = centre.saturating_sub(half).min(length);
        let offset = half.saturating_sub(centre);
        (from, (centre + half).min(length).max(from), offset)
    }

    /// The wave whose transform is nearest to `spectrum`, `[T, F]`, in squared distance (Griffin and Lim 1984, equation 6).
    pub(super) fn wave(&self, spectrum: &[Complex<f32>], wave: &mut [f32], scratch: &mut Scratch) {
        wave.fill(0.0);
        for (frame, bins) in spectrum.chunks_exact(self.bins()).enumerate() {
            scratch.bins.copy_from_slice(bins);
            // the first and the last bin of a real wave are real
            scratch.bins[0].im = 0.0;
            scratch.bins[self.bins() - 1].im = 0.0;
            self.inverse
                .process_with_scratch(&mut scratch.bins, &mut scratch.frame, &mut scratch.inverse)
                .expect("the lengths are the plan's, and the ends are real");
            let (from, to, offset) = self.span(frame, wave.len());
            let lit = scratch.frame[offset..].iter().zip(&self.window[offset..]);
            wave[from..to].iter_mut().zip(lit).for_each(|(out, (sample, window))| *out += window * sample);
        }
    }

    /// What [`wave`](Self::wave) has to be multiplied by, sample for sample: no plan divides by its length.
    pub(super) fn weights(&self, frames: usize, length: usize) -> Vec<f32> {
        let mut weights = vec![0.0; length];
        for frame in 0..frames {
            let (from, to, offset) = self.span(frame, length);
            let squares = self.window[offset..].iter().map(|window| window * window);
            weights[from..to].iter_mut().zip(squares).for_each(|(out, square)| *out += square);
        }
        let size = self.window.len() as f32;
        // no sample lies under the ends of windows alone, where hops are half a window at most
        for weight in &mut weights {
            *weight = 1.0 / (size * weight.max(1e-6));
        }
        weights
    }
}
