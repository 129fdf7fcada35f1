//! Names in a query: `run.stage.output`, and paths in quotes.

use std::fmt;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use datafusion::catalog::{CatalogProvider, CatalogProviderList, SchemaProvider, TableProvider};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::TableType;
use pipeline::{Error, Fault, nearest};

use super::shards::Shards;
use super::{Runs, is_parquet};

/// The catalog of tables that are files, and its only schema: what a name without dots is looked up in. No run can be
/// called so.
pub(super) const FILES: &str = "(files)";
pub(super) const PATHS: &str = "(paths)";

/// All names there are. Any name leads on, so that the last one, which knows all three, can say what is wrong.
pub(super) struct Catalogs {
    pub(super) runs: Arc<dyn Runs>,
}

/// A run, which may not exist.
struct Run {
    runs: Arc<dyn Runs>,
    name: String,
}

/// A stage of a run, which may not exist either.
struct Stage {
    runs: Arc<dyn Runs>,
    run: String,
    name: String,
}

/// Files by path.
#[derive(Debug)]
struct Paths;

type Later<'t, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 't>>;

impl CatalogProviderList for Catalogs {
    fn register_catalog(&self, _: String, _: Arc<dyn CatalogProvider>) -> Option<Arc<dyn CatalogProvider>> {
        None
    }

    fn catalog_names(&self) -> Vec<String> {
        self.runs.names().unwrap_or_default()
    }

    fn catalog(&self, name: &str) -> Option<Arc<dyn CatalogProvider>> {
        Some(Arc::new(Run { runs: Arc::clone(&self.runs), name: name.to_owned() }))
    }
}

impl CatalogProvider for Run {
    fn schema_names(&self) -> Vec<String> {
        self.runs.stages(&self.name).unwrap_or_default()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        if (self.name.as_str(), name) == (FILES, PATHS) {
            return Some(Arc::new(Paths));
        }
        let (runs, run) = (Arc::clone(&self.runs), self.name.clone());
        Some(Arc::new(Stage { runs, run, name: name.to_owned() }))
    }
}

impl SchemaProvider for Stage {
    /// Outputs that are tables; the others have names that say why they are none.
    fn table_names(&self) -> Vec<String> {
        let outputs = self.runs.outputs(&self.run, &self.name).unwrap_or_default();
        outputs.into_iter().filter(super::Output::is_table).map(|output| output.name).collect()
    }

    fn table<'a, 'b, 't>(&'a self, name: &'b str) -> Later<'t, Option<Arc<dyn TableProvider>>>
    where
        'a: 't,
        'b: 't,
        Self: 't,
    {
        let found = self.find(name).map_err(external);
        Box::pin(async { Ok(Some(Arc::new(found?) as Arc<dyn TableProvider>)) })
    }

    fn table_type<'a, 'b, 't>(&'a self, _: &'b str) -> Later<'t, Option<TableType>>
    where
        'a: 't,
        'b: 't,
        Self: 't,
    {
        Box::pin(async { Ok(Some(TableType::Base)) })
    }

    fn table_exist(&self, name: &str) -> bool {
        self.table_names().iter().any(|there| there == name)
    }
}

impl Stage {
    fn find(&self, table: &str) -> pipeline::Result<Shards> {
        let (run, stage) = (self.run.as_str(), self.name.as_str());
        if run == FILES {
            let fault = Fault::new(format!("a table of a run has three names, \"{stage}.{table}\" has two"));
            let cure = format!("put the run before it: {}", quoted(&["RUN", stage, table]));
            return Err(Error::Wiring(fault.expected("run.stage.output").cure(cure)));
        }
        let names = self.runs.names()?;
        if !names.iter().any(|name| name == run) {
            return Err(missing(format!("there is no run \"{run}\""), run, &names, &[]));
        }
        let stages = self.runs.stages(run)?;
        if !stages.iter().any(|name| name == stage) {
            return Err(missing(format!("the run {run} has no stage \"{stage}\""), stage, &stages, &[run]));
        }
        let outputs = self.runs.outputs(run, stage)?;
        let Some(output) = outputs.iter().find(|output| output.name == table) else {
            let tables: Vec<String> = outputs.into_iter().map(|output| output.name).collect();
            let what = format!("the stage {run}.{stage} has no output \"{table}\"");
            return Err(missing(what, table, &tables, &[run, stage]));
        };
        if !output.is_table() {
            let what = if output.files.is_empty() {
                format!("{run}.{stage}.{table} has no files")
            } else {
                format!("{run}.{stage}.{table} is {}: files that are no table", output.kind)
            };
            let fault = Fault::new(what).expected("an output whose files are Parquet");
            return Err(Error::Wiring(fault.cure(format!("`show {run} {stage}` shows what lies there"))));
        }
        Shards::local(&output.files)
    }
}

/// A name that is not there, beside those that are.
fn missing(what: String, name: &str, there: &[String], before: &[&str]) -> Error {
    let fault = Fault::new(what);
    let all = |name: &str| quoted(&[before, &[name]].concat());
    let listed: Vec<String> = there.iter().map(|name| all(name)).collect();
    let expected = if listed.is_empty() {
        "one that is there: there is none".to_owned()
    } else {
        format!("one of {}", listed.join(", "))
    };
    let near = nearest(name, there.iter().map(String::as_str));
    let cure = near.map_or_else(
        || "`show tables` lists what can be asked".to_owned(),
        |near| format!("did you mean {}?", all(near)),
    );
    Error::Wiring(fault.expected(expected).cure(cure))
}

/// Names as SQL wants them: quoted where they are no plain words.
fn quoted(names: &[&str]) -> String {
    let plain = |name: &&str| {
        let small = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        name.bytes().all(small) && !name.starts_with(|first: char| first.is_ascii_digit())
    };
    let word =
        |name: &&str| if plain(name) || *name == "RUN" { (*name).to_owned() } else { format!("\"{name}\"") };
    names.iter().map(word).collect::<Vec<_>>().join(".")
}

impl SchemaProvider for Paths {
    fn table_names(&self) -> Vec<String> {
        vec![]
    }

    /// A word is no path: it may be the name of a function, and is nothing else here.
    fn table<'a, 'b, 't>(&'a self, name: &'b str) -> Later<'t, Option<Arc<dyn TableProvider>>>
    where
        'a: 't,
        'b: 't,
        Self: 't,
    {
        let found = if name.contains(['/', '.']) { Some(open(Path::new(name))) } else { None };
        let found = found.transpose().map_err(external);
        Box::pin(async { Ok(found?.map(|shards| Arc::new(shards) as Arc<dyn TableProvider>)) })
    }

    fn table_exist(&self, name: &str) -> bool {
        is_parquet(Path::new(name)) && Path::new(name).is_file()
    }
}

/// One file of this machine.
fn open(path: &Path) -> pipeline::Result<Shards> {
    let refused =
        |got: String| {
            let fault = Fault::new("a file that the query names cannot be read").at(path, None).got(got);
            Error::Input(fault.expected(
                "a Parquet file; a table of a run is run.stage.output, without quotes around it all",
            ))
        };
    let metadata = std::fs::metadata(path).map_err(|error| refused(error.to_string()))?;
    if !metadata.is_file() {
        return Err(refused("a directory".to_owned()));
    }
    Shards::local(&[(path.to_owned(), metadata.len())])
}

/// Our refusal on its way through DataFusion; `fault` takes it out again.
pub(super) fn external(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

impl fmt::Debug for Catalogs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Catalogs")
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Run").field(&self.name).finish()
    }
}

impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stage").field(&self.run).field(&self.name).finish()
    }
}
