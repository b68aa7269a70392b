//! ARNs and their parts.

use super::addresses::part;
use super::{Function, entry};

pub(super) const LIST: &[Function] = &[
    entry(
        "arn_partition",
        "arn_partition(arn)",
        "aws, aws-cn, aws-us-gov; null for what is no ARN.",
        ("arn_partition('arn:aws-cn:s3:::bucket')", "aws-cn"),
        |name| part(name, |arn| arn_part(arn, 1)),
    ),
    entry(
        "arn_service",
        "arn_service(arn)",
        "The service in an ARN; null for what is no ARN.",
        ("arn_service('arn:aws:s3:::bucket')", "s3"),
        |name| part(name, |arn| arn_part(arn, 2)),
    ),
    entry(
        "arn_region",
        "arn_region(arn)",
        "The region in an ARN, empty for global services; null for what is no ARN.",
        ("arn_region('arn:aws:sns:eu-west-1:111122223333:topic')", "eu-west-1"),
        |name| part(name, |arn| arn_part(arn, 3)),
    ),
    entry(
        "arn_account",
        "arn_account(arn)",
        "The account in an ARN, empty where there is none; null for what is no ARN.",
        ("arn_account('arn:aws:iam::111122223333:role/a')", "111122223333"),
        |name| part(name, |arn| arn_part(arn, 4)),
    ),
    entry(
        "arn_resource",
        "arn_resource(arn)",
        "Everything after the account in an ARN; null for what is no ARN.",
        ("arn_resource('arn:aws:iam::111122223333:role/a')", "role/a"),
        |name| part(name, |arn| arn_part(arn, 5)),
    ),
];

/// `arn:partition:service:region:account:resource`.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
fn arn_part(arn: &str, index: usize) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    let is_arn = arn.starts_with("arn:") && arn.bytes().filter(|b| *b == b':').count() >= 5;
    is_arn.then(|| parts.nth(index)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_an_arn() {
        let arn = "arn:aws:iam::111122223333:role/a:b";
        assert_eq!(arn_part(arn, 2), Some("iam"));
        assert_eq!(arn_part(arn, 3), Some(""));
        assert_eq!(arn_part(arn, 5), Some("role/a:b"));
        assert_eq!(arn_part("not an arn", 2), None);
    }
}
