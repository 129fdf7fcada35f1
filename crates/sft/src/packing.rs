//! Which conversations share a row.

use std::cmp::Reverse;

/// Divides examples among rows.
///
/// As many to a row as come, in the order in which they come:
///
/// ```
/// use sft::Packing;
///
/// struct NextFit;
///
/// impl Packing for NextFit {
///     fn pack(&self, lengths: &[usize], context: usize) -> Vec<Vec<u32>> {
///         let (mut rows, mut used) = (vec![], context);
///         for (at, &length) in lengths.iter().enumerate() {
///             if used + length > context {
///                 rows.push(vec![]);
///                 used = 0;
///             }
///             used += length;
///             rows.last_mut().expect("the first opens one").push(at as u32);
///         }
///         rows
///     }
/// }
/// ```
pub trait Packing: Send + Sync {
    /// For each row the numbers of its examples, of which each stands in one row. Example `i` takes `lengths[i]` places,
    /// at most `context`, and so many places has a row.
    fn pack(&self, lengths: &[usize], context: usize) -> Vec<Vec<u32>>;
}

/// Each example goes where it leaves the least room, longest first: [`model::best_fit`].
#[derive(Clone, Copy, Debug, Default)]
pub struct BestFit;

impl Packing for BestFit {
    fn pack(&self, lengths: &[usize], context: usize) -> Vec<Vec<u32>> {
        let mut order: Vec<u32> = (0..lengths.len() as u32).collect();
        // stable: examples of one length keep their order, which epochs shuffle
        order.sort_by_key(|&at| Reverse(lengths[at as usize]));
        let mut rows = model::best_fit(order.iter().map(|&at| lengths[at as usize]), context);
        rows.iter_mut().flatten().for_each(|at| *at = order[*at as usize]);
        rows
    }
}

/// Every example has a row of its own; what is left of it is padding.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Packing for Alone {
    fn pack(&self, lengths: &[usize], _: usize) -> Vec<Vec<u32>> {
        (0..lengths.len() as u32).map(|at| vec![at]).collect()
    }
}
