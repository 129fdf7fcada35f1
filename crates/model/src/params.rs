//! Named parameters in a fixed order, each initialised from `(seed, name)` alone.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use candle_core::{CpuStorage, DType, Device, InplaceOp1, Layout, Shape, Tensor, Var, bail};

use crate::train::Gradients;
use crate::weight::{Slot, Weight};
use crate::{Error, Random, Result};

/// How a parameter starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initial {
    /// Independent draws of a normal distribution with mean 0.
    Normal {
        /// Its standard deviation.
        deviation: f64,
    },
    /// All the same.
    Constant(f64),
}

/// The parameters of a model, or of several under prefixes, in the order of their names.
///
/// A parameter is made when a model first asks for it. Its values depend on the seed and its name only: not
/// on the order of asking and not on what else is there, so that a model with one more head has the other
/// weights unchanged. candle's own `VarMap` iterates at random and its CPU generator cannot be seeded.
pub struct Params {
    origin: Origin,
    dtype: DType,
    device: Device,
    vars: Mutex<BTreeMap<String, Parameter>>,
    version: Arc<AtomicU64>,
}

/// A parameter, and where fused operations gather its gradient.
#[derive(Clone)]
struct Parameter {
    var: Var,
    slot: Arc<Slot>,
}

/// Where the values of a parameter come from when it is first asked for.
enum Origin {
    Seed(u64),
    Tensors(BTreeMap<String, Tensor>),
}

impl Params {
    /// No parameters yet, in f32 on the CPU.
    pub fn new(seed: u64) -> Self {
        Self::with(seed, DType::F32, Device::Cpu)
    }

    /// As [`Params::new`], of another type (f64 for gradient checks) or on another device.
    pub fn with(seed: u64, dtype: DType, device: Device) -> Self {
        Self { origin: Origin::Seed(seed), dtype, device, vars: Mutex::default(), version: Arc::default() }
    }

    /// Parameters from a checkpoint, in f32: asking for one that is not in `tensors` is an error.
    pub fn from_tensors(tensors: BTreeMap<String, Tensor>) -> Self {
        Self { origin: Origin::Tensors(tensors), ..Self::new(0) }
    }

    /// Refuses tensors of [`Params::from_tensors`] that no model has asked for.
    pub fn check_all_used(&self) -> Result<()> {
        match &self.origin {
            Origin::Seed(_) => Ok(()),
            Origin::Tensors(tensors) => check_names(self.lock().keys(), tensors),
        }
    }

    /// The parameter `name`, made on first use. Asking with another shape later is an error.
    pub fn get(&self, name: &str, shape: impl Into<Shape>, initial: Initial) -> Result<Tensor> {
        Ok(self.parameter(name, shape.into(), initial)?.var.as_tensor().clone())
    }

    /// The parameter `name` as fused operations use it, made on first use like [`Params::get`]'s.
    pub(crate) fn weight(&self, name: &str, shape: impl Into<Shape>, initial: Initial) -> Result<Weight> {
        let Parameter { var, slot } = self.parameter(name, shape.into(), initial)?;
        Ok(Weight::new(var.as_tensor().clone(), slot))
    }

    fn parameter(&self, name: &str, shape: Shape, initial: Initial) -> Result<Parameter> {
        let mut vars = self.lock();
        if let Some(parameter) = vars.get(name) {
            check_shape(name, &shape, parameter.var.shape())?;
            return Ok(parameter.clone());
        }
        let values = match &self.origin {
            Origin::Seed(seed) => {
                Tensor::from_vec(draw(*seed, name, shape.elem_count(), initial), shape, &self.device)?
            }
            Origin::Tensors(tensors) => {
                let Some(tensor) = tensors.get(name) else {
                    let (expected, got) = (format!("{:?}", shape.dims()), "nothing".into());
                    return Err(Error::Parameter { name: name.to_owned(), expected, got });
                };
                check_shape(name, &shape, tensor.shape())?;
                tensor.to_device(&self.device)?
            }
        };
        let var = Var::from_tensor(&values.to_dtype(self.dtype)?.contiguous()?)?;
        let parameter = Parameter { var, slot: Arc::default() };
        vars.insert(name.to_owned(), parameter.clone());
        Ok(parameter)
    }

    /// All parameters, by name.
    pub fn vars(&self) -> BTreeMap<String, Var> {
        self.lock().iter().map(|(name, parameter)| (name.clone(), parameter.var.clone())).collect()
    }

    /// Number of scalars in all parameters.
    pub fn count(&self) -> usize {
        self.lock().values().map(|parameter| parameter.var.elem_count()).sum()
    }

