//! Named parameters in a fixed order, each initialised from `(seed, name)` alone.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use candle_core::{DType, Device, Shape, Tensor, Var};

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
    vars: Mutex<BTreeMap<String, Var>>,
    version: AtomicU64,
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
        Self { origin: Origin::Seed(seed), dtype, device, vars: Mutex::default(), version: AtomicU64::new(0) }
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
        let shape = shape.into();
        let mut vars = self.lock();
        if let Some(var) = vars.get(name) {
            check_shape(name, &shape, var.shape())?;
            return Ok(var.as_tensor().clone());
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
        let tensor = var.as_tensor().clone();
        vars.insert(name.to_owned(), var);
        Ok(tensor)
    }

    /// All parameters, by name.
    pub fn vars(&self) -> BTreeMap<String, Var> {
        self.lock().clone()
    }

    /// Number of scalars in all parameters.
    pub fn count(&self) -> usize {
        self.lock().values().map(|var| var.elem_count()).sum()
    }

    /// Replaces the values of all parameters, from a checkpoint for example.
    ///
    /// Every parameter must be there with its shape, and nothing else; nothing changes where that fails.
    pub fn load(&self, tensors: &BTreeMap<String, Tensor>) -> Result<()> {
        let vars = self.lock();
        check_names(vars.keys(), tensors)?;
        for (name, var) in vars.iter() {
            check_shape(name, var.shape(), tensors[name].shape())?;
        }
        for (name, var) in vars.iter() {
            var.set(&tensors[name].to_dtype(self.dtype)?.to_device(&self.device)?.contiguous()?)?;
        }
        drop(vars);
        self.touch();
        Ok(())
    }

    /// Rises with every change of values: whoever keeps weights in another layout repacks when it differs.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// To be called by an optimizer after it changed values in place.
    pub fn touch(&self) {
        self.version.fetch_add(1, Ordering::Release);
    }

    /// Where the parameters are.
    pub fn device(&self) -> &Device {
        &self.device
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Var>> {
        // a panic elsewhere cannot leave the map half-changed: it is only ever inserted into
        self.vars.lock().unwrap_or_else(PoisonError::into_inner)
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
