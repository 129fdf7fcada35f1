//! A decoder: its parts in order, and the two ways to compute them.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use candle_core::Tensor;

use crate::architecture::{Parts, parts};
use crate::inference::{Cached, Preparation};
use crate::layers::{Places, Recompute, apply, apply_norm};
use crate::weight::is_fusible;
use crate::{Cache, CausalLm, Config, Error, Input, Lora, Params, Result, Trace, composite};

/// A pre-norm transformer that predicts the next token, of one of the kinds in [`Family`](crate::Family).
///
/// Its tensors are those of the [`Params`] that it was made from: an optimizer's step changes the model. In f32 on the CPU
/// its halves are fused operations, whose gradients [`Params::backward`] finds; elsewhere they are candle's own.
#[derive(Clone)]
pub struct Decoder {
    config: Config,
    parts: Parts,
    adapted: bool,
    recompute: Recompute,
    version: Arc<AtomicU64>,
    preparation: Arc<Preparation>,
}

impl Decoder {
    /// A decoder over the parameters of `params` whose names begin with `prefix` (which may be empty).
    ///
    /// They are made where they are missing.
    pub fn new(config: &Config, params: &Params, prefix: &str) -> Result<Self> {
        Ok(Self::with(config, params, parts(config, params, prefix, None)?))
    }

    /// A decoder whose own parameters stay as they are; what learns are adapters, made in `adapters`.
    ///
    /// It is for training and measuring: who wants to generate with it adds the adapters to the weights first, with
    /// [`Lora::merge`].
    pub fn adapted(
        config: &Config,
        params: &Params,
        prefix: &str,
        lora: &Lora,
        adapters: &Params,
    ) -> Result<Self> {
        let parts = parts(config, params, prefix, Some((lora, adapters)))?;
        Ok(Self { adapted: true, ..Self::with(config, params, parts) })
    }

    fn with(config: &Config, params: &Params, parts: Parts) -> Self {
        Self {
            config: config.clone(),
            parts,
            adapted: false,
            recompute: Recompute::default(),
            version: params.version_counter(),
            preparation: Arc::default(),
        }
    }

    /// The same decoder with less memory or less arithmetic in training.
    #[must_use]
    pub fn recomputing(self, recompute: Recompute) -> Self {
        Self { recompute, ..self }
    }

    /// The size that it was made with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The same model over the same weights, without gradients: for sampling and evaluation, where keeping
    /// every intermediate result for a backward pass would only cost memory.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self { parts: self.parts.detached(), ..self.clone() }
    }

    /// The same model from candle's own operations, the oracle of the fused ones: slower, in any type, on any device,
    /// with gradients in candle's own store.
    pub fn composite(&self) -> Composite<'_> {
        Composite(self)
    }

    /// Logits `[.., V]` of a residual stream `[.., D]` from between two layers, as a [`Trace`] sees it: what the model would
    /// predict if the rest of its layers were left out (the logit lens, nostalgebraist 2020). After the last layer they are
    /// those of its prediction.
    pub fn lens(&self, residual: &Tensor) -> Result<Tensor> {
        self.logits(&composite::last_norm(&self.parts, residual)?)
    }

    fn places(&self, input: &Input<'_>, starts: &[usize]) -> Result<Places> {
        Places::new(input, starts, self.config.vocabulary, self.config.context)
    }

    fn fused(&self, places: Places) -> Result<Tensor> {
        let (parts, places) = (&self.parts, Arc::new(places));
        let mut x = parts.embedding.apply(&places)?;
        if let Some(norm) = &parts.first_norm {
            x = apply_norm(norm, &x)?;
        }
        for block in &parts.blocks {
            x = apply(&block.attention, &places, self.recompute, &x)?;
            x = apply(&block.mlp, &places, self.recompute, &x)?;
        }
        Ok(apply_norm(&parts.last_norm, &x)?)
    }

    fn is_fusible(&self) -> bool {
        is_fusible(self.parts.head.weight.tensor())
    }

    fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }
}

