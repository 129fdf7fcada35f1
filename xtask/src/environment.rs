//! What must be settled before the first thread starts.

use crate::cli::{Cli, Verb};

/// Tells the matrix libraries how many threads there are.
///
/// candle reads these variables once and has no call for them. Its own pool for element-wise work spins while it
/// waits, which on two cores costs three times the work (4.4 against 17.9 CPU-seconds for the same 20 steps, the same
/// bits), so it gets one thread; matrix products run on rayon's pool.
#[allow(unsafe_code, reason = "a leaf module: see the safety argument")]
pub(crate) fn settle(cli: &Cli) {
    let threads = match &cli.verb {
        Verb::Reproduce(arguments) => arguments.threads,
        _ => None,
    };
    // SAFETY: the one caller is `program`, first thing in `main`: no other thread exists that could read the
    // environment meanwhile.
    unsafe {
        std::env::set_var("CANDLE_NUM_THREADS", "1");
        if let Some(threads) = threads {
            std::env::set_var("RAYON_NUM_THREADS", threads.to_string());
        }
    }
}
