//! Deriving: how right the names are on a simulation whose truth is known, and how fast it is on a large one.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use coldtrail_testkit::simulate::score::{State, Truth};
use coldtrail_testkit::simulate::{Settings, simulate};
use serde_json::Value;

use super::{spawn, tell};

/// `bench truth`: a simulation through everything, scored against its truth.
pub(super) fn truth(binary: &Path, directory: &Path, seed: u64, changes: u64) -> Result<()> {
    let case = prepare(binary, directory, &Settings::new(seed, changes), "simulation")?;
    let truth = Truth::read(&directory.join("simulation/truth.jsonl"))?;
    let attributions = sql(
        binary,
        &case,
        "select awsaccountid, awsregion, resourcetype, resourceid, configurationitemcapturetime, class, eventid, \
         candidates, actor, chain, why from config_attribution",
    )?;
    let sessions = sql(binary, &case, "select session_id, actor from sessions")?;
    let score = truth.score(&attributions, &sessions);
    println!("seed {seed}, {changes} changes\n\n{}", score.table());
    let (right, all, wrong) = shows(binary, &case, &truth, 1000)?;
    println!("`config show --at`: {right} of {all} states as recorded");
    for example in wrong.iter().chain(&score.examples).take(40) {
        println!("wrong: {example}");
    }
    Ok(())
}

/// `bench derive`: how long deriving and asking take.
pub(super) fn derive(
    binary: &Path,
    directory: &Path,
    seed: u64,
    changes: u64,
    background: u64,
    runs: usize,
) -> Result<()> {
    let settings = Settings { background: Some(background), truth: false, ..Settings::new(seed, changes) };
    let case = prepare(binary, directory, &settings, "large")?;
    for _ in 0..runs {
        tell("derive --again", &spawn(binary, &case, &["derive", "--again"])?, None);
    }
    let counts = "select (select count(*) from config_items) as items, (select count(*) from cloudtrail) as events, \
                  (select count(*) from config_states) as states, (select count(*) from config_attribution) as changes, \
                  (select count(*) from sessions) as sessions";
    println!("{}", sql(binary, &case, counts)?.first().cloned().unwrap_or_default());
    let resource = sql(
        binary,
        &case,
        "select arn, count(*) as n from config_states where arn is not null group by 1 order by 2 desc, 1 limit 1",
    )?;
    let arn = resource.first().and_then(|row| row["arn"].as_str()).context("no resource")?.to_owned();
    let session = sql(
        binary,
        &case,
        "select session_id from sessions where useridentity_type = 'AssumedRole' order by events desc limit 1",
    )?;
    let key = session.first().and_then(|row| row["session_id"].as_str()).context("no session")?.to_owned();
    let at = "2026-03-01T00:00:00Z";
    for arguments in [
        vec!["config", "show", &arn, "--at", at],
        vec!["config", "log", &arn],
        vec!["config", "blame", &arn],
        vec!["config", "investigate", &arn, "--at", at],
        vec!["config", "list", "--type", "AWS::RDS::DBInstance", "--at", at],
        vec!["actor", &key],
        vec!["actor", &key, "--tree"],
        vec!["exposure", &arn],
    ] {
        for _ in 0..runs {
            tell(&arguments.join(" "), &spawn(binary, &case, &arguments)?, None);
        }
    }
    Ok(())
}

/// The case of a simulation, ingested and derived, unless it is there already.
fn prepare(binary: &Path, directory: &Path, settings: &Settings, name: &str) -> Result<PathBuf> {
    let case = directory.join(format!("{name}-case"));
    if case.join("lake").is_dir() {
        return Ok(case);
    }
    let out = directory.join(name);
    let started = Instant::now();
    let summary = simulate(settings, &out)?;
    println!(
        "simulated in {:.1} s: {} items, {} events",
        started.elapsed().as_secs_f64(),
        summary.items,
        summary.events
    );
    let case_text = case.to_string_lossy().into_owned();
    spawn(binary, directory, &["init", &case_text, "--quiet"])?;
    let evidence = out.join("evidence").to_string_lossy().into_owned();
    tell("add", &spawn(binary, &case, &["add", "--in-place", &evidence, "--quiet"])?, None);
    tell("ingest", &spawn(binary, &case, &["ingest", "--no-derive"])?, None);
    tell("derive", &spawn(binary, &case, &["derive"])?, None);
    Ok(case)
}

fn json(binary: &Path, case: &Path, arguments: &[&str]) -> Result<Value> {
    let output = Command::new(binary).current_dir(case).args(arguments).arg("--json").output()?;
    if !output.status.success() {
        bail!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn sql(binary: &Path, case: &Path, sql: &str) -> Result<Vec<Value>> {
    match json(binary, case, &["sql", sql])? {
        Value::Array(rows) => Ok(rows),
        other => bail!("no rows: {other}"),
    }
}

/// Asks for states at instants in them, spread over all states.
fn shows(binary: &Path, case: &Path, truth: &Truth, count: usize) -> Result<(u64, u64, Vec<String>)> {
    let (mut right, mut all, mut wrong) = (0, 0, Vec::new());
    for number in 0..count {
        // A prime step goes through all of them in no order.
        let Some(state) = truth.states.get(number * 7919 % truth.states.len().max(1)) else { break };
        let at = instant(state, number);
        let name = state.arn.as_deref().unwrap_or(&state.id);
        let shown = json(binary, case, &["config", "show", name, "--at", &at])?;
        all += 1;
        if truth.is_shown(state, &shown) {
            right += 1;
        } else {
            wrong.push(format!("{} at {at}: {}", state.key, shown["coldtrail"]));
        }
    }
    Ok((right, all, wrong))
}

fn instant(state: &State, number: usize) -> String {
    let to = state.to.unwrap_or(state.from + 3_600_000);
    let millis = state.from + (to - state.from) * (number as i64 % 10) / 10;
    coldtrail_testkit::simulate::score::rfc3339(millis)
}
