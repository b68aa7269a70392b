//! A case to be tried in, and its lake read back as text.

use std::collections::HashMap;
use std::path::PathBuf;

use coldtrail_evidence::add::{AddOptions, add};
use coldtrail_evidence::{Case, Limits, Manifest, NewCase};
use coldtrail_ingest::{Done, Options, Summary, ingest};
use coldtrail_lake::{Lake, Snapshot, read_all};
use coldtrail_schema::arrow::array::{Array, Int64Array, RecordBatch, StringArray};
use coldtrail_schema::tables::cloudtrail::{self, CloudtrailColumn};
use coldtrail_schema::tables::common::position;
use coldtrail_schema::tables::ledger::{DUPLICATES, DuplicateColumn, OBJECTS, ObjectColumn, REJECTS, RejectColumn};

struct Quiet;
impl coldtrail_evidence::add::Progress for Quiet {
    fn start(&self, _objects: u64, _bytes: u64) {}
    fn more(&self, _objects: u64, _bytes: u64) {}
    fn object(&self, _bytes: u64) {}
}
impl coldtrail_ingest::Progress for Quiet {
    fn start(&self, _objects: u64, _bytes: u64) {}
    fn object(&self, _done: Done) {}
    fn committed(&self, _version: u64) {}
}

pub(crate) struct Lab {
    folder: tempfile::TempDir,
    case: Case,
}

impl Lab {
    pub(crate) fn new() -> Lab {
        let folder = tempfile::tempdir().unwrap();
        let new = NewCase { name: "case", operator: None, reference: None, created: "2026-05-01T00:00:00Z" };
        let case = Case::init(&folder.path().join("case"), &new).unwrap();
        fs_err::create_dir(folder.path().join("input")).unwrap();
        Lab { folder, case }
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.path().join("input").join(key)
    }

    /// Writes a file of evidence to come.
    pub(crate) fn file(&self, key: &str, text: &str) -> PathBuf {
        let path = self.path(key);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(&path, text).unwrap();
        path
    }

    pub(crate) fn gzip(&self, key: &str, text: &str) {
        let path = self.file(key, "");
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
        fs_err::write(path, packed.finish().unwrap()).unwrap();
    }

    pub(crate) fn rename(&self, from: &str, to: &str) {
        fs_err::rename(self.path(from), self.path(to)).unwrap();
    }

    pub(crate) fn add(&self, folder: &str) {
        self.add_as(folder, AddOptions::default());
    }

    pub(crate) fn add_in_place(&self, folder: &str) {
        self.add_as(folder, AddOptions { in_place: true, ..AddOptions::default() });
    }

    pub(crate) fn add_with(&self, folder: &str, limits: Limits) {
        self.add_as(folder, AddOptions { limits, ..AddOptions::default() });
    }

    fn add_as(&self, folder: &str, options: AddOptions) {
        add(&self.case, &[self.path(folder)], &options, &Quiet).unwrap();
    }

    pub(crate) fn ingest(&self) -> Summary {
        self.ingest_with(Limits::default())
    }

    pub(crate) fn ingest_with(&self, limits: Limits) -> Summary {
        ingest(&self.case, &Options { limits, ..Options::default() }, &Quiet).unwrap()
    }

    fn snapshot(&self) -> Snapshot {
        Lake::new(&self.case.lake_dir()).unwrap().snapshot(None).unwrap()
    }

    fn read(&self, table: &str) -> Vec<RecordBatch> {
        self.snapshot().files(table).iter().flat_map(|file| read_all(file).unwrap()).collect()
    }

    /// The file name of each object.
    fn names(&self) -> HashMap<String, String> {
        let name = |key: &str| key.rsplit('/').next().unwrap().to_owned();
        let manifest = Manifest::load(&self.case).unwrap();
        manifest.entries().map(Result::unwrap).map(|entry| (entry.object, name(&entry.key))).collect()
    }

    /// Each row of CloudTrail: the number of the event and its place.
    pub(crate) fn rows(&self) -> Vec<String> {
        let names = self.names();
        let mut rows = Vec::new();
        for batch in self.read(cloudtrail::TABLE.name) {
            for row in 0..batch.num_rows() {
                let id = text(&batch, CloudtrailColumn::eventid.position(), row);
                let object = &names[&text(&batch, position::OBJECT, row)];
                let number: u32 = id.rsplit('-').next().unwrap().parse().unwrap();
                rows.push((number, format!("{number} {object}#{}", int(&batch, position::RECORD, row))));
            }
        }
        rows.sort();
        rows.into_iter().map(|(_, row)| row).collect()
    }

