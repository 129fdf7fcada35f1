//! SIGINT and SIGTERM: a stage that listens saves what it has, any other ends at once.

use std::sync::OnceLock;

use pipeline::Stop;

/// What a shell expects of a program that a signal ended.
const INTERRUPTED: i32 = 130;

/// The one wish of this process; signals ask it from the first call on. A signal repeated ends the process: whatever is
/// half done then is found and done again by the next run.
pub(crate) fn on_signals() -> Stop {
    static STOP: OnceLock<Stop> = OnceLock::new();
    let make = || {
        let stop = Stop::default();
        let asked = stop.clone();
        let handler = move || {
            if !asked.ask() {
                std::process::exit(INTERRUPTED);
            }
            tracing::warn!("stopping after this step; ask again to stop at once");
        };
        if let Err(problem) = ctrlc::set_handler(handler) {
            tracing::warn!(%problem, "signals end the program without saving");
        }
        stop
    };
    STOP.get_or_init(make).clone()
}
