//! Findings and events: what somebody else wrote into them makes no row of its own and shifts no column, and the fields
//! of real ones are those that another tool reads.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::decoded::{Fate, Outcome, decode};
use crate::fidelity::{corpora, logs};

fn cell<'a>(cells: &'a [(&'static str, String)], name: &str) -> Option<&'a str> {
    cells.iter().find(|(column, _)| *column == name).map(|(_, text)| text.as_str())
}

fn rows(outcome: &Outcome) -> Vec<&[(&'static str, String)]> {
    let cells = outcome.seen.iter().filter_map(|seen| match &seen.fate {
        Fate::Row { cells, .. } => Some(cells.as_slice()),
        _ => None,
    });
    cells.collect()
}

fn guardduty(number: usize, text: &str) -> Value {
    json!({
        "schemaVersion": "2.0", "accountId": "111122223333", "region": "eu-west-1", "id": format!("id-{number}"),
        "arn": format!("arn:aws:guardduty:eu-west-1:111122223333:detector/d/finding/{number}"), "type": "a:b/c",
        "resource": {"resourceType": "AccessKey", "accessKeyDetails": {"userName": text}, text: text},
        "service": {"action": {"actionType": "DNS_REQUEST", "dnsRequestAction": {"domain": text}}},
        "severity": 5, "updatedAt": "2026-03-02T04:20:11.123Z", "title": text, "description": text,
    })
}

fn asff(number: usize, text: &str) -> Value {
    json!({
        "SchemaVersion": "2018-10-08", "Id": format!("id-{number}"), "ProductArn": "arn:aws:securityhub:::product/a/b",
        "GeneratorId": "g", "AwsAccountId": "111122223333", "UpdatedAt": "2026-03-02T04:20:11.123Z",
        "ProductFields": {text: text}, "Resources": [{"Type": "Other", "Id": text}], "Title": text, "Description": text,
    })
}

fn event(number: usize, detail: &Value) -> Value {
    json!({
        "version": "0", "id": format!("id-{number}"), "detail-type": "t", "source": "s", "account": "111122223333",
        "time": "2026-03-02T04:20:11Z", "region": "eu-west-1", "resources": [], "detail": detail,
    })
}

/// Texts that look like what records, wrappers and their ends are made of.
fn hostile() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        Just("\"},{\"Id\":\"forged\",\"ProductArn\":\"p\",\"GeneratorId\":\"g\"}".to_owned()),
        Just("\"findings\":[{".to_owned()),
        Just("]}}\n{\"detail\":{\"findings\":[".to_owned()),
        Just("Records".to_owned()),
        Just("\\\"".to_owned()),
        "[\"\\\\{}\\[\\],:\n\r\t a-z]{1,8}",
        any::<String>(),
    ];
    // In front, so that it is never the name of a member that means something, nor empty.
    proptest::collection::vec(parts, 0..5).prop_map(|parts| format!("~{}", parts.concat()))
}

/// All forms in which a list of them comes.
fn forms(items: &[Value]) -> Vec<String> {
    let lines: Vec<String> = items.iter().map(Value::to_string).collect();
    vec![lines.join("\n"), lines.concat(), json!(items).to_string(), format!("{:#}", json!(items))]
}

/// Every input is of that source, and has one row for each text, in order, with the text in that column.
fn tells(source: &str, column: &str, wanted: &[String], inputs: Vec<String>) -> Result<(), TestCaseError> {
    for input in inputs {
        let outcome = decode("", input.as_bytes(), false);
        prop_assert_eq!(outcome.source.map(|found| found.name), Some(source), "{}", input);
        let found: Vec<String> = rows(&outcome)
            .iter()
            .map(|cells| {
                let text = cell(cells, column).unwrap_or_default();
                match column {
                    "detail" => serde_json::from_str::<Value>(text).unwrap()["name"].as_str().unwrap().to_owned(),
                    _ => text.to_owned(),
                }
            })
            .collect();
        prop_assert_eq!(&found, wanted, "{}", input);
        prop_assert_eq!(outcome.seen.len(), found.len(), "{}", input);
    }
    Ok(())
}

/// Records made of texts, numbered.
fn made(texts: &[String], make: fn(usize, &str) -> Value) -> Vec<Value> {
    texts.iter().enumerate().map(|(at, text)| make(at, text)).collect()
}

/// The forms of a list, and the answer of an API.
fn forms_and_answer(findings: &[Value]) -> Vec<String> {
    let mut inputs = forms(findings);
    inputs.push(json!({"Findings": findings}).to_string());
    inputs
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_in_a_finding_of_guardduty_stays_in_its_row(texts in proptest::collection::vec(hostile(), 1..5)) {
        tells("guardduty", "title", &texts, forms_and_answer(&made(&texts, guardduty)))?;
    }

    #[test]
    fn what_is_in_a_finding_of_security_hub_stays_in_its_row(texts in proptest::collection::vec(hostile(), 1..5)) {
        let findings = made(&texts, asff);
        tells("securityhub", "title", &texts, forms_and_answer(&findings))?;
        let twice: Vec<String> = texts.iter().chain(&texts).cloned().collect();
        let action = json!({"actionName": texts[0], "findings": findings});
        let events = [event(0, &json!({"findings": findings})), event(1, &action)];
        tells("securityhub", "title", &twice, forms(&events))?;
    }

    #[test]
    fn what_is_in_an_event_stays_in_its_row(texts in proptest::collection::vec(hostile(), 1..5)) {
        let events = made(&texts, |at, text| event(at, &json!({"name": text, text: {"Records": [{}]}})));
        tells("eventbridge_events", "detail", &texts, forms(&events))?;
    }
}

/// The fields of another tool's reading, and the columns that must say the same.
const PEER: &[(&str, &str)] = &[
    ("/@timestamp", "event_time"),
    ("/cloud/account/id", "account"),
    ("/cloud/region", "region"),
    ("/aws/guardduty/id", "id"),
    ("/aws/guardduty/arn", "arn"),
    ("/aws/guardduty/type", "type"),
    ("/aws/guardduty/title", "title"),
    ("/aws/guardduty/description", "description"),
    ("/aws/guardduty/created_at", "createdat"),
    ("/aws/guardduty/updated_at", "updatedat"),
    ("/aws/guardduty/severity/code", "severity"),
    ("/aws/guardduty/schema_version", "schemaversion"),
    ("/aws/guardduty/partition", "partition"),
    ("/aws/guardduty/resource/type", "resource_type"),
    ("/aws/guardduty/resource/access_key_details/accesskey_id", "access_key_id"),
    ("/aws/guardduty/service/action/type", "action_type"),
    ("/aws/guardduty/service/archived", "archived"),
    ("/aws/guardduty/service/count", "count"),
    ("/aws/guardduty/service/detector_id", "detector_id"),
    ("/aws/guardduty/service/event/first_seen", "first_seen"),
    ("/aws/guardduty/service/event/last_seen", "last_seen"),
    ("/aws/guardduty/service/resource_role", "resource_role"),
    ("/aws/guardduty/service/additional_info/sample", "sample"),
    ("/dns/question/name", "domain"),
    ("/source/ip", "remote_ip"),
];

#[test]
fn findings_are_read_as_a_peer_reads_them() {
    let Some(root) = corpora() else { return };
    let mut compared = 0;
    for log in logs(&root, &["guardduty"]) {
        let expected = root.join(format!("{}-expected.json", log.name));
        let Ok(text) = fs_err::read_to_string(expected) else { continue };
        let expected: Value = serde_json::from_str(&text).unwrap();
        let expected: Vec<&Value> = expected["expected"].as_array().unwrap().iter().filter(|e| !e.is_null()).collect();
        let rows = rows(&log.outcome);
        assert_eq!(rows.len(), expected.len(), "{}", log.name);
        for (wanted, cells) in expected.iter().zip(rows) {
            for (pointer, column) in PEER {
                let Some(wanted) = wanted.pointer(pointer) else { continue };
                let found = cell(cells, column).unwrap_or_default();
                let one = wanted.as_array().filter(|list| list.len() == 1).map_or(wanted, |list| &list[0]);
                let wanted = one.as_str().map_or_else(|| one.to_string(), str::to_owned);
                let plain = |text: &str| text.replace(".000Z", "Z").trim_end_matches(".0").to_owned();
                assert_eq!(plain(found), plain(&wanted), "{}: {column} and {pointer}", log.name);
                compared += 1;
            }
        }
    }
    assert!(compared > 60, "{compared} fields were compared");
}

/// Everything in these folders is read; what is no record is a peer's reading, or a page's template that is no JSON.
#[test]
fn every_file_of_findings_is_recognised() {
    let Some(root) = corpora() else { return };
    const NOT_LOGS: &[&str] = &["test-guardduty.log-expected.json", "guardduty_findings_cloudwatch__0.json"];
    for log in logs(&root, &["guardduty", "securityhub"]) {
        if NOT_LOGS.iter().any(|name| log.name.ends_with(name)) {
            assert!(log.outcome.source.is_none(), "{}", log.name);
            continue;
        }
        // A rule's test with an event around nothing.
        let folder = log.name.split('/').next().unwrap();
        let wanted = if log.name.ends_with("guard_duty_all.json") { "eventbridge_events" } else { folder };
        assert_eq!(log.outcome.source.map(|source| source.name), Some(wanted), "{}", log.name);
        assert!(log.outcome.rows() > 0 && log.outcome.rejects().count() == 0, "{}", log.name);
    }
}
