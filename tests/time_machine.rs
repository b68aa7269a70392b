//! The time machine and the names, against a simulation whose truth is known, the sample data and the corpora.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use coldtrail_testkit::simulate::score::{State, Truth, rfc3339};
use coldtrail_testkit::simulate::{Settings, simulate};
use serde_json::Value;

use crate::support::{case_of, corpora, run, sample_case, sql};

/// A simulation, taken through the binary, with its truth.
struct Simulated {
    _directory: tempfile::TempDir,
    evidence: PathBuf,
    case: PathBuf,
    truth: Truth,
}

fn simulated() -> &'static Simulated {
    static SIMULATED: OnceLock<Simulated> = OnceLock::new();
    SIMULATED.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let out = directory.path().join("simulation");
        simulate(&Settings::new(11, 1500), &out).unwrap();
        let evidence = out.join("evidence");
        let case = case_of(directory.path(), &[evidence.to_string_lossy()], &["--in-place"]);
        run(&case, &["ingest"]).expect(0);
        let truth = Truth::read(&out.join("truth.jsonl")).unwrap();
        Simulated { _directory: directory, evidence, case, truth }
    })
}

fn attributions(case: &Path) -> Vec<Value> {
    sql(
        case,
        "select awsaccountid, awsregion, resourcetype, resourceid, configurationitemcapturetime, class, eventid, \
         candidates, actor, chain, why from config_attribution",
    )
}

#[test]
fn names_are_right() {
    let simulated = simulated();
    let sessions = sql(&simulated.case, "select session_id, actor from sessions");
    let score = simulated.truth.score(&attributions(&simulated.case), &sessions);
    let shown = format!("{}\n{}", score.table(), score.examples.join("\n"));
    assert!(score.certain.all > 800, "{shown}");
    assert_eq!(score.certain.right, score.certain.all, "{shown}");
    assert!(score.likely.percent() >= 95.0, "{shown}");
    assert!(score.recall.percent() >= 99.0, "{shown}");
    assert!(score.recall.all > 1000, "{shown}");
    assert_eq!(score.chains.right, score.chains.all, "{shown}");
    assert_eq!(score.actors.right, score.actors.all, "{shown}");
    assert_eq!(score.origins.right, score.origins.all, "{shown}");
    assert!(score.origins.all > 100, "{shown}");
}

/// Pairs of a state and an instant at which it held.
fn pairs(states: &[State], count: usize) -> Vec<(&State, i64)> {
    (0..count)
        .filter_map(|number| {
            let state = states.get(number * 7919 % states.len())?;
            let to = state.to.unwrap_or(state.from + 3_600_000);
            let into = (to - state.from) * (number as i64 % 10) / 10;
            Some((state, state.from + into))
        })
        .collect()
}

#[test]
fn states_are_as_they_were_recorded() {
    let simulated = simulated();
    for (state, at) in pairs(&simulated.truth.states, 60) {
        let name = state.arn.as_deref().unwrap_or(&state.id);
        let ran = run(&simulated.case, &["config", "show", name, "--at", &rfc3339(at), "--json"]);
        let shown = ran.json();
        // Of a day without a Config file it cannot say whether anything changed.
        let unsure = shown["coldtrail"]["recording"]["sayable"] == false;
        assert_eq!(ran.status, if unsure { 3 } else { 0 }, "{shown}");
        assert!(simulated.truth.is_shown(state, &shown), "{} at {}: {shown}", state.key, rfc3339(at));
    }
}

#[test]
fn derived_tables_are_the_same_again() {
    let simulated = simulated();
    let before = sql(&simulated.case, "select count(*) as n, max(score) as m from config_attribution");
    let nothing = run(&simulated.case, &["derive"]).expect(0);
    assert!(nothing.stderr.contains("nothing new"), "{}", nothing.stderr);
    let files = |case: &Path| {
        let mut names: Vec<String> = walk(&case.join("lake/config_states"));
        names.extend(walk(&case.join("lake/sessions")));
        names.retain(|name| name.ends_with(".parquet"));
        names.sort();
        names
    };
    let first = files(&simulated.case);
    run(&simulated.case, &["derive", "--again"]).expect(0);
    // A file's name is the hash of its bytes.
    assert_eq!(files(&simulated.case), first);
    assert_eq!(sql(&simulated.case, "select count(*) as n, max(score) as m from config_attribution"), before);
}

fn walk(directory: &Path) -> Vec<String> {
    std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path.to_string_lossy().into_owned()] })
        .collect()
}

