//! Apache Ballista: who does which task.

mod codec;
pub mod executor;
mod job;
mod leaf;
mod progress;
mod runner;
pub mod scheduler;

pub use executor::Executor;
pub use leaf::{Failed, Leaves};
pub use runner::Ballista;
pub use scheduler::Scheduler;

use ballista_core::extension::SessionConfigExt;
use datafusion::prelude::SessionConfig;

/// The settings of our jobs, the same for whoever submits, schedules and executes.
fn session() -> SessionConfig {
    SessionConfig::new_with_ballista()
        // a lost executor costs the tasks it was at, and a task is minutes
        .set_usize(ballista_core::config::BALLISTA_SCHEDULER_MAX_PARTITIONS_PER_TASK, 1)
        // one stage needs no plan that changes while it runs
        .with_ballista_adaptive_query_planner(false)
}
