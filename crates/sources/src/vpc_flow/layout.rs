//! The fields of flow logs, and in which order a line has them.

use std::sync::LazyLock;

use coldtrail_schema::pivots;
use coldtrail_schema::tables::vpc_flow::VpcFlowColumn as Column;

/// A field that AWS documents.
pub(super) struct Known {
    /// Its name in the header; Parquet has `_` for each `-`.
    pub(super) name: &'static str,
    pub(super) what: What,
    /// How its values begin (ids), or which values it has (words); empty when they may be any.
    words: &'static [&'static str],
}

/// What a field holds, and where it goes.
#[derive(Clone, Copy)]
pub(super) enum What {
    Text(Column),
    Int(Column),
    /// One to pivot on.
    Address(Column),
    /// One to pivot on.
    Id(Column),
    Action,
    Account,
    Region,
    Start,
    End,
}
use What::{Account, Action, Address, End, Id, Int, Region, Start, Text};

const fn field(name: &'static str, what: What, words: &'static [&'static str]) -> Known {
    Known { name, what, words }
}

const ENI: &[&str] = &["eni-"];
const VPC: &[&str] = &["vpc-"];
const SUBNET: &[&str] = &["subnet-"];
const TGW: &[&str] = &["tgw-"];
const ARN: &[&str] = &["arn:"];
const ANY: &[&str] = &[];

/// Those of VPCs first, in the order of AWS's table of available fields, which is that of their versions.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html#flow-logs-fields>
static KNOWN: &[Known] = &[
    field("version", Int(Column::version), ANY),
    field("account-id", Account, ANY),
    field("interface-id", Id(Column::interface_id), ENI),
    field("srcaddr", Address(Column::srcaddr), ANY),
    field("dstaddr", Address(Column::dstaddr), ANY),
    field("srcport", Int(Column::srcport), ANY),
    field("dstport", Int(Column::dstport), ANY),
    field("protocol", Int(Column::protocol), ANY),
    field("packets", Int(Column::packets), ANY),
    field("bytes", Int(Column::bytes), ANY),
    field("start", Start, ANY),
    field("end", End, ANY),
    field("action", Action, &["ACCEPT", "REJECT"]),
    field("log-status", Text(Column::log_status), &["OK", "NODATA", "SKIPDATA"]),
    field("vpc-id", Id(Column::vpc_id), VPC),
    field("subnet-id", Id(Column::subnet_id), SUBNET),
    field("instance-id", Id(Column::instance_id), &["i-"]),
    field("tcp-flags", Int(Column::tcp_flags), ANY),
    field("type", Text(Column::r#type), &["IPv4", "IPv6", "EFA"]),
    field("pkt-srcaddr", Address(Column::pkt_srcaddr), ANY),
    field("pkt-dstaddr", Address(Column::pkt_dstaddr), ANY),
    field("region", Region, ANY),
    field("az-id", Text(Column::az_id), ANY),
    field("sublocation-type", Text(Column::sublocation_type), ANY),
    field("sublocation-id", Id(Column::sublocation_id), ANY),
    field("pkt-src-aws-service", Text(Column::pkt_src_aws_service), ANY),
    field("pkt-dst-aws-service", Text(Column::pkt_dst_aws_service), ANY),
    field("flow-direction", Text(Column::flow_direction), &["ingress", "egress"]),
    field("traffic-path", Int(Column::traffic_path), ANY),
    field("ecs-cluster-arn", Id(Column::ecs_cluster_arn), ARN),
    field("ecs-cluster-name", Text(Column::ecs_cluster_name), ANY),
    field("ecs-container-instance-arn", Id(Column::ecs_container_instance_arn), ARN),
    field("ecs-container-instance-id", Text(Column::ecs_container_instance_id), ANY),
    field("ecs-container-id", Text(Column::ecs_container_id), ANY),
    field("ecs-second-container-id", Text(Column::ecs_second_container_id), ANY),
    field("ecs-service-name", Text(Column::ecs_service_name), ANY),
    field("ecs-task-definition-arn", Id(Column::ecs_task_definition_arn), ARN),
    field("ecs-task-arn", Id(Column::ecs_task_arn), ARN),
    field("ecs-task-id", Text(Column::ecs_task_id), ANY),
    field("reject-reason", Text(Column::reject_reason), ANY),
    field("resource-id", Id(Column::resource_id), ANY),
    field("encryption-status", Int(Column::encryption_status), ANY),
    field("interface-type", Text(Column::interface_type), ANY),
    field("instance-tag", Text(Column::instance_tag), ANY),
    field("instance-tag-2", Text(Column::instance_tag_2), ANY),
    field("interface-tag", Text(Column::interface_tag), ANY),
    field("interface-tag-2", Text(Column::interface_tag_2), ANY),
    field("asg-tag", Text(Column::asg_tag), ANY),
    field("asg-tag-2", Text(Column::asg_tag_2), ANY),
    field("next-hop-interface-id", Id(Column::next_hop_interface_id), ENI),
    field("next-hop-interface-type", Text(Column::next_hop_interface_type), ANY),
    field("next-hop-subnet-id", Id(Column::next_hop_subnet_id), SUBNET),
    field("next-hop-vpc-id", Id(Column::next_hop_vpc_id), VPC),
    field("next-hop-az-id", Text(Column::next_hop_az_id), ANY),
    field("resource-type", Text(Column::resource_type), &["TransitGateway", "TransitGatewayAttachment"]),
    field("tgw-id", Id(Column::tgw_id), TGW),
    field("tgw-attachment-id", Id(Column::tgw_attachment_id), TGW),
    field("tgw-src-vpc-account-id", Text(Column::tgw_src_vpc_account_id), ANY),
    field("tgw-dst-vpc-account-id", Text(Column::tgw_dst_vpc_account_id), ANY),
    field("tgw-src-vpc-id", Id(Column::tgw_src_vpc_id), VPC),
    field("tgw-dst-vpc-id", Id(Column::tgw_dst_vpc_id), VPC),
    field("tgw-src-subnet-id", Id(Column::tgw_src_subnet_id), SUBNET),
    field("tgw-dst-subnet-id", Id(Column::tgw_dst_subnet_id), SUBNET),
    field("tgw-src-eni", Id(Column::tgw_src_eni), ENI),
    field("tgw-dst-eni", Id(Column::tgw_dst_eni), ENI),
    field("tgw-src-az-id", Text(Column::tgw_src_az_id), ANY),
    field("tgw-dst-az-id", Text(Column::tgw_dst_az_id), ANY),
    field("tgw-pair-attachment-id", Id(Column::tgw_pair_attachment_id), TGW),
    field("packets-lost-no-route", Int(Column::packets_lost_no_route), ANY),
    field("packets-lost-blackhole", Int(Column::packets_lost_blackhole), ANY),
    field("packets-lost-mtu-exceeded", Int(Column::packets_lost_mtu_exceeded), ANY),
    field("packets-lost-ttl-expired", Int(Column::packets_lost_ttl_expired), ANY),
];

/// How many of them there were at the end of each version that added to those of VPCs: 2, 3, 4, 5, 7, 8, 9 and 10.
const VERSIONS: [usize; 8] = [14, 21, 25, 29, 39, 40, 41, 42];

/// The other sets that AWS documents: the default of transit gateways, and those of its examples.
/// <https://docs.aws.amazon.com/vpc/latest/tgw/flow-log-records.html>
/// <https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-records-examples.html>
const DOCUMENTED: [&str; 5] = [
    "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id \
     tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id \
     tgw-dst-az-id tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end log-status \
     type packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired tcp-flags \
     region flow-direction pkt-src-aws-service pkt-dst-aws-service",
    "version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport dstport pkt-srcaddr \
     pkt-dstaddr protocol bytes packets start end action tcp-flags log-status",
    "version interface-id account-id vpc-id subnet-id instance-id srcaddr dstaddr srcport dstport protocol tcp-flags \
     type pkt-srcaddr pkt-dstaddr action log-status",
    "version srcaddr dstaddr srcport dstport protocol start end type packets bytes account-id vpc-id subnet-id \
     instance-id interface-id region az-id sublocation-type sublocation-id action tcp-flags pkt-srcaddr pkt-dstaddr \
     pkt-src-aws-service pkt-dst-aws-service traffic-path flow-direction log-status",
    "instance-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr",
];

/// What rows that no header names may have.
static SETS: LazyLock<Vec<Layout>> = LazyLock::new(|| {
    let versions = VERSIONS.iter().map(|count| Layout::of(KNOWN.iter().take(*count).map(|known| known.name)));
    versions.chain(DOCUMENTED.iter().map(|names| Layout::of(names.split(' ')))).collect()
});

/// The field of that name, in any of its spellings.
fn known(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| same(known.name, name))
}

/// Are these one name? `a` is in AWS's spelling.
fn same(a: &str, b: &str) -> bool {
    let plain = |byte: u8| if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
    a.len() == b.len() && a.bytes().zip(b.bytes()).all(|(a, b)| a == plain(b))
}

/// Are these the names of the fields of a flow log? Some of them other logs have as well, so two must be its own, unless
/// the key tells.
pub(super) fn are_ours<'a>(names: impl Iterator<Item = &'a str>, named: bool) -> bool {
    const OWN: [&str; 7] =
        ["interface-id", "dstaddr", "log-status", "instance-id", "tcp-flags", "flow-direction", "traffic-path"];
    let (mut own, mut ours, mut all) = (0, 0, 0);
    for name in names {
        all += 1;
        if let Some(known) = known(name) {
            ours += 1;
            let begins = |start| known.name.starts_with(start);
            own += usize::from(OWN.contains(&known.name) || begins("pkt-") || begins("tgw-") || begins("packets-"));
        }
    }
    ours * 2 >= all && (own >= 2 || (named && ours >= 1))
}

/// Where the fields of a line stand.
pub(super) type Spans = Vec<(u32, u32)>;

/// No line has more fields.
pub(super) const MAX_FIELDS: usize = 512;

/// Finds the fields of a line, with one or more spaces between them; false when there are more than any line has.
#[inline]
pub(super) fn split(line: &str, spans: &mut Spans) -> bool {
    spans.clear();
    let mut start = 0;
    for end in memchr::memchr_iter(b' ', line.as_bytes()) {
        if end > start {
            spans.push((start as u32, end as u32));
        }
        start = end + 1;
        if spans.len() >= MAX_FIELDS {
            return false;
        }
    }
    if line.len() > start {
        spans.push((start as u32, line.len() as u32));
    }
    true
}

#[inline]
pub(super) fn at(line: &str, span: (u32, u32)) -> &str {
    line.get(span.0 as usize..span.1 as usize).unwrap_or_default()
}

/// Is this line a header? `named`: the key says that the object is a flow log.
pub(super) fn is_header(line: &str, spans: &Spans, named: bool) -> bool {
    // Nearly all rows begin with a number or with an id.
    let Some(first) = spans.first().map(|span| at(line, *span)) else { return false };
    if !first.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_' | b'2')) || first == "-" {
        return false;
    }
    let name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b' ');
    line.bytes().all(name) && are_ours(spans.iter().map(|span| at(line, *span)), named)
}

