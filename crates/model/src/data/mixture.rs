//! Rows of several sources, mixed in given shares.

use super::batch::{Draft, Shape};
use super::quota::Quota;
use super::{Batches, Cursor, Packed, TokenBatch};
use crate::{Error, Result};

/// Deals rows of several sources, so that each has its share after any number of rows, rounded to whole rows.
///
/// Nothing is drawn: whose row comes next follows from the weights, and how many rows each source has dealt
/// from the number of all. A batch may hold rows of several sources. A small source with a large share begins
/// its next epoch sooner; where a source makes one pass only, the mixture ends at its end.
///
/// ```
/// use model::{Batches, Mixture, Packed, Tokens};
///
/// # fn main() -> model::Result<()> {
/// let source = |id, seed| Packed::shuffled(Tokens::from([0, id, id, id].repeat(9)), 4, 5, 0, seed);
/// let mut mixture = Mixture::new(vec![(source(7, 1)?, 3.0), (source(8, 2)?, 2.0)])?;
/// mixture.next(0)?;
/// assert_eq!(mixture.dealt(), [3, 2]);
/// # Ok(())
/// # }
/// ```
pub struct Mixture {
    sources: Vec<Packed>,
    quota: Quota,
    shape: Shape,
}

impl Mixture {
    /// Sources from their beginnings, with weights in proportion to which they are mixed.
    ///
    /// They agree in context, rows per batch and `bos`; weights are positive and need not add up to 1.
    pub fn new(sources: Vec<(Packed, f64)>) -> Result<Self> {
        let (sources, weights): (Vec<Packed>, Vec<f64>) = sources.into_iter().unzip();
        let Some(first) = sources.first() else {
            let expected = "at least one source".into();
            return Err(Error::Setting { setting: "mixture", expected, got: "none".into() });
        };
        let shape = first.shape();
        if let Some(other) = sources.iter().map(Packed::shape).find(|other| *other != shape) {
            let expected = format!("the batches of the first source, {shape:?}");
            return Err(Error::Setting { setting: "mixture", expected, got: format!("{other:?}") });
        }
        if let Some(weight) = weights.iter().find(|weight| !(weight.is_finite() && **weight > 0.0)) {
            let expected = "a weight above 0".into();
            return Err(Error::Setting { setting: "mixture", expected, got: weight.to_string() });
        }
        let mut mixture = Self { sources, quota: Quota::new(weights), shape };
        mixture.seek(&Cursor::default())?;
        Ok(mixture)
    }

    /// Rows that each source has dealt so far.
    pub fn dealt(&self) -> &[u64] {
        self.quota.taken()
    }

    /// Writes the next row; `false` if the source that is due has ended.
    fn deal(&mut self, draft: &mut Draft) -> bool {
        let source = self.quota.due();
        let dealt = self.sources[source].deal(draft);
        if dealt {
            self.quota.take(source);
        }
        dealt
    }
}

impl Batches for Mixture {
    type Batch = TokenBatch;

    fn next(&mut self, _: u64) -> Result<Option<TokenBatch>> {
        self.shape.batch(|draft| self.deal(draft))
    }

    /// The number of rows dealt; epochs are the sources' own.
    fn cursor(&self) -> Cursor {
        Cursor { epoch: 0, row: self.dealt().iter().sum() }
    }

    /// Deals the turns again, though not the rows.
    fn seek(&mut self, cursor: &Cursor) -> Result<()> {
        self.quota.restart();
        for _ in 0..cursor.row {
            self.quota.take(self.quota.due());
        }
        for (source, &dealt) in self.sources.iter_mut().zip(self.quota.taken()) {
            source.seek_after(dealt)?;
        }
        Ok(())
    }
}
