//! A table of the lake as DataFusion sees it: the files of one version, read by its own Parquet source.

use std::sync::Arc;

use async_trait::async_trait;
use coldtrail_lake::LakeFile;
use coldtrail_schema::column::DATE;
use coldtrail_schema::{Kind, Table};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::ParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use jiff::ToSpan;
use jiff::civil::Date;

use crate::files::{Altered, Files, part};

/// One table at one version.
#[derive(Debug)]
pub(crate) struct LakeTable {
    file_schema: SchemaRef,
    schema: SchemaRef,
    partitions: Vec<Arc<Field>>,
    /// Where the column of time stands.
    time: Option<usize>,
    files: Vec<LakeFile>,
    reader: Arc<Files>,
}

impl LakeTable {
    pub(crate) fn new(table: &Table, files: &[LakeFile], altered: &Altered) -> LakeTable {
        // Views of text are what DataFusion is fastest with.
        let fields: Vec<Field> = table
            .columns()
            .iter()
            .map(|column| match column.kind.arrow_type() {
                DataType::Utf8 => Field::new(column.name, DataType::Utf8View, true),
                other => Field::new(column.name, other, true),
            })
            .collect();
        let partitions = if table.is_event() { partitions() } else { Vec::new() };
        let all = fields.iter().cloned().chain(partitions.iter().map(|field| field.as_ref().clone()));
        LakeTable {
            schema: Arc::new(Schema::new(all.collect::<Vec<_>>())),
            time: table.columns().iter().position(|column| column.kind == Kind::Time).filter(|_| table.is_event()),
            file_schema: Arc::new(Schema::new(fields)),
            partitions,
            files: files.to_vec(),
            reader: Arc::new(Files::new(files, Arc::clone(altered))),
        }
    }

    fn statistics(&self, file: &LakeFile) -> Statistics {
        let mut statistics = Statistics::new_unknown(&self.schema);
        statistics.num_rows = Precision::Exact(usize::try_from(file.rows).unwrap_or(usize::MAX));
        if let (Some(time), Some((first, last))) = (self.time, file.times)
            && let Some(column) = statistics.column_statistics.get_mut(time)
        {
            let instant = |micros| ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into()));
            *column = ColumnStatistics {
                min_value: Precision::Inexact(instant(first)),
                max_value: Precision::Inexact(instant(last)),
                null_count: Precision::Exact(0),
                ..ColumnStatistics::new_unknown()
            };
        }
        statistics
    }
}

/// The day, and its parts as the text that they are in the keys of AWS's objects, and so in the partitions of published
/// tables: files are told by them without being opened. The last two are the same: a view that gives one column two names
/// is planned with all of its structs.
const DAY_PARTS: [&str; 5] = ["year", "month", "day", "day_path", "date_partition"];

fn partitions() -> Vec<Arc<Field>> {
    let parts = DAY_PARTS.iter().map(|name| Field::new(*name, DataType::Utf8, true));
    std::iter::once(DATE.field()).chain(parts).map(Arc::new).collect()
}

/// The values of these for a day, counted from 1970; none for rows without a time.
fn of_day(day: Option<i32>) -> Vec<ScalarValue> {
    let date = day.and_then(|day| Date::new(1970, 1, 1).ok()?.checked_add(i64::from(day).days()).ok());
    let part = |format| ScalarValue::Utf8(date.map(|date| date.strftime(format).to_string()));
    let parts = ["%Y", "%m", "%d", "%Y/%m/%d", "%Y/%m/%d"].into_iter().map(part);
    std::iter::once(ScalarValue::Date32(day)).chain(parts).collect()
}

#[async_trait]
impl TableProvider for LakeTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    fn statistics(&self) -> Option<Statistics> {
        let mut statistics = Statistics::new_unknown(&self.schema);
        let rows: u64 = self.files.iter().map(|file| file.rows).sum();
        statistics.num_rows = Precision::Exact(usize::try_from(rows).unwrap_or(usize::MAX));
        Some(statistics)
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if self.files.is_empty() {
            let schema = match projection {
                Some(columns) => Arc::new(self.schema.project(columns)?),
                None => Arc::clone(&self.schema),
            };
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let table_schema = TableSchema::builder(Arc::clone(&self.file_schema))
            .with_table_partition_cols(self.partitions.clone())
            .build();
        let mut options = state.default_table_options().parquet;
        options.global = state.config().options().execution.parquet.clone();
        // The optimizer pushes the filters into the source; given here too they would be evaluated twice.
        let source = ParquetSource::new(table_schema)
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(Arc::clone(&self.reader) as Arc<dyn ParquetFileReaderFactory>);
        let mut groups: Vec<Vec<PartitionedFile>> =
            vec![Vec::new(); state.config().target_partitions().clamp(1, self.files.len())];
        let count = groups.len();
        for (at, file) in self.files.iter().enumerate() {
            let mut part = part(file);
            if !self.partitions.is_empty() {
                part.partition_values = of_day(file.date);
            }
            part.statistics = Some(Arc::new(self.statistics(file)));
            if let Some(group) = groups.get_mut(at * count / self.files.len()) {
                group.push(part);
            }
        }
        let groups = groups.into_iter().map(FileGroup::new).collect();
        let config = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), Arc::new(source))
            .with_file_groups(groups)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}
