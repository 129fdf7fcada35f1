//! Attention over pages: [`layers`](crate::layers)' own, to the bit, where keys and values lie in pieces.

use std::ops::Range;

use super::page::PagedHead;
use crate::buffer::Buffer;
use crate::layers::{CHAIN, scale, softmax};
use crate::matmul::{Matrix, Target, Write, multiply_on, multiply_serial};
use crate::ops::simd;

/// A page, and who looks at it.
pub(super) struct Part<'a> {
    /// Which of the queries.
    pub(super) queries: Range<usize>,
    /// Position of the first key.
    pub(super) start: usize,
    /// Keys of the page that are the row's.
    pub(super) length: usize,
    pub(super) head: &'a PagedHead,
}

/// Mixes values for queries `[n, d]`, of which query `i` sees the first `seen(i)` keys; writes `[n, d]`.
///
/// The parts of each query are in the order of their keys. Several queries on one page are one product.
pub(super) fn attend(
    queries: &[f32],
    parts: &[Part<'_>],
    width: usize,
    seen: impl Fn(usize) -> usize,
    out: &mut [f32],
) {
    let n = queries.len() / width;
    let keys = (0..n).map(&seen).max().unwrap_or(0);
    let mut p = Buffer::new(n * keys);
    for part in parts.iter().filter(|part| part.start < keys) {
        let queries = &queries[part.queries.start * width..part.queries.end * width];
        let columns = part.length.min(keys - part.start);
        let values = &mut p[part.queries.start * keys..part.queries.end * keys];
        let target = Target { values, row_step: keys, first_column: part.start, write: Write::Set };
        multiply_serial(Matrix::new(queries, width), &part.head.keys, columns, target);
    }
    let scale = scale(width);
    simd(
        #[inline(always)]
        || {
            for (at, p) in p.chunks_exact_mut(keys).enumerate() {
                softmax(p, seen(at), scale);
            }
        },
    );
    mix(&p, keys, parts, width, out);
}

/// P V: chains of [`CHAIN`] keys, whose sums are added up in order.
fn mix(p: &[f32], keys: usize, parts: &[Part<'_>], width: usize, out: &mut [f32]) {
    let mut later = Buffer::new(if keys > CHAIN { out.len() } else { 0 });
    for chain in 0..keys.div_ceil(CHAIN) {
        let of_chain = || parts.iter().filter(|part| part.start / CHAIN == chain && part.start < keys);
        let sums = if chain == 0 { &mut *out } else { &mut *later };
        for part in of_chain() {
            let Range { start, end } = part.queries;
            let length = part.length.min(keys - part.start);
            let p = Matrix::part(&p[start * keys + part.start..], end - start, length, keys);
            let target = Target::new(&mut sums[start * width..end * width], width, Write::Set);
            if part.start.is_multiple_of(CHAIN) {
                multiply_serial(p, &part.head.values, width, target);
            } else {
                multiply_on(p, &part.head.values, width, target);
            }
        }
        for part in of_chain().filter(|part| chain > 0 && part.start.is_multiple_of(CHAIN)) {
            let range = part.queries.start * width..part.queries.end * width;
            out[range.clone()].iter_mut().zip(&later[range]).for_each(|(out, sum)| *out += sum);
        }
    }
}
