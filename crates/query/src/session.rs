//! A session over one version of the lake.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use coldtrail_lake::{Lake, Snapshot, SpillFolder, sweep};
use coldtrail_schema::TABLES;
use coldtrail_schema::tables::events;
use datafusion::arrow::datatypes::DataType;
use datafusion::catalog::MemorySchemaProvider;
use datafusion::common::ScalarValue;
use datafusion::common::cast::as_int64_array;
use datafusion::error::DataFusionError;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use jiff::Timestamp;
use tokio::runtime::{Builder, Runtime};

use crate::aws_views::LEFT_OUT;
use crate::dialect::{Dialect, Unknown, asks_present};
use crate::error::{Error, Result, There};
use crate::files::Altered;
use crate::interrupt::Interrupt;
use crate::own_views::OwnView;
use crate::place::Place;
use crate::stream::{Asked, Stream};
use crate::table::LakeTable;
use crate::time_travel::{TABLE_FUNCTIONS, Template};
use crate::views::{named, ready, views};
use crate::watch::{Limits, Watch};
use crate::{bounded, depth, flat_filters, functions, null_joins, shapes};

/// How a session is set up.
#[derive(Debug, Clone, Copy)]
pub struct SessionOptions {
    /// Bytes that questions may use before they spill to the case's disk.
    pub memory: usize,
    /// Which version of the lake to read; none is the newest.
    pub version: Option<u64>,
    /// How long a question may take; without one, only its plan is bounded.
    pub timeout: Option<Duration>,
}

impl Default for SessionOptions {
    fn default() -> Self {
        SessionOptions { memory: 4 << 30, version: None, timeout: None }
    }
}

/// The first and the last instant in the data, in microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    pub start: i64,
    pub end: i64,
}

/// A value to be bound to a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(Option<String>),
    Integer(Option<i64>),
    Number(Option<f64>),
    Boolean(Option<bool>),
    /// Microseconds since 1970.
    Time(Option<i64>),
}

impl Value {
    fn scalar(&self) -> ScalarValue {
        match self {
            Value::Text(text) => ScalarValue::Utf8(text.clone()),
            Value::Integer(number) => ScalarValue::Int64(*number),
            Value::Number(number) => ScalarValue::Float64(*number),
            Value::Boolean(flag) => ScalarValue::Boolean(*flag),
            Value::Time(micros) => ScalarValue::TimestampMicrosecond(*micros, Some("UTC".into())),
        }
    }
}

/// A column of a table or view, for `tables`.
#[derive(Debug, Clone)]
pub struct Described {
    pub name: String,
    pub data_type: String,
    /// The fields below it, as SQL names them: `useridentity.arn`.
    pub fields: Vec<String>,
}

pub struct Session {
    context: SessionContext,
    runtime: Runtime,
    snapshot: Snapshot,
    options: SessionOptions,
    /// What the user's definitions show.
    own: Vec<OwnView>,
    bounds: Bounds,
    interrupt: Interrupt,
    /// What is not as it was written stays so: no question is answered any more.
    altered: Altered,
    /// None where nothing can be written. The last: what is in it is removed after all that writes there has ended.
    spill: Option<SpillFolder>,
}

/// Stacks are for the trees of statements as deep as [`depth`] lets through; what is not used of them costs nothing.
const STACK: usize = 64 << 20;

/// How long the end of a session waits for what still runs in it.
const LINGERING: Duration = Duration::from_millis(200);

/// Where the tables as they lie in the files are; views stand in the default schema.
const LAKE: &str = "lake";

impl Session {
    /// Opens a lake; what does not fit into memory is spilled into `spill`.
    pub fn open(lake: &Lake, spill: &Path, options: SessionOptions) -> Result<Session> {
        Session::open_with(lake, spill, options, Vec::new())
    }

