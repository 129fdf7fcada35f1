//! Objects that machines share: `s3://bucket/prefix`, or a directory as `file:///path`.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Name;
use object_store::{
    BackoffConfig, ClientOptions, Error as Trouble, ObjectStore, ObjectStoreExt, PutMode, PutPayload,
    RetryConfig, WriteMultipart,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Runtime;
use url::Url;

use super::Options;
use super::answer::with_causes;
use crate::{Error, Result};

/// Up to here an object is put in one request, which the server refuses where one stands.
const ONE_REQUEST: u64 = 64 << 20;
/// Larger ones go up in pieces of this size, a few at a time: what a put holds in memory.
const PIECE: usize = 16 << 20;
const PIECES_AT_ONCE: usize = 4;
/// Puts that the server refuses for another put beside them.
const MOST_CONFLICTS: usize = 10;

/// Objects below a prefix. Each is whole or not there, and none replaces another.
///
/// `s3://` takes credentials, region and server from the usual `AWS_…` variables; the server must know conditional puts
/// (`If-None-Match: *`, as Amazon's, `MinIO`, R2 and Ceph do). A server that is busy or away is asked some sixty times,
/// with waits between; then the call fails, and may be made again.
///
/// Calls block. Behind them is one private runtime; do not call from inside another one.
pub struct Bucket {
    url: String,
    prefix: Name,
    store: Arc<dyn ObjectStore>,
    runtime: Runtime,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bucket").field(&self.url).finish()
    }
}

