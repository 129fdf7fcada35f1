//! Work that takes a processor's time: on threads of its own, a few at once, and not for ever many waiting.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Answer, Refusal, Served};

/// Pieces of work at once.
const AT_ONCE: usize = 3;
/// Those at work, and those that wait.
const MOST: usize = 64;

/// Who works, and who waits.
pub(crate) struct Desk {
    places: Arc<Semaphore>,
    chairs: Arc<Semaphore>,
}

impl Default for Desk {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(AT_ONCE)), chairs: Arc::new(Semaphore::new(MOST)) }
    }
}

/// Does `work` when there is a place.
///
/// Work that has begun is done even if nobody waits for it any more, and keeps its place until then.
///
/// # Errors
/// Those of `work`, and a refusal where too many wait already.
pub(crate) async fn done<T: Send + 'static>(
    served: &Arc<Served>,
    work: impl FnOnce(&Served) -> Answer<T> + Send + 'static,
) -> Answer<T> {
    let desk = &served.desk;
    let chair = Arc::clone(&desk.chairs).try_acquire_owned().map_err(|_| Refusal::busy())?;
    placed(served, Some(chair), work).await
}

/// The same for an answer that has begun: nobody is sent away, for those who answer are few.
pub(crate) async fn patiently<T: Send + 'static>(
    served: &Arc<Served>,
    work: impl FnOnce(&Served) -> Answer<T> + Send + 'static,
) -> Answer<T> {
    placed(served, None, work).await
}

async fn placed<T: Send + 'static>(
    served: &Arc<Served>,
    chair: Option<OwnedSemaphorePermit>,
    work: impl FnOnce(&Served) -> Answer<T> + Send + 'static,
) -> Answer<T> {
    let place = Arc::clone(&served.desk.places).acquire_owned().await.map_err(Refusal::fault)?;
    let served = Arc::clone(served);
    let working = tokio::task::spawn_blocking(move || {
        let _held = (chair, place);
        work(&served)
    });
    working.await.map_err(Refusal::fault)?
}
