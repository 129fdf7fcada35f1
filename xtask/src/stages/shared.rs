//! What all tasks of a recipe need, made once a process.

use std::sync::{Arc, Mutex, PoisonError};

use pipeline::Io;

/// The last thing that was made, and for which recipe. Tasks of a stage follow one another, so one is enough.
pub(super) struct Shared<T>(Mutex<Option<(String, Arc<T>)>>);

impl<T> Shared<T> {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// What `make` made for this recipe, now or before. The one before is let go first: two need not be in memory.
    pub(super) fn of(&self, io: &Io, make: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<Arc<T>> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, made)) = last.as_ref().filter(|(recipe, _)| recipe == io.recipe()) {
            return Ok(Arc::clone(made));
        }
        *last = None;
        let made = Arc::new(make()?);
        *last = Some((io.recipe().to_owned(), Arc::clone(&made)));
        Ok(made)
    }
}
