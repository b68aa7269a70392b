//! An answer as it comes: the columns, then batch after batch. Nothing holds the whole of it.

use std::collections::HashMap;
use std::sync::Arc;

use coldtrail_schema::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::ScalarValue;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::SQLOptions;
use datafusion::prelude::{DataFrame, SessionContext};
use futures_util::StreamExt;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::dialect::Dialect;
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use crate::watch::Watch;

/// How many batches may wait for whoever writes them.
const WAITING: usize = 2;

/// The rows of an answer, all of them.
#[derive(Debug, Clone)]
pub struct Answer {
    pub schema: SchemaRef,
    pub batches: Vec<RecordBatch>,
}

impl Answer {
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

/// The rows of an answer, as they come. After an error there are none.
pub struct Stream<'s> {
    schema: SchemaRef,
    first: Option<RecordBatch>,
    coming: mpsc::Receiver<RecordBatch>,
    task: Option<JoinHandle<Outcome>>,
    runtime: &'s Runtime,
    interrupt: &'s Interrupt,
    watch: Watch,
    failed: Box<dyn Fn(DataFusionError) -> Error + 's>,
}

/// A statement, and what it is planned with.
pub(crate) struct Asked {
    pub(crate) context: SessionContext,
    /// The session of our own dialect, in which views are made.
    pub(crate) base: SessionContext,
    pub(crate) sql: String,
    pub(crate) dialect: Dialect,
    /// The tables there are.
    pub(crate) names: Vec<String>,
    pub(crate) values: HashMap<String, ScalarValue>,
}

type Outcome = std::result::Result<(), DataFusionError>;

impl<'s> Stream<'s> {
    /// Starts the statement, and waits for its first rows: what cannot be asked at all, and what needs too much memory
    /// before there is anything to show, is an error here.
    pub(crate) fn start(
        runtime: &'s Runtime,
        interrupt: &'s Interrupt,
        watch: Watch,
        asked: Asked,
        failed: impl Fn(DataFusionError) -> Error + 's,
    ) -> Result<Stream<'s>> {
        let (columns, mut schema) = mpsc::channel(1);
        let (rows, coming) = mpsc::channel(WAITING);
        watch.plans();
        // A task of its own, so that a panic in the engine is an error of this question. What was read of the statement
        // may be deep, and whatever walks it or drops it does so on the stacks of the runtime's threads.
        let task = runtime.spawn(execute(asked, columns, rows));
        // A plan is made without a pause: where it is not waited for any more, its thread makes it to the end.
        let schema = waited(runtime, interrupt, &watch, schema.recv()).inspect_err(|_| task.abort())?;
        watch.has_plan();
        let Some(schema) = schema else {
            return Err(failed(ended(runtime, task).err().unwrap_or_else(|| gave_up("it told no columns"))));
        };
        let (first, task, failed) = (None, Some(task), Box::new(failed));
        let mut stream = Stream { schema, first, coming, task, runtime, interrupt, watch, failed };
        stream.first = stream.next().transpose()?;
        if let Some(first) = &stream.first {
            // A plan may promise other details of its columns than its rows have, such as their metadata.
            stream.schema = first.schema();
        }
        Ok(stream)
    }

    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// All rows at once: for answers of which it is known that they are short.
    pub fn collect(self) -> Result<Answer> {
        let schema = Arc::clone(&self.schema);
        Ok(Answer { schema, batches: Iterator::collect::<Result<_>>(self)? })
    }
}

impl Iterator for Stream<'_> {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Result<RecordBatch>> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        match waited(self.runtime, self.interrupt, &self.watch, self.coming.recv()) {
            Ok(Some(rows)) => return Some(Ok(rows)),
            Ok(None) => {}
            Err(error) => {
                // Dropping the task ends it; after this there is nothing more.
                self.task.take()?.abort();
                return Some(Err(error));
            }
        }
        let outcome = ended(self.runtime, self.task.take()?);
        outcome.err().map(|error| Err((self.failed)(error)))
    }
}

impl Drop for Stream<'_> {
    fn drop(&mut self) {
        // Whoever reads had enough.
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// What comes; an error where the question is ended before, by whoever asked it or by one of its limits.
fn waited<T>(runtime: &Runtime, interrupt: &Interrupt, watch: &Watch, coming: impl Future<Output = T>) -> Result<T> {
    match runtime.block_on(interrupt.or(watch.or(coming))) {
        Some(Some(value)) => Ok(value),
        Some(None) => Err(watch.error()),
        None => Err(Error::Interrupted),
    }
}

fn ended(runtime: &Runtime, task: JoinHandle<Outcome>) -> Outcome {
    runtime.block_on(task).unwrap_or_else(|panic| Err(gave_up(&panic.to_string())))
}

fn gave_up(why: &str) -> DataFusionError {
    DataFusionError::Internal(format!("the engine gave up on it: {why}"))
}

/// Does the engine trip over its own rule, the one that brings fields of structs to the files? It takes a name for
/// ambiguous where a part of a statement gives one column two names (apache/datafusion#25447), and loses its own names in
/// the conditions of joins.
fn trips(error: &DataFusionError) -> bool {
    let text = error.to_string();
    text.contains("__datafusion_extracted")
        || text.contains("Schema contains") && (text.contains("duplicate") || text.contains("ambiguous"))
}

/// The same question without that rule.
fn without_fields(context: &SessionContext, frame: DataFrame) -> DataFrame {
    let mut config = context.copied_config();
    config.options_mut().optimizer.enable_leaf_expression_pushdown = false;
    let state = SessionStateBuilder::new_from_existing(context.state())
        .with_config(config.with_create_default_catalog_and_schema(false))
        .build();
    DataFrame::new(state, frame.into_unoptimized_plan())
}

async fn execute(asked: Asked, columns: mpsc::Sender<SchemaRef>, rows: mpsc::Sender<RecordBatch>) -> Outcome {
    let Asked { context, base, sql, dialect, names, values } = asked;
    let reading = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    let plan = dialect.plan(&context, &base, &sql, &names).await?;
    reading.verify_plan(&plan)?;
    let frame: DataFrame = context.execute_logical_plan(plan).await?;
    let frame = if values.is_empty() { frame } else { frame.with_param_values(values)? };
    let mut stream = match frame.clone().execute_stream().await {
        Err(error) if trips(&error) => without_fields(&context, frame).execute_stream().await?,
        other => other?,
    };
    if columns.send(stream.schema()).await.is_err() {
        return Ok(());
    }
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        if batch.num_rows() > 0 && rows.send(batch).await.is_err() {
            // Nobody reads any more.
            return Ok(());
        }
    }
    Ok(())
}
