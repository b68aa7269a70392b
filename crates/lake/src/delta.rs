//! Delta tables: creating them, committing batches, resolving a version of the lake to its files.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read;
use std::path::{Path, PathBuf};

use coldtrail_evidence::hash::sha256;
use coldtrail_evidence::inside::{self, Use};
use coldtrail_evidence::{Case, noted};
use coldtrail_schema::column::DATE;
use coldtrail_schema::tables::ledger;
use coldtrail_schema::{TABLES, Table};
use deltalake_core::checkpoints::create_checkpoint;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake_core::kernel::{Action, Add, StructField, Transaction};
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::{DeltaTable, DeltaTableBuilder, DeltaTableError, ensure_table_uri};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::actions::{add, delta_type, plain_path, remove};
use crate::commits::{Commits, Head, News, read_checked};
use crate::error::{Error, Result};
use crate::files::LakeFile;
use crate::lock::Lock;
use crate::parquet_output::NewFile;
use crate::replay::{Replay, commit_file, log_folder};

/// The member of a commit's information that names the versions of all tables.
const VERSIONS: &str = "coldtrail";
/// The member that says what the derived tables were made of.
const DERIVED_FROM: &str = "coldtrail_derived_from";
/// Who commits, for Delta's transaction identifiers.
const APPLICATION: &str = "coldtrail/ingest";

/// The table whose commit makes a batch visible.
pub(crate) static LEADER: &Table = &ledger::OBJECTS;

/// After so many commits of a table its state is written down whole, so that other engines need not go through all of
/// them. The commits stay: they are what we read.
const CHECKPOINT: u64 = 50;

