//! One half of a block: attention on the normalised residual stream, added to it.

use candle_core::Result;
use rayon::prelude::*;

use super::attention::{self, Seen};
use super::fused::{Half, Recompute};
use super::linear::{backward_all, forward_all};
use super::{Heads, Linear, Norm, Places};
use crate::buffer::Buffer;
use crate::matmul::{Matrix, Target, Write};

/// `x + output(attention(heads(projections(norm(x)))))`.
#[derive(Clone)]
pub(crate) struct AttentionBlock {
    pub(crate) norm: Norm,
    /// To queries, keys and values, one after the other: one map or three.
    pub(crate) projections: Vec<Linear>,
    pub(crate) heads: Heads,
    pub(crate) output: Linear,
}

/// What the backward pass needs besides x.
pub(crate) struct Saved {
    /// `[B, H + 2 K, T, d]`.
    heads: Buffer,
    /// `[B, H + 2 K, T]`.
    inverses: Buffer,
    /// Mixed values `[B, H, T, d]`.
    mixed: Buffer,
    /// `[B, H, T]`.
    sums: Buffer,
}

impl AttentionBlock {
    pub(crate) fn detached(&self) -> Self {
        Self {
            norm: self.norm.detached(),
            projections: self.projections.iter().map(Linear::detached).collect(),
            heads: self.heads.clone(),
            output: self.output.detached(),
        }
    }

    /// Everything up to the mixed values.
    fn mix(&self, places: &Places, x: &[f32]) -> Result<Saved> {
        let projected = forward_all(&self.projections, &self.norm.applied(x)?, self.norm.width)?;
        let positions = places.rows * places.length;
        let (count, queries) = (positions * self.heads.count(), positions * self.heads.queries);
        let mut saved = Saved {
            heads: Buffer::new(count * self.heads.width),
            inverses: Buffer::new(count),
            mixed: Buffer::new(queries * self.heads.width),
            sums: Buffer::new(queries),
        };
        self.heads.forward(places, &projected, &mut saved.heads, &mut saved.inverses);
        attention::forward(&self.heads, places, &saved.heads, &mut saved.mixed, &mut saved.sums);
        Ok(saved)
    }
}

impl Half for AttentionBlock {
    type Saved = Saved;
    const NAME: &'static str = "attention-block";

    fn forward(&self, places: &Places, x: &[f32], y: &mut [f32]) -> Result<Saved> {
        let saved = self.mix(places, x)?;
        let mixed = self.positions_first(places, &saved.mixed);
        let columns = self.output.inputs;
        y.copy_from_slice(x);
        self.output.forward(Matrix::new(&mixed, columns), Target::new(y, self.norm.width, Write::Add))?;
        Ok(saved)
    }

    fn backward(
        &self,
        places: &Places,
        x: &[f32],
        saved: Option<Saved>,
        dy: &[f32],
        dx: &mut [f32],
    ) -> Result<()> {
        let saved = match saved {
            Some(saved) => saved,
            None => self.mix(places, x)?,
        };
        let (width, columns) = (self.norm.width, self.output.inputs);
        let mixed = self.positions_first(places, &saved.mixed);
        let mut dmixed = Buffer::new(mixed.len());
        let dmixed_target = Target::new(&mut dmixed, columns, Write::Set);
        self.output.backward(Matrix::new(&mixed, columns), Matrix::new(dy, width), dmixed_target)?;
        drop(mixed);
        let dmixed = self.heads_first(places, &dmixed);
        let seen = Seen { heads: &saved.heads, out: &saved.mixed, sums: &saved.sums };
        let dheads = attention::backward(&self.heads, places, &seen, &dmixed);
        drop(dmixed);
        let mut dprojected = Buffer::new(dheads.len());
        self.heads.backward(places, &saved.heads, &saved.inverses, &dheads, &mut dprojected);
        drop((dheads, saved));

        let n = self.norm.applied(x)?;
        let dn = backward_all(&self.projections, &n, width, &dprojected)?;
        dx.copy_from_slice(dy);
        self.norm.backward(x, &dn, dx)
    }

    fn recompute(&self, recompute: Recompute) -> bool {
        recompute == Recompute::Everything
    }
}

impl AttentionBlock {
    /// `[B, H, T, d]` to `[B, T, H d]`.
    fn positions_first(&self, places: &Places, x: &[f32]) -> Buffer {
        let Heads { queries, width, .. } = self.heads;
        let t = places.length;
        let mut y = Buffer::new(x.len());
        y.par_chunks_exact_mut(queries * width).enumerate().with_min_len(16).for_each(|(n, y)| {
            for (head, y) in y.chunks_exact_mut(width).enumerate() {
                let at = (n / t * queries + head) * t + n % t;
                y.copy_from_slice(&x[at * width..][..width]);
            }
        });
        y
    }

    /// `[B, T, H d]` to `[B, H, T, d]`.
    fn heads_first(&self, places: &Places, x: &[f32]) -> Buffer {
        let Heads { queries, width, .. } = self.heads;
        let t = places.length;
        let mut y = Buffer::new(x.len());
        y.par_chunks_exact_mut(t * width).enumerate().for_each(|(at, y)| {
            let (row, head) = (at / queries, at % queries);
            for (position, y) in y.chunks_exact_mut(width).enumerate() {
                let n = row * t + position;
                y.copy_from_slice(&x[(n * queries + head) * width..][..width]);
            }
        });
        y
    }
}