    /// Adds the gradients of `loss` to those gathered since [`Params::take_gradients`].
    ///
    /// Fused operations add theirs in place, so that many batches cost no more memory than one. candle's own
    /// `backward` runs them too, but its result lacks what they gathered.
    pub fn backward(&self, loss: &Tensor) -> Result<()> {
        let found = loss.backward()?;
        for parameter in self.lock().values() {
            let Some(gradient) = found.get(parameter.var.as_tensor()) else { continue };
            parameter.slot.add(&gradient.flatten_all()?.to_dtype(DType::F32)?.to_vec1()?);
        }
        Ok(())
    }

    /// The gradients gathered by [`Params::backward`], which begins anew.
    pub fn take_gradients(&self) -> Gradients {
        let vars = self.lock();
        let taken = vars.iter().filter_map(|(name, parameter)| Some((name.clone(), parameter.slot.take()?)));
        Gradients::new(taken.collect())
    }

    /// Changes the values of one f32 parameter in place; [`Params::touch`] is to be called after the last.
    pub fn update(&self, name: &str, change: impl FnOnce(&mut [f32])) -> Result<()> {
        let Some(parameter) = self.lock().get(name).cloned() else {
            let (expected, got) = ("a parameter".into(), "nothing".into());
            return Err(Error::Parameter { name: name.to_owned(), expected, got });
        };
        let var = parameter.var;
        if self.device.is_cpu() {
            var.inplace_op1(&Change(Mutex::new(Some(change))))?;
        } else {
            // an optimizer of ours runs on the CPU: there and back
            let mut values = var.flatten_all()?.to_vec1()?;
            change(&mut values);
            var.set(&Tensor::from_vec(values, var.shape(), &self.device)?)?;
        }
        Ok(())
    }

    /// Replaces the values of all parameters, from a checkpoint for example.
    ///
    /// Every parameter must be there with its shape, and nothing else; nothing changes where that fails.
    pub fn load(&self, tensors: &BTreeMap<String, Tensor>) -> Result<()> {
        let vars = self.lock();
        check_names(vars.keys(), tensors)?;
        for (name, Parameter { var, .. }) in vars.iter() {
            check_shape(name, var.shape(), tensors[name].shape())?;
        }
        for (name, Parameter { var, .. }) in vars.iter() {
            var.set(&tensors[name].to_dtype(self.dtype)?.to_device(&self.device)?.contiguous()?)?;
        }
        drop(vars);
        self.touch();
        Ok(())
    }

    /// To be called by an optimizer after it changed values in place.
    pub fn touch(&self) {
        self.version.fetch_add(1, Ordering::Release);
    }

    /// A counter that rises with every change of values: whoever keeps weights in another layout repacks when it differs.
    pub(crate) fn version_counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.version)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Parameter>> {
        // a panic elsewhere cannot leave the map half-changed: it is only ever inserted into
        self.vars.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lends the values of a tensor to a function that changes them.
struct Change<F>(Mutex<Option<F>>);

impl<F: FnOnce(&mut [f32])> InplaceOp1 for Change<F> {
    fn name(&self) -> &'static str {
        "update"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        let (CpuStorage::F32(values), Some((start, end))) = (storage, layout.contiguous_offsets()) else {
            bail!("only contiguous f32 parameters can be updated in place")
        };
        let change = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(change) = change {
            change(&mut values[start..end]);
        }
        Ok(())
    }
}

/// The first values of the parameter `name`.
fn draw(seed: u64, name: &str, count: usize, initial: Initial) -> Vec<f64> {
    match initial {
        Initial::Constant(value) => vec![value; count],
        Initial::Normal { deviation } => {
            let mut random = Random::new(seed, name);
            let pairs = (0..count.div_ceil(2)).flat_map(|_| random.normals());
            pairs.take(count).map(|value| value * deviation).collect()
        }
    }
}

/// Refuses tensors whose names are not exactly `names`.
pub(crate) fn check_names<'a, T>(
    names: impl Iterator<Item = &'a String> + Clone,
    tensors: &BTreeMap<String, T>,
) -> Result<()> {
    let error = |name: &String, expected: &str, got: &str| {
        Err(Error::Parameter { name: name.clone(), expected: expected.into(), got: got.into() })
    };
    if let Some(name) = names.clone().find(|name| !tensors.contains_key(*name)) {
        return error(name, "a tensor", "nothing");
    }
    let known: std::collections::BTreeSet<_> = names.collect();
    match tensors.keys().find(|name| !known.contains(name)) {
        Some(name) => error(name, "nothing of this name", "a tensor"),
        None => Ok(()),
    }
}

pub(crate) fn check_shape(name: &str, expected: &Shape, got: &Shape) -> Result<()> {
    if expected == got {
        return Ok(());
    }
    Err(Error::Parameter {
        name: name.to_owned(),
        expected: format!("{:?}", expected.dims()),
        got: format!("{:?}", got.dims()),
    })
}
