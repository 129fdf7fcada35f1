//! One job at the scheduler: submitted, watched, cancelled.

use std::sync::Arc;
use std::time::Duration;

use ballista_core::extension::SessionConfigHelperExt;
use ballista_core::serde::protobuf::execute_query_params::Query;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_core::serde::protobuf::{
    CancelJobParams, ExecuteQueryParams, GetJobStatusParams, KeyValuePair, execute_query_result, job_status,
};
use ballista_core::utils::create_grpc_client_endpoint;
use ballista_core::version::insert_version_header;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::physical_plan::AsExecutionPlan;
use datafusion_proto::protobuf::PhysicalPlanNode;
use tonic::transport::Channel;

use super::codec::LeafCodec;
use super::session;

/// Bytes of a message.
pub(super) const MOST_BYTES: usize = 64 << 20;

/// How long an answer of the scheduler is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// What went wrong with a job.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The scheduler does not answer, or does not know the job: it may have begun anew.
    Lost(String),
    /// The job was refused or has failed.
    Failed(String),
}

/// An error with its causes: the outer one often says no more than that there was one.
fn chain(error: &dyn std::error::Error) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// A submitted job.
pub(super) struct Job {
    client: SchedulerGrpcClient<Channel>,
    pub(super) id: String,
}

/// Where a job stands.
pub(super) enum State {
    Open,
    Done,
}

impl Job {
    /// Submits `plan` under `name` to the scheduler at `url`.
    pub(super) async fn submit(url: &str, name: &str, plan: Arc<dyn ExecutionPlan>) -> Result<Self, Trouble> {
        let lost = |error: &dyn std::error::Error| Trouble::Lost(chain(error));
        let failed = |error: &dyn std::fmt::Display| Trouble::Failed(error.to_string());
        let endpoint = create_grpc_client_endpoint(url.to_owned(), None).map_err(|error| failed(&error))?;
        // one that takes a connection and never answers is lost, too
        let endpoint = endpoint.connect_timeout(PATIENCE).timeout(PATIENCE);
        let channel = endpoint.connect().await.map_err(|error| lost(&error))?;
        let mut client = SchedulerGrpcClient::new(channel)
            .max_encoding_message_size(MOST_BYTES)
            .max_decoding_message_size(MOST_BYTES);
        let node = PhysicalPlanNode::try_from_physical_plan(plan, &LeafCodec::default());
        let mut bytes = vec![];
        node.and_then(|node| node.try_encode(&mut bytes)).map_err(|error| failed(&error))?;
        let mut settings = session().to_key_value_pairs();
        settings.push(KeyValuePair {
            key: ballista_core::config::BALLISTA_JOB_NAME.to_owned(),
            value: Some(name.to_owned()),
        });
        let mut request = tonic::Request::new(ExecuteQueryParams {
            session_id: format!("deepdive-{}", std::process::id()),
            settings,
            operation_id: name.to_owned(),
            query: Some(Query::PhysicalPlan(bytes)),
        });
        insert_version_header(request.metadata_mut());
        let answer = client.execute_query(request).await.map_err(|status| match status.code() {
            // a time-out of our own comes as "cancelled"
            tonic::Code::Unavailable
            | tonic::Code::Unknown
            | tonic::Code::Cancelled
            | tonic::Code::DeadlineExceeded => lost(&status),
            _ => failed(&status.message()),
        })?;
        match answer.into_inner().result {
            Some(execute_query_result::Result::Success(job)) => Ok(Self { client, id: job.job_id }),
            other => Err(Trouble::Failed(format!("the scheduler refused the job: {other:?}"))),
        }
    }

    /// Where it stands now.
    pub(super) async fn state(&mut self) -> Result<State, Trouble> {
        let asked = self.client.get_job_status(GetJobStatusParams { job_id: self.id.clone() }).await;
        let status = asked.map_err(|status| Trouble::Lost(status.to_string()))?.into_inner().status;
        match status.map(|status| status.status) {
            Some(Some(job_status::Status::Queued(_) | job_status::Status::Running(_)) | None) => {
                Ok(State::Open)
            }
            Some(Some(job_status::Status::Successful(_))) => Ok(State::Done),
            Some(Some(job_status::Status::Failed(failed))) => Err(Trouble::Failed(failed.error)),
            None => Err(Trouble::Lost("the scheduler does not know the job".to_owned())),
        }
    }

    /// Takes back what has not begun.
    pub(super) async fn cancel(&mut self) {
        if let Err(status) = self.client.cancel_job(CancelJobParams { job_id: self.id.clone() }).await {
            tracing::warn!(job = self.id, "cannot be cancelled: {}", status.message());
        }
    }
}
