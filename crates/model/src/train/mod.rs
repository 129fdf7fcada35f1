//! One training loop for every objective.

mod adamw;
mod checkpoints;
mod fit;
mod gradients;
mod group;
mod guard;
mod muon;
mod objective;
mod schedule;

pub use adamw::{AdamW, AdamWSettings};
pub use checkpoints::Checkpoints;
pub use fit::{Plan, Progress, Summary, fit};
pub use gradients::Gradients;
pub use group::Group;
pub use guard::Guard;
pub use muon::Muon;
pub use objective::{Loss, NextToken, Objective};
pub use schedule::{Decay, Schedule};

use std::collections::BTreeMap;

use candle_core::Tensor;

use crate::{Params, Result};

/// Changes parameters so that the loss falls, and can be saved to the last bit.
///
/// Plain gradient descent, which has nothing to remember:
///
/// ```
/// use std::collections::BTreeMap;
/// use candle_core::Tensor;
/// use model::{Gradients, Optimizer, Params, Result};
///
/// struct Descent;
///
/// impl Optimizer for Descent {
///     fn step(&mut self, params: &Params, gradients: &Gradients, lr: f64) -> Result<()> {
///         for (name, gradient) in gradients.iter() {
///             params.update(name, |values| {
///                 values.iter_mut().zip(gradient).for_each(|(x, g)| *x -= lr as f32 * g);
///             })?;
///         }
///         params.touch();
///         Ok(())
///     }
///     fn state(&self) -> Result<BTreeMap<String, Tensor>> {
///         Ok(BTreeMap::new())
///     }
///     fn load(&mut self, _: BTreeMap<String, Tensor>) -> Result<()> {
///         Ok(())
///     }
/// }
/// ```
pub trait Optimizer {
    /// Takes one step. Implementations call [`Params::touch`] when they are done.
    fn step(&mut self, params: &Params, gradients: &Gradients, lr: f64) -> Result<()>;

    /// Everything that the next step depends on besides the parameters.
    fn state(&self) -> Result<BTreeMap<String, Tensor>>;

    /// Takes back what [`state`](Optimizer::state) gave.
    fn load(&mut self, state: BTreeMap<String, Tensor>) -> Result<()>;
}
