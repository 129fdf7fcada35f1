//! Connections: how many, how patient the server is with them, and how they end.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;

/// How long the head of a request may take, also the next one on a connection.
const HEAD: Duration = Duration::from_secs(20);
/// How long a client may take none of its answer.
const UNREAD: Duration = Duration::from_secs(30);
/// How long answers may go on once the server is asked to end.
const GRACE: Duration = Duration::from_secs(20);
/// Bytes of a request's head.
const LONGEST_HEAD: usize = 32 << 10;

/// Serves until `end`, then lets answers come to theirs.
pub(super) async fn listen(
    listener: TcpListener,
    router: Router,
    most: usize,
    end: impl Future<Output = ()> + Send,
) {
    let (graceful, places) = (GracefulShutdown::new(), Arc::new(Semaphore::new(most)));
    let mut end = std::pin::pin!(end);
    loop {
        // who finds no place waits in the operating system's queue
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = &mut end => break,
            accepted = accepted => accepted,
        };
        let (stream, _) = match accepted {
            Ok(accepted) => accepted,
            Err(problem) => {
                // too many open files, most often: others must end first
                tracing::warn!(%problem, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_buf_size(LONGEST_HEAD)
            .serve_connection(patient(stream), TowerToHyperService::new(router.clone()));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(problem) = connection.await {
                tracing::debug!(%problem, "a connection broke off");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some answers were cut off");
    }
}

/// A stream whose peer must read.
fn patient(stream: TcpStream) -> TokioIo<std::pin::Pin<Box<TimeoutStream<TcpStream>>>> {
    // tokens are small and must not wait for one another
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(UNREAD));
    TokioIo::new(Box::pin(stream))
}
