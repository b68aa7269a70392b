//! The lake as other engines read it.

use std::process::Command;

use crate::support::{sample_case, sql};

const SCRIPT: &str = r#"
import json, sys
import deltalake, duckdb
lake, tables = sys.argv[1], sys.argv[2].split(",")
out, db = {}, duckdb.connect()
for table in tables:
    dt = deltalake.DeltaTable(f"{lake}/{table}")
    files = dt.file_uris()
    arrow = dt.to_pyarrow_table() if hasattr(dt, "to_pyarrow_table") else None
    names = ",".join("'" + f.replace("file://", "").replace("%3D", "=") + "'" for f in files)
    count = db.execute(f"select count(*) from read_parquet([{names}], hive_partitioning=true)").fetchall()[0][0] if files else 0
    out[table] = [arrow.num_rows if arrow is not None else None, count]
print(json.dumps(out))
"#;

#[test]
fn deltalake_and_duckdb_count_the_same_rows() {
    let tables: Vec<&str> = coldtrail_schema::TABLES.iter().map(|table| table.name).collect();
    let lake = sample_case().join("lake");
    let ran = Command::new("python3").arg("-c").arg(SCRIPT).arg(&lake).arg(tables.join(",")).output();
    let output = match ran {
        Ok(output) if output.status.success() => output,
        other => {
            let required = std::env::var_os("COLDTRAIL_REQUIRE_ENGINES").is_some();
            assert!(!required, "the Python packages deltalake, pyarrow and duckdb are required here: {other:?}");
            let needs = "the Python packages deltalake, pyarrow and duckdb";
            crate::support::skipped("deltalake_and_duckdb_count_the_same_rows", needs);
            return;
        }
    };
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for table in tables {
        let ours = &sql(sample_case(), &format!("select count(*) as n from {table}"))[0]["n"];
        assert_eq!(&found[table][0], ours, "deltalake: {table}");
        assert_eq!(&found[table][1], ours, "duckdb: {table}");
    }
}