    /// Each object: its file name, what became of it, and how many records were kept, duplicates and rejects.
    pub(crate) fn statuses(&self) -> Vec<String> {
        use ObjectColumn as C;
        let mut all = Vec::new();
        for batch in self.read(OBJECTS.name) {
            for row in 0..batch.num_rows() {
                let key = text(&batch, C::key.position(), row);
                let [kept, twice, rejects] =
                    [C::kept, C::duplicates, C::rejects].map(|column| int(&batch, column.position(), row));
                assert_eq!(int(&batch, C::records.position(), row), kept + twice + rejects, "{key}");
                let status = text(&batch, C::status.position(), row);
                all.push(format!("{} {status} {kept} {twice} {rejects}", key.rsplit('/').next().unwrap()));
            }
        }
        all.sort();
        all
    }

    /// Each duplicate: its place, and that of the row.
    pub(crate) fn duplicates(&self) -> Vec<String> {
        use DuplicateColumn as C;
        let names = self.names();
        let mut all = Vec::new();
        for batch in self.read(DUPLICATES.name) {
            for row in 0..batch.num_rows() {
                let place = |object: C, record: C| {
                    let object = &names[&text(&batch, object.position(), row)];
                    format!("{object}#{}", int(&batch, record.position(), row))
                };
                let copy = place(C::evidence_object, C::evidence_record);
                all.push(format!("{copy} is {}", place(C::kept_object, C::kept_record)));
            }
        }
        all.sort();
        all
    }

    pub(crate) fn count(&self, table: &str) -> u64 {
        self.snapshot().rows(table)
    }

    pub(crate) fn undated(&self) -> u64 {
        self.snapshot().undated(cloudtrail::TABLE.name)
    }

    /// A number of all rejects.
    pub(crate) fn sum_of_rejects(&self, column: RejectColumn) -> i64 {
        let batches = self.read(REJECTS.name);
        let rows = batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| (batch, row)));
        rows.map(|(batch, row)| int(batch, column.position(), row)).sum()
    }

    /// Why objects are not ingested.
    pub(crate) fn reasons(&self) -> Vec<String> {
        let batches = self.read(OBJECTS.name);
        let rows = batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| (batch, row)));
        rows.map(|(batch, row)| text(batch, ObjectColumn::reason.position(), row)).collect()
    }

    pub(crate) fn comments(&self) -> i64 {
        let batches = self.read(OBJECTS.name);
        let rows = batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| (batch, row)));
        rows.map(|(batch, row)| int(batch, ObjectColumn::comments.position(), row)).sum()
    }
}

fn text(batch: &RecordBatch, column: usize, row: usize) -> String {
    batch.column(column).as_any().downcast_ref::<StringArray>().unwrap().value(row).to_owned()
}

fn int(batch: &RecordBatch, column: usize, row: usize) -> i64 {
    let array = batch.column(column).as_any().downcast_ref::<Int64Array>().unwrap();
    assert!(array.is_valid(row));
    array.value(row)
}

/// The key under which CloudTrail delivers a log file.
pub(crate) fn own_key(minute: u32) -> String {
    format!(
        "AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/01/111122223333_CloudTrail_us-east-1_20260301T00{minute:02}Z_abcdefgh1234567{minute}.json"
    )
}

/// An event as one line.
pub(crate) fn event(id: u32, day: u32) -> String {
    format!(
        "{{\"eventVersion\":\"1.10\",\"userIdentity\":{{\"type\":\"IAMUser\",\"userName\":\"alice\"}},\"eventTime\":\"2026-03-{day:02}T00:01:00Z\",\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"ListBuckets\",\"awsRegion\":\"us-east-1\",\"sourceIPAddress\":\"198.51.100.7\",\"eventID\":\"00000000-0000-4000-8000-{id:012}\",\"requestParameters\":{{\"path\":\"a/b\",\"max\":10}},\"recipientAccountId\":\"111122223333\"}}\n"
    )
}

/// The same event in another spelling.
pub(crate) fn respelled(id: u32, day: u32) -> String {
    format!(
        "{{ \"recipientAccountId\": \"111122223333\", \"requestParameters\": {{\"max\": 1e1, \"path\": \"a\\/b\"}}, \"responseElements\": null, \"eventID\": \"00000000-0000-4000-8000-{id:012}\", \"sourceIPAddress\": \"198.51.100.7\", \"awsRegion\": \"us-east-1\", \"eventName\": \"List\\u0042uckets\", \"eventSource\": \"s3.amazonaws.com\", \"eventTime\": \"2026-03-{day:02}T00:01:00Z\", \"userIdentity\": {{\"userName\": \"alice\", \"type\": \"IAMUser\"}}, \"eventVersion\": \"1.10\"}}"
    )
}
