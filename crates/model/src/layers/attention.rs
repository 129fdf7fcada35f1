//! softmax(q kᵀ / √d) v (Vaswani et al. 2017, arXiv 1706.03762, equation 1), some queries at a time.
//!
//! As in FlashAttention (Dao 2023, arXiv 2307.08691, algorithms 1 and 2) no `[T, T]` is ever held, and the backward pass
//! computes probabilities a second time from the logarithm of their sum. The difference: a strip of queries sees all of
//! its keys at once, so the softmax needs no rescaling; a strip of a long context still fits the second cache.
//!
//! Chains of sums begin at a segment's first key: a document in a packed row has the bits that it has alone, and a query
//! over cached keys those that it has in a full pass.

use std::borrow::Cow;

use super::places::Segment;
use super::{Heads, Places};
use crate::buffer::Buffer;
use crate::matmul::{Matrix, Packed, Target, Write, multiply_serial};
use crate::ops::{Real, dot, max, simd, sum_by};

use rayon::prelude::*;

/// Queries of a strip: a multiple of every height of a register tile.
pub(crate) const STRIP: usize = 42;

/// Keys in a chain of additions: the same with a cache and without, or their bits would differ.
pub(crate) const CHAIN: usize = 512;

/// Keys and values of one key head, laid out for products.
struct KeyValues {
    /// Kᵀ, `[d, keys]`.
    keys: Packed,
    /// V, `[keys, d]`.
    values: Packed,
}

impl KeyValues {
    fn new(keys: &[f32], values: &[f32], width: usize) -> Self {
        let keys = Packed::new(Matrix::new(keys, width).t(), CHAIN);
        Self { keys, values: Packed::new(Matrix::new(values, width), CHAIN) }
    }
}

/// Mixes values for queries `[n, d]`, of which query `i` sees the first `seen(i)` keys; writes `[n, d]`.
///
/// `sums` `[n]` become log Σ exp of each query's scores.
fn attend(
    queries: &[f32],
    kv: &KeyValues,
    width: usize,
    seen: impl Fn(usize) -> usize,
    out: &mut [f32],
    sums: &mut [f32],
) {
    for (strip, (out, sums)) in out.chunks_mut(STRIP * width).zip(sums.chunks_mut(STRIP)).enumerate() {
        let first = strip * STRIP;
        let queries = &queries[first * width..][..out.len()];
        let keys = (0..sums.len()).map(|at| seen(first + at)).max().unwrap_or(0);
        let mut p = Buffer::new(sums.len() * keys);
        multiply_serial(Matrix::new(queries, width), &kv.keys, keys, Target::new(&mut p, keys, Write::Set));
        let scale = scale(width);
        simd(
            #[inline(always)]
            || {
                for (at, (p, sum)) in p.chunks_exact_mut(keys).zip(&mut *sums).enumerate() {
                    *sum = softmax(&mut p[..], seen(first + at), scale);
                }
            },
        );
        multiply_serial(Matrix::new(&p, keys), &kv.values, width, Target::new(out, width, Write::Set));
    }
}

/// Probabilities of the first `seen` scores, 0 for the rest; returns log Σ exp of the scaled scores.
#[inline(always)]
pub(crate) fn softmax(scores: &mut [f32], seen: usize, scale: f32) -> f32 {
    let (scores, unseen) = scores.split_at_mut(seen);
    unseen.fill(0.0);
    let most = max(scores);
    for score in &mut *scores {
        *score = Real::exp((*score - most) * scale);
    }
    let sum = sum_by(scores, scores, |x, _| x);
    let inverse = 1.0 / sum;
    for score in scores.iter_mut() {
        *score *= inverse;
    }
    most * scale + Real::ln(sum)
}

/// What scores are multiplied by: 1 / √d.
pub(crate) fn scale(width: usize) -> f32 {
    1.0 / (width as f32).sqrt()
}

/// Attention inside segments for all heads: `heads` `[B, H + 2 K, T, d]` to `out` `[B, H, T, d]` and `sums` `[B, H, T]`.
pub(super) fn forward(shape: &Heads, places: &Places, heads: &[f32], out: &mut [f32], sums: &mut [f32]) {
    let (t, d, group) = (places.length, shape.width, shape.group());
    let tasks = out.par_chunks_exact_mut(group * t * d).zip(sums.par_chunks_exact_mut(group * t));
    tasks.enumerate().for_each(|(task, (out, sums))| {
        let (row, head) = (task / shape.keys, task % shape.keys);
        let [queries, keys, values] = parts(shape, heads, t, row, head);
        for segment in &places.segments[row] {
            let &Segment { start, length, prefix: (_, before) } = segment;
            let range = start * d..(start + length) * d;
            let kv = KeyValues::new(&seen(segment, keys, d), &seen(segment, values, d), d);
            for head in 0..group {
                let queries = &queries[head * t * d..][range.clone()];
                let out = &mut out[head * t * d..][range.clone()];
                attend(queries, &kv, d, |at| before + at + 1, out, &mut sums[head * t + start..][..length]);
            }
        }
        clear_padding(places, row, group, d, out);
    });
}

