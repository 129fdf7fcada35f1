//! A list of Parquet files as a table: these files, and nothing that lies beside them.

use std::fs::File;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::config::TableParquetOptions;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::ParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use datafusion::physical_plan::ExecutionPlan;
use object_store::path::Path as StorePath;
use pipeline::{Error, Fault};

/// Parquet files that are read as one table.
#[derive(Debug)]
pub(super) struct Shards {
    pub(super) schema: SchemaRef,
    pub(super) files: Vec<PartitionedFile>,
    /// Who reads files that are elsewhere.
    pub(super) elsewhere: Option<Elsewhere>,
}

/// How remote files are read.
#[derive(Debug, Clone)]
pub(super) struct Elsewhere {
    pub(super) readers: Arc<dyn ParquetFileReaderFactory>,
    /// Files that are read at the same time.
    pub(super) at_once: usize,
}

impl Shards {
    /// Files of this machine, with the lengths that they must have.
    pub(super) fn local(files: &[(PathBuf, u64)]) -> pipeline::Result<Self> {
        let mut schemas = vec![];
        let mut parts = vec![];
        for (path, bytes) in files {
            schemas.push(schema(path)?);
            let place =
                std::path::absolute(path).ok().and_then(|path| StorePath::from_absolute_path(path).ok());
            let place = place.ok_or_else(|| unreadable(path, "its path is not UTF-8".to_owned()))?;
            let mut part = PartitionedFile::new("", *bytes);
            part.object_meta.location = place;
            parts.push(part);
        }
        Ok(Self { schema: Arc::new(united(&schemas)), files: parts, elsewhere: None })
    }
}

/// The columns of a file, by the types that Parquet has: how a string lay in its writer's memory is no matter.
fn schema(path: &Path) -> pipeline::Result<SchemaRef> {
    let refused = |error: &dyn std::fmt::Display| unreadable(path, error.to_string());
    let file = File::open(path).map_err(|error| refused(&error))?;
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let read = catch_unwind(AssertUnwindSafe(|| ArrowReaderMetadata::load(&file, options)));
    let read = read.map_err(|_| refused(&"the decoder gave up"))?;
    Ok(Arc::clone(read.map_err(|error| refused(&error))?.schema()))
}

fn unreadable(path: &Path, got: String) -> Error {
    let fault = Fault::new("a file that the query reads is not readable Parquet").at(path, None).got(got);
    Error::Input(fault.cure("`deepdive verify RUN` says what moved, where it is of a run"))
}

/// The columns of all files. The first that has a column says its type; where another lacks it, it is null.
pub(super) fn united(schemas: &[SchemaRef]) -> Schema {
    let mut fields: Vec<Field> = vec![];
    for field in schemas.iter().flat_map(|schema| schema.fields()) {
        let everywhere = schemas
            .iter()
            .all(|schema| schema.field_with_name(field.name()).is_ok_and(|there| !there.is_nullable()));
        if !fields.iter().any(|known| known.name() == field.name()) {
            fields.push(Field::new(field.name(), field.data_type().clone(), !everywhere));
        }
    }
    Schema::new(fields)
}

impl TableProvider for Shards {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Statistics leave out what cannot fit; the rest is looked at again.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    fn scan<'a, 'b, 'c, 'd, 't>(
        &'a self,
        state: &'b dyn Session,
        projection: Option<&'c Vec<usize>>,
        _: &'d [Expr],
        limit: Option<usize>,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<dyn ExecutionPlan>>> + Send + 't>>
    where
        'a: 't,
        'b: 't,
        'c: 't,
        'd: 't,
        Self: 't,
    {
        Box::pin(async move { self.plan(state, projection, limit) })
    }
}

impl Shards {
    fn plan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let global = state.config_options().execution.parquet.clone();
        let options = TableParquetOptions { global, ..TableParquetOptions::default() };
        let mut source = ParquetSource::new(self.schema()).with_table_parquet_options(options);
        let mut at_once = state.config().target_partitions();
        if let Some(elsewhere) = &self.elsewhere {
            // rows are chosen before the other columns are fetched
            source = source
                .with_parquet_file_reader_factory(Arc::clone(&elsewhere.readers))
                .with_pushdown_filters(true);
            at_once = elsewhere.at_once;
        }
        let groups = FileGroup::new(self.files.clone()).split_files(at_once);
        let config = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), Arc::new(source))
            .with_file_groups(groups)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::DataType;

    use super::*;

    #[test]
    fn a_column_that_one_file_lacks_may_be_null() {
        let field = |name: &str, kind: DataType| Field::new(name, kind, false);
        let one = Arc::new(Schema::new(vec![field("a", DataType::Int64), field("b", DataType::Utf8)]));
        let two = Arc::new(Schema::new(vec![field("c", DataType::Utf8), field("a", DataType::Int32)]));
        let all = united(&[one, two]);
        let told: Vec<_> = all
            .fields()
            .iter()
            .map(|field| (field.name().as_str(), field.data_type().clone(), field.is_nullable()))
            .collect();
        assert_eq!(
            told,
            [("a", DataType::Int64, false), ("b", DataType::Utf8, true), ("c", DataType::Utf8, true)]
        );
    }
}
