//! How often each n-gram counts, at every order.
//!
//! An n-gram is a number: its tokens, a fixed number of bits each, the oldest in the highest. Sorted, n-grams of
//! one context stand together; without its highest token, one is an n-gram of the order below.

/// How tokens become numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packing {
    bits: u32,
}

impl Packing {
    /// With room for `order` ids below `vocabulary`, or `None` if a number does not hold so many.
    pub(super) fn new(vocabulary: usize, order: usize) -> Option<Self> {
        let bits = vocabulary.saturating_sub(1).max(1).ilog2() + 1;
        (order <= (u128::BITS / bits) as usize).then_some(Self { bits })
    }

    /// The number of these tokens.
    pub(super) fn pack(self, tokens: &[u32]) -> u128 {
        tokens.iter().fold(0, |gram, &token| gram << self.bits | u128::from(token))
    }

    /// Context and last token.
    pub(super) fn split(self, gram: u128) -> (u128, u32) {
        (gram >> self.bits, (gram & self.lowest(1)) as u32)
    }

    /// The last `length` tokens.
    fn suffix(self, gram: u128, length: usize) -> u128 {
        gram & self.lowest(length)
    }

    fn lowest(self, tokens: usize) -> u128 {
        let bits = self.bits * tokens as u32;
        u128::MAX.checked_shl(bits).map_or(u128::MAX, |above| !above)
    }
}

/// The n-grams of one order.
pub(super) struct Counts {
    /// Each once, in rising order.
    pub(super) grams: Vec<u128>,
    /// How often each of them counts.
    pub(super) counts: Vec<u32>,
}

/// Counts of the highest order: how often each n-gram stands in the text. The beginning of a document is known,
/// not predicted, and no unigram.
pub(super) fn highest(documents: &[&[u32]], order: usize, packing: Packing) -> Counts {
    let windows = documents.iter().flat_map(|document| document[usize::from(order == 1)..].windows(order));
    count(windows.map(|window| packing.pack(window)).collect())
}

/// Counts of the order below `above`: after how many different tokens each n-gram stands (Kneser and Ney 1995).
///
/// Before the beginning of a document stands no token: n-grams that begin with it count as often as they stand
/// in the text, as at the highest order.
pub(super) fn below(above: &Counts, documents: &[&[u32]], order: usize, packing: Packing) -> Counts {
    let suffixes = above.grams.iter().map(|&gram| packing.suffix(gram, order));
    let long = documents.iter().filter(|document| order > 1 && document.len() >= order);
    let beginnings = long.map(|document| packing.pack(&document[..order]));
    count(suffixes.chain(beginnings).collect())
}

fn count(mut grams: Vec<u128>) -> Counts {
    grams.sort_unstable();
    let counts = grams.chunk_by(|a, b| a == b).map(|equals| equals.len() as u32).collect();
    grams.dedup();
    Counts { grams, counts }
}
