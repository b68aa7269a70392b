//! `coldtrail fetch`

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use coldtrail_evidence::{Limits, noted};
use coldtrail_fetch::{Error, Estimate, Fetched, Options, Progress, Pruned, State, dry_run, fetch};
use coldtrail_report::escape;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use crate::args::Fetch;
use crate::commands::add;
use crate::diagnostics::Status;
use crate::settings::{Done, Settings, manifest_state, recorded};
use crate::terminal;

/// How many names a warning lists.
const LISTED: usize = 20;

pub(crate) fn run(arguments: &Fetch, settings: &Settings) -> Result<Status> {
    arguments.period.check()?;
    let case = settings.case()?;
    let options = options(arguments);
    let bar = Arc::new(Bar::new(settings));
    if arguments.dry_run {
        let progress: Arc<dyn Progress> = Arc::clone(&bar) as Arc<dyn Progress>;
        let estimate = dry_run(&case, &options, &progress);
        bar.0.finish_and_clear();
        return tell_estimate(&estimate?, &options, settings);
    }
    let inputs = || {
        Ok(json!({
            "manifest": noted::state(&case)?, "bucket": options.bucket, "prefix": options.prefix, "sources": options.sources, "accounts": options.accounts,
            "regions": options.regions, "from": options.from, "to": options.to, "versions": options.versions,
            "endpoint": options.endpoint_url, "role": options.role_arn,
        }))
    };
    let _turn = noted::Turn::take(&case)?;
    let (status, (fetched, counts)) = recorded(&case, settings, inputs, || {
        let result = fetch(&case, &options, Arc::clone(&bar) as Arc<dyn Progress>);
        bar.0.finish_and_clear();
        let fetched = result?;
        let listed = fetched.added.objects + fetched.added.already + fetched.already;
        let gaps = !fetched.added.damaged.is_empty()
            || fetched.absent.iter().any(|absent| absent.reason != "delete_marker")
            || (listed == 0 && fetched.absent.is_empty());
        let status = if gaps { Status::Gaps } else { Status::Clean };
        let counts = as_json(&fetched);
        Ok(Done { status, counts: counts.clone(), outputs: manifest_state(&case)?, value: (fetched, counts) })
    })?;
    if settings.json {
        let mut all = counts;
        all["absent"] = serde_json::to_value(&fetched.absent)?;
        terminal::print_json(settings, &all)?;
        return Ok(status);
    }
    tell(&fetched, settings)?;
    Ok(status)
}

fn options(arguments: &Fetch) -> Options {
    Options {
        bucket: arguments.place.0.clone(),
        prefix: arguments.place.1.clone(),
        sources: arguments.source.clone(),
        accounts: arguments.account.clone(),
        regions: arguments.region.clone(),
        from: arguments.period.from,
        to: arguments.period.to,
        versions: arguments.versions,
        inventory: arguments.inventory.clone(),
        inventory_schema: arguments.inventory_schema.clone(),
        requester_pays: arguments.requester_pays,
        profile: arguments.profile.clone(),
        role_arn: arguments.role_arn.clone(),
        external_id: arguments.external_id.clone(),
        bucket_region: arguments.bucket_region.clone(),
        endpoint_url: arguments.endpoint_url.clone(),
        concurrency: usize::from(arguments.concurrency),
        stall: Duration::from_secs(arguments.stall_timeout.max(1)),
        keys: arguments.keys.clone(),
        trails: !arguments.no_trails,
        limits: Limits { inflated: arguments.limits.max_inflated, ..Limits::default() },
    }
}

/// How many there are of each reason.
fn reasons(fetched: &Fetched) -> BTreeMap<&str, u64> {
    let mut reasons = BTreeMap::new();
    for absent in &fetched.absent {
        *reasons.entry(absent.reason.as_str()).or_default() += 1;
    }
    reasons
}

fn as_json(fetched: &Fetched) -> Value {
    let mut counts = add::as_json(&fetched.added);
    counts["already"] = json!(fetched.already + fetched.added.already);
    counts["excluded"] = json!(fetched.excluded);
    counts["pruned"] = json!(fetched.pruned);
    counts["absent_by_reason"] = json!(reasons(fetched));
    counts["throttled"] = json!(fetched.throttled);
    counts["problems"] = json!(fetched.problems);
    counts["caller"] = json!(fetched.caller);
    counts
}

/// What was not listed, and why.
fn pruned(pruned: &[Pruned]) -> Vec<String> {
    if pruned.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![format!("{} folders not listed:", pruned.len())];
    lines.extend(
        pruned.iter().take(LISTED).map(|pruned| format!("  {}: {}", escape::terminal(&pruned.prefix), pruned.why)),
    );
    if pruned.len() > LISTED {
        lines.push(format!("  {} more; --json lists all", pruned.len() - LISTED));
    }
    lines
}

