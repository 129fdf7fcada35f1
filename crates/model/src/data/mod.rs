//! Where training batches come from.

mod batch;
mod map;
mod mixture;
mod order;
mod packed;
mod pieces;
mod quota;
mod rows;
mod tokens;

pub use batch::TokenBatch;
pub use mixture::Mixture;
pub use packed::Packed;
pub use pieces::best_fit;
pub use rows::Rows;
pub use tokens::{Tokens, Width};

use serde::{Deserialize, Serialize};

use crate::Result;

/// A source of training batches that can be left and found again.
///
/// On-policy batches are made when asked for, which is why `next` is told the step. One batch for ever:
///
/// ```
/// use model::{Batches, Cursor, Result};
///
/// struct Same(Vec<u32>);
///
/// impl Batches for Same {
///     type Batch = Vec<u32>;
///     fn next(&mut self, _step: u64) -> Result<Option<Vec<u32>>> {
///         Ok(Some(self.0.clone()))
///     }
///     fn cursor(&self) -> Cursor {
///         Cursor::default()
///     }
///     fn seek(&mut self, _: &Cursor) -> Result<()> {
///         Ok(())
///     }
/// }
/// ```
pub trait Batches {
    /// What an [`Objective`](crate::Objective) computes a loss from.
    type Batch;

    /// The next batch of optimizer step `step`, or `None` when there is no more.
    fn next(&mut self, step: u64) -> Result<Option<Self::Batch>>;

    /// The place from which the next batch would come.
    fn cursor(&self) -> Cursor;

    /// Goes to a place; the batches from there are those that came when the cursor was taken.
    fn seek(&mut self, cursor: &Cursor) -> Result<()>;
}

/// A place in a source of batches. It is written into checkpoints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// Completed passes over the data.
    pub epoch: u64,
    /// Rows taken in the present pass.
    pub row: u64,
}
