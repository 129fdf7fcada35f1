//! Keys and values of the positions seen, kept per layer.

use candle_core::{CpuStorage, DType, InplaceOp2, Layout, Tensor, WithDType, bail};

use crate::{Cache, Config, Error, Result};

/// The cache of a [`Decoder`](crate::Decoder): room for a whole context in every row, taken at once.
pub(crate) struct KvCache {
    layers: Vec<(Tensor, Tensor)>, // keys and values, each [B, K, context, d]
    lengths: Vec<usize>,
    context: usize,
}

impl KvCache {
    /// An empty cache, of the type and on the device of `like`.
    pub(crate) fn new(config: &Config, rows: usize, like: &Tensor) -> Result<Self> {
        let shape = (rows, config.kv_heads, config.context, config.head_width());
        let empty = || Tensor::zeros(shape, like.dtype(), like.device());
        let layers = (0..config.layers).map(|_| Ok((empty()?, empty()?))).collect::<Result<_>>()?;
        Ok(Self { layers, lengths: vec![0; rows], context: config.context })
    }

    /// Writes new keys and values `[B, K, T, d]` of one layer behind the old, the first `counts[row]` of each
    /// row, and returns all `[B, K, S, d]`; S is the longest row's, so shorter rows end in leftovers.
    pub(crate) fn append(
        &mut self,
        layer: usize,
        k: &Tensor,
        v: &Tensor,
        counts: &[usize],
    ) -> Result<(Tensor, Tensor)> {
        let ends = self.lengths.iter().zip(counts).map(|(length, count)| length + count);
        if let Some(position) = ends.max().filter(|&end| end > self.context) {
            return Err(Error::Context { position, context: self.context });
        }
        let write = Write { starts: &self.lengths, counts };
        let (keys, values) = &self.layers[layer];
        keys.inplace_op2(&k.detach().contiguous()?, &write)?;
        values.inplace_op2(&v.detach().contiguous()?, &write)?;
        let used = self.lengths.iter().max().unwrap_or(&0) + k.dim(2)?;
        // a padded row may reach beyond the buffer; its queries there are padding too, so zeros will do
        let show = |buffer: &Tensor| match used.checked_sub(self.context) {
            Some(missing) if missing > 0 => buffer.pad_with_zeros(2, 0, missing),
            _ => buffer.narrow(2, 0, used),
        };
        Ok((show(keys)?, show(values)?))
    }

    /// Counts the positions that every layer has appended.
    pub(crate) fn advance(&mut self, counts: &[usize]) {
        for (length, count) in self.lengths.iter_mut().zip(counts) {
            *length += count;
        }
    }
}

impl Cache for KvCache {
    fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    fn fork(&self, rows: &[usize]) -> Result<Box<dyn Cache>> {
        if let Some(row) = rows.iter().find(|&&row| row >= self.lengths.len()) {
            let expected = format!("rows below {}", self.lengths.len());
            return Err(Error::Input { what: "cache", expected, got: row.to_string() });
        }
        let ids: Vec<u32> = rows.iter().map(|&row| row as u32).collect();
        let copy = |buffer: &Tensor| {
            let ids = Tensor::from_slice(&ids, ids.len(), buffer.device())?;
            buffer.index_select(&ids, 0)
        };
        let layers = self.layers.iter().map(|(k, v)| Ok((copy(k)?, copy(v)?))).collect::<Result<_>>()?;
        let lengths = rows.iter().map(|&row| self.lengths[row]).collect();
        Ok(Box::new(Self { layers, lengths, context: self.context }))
    }
}

/// Copies `[B, K, T, d]` into `[B, K, context, d]`: per row, so many positions from its own start.
struct Write<'a> {
    starts: &'a [usize],
    counts: &'a [usize],
}

impl Write<'_> {
    fn copy<T: WithDType>(&self, to: &mut [T], to_layout: &Layout, from: &[T], from_layout: &Layout) {
        let dims = |layout: &Layout| (layout.dims()[1], layout.dims()[2], layout.dims()[3]);
        let ((heads, capacity, d), (_, t, _)) = (dims(to_layout), dims(from_layout));
        let from = &from[from_layout.start_offset()..];
        for (row, (&start, &count)) in self.starts.iter().zip(self.counts).enumerate() {
            for head in row * heads..(row + 1) * heads {
                let source = &from[head * t * d..][..count * d];
                to[(head * capacity + start) * d..][..count * d].copy_from_slice(source);
            }
        }
    }
}

impl InplaceOp2 for Write<'_> {
    fn name(&self) -> &'static str {
        "cache-write"
    }

    fn cpu_fwd(
        &self,
        to: &mut CpuStorage,
        to_layout: &Layout,
        from: &CpuStorage,
        from_layout: &Layout,
    ) -> candle_core::Result<()> {
        match (to, from) {
            (CpuStorage::F32(to), CpuStorage::F32(from)) => self.copy(to, to_layout, from, from_layout),
            (CpuStorage::F64(to), CpuStorage::F64(from)) => self.copy(to, to_layout, from, from_layout),
            (to, _) => bail!("a cache of {:?}; it is for {:?} and {:?}", dtype(to), DType::F32, DType::F64),
        }
        Ok(())
    }
}

fn dtype(storage: &CpuStorage) -> DType {
    use candle_core::backend::BackendStorage;
    storage.dtype()
}