/// A lake directory.
pub struct Lake {
    pub(crate) root: PathBuf,
    /// The case that it is a part of, whose custody log tells what it must be.
    case: Option<Case>,
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

/// Where Delta notes which checkpoint is the newest. Other engines need not have it, and we do not read it.
pub(crate) const LAST_CHECKPOINT: &str = "_last_checkpoint";

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
    commits: Commits,
    /// What was committed, and is in no line of the list yet.
    news: News,
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
        Ok(Lake { root: root.to_owned(), case: None, runtime })
    }

    /// The lake of a case, which must be the one that its custody log names.
    pub fn of(case: &Case) -> Result<Lake> {
        Ok(Lake { case: Some(case.clone()), ..Lake::new(&case.lake_dir())? })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The state of its list of commits, to be noted: it is on the disk. None when there is no lake yet.
    pub fn head(&self) -> Result<Option<Head>> {
        let commits = Commits::load(&self.root)?;
        self.refuse_without_list(&commits)?;
        commits.settle(&self.root)?;
        Ok(commits.head())
    }

    /// The newest version, or an older one. Only whole batches are in it.
    pub fn snapshot(&self, version: Option<u64>) -> Result<Snapshot> {
        let commits = self.commits()?;
        let newest = commits.version.unwrap_or(0);
        let version = version.unwrap_or(newest);
        if version > newest {
            return Err(Error::NoVersion { version, newest });
        }
        if commits.is_empty() {
            return Ok(Snapshot::default());
        }
        if let Some(oldest) = self.oldest_kept()?.filter(|oldest| version < *oldest) {
            return Err(Error::Cleaned { version, oldest });
        }
        let replay = self.replay(&commits);
        let (versions, derived_from) = (versions_of(&replay, version)?, derived_from(&replay, version)?);
        let mut snapshot = Snapshot { version, derived_from, ..Snapshot::default() };
        for table in TABLES {
            let Some(at) = versions.get(table.name) else { continue };
            snapshot.tables.insert(table.name, replay.files(table, *at)?);
            snapshot.versions.insert(table.name, *at);
        }
        Ok(snapshot)
    }

    /// The list of commits, if the lake is the one that was noted: every state that the custody log names is in it, and
    /// what stands behind the last one is of an action that has not ended.
    pub(crate) fn commits(&self) -> Result<Commits> {
        // Before the custody log: an action writes there first.
        let mut commits = Commits::load(&self.root)?;
        if let Some(case) = &self.case {
            let noted = noted::lake(case).map_err(Error::Custody)?;
            let head = |state: &Value| Head::new(state.get("commits")?.as_u64()?, state.get("head")?.as_str()?);
            let heads: Vec<_> = noted.states.iter().filter_map(|(seq, state)| Some((*seq, head(state)?))).collect();
            let found = commits.head().map_or(0, |head| head.lines);
            let last = (!heads.is_empty() && found > noted.accounted && !noted.is_open).then_some((
                None,
                found,
                noted.accounted,
            ));
            let foreign = noted.foreign.map(|(seq, lines, accounted)| (Some(seq), lines, accounted));
            if let Some((seq, lines, accounted)) = foreign.or(last) {
                return Err(Error::Unnoted { path: self.root.clone(), seq, lines, accounted });
            }
            if heads.iter().any(|(_, head)| !commits.has(head)) {
                // An action may have ended since.
                commits = Commits::load(&self.root)?;
            }
            if let Some((seq, head)) = heads.iter().find(|(_, head)| !commits.has(head)) {
                let found = commits.head().map_or(0, |head| head.lines);
                return Err(Error::NotNoted { path: self.root.clone(), seq: *seq, lines: head.lines, found });
            }
        }
        self.refuse_without_list(&commits)?;
        Ok(commits)
    }

    /// The line of version 0 is written before there is any other commit.
    fn refuse_without_list(&self, commits: &Commits) -> Result<()> {
        match commits.is_empty() && commit_file(&self.directory(LEADER), 1).exists() {
            true => Err(Error::NoList { path: self.root.clone() }),
            false => Ok(()),
        }
    }

    pub(crate) fn replay<'a>(&'a self, commits: &'a Commits) -> Replay<'a> {
        Replay { root: &self.root, commits }
    }

    pub(crate) fn directory(&self, table: &Table) -> PathBuf {
        self.root.join(table.name)
    }

    fn open(&self, table: &'static Table) -> Result<DeltaTable> {
        let failed = |source| Error::Delta { table: table.name, source: Box::new(source) };
        let url = ensure_table_uri(self.directory(table).to_string_lossy()).map_err(failed)?;
        let builder = DeltaTableBuilder::from_url(url).map_err(failed)?;
        self.runtime.block_on(builder.load()).map_err(failed)
    }

    fn create(&self, table: &'static Table) -> Result<DeltaTable> {
        let failed = |source| Error::Delta { table: table.name, source: Box::new(source) };
        let directory = self.directory(table);
        let log = log_folder(&directory);
        inside::make_folder(&self.root, &log).map_err(|source| Error::Io { path: log, source })?;
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

    /// Begins to write; `doing` says what, for whoever finds the lake locked meanwhile. What an interrupted batch had
    /// committed to some tables, but not to all, is taken away.
    pub fn begin(&self, doing: &'static str) -> Result<Batch<'_>> {
        let lock = Lock::take(&self.root, doing)?;
        let commits = self.commits()?;
        let (mut tables, mut made) =
            (BTreeMap::new(), News { version: commits.version.unwrap_or(0), ..News::default() });
        // All are looked at before anything is taken away.
        let logs: Vec<_> = TABLES.iter().map(|table| self.log_files(table)).collect::<Result<_>>()?;
        for (table, log) in TABLES.iter().copied().zip(logs) {
            self.take_away(table, &log, &commits)?;
            let count = commits.count(table.name);
            let delta = if count > 0 {
                // What the engine reads to write behind it is what we have checked.
                self.replay(&commits).adds(table, count - 1)?;
                self.open(table)?
            } else {
                let delta = self.create(table)?;
                made.commits.insert(table.name.to_owned(), BTreeMap::from([(0, self.settled(table, 0)?)]));
                delta
            };
            tables.insert(table.name, delta);
        }
        let mut batch = Batch {
            lake: self,
            tables,
            number: made.version,
            derived_from: None,
            news: News::default(),
            commits,
            _lock: lock,
        };
        if !made.commits.is_empty() {
            batch.commits.append(&self.root, made)?;
        }
        batch.derived_from = derived_from(&self.replay(&batch.commits), batch.number)?;
        Ok(batch)
    }

    /// The names of the files in a table's log. Anything there that is no regular file, or a link on the way, is none of
    /// ours, and Delta would read it.
    fn log_files(&self, table: &Table) -> Result<Vec<String>> {
        let log = log_folder(&self.directory(table));
        let failed = |source| Error::Io { path: log.clone(), source };
        if !inside::has_folder(&self.root, &log).map_err(failed)? {
            return Ok(Vec::new());
        }
        let mut names = Vec::new();
        for entry in fs_err::read_dir(&log).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if !entry.file_type().map_err(failed)?.is_file() {
                let source = std::io::Error::other("no regular file, and a log has nothing else");
                return Err(Error::Io { path: entry.path(), source });
            }
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        Ok(names)
    }

    /// Takes away the files of a table's log that the list of commits does not have: a run was killed before the version
    /// that they belong to was whole.
    fn take_away(&self, table: &Table, names: &[String], commits: &Commits) -> Result<()> {
        let log = log_folder(&self.directory(table));
        let failed = |source| Error::Io { path: log.clone(), source };
        let listed = commits.checkpoints.get(table.name);
        let mut gone = false;
        for name in names {
            let path = log.join(name);
            let commit = name.strip_suffix(".json").and_then(|digits| digits.parse::<u64>().ok());
            let known = match (commit, listed.and_then(|files| files.get(name))) {
                (Some(version), _) => version < commits.count(table.name),
                // A run may have been killed after it wrote the note anew, and before its line.
                (None, Some(listed)) if name == LAST_CHECKPOINT => {
                    let bytes = inside::read(&self.root, &path).map_err(failed)?.unwrap_or_default();
                    *listed == sha256(&bytes)
                }
                // Delta reads it to write behind it.
                (None, Some(listed)) => read_checked(&self.root, &path, listed).map(|_bytes| true)?,
                (None, None) => false,
            };
            if !known {
                fs_err::remove_file(path).map_err(failed)?;
                gone = true;
            }
        }
        if gone { inside::sync_folder(&log).map_err(failed) } else { Ok(()) }
    }

    /// Waits until a commit is on the disk; the SHA-256 of its file.
    fn settled(&self, table: &Table, version: u64) -> Result<String> {
        self.settled_file(table, &commit_file(&self.directory(table), version))
    }

    fn settled_file(&self, table: &Table, path: &Path) -> Result<String> {
        let failed = |source| Error::Io { path: path.to_owned(), source };
        let mut file = inside::open(&self.root, path, Use::Change).map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).and_then(|_| file.sync_all()).map_err(failed)?;
        inside::sync_folder(&log_folder(&self.directory(table))).map_err(failed)?;
        Ok(sha256(&bytes))
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
            // Delta would take away logs of more than thirty days, which are what we read.
            let properties = CommitProperties::default().with_create_checkpoint(false);
            CommitBuilder::from(properties.with_cleanup_expired_logs(Some(false)))
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

    /// Writes the state of a table down whole, for other engines; the files, and their SHA-256.
    fn checkpoint(&self, table: &'static Table, delta: &DeltaTable) -> Result<BTreeMap<String, String>> {
        let failed = |source: DeltaTableError| Error::Delta { table: table.name, source: Box::new(source) };
        self.runtime.block_on(create_checkpoint(delta, None)).map_err(failed)?;
        let log = log_folder(&self.directory(table));
        let names = [format!("{:020}.checkpoint.parquet", delta.version().unwrap_or(0)), LAST_CHECKPOINT.to_owned()];
        names.into_iter().map(|name| Ok((name.clone(), self.settled_file(table, &log.join(name))?))).collect()
    }
}

/// The versions of all tables that belong to a version of the leader.
pub(crate) fn versions_of(replay: &Replay<'_>, version: u64) -> Result<BTreeMap<String, u64>> {
    match replay.information(LEADER, version)?.get(VERSIONS) {
        Some(Value::Object(map)) => {
            Ok(map.iter().filter_map(|(name, at)| Some((name.clone(), at.as_u64()?))).collect())
        }
        // The commit that creates the table has no batch yet.
        _ if version == 0 => Ok(BTreeMap::new()),
        _ => Err(Error::NotOurs { path: commit_file(&replay.directory(LEADER), version) }),
    }
}

fn derived_from(replay: &Replay<'_>, version: u64) -> Result<Option<String>> {
    Ok(replay.information(LEADER, version)?.get(DERIVED_FROM).and_then(Value::as_str).map(str::to_owned))
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
        if !gone.is_empty() {
            let there = self.adds(table)?.into_iter();
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
            let before = self.adds(table)?;
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
        // From here on the version exists.
        let news = News { version: self.number, ..std::mem::take(&mut self.news) };
        let due: Vec<&'static Table> = TABLES.iter().copied().filter(|table| is_due(&news, table)).collect();
        self.commits.append(&self.lake.root, news)?;
        let mut checkpoints = News { version: self.number, ..News::default() };
        for table in due {
            let Some(delta) = self.tables.get(table.name) else { continue };
            checkpoints.checkpoints.insert(table.name.to_owned(), self.lake.checkpoint(table, delta)?);
        }
        if !checkpoints.checkpoints.is_empty() {
            self.commits.append(&self.lake.root, checkpoints)?;
        }
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
        let version = delta.version().unwrap_or(0);
        let sha256 = self.lake.settled(table, version)?;
        self.news.commits.entry(table.name.to_owned()).or_default().insert(version, sha256);
        self.tables.insert(table.name, delta);
        Ok(())
    }

    /// The files of a table before this change, as its log has them.
    fn adds(&self, table: &'static Table) -> Result<Vec<Add>> {
        match self.commits.count(table.name) {
            0 => Ok(Vec::new()),
            count => self.lake.replay(&self.commits).adds(table, count - 1),
        }
    }

    /// The files of a table as they are now, those of this ingest included.
    pub fn files(&self, table: &'static Table) -> Result<Vec<LakeFile>> {
        match self.commits.count(table.name) {
            0 => Ok(Vec::new()),
            count => self.lake.replay(&self.commits).files(table, count - 1),
        }
    }
}

/// Is a checkpoint of this table due after these commits?
fn is_due(news: &News, table: &Table) -> bool {
    let versions = news.commits.get(table.name).into_iter().flat_map(BTreeMap::keys);
    versions.into_iter().any(|version| *version > 0 && version.is_multiple_of(CHECKPOINT))
}