impl Bucket {
    /// Prepares a client; nothing is asked yet.
    ///
    /// # Errors
    /// [`Error::Url`] for an address that is neither `s3://bucket/prefix` nor `file:///directory`.
    pub fn open(url: &str) -> Result<Self> {
        let wrong = |detail: String| Error::Url { url: url.to_owned(), detail };
        let parsed = Url::parse(url).map_err(|error| wrong(format!("not a URL ({error})")))?;
        let prefix =
            Name::from_url_path(parsed.path()).map_err(|error| wrong(format!("not a prefix ({error})")))?;
        let (store, prefix): (Arc<dyn ObjectStore>, Name) = match (parsed.scheme(), parsed.host_str()) {
            ("s3", Some(bucket)) => (Arc::new(s3(bucket).map_err(|error| wrong(error.to_string()))?), prefix),
            ("file", None) => {
                let directory = parsed.to_file_path().map_err(|()| wrong("not a path".to_owned()))?;
                std::fs::create_dir_all(&directory).map_err(Error::io(&directory))?;
                let store =
                    LocalFileSystem::new_with_prefix(&directory).map_err(|error| wrong(error.to_string()))?;
                (Arc::new(store), Name::default())
            }
            _ => return Err(wrong("expected s3://bucket/prefix or file:///directory".to_owned())),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1) // it only moves bytes
            .thread_name("bucket")
            .enable_all()
            .build()
            .map_err(|error| Error::Client { detail: error.to_string() })?;
        Ok(Self { url: url.trim_end_matches('/').to_owned(), prefix, store, runtime })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Writes the object `name` to the file `to`; false, and perhaps an empty file, where there is no such object.
    ///
    /// # Errors
    /// [`Error::Object`] from the server, [`Error::Io`] from the disk.
    pub fn get(&self, name: &str, to: &Path) -> Result<bool> {
        self.runtime.block_on(async {
            let mut bytes = match self.store.get(&self.place(name)).await {
                Err(Trouble::NotFound { .. }) => return Ok(false),
                answer => answer.map_err(|error| self.trouble(name, &error))?.into_stream(),
            };
            let mut file = tokio::fs::File::create(to).await.map_err(Error::io(to))?;
            while let Some(piece) = bytes.try_next().await.map_err(|error| self.trouble(name, &error))? {
                file.write_all(&piece).await.map_err(Error::io(to))?;
            }
            file.sync_all().await.map_err(Error::io(to))?;
            Ok(true)
        })
    }

    /// Puts the file `from` under `name`; false where something stands there already.
    ///
    /// Up to 64 MiB the server sees to it that one of several puts succeeds. Beyond, one that comes at the same time may
    /// replace it: whoever allows that puts equal bytes.
    ///
    /// # Errors
    /// [`Error::Object`] from the server, [`Error::Io`] from the disk.
    pub fn put(&self, name: &str, from: &Path) -> Result<bool> {
        self.runtime.block_on(async {
            let length = std::fs::metadata(from).map_err(Error::io(from))?.len();
            if length > ONE_REQUEST {
                if self.exists(name).await? {
                    return Ok(false);
                }
                return self.put_in_pieces(name, from).await.map(|()| true);
            }
            for _ in 0..MOST_CONFLICTS {
                let bytes = tokio::fs::read(from).await.map_err(Error::io(from))?;
                let put = self
                    .store
                    .put_opts(&self.place(name), PutPayload::from(bytes), PutMode::Create.into())
                    .await;
                match put {
                    Ok(_) => return Ok(true),
                    // another put is on its way, and may yet fail
                    Err(Trouble::AlreadyExists { .. }) if !self.exists(name).await? => {
                        tokio::time::sleep(Duration::from_millis(200)).await;
                    }
                    Err(Trouble::AlreadyExists { .. }) => return Ok(false),
                    Err(error) => return Err(self.trouble(name, &error)),
                }
            }
            let detail = "others put it again and again, and it is not there".to_owned();
            Err(Error::Object { name: self.full(name), detail })
        })
    }

    /// The last parts of the names of all objects directly below `below`.
    ///
    /// # Errors
    /// [`Error::Object`].
    pub fn names(&self, below: &str) -> Result<Vec<String>> {
        self.runtime.block_on(async {
            let place = self.place(below);
            let listed = self.store.list_with_delimiter(Some(&place)).await;
            let listed = listed.map_err(|error| self.trouble(below, &error))?;
            Ok(listed
                .objects
                .iter()
                .filter_map(|object| object.location.filename().map(str::to_owned))
                .collect())
        })
    }

    async fn exists(&self, name: &str) -> Result<bool> {
        match self.store.head(&self.place(name)).await {
            Ok(_) => Ok(true),
            Err(Trouble::NotFound { .. }) => Ok(false),
            Err(error) => Err(self.trouble(name, &error)),
        }
    }

    async fn put_in_pieces(&self, name: &str, from: &Path) -> Result<()> {
        let upload = self.store.put_multipart(&self.place(name)).await;
        let upload = upload.map_err(|error| self.trouble(name, &error))?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PIECE);
        let mut file = tokio::fs::File::open(from).await.map_err(Error::io(from))?;
        let mut piece = vec![0; PIECE];
        loop {
            let read = file.read(&mut piece).await.map_err(Error::io(from))?;
            if read == 0 {
                break;
            }
            upload.wait_for_capacity(PIECES_AT_ONCE).await.map_err(|error| self.trouble(name, &error))?;
            upload.write(&piece[..read]);
        }
        upload.finish().await.map(drop).map_err(|error| self.trouble(name, &error))
    }

    fn place(&self, name: &str) -> Name {
        self.prefix.parts().chain(Name::from(name).parts()).collect()
    }

    fn full(&self, name: &str) -> String {
        format!("{}/{name}", self.url)
    }

    fn trouble(&self, name: &str, error: &Trouble) -> Error {
        let detail = with_causes(error.to_string().replace('\n', " "), error);
        Error::Object { name: self.full(name), detail }
    }
}

fn s3(bucket: &str) -> object_store::Result<object_store::aws::AmazonS3> {
    let agent = Options::default().user_agent;
    let backoff = BackoffConfig { init_backoff: Duration::from_millis(200), ..BackoffConfig::default() };
    let retry = RetryConfig { backoff, max_retries: 60, retry_timeout: Duration::from_mins(5) };
    let mut client = ClientOptions::new().with_timeout(Duration::from_mins(5));
    if let Ok(agent) = agent.parse() {
        client = client.with_user_agent(agent);
    }
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket).with_retry(retry);
    // a server on loopback or in one's own network speaks plain HTTP
    if builder
        .get_config_value(&AmazonS3ConfigKey::Endpoint)
        .is_some_and(|server| server.starts_with("http://"))
    {
        client = client.with_allow_http(true);
    }
    builder = builder.with_client_options(client);
    builder.build()
}
