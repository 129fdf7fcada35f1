//! The same decoders from candle's own operations: slower, and simple enough to be believed.
//!
//! They are what fused operations are tested against, run in f64 and on other devices, and can be looked into.

use candle_core::{D, DType, Result, Tensor};

use crate::Trace;
use crate::architecture::{Block, Parts};
use crate::layers::{
    Activation, AttentionBlock, Centre, Heads, Layout, Linear, MlpBlock, Norm, Places, QkNorm,
};

/// Last hidden states `[B, T, D]`.
pub(crate) fn hidden(parts: &Parts, places: &Places, trace: &mut dyn Trace) -> crate::Result<Tensor> {
    let Places { rows, length, .. } = *places;
    let tokens = parts.embedding.tokens.tensor();
    let look_up = |matrix: &Tensor, at: &[u32]| {
        matrix.index_select(&Tensor::new(at, matrix.device())?, 0)?.reshape((rows, length, ()))
    };
    let mut x = look_up(tokens, &places.ids)?;
    if let Some(positions) = &parts.embedding.positions {
        x = (x + look_up(positions.tensor(), &places.positions)?)?;
    }
    if let Some(first) = &parts.first_norm {
        x = norm(first, &x)?;
    }
    let mask = mask(places, &x)?;
    for (layer, Block { attention, mlp }) in parts.blocks.iter().enumerate() {
        x = (&x + self::attention(attention, places, &x, &mask, layer, trace)?)?;
        x = (&x + feed_forward(mlp, &x)?)?;
        trace.layer(layer, &x)?;
    }
    Ok(last_norm(parts, &x)?)
}

/// What the head reads of a residual stream `[.., D]`.
pub(crate) fn last_norm(parts: &Parts, residual: &Tensor) -> Result<Tensor> {
    norm(&parts.last_norm, residual)
}

/// Scores `[.., V]`.
pub(crate) fn logits(parts: &Parts, hidden: &Tensor) -> Result<Tensor> {
    let scores = product(hidden, &parts.head.weight.tensor().t()?)?;
    match parts.head.softcap {
        Some(cap) => scores.affine(1.0 / f64::from(cap), 0.0)?.tanh()? * f64::from(cap),
        None => Ok(scores),
    }
}

fn norm(norm: &Norm, x: &Tensor) -> Result<Tensor> {
    let centred = match norm.centre {
        Centre::Mean => x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?,
        Centre::Zero => x.clone(),
    };
    let mut y = unit(&centred, norm.epsilon)?;
    if let Some(weight) = &norm.weight {
        y = y.broadcast_mul(weight.tensor())?;
    }
    match &norm.bias {
        Some(bias) => y.broadcast_add(bias.tensor()),
        None => Ok(y),
    }
}

/// `x / √(mean(x²) + epsilon)` over the last dimension.
fn unit(x: &Tensor, epsilon: f32) -> Result<Tensor> {
    let mean_square = x.sqr()?.mean_keepdim(D::Minus1)?;
    x.broadcast_div(&mean_square.affine(1.0, f64::from(epsilon))?.sqrt()?)
}

/// `x · matrix` over the last dimension, all others one long column of rows.
fn product(x: &Tensor, matrix: &Tensor) -> Result<Tensor> {
    let (inputs, outputs) = matrix.dims2()?;
    let mut dims = x.dims().to_vec();
    if let Some(last) = dims.last_mut() {
        *last = outputs;
    }
    x.reshape(((), inputs))?.matmul(matrix)?.reshape(dims)
}

fn linear(linear: &Linear, x: &Tensor) -> Result<Tensor> {
    let weight = linear.weight.tensor();
    let y = match linear.layout {
        Layout::OutputsFirst => product(x, &weight.t()?)?,
        Layout::InputsFirst => product(x, weight)?,
    };
    let y = match &linear.bias {
        Some(bias) => y.broadcast_add(bias.tensor())?,
        None => y,
    };
    let Some(adapter) = &linear.adapter else { return Ok(y) };
    let inner = (self::linear(&adapter.down, x)? * f64::from(adapter.scale))?;
    y + self::linear(&adapter.up, &inner)?
}

fn linears(maps: &[Linear], x: &Tensor) -> Result<Tensor> {
    let parts = maps.iter().map(|map| linear(map, x)).collect::<Result<Vec<_>>>()?;
    Tensor::cat(&parts, D::Minus1)
}

