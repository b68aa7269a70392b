//! Running the binary, and cases to run it in.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;

/// The root of the source tree.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Real logs from public sources, if they are here.
pub(crate) fn corpora() -> Option<PathBuf> {
    let path = root().join("../shared/corpora");
    let required = std::env::var_os("COLDTRAIL_REQUIRE_CORPORA").is_some();
    assert!(path.is_dir() || !required, "the corpora are required here");
    path.is_dir().then_some(path)
}

/// Says that a test did not run. Not by `eprintln!`, which is not shown for a test that passes.
pub(crate) fn skipped(test: &str, needs: &str) {
    use std::io::Write;
    let line = format!("SKIPPED: {test} needs {needs}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// What a run came to.
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Ran {
        Ran {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Fails the test unless the exit status is this.
    #[track_caller]
    pub(crate) fn expect(self, status: i32) -> Ran {
        assert_eq!(self.status, status, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// The rows of an answer that was asked for with `--json`.
    #[track_caller]
    pub(crate) fn rows(&self) -> Vec<Value> {
        self.json()["rows"].as_array().unwrap_or_else(|| panic!("{}", self.stdout)).clone()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }
}

/// Where the tests keep what a user's programs remember: never in the home of who runs them.
pub(crate) fn state() -> &'static Path {
    static STATE: OnceLock<tempfile::TempDir> = OnceLock::new();
    STATE.get_or_init(|| tempfile::tempdir().unwrap()).path()
}

/// The binary, to be run in a directory.
pub(crate) fn command(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coldtrail"));
    command.current_dir(directory).env_remove("COLDTRAIL_CASE").env_remove("COLDTRAIL_SOURCES");
    command.env("NO_COLOR", "1").env("USER", "tester");
    command.env("XDG_STATE_HOME", state());
    command
}

pub(crate) fn run<S: AsRef<std::ffi::OsStr>>(directory: &Path, arguments: &[S]) -> Ran {
    Ran::of(command(directory).args(arguments).output().unwrap())
}

/// The rows of an answer.
#[track_caller]
pub(crate) fn sql(case: &Path, sql: &str) -> Vec<Value> {
    run(case, &["sql", sql, "--json"]).expect(0).rows()
}

/// The buckets of the sample data.
pub(crate) fn sample_folders() -> Vec<String> {
    let sample = root().join("sample-data");
    let mut folders: Vec<String> = std::fs::read_dir(sample)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    folders.sort();
    folders
}

pub(crate) fn truth() -> Value {
    serde_json::from_str(&std::fs::read_to_string(root().join("sample-data/ground-truth.json")).unwrap()).unwrap()
}

/// A new case with these paths added.
pub(crate) fn case_of<S: AsRef<str>>(directory: &Path, paths: &[S], options: &[&str]) -> PathBuf {
    let case = directory.join("case");
    run(directory, &["init", "case"]).expect(0);
    let mut arguments = vec!["add"];
    arguments.extend(options);
    arguments.extend(paths.iter().map(AsRef::as_ref));
    let added = run(&case, &arguments);
    assert!(matches!(added.status, 0 | 3), "{}", added.stderr);
    case
}

/// The sample case, ingested once for all tests that only read it.
pub(crate) fn sample_case() -> &'static Path {
    static CASE: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, case) = CASE.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let case = case_of(directory.path(), &sample_folders(), &[]);
        run(&case, &["ingest"]).expect(3);
        let keys = root().join("sample-data/public-keys.json");
        run(&case, &["verify", "--keys", &keys.to_string_lossy()]).expect(4);
        (directory, case)
    });
    case
}

/// Every row of every table, as it can be compared between lakes.
pub(crate) fn rows(case: &Path) -> Vec<Value> {
    let mut parts: Vec<String> = coldtrail_schema::tables::events()
        .map(|(table, _)| {
            let table = table.name;
            format!(
                "select '{table}' as t, evidence_object as a, evidence_record as b, cast(event_time as varchar) as c, cast(record_hash as varchar) as d from {table}"
            )
        })
        .collect();
    parts.push("select 'objects', evidence_object, records, status, concat(kept, ' ', duplicates, ' ', rejects, ' ', key) from objects".to_owned());
    parts
        .push("select 'rejects', evidence_object, evidence_record, reason, encode(raw, 'hex') from rejects".to_owned());
    parts.push("select 'duplicates', evidence_object, evidence_record, kept_object, cast(kept_record as varchar) from duplicates".to_owned());
    sql(case, &format!("{} order by 1, 2, 3, 4, 5", parts.join(" union all ")))
}

/// Compares with a golden file, or rewrites it when `UPDATE_GOLDEN` is set.
#[track_caller]
pub(crate) fn golden(name: &str, found: &str) {
    let path = root().join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, found).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == found, "{name} differs (UPDATE_GOLDEN=1 rewrites it); found:\n{found}");
}