/// Which field stands where.
#[derive(Default)]
pub(super) struct Layout {
    /// A name, and the field if it is known and no earlier one has the same name.
    pub(super) fields: Vec<(String, Option<&'static Known>)>,
}

impl Layout {
    pub(super) fn of<'a>(names: impl Iterator<Item = &'a str>) -> Layout {
        let mut layout = Layout::default();
        names.for_each(|name| layout.add(name));
        layout
    }

    fn add(&mut self, name: &str) {
        let free =
            |known: &&'static Known| self.fields.iter().flat_map(|(_, field)| field).all(|had| had.name != known.name);
        let known = known(name).filter(free);
        self.fields.push((name.to_owned(), known));
    }

    /// The field that stands at this place, when its name is this; what was thought of it and those behind it is
    /// forgotten when it had another name.
    pub(super) fn at(&mut self, place: usize, name: &str) -> Option<&'static Known> {
        if self.fields.get(place).is_none_or(|(had, _)| had != name) {
            self.fields.truncate(place);
            self.add(name);
        }
        self.fields.get(place).and_then(|(_, field)| *field)
    }

    pub(super) fn of_header(line: &str, spans: &Spans) -> Layout {
        Layout::of(spans.iter().map(|span| at(line, *span)))
    }

    /// The one documented set of fields that this line has, by their number and by the form of all its values.
    pub(super) fn of_row(line: &str, spans: &Spans) -> Option<&'static Layout> {
        let mut fitting = SETS.iter().filter(|set| set.fits(line, spans));
        fitting.next().filter(|_| fitting.next().is_none())
    }

    fn fits(&self, line: &str, spans: &Spans) -> bool {
        if self.fields.len() != spans.len() {
            return false;
        }
        // Values that may be anything prove nothing.
        let mut proven = false;
        self.fields.iter().zip(spans).all(|((_, field), span)| {
            let Some(field) = field else { return false };
            let text = at(line, *span);
            let fits = text == "-" || field.fits(text);
            proven |= text != "-" && !field.words.is_empty();
            fits
        }) && proven
    }
}

