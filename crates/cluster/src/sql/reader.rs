//! Ranges of remote Parquet files: few requests at a time, ranges that touch as one.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::ParquetFileReaderFactory;
use datafusion::error::{DataFusionError, Result};
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::{ParquetError, Result as ParquetResult};
use datafusion::parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricBuilder};
use futures_util::future::BoxFuture;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt, PutPayload};
use pipeline::{Error, Fault};
use tokio::sync::Semaphore;

/// The type of bytes that parquet and object_store share, by a name that one of them gives it.
type Bytes = <PutPayload as IntoIterator>::Item;

/// Bytes at the end of a file that are asked for at once: most footers fit.
const FOOTER: usize = 256 << 10;
/// Ranges that lie so near are one request.
const GAP: u64 = 64 << 10;

/// Where the files of an index lie, by path, and how many requests may be under way.
#[derive(Debug)]
pub(super) struct Readers {
    pub(super) stores: BTreeMap<Path, Arc<dyn ObjectStore>>,
    pub(super) permits: Arc<Semaphore>,
}

/// One file, whose length is asked for when it is opened.
pub(super) struct Reader {
    store: Arc<dyn ObjectStore>,
    path: Path,
    permits: Arc<Semaphore>,
    fetched: Box<dyn Fn(usize) + Send + Sync>,
}

impl Readers {
    /// A reader of the file at `path`, which tells `fetched` of its bytes.
    pub(super) fn open(&self, path: &Path, fetched: Box<dyn Fn(usize) + Send + Sync>) -> Result<Reader> {
        let store = self
            .stores
            .get(path)
            .ok_or_else(|| DataFusionError::Internal(format!("{path} is no file of the index")))?;
        let (store, permits) = (Arc::clone(store), Arc::clone(&self.permits));
        Ok(Reader { store, path: path.clone(), permits, fetched })
    }
}

impl ParquetFileReaderFactory for Readers {
    fn create_reader(
        &self,
        partition: usize,
        file: PartitionedFile,
        _: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let scanned = MetricBuilder::new(metrics).counter("bytes_scanned", partition);
        Ok(Box::new(self.open(&file.object_meta.location, Box::new(move |bytes| scanned.add(bytes)))?))
    }
}

impl Reader {
    async fn range(&self, range: Range<u64>) -> ParquetResult<Bytes> {
        let _permit = self.permits.acquire().await.expect("never closed");
        let bytes = self.store.get_range(&self.path, range).await.map_err(|error| self.unfetched(&error))?;
        (self.fetched)(bytes.len());
        Ok(bytes)
    }

    async fn length(&self) -> ParquetResult<u64> {
        let _permit = self.permits.acquire().await.expect("never closed");
        Ok(self.store.head(&self.path).await.map_err(|error| self.unfetched(&error))?.size)
    }

    /// What the server said, as a refusal of ours.
    fn unfetched(&self, error: &StoreError) -> ParquetError {
        let cure = "check the network, and run again";
        let (got, cure) = match error {
            StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. } => (
                "the server refuses us (403)".to_owned(),
                "Common Crawl does so for hours to whoever asks too fast: wait, then ask for less, or give --mirror DIR",
            ),
            StoreError::NotFound { .. } => {
                ("the server has no such file (404)".to_owned(), "take the list of a crawl that is there")
            }
            other => (other.to_string(), cure),
        };
        let fault = Fault::new(format!("a file of the index cannot be fetched: {}", self.path));
        ParquetError::External(Box::new(Error::Input(fault.got(got).cure(cure))))
    }
}

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        Box::pin(self.range(range))
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        Box::pin(async move {
            let whole = merged(&ranges);
            let mut fetched = Vec::with_capacity(whole.len());
            for range in &whole {
                fetched.push(self.range(range.clone()).await?);
            }
            let cut = |range: &Range<u64>| {
                let at = whole.partition_point(|whole| whole.end < range.end);
                let from = (range.start - whole[at].start) as usize;
                fetched[at].slice(from..from + (range.end - range.start) as usize)
            };
            Ok(ranges.iter().map(cut).collect())
        })
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        Box::pin(async move {
            let length = self.length().await?;
            let columns = options.map_or(PageIndexPolicy::Skip, ArrowReaderOptions::column_index_policy);
            let offsets = options.map_or(PageIndexPolicy::Skip, ArrowReaderOptions::offset_index_policy);
            let reader = ParquetMetaDataReader::new()
                .with_prefetch_hint(Some(FOOTER))
                .with_column_index_policy(columns)
                .with_offset_index_policy(offsets);
            Ok(Arc::new(reader.load_and_finish(self, length).await?))
        })
    }
}

/// The same bytes in fewer ranges, in their order: what lies near is fetched with what lies between.
fn merged(ranges: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut sorted = ranges.to_vec();
    sorted.sort_by_key(|range| (range.start, range.end));
    let mut whole: Vec<Range<u64>> = vec![];
    for range in sorted {
        match whole.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(GAP) => last.end = last.end.max(range.end),
            _ => whole.push(range),
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_lie_near_are_one() {
        let far = 10 * GAP;
        let ranges = [far..far + 5, 10..20, 0..30, 30 + GAP..40 + GAP, far + 1..far + 3];
        assert_eq!(merged(&ranges), [0..40 + GAP, far..far + 5]);
        assert!(merged(&[]).is_empty());
    }
}