/// What a segment sees of `[T, d]`: its prefix, and its own places behind it.
fn seen<'a>(segment: &Segment, x: &'a [f32], width: usize) -> Cow<'a, [f32]> {
    if segment.prefix.1 == 0 {
        return Cow::Borrowed(&x[segment.start * width..][..segment.length * width]);
    }
    segment.seen().flat_map(|places| &x[places.start * width..places.end * width]).copied().collect()
}

/// Adds `[prefix + own places, d]` to where they came from.
fn give_back(segment: &Segment, from: &[f32], width: usize, x: &mut [f32]) {
    let places = segment.seen().flatten().zip(from.chunks_exact(width));
    for (place, from) in places {
        x[place * width..][..width].iter_mut().zip(from).for_each(|(x, from)| *x += from);
    }
}

/// Places outside of segments hold whatever was in memory: they become 0.
fn clear_padding(places: &Places, row: usize, heads: usize, width: usize, x: &mut [f32]) {
    let t = places.length;
    let end = places.segments[row].last().map_or(0, |segment| segment.start + segment.length);
    for head in 0..heads {
        x[(head * t + end) * width..(head + 1) * t * width].fill(0.0);
    }
}

/// Queries of the group `[H / K, T, d]`, keys `[T, d]` and values `[T, d]` of one key head.
fn parts<'a>(shape: &Heads, heads: &'a [f32], t: usize, row: usize, head: usize) -> [&'a [f32]; 3] {
    let size = t * shape.width;
    let row = &heads[row * shape.count() * size..][..shape.count() * size];
    let queries = &row[head * shape.group() * size..][..shape.group() * size];
    let keys = &row[(shape.queries + head) * size..][..size];
    let values = &row[(shape.queries + shape.keys + head) * size..][..size];
    [queries, keys, values]
}

/// What the forward pass left: heads `[B, H + 2 K, T, d]`, mixed values `[B, H, T, d]`, log sums `[B, H, T]`.
pub(super) struct Seen<'a> {
    pub(super) heads: &'a [f32],
    pub(super) out: &'a [f32],
    pub(super) sums: &'a [f32],
}

/// Gradients of heads `[B, H + 2 K, T, d]` from those of mixed values, `dout` `[B, H, T, d]`.
pub(super) fn backward(shape: &Heads, places: &Places, left: &Seen<'_>, dout: &[f32]) -> Buffer {
    let (t, d, group) = (places.length, shape.width, shape.group());
    // by key head first, as tasks want it: [B, K, H / K + 2, T, d]
    let mut grouped = Buffer::zeros(places.rows * shape.keys * (group + 2) * t * d);
    let tasks = grouped.par_chunks_exact_mut((group + 2) * t * d).enumerate();
    tasks.for_each(|(task, gradients)| {
        let (row, head) = (task / shape.keys, task % shape.keys);
        let [queries, keys, values] = parts(shape, left.heads, t, row, head);
        let (dqueries, rest) = gradients.split_at_mut(group * t * d);
        let (dkeys, dvalues) = rest.split_at_mut(t * d);
        for segment in &places.segments[row] {
            let &Segment { start, length, prefix: (_, before) } = segment;
            let range = start * d..(start + length) * d;
            let kv = Transposed::new(&seen(segment, keys, d), &seen(segment, values, d), d);
            let mut shared =
                [(); 2].map(|()| Buffer::zeros(if before > 0 { (before + length) * d } else { 0 }));
            for in_group in 0..group {
                let head = row * shape.queries + head * group + in_group;
                let at = |x: usize| (x * t + start) * d..(x * t + start + length) * d;
                let strips = Strips {
                    queries: &queries[at(in_group)],
                    out: &left.out[at(head)],
                    dout: &dout[at(head)],
                    sums: &left.sums[head * t + start..][..length],
                    before,
                };
                let dqueries = &mut dqueries[at(in_group)];
                if before == 0 {
                    let (dkeys, dvalues) = (&mut dkeys[range.clone()], &mut dvalues[range.clone()]);
                    strips.backward(&kv, d, dqueries, dkeys, dvalues);
                } else {
                    let [dkeys, dvalues] = &mut shared;
                    strips.backward(&kv, d, dqueries, dkeys, dvalues);
                }
            }
            if before > 0 {
                give_back(segment, &shared[0], d, dkeys);
                give_back(segment, &shared[1], d, dvalues);
            }
        }
    });
    ungroup(shape, places, &grouped)
}

