//! An executor: does tasks, and says so.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use ballista_core::config::TaskSchedulingPolicy;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};

use super::codec::LeafCodec;
use super::leaf::Leaves;
use super::session;

/// How often an executor tells the scheduler that it lives.
pub(super) const HEARTBEAT_S: u64 = 5;

/// How to serve.
#[derive(Debug, Clone)]
pub struct Executor {
    /// Host and port of the scheduler.
    pub scheduler: (String, u16),
    /// Where it listens: at this port and the next.
    pub listen: SocketAddr,
    /// The name under which the scheduler reaches it, where that is not the address it listens at.
    pub host: Option<String>,
    /// Tasks at once.
    pub slots: usize,
    /// An empty directory for the engine's own files, which stay empty.
    pub directory: PathBuf,
}

/// Serves until the process is told to end; tasks at hand are finished then.
///
/// # Errors
/// When it cannot listen, or the scheduler is not found.
pub async fn serve(settings: &Executor, leaves: Arc<dyn Leaves>) -> std::io::Result<()> {
    let (scheduler_host, scheduler_port) = settings.scheduler.clone();
    let port = settings.listen.port();
    let next = port.checked_add(1).ok_or_else(|| std::io::Error::other("there is no port after 65535"))?;
    let config = ExecutorProcessConfig {
        bind_host: settings.listen.ip().to_string(),
        external_host: Some(settings.host.clone().unwrap_or_else(|| settings.listen.ip().to_string())),
        port,
        grpc_port: next,
        scheduler_host,
        scheduler_port,
        scheduler_connect_timeout_seconds: 60,
        vcores: settings.slots,
        task_scheduling_policy: TaskSchedulingPolicy::PushStaged,
        work_dir: Some(settings.directory.to_string_lossy().into_owned()),
        job_data_ttl_seconds: 3600,
        job_data_clean_up_interval_seconds: 300,
        executor_heartbeat_interval_seconds: HEARTBEAT_S,
        // tasks have their own bounds
        memory_pool_size: Some(0),
        override_physical_codec: Some(Arc::new(LeafCodec::of(leaves))),
        override_config_producer: Some(Arc::new(session)),
        ..ExecutorProcessConfig::default()
    };
    start_executor_process(Arc::new(config)).await.map_err(std::io::Error::other)
}
