//! Partitions: the worlds of AWS that know nothing of each other. An ARN begins with the name of one.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>

/// The partition of most regions.
pub const COMMERCIAL: &str = "aws";

/// What the names of a partition's regions begin with, and how the names of its hosts end. A longer one stands before
/// one that it begins with.
const PARTITIONS: [(&str, &str, &str); 8] = [
    ("aws-cn", "cn-", ".amazonaws.com.cn"),
    ("aws-us-gov", "us-gov-", ""),
    ("aws-iso-b", "us-isob-", ".sc2s.sgov.gov"),
    ("aws-iso-e", "eu-isoe-", ".cloud.adc-e.uk"),
    ("aws-iso-f", "us-isof-", ".csp.hci.ic.gov"),
    ("aws-iso", "us-iso-", ".c2s.ic.gov"),
    ("aws-eusc", "eusc-", ".amazonaws.eu"),
    (COMMERCIAL, "", ".amazonaws.com"),
];

/// The partition that an ARN names; none when the text is no ARN.
pub fn of_arn(arn: &str) -> Option<&str> {
    let (partition, _) = arn.strip_prefix("arn:")?.split_once(':')?;
    let named = partition == COMMERCIAL || partition.strip_prefix("aws-").is_some_and(|rest| !rest.is_empty());
    named.then_some(partition)
}

/// The partition of a region.
pub fn of_region(region: &str) -> &'static str {
    PARTITIONS.iter().find(|(_, start, _)| region.starts_with(start)).map_or(COMMERCIAL, |(name, ..)| name)
}

/// The partition of a host such as `bucket.s3.us-gov-west-1.amazonaws.com`; none when it is not AWS's.
pub fn of_host(host: &str) -> Option<&'static str> {
    let (partition, ..) = PARTITIONS.iter().find(|(.., end)| !end.is_empty() && host.ends_with(end))?;
    if *partition != COMMERCIAL {
        return Some(partition);
    }
    // The first labels are the bucket's, whose owner may name it as a region; the last one is AWS's.
    let labels = host.strip_suffix(".amazonaws.com")?;
    let last = labels.rsplit('.').next()?;
    Some(of_region(last.strip_prefix("s3-").unwrap_or(last)))
}

/// The partition of a record: that of the first ARN in it, else that of its region.
pub fn of_record<'a>(arns: impl IntoIterator<Item = Option<&'a str>>, region: Option<&str>) -> &'a str {
    arns.into_iter().flatten().find_map(of_arn).unwrap_or_else(|| region.map_or(COMMERCIAL, of_region))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_of_arns_regions_and_hosts() {
        for (region, partition) in [
            ("us-east-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eu-isoe-west-1", "aws-iso-e"),
            ("us-isof-south-1", "aws-iso-f"),
            ("eusc-de-east-1", "aws-eusc"),
            ("", "aws"),
        ] {
            assert_eq!(of_region(region), partition, "{region}");
        }
        for (host, partition) in [
            ("exports.s3.amazonaws.com", Some("aws")),
            ("exports.s3.us-gov-west-1.amazonaws.com", Some("aws-us-gov")),
            ("s3-us-gov-west-1.amazonaws.com", Some("aws-us-gov")),
            ("us-gov-files.s3.amazonaws.com", Some("aws")),
            ("exports.s3.cn-north-1.amazonaws.com.cn", Some("aws-cn")),
            ("exports.s3.eusc-de-east-1.amazonaws.eu", Some("aws-eusc")),
            ("exports.s3.us-iso-east-1.c2s.ic.gov", Some("aws-iso")),
            ("files.example.com", None),
        ] {
            assert_eq!(of_host(host), partition, "{host}");
        }
        assert_eq!(of_arn("arn:aws-us-gov:iam::1:user/a"), Some("aws-us-gov"));
        assert_eq!(of_arn("arn:other:iam::1:user/a"), None);
        assert_eq!(of_record([None, Some("arn:aws-cn:iam::1:user/a")], Some("us-east-1")), "aws-cn");
        assert_eq!(of_record([None, Some("anonymous")], Some("us-gov-east-1")), "aws-us-gov");
        assert_eq!(of_record([], None), "aws");
    }
}
