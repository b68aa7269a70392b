//! Files of the lake as DataFusion reads them: through the one reader that compares every block with its hash.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use coldtrail_lake::{CheckedFile, LakeFile};
use datafusion::common::DataFusionError;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::{ParquetFileMetrics, ParquetFileReaderFactory};
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::{ParquetError, Result};
use datafusion::parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

/// The files of a table, by the place under which DataFusion knows them.
#[derive(Debug)]
pub(crate) struct Files(HashMap<String, LakeFile>);

impl Files {
    pub(crate) fn new(files: &[LakeFile]) -> Files {
        let place = |file: &LakeFile| part(file).object_meta.location.to_string();
        Files(files.iter().map(|file| (place(file), file.clone())).collect())
    }
}

/// A file, as it stands in a plan.
pub(crate) fn part(file: &LakeFile) -> PartitionedFile {
    PartitionedFile::new(file.path.to_string_lossy().into_owned(), file.size)
}

impl ParquetFileReaderFactory for Files {
    fn create_reader(
        &self,
        partition_index: usize,
        file: PartitionedFile,
        _metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> datafusion::error::Result<Box<dyn AsyncFileReader + Send>> {
        let location = file.object_meta.location.as_ref();
        let outside = || DataFusionError::Internal(format!("{location} is no file of this table"));
        let file = self.0.get(location).ok_or_else(outside)?;
        let opened = CheckedFile::open(file).map_err(|error| DataFusionError::External(Box::new(error)))?;
        Ok(Box::new(Reader { file: opened, metrics: ParquetFileMetrics::new(partition_index, location, metrics) }))
    }
}

/// Reads where it is asked: what is asked for lies on a disk of this machine, and to decode it takes longer.
struct Reader {
    file: CheckedFile,
    metrics: ParquetFileMetrics,
}

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<bytes::Bytes>> {
        self.metrics.bytes_scanned.add(usize::try_from(range.end - range.start).unwrap_or_default());
        ready(self.file.bytes(range).map_err(|error| ParquetError::External(Box::new(error)))).boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>>> {
        let mut reader = ParquetMetaDataReader::new();
        if let Some(options) = options {
            reader = reader
                .with_column_index_policy(options.column_index_policy())
                .with_offset_index_policy(options.offset_index_policy());
        }
        ready(reader.parse_and_finish(&self.file).map(Arc::new)).boxed()
    }
}
