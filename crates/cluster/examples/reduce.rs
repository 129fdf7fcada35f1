//! A job with a shuffle, which deepdive never submits: groups of numbers, counted on a Ballista cluster.
//!
//! `faults/reduce` kills an executor while it runs. At Ballista 55 that hangs the job, or gives a wrong count with exit
//! code 0; once a release passes, results may be routed through the engine.
//!
//!     reduce SCHEDULER GROUPS ROWS      (rows in each of sixteen files)

use std::sync::Arc;

use ballista_core::execution_plans::execute_physical_plan;
use ballista_core::extension::SessionConfigExt;
use ballista_core::serde::BallistaPhysicalExtensionCodec;
use datafusion::arrow::array::{Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use datafusion_proto::protobuf::PhysicalPlanNode;
use futures_util::TryStreamExt;

const PARTITIONS: i64 = 16;

#[allow(clippy::print_stdout, reason = "it prints its answer")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [scheduler, groups, rows] = arguments.as_slice() else {
        return Err("reduce SCHEDULER GROUPS ROWS".into());
    };
    let (groups, rows): (i64, i64) = (groups.parse()?, rows.parse()?);
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let schema = Arc::new(Schema::new(vec![Field::new("number", DataType::Int64, false)]));
        let directory = tempfile::tempdir()?;
        for at in 0..PARTITIONS {
            let file = std::fs::File::create(directory.path().join(format!("{at:02}.parquet")))?;
            let mut writer = ArrowWriter::try_new(file, schema.clone(), None)?;
            let numbers: Vec<i64> = (0..rows).map(|row| at + PARTITIONS * row).collect();
            writer.write(&RecordBatch::try_new(schema.clone(), vec![Arc::new(Int64Array::from(numbers))])?)?;
            writer.close()?;
        }
        let config = SessionConfig::new_with_ballista().with_target_partitions(PARTITIONS as usize);
        let context = SessionContext::new_with_config(config.clone());
        let place = directory.path().to_string_lossy();
        context.register_parquet("numbers", place.as_ref(), ParquetReadOptions::default()).await?;
        let query = format!(
            "select number % {groups} as n, count(*) as c, max(md5(repeat('x', number % 4096))) as h from numbers group by n"
        );
        let plan = context.sql(&query).await?.create_physical_plan().await?;
        let (settings, codec) = (config.ballista_config(), BallistaPhysicalExtensionCodec::default());
        let answer = execute_physical_plan::<PhysicalPlanNode>(
            format!("http://{scheduler}"),
            &settings,
            plan,
            &codec,
            "reduce".to_owned(),
            config.clone(),
        );
        let batches: Vec<RecordBatch> = answer.await?.try_collect().await?;
        let found: usize = batches.iter().map(RecordBatch::num_rows).sum();
        println!("{found} groups, {groups} expected");
        Ok::<_, Box<dyn std::error::Error>>(())
    })
}