/// `[B, K, H / K + 2, T, d]` to `[B, H + 2 K, T, d]`.
fn ungroup(shape: &Heads, places: &Places, grouped: &[f32]) -> Buffer {
    let (size, group) = (places.length * shape.width, shape.group());
    let mut heads = Buffer::new(places.rows * shape.count() * size);
    heads.par_chunks_exact_mut(size).enumerate().for_each(|(at, to)| {
        let (row, head) = (at / shape.count(), at % shape.count());
        let (key_head, place) = match head.checked_sub(shape.queries) {
            None => (head / group, head % group),
            Some(head) => (head % shape.keys, group + head / shape.keys),
        };
        let from = (row * shape.keys + key_head) * (group + 2) + place;
        to.copy_from_slice(&grouped[from * size..][..size]);
    });
    heads
}

/// Keys and values in the layouts that the backward pass multiplies by.
struct Transposed {
    kt: Packed, // [d, keys]
    k: Packed,  // [keys, d]
    vt: Packed, // [d, keys]
}

impl Transposed {
    fn new(keys: &[f32], values: &[f32], width: usize) -> Self {
        let (keys, values) = (Matrix::new(keys, width), Matrix::new(values, width));
        let pack = |matrix: Matrix<'_>| Packed::new(matrix, CHAIN);
        Self { kt: pack(keys.t()), k: pack(keys), vt: pack(values.t()) }
    }
}

/// One head of one segment, `[T, d]` each and `[T]`, which sees `before` keys more.
struct Strips<'a> {
    queries: &'a [f32],
    out: &'a [f32],
    dout: &'a [f32],
    sums: &'a [f32],
    before: usize,
}

impl Strips<'_> {
    /// dV += Pᵀ dO; dP = dO Vᵀ; dS = P ∘ (dP − rowsum(dO ∘ O)); dQ = dS K / √d; dK += dSᵀ Q / √d.
    fn backward(
        &self,
        kv: &Transposed,
        d: usize,
        dqueries: &mut [f32],
        dkeys: &mut [f32],
        dvalues: &mut [f32],
    ) {
        let scale = scale(d);
        for (strip, dqueries) in dqueries.chunks_mut(STRIP * d).enumerate() {
            let (first, count) = (strip * STRIP, dqueries.len() / d);
            let range = first * d..(first + count) * d;
            let (q, dout, out) = (&self.queries[range.clone()], &self.dout[range.clone()], &self.out[range]);
            let keys = self.before + first + count;
            let (mut p, mut ds) = (Buffer::new(count * keys), Buffer::new(count * keys));
            multiply_serial(Matrix::new(q, d), &kv.kt, keys, Target::new(&mut p, keys, Write::Set));
            multiply_serial(Matrix::new(dout, d), &kv.vt, keys, Target::new(&mut ds, keys, Write::Set));
            simd(
                #[inline(always)]
                || {
                    let rows = p.chunks_exact_mut(keys).zip(ds.chunks_exact_mut(keys)).enumerate();
                    for (at, (p, ds)) in rows {
                        let seen = self.before + first + at + 1;
                        let delta = dot(&dout[at * d..][..d], &out[at * d..][..d]);
                        let sum = self.sums[first + at];
                        p[seen..].fill(0.0);
                        ds[seen..].fill(0.0);
                        for (p, ds) in p[..seen].iter_mut().zip(&mut ds[..seen]) {
                            *p = Real::exp(*p * scale - sum);
                            *ds = *p * (*ds - delta) * scale;
                        }
                    }
                },
            );
            let (p, ds) = (Matrix::new(&p, keys), Matrix::new(&ds, keys));
            multiply_serial(ds, &kv.k, d, Target::new(dqueries, d, Write::Set));
            let pack = |x| Packed::new(Matrix::new(x, d), CHAIN);
            multiply_serial(ds.t(), &pack(q), d, Target::new(dkeys, d, Write::Add));
            multiply_serial(p.t(), &pack(dout), d, Target::new(dvalues, d, Write::Add));
        }
    }
}
