//! Delta tables: creating them, committing batches, resolving a version of the lake to its files.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use coldtrail_schema::column::DATE;
use coldtrail_schema::tables::ledger;
use coldtrail_schema::{Kind, TABLES, Table};
use deltalake_core::kernel::transaction::CommitBuilder;
use deltalake_core::kernel::{Action, Add, ArrayType, DataType, PrimitiveType, Remove, StructField, Transaction};
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::{DeltaTable, DeltaTableBuilder, DeltaTableError, ensure_table_uri};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::error::{Error, Result};
use crate::files::LakeFile;
use crate::parquet_output::{NewFile, civil};

/// The member of a commit's information that names the versions of all tables.
const VERSIONS: &str = "coldtrail";
/// The member that says what the derived tables were made of.
const DERIVED_FROM: &str = "coldtrail_derived_from";
/// Who commits, for Delta's transaction identifiers.
const APPLICATION: &str = "coldtrail/ingest";

/// The table whose commit makes a batch visible.
static LEADER: &Table = &ledger::OBJECTS;

/// A lake directory.
pub struct Lake {
    root: PathBuf,
    runtime: Runtime,
}

/// One version of the lake: the files of each table.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// 0 when nothing was ingested yet.
    pub version: u64,
    pub tables: BTreeMap<&'static str, Vec<LakeFile>>,
    /// The Delta version of each table.
    pub versions: BTreeMap<&'static str, u64>,
    /// What the derived tables were made of, in the words of who derived them; none when nothing was.
    pub derived_from: Option<String>,
}

impl Snapshot {
    pub fn files(&self, table: &str) -> &[LakeFile] {
        self.tables.get(table).map(Vec::as_slice).unwrap_or_default()
    }

    pub fn rows(&self, table: &str) -> u64 {
        self.files(table).iter().map(|file| file.rows).sum()
    }
}

/// An ingest in progress; holds the lake's lock.
pub struct Batch<'l> {
    lake: &'l Lake,
    tables: BTreeMap<&'static str, DeltaTable>,
    number: u64,
    derived_from: Option<String>,
    _lock: std::fs::File,
}

