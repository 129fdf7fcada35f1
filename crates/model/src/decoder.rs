//! The Llama decoder (Touvron et al. 2023, arXiv 2302.13971, section 2.2), to be read beside the paper.
//!
//! Letters: B batch, T new positions, S new and cached positions, D width, F inner size of the feed-forward
//! network, H query heads, K key heads, d head width, V vocabulary. Parameters have the names of Hugging
//! Face's `LlamaForCausalLM`, so that a checkpoint is these parameters and nothing else.

use std::any::Any;

use candle_core::Tensor;

use crate::cache::KvCache;
use crate::ops::{Angles, Spans, head_log_probs, rms_norm, rope, softmax, swiglu};
use crate::params::{Initial, Params};
use crate::{Cache, CausalLm, Config, Error, Input, Result, Trace};

/// A pre-norm transformer with rotary positions, grouped-query attention and SwiGLU.
///
/// Its tensors are those of the [`Params`] that it was made from: an optimizer's step changes the model.
#[derive(Clone)]
pub struct Decoder {
    config: Config,
    embedding: Tensor, // [V, D]
    blocks: Vec<Block>,
    norm: Tensor, // [D]
    head: Tensor, // [V, D]
    angles: Angles,
}

#[derive(Clone)]
struct Block {
    attention_norm: Tensor, // [D]
    query: Tensor,          // [H d, D]
    key: Tensor,            // [K d, D]
    value: Tensor,          // [K d, D]
    output: Tensor,         // [D, H d]
    ffn_norm: Tensor,       // [D]
    gate: Tensor,           // [F, D]
    up: Tensor,             // [F, D]
    down: Tensor,           // [D, F]
}

/// Where the positions of one forward pass are, and what they may look at.
struct Places {
    positions: Vec<u32>, // [B T]
    spans: Spans,        // of the queries [B, T] over S keys
    lengths: Vec<usize>, // real positions per row
}

impl Decoder {
    /// A decoder over the parameters of `params` whose names begin with `prefix` (which may be empty).
    ///
    /// They are made where they are missing: normal with deviation 0.02, the two projections into the
    /// residual stream smaller by the root of their number (Radford et al. 2019, section 2.3).
    pub fn new(config: &Config, params: &Params, prefix: &str) -> Result<Self> {
        config.check()?;
        let Config { width, hidden, vocabulary, .. } = *config;
        let kv_width = config.kv_heads * config.head_width();
        let normal = Initial::Normal { deviation: 0.02 };
        let residual = Initial::Normal { deviation: 0.02 / libm::sqrt(2.0 * config.layers as f64) };
        let matrix =
            |name: &str, shape, initial| params.get(&format!("{prefix}{name}.weight"), shape, initial);
        let norm = |name: &str| params.get(&format!("{prefix}{name}.weight"), width, Initial::Constant(1.0));
        let block = |layer: usize| {
            let at = format!("model.layers.{layer}");
            Ok(Block {
                attention_norm: norm(&format!("{at}.input_layernorm"))?,
                query: matrix(&format!("{at}.self_attn.q_proj"), (width, width), normal)?,
                key: matrix(&format!("{at}.self_attn.k_proj"), (kv_width, width), normal)?,
                value: matrix(&format!("{at}.self_attn.v_proj"), (kv_width, width), normal)?,
                output: matrix(&format!("{at}.self_attn.o_proj"), (width, width), residual)?,
                ffn_norm: norm(&format!("{at}.post_attention_layernorm"))?,
                gate: matrix(&format!("{at}.mlp.gate_proj"), (hidden, width), normal)?,
                up: matrix(&format!("{at}.mlp.up_proj"), (hidden, width), normal)?,
                down: matrix(&format!("{at}.mlp.down_proj"), (width, hidden), residual)?,
            })
        };
        let embedding = matrix("model.embed_tokens", (vocabulary, width), normal)?;
        let head =
            if config.tied { embedding.clone() } else { matrix("lm_head", (vocabulary, width), normal)? };
        Ok(Self {
            blocks: (0..config.layers).map(block).collect::<Result<_>>()?,
            norm: norm("model.norm")?,
            angles: Angles::new(config.context, config.head_width(), config.rope_theta),
            config: config.clone(),
            embedding,
            head,
        })
    }

