//! Keys and values of the positions seen, and a pass over new positions that looks at them.

use std::any::Any;

use candle_core::{Device, Tensor};

use super::asking::New;
use super::page::Row;
use super::prepared::{Prepared, PreparedBlock};
use crate::architecture::{Block, Parts};
use crate::buffer::Buffer;
use crate::layers::Places;
use crate::matmul::Write;
use crate::{Cache, Config, Error, Result};

/// The cache of a decoder. A copy of a row shares what was seen before the copy.
pub(crate) struct Cached {
    rows: Vec<Row>,
    lengths: Vec<usize>,
    layers: usize,
    context: usize,
}

impl Cached {
    /// Empty rows.
    pub(crate) fn new(config: &Config, rows: usize) -> Self {
        let Config { layers, context, .. } = *config;
        Self { rows: vec![Row::default(); rows], lengths: vec![0; rows], layers, context }
    }

    /// Hidden states `[B, T, D]` of new positions, which are kept.
    ///
    /// All of it on the pool's threads: a thread from elsewhere would have to be woken after each of its many products.
    pub(crate) fn extend(&mut self, parts: &Parts, prepared: &Prepared, places: &Places) -> Result<Tensor> {
        rayon::scope(|_| self.extend_here(parts, prepared, places))
    }

    fn extend_here(&mut self, parts: &Parts, prepared: &Prepared, places: &Places) -> Result<Tensor> {
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
        if let Some(block) = parts.blocks.first() {
            let (context, layers, shape) = (self.context, self.layers, &block.attention.heads);
            for (row, (&length, count)) in self.rows.iter_mut().zip(self.lengths.iter().zip(&counts)) {
                row.reserve(length..length + count, context, layers, shape);
            }
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
        let mut mixed = Buffer::new(rows * attention.heads.queries * attention.heads.width);
        let new =
            New { shape: &attention.heads, layer, length: places.length, starts: &self.lengths, counts };
        new.keep(&mut self.rows, &places.positions, &mut heads);
        new.mix(&self.rows, &heads, &mut mixed);
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
            layers: self.layers,
            context: self.context,
        }))
    }

    fn join(&mut self, other: Box<dyn Cache>) -> Result<()> {
        let other: Box<dyn Any> = other;
        let same = |other: &Self| other.context == self.context && other.layers == self.layers;
        let Some(mut other) = other.downcast::<Self>().ok().filter(|other| same(other)) else {
            let (expected, got) = ("a cache of the same model".into(), "another".into());
            return Err(Error::Input { what: "cache", expected, got });
        };
        self.rows.append(&mut other.rows);
        self.lengths.append(&mut other.lengths);
        Ok(())
    }

    fn shorten(&mut self, lengths: &[usize]) -> Result<()> {
        let longer = self.lengths.iter().zip(lengths).any(|(old, new)| new > old);
        if longer || lengths.len() != self.lengths.len() {
            let (expected, got) = (format!("at most {:?}", self.lengths), format!("{lengths:?}"));
            return Err(Error::Input { what: "lengths", expected, got });
        }
        self.lengths.copy_from_slice(lengths);
        self.rows.iter_mut().zip(lengths).for_each(|(row, &length)| row.shorten(length));
        Ok(())
    }
}