impl Lake {
    /// The lake in a directory, which need not exist yet.
    pub fn new(root: &Path) -> Result<Lake> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|source| Error::Io { path: root.to_owned(), source })?;
        Ok(Lake { root: root.to_owned(), runtime })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The newest version, or an older one. Only whole batches are in it.
    pub fn snapshot(&self, version: Option<u64>) -> Result<Snapshot> {
        let Some(newest) = self.newest()? else {
            return match version {
                Some(version) if version > 0 => Err(Error::NoVersion { version, newest: 0 }),
                _ => Ok(Snapshot::default()),
            };
        };
        let version = version.unwrap_or(newest);
        if version > newest {
            return Err(Error::NoVersion { version, newest });
        }
        let versions = self.versions_of(version)?;
        let derived_from = self.derived_from(version)?;
        let mut snapshot = Snapshot { version, derived_from, ..Snapshot::default() };
        for table in TABLES {
            let Some(at) = versions.get(table.name) else { continue };
            let delta = self.open(table, Some(*at))?;
            snapshot.tables.insert(table.name, self.list(table, &delta)?);
            snapshot.versions.insert(table.name, *at);
        }
        Ok(snapshot)
    }

    fn directory(&self, table: &Table) -> PathBuf {
        self.root.join(table.name)
    }

    fn commit_file(&self, version: u64) -> PathBuf {
        self.directory(LEADER).join("_delta_log").join(format!("{version:020}.json"))
    }

    /// The newest version of the leader; none when there is no lake yet.
    fn newest(&self) -> Result<Option<u64>> {
        if !self.commit_file(0).exists() {
            return Ok(None);
        }
        let delta = self.open(LEADER, None)?;
        Ok(delta.version())
    }

    /// What a commit of the leader says about itself.
    fn information(&self, version: u64) -> Result<Value> {
        let path = self.commit_file(version);
        let text = fs_err::read_to_string(&path).map_err(|source| Error::Io { path, source })?;
        let actions = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_default());
        Ok(actions.filter_map(|action| action.get("commitInfo").cloned()).next_back().unwrap_or_default())
    }

    /// The versions of all tables that belong to a version of the leader.
    fn versions_of(&self, version: u64) -> Result<BTreeMap<String, u64>> {
        match self.information(version)?.get(VERSIONS) {
            Some(Value::Object(map)) => {
                Ok(map.iter().filter_map(|(name, at)| Some((name.clone(), at.as_u64()?))).collect())
            }
            // The commit that creates the table has no batch yet.
            _ if version == 0 => Ok(BTreeMap::new()),
            _ => Err(Error::NotOurs { path: self.commit_file(version) }),
        }
    }

    fn open(&self, table: &'static Table, version: Option<u64>) -> Result<DeltaTable> {
        let failed = |source| Error::Delta { table: table.name, source: Box::new(source) };
        let url = ensure_table_uri(self.directory(table).to_string_lossy()).map_err(failed)?;
        let mut builder = DeltaTableBuilder::from_url(url).map_err(failed)?;
        if let Some(version) = version {
            builder = builder.with_version(version);
        }
        self.runtime.block_on(builder.load()).map_err(failed)
    }

    fn create(&self, table: &'static Table) -> Result<DeltaTable> {
        let failed = |source| Error::Delta { table: table.name, source: Box::new(source) };
        let directory = self.directory(table);
        fs_err::create_dir_all(&directory).map_err(|source| Error::Io { path: directory.clone(), source })?;
        let url = ensure_table_uri(directory.to_string_lossy()).map_err(failed)?;
        let mut columns: Vec<StructField> =
            table.columns().iter().map(|column| StructField::nullable(column.name, delta_type(column.kind))).collect();
        let mut builder = CreateBuilder::new().with_location(url.to_string()).with_table_name(table.name);
        if table.is_event() {
            columns.push(StructField::nullable(DATE.name, delta_type(DATE.kind)));
            builder = builder.with_partition_columns([DATE.name]);
        }
        let builder = builder.with_columns(columns).with_comment(table.doc.trim());
        self.runtime.block_on(async { builder.await }).map_err(failed)
    }

    #[allow(deprecated, reason = "the Arrow form that replaces it has no tags")]
    fn adds(&self, table: &'static Table, delta: &DeltaTable) -> Result<Vec<Add>> {
        let state = delta.snapshot().map_err(|source| Error::Delta { table: table.name, source: Box::new(source) })?;
        Ok(state.log_data().into_iter().map(|view| view.add_action()).collect())
    }

    fn list(&self, table: &'static Table, delta: &DeltaTable) -> Result<Vec<LakeFile>> {
        let directory = self.directory(table);
        let mut files: Vec<LakeFile> = self.adds(table, delta)?.iter().map(|add| lake_file(&directory, add)).collect();
        files.sort_by(|a, b| (a.date, a.times, &a.path).cmp(&(b.date, b.times, &b.path)));
        Ok(files)
    }

    /// Begins to write. What an interrupted batch had committed to some tables, but not to all, is taken back.
    pub fn begin(&self) -> Result<Batch<'_>> {
        fs_err::create_dir_all(&self.root).map_err(|source| Error::Io { path: self.root.clone(), source })?;
        let path = self.root.join(".lock");
        let lock = fs_err::File::create(&path).map_err(|source| Error::Io { path: path.clone(), source })?.into_file();
        if lock.try_lock().is_err() {
            return Err(Error::Locked { path });
        }
        let known = match self.newest()? {
            Some(newest) => self.versions_of(newest)?,
            None => BTreeMap::new(),
        };
        let mut tables = BTreeMap::new();
        // The leader is created last, so that where it is, all are.
        for table in TABLES.iter().copied().filter(|t| t.name != LEADER.name).chain([LEADER]) {
            let exists = self.directory(table).join("_delta_log").join(format!("{:020}.json", 0)).exists();
            let mut delta = if exists { self.open(table, None)? } else { self.create(table)? };
            let expected = known.get(table.name).copied().unwrap_or(0);
            if table.name != LEADER.name && delta.version().unwrap_or(0) > expected {
                delta = self.take_back(table, delta, expected)?;
            }
            tables.insert(table.name, delta);
        }
        let number = tables.get(LEADER.name).and_then(DeltaTable::version).unwrap_or(0);
        let derived_from = match self.newest()? {
            Some(newest) => self.derived_from(newest)?,
            None => None,
        };
        Ok(Batch { lake: self, tables, number, derived_from, _lock: lock })
    }

    fn derived_from(&self, version: u64) -> Result<Option<String>> {
        Ok(self.information(version)?.get(DERIVED_FROM).and_then(Value::as_str).map(str::to_owned))
    }

    fn take_back(&self, table: &'static Table, delta: DeltaTable, expected: u64) -> Result<DeltaTable> {
        let before = self.adds(table, &self.open(table, Some(expected))?)?;
        let before: BTreeSet<&str> = before.iter().map(|add| add.path.as_str()).collect();
        let surplus = self.adds(table, &delta)?.into_iter().filter(|add| !before.contains(add.path.as_str()));
        let removes: Vec<Action> = surplus.map(|add| Action::Remove(remove(add))).collect();
        if removes.is_empty() {
            return Ok(delta);
        }
        self.commit(table, delta, removes, HashMap::new(), expected as i64)
    }

    fn commit(
        &self,
        table: &'static Table,
        delta: DeltaTable,
        actions: Vec<Action>,
        metadata: HashMap<String, Value>,
        transaction: i64,
    ) -> Result<DeltaTable> {
        let failed = |source: DeltaTableError| Error::Delta { table: table.name, source: Box::new(source) };
        let operation = DeltaOperation::Write {
            mode: SaveMode::Append,
            partition_by: table.is_event().then(|| vec![DATE.name.to_owned()]),
            predicate: None,
        };
        let mut actions = actions;
        let id = Transaction { app_id: APPLICATION.to_owned(), version: transaction, last_updated: None };
        actions.push(Action::Txn(id));
        self.runtime.block_on(async move {
            let state = delta.snapshot().map_err(failed)?;
            CommitBuilder::default()
                .with_actions(actions)
                .with_app_metadata(metadata)
                .build(Some(state), delta.log_store(), operation)
                .await
                .map_err(failed)?;
            let mut delta = delta;
            delta.update_state().await.map_err(failed)?;
            Ok(delta)
        })
    }
}

