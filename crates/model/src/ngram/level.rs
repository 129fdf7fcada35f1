//! What is known of all contexts of one length.

use super::counts::{Counts, Packing};
use super::discounts::Discounts;

/// Contexts of one length, each with the tokens that were seen after it. All arrays are sorted.
pub(super) struct Level {
    contexts: Vec<u128>,
    /// Where the successors of each context begin; one entry more, where the last ones end.
    begins: Vec<u32>,
    successors: Vec<u32>,
    /// α(token | context): the successor's share of the probability, after the discount.
    shares: Vec<f64>,
    /// γ(context): the probability that discounts left to the shorter context.
    left: Vec<f64>,
}

impl Level {
    /// Of each context's counts, what discounts leave to its successors and what they set aside.
    pub(super) fn new(counts: &Counts, packing: Packing) -> Self {
        let discounts = Discounts::estimate(&counts.counts);
        let mut level = Self {
            contexts: Vec::new(),
            begins: vec![0],
            successors: Vec::with_capacity(counts.grams.len()),
            shares: Vec::with_capacity(counts.grams.len()),
            left: Vec::new(),
        };
        let context_of = |gram: &u128| packing.split(*gram).0;
        for grams in counts.grams.chunk_by(|a, b| context_of(a) == context_of(b)) {
            let begin = level.successors.len();
            let seen = &counts.counts[begin..begin + grams.len()];
            let total = seen.iter().map(|&count| u64::from(count)).sum::<u64>() as f64;
            let set_aside: f64 = seen.iter().map(|&count| discounts.of(count)).sum();
            level.contexts.push(context_of(&grams[0]));
            level.successors.extend(grams.iter().map(|&gram| packing.split(gram).1));
            level.begins.push(level.successors.len() as u32);
            level.shares.extend(seen.iter().map(|&count| (f64::from(count) - discounts.of(count)) / total));
            level.left.push(set_aside / total);
        }
        level
    }

    /// α(token | context) and γ(context), or `None` for a context that was not seen.
    pub(super) fn share_and_left(&self, context: u128, token: u32) -> Option<(f64, f64)> {
        let at = self.contexts.binary_search(&context).ok()?;
        let begin = self.begins[at] as usize;
        let successors = &self.successors[begin..self.begins[at + 1] as usize];
        let share = successors.binary_search(&token).map_or(0.0, |place| self.shares[begin + place]);
        Some((share, self.left[at]))
    }
}
