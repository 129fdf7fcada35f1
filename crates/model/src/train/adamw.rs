//! AdamW (Loshchilov and Hutter 2017, arXiv 1711.05101, algorithm 2), in place.
//!
//! Deviations from the paper: the decay is multiplied by the learning rate, as in PyTorch; vectors (norms)
//! do not decay unless a group says so.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::group::pace;
use super::{Gradients, Group, Optimizer};
use crate::ops::simd;
use crate::{Error, Params, Result};

/// What is to be chosen about [`AdamW`]. The learning rate belongs to the [`Schedule`](super::Schedule).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdamWSettings {
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of squared gradients.
    pub beta2: f64,
    /// Added to the root of the mean square.
    pub epsilon: f64,
    /// Pull of matrices towards 0, as a share of the learning rate.
    pub weight_decay: f64,
    /// Parameters that learn otherwise; the first group that names a parameter counts.
    pub groups: Vec<Group>,
}

impl Default for AdamWSettings {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weight_decay: 0.1, groups: vec![] }
    }
}

/// Adam with decoupled weight decay, for f32 parameters.
#[derive(Clone, Debug, Default)]
pub struct AdamW {
    settings: AdamWSettings,
    /// Steps taken.
    taken: u32,
    moments: BTreeMap<String, Moments>,
}

/// Means of the gradient and of its square, one number per parameter.
#[derive(Clone, Debug, Default)]
struct Moments {
    first: Vec<f32>,
    second: Vec<f32>,
}

impl AdamW {
    /// An optimizer that has not taken a step.
    pub fn new(settings: AdamWSettings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// One step of the parameters in `names` alone. Whoever owns the others calls [`Params::touch`].
    pub(super) fn step_some<'a>(
        &mut self,
        params: &Params,
        names: impl IntoIterator<Item = (&'a str, usize)>,
        gradients: &Gradients,
        lr: f64,
    ) -> Result<()> {
        self.taken += 1;
        let AdamWSettings { beta1, beta2, epsilon, weight_decay, ref groups } = self.settings;
        let bias = |beta| 1.0 - libm::pow(beta, f64::from(self.taken));
        let (bias1, bias2) = (bias(beta1), bias(beta2));
        for (name, rank) in names {
            let Some(gradient) = gradients.get(name) else { continue };
            let pace = pace(groups, name, rank, lr, weight_decay);
            let moments = self.moments.entry(name.to_owned()).or_default();
            if moments.first.is_empty() {
                *moments = Moments { first: vec![0.0; gradient.len()], second: vec![0.0; gradient.len()] };
            }
            moments.check(name, gradient.len())?;
            let update = Update {
                beta1: beta1 as f32,
                beta2: beta2 as f32,
                epsilon: epsilon as f32,
                step: (pace.lr / bias1) as f32,
                inverse_bias2: (1.0 / bias2) as f32,
                keep: (1.0 - pace.lr * pace.decay) as f32,
            };
            params.update(name, |values| update.apply(values, gradient, moments))?;
        }
        Ok(())
    }
}

impl Moments {
    fn check(&self, name: &str, length: usize) -> Result<()> {
        if self.first.len() == length && self.second.len() == length {
            return Ok(());
        }
        Err(state_error(name.to_owned(), &format!("{length} numbers"), &format!("{}", self.first.len())))
    }
}

impl Optimizer for AdamW {
    fn step(&mut self, params: &Params, gradients: &Gradients, lr: f64) -> Result<()> {
        let vars = params.vars();
        let names = vars.iter().map(|(name, var)| (name.as_str(), var.rank()));
        self.step_some(params, names, gradients, lr)?;
        params.touch();
        Ok(())
    }

    fn state(&self) -> Result<BTreeMap<String, Tensor>> {
        let mut state = BTreeMap::new();
        state.insert("taken".to_owned(), Tensor::new(self.taken, &Device::Cpu)?);
        for (name, Moments { first, second }) in &self.moments {
            for (kind, values) in [("first", first), ("second", second)] {
                let tensor = Tensor::from_slice(values, values.len(), &Device::Cpu)?;
                state.insert(format!("{kind}.{name}"), tensor);
            }
        }
        Ok(state)
    }

    fn load(&mut self, state: BTreeMap<String, Tensor>) -> Result<()> {
        let mut taken = None;
        let mut moments: BTreeMap<String, Moments> = BTreeMap::new();
        for (name, tensor) in state {
            match name.split_once('.') {
                None if name == "taken" => taken = Some(tensor.to_scalar::<u32>()?),
                Some(("first", parameter)) => {
                    moments.entry(parameter.to_owned()).or_default().first = tensor.to_vec1()?;
                }
                Some(("second", parameter)) => {
                    moments.entry(parameter.to_owned()).or_default().second = tensor.to_vec1()?;
                }
                _ => return Err(state_error(name, "taken, first.… or second.…", "another name")),
            }
        }
        if let Some((name, _)) = moments.iter().find(|(_, both)| both.first.len() != both.second.len()) {
            return Err(state_error(name.clone(), "two moments of equal length", "unequal ones"));
        }
        self.taken = taken.ok_or_else(|| state_error("taken".into(), "a number of steps", "nothing"))?;
        self.moments = moments;
        Ok(())
    }
}

fn state_error(name: String, expected: &str, got: &str) -> Error {
    Error::Parameter { name, expected: expected.into(), got: got.into() }
}

/// One step for one parameter: a single pass over its memory.
struct Update {
    beta1: f32,
    beta2: f32,
    epsilon: f32,
    step: f32,
    inverse_bias2: f32,
    keep: f32,
}

impl Update {
    fn apply(&self, values: &mut [f32], gradients: &[f32], moments: &mut Moments) {
        const CHUNK: usize = 1 << 14;
        let values = values.par_chunks_mut(CHUNK).zip(gradients.par_chunks(CHUNK));
        let moments = moments.first.par_chunks_mut(CHUNK).zip(moments.second.par_chunks_mut(CHUNK));
        values.zip(moments).for_each(|((values, gradients), (first, second))| {
            simd(
                #[inline(always)]
                || {
                    let moments = first.iter_mut().zip(second);
                    for ((x, &g), (m, v)) in values.iter_mut().zip(gradients).zip(moments) {
                        *m = self.beta1 * *m + (1.0 - self.beta1) * g;
                        *v = self.beta2 * *v + (1.0 - self.beta2) * g * g;
                        *x = *x * self.keep
                            - self.step * *m / ((*v * self.inverse_bias2).sqrt() + self.epsilon);
                    }
                },
            );
        });
    }
}
