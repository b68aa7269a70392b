//! What can be written about histories, actors and exposures.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Output, Reading};

#[derive(Debug, Args)]
#[command(after_help = "Example: coldtrail derive --again

Makes the tables config_states, config_changes, config_attribution, config_calls, policy_statements, exposures,
sessions, session_edges, first_seen and coverage. Nothing is done when nothing was ingested since. `coldtrail ingest`
does the same at its end.")]
pub(crate) struct Derive {
    /// Derive again, though nothing was ingested since.
    #[arg(long)]
    pub(crate) again: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// The whole document of a resource as of an instant, its age, and whether recording was on.
    Show(ConfigAt),
    /// Every change of a resource: when, what, who, how sure.
    Log(ConfigLog),
    /// What differs between two instants, field by field.
    Diff(ConfigDiff),
    /// Every field with the change that set it, and who made that.
    Blame(ConfigAt),
    /// What a resource is related to, and what of that changed about the same time.
    Related(ConfigRelated),
    /// The resources that Config knew of at an instant.
    List(ConfigList),
    /// When did it change, who did it, how, what does it touch, what else was changed: in one answer.
    Investigate(ConfigInvestigate),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  coldtrail config show sg-0123456789abcdef0 --at 2026-05-04T10:00:00Z
  coldtrail config show arn:aws:iam::111122223333:role/Admin --json

RESOURCE is an ARN, an id, or a name if only one resource has it. Times are 2026-05-01, 2026-05-01T10:00:00Z, start, end,
end-7d, or 7d (before the end of the data).")]
pub(crate) struct ConfigAt {
    /// An ARN, an id, or a unique name.
    pub(crate) resource: String,
    /// As of this instant; without it, of the end of the data.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: coldtrail config log sg-0123456789abcdef0

Each change has a class: certain (identifiers and changed fields match, and no other call does), likely, ambiguous (all
calls that could have are listed), service-driven, or none found (with what that rests on).")]
pub(crate) struct ConfigLog {
    /// An ARN, an id, or a unique name.
    pub(crate) resource: String,
    /// Only changes captured from this instant on.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Only changes captured up to this instant.
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  coldtrail config diff sg-0123456789abcdef0 --from 2026-05-04 --to 2026-05-05
  coldtrail config diff --all --from 2026-05-04 --to 2026-05-05")]
pub(crate) struct ConfigDiff {
    /// An ARN, an id, or a unique name.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(crate) resource: Option<String>,
    /// All resources: also which appeared and which vanished.
    #[arg(long)]
    pub(crate) all: bool,
    /// The first instant.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: String,
    /// The second instant, a day alone its end; without it, the end of the data.
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: coldtrail config related sg-0123456789abcdef0 --at 2026-05-04T10:00:00Z --depth 2")]
pub(crate) struct ConfigRelated {
    /// An ARN, an id, or a unique name.
    pub(crate) resource: String,
    /// As of this instant; without it, of the end of the data.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Over how many relationships.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) depth: usize,
    /// Changes this long before and after are shown.
    #[arg(long, value_name = "TIME", default_value = "60m")]
    pub(crate) window: Window,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  coldtrail config list --type AWS::EC2::SecurityGroup --at 2026-05-04
  coldtrail config list --tag team=payments --json")]
pub(crate) struct ConfigList {
    /// Only this type, such as AWS::EC2::SecurityGroup.
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) resource_type: Option<String>,
    /// Only this account.
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
    /// Only with this tag.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) tag: Option<String>,
    /// As of this instant; without it, of the end of the data.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: coldtrail config investigate my-database --at 2026-05-04T12:00:00Z

Says in one answer: the state, what is open about it, when it changed last and within which bounds, who did it and
through which chain, by which call, from where and with what, how sure that is, which resources it touches, what was
changed about the same time on those or by the same actor, and what the evidence cannot tell.")]
pub(crate) struct ConfigInvestigate {
    /// An ARN, an id, or a unique name.
    pub(crate) resource: String,
    /// As of this instant; without it, of the end of the data.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Changes this long before and after the last change count as about the same time.
    #[arg(long, value_name = "TIME", default_value = "60m")]
    pub(crate) window: Window,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  coldtrail actor ASIAIOSFODNN7EXAMPLE
  coldtrail actor 203.0.113.77 --from 2026-05-04
  coldtrail actor arn:aws:iam::111122223333:user/alice --tree

Who is it really, back to the human or the workload, through every role in between.")]
pub(crate) struct Actor {
    /// An access key, an ARN, a name that only one ARN ends in, a session id, a principal id, a federated subject, an
    /// address or a network.
    pub(crate) who: String,
    /// All sessions of whoever stands behind it, as a tree of who handed credentials to whom.
    #[arg(long)]
    pub(crate) tree: bool,
    /// Only sessions that go on after this instant.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Only sessions that began before this instant.
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  coldtrail timeline --actor arn:aws:iam::111122223333:user/alice --from 2026-05-04 --to 2026-05-05
  coldtrail timeline --ip 203.0.113.0/24 --resource arn:aws:s3:::bucket
  coldtrail timeline --iocs indicators.txt --format timesketch -o timeline.csv
  coldtrail timeline --around 3f1c2d4e-… --window 30m

Rows of every log in one order, each with the reason why it is there: actor, session, address, resource, indicator.
Several of --actor, --ip, --resource, --iocs, --account and --region are all needed.")]
pub(crate) struct Timeline {
    /// An ARN, a name, an access key or a session: its rows, and those of every session behind which it stands.
    #[arg(long, value_name = "WHO")]
    pub(crate) actor: Option<String>,
    /// An address or a network.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) ip: Option<String>,
    /// An ARN or id that rows name.
    #[arg(long, value_name = "RESOURCE")]
    pub(crate) resource: Option<String>,
    /// Only rows of this account.
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
    /// Only rows of this region.
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// A file of addresses, networks, access keys, ARNs or ids, one on a line: rows that name any of them.
    #[arg(long, value_name = "FILE")]
    pub(crate) iocs: Option<PathBuf>,
    /// With the columns that another program asks for; write it as .csv or .jsonl.
    #[arg(long, value_name = "PROGRAM", value_parser = ["timesketch"])]
    pub(crate) format: Option<String>,
    /// An event, by its id or as object#record: rows of the same actor, address or resource around it.
    #[arg(long, value_name = "EVENT")]
    pub(crate) around: Option<String>,
    /// How long before and after the event.
    #[arg(long, value_name = "TIME", default_value = "30m")]
    pub(crate) window: Window,
    /// From this instant on.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Up to this instant.
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) reading: Reading,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  coldtrail exposure my-bucket
  coldtrail exposure --all --kind public_bucket

When it was open to the world or to strangers, as Config captured it, and who used it meanwhile, as S3's access logs,
CloudTrail, flow logs and the audit logs of databases tell.")]
pub(crate) struct Exposure {
    /// An ARN, an id, or a unique name.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(crate) resource: Option<String>,
    /// All resources.
    #[arg(long)]
    pub(crate) all: bool,
    /// Only this kind, such as open_security_group.
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<String>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  coldtrail request 1-69d62f51-3a1b2c3d4e5f60718a1b2c3d
  coldtrail request 7B4A0FABBEXAMPLE

ID is a request id of CloudTrail, S3 or CloudFront, or the trace id of a load balancer. Rows of all logs that know the
request under this id, or under another id that one of these rows has; a trace id may be written by the client, which
is said. The table `request_pairs` has all pairs, for SQL.")]
pub(crate) struct Request {
    /// A request id, or a trace id.
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// A length of time: 90s, 30m, 12h, 7d.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window(i64);

impl Window {
    pub(crate) fn micros(self) -> i64 {
        self.0
    }
}

impl std::str::FromStr for Window {
    type Err = String;

    fn from_str(text: &str) -> Result<Window, String> {
        coldtrail_query::duration(text)
            .map(Window)
            .ok_or_else(|| format!("`{text}` is no length of time; write 90s, 30m, 12h or 7d"))
    }
}
