//! What is open when, in the language of Config: items of one resource, and the lists that they refer to.

use coldtrail_schema::arrow::array::{Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use serde_json::{Value, json};

use super::*;
use crate::config::lists::Lists;

const GROUP: &str = "AWS::EC2::SecurityGroup";

/// An item: when, its status, and its configuration.
type Told<'t> = (i64, &'t str, &'t str);

/// The cells of columns as one line for each row; times as microseconds, `-` where there is nothing.
fn lines(batch: &RecordBatch, columns: &[&str]) -> Vec<String> {
    let cell = |name: &str, row: usize| {
        let column = batch.column_by_name(name).expect("a column of the table");
        if column.is_null(row) {
            return "-".to_owned();
        }
        match column.as_any().downcast_ref::<StringArray>() {
            Some(texts) => texts.value(row).to_owned(),
            None => column
                .as_any()
                .downcast_ref::<TimestampMicrosecondArray>()
                .map(|t| t.value(row).to_string())
                .expect("a time"),
        }
    };
    let line = |row| columns.iter().map(|name| cell(name, row)).collect::<Vec<_>>().join(" | ");
    let mut lines: Vec<String> = (0..batch.num_rows()).map(line).collect();
    lines.sort();
    lines
}

/// The items of one resource give these exposures, and these times of which it cannot be said.
#[track_caller]
fn check(kind: &str, items: &[Told<'_>], lists: Lists, exposures: &[&str], unknowns: &[&str]) {
    let resource = Resource {
        account: "111122223333".into(),
        region: "us-east-1".into(),
        kind: kind.into(),
        id: "r".into(),
        ..Resource::default()
    };
    let plan = Foreknowledge::with_lists(lists);
    let item = |(time, status, configuration): &Told<'_>| {
        let parts = [Some(*configuration).filter(|text| !text.is_empty()), None, None, None];
        (*time, status.to_string(), parts.map(|part| part.map(str::to_owned)))
    };
    let told: Vec<_> = items.iter().map(item).collect();
    let mut shard = Shard::default();
    let items = told.iter().map(|(time, status, parts)| Item {
        object: "item",
        record: *time,
        account: "111122223333",
        kind,
        id: "r",
        name: None,
        arn: None,
        resource: 0,
        object_number: 0,
        region: "us-east-1",
        time: *time,
        state_id: None,
        status,
        snapshot: false,
        created: None,
        parts: parts.each_ref().map(Option::as_deref),
    });
    let resources = [resource];
    shard.take(items.collect(), &resources, &plan).expect("documents unpack");
    shard.close(&resources, &plan).expect("documents unpack");
    let finished = shard.finish();
    assert_eq!(lines(&finished.exposures, &["valid_from", "valid_to", "detail", "evidence_object"]), exposures);
    assert_eq!(lines(&finished.unknowns, &["valid_from", "valid_to", "reason", "detail"]), unknowns);
}

fn group(ranges: Value, lists: Value) -> String {
    json!({"ipPermissions": [{"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipRanges": ranges, "prefixListIds": lists}]})
        .to_string()
}

#[test]
fn open_from_capture_to_capture() {
    let (closed, open) = (group(json!([]), json!([])), group(json!(["0.0.0.0/0"]), json!([])));
    let items = [(10, "OK", &*closed), (20, "OK", &*open), (30, "OK", &*open), (40, "OK", &*closed)];
    check(GROUP, &items, Lists::default(), &["20 | 40 | tcp 22 from 0.0.0.0/0 | item"], &[]);
    let items = [(20, "OK", &*open), (40, "ResourceDeleted", "")];
    check(GROUP, &items, Lists::default(), &["20 | 40 | tcp 22 from 0.0.0.0/0 | item"], &[]);
    // While nobody looks, it is not known to have been closed.
    let items = [(20, "OK", &*open), (40, "ResourceNotRecorded", "")];
    check(GROUP, &items, Lists::default(), &["20 | - | tcp 22 from 0.0.0.0/0 | item"], &[]);
}

#[test]
fn a_list_opens_a_group_that_does_not_change() {
    let by_list = group(json!([]), json!([{"prefixListId": "pl-1"}]));
    let other = group(json!(["192.0.2.0/24"]), json!([{"prefixListId": "pl-1"}]));
    let lists = || {
        let office: Option<&[&str]> = Some(&["198.51.100.0/24"]);
        let all: Option<&[&str]> = Some(&["0.0.0.0/0"]);
        Lists::of(&[("pl-1", &[(20, office), (30, all), (50, office), (60, None)])])
    };
    let unknowns =
        ["10 | 20 | prefix list not in the evidence | pl-1", "60 | - | prefix list not in the evidence | pl-1"];
    let open = ["30 | 50 | tcp 22 from 0.0.0.0/0 (by pl-1) | list"];
    check(GROUP, &[(10, "OK", &by_list)], lists(), &open, &unknowns);
    check(GROUP, &[(10, "OK", &by_list), (40, "OK", &by_list)], lists(), &open, &unknowns);
    check(GROUP, &[(10, "OK", &by_list), (40, "OK", &other)], lists(), &open, &unknowns);
    // Another group, and one that no longer refers to the list.
    check(GROUP, &[(10, "OK", &group(json!([]), json!([])))], lists(), &[], &[]);
    let left = [(10, "OK", &*by_list), (40, "OK", &*group(json!([]), json!([])))];
    check(GROUP, &left, lists(), &["30 | 40 | tcp 22 from 0.0.0.0/0 (by pl-1) | list"], &unknowns[..1]);
}

#[test]
fn what_cannot_be_judged_has_a_time() {
    let plain = json!({"a": 1}).to_string();
    let items = [(10, "OK", &*plain), (30, "ResourceDeleted", "")];
    check("AWS::Made::Up", &items, Lists::default(), &[], &["10 | 30 | type not examined | AWS::Made::Up"]);
    // Deeper than a parser goes: nothing was deleted, and nothing is known.
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(200), "]".repeat(200));
    let items = [(10, "OK", &*plain), (20, "OK", &*deep), (30, "OK", &*plain)];
    check("AWS::KMS::Key", &items, Lists::default(), &[], &["20 | 30 | document not parsed | the whole document"]);
}