fn attention(
    block: &AttentionBlock,
    places: &Places,
    x: &Tensor,
    mask: &Tensor,
    layer: usize,
    trace: &mut dyn Trace,
) -> crate::Result<Tensor> {
    let Heads { queries, keys, width, .. } = block.heads;
    let (b, t, _) = x.dims3()?;
    let projected = linears(&block.projections, &norm(&block.norm, x)?)?;
    let heads = projected.reshape((b, t, block.heads.count(), width))?.transpose(1, 2)?.contiguous()?;
    let part = |first, count| heads.narrow(1, first, count);
    let q = turned(&block.heads, places, &part(0, queries)?)?;
    let k = repeated(&turned(&block.heads, places, &part(queries, keys)?)?, block.heads.group())?;
    let v = repeated(&part(queries + keys, keys)?, block.heads.group())?;
    let scores = (q.matmul(&k.t()?.contiguous()?)? * (1.0 / libm::sqrt(width as f64)))?; // [B, H, T, T]
    let probabilities = softmax(&scores.broadcast_add(mask)?)?;
    trace.attention(layer, &probabilities)?;
    let mixed = probabilities.matmul(&v)?.transpose(1, 2)?.reshape((b, t, queries * width))?;
    Ok(linear(&block.output, &mixed)?)
}

/// Queries or keys `[B, h, T, d]` at their positions.
fn turned(heads: &Heads, places: &Places, x: &Tensor) -> Result<Tensor> {
    let mut y = x.clone();
    if let Some(rotary) = &heads.rotary {
        let half = heads.width / 2;
        let table = |which: fn(&(f32, f32)) -> f32| {
            let angles = places.positions.iter().flat_map(|&position| rotary.angles(position));
            let values: Vec<f32> = angles.map(which).collect();
            Tensor::from_vec(values, (places.rows, 1, places.length, half), x.device())?.to_dtype(x.dtype())
        };
        let (cos, sin) = (table(|angle| angle.0)?, table(|angle| angle.1)?);
        let (low, high) = (x.narrow(3, 0, half)?, x.narrow(3, half, half)?);
        let turned_low = (low.broadcast_mul(&cos)? - high.broadcast_mul(&sin)?)?;
        let turned_high = (high.broadcast_mul(&cos)? + low.broadcast_mul(&sin)?)?;
        y = Tensor::cat(&[turned_low, turned_high], 3)?;
    }
    match heads.norm {
        Some(QkNorm { epsilon }) => unit(&y, epsilon),
        None => y.contiguous(),
    }
}

/// Each of the K heads as often as queries share it.
fn repeated(x: &Tensor, group: usize) -> Result<Tensor> {
    let (b, k, t, d) = x.dims4()?;
    x.unsqueeze(2)?.broadcast_as((b, k, group, t, d))?.contiguous()?.reshape((b, k * group, t, d))
}

fn softmax(x: &Tensor) -> Result<Tensor> {
    let exponents = x.broadcast_sub(&x.detach().max_keepdim(D::Minus1)?)?.exp()?;
    exponents.broadcast_div(&exponents.sum_keepdim(D::Minus1)?)
}

/// 0 where a query may look, −∞ elsewhere: `[B, 1, T, T]`. Padding looks at itself.
fn mask(places: &Places, like: &Tensor) -> Result<Tensor> {
    let t = places.length;
    let mut values = vec![f32::NEG_INFINITY; places.rows * t * t];
    for (segments, square) in places.segments.iter().zip(values.chunks_exact_mut(t * t)) {
        (0..t).for_each(|at| square[at * t + at] = 0.0);
        for segment in segments {
            for at in segment.start..segment.start + segment.length {
                square[at * t + segment.start..=at * t + at].fill(0.0);
                let (prefix, length) = segment.prefix;
                square[at * t + prefix..][..length].fill(0.0);
            }
        }
    }
    Tensor::from_vec(values, (places.rows, 1, t, t), like.device())?.to_dtype(like.dtype())
}

fn feed_forward(block: &MlpBlock, x: &Tensor) -> Result<Tensor> {
    let inner = linears(&block.up, &norm(&block.norm, x)?)?;
    let activated = match block.activation {
        Activation::Gelu => inner.gelu()?,
        Activation::ReluSquared => inner.relu()?.sqr()?,
        Activation::SwiGlu => {
            let hidden = block.down.inputs;
            let gate = inner.narrow(D::Minus1, 0, hidden)?.contiguous()?;
            (gate.silu()? * inner.narrow(D::Minus1, hidden, hidden)?)?
        }
    };
    linear(&block.down, &activated)
}

/// Log-probabilities `[N]` of `targets` after hidden states `[N, D]`.
pub(crate) fn log_probs(parts: &Parts, hidden: &Tensor, targets: &[u32]) -> crate::Result<Tensor> {
    let scores = logits(parts, hidden)?;
    let scores = if scores.dtype() == DType::F64 { scores } else { scores.to_dtype(DType::F32)? };
    crate::ops::log_probs(&scores, targets)
}
