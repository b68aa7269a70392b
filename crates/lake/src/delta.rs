//! Delta tables: creating them, committing batches, resolving a version of the lake to its files.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use coldtrail_schema::column::DATE;
use coldtrail_schema::tables::ledger;
use coldtrail_schema::{TABLES, Table};
use deltalake_core::checkpoints::create_checkpoint;
use deltalake_core::kernel::transaction::CommitBuilder;
use deltalake_core::kernel::{Action, Add, StructField, Transaction};
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::{DeltaTable, DeltaTableBuilder, DeltaTableError, ensure_table_uri};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::actions::{add, delta_type, lake_file, plain_path, remove};
use crate::error::{Error, Result};
use crate::files::LakeFile;
use crate::lock::Lock;
use crate::parquet_output::NewFile;

/// The member of a commit's information that names the versions of all tables.
const VERSIONS: &str = "coldtrail";
/// The member that says what the derived tables were made of.
const DERIVED_FROM: &str = "coldtrail_derived_from";
/// Who commits, for Delta's transaction identifiers.
const APPLICATION: &str = "coldtrail/ingest";

/// The table whose commit makes a batch visible.
pub(crate) static LEADER: &Table = &ledger::OBJECTS;

/// After so many commits of a table its state is written down whole, so that a reader need not go through all of them.
/// The commits stay: the versions of the lake stand in those of the leader.
const CHECKPOINT: u64 = 50;

/// A lake directory.
pub struct Lake {
    pub(crate) root: PathBuf,
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

    /// How many rows of a table of events have no time, or one that cannot be true: they lie in the partition without
    /// a day, and no answer about a period has them.
    pub fn undated(&self, table: &str) -> u64 {
        let undated = |file: &&LakeFile| file.table.is_event() && file.date.is_none();
        self.files(table).iter().filter(undated).map(|file| file.rows).sum()
    }
}

/// What a commit does: files that come, and files of the lake that go. A file of the lake is never altered; one with
/// other rows takes its place.
#[derive(Debug, Default)]
pub struct Change {
    pub adds: Vec<NewFile>,
    pub removes: Vec<LakeFile>,
}

impl Change {
    pub fn is_empty(&self) -> bool {
        self.adds.is_empty() && self.removes.is_empty()
    }
}

/// Something that writes into the lake; holds its lock.
pub struct Batch<'l> {
    lake: &'l Lake,
    tables: BTreeMap<&'static str, DeltaTable>,
    number: u64,
    derived_from: Option<String>,
    _lock: Lock,
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
        if let Some(oldest) = self.oldest_kept()?.filter(|oldest| version < *oldest) {
            return Err(Error::Cleaned { version, oldest });
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

    pub(crate) fn directory(&self, table: &Table) -> PathBuf {
        self.root.join(table.name)
    }

    fn commit_file(&self, version: u64) -> PathBuf {
        self.directory(LEADER).join("_delta_log").join(format!("{version:020}.json"))
    }

    /// The newest version of the leader; none when there is no lake yet.
    pub(crate) fn newest(&self) -> Result<Option<u64>> {
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
    pub(crate) fn versions_of(&self, version: u64) -> Result<BTreeMap<String, u64>> {
        match self.information(version)?.get(VERSIONS) {
            Some(Value::Object(map)) => {
                Ok(map.iter().filter_map(|(name, at)| Some((name.clone(), at.as_u64()?))).collect())
            }
            // The commit that creates the table has no batch yet.
            _ if version == 0 => Ok(BTreeMap::new()),
            _ => Err(Error::NotOurs { path: self.commit_file(version) }),
        }
    }

    pub(crate) fn open(&self, table: &'static Table, version: Option<u64>) -> Result<DeltaTable> {
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

    pub(crate) fn list(&self, table: &'static Table, delta: &DeltaTable) -> Result<Vec<LakeFile>> {
        let directory = self.directory(table);
        let mut files: Vec<LakeFile> =
            self.adds(table, delta)?.iter().map(|add| lake_file(table, &directory, add)).collect();
        files.sort_by(|a, b| (a.date, a.times, &a.path).cmp(&(b.date, b.times, &b.path)));
        Ok(files)
    }

    /// Begins to write; `doing` says what, for whoever finds the lake locked meanwhile. What an interrupted batch had
    /// committed to some tables, but not to all, is taken back.
    pub fn begin(&self, doing: &'static str) -> Result<Batch<'_>> {
        let lock = Lock::take(&self.root, doing)?;
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

    /// Brings a table back to what it was at a version.
    fn take_back(&self, table: &'static Table, delta: DeltaTable, expected: u64) -> Result<DeltaTable> {
        let before = self.adds(table, &self.open(table, Some(expected))?)?;
        let now = self.adds(table, &delta)?;
        let paths = |adds: &[Add]| adds.iter().map(|add| add.path.clone()).collect::<BTreeSet<String>>();
        let (was, is) = (paths(&before), paths(&now));
        let surplus = now.into_iter().filter(|add| !was.contains(&add.path));
        let missing = before.into_iter().filter(|add| !is.contains(&add.path));
        let actions: Vec<Action> =
            surplus.map(|add| Action::Remove(remove(add))).chain(missing.map(Action::Add)).collect();
        if actions.is_empty() {
            return Ok(delta);
        }
        self.commit(table, delta, actions, HashMap::new(), expected as i64)
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
            if delta.version().is_some_and(|version| version > 0 && version.is_multiple_of(CHECKPOINT)) {
                create_checkpoint(&delta, None).await.map_err(failed)?;
            }
            Ok(delta)
        })
    }
}

impl Batch<'_> {
    /// Commits a change: that of each table in one commit, and the leader's last. Returns the new version.
    pub fn commit(&mut self, change: &Change) -> Result<u64> {
        self.number += 1;
        let mut leader = Vec::new();
        for table in TABLES.iter().copied() {
            let actions = self.actions(table, change)?;
            if table.name == LEADER.name {
                leader = actions;
            } else if !actions.is_empty() {
                self.commit_table(table, actions, HashMap::new())?;
            }
        }
        self.lead(leader)
    }

    /// What a change does to a table. A file that goes and comes again, because it has the same rows, stays.
    fn actions(&self, table: &'static Table, change: &Change) -> Result<Vec<Action>> {
        let directory = self.lake.directory(table);
        let of_table = |file: &&LakeFile| file.table.name == table.name;
        let mut gone: BTreeSet<&Path> =
            change.removes.iter().filter(of_table).filter_map(|file| file.path.strip_prefix(&directory).ok()).collect();
        let mut actions = Vec::new();
        for file in change.adds.iter().filter(|file| file.table.name == table.name) {
            if !gone.remove(Path::new(&file.path)) {
                actions.push(Action::Add(add(file)));
            }
        }
        if let (false, Some(delta)) = (gone.is_empty(), self.tables.get(table.name)) {
            let there = self.lake.adds(table, delta)?.into_iter();
            let removed = there.filter(|add| gone.contains(Path::new(&plain_path(&add.path))));
            actions.extend(removed.map(|add| Action::Remove(remove(add))));
        }
        Ok(actions)
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

    /// Makes what was committed visible, with this change of the leader.
    fn lead(&mut self, actions: Vec<Action>) -> Result<u64> {
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
        self.commit_table(LEADER, actions, metadata)?;
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
