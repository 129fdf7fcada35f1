//! The one operator of our jobs: each of its partitions is a task.

use std::fmt;
use std::sync::Arc;

use ballista_core::error::BallistaError;
use datafusion::arrow::array::{AsArray, RecordBatch, UInt64Array};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt64Type};
use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures_util::{StreamExt, TryStreamExt, stream};
use pipeline::Task;

/// What an executor can do: one task of a stage.
///
/// ```
/// use cluster::{Failed, Leaves};
/// use pipeline::Task;
///
/// /// Does nothing, and says so.
/// #[derive(Debug)]
/// struct Idle;
///
/// impl Leaves for Idle {
///     fn work(&self, ticket: &str, task: Task) -> Result<(), Failed> {
///         println!("task {task} of {ticket}");
///         Ok(())
///     }
/// }
/// ```
pub trait Leaves: fmt::Debug + Send + Sync {
    /// Does `task` of the stage that `ticket` describes, unless it is done.
    ///
    /// # Errors
    /// Why it could not be done.
    fn work(&self, ticket: &str, task: Task) -> std::result::Result<(), Failed>;
}

/// Why a task could not be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// In words, for whoever submitted.
    pub report: String,
    /// Whether it is worth another try, here or elsewhere: the disk or the network refused, and not the stage.
    pub again: bool,
}

/// Frame a report on its way through layers that wrap and escape it.
const FRAME: [char; 2] = ['⟦', '⟧'];

/// Does the task that its input names, a row a task, and gives no rows.
#[derive(Debug)]
pub(super) struct LeafExec {
    pub(super) ticket: Arc<str>,
    input: Arc<dyn ExecutionPlan>,
    leaves: Option<Arc<dyn Leaves>>,
    properties: Arc<PlanProperties>,
}

impl LeafExec {
    /// Over an input whose partitions have a row each; `leaves` is what an executor has.
    pub(super) fn new(
        ticket: Arc<str>,
        input: Arc<dyn ExecutionPlan>,
        leaves: Option<Arc<dyn Leaves>>,
    ) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema()),
            input.properties().output_partitioning().clone(),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        Self { ticket, input, leaves, properties: Arc::new(properties) }
    }

    /// The plan of a whole job. Tasks travel as rows, a partition each, because of a plan of one's own a scheduler can
    /// only restrict what it scans.
    pub(super) fn plan(ticket: Arc<str>, tasks: &[Task]) -> Result<Arc<dyn ExecutionPlan>> {
        let row = |task: &Task| {
            let columns =
                [task.phase, task.part].map(|number| Arc::new(UInt64Array::from(vec![number as u64])) as _);
            Ok(vec![RecordBatch::try_new(schema(), columns.to_vec())?])
        };
        let rows = tasks.iter().map(row).collect::<Result<Vec<_>>>()?;
        Ok(Arc::new(Self::new(ticket, MemorySourceConfig::try_new_exec(&rows, schema(), None)?, None)))
    }
}

fn schema() -> SchemaRef {
    Arc::new(Schema::new(["phase", "part"].map(|name| Field::new(name, DataType::UInt64, false)).to_vec()))
}

impl DisplayAs for LeafExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "LeafExec")
    }
}

impl ExecutionPlan for LeafExec {
    fn name(&self) -> &'static str {
        "LeafExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] =
            <[_; 1]>::try_from(children).map_err(|_| DataFusionError::Internal("one child".to_owned()))?;
        Ok(Arc::new(Self::new(self.ticket.clone(), input, self.leaves.clone())))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let Some(leaves) = self.leaves.clone() else {
            return internal_err!("only executors do tasks");
        };
        let (ticket, mut rows) = (self.ticket.clone(), self.input.execute(partition, context)?);
        let work = async move {
            while let Some(batch) = rows.try_next().await? {
                for (phase, part) in batch
                    .column(0)
                    .as_primitive::<UInt64Type>()
                    .values()
                    .iter()
                    .zip(batch.column(1).as_primitive::<UInt64Type>().values())
                {
                    let task = Task { phase: *phase as usize, part: *part as usize };
                    on_a_thread(leaves.clone(), ticket.clone(), task).await?;
                }
            }
            Ok::<_, DataFusionError>(stream::empty())
        };
        let nothing = stream::once(work).try_flatten().boxed();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema(), nothing)))
    }
}

/// A thread of its own: a task computes for minutes, and may block on the network through runtimes of its own.
async fn on_a_thread(leaves: Arc<dyn Leaves>, ticket: Arc<str>, task: Task) -> Result<()> {
    let (done, outcome) = tokio::sync::oneshot::channel();
    let work = move || drop(done.send(leaves.work(&ticket, task)));
    std::thread::Builder::new().name(format!("task {task}")).spawn(work)?;
    match outcome.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(failed)) => Err(failure(&failed)),
        Err(_) => Err(failure(&Failed { report: format!("task {task} panicked"), again: false })),
    }
}

/// The engine gives a task again for trouble of input or output alone.
fn failure(failed: &Failed) -> DataFusionError {
    let [open, close] = FRAME;
    let framed = format!("{open}{}{close}", failed.report);
    if failed.again {
        let trouble = BallistaError::IoError(std::io::Error::other(framed));
        return DataFusionError::External(Box::new(trouble));
    }
    DataFusionError::Execution(framed)
}

/// What a task said, out of what an engine says of it: each layer may have escaped it once more.
pub(super) fn report(said: &str) -> Option<String> {
    let [open, close] = FRAME;
    let (_, rest) = said.split_once(open)?;
    let (framed, _) = rest.split_once(close)?;
    let mut report = framed.to_owned();
    // a report has several lines; as long as it has one, it is escaped
    while !report.contains('\n') && report.contains("\\n") {
        report = unescaped(&report);
    }
    Some(report)
}

fn unescaped(text: &str) -> String {
    let (mut plain, mut letters) = (String::new(), text.chars());
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n') => plain.push('\n'),
                Some('t') => plain.push('\t'),
                Some(other) => plain.push(other),
                None => {}
            },
            letter => plain.push(letter),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_comes_through_whatever_wraps_it() {
        let words = "error: \"no\" such\n  at        C:\\x\n  cure\tnone";
        for again in [false, true] {
            let wrapped = failure(&Failed { report: words.to_owned(), again });
            let said = format!("Task failed due to {:?}", BallistaError::from(wrapped));
            assert_eq!(report(&said).as_deref(), Some(words), "{said}");
            let again = format!("failed 4 times, most recent: {said:?}");
            assert_eq!(report(&again).as_deref(), Some(words), "{again}");
        }
        assert_eq!(report("the stage has failed"), None);
    }
}