    /// The same with views of the user's, none of which has the name of another one.
    pub fn open_with(lake: &Lake, spill: &Path, options: SessionOptions, own: Vec<OwnView>) -> Result<Session> {
        let snapshot = lake.snapshot(options.version).map_err(Error::Lake)?;
        let io = |source| Error::Io { path: lake.root().to_owned(), source };
        let runtime = Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build().map_err(io)?;
        // A case on a read-only disk can be read all the same; only what needs to spill fails.
        let _left_there = sweep(spill, false);
        let spill = SpillFolder::make(spill).ok();
        let context = context(spill.as_ref(), options.memory, true).map_err(setting_up)?;
        let (bounds, interrupt) = (bounds(&snapshot), Interrupt::default());
        let altered = Altered::default();
        let session = Session { context, runtime, snapshot, options, own, bounds, interrupt, altered, spill };
        session.register(&session.context)?;
        Ok(session)
    }

    fn register(&self, context: &SessionContext) -> Result<()> {
        let catalog = context
            .catalog("datafusion")
            .ok_or_else(|| setting_up(DataFusionError::Internal("no catalog".to_owned())))?;
        catalog.register_schema(LAKE, Arc::new(MemorySchemaProvider::new())).map_err(setting_up)?;
        let lake = catalog.schema(LAKE).ok_or_else(|| setting_up(DataFusionError::Internal("no schema".to_owned())))?;
        for table in TABLES {
            let provider = LakeTable::new(table, self.snapshot.files(table.name), &self.altered);
            lake.register_table(table.name.to_owned(), Arc::new(provider)).map_err(setting_up)?;
        }
        let known = ready().map(|view| (view.name, &*view.sql));
        for (name, sql) in known.chain(self.own.iter().map(|view| (view.name(), view.sql()))) {
            let plan = self.runtime.block_on(context.sql(sql)).map_err(setting_up)?;
            context.register_table(name, plan.into_view()).map_err(setting_up)?;
        }
        for function in TABLE_FUNCTIONS {
            let plan = self.runtime.block_on(context.state().create_logical_plan(function.sql)).map_err(setting_up)?;
            let template = Template { name: function.name, arguments: function.arguments, plan };
            context.register_udtf(function.name, Arc::new(template));
        }
        Ok(())
    }

    /// The version of the lake that is read.
    pub fn version(&self) -> u64 {
        self.snapshot.version
    }

    /// How many rows a table has.
    pub fn rows(&self, table: &str) -> u64 {
        self.snapshot.rows(table)
    }

    /// How many rows of a table have no time: those in its partition without a day.
    pub fn undated(&self, table: &str) -> u64 {
        self.snapshot.files(table).iter().filter(|file| file.date.is_none()).map(|file| file.rows).sum()
    }

