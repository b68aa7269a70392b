//! An answer as it comes: the columns, then batch after batch. Nothing holds the whole of it.

use std::collections::HashMap;
use std::sync::Arc;

use coldtrail_schema::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::ScalarValue;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::prelude::{DataFrame, SessionContext};
use futures_util::StreamExt;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::error::{Error, Result};
use crate::interrupt::Interrupt;

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
    failed: Box<dyn Fn(DataFusionError) -> Error + 's>,
}

type Outcome = std::result::Result<(), DataFusionError>;

impl<'s> Stream<'s> {
    /// Starts the statement, and waits for its first rows: what cannot be asked at all, and what needs too much memory
    /// before there is anything to show, is an error here.
    pub(crate) fn start(
        runtime: &'s Runtime,
        interrupt: &'s Interrupt,
        context: SessionContext,
        sql: String,
        values: HashMap<String, ScalarValue>,
        failed: impl Fn(DataFusionError) -> Error + 's,
    ) -> Result<Stream<'s>> {
        let (columns, mut schema) = mpsc::channel(1);
        let (rows, coming) = mpsc::channel(WAITING);
        // A task of its own, so that a panic in the engine is an error of this question.
        let task = runtime.spawn(execute(context, sql, values, columns, rows));
        let Some(schema) = runtime.block_on(interrupt.or(schema.recv())) else {
            task.abort();
            return Err(Error::Interrupted);
        };
        let Some(schema) = schema else {
            return Err(failed(ended(runtime, task).err().unwrap_or_else(|| gave_up("it told no columns"))));
        };
        let mut stream =
            Stream { schema, first: None, coming, task: Some(task), runtime, interrupt, failed: Box::new(failed) };
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
        let Some(rows) = self.runtime.block_on(self.interrupt.or(self.coming.recv())) else {
            // Dropping the task ends it; after this there is nothing more.
            self.task.take()?.abort();
            return Some(Err(Error::Interrupted));
        };
        if let Some(rows) = rows {
            return Some(Ok(rows));
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

fn ended(runtime: &Runtime, task: JoinHandle<Outcome>) -> Outcome {
    runtime.block_on(task).unwrap_or_else(|panic| Err(gave_up(&panic.to_string())))
}

fn gave_up(why: &str) -> DataFusionError {
    DataFusionError::Internal(format!("the engine gave up on it: {why}"))
}

async fn execute(
    context: SessionContext,
    sql: String,
    values: HashMap<String, ScalarValue>,
    columns: mpsc::Sender<SchemaRef>,
    rows: mpsc::Sender<RecordBatch>,
) -> Outcome {
    let reading = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    let frame: DataFrame = context.sql_with_options(&sql, reading).await?;
    let frame = if values.is_empty() { frame } else { frame.with_param_values(values)? };
    let mut stream = frame.execute_stream().await?;
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
