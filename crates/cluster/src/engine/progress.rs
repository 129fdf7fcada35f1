//! How far a job is, from the scheduler's REST interface.

use object_store::ClientOptions;
use object_store::client::{HttpClient, HttpConnector, HttpRequest, HttpRequestBody, ReqwestConnector};
use serde::Deserialize;

/// Asks one scheduler.
pub(super) struct Rest {
    client: HttpClient,
    url: String,
}

#[derive(Deserialize)]
struct Stages {
    stages: Vec<Stage>,
}

#[derive(Deserialize)]
struct Stage {
    tasks: Vec<Option<TaskState>>,
}

#[derive(Deserialize)]
struct TaskState {
    status: serde_json::Value,
}

#[derive(Deserialize)]
struct Executor {}

impl Rest {
    pub(super) fn new(url: &str) -> object_store::Result<Self> {
        let client = ReqwestConnector::default().connect(&ClientOptions::new().with_allow_http(true))?;
        Ok(Self { client, url: url.to_owned() })
    }

    /// Tasks of the job that are done; nothing where the interface does not say.
    pub(super) async fn done(&self, job: &str) -> Option<u64> {
        let Stages { stages } = self.get(&format!("api/job/{job}/stages")).await?;
        let tasks = stages.into_iter().flat_map(|stage| stage.tasks).flatten();
        Some(tasks.filter(|task| task.status == "Successful").count() as u64)
    }

    /// Executors that the scheduler knows.
    pub(super) async fn executors(&self) -> Option<usize> {
        Some(self.get::<Vec<Executor>>("api/executors").await?.len())
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> Option<T> {
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.uri_mut() = format!("{}/{path}", self.url).parse().ok()?;
        let answer = self.client.execute(request).await.ok()?;
        let bytes = answer.into_body().bytes().await.ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}