    /// What is read: the files of each table.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Were histories and sessions derived?
    pub fn is_derived(&self) -> bool {
        self.snapshot.derived_from.is_some()
    }

    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Asks a question of our own, in DataFusion's dialect; parameters are bound by name. The answer comes batch by
    /// batch.
    pub fn query(&self, sql: &str, parameters: &[(String, Value)]) -> Result<Stream<'_>> {
        self.query_in(&Dialect::Datafusion, sql, parameters)
    }

    /// Asks a question that is written in this dialect.
    pub fn query_in(&self, dialect: &Dialect, sql: &str, parameters: &[(String, Value)]) -> Result<Stream<'_>> {
        depth::check(sql)?;
        // Of both attempts together.
        let watch = Watch::start(Limits { memory: self.options.memory, timeout: self.options.timeout })?;
        match self.run(&self.context, dialect, sql, parameters, watch.clone()) {
            // The hash join does not spill; the sort-merge join does. Once there were rows it is too late to change.
            Err(Error::Memory { accounted: true, .. }) => {
                let context = context(self.spill.as_ref(), self.options.memory, false).map_err(setting_up)?;
                self.register(&context)?;
                self.run(&context, dialect, sql, parameters, watch)
            }
            other => other,
        }
    }

    /// What the tables in AWS's shape that a statement reads do not show, in sentences; those of nothing are left out.
    pub fn left_out(&self, dialect: &Dialect, sql: &str) -> Result<Vec<String>> {
        let (used, read_as) = dialect.views(sql, &self.names());
        let mut sentences: Vec<String> =
            read_as.iter().map(|(name, table)| format!("`{name}` is read as `{table}`")).collect();
        if let Ok(end) = Timestamp::from_microsecond(self.bounds.end)
            && asks_present(sql)
            && self.bounds.end > 0
        {
            sentences.push(format!("the present is that of this computer; the last row here is of {end:.0}"));
        }
        for left in LEFT_OUT.iter().filter(|left| used.iter().any(|view| view.name == left.view)) {
            let rows = self.query(left.count, &[])?.collect()?;
            let count =
                rows.batches.iter().filter_map(|batch| as_int64_array(batch.column(0)).ok()?.iter().next()?).sum();
            match count {
                0_i64 => {}
                count => sentences.push(format!("`{}` does not show {count} {}", left.view, left.what)),
            }
        }
        Ok(sentences)
    }

    fn run(
        &self,
        context: &SessionContext,
        dialect: &Dialect,
        sql: &str,
        parameters: &[(String, Value)],
        watch: Watch,
    ) -> Result<Stream<'_>> {
        let unknown = Unknown::default();
        let asked = Asked {
            context: dialect.context(context, &unknown, self.options.memory).map_err(setting_up)?,
            base: context.clone(),
            sql: sql.to_owned(),
            dialect: dialect.clone(),
            names: self.names(),
            values: parameters.iter().map(|(name, value)| (name.clone(), value.scalar())).collect(),
        };
        let (memory, text, planned) = (self.options.memory, sql.to_owned(), asked.context.clone());
        let failed = move |error| match (self.altered.get(), unknown.get()) {
            (Some(what), _) => Error::Altered { what: what.clone() },
            (None, Some((column, known))) => {
                let place = Place::of_name(&text, &column);
                Error::UnknownColumn { similar: crate::error::similar(&column, &known), column, place }
            }
            (None, None) => {
                let there = There { tables: &self.names(), functions: functions_of(&planned) };
                Error::of_sql(&text, memory, error, &there)
            }
        };
        Stream::start(&self.runtime, &self.interrupt, watch, asked, failed)
    }

    /// What ends the question that is being answered, with [`Error::Interrupted`], whoever calls it: a handler of
    /// signals, which must not wait for the threads of the engine, since these may all be busy.
    pub fn interrupter(&self) -> impl Fn() + Send + 'static {
        let interrupt = self.interrupt.clone();
        move || interrupt.ask()
    }

    /// Forgets an interruption that was for what was asked before.
    pub fn forget_interrupts(&self) {
        self.interrupt.reset();
    }

    /// The names of all functions.
    pub fn functions(&self) -> Vec<String> {
        functions_of(&self.context)
    }

    /// The names of all views, which stand for the tables.
    pub fn names(&self) -> Vec<String> {
        let known = views().iter().map(|view| view.name);
        known.chain(self.own.iter().map(OwnView::name)).map(str::to_owned).collect()
    }

    /// The views of the user's.
    pub fn own(&self) -> &[OwnView] {
        &self.own
    }

    /// The columns of a table or view.
    pub fn describe(&self, name: &str) -> Result<Vec<Described>> {
        let names = self.names();
        if !names.iter().any(|known| known == name) {
            let similar = crate::error::similar(name, &names);
            return Err(Error::UnknownTable { similar, table: name.to_owned(), place: None });
        }
        let name_alone = BTreeSet::from([name.to_owned()]);
        self.runtime.block_on(make(&self.context, &name_alone)).map_err(setting_up)?;
        let frame = self.runtime.block_on(self.context.table(name)).map_err(setting_up)?;
        let fields = frame.schema().inner().fields().clone();
        Ok(fields
            .iter()
            .map(|field| Described {
                name: field.name().clone(),
                data_type: field.data_type().to_string(),
                fields: below(field.name(), field.data_type()),
            })
            .collect())
    }
}

