//! `cc_index('…')`: Common Crawl's columnar index as a table.
//!
//! The index of a crawl is some three hundred Parquet files of about a gigabyte. None is fetched whole: footers say which
//! row groups can hold what is asked for, and of these the columns are fetched that the query names. A file is not even
//! opened before its turn comes, so a query with a `limit` ends early. The columns `crawl` and `subset`, which stand in
//! paths and not in files, are left out; other subsets than `warc` hold no pages.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::ScalarValue;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::Expr;
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use object_store::http::HttpBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as StorePath;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};
use pipeline::{Error, Fault};
use tokio::sync::Semaphore;
use url::Url;

use super::catalog::external;
use super::reader::Readers;
use super::shards::{Elsewhere, Shards};
use super::{Options, fault, is_parquet};

/// Where Common Crawl's files are.
const HOST: &str = "https://data.commoncrawl.org";
/// The subset that pages are in.
const SUBSET: &str = "warc";

/// The function.
pub(super) struct CcIndex {
    options: Options,
    permits: Arc<Semaphore>,
}

/// A file of an index.
enum Place {
    Here(PathBuf),
    There(Url),
}

impl CcIndex {
    pub(super) fn new(options: &Options) -> Self {
        Self { options: options.clone(), permits: Arc::new(Semaphore::new(options.connections.max(1))) }
    }

    fn table(&self, whose: &str) -> pipeline::Result<Shards> {
        let places = self.places(whose)?;
        if places.iter().all(|place| matches!(place, Place::Here(_))) {
            let here = places.into_iter().filter_map(|place| match place {
                Place::Here(path) => Some(path),
                Place::There(_) => None,
            });
            let sized = here.map(|path| {
                let bytes = std::fs::metadata(&path).map(|metadata| metadata.len());
                bytes.map(|bytes| (path.clone(), bytes)).map_err(|error| unreadable(&path.display(), &error))
            });
            return Shards::local(&sized.collect::<pipeline::Result<Vec<_>>>()?);
        }
        let (files, readers) = self.readers(&places)?;
        let readers = Arc::new(readers);
        let first = files.first().expect("an index without files is refused").object_meta.location.clone();
        let schema = async {
            let mut reader = readers.open(&first, Box::new(|_| ()))?;
            let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
            Ok::<_, DataFusionError>(ArrowReaderMetadata::load_async(&mut reader, options).await?)
        };
        // planning is no place to wait in, but a table function has no other
        let read = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(schema));
        let read = read.map_err(|error| {
            fault::ours(&error).unwrap_or_else(|| unreadable(&first, &fault::plainly(&error)))
        })?;
        let at_once = self.options.connections.max(1);
        Ok(Shards {
            schema: Arc::clone(read.schema()),
            files,
            elsewhere: Some(Elsewhere { readers, at_once }),
        })
    }

    /// The files of the index that `whose` names: a crawl, a list, a directory or one file.
    fn places(&self, whose: &str) -> pipeline::Result<Vec<Place>> {
        let path = Path::new(whose);
        let mut places = vec![];
        if path.is_dir() {
            below(path, &mut places).map_err(|error| unreadable(&path.display(), &error))?;
        } else if path.is_file() && is_parquet(path) {
            places.push(Place::Here(path.to_owned()));
        } else {
            let (list, host) = list_of(whose)?;
            let listed = tokio::task::block_in_place(|| (self.options.lists)(&list))?;
            for line in listed.iter().filter(|line| is_parquet(Path::new(line)) && is_wanted(line)) {
                places.push(self.place(&format!("{host}/{}", line.trim_start_matches('/')))?);
            }
        }
        if places.is_empty() {
            let fault = Fault::new(format!("the index {whose} has no files of the subset {SUBSET}"));
            let expected = "paths of Parquet files, as cc-index-table.paths.gz has them";
            return Err(Error::Input(
                fault.expected(expected).cure("name a crawl: cc_index('CC-MAIN-2024-10')"),
            ));
        }
        Ok(places)
    }

    /// A file in the mirror, or where it comes from.
    fn place(&self, address: &str) -> pipeline::Result<Place> {
        let wrong = |error: url::ParseError| unreadable(&address, &error);
        let url = Url::parse(address).map_err(wrong)?;
        let mirrored = self.options.mirror.as_ref().map(|mirror| {
            let mut path = mirror.join(url.host_str().unwrap_or_default());
            path.extend(url.path_segments().into_iter().flatten().filter(|segment| !segment.is_empty()));
            path
        });
        Ok(mirrored.filter(|path| path.is_file()).map_or(Place::There(url), Place::Here))
    }

    /// Files as DataFusion names them, and who reads each. Their lengths are not known yet.
    fn readers(&self, places: &[Place]) -> pipeline::Result<(Vec<PartitionedFile>, Readers)> {
        let local: Arc<dyn ObjectStore> = Arc::new(LocalFileSystem::new());
        let mut hosts: BTreeMap<String, Arc<dyn ObjectStore>> = BTreeMap::new();
        let (mut files, mut stores) = (vec![], BTreeMap::new());
        for place in places {
            let (path, store) = match place {
                Place::Here(path) => {
                    let path =
                        std::path::absolute(path).map_err(|error| unreadable(&path.display(), &error))?;
                    let here = StorePath::from_absolute_path(&path);
                    (here.map_err(|error| unreadable(&path.display(), &error))?, &local)
                }
                Place::There(url) => {
                    let host = url.origin().ascii_serialization();
                    if !hosts.contains_key(&host) {
                        hosts.insert(host.clone(), self.store(&host)?);
                    }
                    let path = StorePath::from_url_path(url.path());
                    (path.map_err(|error| unreadable(url, &error))?, &hosts[&host])
                }
            };
            let mut file = PartitionedFile::new("", 0);
            file.object_meta.location = path.clone();
            files.push(file);
            stores.insert(path, Arc::clone(store));
        }
        Ok((files, Readers { stores, permits: Arc::clone(&self.permits) }))
    }

    /// A server, asked with patience: 429 and 5xx wait longer each time, anything else is taken at its word.
    fn store(&self, host: &str) -> pipeline::Result<Arc<dyn ObjectStore>> {
        let agent = self.options.user_agent.parse();
        let agent = agent.map_err(|_| unreadable(&host, &"the user agent is not ASCII text"))?;
        let client = ClientOptions::new()
            .with_user_agent(agent)
            .with_allow_http(true)
            .with_connect_timeout(Duration::from_secs(30))
            .with_timeout(Duration::from_mins(5));
        let retry = RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_secs(1),
                max_backoff: Duration::from_mins(1),
                base: 2.0,
            },
            max_retries: 20,
            retry_timeout: Duration::from_hours(1),
        };
        let store = HttpBuilder::new().with_url(host).with_client_options(client).with_retry(retry).build();
        Ok(Arc::new(store.map_err(|error| unreadable(&host, &error))?))
    }
}