    /// The size that it was made with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The same model over the same weights, without gradients: for sampling and evaluation, where keeping
    /// every intermediate result for a backward pass would only cost memory.
    #[must_use]
    pub fn detached(&self) -> Self {
        let block = |block: &Block| Block {
            attention_norm: block.attention_norm.detach(),
            query: block.query.detach(),
            key: block.key.detach(),
            value: block.value.detach(),
            output: block.output.detach(),
            ffn_norm: block.ffn_norm.detach(),
            gate: block.gate.detach(),
            up: block.up.detach(),
            down: block.down.detach(),
        };
        Self {
            config: self.config.clone(),
            embedding: self.embedding.detach(),
            blocks: self.blocks.iter().map(block).collect(),
            norm: self.norm.detach(),
            head: self.head.detach(),
            angles: self.angles.clone(),
        }
    }

    fn forward(
        &self,
        input: &Input<'_>,
        mut cache: Option<&mut KvCache>,
        trace: &mut dyn Trace,
    ) -> Result<Tensor> {
        let (b, t) = input.ids.dims2()?;
        let ids = input.ids.flatten_all()?;
        check_ids(&ids, self.config.vocabulary)?;
        let places = self.places(input, cache.as_deref())?;
        let mut x = self.embedding.index_select(&ids, 0)?.reshape((b, t, ()))?;
        for (layer, block) in self.blocks.iter().enumerate() {
            let normed = rms_norm(&x, &block.attention_norm, self.config.norm_epsilon)?;
            let attention = self.attention(layer, &normed, &places, cache.as_deref_mut(), trace)?;
            x = (x + attention)?;
            let normed = rms_norm(&x, &block.ffn_norm, self.config.norm_epsilon)?;
            let inner = swiglu(&linear(&normed, &block.gate)?, &linear(&normed, &block.up)?)?;
            x = (x + linear(&inner, &block.down)?)?;
            trace.layer(layer, &x)?;
        }
        if let Some(cache) = cache {
            cache.advance(&places.lengths);
        }
        Ok(rms_norm(&x, &self.norm, self.config.norm_epsilon)?)
    }

    /// softmax(q kᵀ / √d) v (Vaswani et al. 2017, arXiv 1706.03762, equation 1), `[B, T, D]` to `[B, T, D]`.
    ///
    /// The H / K query heads of one key head are more rows of one product, so keys are never repeated.
    fn attention(
        &self,
        layer: usize,
        x: &Tensor,
        places: &Places,
        cache: Option<&mut KvCache>,
        trace: &mut dyn Trace,
    ) -> Result<Tensor> {
        let block = &self.blocks[layer];
        let (b, t, _) = x.dims3()?;
        let (heads, kv_heads, d) = (self.config.heads, self.config.kv_heads, self.config.head_width());
        let split = |x: Tensor, heads: usize| x.reshape((b, t, heads, d));
        let q = rope(&split(linear(x, &block.query)?, heads)?, &places.positions, &self.angles)?;
        let k = rope(&split(linear(x, &block.key)?, kv_heads)?, &places.positions, &self.angles)?;
        let v = split(linear(x, &block.value)?, kv_heads)?.transpose(1, 2)?.contiguous()?;
        let (k, v) = match cache {
            Some(cache) => cache.append(layer, &k, &v, &places.lengths)?,
            None => (k, v),
        };
        let q = q.reshape((b, kv_heads, heads / kv_heads * t, d))?;
        let scores = q.matmul(&k.t()?)?; // [B, K, H/K T, S]
        let probabilities = softmax(&scores, 1.0 / libm::sqrt(d as f64), &places.spans)?;
        trace.attention(layer, &probabilities.reshape((b, heads, t, places.spans.keys()))?)?;
        let mixed = probabilities.matmul(&v)?.reshape((b, heads, t, d))?;
        linear(&mixed.transpose(1, 2)?.reshape((b, t, heads * d))?, &block.output)
    }

