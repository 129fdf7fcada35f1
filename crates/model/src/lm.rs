//! The seam between language models and everything that trains, samples or scores with them.
//!
//! Letters: B batch, T positions, D width, V vocabulary, H heads, N = B · T, S cached and new positions.

use std::any::Any;

use candle_core::Tensor;

use crate::{Error, Result, ops};

/// Token ids and what is known about their places.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// `[B, T]`, u32.
    pub ids: &'a Tensor,
    /// `[B, T]`, u32; restarted per document when rows are packed. Counted from the cache's end if absent.
    pub positions: Option<&'a Tensor>,
    /// `[B, T]`, u32, rising along a row; attention stays inside a document. Not beside a cache.
    pub documents: Option<&'a Tensor>,
    /// `[B, T]`, u32: the number of an earlier document of the row that a document sees whole before its own places, or its own
    /// number for none. A prompt that several answers share is computed once. Beside documents only.
    pub prefixes: Option<&'a Tensor>,
    /// Real positions per row; what follows is padding, which a cache does not keep.
    pub lengths: Option<&'a [usize]>,
}

impl<'a> Input<'a> {
    /// Rows of equal length, one document each.
    pub fn new(ids: &'a Tensor) -> Self {
        Self { ids, positions: None, documents: None, prefixes: None, lengths: None }
    }
}

/// A causal language model: hidden states of positions, and scores of the next token.
///
/// The two are apart so that decoding scores one position only, a loss goes in chunks, and a reward model
/// puts a head of its own on hidden states. A model that knows only how often tokens follow each other:
///
/// ```
/// use candle_core::Tensor;
/// use model::{Cache, CausalLm, Input, Result};
///
/// struct Bigram { log_counts: Tensor } // [V, V]
///
/// impl CausalLm for Bigram {
///     fn hidden(&self, input: &Input<'_>, _: Option<&mut dyn Cache>) -> Result<Tensor> {
///         let (b, t) = input.ids.dims2()?;
///         let rows = self.log_counts.index_select(&input.ids.flatten_all()?, 0)?;
///         Ok(rows.reshape((b, t, ()))?)
///     }
///     fn logits(&self, hidden: &Tensor) -> Result<Tensor> {
///         Ok(hidden.clone())
///     }
/// }
/// ```
pub trait CausalLm {
    /// Last hidden states `[B, T, D]`. A cache continues each row where it stopped.
    fn hidden(&self, input: &Input<'_>, cache: Option<&mut dyn Cache>) -> Result<Tensor>;

    /// Logits `[.., V]` of hidden states `[.., D]`.
    fn logits(&self, hidden: &Tensor) -> Result<Tensor>;

    /// Log-probability `[N]` of token `targets[i]` after hidden state `i` of `[N, D]`, with gradient.
    ///
    /// Worth implementing where `[N, V]` logits are too many to hold at once.
    fn log_probs(&self, hidden: &Tensor, targets: &[u32]) -> Result<Tensor> {
        ops::log_probs(&self.logits(hidden)?, targets)
    }

    /// `−Σ weights[i] · log p(targets[i])` after hidden state `i` of `[N, D]`: a scalar, with gradient.
    ///
    /// Worth implementing where a gradient is cheaper to make while the scores are at hand.
    fn cross_entropy(&self, hidden: &Tensor, targets: &[u32], weights: &[f32]) -> Result<Tensor> {
        weighted_sum(&self.log_probs(hidden, targets)?, weights)
    }

    /// An empty cache for `rows` rows. Without it a model cannot generate.
    fn cache(&self, rows: usize) -> Result<Box<dyn Cache>> {
        let got = format!("a request for {rows} rows");
        Err(Error::Input { what: "cache", expected: "a model that has one".into(), got })
    }

    /// Like [`hidden`](CausalLm::hidden), and shows `trace` what passes. By default nothing is shown.
    fn hidden_traced(&self, input: &Input<'_>, trace: &mut dyn Trace) -> Result<Tensor> {
        let _ = trace;
        self.hidden(input, None)
    }
}

/// `−Σ weights[i] · values[i]` of `[N]`.
pub(crate) fn weighted_sum(values: &Tensor, weights: &[f32]) -> Result<Tensor> {
    let weights = Tensor::new(weights, values.device())?.to_dtype(values.dtype())?;
    Ok((values * weights)?.sum_all()?.neg()?)
}

/// What a model remembers of the positions it has seen, so that the next costs one position's work.
///
/// Its insides belong to the model that made it, which finds them by downcasting from [`Any`].
pub trait Cache: Any {
    /// Positions remembered, per row.
    fn lengths(&self) -> &[usize];

    /// A new cache whose row `i` is a copy of this one's row `rows[i]`.
    ///
    /// Rows may repeat (several completions share one prefill) and may be missing (a finished row leaves).
    fn fork(&self, rows: &[usize]) -> Result<Box<dyn Cache>>;

    /// Takes in the rows of another cache of the same model, behind its own.
    fn join(&mut self, other: Box<dyn Cache>) -> Result<()>;

    /// Forgets all but the first `lengths[i]` positions of row `i`, so that another text can go on from there.
    ///
    /// Without it what one text has read is of no use to another.
    fn shorten(&mut self, lengths: &[usize]) -> Result<()> {
        let got = format!("lengths {lengths:?}");
        Err(Error::Input { what: "cache", expected: "one that can forget".into(), got })
    }
}

/// Someone who looks on while a model computes: a figure, a probe, a test.
pub trait Trace {
    /// Attention probabilities `[B, H, T, S]` of a layer.
    fn attention(&mut self, layer: usize, probabilities: &Tensor) -> Result<()>;

    /// The residual stream `[B, T, D]` after a layer.
    fn layer(&mut self, layer: usize, residual: &Tensor) -> Result<()>;
}
