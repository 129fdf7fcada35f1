//! Keys and values of the positions seen, and a pass over new positions that looks at them.

use std::any::Any;
use std::sync::Arc;

use candle_core::{Device, Tensor};
use rayon::prelude::*;

use super::prepared::{Prepared, PreparedBlock};
use crate::architecture::{Block, Parts};
use crate::buffer::Buffer;
use crate::layers::{Heads, KeyValues, Places, attend};
use crate::matmul::Write;
use crate::{Cache, Config, Error, Result};

/// Positions by which a row's room grows.
const GROWTH: usize = 128;

/// The cache of a decoder. A copy of a row shares its memory until either is written to.
pub(crate) struct Cached {
    rows: Vec<Row>,
    lengths: Vec<usize>,
    context: usize,
}

/// Per layer: one row's keys and values.
#[derive(Clone)]
struct Row(Vec<Arc<Layer>>);

/// Per key head.
#[derive(Clone)]
struct Layer {
    heads: Vec<KeyValues>,
    capacity: usize,
}

impl Cached {
    /// Empty rows.
    pub(crate) fn new(config: &Config, rows: usize) -> Self {
        let layer = Arc::new(Layer { heads: vec![], capacity: 0 });
        let row = Row(vec![layer; config.layers]);
        Self { rows: vec![row; rows], lengths: vec![0; rows], context: config.context }
    }

    /// Hidden states `[B, T, D]` of new positions, which are kept.
    pub(crate) fn extend(&mut self, parts: &Parts, prepared: &Prepared, places: &Places) -> Result<Tensor> {
        let counts = places.lengths();
        let ends = self.lengths.iter().zip(&counts).map(|(length, count)| length + count);
        if let Some(position) = ends.max().filter(|&end| end > self.context) {
            return Err(Error::Context { position, context: self.context });
        }
        let width = parts.embedding.width;
        let mut x = Buffer::new(places.rows * places.length * width);
        parts.embedding.tokens.read(|tokens| parts.embedding.forward(tokens, places, &mut x))??;
        if let Some(norm) = &parts.first_norm {
            let embedded = x;
            x = Buffer::new(embedded.len());
            norm.forward(&embedded, &mut x)?;
        }
        for (layer, (block, prepared)) in parts.blocks.iter().zip(&prepared.blocks).enumerate() {
            self.block(layer, block, prepared, places, &counts, &mut x)?;
        }
        self.lengths.iter_mut().zip(&counts).for_each(|(length, count)| *length += count);
        let mut hidden = vec![0.0; x.len()];
        parts.last_norm.forward(&x, &mut hidden)?;
        Ok(Tensor::from_vec(hidden, (places.rows, places.length, width), &Device::Cpu)?)
    }

    fn block(
        &mut self,
        layer: usize,
        Block { attention, mlp }: &Block,
        prepared: &PreparedBlock,
        places: &Places,
        counts: &[usize],
        x: &mut [f32],
    ) -> Result<()> {
        let rows = places.rows * places.length;
        let mut n = Buffer::new(x.len());
        attention.norm.forward(x, &mut n)?;
        let mut heads = Buffer::new(rows * prepared.projections.outputs);
        prepared.projections.forward(&n, &mut heads, Write::Set);
        let shape = &attention.heads;
        let mut mixed = Buffer::new(rows * shape.queries * shape.width);
        let t = places.length;
        let work = self.rows.par_iter_mut().zip(heads.par_chunks_exact_mut(t * shape.count() * shape.width));
        let work = work.zip(mixed.par_chunks_exact_mut(t * shape.queries * shape.width)).enumerate();
        work.for_each(|(row, ((cache, heads), mixed))| {
            let seen = Seen { start: self.lengths[row], count: counts[row], context: self.context };
            let positions = &places.positions[row * t..][..t];
            let layer = Arc::make_mut(&mut cache.0[layer]);
            seen.attend(shape, layer, positions, heads, mixed);
        });
        prepared.output.forward(&mixed, x, Write::Add);

        mlp.norm.forward(x, &mut n)?;
        let mut inner = Buffer::new(rows * prepared.up.outputs);
        prepared.up.forward(&n, &mut inner, Write::Set);
        let mut activated = Buffer::new(rows * mlp.down.inputs);
        mlp.activation.forward(&inner, &mut activated, mlp.down.inputs);
        prepared.down.forward(&activated, x, Write::Add);
        Ok(())
    }
}

