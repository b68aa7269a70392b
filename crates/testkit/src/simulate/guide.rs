//! `TRUTH.md`: what the lines of the truth mean, and how often each feature happens.

use super::share;

/// A share in a thousand, as a percentage.
fn percent(share: u32) -> String {
    if share.is_multiple_of(10) { format!("{} %", share / 10) } else { format!("{}.{} %", share / 10, share % 10) }
}

pub(super) fn guide() -> String {
    let shares = [
        (
            "changes by a service (half on somebody's behalf by CloudFormation, the others by Auto Scaling and RDS)",
            share::SERVICE,
        ),
        ("changes whose event is in no log", share::NO_LOG),
        (
            "steps with continuous recording that are two concurrent changes (about 4 % of all changes)",
            share::CONCURRENT,
        ),
        (
            "steps with continuous recording that are two quick changes, an item each (about 3 % of all changes)",
            share::QUICK,
        ),
        ("ordinary changes that make something new", share::CREATE),
        ("failed calls, for every step", share::FAILED),
        ("idempotent calls, for every step", share::IDEMPOTENT),
        ("pairs of calls that undo each other, for every step", share::REVERTED),
        ("calls on types that are not recorded, which name a resource that is, for every step", share::NOT_RECORDED),
        ("events in a log file two to eight hours later", share::EVENT_LATE),
        ("events again in a log file one to three hours later, byte for byte", share::EVENT_TWICE),
        ("items in the history file of a day later", share::ITEM_LATE),
        ("items again in the next history file", share::ITEM_TWICE),
        ("items of IAM that the other region's recorder captured one to four seconds later", share::ELSEWHERE),
        ("captures two to twelve minutes after the call, and not 5 to 180 seconds", share::SLOW),
    ];
    let rows: String = shares.iter().map(|(what, share)| format!("| {what} | {} |\n", percent(*share))).collect();
    format!("{HEAD}{rows}{LINES}")
}

const HEAD: &str = "\
# The truth of a simulation

Written by `cargo xtask simulate`. `evidence/` is what an investigator has; `truth.jsonl` is what happened.
The same seed and options give the same bytes.

The days begin on 2026-01-01. The last account (of several) is recorded once a day; the others continuously. Every
account has the same cast of actors, and about a resource for every ten changes. Work is done in stints of a few
changes each; a stint is one session (a new one after an hour). A *step* is what a session does at one time: nearly
always one change.

| feature | share |
|---|---|
";

const LINES: &str = "
Snapshots are weekly, one per account and region; each repeats the last item of all that lives, with its own capture
time and status. Items of IAM are in the files of both regions.

## Lines

- `change`: a call that changed a resource. `called` is the event's time; `captured` the capture time of the item in
  which it is first seen, or null when no item shows it (undone before Config looked, or the resource was gone by
  then; only with daily recording). It is decided by path: of two changes of one path in one item, the earlier may be
  undone in part. `event_id` is null where the log is missing. `class` is `call`, `service` or
  `no_log`. `paths` are the members of the item that this change alters (`configuration` for what is made or deleted).
  `actor` is the root of the chain; `chain` leads from the root to the session that called; `access_key` is the
  session's. `concurrent`: part of a group by several actors within seconds, in one item. `quick`: one of two changes
  in quick succession, each with its own item (rarely the second could not be made). `daily`: the account is recorded
  once a day, so one item shows all changes of the day. `indirect`: the call is about another resource, and this one
  changes with it (its relationships, or how often a policy is attached); the event need not name it, as when an
  instance leaves a security group. `event_late`, `event_twice`: how the event
  was delivered. A call with indirect changes has one line for each; the counts in the summary are of direct ones.
- `state`: a recorded state, `from` its capture time `to` the next one's (null for the last). `elsewhere` is, for IAM,
  the capture time in eu-west-1. `late`, `twice`: how its history item was delivered. `status`, `relationships`,
  `configuration`, `supplementaryConfiguration` and `tags` are as in the item. States before the first day are the
  first capture of what was there.
- `chain`: one per temporary credential. `origin_kind` is `user` (with a key of their own), `console`, `saml`, `oidc`,
  `instance`, `function` or `service`. `hops` are the temporary credentials from the first to this one, each with the
  event that gave it out (the caller's copy where two accounts have one; a console session's is the login).
- `unseen`: a successful or failed write of which Config shows nothing. `why` is `failed`, `idempotent`, `reverted`
  (both calls have a line) or `not_recorded` (`resource` is the one that the call names). The background has such
  calls too, without a line.
- `summary`: the seed, the accounts, and counts of everything. `items` are those in history files, `events` those in
  log files; both count repeated ones.
";