/// With files taken away, the answers say that they cannot say.
#[test]
fn absence_is_not_called_none() {
    let simulated = simulated();
    let account = sql(&simulated.case, "select awsaccountid as a from config_states group by 1 order by 1 limit 1");
    let account = account[0]["a"].as_str().unwrap().to_owned();
    let directory = tempfile::tempdir().unwrap();
    let kept = directory.path().join("kept");
    let gone = [format!("{account}/Config/us-east-1/2026/2/3/"), format!("{account}/CloudTrail/us-east-1/")];
    copy(&simulated.evidence, &kept, &gone);
    let case = case_of(directory.path(), &[kept.to_string_lossy()], &["--in-place"]);
    run(&case, &["ingest"]).expect(0);

    let none = format!(
        "select why from config_attribution where class = 'none found' and awsaccountid = '{account}' and awsregion = 'us-east-1'"
    );
    let none = sql(&case, &none);
    assert!(!none.is_empty());
    assert!(none.iter().all(|row| row["why"].as_str().unwrap().starts_with("cannot say")), "{none:?}");

    let resource = format!(
        "select arn from config_states where awsaccountid = '{account}' and awsregion = 'us-east-1' and arn is not null \
         and valid_from < '2026-02-03' and (valid_to is null or valid_to > '2026-02-04') order by arn limit 1"
    );
    let arn = sql(&case, &resource)[0]["arn"].as_str().unwrap().to_owned();
    let shown = run(&case, &["config", "show", &arn, "--at", "2026-02-03T12:00:00Z"]).expect(3);
    assert!(shown.stdout.contains("cannot say: whether it changed that day"), "{}", shown.stdout);
    let json = run(&case, &["config", "show", &arn, "--at", "2026-02-03T12:00:00Z", "--json"]).expect(3).json();
    assert_eq!(json["coldtrail"]["recording"]["sayable"], false, "{json}");
    let diff = run(&case, &["config", "diff", &arn, "--from", "2026-02-03", "--to", "2026-02-04"]).expect(3);
    assert!(diff.stdout.contains("cannot say: what changed"), "{}", diff.stdout);
}

fn copy(from: &Path, to: &Path, gone: &[String]) {
    for file in walk(from) {
        if !gone.iter().any(|part| file.contains(part)) {
            let target = to.join(Path::new(&file).strip_prefix(from).unwrap());
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::hard_link(&file, &target).or_else(|_| std::fs::copy(&file, &target).map(|_| ())).unwrap();
        }
    }
}

#[test]
fn every_view_of_the_sample_answers() {
    let case = sample_case();
    let opened = sql(case, "select resourceid, awsaccountid from exposures where kind = 'open_security_group' limit 1");
    let group = opened[0]["resourceid"].as_str().unwrap();
    let stopped = "select eventid, useridentity.arn as arn from cloudtrail where eventname = 'StopLogging' limit 1";
    let stopped = sql(case, stopped);
    let (event, caller) = (stopped[0]["eventid"].as_str().unwrap(), stopped[0]["arn"].as_str().unwrap());
    for arguments in [
        vec!["config", "show", group],
        vec!["config", "log", group],
        vec!["config", "blame", group],
        vec!["config", "related", group, "--depth", "2"],
        vec!["config", "investigate", group],
        vec!["config", "diff", group, "--from", "start"],
        vec!["config", "diff", "--all", "--from", "start"],
        vec!["config", "list"],
        vec!["exposure", group],
        vec!["exposure", "--all"],
        vec!["actor", "203.0.113.66"],
        vec!["actor", "203.0.113.66", "--tree"],
        vec!["timeline", "--ip", "203.0.113.66"],
        vec!["timeline", "--resource", group],
        vec!["timeline", "--actor", caller],
        vec!["timeline", "--around", event, "--window", "2h"],
    ] {
        // The sample has records that are not understood, and files that are no logs.
        let text = run(case, &arguments).expect(3);
        assert!(!text.stdout.trim().is_empty(), "{arguments:?}: {}", text.stderr);
        assert!(format!("{}{}", text.stdout, text.stderr).contains("left aside: "), "{arguments:?}");
        run(case, &[arguments, vec!["--json"]].concat()).expect(3).json();
    }
    let unknown = run(case, &["config", "show", "sg-nowhere", "--json"]).expect(5);
    assert!(unknown.stderr.contains("recorded no resource"), "{}", unknown.stderr);
    assert!(unknown.json()["cannotSay"][0].as_str().unwrap().contains("left aside"), "{}", unknown.stdout);
}

#[test]
fn the_corpora_go_the_same_way() {
    let Some(corpora) = corpora() else {
        crate::support::skipped("the_corpora_go_the_same_way", "the corpora");
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let folders = ["config", "cloudtrail"].map(|name| corpora.join(name).to_string_lossy().into_owned());
    let case = case_of(directory.path(), &folders, &["--in-place"]);
    let ran = run(&case, &["ingest", "--json"]);
    assert!(matches!(ran.status, 0 | 3), "{}", ran.stderr);
    let summary = ran.json();
    assert!(summary["derived"]["states"].as_u64().unwrap() > 50, "{summary}");
    assert!(summary["derived"]["sessions"].as_u64().unwrap() > 100, "{summary}");
    let items = sql(
        &case,
        "select count(distinct concat(awsaccountid, awsregion, resourcetype, resourceid)) as n from config_items \
         where configuration is not null and resourcetype is not null and configurationitemcapturetime is not null \
         and coalesce(resourceid, arn) is not null",
    );
    let resources = sql(
        &case,
        "select count(distinct concat(awsaccountid, awsregion, resourcetype, resourceid)) as n from config_states",
    );
    assert!(resources[0]["n"].as_u64() >= items[0]["n"].as_u64(), "{resources:?} of {items:?}");
    let edges = sql(&case, "select count(*) as n from session_edges where how = 'credentials'");
    assert!(edges[0]["n"].as_u64().unwrap() > 0, "{edges:?}");
    for name in sql(&case, "select distinct arn from config_states where arn is not null order by 1 limit 10") {
        let arn = name["arn"].as_str().unwrap();
        for verb in ["show", "log", "blame", "investigate"] {
            let ran = run(&case, &["config", verb, arn]);
            let answered = matches!(ran.status, 0 | 3);
            assert!(answered || ran.stderr.contains("resources are called"), "{arn}: {}", ran.stderr);
        }
    }
}
