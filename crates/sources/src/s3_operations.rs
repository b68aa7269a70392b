//! What S3's operations do, by their names in server access logs: the one table of them.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html>

/// What an operation does: the column `action`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Hands out the content of an object.
    Read,
    /// Puts an object or a part of one, or a setting.
    Write,
    /// Hands out the names of what is there.
    List,
    /// Removes an object, a version, a part, a setting or a bucket.
    Delete,
    /// Asks for anything else, settings and properties among it.
    Other,
}

impl Action {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Action::Read => "read",
            Action::Write => "write",
            Action::List => "list",
            Action::Delete => "delete",
            Action::Other => "other",
        }
    }

    pub(crate) fn is_write(self) -> bool {
        matches!(self, Action::Write | Action::Delete)
    }
}

/// Which number of the line counts the bytes of the object that a read took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bytes {
    /// Those sent.
    Sent,
    /// The object's size: the source half of a copy sends nothing, and takes the whole object.
    Size,
    /// None: nothing of an object was taken, or the log does not say how much (a part that was copied).
    Unsaid,
}

/// The action of an operation, and where its bytes stand; none for a name of a form that S3 is not known to write.
pub(crate) fn of(operation: &str) -> Option<(Action, Bytes)> {
    use Action::*;
    let (protocol, rest) = operation.split_once('.')?;
    let (method, resource) = rest.split_once('.').unwrap_or((rest, ""));
    let unsaid = |action| Some((action, Bytes::Unsaid));
    match (protocol, method, resource) {
        ("REST" | "WEBSITE", "GET", "OBJECT" | "OBJECT_TORRENT" | "TORRENT") => Some((Read, Bytes::Sent)),
        ("REST", "SELECT", "OBJECT" | "OBJECT_CONTENT") => Some((Read, Bytes::Sent)),
        // Two lines for each copy: what it takes from the source, and what it makes.
        ("REST", "COPY", "OBJECT_GET") => Some((Read, Bytes::Size)),
        ("REST", "COPY", "PART_GET") => unsaid(Read),
        ("REST", "GET", "SERVICE" | "BUCKET" | "BUCKETVERSIONS" | "UPLOADS" | "UPLOAD") => unsaid(List),
        ("REST" | "WEBSITE", "GET" | "HEAD" | "OPTIONS", _) => unsaid(Other),
        ("REST", "DELETE", _) | ("REST", "POST", "MULTI_OBJECT_DELETE") | ("BATCH", "DELETE", _) => unsaid(Delete),
        ("REST", "PUT" | "POST" | "COPY", _) | ("WEBSITE", "POST" | "PUT", _) => unsaid(Write),
        // The lifecycle, which S3 runs by the owner's rules.
        ("S3", "EXPIRE" | "DELETE", _) | ("S3", "CREATE", "DELETEMARKER") => unsaid(Delete),
        ("S3", "COMPUTE", _) => unsaid(Other),
        ("S3" | "BATCH", _, _) => unsaid(Write),
        ("SOAP", name, resource) => soap(if resource.is_empty() { name } else { operation }),
        _ => None,
    }
}

/// `SOAP.GetObject`, and `SOAP.GET.OBJECT` as some logs have it.
fn soap(name: &str) -> Option<(Action, Bytes)> {
    let unsaid = |action| Some((action, Bytes::Unsaid));
    match name {
        "GetObject" | "GetObjectExtended" | "SOAP.GET.OBJECT" => Some((Action::Read, Bytes::Sent)),
        "ListBucket" | "ListAllMyBuckets" | "SOAP.GET.BUCKET" | "SOAP.GET.SERVICE" => unsaid(Action::List),
        _ => match name.trim_start_matches("SOAP.") {
            name if name.starts_with("Delete") || name.starts_with("DELETE") => unsaid(Action::Delete),
            name if name.starts_with("Get") || name.starts_with("GET") || name.starts_with("HEAD") => {
                unsaid(Action::Other)
            }
            _ => unsaid(Action::Write),
        },
    }
}

/// How often S3 encoded the key in the line of this operation, as far as the name tells.
pub(crate) fn encoded(operation: &str) -> usize {
    if operation.starts_with("BATCH.") || operation.starts_with("S3.") { 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_of_all_kinds() {
        for (operation, action, bytes) in [
            ("REST.GET.OBJECT", "read", Bytes::Sent),
            ("WEBSITE.GET.OBJECT", "read", Bytes::Sent),
            ("SOAP.GetObject", "read", Bytes::Sent),
            ("REST.SELECT.OBJECT", "read", Bytes::Sent),
            ("REST.COPY.OBJECT_GET", "read", Bytes::Size),
            ("REST.COPY.PART_GET", "read", Bytes::Unsaid),
            ("REST.COPY.OBJECT", "write", Bytes::Unsaid),
            ("REST.COPY.PART", "write", Bytes::Unsaid),
            ("REST.GET.BUCKET", "list", Bytes::Unsaid),
            ("REST.GET.BUCKETVERSIONS", "list", Bytes::Unsaid),
            ("REST.GET.ACL", "other", Bytes::Unsaid),
            ("REST.GET.BUCKETPOLICY", "other", Bytes::Unsaid),
            ("REST.HEAD.OBJECT", "other", Bytes::Unsaid),
            ("REST.OPTIONS.PREFLIGHT", "other", Bytes::Unsaid),
            ("REST.PUT.OBJECT", "write", Bytes::Unsaid),
            ("REST.PUT.ACL", "write", Bytes::Unsaid),
            ("REST.POST.UPLOADS", "write", Bytes::Unsaid),
            ("REST.POST.MULTI_OBJECT_DELETE", "delete", Bytes::Unsaid),
            ("REST.DELETE.OBJECT", "delete", Bytes::Unsaid),
            ("BATCH.DELETE.OBJECT", "delete", Bytes::Unsaid),
            ("S3.EXPIRE.OBJECT", "delete", Bytes::Unsaid),
            ("S3.CREATE.DELETEMARKER", "delete", Bytes::Unsaid),
            ("S3.TRANSITION_SIA.OBJECT", "write", Bytes::Unsaid),
            ("S3.COMPUTE.OBJECT.CHECKSUM", "other", Bytes::Unsaid),
            ("SOAP.DeleteObject", "delete", Bytes::Unsaid),
        ] {
            assert_eq!(
                of(operation).map(|(action, bytes)| (action.name(), bytes)),
                Some((action, bytes)),
                "{operation}"
            );
        }
        for unknown in ["", "-", "REST", "REST.FLY.OBJECT", "NEW.GET.OBJECT"] {
            assert_eq!(of(unknown), None, "{unknown}");
        }
    }
}