fn tell(fetched: &Fetched, settings: &Settings) -> Result<()> {
    let added = &fetched.added;
    terminal::note(
        settings,
        format!(
            "{} objects fetched ({} bytes, {} inflated), {} were there already, {} of the listing not wanted",
            added.objects,
            added.bytes,
            added.inflated_bytes,
            fetched.already + added.already,
            fetched.excluded
        ),
    )?;
    for line in pruned(&fetched.pruned) {
        terminal::note(settings, line)?;
    }
    for (reason, count) in reasons(fetched) {
        terminal::warn(settings, format!("{count} objects not fetched: {reason}"))?;
        let of = fetched.absent.iter().filter(|absent| absent.reason == reason);
        for absent in of.take(LISTED) {
            terminal::warn(settings, format!("  {}: {}", absent.origin, absent.message))?;
        }
        if count > LISTED as u64 {
            terminal::warn(settings, format!("  {} more; --json lists all", count - LISTED as u64))?;
        }
    }
    let archived: Vec<_> = fetched.absent.iter().filter(|absent| absent.reason == "archived").collect();
    if !archived.is_empty() {
        terminal::note(
            settings,
            "restoring costs money and changes the bucket; these commands do it, coldtrail never does:",
        )?;
        for place in archived.iter().filter_map(|absent| absent.s3.as_ref()) {
            let version = place.version.as_ref().map(|id| format!(" --version-id {}", quoted(id))).unwrap_or_default();
            let command = format!(
                "aws s3api restore-object --bucket {} --key {}{version} --restore-request 'Days=7,GlacierJobParameters={{Tier=Bulk}}'",
                quoted(&place.bucket),
                quoted(&place.key)
            );
            terminal::print(settings, &format!("{command}\n"))?;
        }
    }
    for (key, why) in added.damaged.iter().take(LISTED) {
        terminal::warn(settings, format!("damaged: {key}: {why}"))?;
    }
    if added.objects + added.already + fetched.already == 0 && fetched.absent.is_empty() {
        terminal::warn(settings, "nothing that was listed is wanted")?;
    }
    for problem in &fetched.problems {
        terminal::warn(settings, format!("not saved: {problem}"))?;
    }
    terminal::note(settings, "next: coldtrail verify, coldtrail ingest")
}

/// A word for a shell, on one line: what acts on a terminal is written out as bash and zsh read it.
fn quoted(text: &str) -> String {
    if !text.chars().any(escape::is_active) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut word = "$'".to_owned();
    for c in text.chars() {
        let mut bytes = [0; 4];
        match c {
            '\'' | '\\' => word.extend(['\\', c]),
            c if escape::is_active(c) => {
                word.extend(c.encode_utf8(&mut bytes).bytes().map(|byte| format!("\\x{byte:02x}")));
            }
            c => word.push(c),
        }
    }
    word + "'"
}

fn tell_estimate(estimate: &Estimate, options: &Options, settings: &Settings) -> Result<Status> {
    let (requests, retrieval, transfer) = estimate.cost();
    let seconds = estimate.seconds(options.concurrency);
    if settings.json {
        let classes: BTreeMap<_, _> = estimate
            .classes
            .iter()
            .map(|(class, (objects, bytes))| (class, json!({ "objects": objects, "bytes": bytes })))
            .collect();
        let value = json!({
            "objects": estimate.objects, "bytes": estimate.bytes, "already": estimate.already, "excluded": estimate.excluded,
            "pruned": estimate.pruned,
            "storage_classes": classes, "archived": estimate.archived, "old_versions": estimate.old_versions,
            "delete_markers": estimate.delete_markers,
            "requests": { "list": estimate.list_requests, "get": estimate.objects },
            "cost_usd": { "requests": requests, "retrieval": retrieval, "transfer_out": transfer },
            "seconds": seconds,
        });
        terminal::print_json(settings, &value)?;
        return Ok(Status::Clean);
    }
    let mut text = format!(
        "{} objects, {} bytes to fetch; {} are there already, {} of the listing not wanted\n",
        estimate.objects, estimate.bytes, estimate.already, estimate.excluded
    );
    for line in pruned(&estimate.pruned) {
        text.push_str(&line);
        text.push('\n');
    }
    for (class, (objects, bytes)) in &estimate.classes {
        text.push_str(&format!("  {}: {objects} objects, {bytes} bytes\n", escape::terminal(class)));
    }
    if estimate.old_versions + estimate.delete_markers > 0 {
        text.push_str(&format!(
            "  {} of them old versions; {} delete markers\n",
            estimate.old_versions, estimate.delete_markers
        ));
    }
    if estimate.archived > 0 {
        text.push_str(&format!("  {} must be restored first, unless they are already\n", estimate.archived));
    }
    text.push_str(&format!("Requests: {} list (sent now), {} get\n", estimate.list_requests, estimate.objects));
    text.push_str(&format!(
        "Cost: about {requests:.2} USD for requests, {retrieval:.2} for retrieval, {transfer:.2} for transfer out of AWS (list prices of us-east-1; none within the region)\n"
    ));
    text.push_str(&format!(
        "Time: about {seconds:.0} s with {} requests in flight, at 50 ms a round trip and 100 MB/s\n",
        options.concurrency
    ));
    terminal::print(settings, &text)?;
    Ok(Status::Clean)
}

/// A bar on standard error.
struct Bar(ProgressBar);

impl Bar {
    fn new(settings: &Settings) -> Bar {
        let target = if settings.progress { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) =
            ProgressStyle::with_template("{bar:24} {bytes}/{total_bytes} {bytes_per_sec} eta {eta} {msg}")
        {
            bar.set_style(style);
        }
        Bar(bar)
    }
}

impl Progress for Bar {
    fn state(&self, state: State) {
        self.0.set_length(state.wanted.1);
        self.0.set_position(state.fetched.1);
        let listing = if state.listed { "" } else { ", still listing" };
        let (in_flight, allowed, slow) = state.requests;
        self.0.set_message(format!(
            "{}/{} objects{listing}, {in_flight} of {allowed} requests, {slow} throttled, {} failed",
            state.fetched.0, state.wanted.0, state.failed
        ));
    }
}

/// Is this the error of a run that the user ended?
pub(crate) fn is_interruption(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<Error>(), Some(Error::Interrupted))
}
