//! Files of the lake as DataFusion reads them: through the one reader that compares every block with its hash.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

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

/// What was found first in a file that is not what was written. The engine makes text of errors on their way, in which
/// texts of the evidence may stand too, so that they are not told by what they say.
pub(crate) type Altered = Arc<OnceLock<String>>;

/// The files of a table, by the place under which DataFusion knows them.
#[derive(Debug)]
pub(crate) struct Files {
    files: HashMap<String, LakeFile>,
    altered: Altered,
}

impl Files {
    pub(crate) fn new(files: &[LakeFile], altered: Altered) -> Files {
        let place = |file: &LakeFile| part(file).object_meta.location.to_string();
        Files { files: files.iter().map(|file| (place(file), file.clone())).collect(), altered }
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
        let file = self.files.get(location).ok_or_else(outside)?;
        let opened = CheckedFile::open(file).map_err(|error| {
            if error.is_contradiction() {
                self.altered.get_or_init(|| error.to_string());
            }
            DataFusionError::External(Box::new(error))
        })?;
        let metrics = ParquetFileMetrics::new(partition_index, location, metrics);
        Ok(Box::new(Reader { file: opened, metrics, altered: Arc::clone(&self.altered) }))
    }
}

/// Reads where it is asked: what is asked for lies on a disk of this machine, and to decode it takes longer.
struct Reader {
    file: CheckedFile,
    metrics: ParquetFileMetrics,
    altered: Altered,
}

impl Reader {
    fn note(&self) {
        if let Some(error) = self.file.altered() {
            self.altered.get_or_init(|| error.to_string());
        }
    }
}

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<bytes::Bytes>> {
        self.metrics.bytes_scanned.add(usize::try_from(range.end - range.start).unwrap_or_default());
        let bytes = self.file.bytes(range).map_err(|error| ParquetError::External(Box::new(error)));
        if bytes.is_err() {
            self.note();
        }
        ready(bytes).boxed()
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
        let metadata = reader.parse_and_finish(&self.file).map(Arc::new);
        if metadata.is_err() {
            self.note();
        }
        ready(metadata).boxed()
    }
}