impl Known {
    /// Has this text the form that values of the field have?
    fn fits(&self, text: &str) -> bool {
        let digits = |most: usize| text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit());
        match self.what {
            Int(_) => digits(19),
            Start | End => text.len() >= 9 && digits(10),
            Account => digits(12) || text == "unknown",
            Address(_) => pivots::address(text).is_some(),
            Region => text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
            Id(_) => self.words.is_empty() || self.words.iter().any(|start| text.starts_with(start)),
            Text(_) | Action => self.words.is_empty() || self.words.contains(&text),
        }
    }
}

#[cfg(test)]
mod tests {
    use coldtrail_schema::tables::vpc_flow::TABLE;

    use super::*;

    #[test]
    fn every_field_has_the_column_of_its_name() {
        let columns: Vec<_> = TABLE.columns().iter().map(|column| column.name).collect();
        for known in KNOWN {
            let wanted = known.name.replace('-', "_");
            let (column, name) = match known.what {
                Text(column) | Int(column) | Address(column) | Id(column) => (column, wanted.as_str()),
                Action => (Column::action, "action"),
                Account | Region | Start | End => continue,
            };
            assert_eq!(columns.get(column.position()), Some(&name));
        }
        let helpers = ["error_class", "is_write", "session_id", "start_time", "end_time", "extra"];
        let own = TABLE.columns().len() - coldtrail_schema::Head::Common.columns().len();
        assert_eq!(own - helpers.len(), KNOWN.len() - 4, "each column has a field");
    }

    #[test]
    fn no_two_documented_sets_fit_one_row() {
        let rows = [
            "2 111122223333 eni-0123456789abcdef0 - - - - - - - 1767225600 1767225660 - NODATA",
            "3 111122223333 eni-0123456789abcdef0 - - - - - - - 1767225600 1767225660 - NODATA vpc-12345678 - - - - - -",
            "3 vpc-12345678 - - eni-0123456789abcdef0 unknown - - - - - - - - - - 1767225600 1767225660 - - NODATA",
        ];
        for row in rows {
            let mut spans = Spans::new();
            assert!(split(row, &mut spans));
            assert_eq!(SETS.iter().filter(|set| set.fits(row, &spans)).count(), 1, "{row}");
        }
    }
}
