//! What the commands say about the sample, as text and as JSON, against expected answers.

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