impl Batch<'_> {
    /// Commits the files of a batch: each table's in one commit, and the leader's last. Returns the new version.
    pub fn commit(&mut self, files: &[NewFile]) -> Result<u64> {
        let mut by_table: BTreeMap<&'static str, Vec<&NewFile>> = BTreeMap::new();
        for file in files {
            by_table.entry(file.table.name).or_default().push(file);
        }
        self.number += 1;
        for table in TABLES.iter().copied().filter(|t| t.name != LEADER.name) {
            if let Some(files) = by_table.get(table.name) {
                let adds = files.iter().map(|file| Action::Add(add(file))).collect();
                self.commit_table(table, adds, HashMap::new())?;
            }
        }
        self.lead(by_table.remove(LEADER.name).unwrap_or_default())
    }

    /// Commits the files in place of all that these tables held. Returns the new version.
    /// A file of another table is an error: it would be written and never seen.
    pub fn replace(&mut self, tables: &[&'static Table], files: &[NewFile]) -> Result<u64> {
        if let Some(file) = files.iter().find(|file| tables.iter().all(|table| table.name != file.table.name)) {
            return Err(Error::Unlisted { table: file.table.name });
        }
        self.number += 1;
        for table in tables.iter().copied() {
            let Some(delta) = self.tables.get(table.name) else { continue };
            let before = self.lake.adds(table, delta)?;
            // A file is named by its content: what is there already stays.
            let stays: BTreeSet<&str> = before.iter().map(|add| add.path.as_str()).collect();
            let new = files.iter().filter(|file| file.table.name == table.name);
            let names: BTreeSet<&str> = new.clone().map(|file| file.path.as_str()).collect();
            let adds = new.filter(|file| !stays.contains(file.path.as_str())).map(|file| Action::Add(add(file)));
            let gone = before.iter().filter(|add| !names.contains(add.path.as_str()));
            let actions: Vec<Action> = adds.chain(gone.map(|add| Action::Remove(remove(add.clone())))).collect();
            self.commit_table(table, actions, HashMap::new())?;
        }
        self.lead(Vec::new())
    }

    /// Commits derived tables in place of the earlier ones, with what they were made of. Returns the new version.
    pub fn derive(&mut self, tables: &[&'static Table], files: &[NewFile], basis: &str) -> Result<u64> {
        self.derived_from = Some(basis.to_owned());
        self.replace(tables, files)
    }

    /// Makes what was committed visible, with these files of the leader.
    fn lead(&mut self, files: Vec<&NewFile>) -> Result<u64> {
        let versions: BTreeMap<&str, u64> = TABLES
            .iter()
            .map(|table| {
                let at = self.tables.get(table.name).and_then(DeltaTable::version).unwrap_or(0);
                (table.name, if table.name == LEADER.name { self.number } else { at })
            })
            .collect();
        let mut metadata = HashMap::from([(VERSIONS.to_owned(), json!(versions))]);
        if let Some(basis) = &self.derived_from {
            metadata.insert(DERIVED_FROM.to_owned(), json!(basis));
        }
        self.commit_table(LEADER, files.into_iter().map(|file| Action::Add(add(file))).collect(), metadata)?;
        Ok(self.number)
    }

    fn commit_table(
        &mut self,
        table: &'static Table,
        actions: Vec<Action>,
        metadata: HashMap<String, Value>,
    ) -> Result<()> {
        let Some(delta) = self.tables.remove(table.name) else { return Ok(()) };
        let delta = self.lake.commit(table, delta, actions, metadata, self.number as i64)?;
        self.tables.insert(table.name, delta);
        Ok(())
    }

    /// The files of a table as they are now, those of this ingest included.
    pub fn files(&self, table: &'static Table) -> Result<Vec<LakeFile>> {
        match self.tables.get(table.name) {
            Some(delta) => self.lake.list(table, delta),
            None => Ok(Vec::new()),
        }
    }
}

fn delta_type(kind: Kind) -> DataType {
    let primitive = match kind {
        Kind::Text | Kind::Id | Kind::Key | Kind::Json => PrimitiveType::String,
        Kind::Int | Kind::Hash => PrimitiveType::Long,
        Kind::Real => PrimitiveType::Double,
        Kind::Flag => PrimitiveType::Boolean,
        Kind::Time => PrimitiveType::Timestamp,
        Kind::Bytes => PrimitiveType::Binary,
        Kind::Date => PrimitiveType::Date,
        Kind::Texts => return ArrayType::new(DataType::Primitive(PrimitiveType::String), true).into(),
    };
    DataType::Primitive(primitive)
}

/// The name under which statistics stand for the column of time.
const TIME: &str = coldtrail_schema::tables::common::EVENT_TIME;

fn add(file: &NewFile) -> Add {
    let mut stats = json!({ "numRecords": file.rows });
    if let Some((first, last)) = file.times {
        stats["minValues"] = json!({ TIME: millis(first.div_euclid(1000)) });
        stats["maxValues"] = json!({ TIME: millis(last.div_euclid(1000) + i64::from(last.rem_euclid(1000) > 0)) });
    }
    let partition = file.table.is_event().then(|| (DATE.name.to_owned(), file.date.map(civil)));
    Add {
        path: file.path.clone(),
        partition_values: partition.into_iter().collect(),
        size: file.size as i64,
        // No clock: the same evidence gives the same lake.
        modification_time: 0,
        data_change: true,
        stats: Some(stats.to_string()),
        tags: Some(HashMap::from([("sha256".to_owned(), Some(file.sha256.clone()))])),
        ..Add::default()
    }
}

fn remove(add: Add) -> Remove {
    Remove {
        path: add.path,
        data_change: true,
        deletion_timestamp: Some(0),
        extended_file_metadata: Some(true),
        partition_values: Some(add.partition_values),
        size: Some(add.size),
        tags: add.tags,
        deletion_vector: None,
        base_row_id: None,
        default_row_commit_version: None,
    }
}

fn lake_file(directory: &Path, add: &Add) -> LakeFile {
    let stats: Value = add.stats.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let time = |which: &str| stats.get(which)?.get(TIME)?.as_str().and_then(from_millis);
    let date = add.partition_values.get(DATE.name).and_then(Option::as_deref);
    LakeFile {
        path: directory.join(add.path.replace("%3D", "=")),
        size: add.size as u64,
        rows: stats.get("numRecords").and_then(Value::as_u64).unwrap_or(0),
        date: date
            .and_then(|text| from_millis(&format!("{text}T00:00:00.000Z")))
            .map(|micros| micros.div_euclid(86_400_000_000) as i32),
        times: time("minValues").zip(time("maxValues")),
        sha256: add.tags.as_ref().and_then(|tags| tags.get("sha256").cloned().flatten()).unwrap_or_default(),
    }
}

/// Milliseconds since 1970 as Delta's statistics write an instant.
fn millis(millis: i64) -> String {
    let (days, of_day) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    let (hours, minutes, seconds) = (of_day / 3_600_000, of_day / 60_000 % 60, of_day / 1000 % 60);
    format!("{}T{hours:02}:{minutes:02}:{seconds:02}.{:03}Z", civil(days as i32), of_day % 1000)
}

/// Microseconds of an instant that [`millis`] wrote.
fn from_millis(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hours, minutes, seconds) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let year_shifted = if month <= 2 { year - 1 } else { year };
    let era = year_shifted.div_euclid(400);
    let of_era = year_shifted - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    let seconds = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
    Some(seconds * 1_000_000 + number(20..23).unwrap_or(0) * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_survive_statistics() {
        for micros in [0, 1_636_967_484_624_000, -1_000, 4_102_444_800_000_000] {
            assert_eq!(from_millis(&millis(micros / 1000)), Some(micros));
        }
        assert_eq!(civil(0), "1970-01-01");
        assert_eq!(civil(20_000), "2024-10-04");
    }
}
