//! What to ask, of whom.

use std::path::PathBuf;
use std::time::Duration;

use http::Method;
use object_store::RetryConfig;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{HttpRequest, HttpRequestBody};
use object_store::signer::Signer;
use url::Url;

use super::{Access, Options, S3};
use crate::{Error, Result};

/// How long a signature holds; it is checked when a request begins.
const SIGNED_FOR: Duration = Duration::from_hours(1);

/// A file somewhere else.
pub(super) struct Address {
    url: String,
    /// Where it lies in a mirror: `host/path`.
    pub(super) place: PathBuf,
    scheme: Scheme,
}

enum Scheme {
    Web(Url),
    S3 { bucket: Box<AmazonS3>, key: object_store::path::Path, access: Access },
}

impl Address {
    pub(super) fn parse(text: &str, options: &Options) -> Result<Self> {
        let wrong = |detail: String| Error::Url { url: text.to_owned(), detail };
        let url = Url::parse(text).map_err(|error| wrong(format!("not a URL ({error})")))?;
        let host = url.host_str().filter(|host| !host.is_empty() && !host.starts_with('.'));
        let host = host.ok_or_else(|| wrong("expected scheme://host/path".to_owned()))?;
        let mut place = PathBuf::from(host);
        // the parser has resolved `.` and `..`, so no segment leads out of the mirror
        place.extend(url.path_segments().into_iter().flatten().filter(|segment| !segment.is_empty()));
        if let Some(query) = url.query() {
            place.as_mut_os_string().push(format!("?{}", query.replace('/', "%2F")));
        }
        let scheme = match url.scheme() {
            "http" | "https" => Scheme::Web(url),
            "s3" => {
                let key = object_store::path::Path::from_url_path(url.path())
                    .map_err(|error| wrong(format!("not a key ({error})")))?;
                let bucket = bucket(host, &options.s3).map_err(|error| wrong(error.to_string()))?;
                Scheme::S3 { bucket: Box::new(bucket), key, access: options.s3.access }
            }
            other => return Err(wrong(format!("expected https://, http:// or s3://, got {other}://"))),
        };
        Ok(Self { url: text.to_owned(), place, scheme })
    }

    /// A request without headers; for S3, freshly signed.
    pub(super) async fn request(&self, method: Method) -> Result<HttpRequest> {
        let wrong = |detail: String| Error::Url { url: self.url.clone(), detail };
        let url = match &self.scheme {
            Scheme::Web(url) => url.clone(),
            Scheme::S3 { bucket, key, access } => {
                let cure = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use an https:// address";
                let signed = bucket.signed_url(method.clone(), key, SIGNED_FOR).await;
                let mut url = signed.map_err(|error| wrong(format!("cannot sign ({error}); {cure}")))?;
                if *access == Access::Anonymous {
                    url.set_query(None);
                }
                url
            }
        };
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.uri_mut() = url.as_str().parse().map_err(|error| wrong(format!("not a URL ({error})")))?;
        *request.method_mut() = method;
        Ok(request)
    }
}

fn bucket(name: &str, settings: &S3) -> object_store::Result<AmazonS3> {
    let retry = RetryConfig { max_retries: 0, ..RetryConfig::default() };
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(name).with_retry(retry);
    if let Some(region) = &settings.region {
        builder = builder.with_region(region);
    }
    if let Some(endpoint) = &settings.endpoint {
        builder = builder.with_endpoint(endpoint).with_allow_http(true);
    }
    if settings.access == Access::Anonymous {
        // the signature is cut off again; what remains is the address that S3 wants
        builder = builder.with_access_key_id("anonymous").with_secret_access_key("anonymous");
    }
    builder.build()
}
