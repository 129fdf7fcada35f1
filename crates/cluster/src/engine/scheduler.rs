//! The scheduler: which executor does which task.

use std::net::SocketAddr;
use std::sync::Arc;

use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::start_server;

use super::codec::LeafCodec;
use super::job::MOST_BYTES;
use super::session;

/// An executor that was not heard of for so long is lost; it speaks every [`super::executor::HEARTBEAT_S`].
const LOST_AFTER_S: u64 = 20;

/// How to serve.
#[derive(Debug, Clone)]
pub struct Scheduler {
    /// Where it listens, for executors, submitters and its REST interface alike.
    pub listen: SocketAddr,
    /// The name under which executors reach it, where that is not the address it listens at.
    pub host: Option<String>,
}

/// Serves until the process ends. All that it knows is in memory: after a crash, whoever submitted submits again.
///
/// # Errors
/// When it cannot listen.
pub async fn serve(settings: &Scheduler) -> std::io::Result<()> {
    let config = Arc::new(SchedulerConfig {
        external_host: settings.host.clone().unwrap_or_else(|| settings.listen.ip().to_string()),
        bind_host: settings.listen.ip().to_string(),
        bind_port: settings.listen.port(),
        executor_timeout_seconds: LOST_AFTER_S,
        expire_dead_executor_interval_seconds: 2,
        no_executors_grace_period_seconds: 60,
        grpc_server_max_decoding_message_size: MOST_BYTES as u32,
        grpc_server_max_encoding_message_size: MOST_BYTES as u32,
        override_physical_codec: Some(Arc::new(LeafCodec::default())),
        override_config_producer: Some(Arc::new(session)),
        // by default pages of another host may read what runs here
        cors_allowed_origins: format!("http://{}", settings.listen),
        web_tui_route: "/elsewhere".to_owned(),
        ..SchedulerConfig::default()
    });
    let cluster = BallistaCluster::new_from_config(&config).await.map_err(std::io::Error::other)?;
    start_server(cluster, settings.listen, config).await.map_err(std::io::Error::other)
}
