//! What the logs of load balancers have in common.

use coldtrail_schema::partition;

use crate::source::Head;

/// Writes the ARN of a load balancer, by which CloudTrail and AWS Config name it.
pub(crate) fn write_arn(out: &mut String, region: &str, account: &str, elb: &str) {
    out.clear();
    let parts =
        ["arn:", partition::of_region(region), ":elasticloadbalancing:", region, ":", account, ":loadbalancer/", elb];
    out.extend(parts);
}

/// The load balancer that the name of an object tells: `…_elasticloadbalancing_<region>_app.name.id_<time>_…`.
pub(crate) fn named_in(key: &str) -> Option<String> {
    let name = key.rsplit(['/', '\\']).next()?;
    let (_, rest) = name.split_once("_elasticloadbalancing_")?;
    let id = rest.split('_').nth(1)?;
    let mut parts = id.split('.');
    let slashed = matches!(parts.next(), Some("app" | "net")) && parts.count() == 2;
    Some(if slashed { id.replace('.', "/") } else { id.to_owned() })
}

/// Is it the file that ELB writes to see whether it may? It is `named` so, and says one sentence.
pub(crate) fn is_test_file(head: &Head<'_>, named: &str) -> bool {
    head.name.ends_with(named) && head.bytes.starts_with(TEST_SENTENCE.as_bytes())
}

/// `Enable AccessLog for ELB: name at 2026-03-01T09:00:00.000Z`
pub(crate) const TEST_SENTENCE: &str = "Enable ";

#[cfg(test)]
mod tests {
    use super::named_in;

    #[test]
    fn names_of_objects_tell_the_load_balancer() {
        let key =
            |id: &str| format!("b/AWSLogs/x/conn_log_111122223333_elasticloadbalancing_us-east-1_{id}_2026_x.log.gz");
        for (id, elb) in
            [("app.web.0123456789abcdef", "app/web/0123456789abcdef"), ("web", "web"), ("app.web", "app.web")]
        {
            assert_eq!(named_in(&key(id)).as_deref(), Some(elb));
        }
        assert_eq!(named_in("app.log"), None);
    }
}