    fn places(&self, input: &Input<'_>, cache: Option<&KvCache>) -> Result<Places> {
        let (b, t) = input.ids.dims2()?;
        let starts = match cache {
            Some(cache) => cache.lengths().to_vec(),
            None => vec![0; b],
        };
        let lengths = input.lengths.map_or_else(|| vec![t; b], <[usize]>::to_vec);
        check_rows("cache", b, starts.len())?;
        check_rows("lengths", b, lengths.len())?;
        if let Some(&length) = lengths.iter().find(|&&length| length > t) {
            let (expected, got) = (format!("at most {t} positions"), length.to_string());
            return Err(Error::Input { what: "lengths", expected, got });
        }
        let positions = if let Some(positions) = input.positions {
            flat(positions, "positions", b, t)?
        } else {
            // padding may count beyond the context: any angle will do, for nobody looks at it
            let last = |row: usize| (starts[row] + lengths[row]).saturating_sub(1);
            let row = |row: usize| (0..t).map(move |at| (row, at));
            let place = |(row, at): (usize, usize)| (starts[row] + at).min(last(row)) as u32;
            (0..b).flat_map(row).map(place).collect()
        };
        let context = self.config.context;
        let furthest = positions.iter().map(|&position| position as usize).max().unwrap_or(0);
        if furthest >= context {
            return Err(Error::Context { position: furthest, context });
        }
        let keys = starts.iter().max().unwrap_or(&0) + t;
        let ranges = match input.documents {
            Some(_) if cache.is_some() => {
                let expected = "rows of one document each beside a cache".into();
                return Err(Error::Input { what: "documents", expected, got: "documents".into() });
            }
            Some(documents) => document_ranges(&flat(documents, "documents", b, t)?, t),
            None => starts.iter().flat_map(|&start| (0..t).map(move |at| (0, start + at + 1))).collect(),
        };
        Ok(Places { positions, spans: Spans::new(ranges, t, keys)?, lengths })
    }
}

impl CausalLm for Decoder {
    fn hidden(&self, input: &Input<'_>, cache: Option<&mut dyn Cache>) -> Result<Tensor> {
        let Some(cache) = cache else { return self.forward(input, None, &mut Unseen) };
        let Some(cache) = (cache as &mut dyn Any).downcast_mut::<KvCache>() else {
            let (expected, got) = ("one that this model made".into(), "another model's".into());
            return Err(Error::Input { what: "cache", expected, got });
        };
        self.forward(input, Some(cache), &mut Unseen)
    }

    fn logits(&self, hidden: &Tensor) -> Result<Tensor> {
        linear(hidden, &self.head)
    }

    fn log_probs(&self, hidden: &Tensor, targets: &[u32]) -> Result<Tensor> {
        head_log_probs(hidden, &self.head, targets)
    }

    fn cache(&self, rows: usize) -> Result<Box<dyn Cache>> {
        Ok(Box::new(KvCache::new(&self.config, rows, &self.embedding)?))
    }

    fn hidden_traced(&self, input: &Input<'_>, trace: &mut dyn Trace) -> Result<Tensor> {
        self.forward(input, None, trace)
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

/// `x · weightᵀ` over the last dimension, all other dimensions one long column of rows.
fn linear(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    let (out, width) = weight.dims2()?;
    let mut dims = x.dims().to_vec();
    let rows = x.elem_count() / width;
    if let Some(last) = dims.last_mut() {
        *last = out;
    }
    Ok(x.reshape((rows, width))?.matmul(&weight.t()?)?.reshape(dims)?)
}

/// Each position sees from its document's first position to itself.
fn document_ranges(documents: &[u32], t: usize) -> Vec<(usize, usize)> {
    let mut ranges = Vec::with_capacity(documents.len());
    for row in documents.chunks(t) {
        let mut start = 0;
        for (at, document) in row.iter().enumerate() {
            if at > 0 && *document != row[at - 1] {
                start = at;
            }
            ranges.push((start, at + 1));
        }
    }
    ranges
}

fn flat(tensor: &Tensor, what: &'static str, b: usize, t: usize) -> Result<Vec<u32>> {
    if tensor.dims() != [b, t] {
        let (expected, got) = (format!("[{b}, {t}]"), format!("{:?}", tensor.dims()));
        return Err(Error::Input { what, expected, got });
    }
    Ok(tensor.flatten_all()?.to_vec1()?)
}

fn check_rows(what: &'static str, expected: usize, got: usize) -> Result<()> {
    if expected == got {
        return Ok(());
    }
    Err(Error::Input { what, expected: format!("{expected} rows"), got: format!("{got} rows") })
}

fn check_ids(ids: &Tensor, vocabulary: usize) -> Result<()> {
    match ids.to_vec1::<u32>()?.into_iter().find(|&id| id as usize >= vocabulary) {
        Some(id) => Err(Error::Id { id, vocabulary }),
        None => Ok(()),
    }
}
