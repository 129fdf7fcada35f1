//! The one error type of the crate.

use std::path::{Path, PathBuf};

/// What can go wrong between a settings file and a trained model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A tensor operation failed: nearly always a shape that does not fit.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file was read but does not hold what its name promises.
    #[error("{path}: {reason}")]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A setting is impossible alone or beside another.
    #[error("{setting}: expected {expected}, got {got}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// What would be right.
        expected: String,
        /// What was there.
        got: String,
    },
    /// A named tensor has another shape or type than the model, or is missing or superfluous.
    #[error("tensor {name}: expected {expected}, got {got}")]
    Parameter {
        /// The tensor's full name.
        name: String,
        /// The shape or presence that the model needs.
        expected: String,
        /// What was found.
        got: String,
    },
    /// A token id that the model has no embedding for.
    #[error("token id {id} is outside of the vocabulary of {vocabulary}")]
    Id {
        /// The offending id.
        id: u32,
        /// Size of the vocabulary.
        vocabulary: usize,
    },
    /// More positions than the model has angles or the cache has room for.
    #[error("position {position} is outside of the context of {context}")]
    Context {
        /// The first position too far.
        position: usize,
        /// Positions that there are.
        context: usize,
    },
    /// A loss or a gradient became infinite or not a number: the run cannot go on.
    #[error(
        "step {step}: {what} is {value}, at a learning rate of {lr:.3e}; the step before had {before}; \
         lower the peak of the schedule, warm up longer, or look at the batch of this step"
    )]
    NonFinite {
        /// The step that would have been taken, counted from 1.
        step: u64,
        /// `loss`, or the first parameter whose gradient is not finite.
        what: String,
        /// The value met.
        value: f64,
        /// Learning rate of the step.
        lr: f64,
        /// Loss and gradient norm of the step before.
        before: String,
    },
    /// The loss left its band and did not return: see [`Guard`](crate::Guard).
    #[error(
        "step {step}: the loss is {loss:.4} and far above {mean:.4} (± {deviation:.4}) since step {begun}; learning rate \
         {lr:.3e}, gradient norm {grad_norm:.3} (before {usual_norm:.3}), {share:.0}% of it in {largest}; lower the \
         peak of the schedule, warm up longer, or let a group slow {largest} down", share = share * 100.0
    )]
    Diverged {
        /// The step that would have been taken, counted from 1.
        step: u64,
        /// The first step of those that were far on end.
        begun: u64,
        /// Its loss, in nats.
        loss: f64,
        /// Mean loss of the ordinary steps before.
        mean: f64,
        /// Their standard deviation.
        deviation: f64,
        /// Learning rate of the step.
        lr: f64,
        /// Norm of its gradient before clipping.
        grad_norm: f64,
        /// Mean norm of the ordinary steps.
        usual_norm: f64,
        /// The parameter with the longest gradient.
        largest: String,
        /// Its share of the gradient's squares.
        share: f64,
    },
    /// Input tensors or a cache that do not belong to the model they are given to.
    #[error("{what}: expected {expected}, got {got}")]
    Input {
        /// Which part of the input.
        what: &'static str,
        /// What the model can take.
        expected: String,
        /// What it was given.
        got: String,
    },
    /// An objective or a source of batches from elsewhere cannot go on.
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
}

/// [`std::result::Result`] with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// For `map_err` on file operations.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    pub(crate) fn format(path: &Path, reason: impl Into<String>) -> Self {
        Self::Format { path: path.to_owned(), reason: reason.into() }
    }
}