impl CausalLm for Decoder {
    fn hidden(&self, input: &Input<'_>, cache: Option<&mut dyn Cache>) -> Result<Tensor> {
        let Some(cache) = cache else {
            let places = self.places(input, &vec![0; input.ids.dim(0)?])?;
            if self.is_fusible() {
                return self.fused(places);
            }
            return composite::hidden(&self.parts, &places, &mut Unseen);
        };
        let Some(cache) = (cache as &mut dyn Any).downcast_mut::<Cached>() else {
            let (expected, got) = ("one that this model made".into(), "another model's".into());
            return Err(Error::Input { what: "cache", expected, got });
        };
        if input.documents.is_some() {
            let expected = "rows of one document each beside a cache".into();
            return Err(Error::Input { what: "documents", expected, got: "documents".into() });
        }
        let places = self.places(input, cache.lengths())?;
        let prepared = self.preparation.of(self.version(), &self.parts)?;
        cache.extend(&self.parts, &prepared, &places)
    }

    fn logits(&self, hidden: &Tensor) -> Result<Tensor> {
        if !self.is_fusible() {
            return Ok(composite::logits(&self.parts, hidden)?);
        }
        match self.preparation.current(self.version()) {
            Some(prepared) if !hidden.track_op() => prepared.logits(&self.parts.head, hidden),
            _ => Ok(self.parts.head.logits(hidden)?),
        }
    }

    fn log_probs(&self, hidden: &Tensor, targets: &[u32]) -> Result<Tensor> {
        self.check_targets(hidden, targets)?;
        if self.is_fusible() {
            return Ok(self.parts.head.log_probs(hidden, targets)?);
        }
        composite::log_probs(&self.parts, hidden, targets)
    }

    fn cross_entropy(&self, hidden: &Tensor, targets: &[u32], weights: &[f32]) -> Result<Tensor> {
        self.check_targets(hidden, targets)?;
        if self.is_fusible() {
            return Ok(self.parts.head.cross_entropy(hidden, targets, weights)?);
        }
        crate::lm::weighted_sum(&composite::log_probs(&self.parts, hidden, targets)?, weights)
    }

    fn cache(&self, rows: usize) -> Result<Box<dyn Cache>> {
        if !self.is_fusible() {
            let (expected, got) = ("f32 parameters on the CPU".into(), "others".into());
            return Err(Error::Input { what: "cache", expected, got });
        }
        if self.adapted {
            let (expected, got) = ("adapters that are merged".into(), "adapters apart".into());
            return Err(Error::Input { what: "cache", expected, got });
        }
        Ok(Box::new(Cached::new(&self.config, rows)))
    }

    fn hidden_traced(&self, input: &Input<'_>, trace: &mut dyn Trace) -> Result<Tensor> {
        self.composite().hidden_traced(input, trace)
    }
}

impl Decoder {
    fn check_targets(&self, hidden: &Tensor, targets: &[u32]) -> Result<()> {
        let (rows, _) = hidden.dims2()?;
        if rows != targets.len() || rows == 0 {
            let expected = format!("{} rows, more than none", targets.len());
            return Err(Error::Input { what: "hidden states", expected, got: rows.to_string() });
        }
        let vocabulary = self.config.vocabulary;
        match targets.iter().find(|&&id| id as usize >= vocabulary) {
            Some(&id) => Err(Error::Id { id, vocabulary }),
            None => Ok(()),
        }
    }
}

/// A [`Decoder`] computed by candle's own operations.
pub struct Composite<'a>(&'a Decoder);

impl CausalLm for Composite<'_> {
    fn hidden(&self, input: &Input<'_>, cache: Option<&mut dyn Cache>) -> Result<Tensor> {
        if cache.is_some() {
            let (expected, got) = ("none".into(), "one".into());
            return Err(Error::Input { what: "cache", expected, got });
        }
        self.hidden_traced(input, &mut Unseen)
    }

    fn logits(&self, hidden: &Tensor) -> Result<Tensor> {
        Ok(composite::logits(&self.0.parts, hidden)?)
    }

    fn hidden_traced(&self, input: &Input<'_>, trace: &mut dyn Trace) -> Result<Tensor> {
        let places = self.0.places(input, &vec![0; input.ids.dim(0)?])?;
        composite::hidden(&self.0.parts, &places, trace)
    }
}

/// Nobody looks on.
struct Unseen;

impl Trace for Unseen {
    fn attention(&mut self, _: usize, _: &Tensor) -> Result<()> {
        Ok(())
    }

    fn layer(&mut self, _: usize, _: &Tensor) -> Result<()> {
        Ok(())
    }
}