/// Positions of one row: those seen before, and new ones.
struct Seen {
    start: usize,
    count: usize,
    context: usize,
}

impl Seen {
    /// Keeps the keys and values of new positions, `heads` `[T, H + 2 K, d]`, and mixes values for their queries into
    /// `mixed` `[T, H, d]`.
    fn attend(
        &self,
        shape: &Heads,
        layer: &mut Layer,
        positions: &[u32],
        heads: &mut [f32],
        mixed: &mut [f32],
    ) {
        let Heads { queries, keys, width, .. } = *shape;
        layer.grow(self.start + self.count, self.context, keys, width);
        for (at, heads) in heads.chunks_exact_mut(shape.count() * width).take(self.count).enumerate() {
            for head in heads[..(queries + keys) * width].chunks_exact_mut(width) {
                shape.turn_and_norm(head, positions[at]);
            }
            let (new_keys, new_values) = heads[queries * width..].split_at(keys * width);
            let new = new_keys.chunks_exact(width).zip(new_values.chunks_exact(width));
            for (kv, (key, value)) in layer.heads.iter_mut().zip(new) {
                kv.set(self.start + at, key, value);
            }
        }
        mixed[self.count * queries * width..].fill(0.0);
        if self.count == 1 {
            return self.one(shape, layer, &heads[..queries * width], &mut mixed[..queries * width]);
        }
        let (mut asked, mut answered) = (Buffer::new(self.count * width), Buffer::new(self.count * width));
        let mut sums = Buffer::new(self.count);
        for head in 0..queries {
            let place = |at: usize, count: usize| (at * count + head) * width;
            for (at, asked) in asked.chunks_exact_mut(width).enumerate() {
                asked.copy_from_slice(&heads[place(at, shape.count())..][..width]);
            }
            let kv = &layer.heads[head / shape.group()];
            attend(&asked, kv, width, |at| self.start + at + 1, &mut answered, &mut sums);
            for (at, answered) in answered.chunks_exact(width).enumerate() {
                mixed[place(at, queries)..][..width].copy_from_slice(answered);
            }
        }
    }

    /// A single new position: the queries of a group are rows of one product.
    fn one(&self, shape: &Heads, layer: &Layer, queries: &[f32], mixed: &mut [f32]) {
        let size = shape.group() * shape.width;
        let mut sums = Buffer::new(shape.group());
        let groups = queries.chunks_exact(size).zip(mixed.chunks_exact_mut(size));
        for (kv, (queries, mixed)) in layer.heads.iter().zip(groups) {
            attend(queries, kv, shape.width, |_| self.start + 1, mixed, &mut sums);
        }
    }
}

impl Layer {
    /// Makes room for `length` positions.
    fn grow(&mut self, length: usize, context: usize, heads: usize, width: usize) {
        if length <= self.capacity && !self.heads.is_empty() {
            return;
        }
        let capacity = length.next_multiple_of(GROWTH).min(context.max(length));
        if self.heads.is_empty() {
            self.heads = (0..heads).map(|_| KeyValues::zeros(capacity, width)).collect();
        } else {
            self.heads.iter_mut().for_each(|kv| kv.grow(capacity));
        }
        self.capacity = capacity;
    }
}

impl Cache for Cached {
    fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    fn fork(&self, rows: &[usize]) -> Result<Box<dyn Cache>> {
        if let Some(row) = rows.iter().find(|&&row| row >= self.lengths.len()) {
            let expected = format!("rows below {}", self.lengths.len());
            return Err(Error::Input { what: "cache", expected, got: row.to_string() });
        }
        Ok(Box::new(Self {
            rows: rows.iter().map(|&row| self.rows[row].clone()).collect(),
            lengths: rows.iter().map(|&row| self.lengths[row]).collect(),
            context: self.context,
        }))
    }

    fn join(&mut self, other: Box<dyn Cache>) -> Result<()> {
        let layers = |cache: &Self| cache.rows.first().map(|row| row.0.len());
        let other: Box<dyn Any> = other;
        let Some(mut other) = other.downcast::<Self>().ok().filter(|other| {
            other.context == self.context && (self.rows.is_empty() || layers(other) == layers(self))
        }) else {
            let (expected, got) = ("a cache of the same model".into(), "another".into());
            return Err(Error::Input { what: "cache", expected, got });
        };
        self.rows.append(&mut other.rows);
        self.lengths.append(&mut other.lengths);
        Ok(())
    }
}