/// The list of an index's files, and what stands before its lines.
fn list_of(whose: &str) -> pipeline::Result<(String, String)> {
    if whose.starts_with("http://") || whose.starts_with("https://") {
        let url = Url::parse(whose).map_err(|error| unreadable(&whose, &error))?;
        return Ok((whose.to_owned(), url.origin().ascii_serialization()));
    }
    if Path::new(whose).is_file() {
        return Ok((whose.to_owned(), HOST.to_owned()));
    }
    let is_crawl = whose.starts_with("CC-MAIN-") && !whose.contains(['/', '?', '#', ' ']);
    if !is_crawl {
        let fault = Fault::new("cc_index knows no such index").got(format!("'{whose}'"));
        let expected =
            "a crawl as 'CC-MAIN-2024-10', the URL or file of a list, a directory or a Parquet file";
        let cure = "https://index.commoncrawl.org/collinfo.json lists the crawls";
        return Err(Error::Wiring(fault.expected(expected).cure(cure)));
    }
    Ok((format!("{HOST}/crawl-data/{whose}/cc-index-table.paths.gz"), HOST.to_owned()))
}

/// All Parquet files of the subset below a directory, in the order of their names.
fn below(directory: &Path, found: &mut Vec<Place>) -> std::io::Result<()> {
    let entries = std::fs::read_dir(directory)?.collect::<std::io::Result<Vec<_>>>()?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && is_wanted(&name) {
            below(&path, found)?;
        } else if path.is_file() && is_parquet(&path) {
            found.push(Place::Here(path));
        }
    }
    Ok(())
}

/// Whether a path is of the wanted subset, or of none.
fn is_wanted(path: &str) -> bool {
    path.split('/').filter_map(|part| part.strip_prefix("subset=")).all(|subset| subset == SUBSET)
}

fn unreadable(what: &dyn fmt::Display, got: &dyn fmt::Display) -> Error {
    let fault = Fault::new(format!("the index cannot be read: {what}")).got(got.to_string());
    Error::Input(fault.cure("check the name and the network, or give --mirror DIR"))
}

impl TableFunctionImpl for CcIndex {
    fn call_with_args(&self, arguments: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        let [Expr::Literal(value, _)] = arguments.exprs() else {
            return Err(external(Error::Wiring(usage(arguments.exprs().len()))));
        };
        let (ScalarValue::Utf8(Some(whose))
        | ScalarValue::LargeUtf8(Some(whose))
        | ScalarValue::Utf8View(Some(whose))) = value
        else {
            return Err(external(Error::Wiring(usage(1))));
        };
        Ok(Arc::new(self.table(whose).map_err(external)?))
    }
}

fn usage(got: usize) -> Fault {
    let fault = Fault::new("cc_index takes one text in single quotes").got(format!("{got} arguments"));
    fault.expected("cc_index('CC-MAIN-2024-10')")
}

impl fmt::Debug for CcIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CcIndex")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crawl_a_url_and_nothing_else_lead_to_a_list() {
        let (list, host) = list_of("CC-MAIN-2024-10").unwrap();
        assert_eq!(list, "https://data.commoncrawl.org/crawl-data/CC-MAIN-2024-10/cc-index-table.paths.gz");
        assert_eq!(host, "https://data.commoncrawl.org");
        let (_, host) = list_of("http://127.0.0.1:80/a/paths.gz").unwrap();
        assert_eq!(host, "http://127.0.0.1");
        for wrong in ["", "CC-MAIN-/etc", "cc-main-2024-10", "no/such/file"] {
            assert!(matches!(list_of(wrong), Err(Error::Wiring(_))), "{wrong}");
        }
    }

    #[test]
    fn other_subsets_are_left_out() {
        let wanted = "cc-index/table/cc-main/warc/crawl=CC-MAIN-2024-10/subset=warc/part-0.parquet";
        assert!(is_wanted(wanted) && is_wanted("part-0.parquet"));
        assert!(!is_wanted(&wanted.replace("subset=warc", "subset=robotstxt")));
    }
}