fn functions_of(context: &SessionContext) -> Vec<String> {
    let state = context.state();
    let names = state.scalar_functions().keys().chain(state.aggregate_functions().keys());
    let mut names: Vec<String> = names.chain(state.window_functions().keys()).cloned().collect();
    names.extend(TABLE_FUNCTIONS.iter().map(|function| function.name.to_owned()));
    names.sort_unstable();
    names.dedup();
    names
}

/// Makes the views in AWS's shape that these words name and that are not there yet.
pub(crate) async fn make(
    context: &SessionContext,
    words: &BTreeSet<String>,
) -> std::result::Result<(), DataFusionError> {
    for view in named(words) {
        if !context.table_exist(view.name)? {
            let plan = context.sql(&view.sql).await.map_err(|error| error.context(format!("view {}", view.name)))?;
            context.register_table(view.name, plan.into_view())?;
        }
    }
    Ok(())
}

impl Drop for Session {
    fn drop(&mut self) {
        // A runtime that is only dropped waits for all that runs in it, and that may be a plan that takes minutes.
        if let Ok(nothing) = Builder::new_current_thread().build() {
            std::mem::replace(&mut self.runtime, nothing).shutdown_timeout(LINGERING);
        }
    }
}

/// The fields of a struct and of the structs in it, with the names of what they stand in.
fn below(name: &str, data_type: &DataType) -> Vec<String> {
    let DataType::Struct(fields) = data_type else { return Vec::new() };
    let named = fields.iter().map(|field| (format!("{name}.{}", field.name()), field.data_type()));
    named.flat_map(|(name, data_type)| [name.clone()].into_iter().chain(below(&name, data_type))).collect()
}

fn setting_up(error: DataFusionError) -> Error {
    Error::Sql { source: Box::new(error.context("setting up the session")) }
}

fn context(
    spill: Option<&SpillFolder>,
    memory: usize,
    hash_joins: bool,
) -> std::result::Result<SessionContext, DataFusionError> {
    let mut config =
        SessionConfig::new().with_information_schema(true).set_str("datafusion.sql_parser.dialect", "postgresql");
    let options = config.options_mut();
    // Our main question is all columns of few rows: with filters pushed into the scan only those are read.
    options.execution.parquet.pushdown_filters = true;
    options.execution.parquet.reorder_filters = true;
    options.execution.parquet.bloom_filter_on_read = true;
    // With an expression beside a column in `min(a), max(f(b))` it leaves out rows that the other needs, now and then
    // (apache/datafusion#24816: its filter knows the columns alone).
    options.optimizer.enable_aggregate_dynamic_filter_pushdown = false;
    options.optimizer.prefer_hash_join = hash_joins;
    let runtime = |mode| {
        RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(memory)))
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(mode))
            .build_arc()
    };
    let runtime = match spill {
        Some(folder) => runtime(DiskManagerMode::Directories(vec![folder.path().to_owned()]))?,
        None => runtime(DiskManagerMode::Disabled)?,
    };
    let context = null_joins::kept_apart(&SessionContext::new_with_config_rt(config, runtime));
    let mut context = flat_filters::with_rule(&context);
    datafusion_functions_json::register_all(&mut context)?;
    for function in functions::all().chain(shapes::functions()) {
        context.register_udf(function);
    }
    bounded::register(&context, memory);
    Ok(context)
}

/// The range of the data, from what is known of the files.
fn bounds(snapshot: &Snapshot) -> Bounds {
    let times = events().flat_map(|(table, _)| snapshot.files(table.name)).filter_map(|file| file.times);
    times
        .fold(None, |all: Option<Bounds>, (first, last)| {
            let all = all.unwrap_or(Bounds { start: first, end: last });
            Some(Bounds { start: all.start.min(first), end: all.end.max(last) })
        })
        .unwrap_or(Bounds { start: 0, end: 0 })
}
