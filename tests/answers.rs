//! What the commands say about the sample, as text and as JSON, against expected answers.

use serde_json::Value;

use crate::support::{golden, run, sample_case, sql};

/// The security group that was opened, and the call that stopped logging.
fn group() -> String {
    let opened = "select resourceid from exposures where kind = 'open_security_group' order by valid_from limit 1";
    sql(sample_case(), opened)[0]["resourceid"].as_str().unwrap().to_owned()
}

#[test]
fn commands_answer_as_expected() {
    let group = group();
    let group = group.as_str();
    for (name, arguments) in [
        ("investigate", vec!["config", "investigate", group]),
        ("blame", vec!["config", "blame", group]),
        ("show", vec!["config", "show", group, "--at", "2026-04-09T12:00:00Z"]),
        ("log", vec!["config", "log", group]),
        ("related", vec!["config", "related", group, "--depth", "2"]),
        ("diff", vec!["config", "diff", "--all", "--from", "2026-04-08", "--to", "2026-04-10"]),
        ("actor", vec!["actor", "203.0.113.66"]),
        ("actor_tree", vec!["actor", "203.0.113.66", "--tree"]),
        ("exposure", vec!["exposure", "--all"]),
    ] {
        let text = run(sample_case(), &arguments).expect(3);
        golden(&format!("answers/{name}.txt"), &text.stdout);
        let json = run(sample_case(), &[arguments, vec!["--json"]].concat()).expect(3).json();
        golden(&format!("answers/{name}.json"), &format!("{json:#}\n"));
    }
    let rows = ["timeline", "--ip", "203.0.113.66", "--from", "2026-04-09", "--output", "jsonl"];
    golden("answers/timeline.jsonl", &run(sample_case(), &rows).expect(3).stdout);
}

/// Members of each row, as text, sorted, so that two answers can be compared.
fn told(rows: &Value, members: &[&str]) -> Vec<String> {
    let rows = rows.as_array().unwrap().iter();
    let mut told: Vec<String> = rows
        .map(|row| {
            members
                .iter()
                .map(|member| row.pointer(member).unwrap_or(&Value::Null).to_string())
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    told.sort();
    told.dedup();
    assert!(!told.is_empty());
    told
}

/// A fact is the same whoever is asked: a command, or the saved question about it.
#[test]
fn commands_and_questions_agree() {
    let answered = |arguments: &[&str]| run(sample_case(), &[arguments, &["--json"]].concat()).expect(3).json();
    let question = |name: &str, resource: &str| answered(&["query", "run", name, "--resource", resource]);

    let intervals = answered(&["query", "run", "config/exposure_intervals"]);
    let open = answered(&["exposure", "--all"]);
    assert_eq!(
        told(
            &open["exposures"],
            &["/resource/resourceid", "/kind", "/detail", "/from", "/to", "/evidence/evidence_object"],
        ),
        told(&intervals["rows"], &["/resourceid", "/kind", "/detail", "/valid_from", "/valid_to", "/evidence_object"]),
    );
    for resource in sql(sample_case(), "select distinct resourceid from config_changes order by 1") {
        let resource = resource["resourceid"].as_str().unwrap();
        let changes = answered(&["config", "log", resource]);
        let who = question("config/who_changed", resource);
        assert_eq!(
            told(
                &changes["changes"],
                &[
                    "/configurationItemCaptureTime",
                    "/kind",
                    "/attribution/class",
                    "/attribution/actor",
                    "/attribution/api"
                ],
            ),
            told(&who["rows"], &["/configurationitemcapturetime", "/kind", "/class", "/actor", "/api"]),
            "{resource}"
        );
        let at = "2026-04-09T12:00:00Z";
        let state =
            run(sample_case(), &["query", "run", "config/state_at", "--resource", resource, "--at", at, "--json"]);
        let state = state.expect(3).json()["rows"].clone();
        let shown = run(sample_case(), &["config", "show", resource, "--at", at, "--json"]);
        let (item, verdict) = (shown.json(), state[0]["verdict"].as_str().unwrap());
        // Before the first item there is nothing to show, and the question gives what the first one says of that time.
        if item["configurationItemCaptureTime"].is_null() {
            assert!(state[0]["hours_old"].is_null(), "{resource}: {state} {item}");
            continue;
        }
        assert_eq!(item["configurationItemCaptureTime"], state[0]["captured"], "{resource}: {state} {item}");
        let deleted = item["configurationItemStatus"].as_str().map(|status| status.contains("Deleted"));
        assert_eq!(deleted, Some(verdict == "deleted"), "{resource}: {verdict} {item}");
    }
}

/// Times of which nothing is here, types and networks that cannot be meant: none of it is answered with none.
#[test]
fn what_was_not_looked_at_is_not_none() {
    let said = |arguments: &[&str], status: i32, what: &str| {
        let ran = run(sample_case(), arguments).expect(status);
        let text = format!("{}{}", ran.stdout, ran.stderr);
        assert!(text.contains(what), "{arguments:?}: {text}");
    };
    let late = "2026-06-01";
    said(&["config", "log", "acme-web-assets", "--from", late], 3, "cannot say: whether it changed on 1 days");
    said(&["config", "show", "acme-web-assets", "--at", late], 3, "cannot say: whether it changed that day");
    said(&["config", "diff", "--all", "--from", "2020-01-01", "--to", "2020-02-01"], 5, "cannot say what differs");
    said(&["config", "list", "--type", "AWS::EC2::SecurityGrop"], 2, "did you mean AWS::EC2::SecurityGroup?");
    said(&["config", "list", "--type", "AWS::Foo::Bar"], 5, "cannot say: no resource of type");
    said(&["query", "run", "config/state_at", "--resource", "acme-web-asset"], 5, "stands in no row");
    said(&["query", "run", "triage/ip_activity", "--ip", "10.0.0.0/99"], 2, "is no address and no network");
    said(&["actor", "203.0.113."], 2, "is no address and no network");
    said(&["actor", "ci-deploy", "--from", late], 5, "no session of it in that time");
    said(
        &["query", "run", "triage/failed_actions", "--from", late, "--to", "2026-06-02"],
        5,
        "cannot say: what happened then",
    );
    said(
        &["config", "diff", "--all", "--from", "2026-02-01", "--to", "2026-04-10"],
        3,
        "what was there at the first instant",
    );
    said(&["timeline", "--ip", "203.0.113.66", "--from", late], 5, "cannot say: what happened then");
}
