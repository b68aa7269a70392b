//! How a call ended, by one word for all services.

/// The classes of the column `error_class`.
pub(crate) mod class {
    pub(crate) const SUCCESS: &str = "success";
    pub(crate) const DENIED: &str = "denied";
    pub(crate) const THROTTLED: &str = "throttled";
    pub(crate) const INVALID: &str = "invalid";
    pub(crate) const DRY_RUN_ALLOWED: &str = "dry_run_allowed";
    pub(crate) const DRY_RUN_DENIED: &str = "dry_run_denied";
    pub(crate) const LOGIN_FAILED: &str = "login_failed";
    pub(crate) const OTHER: &str = "other";
}
use class::*;

/// The class of an AWS error code and message. A dry run that would have worked answers with
/// `DryRunOperation`; one that would not, with a denial.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
pub(crate) fn of_api(code: Option<&str>, message: Option<&str>, parameters: Option<&str>) -> &'static str {
    let Some(code) = code.filter(|code| !code.is_empty()) else {
        return match message {
            Some("Failed authentication") => LOGIN_FAILED,
            _ => SUCCESS,
        };
    };
    let bare = code.rsplit_once('.').map_or(code, |(_, bare)| bare);
    let bare = bare.rsplit_once(':').map_or(bare, |(_, bare)| bare);
    match bare {
        "DryRunOperation" => return DRY_RUN_ALLOWED,
        "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "SignatureDoesNotMatch"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidAccessKeyId"
        | "AuthFailure"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "InvalidToken"
        | "OptInRequired"
        | "TokenRefreshRequired"
        | "AllAccessDisabled"
        | "AccountProblem"
        | "NotSignedUp" => return DENIED,
        "RequestLimitExceeded"
        | "SlowDown"
        | "ProvisionedThroughputExceededException"
        | "BandwidthLimitExceeded"
        | "RequestThrottled"
        | "PriorRequestNotComplete"
        | "TooManyRequests" => return THROTTLED,
        _ => {}
    }
    let has = |part: &str| contains_ignoring_case(bare, part);
    if has("AccessDenied")
        || has("Unauthorized")
        || has("Forbidden")
        || has("NotAuthorized")
        || has("AuthorizationError")
    {
        let dry = parameters.is_some_and(|p| p.contains("\"dryRun\":true") || p.contains("\"DryRun\":true"));
        return if dry { DRY_RUN_DENIED } else { DENIED };
    }
    if has("Throttl") || has("TooManyRequests") {
        return THROTTLED;
    }
    const INVALID_PARTS: &[&str] = &[
        "Invalid",
        "Validation",
        "NotFound",
        "NoSuch",
        "Malformed",
        "Missing",
        "AlreadyExists",
        "Conflict",
        "DoesNotExist",
        "Duplicate",
        "BadRequest",
    ];
    if INVALID_PARTS.iter().any(|part| has(part)) { INVALID } else { OTHER }
}

/// The class of an HTTP status, and S3's error code with it.
pub(crate) fn of_http(status: Option<i64>, code: Option<&str>) -> &'static str {
    match (status, code) {
        (_, Some("SlowDown" | "RequestLimitExceeded")) | (Some(429), _) => THROTTLED,
        (Some(401 | 403), _) => DENIED,
        (Some(100..=399), _) => SUCCESS,
        (Some(400..=499), _) => INVALID,
        (None, None) => SUCCESS,
        _ => OTHER,
    }
}

fn contains_ignoring_case(text: &str, part: &str) -> bool {
    text.as_bytes().windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_many_services() {
        for (code, expected) in [
            ("AccessDenied", DENIED),
            ("AccessDeniedException", DENIED),
            ("Client.UnauthorizedOperation", DENIED),
            ("Client.DryRunOperation", DRY_RUN_ALLOWED),
            ("ThrottlingException", THROTTLED),
            ("Client.RequestLimitExceeded", THROTTLED),
            ("NoSuchEntityException", INVALID),
            ("InternalFailure", OTHER),
            ("VpceAccessDenied", DENIED),
            ("com.amazonaws.iam#InvalidInput", INVALID),
        ] {
            assert_eq!(of_api(Some(code), None, None), expected, "{code}");
        }
        assert_eq!(of_api(None, None, None), SUCCESS);
        assert_eq!(of_api(None, Some("Failed authentication"), None), LOGIN_FAILED);
        assert_eq!(of_api(Some("Client.UnauthorizedOperation"), None, Some("{\"dryRun\":true}")), DRY_RUN_DENIED);
        assert_eq!(of_http(Some(403), None), DENIED);
        assert_eq!(of_http(Some(206), None), SUCCESS);
        assert_eq!(of_http(Some(503), Some("SlowDown")), THROTTLED);
    }
}
