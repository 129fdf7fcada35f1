//! Memory for intermediate results, used again from step to step.
//!
//! A training step takes and gives back the same sizes every time. Fresh pages from the system would cost more
//! than much of the arithmetic done in them.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// Numbers that the pool keeps at most while nobody uses them: 256 MiB.
const KEPT: usize = 1 << 26;

/// Lengths are rounded up to a multiple of this, so that nearly equal ones share.
const GRAIN: usize = 1 << 10;

static POOL: Mutex<Pool> = Mutex::new(Pool { free: BTreeMap::new(), kept: 0 });

struct Pool {
    /// Unused memory by its length.
    free: BTreeMap<usize, Vec<Vec<f32>>>,
    kept: usize,
}

/// A slice of numbers from the pool, to which it returns.
pub(crate) struct Buffer {
    values: Vec<f32>,
    length: usize,
}

impl Buffer {
    /// `length` numbers that somebody left behind: whoever takes them writes before reading.
    pub(crate) fn new(length: usize) -> Self {
        let size = length.next_multiple_of(GRAIN);
        let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        let found = pool.free.get_mut(&size).and_then(Vec::pop);
        if found.is_some() {
            pool.kept -= size;
        }
        drop(pool);
        Self { values: found.unwrap_or_else(|| vec![0.0; size]), length }
    }

    /// `length` zeros.
    pub(crate) fn zeros(length: usize) -> Self {
        let mut buffer = Self::new(length);
        buffer.fill(0.0);
        buffer
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        let mut copy = Self::new(self.length);
        copy.copy_from_slice(self);
        copy
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        if pool.kept + self.values.len() <= KEPT {
            pool.kept += self.values.len();
            pool.free.entry(self.values.len()).or_default().push(std::mem::take(&mut self.values));
        }
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.values[..self.length]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.values[..self.length]
    }
}
