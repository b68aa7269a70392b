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
        return message.map_or(SUCCESS, of_message);
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
        | "NotSignedUp"
        | "401"
        | "403" => return DENIED,
        "RequestLimitExceeded"
        | "SlowDown"
        | "ProvisionedThroughputExceededException"
        | "BandwidthLimitExceeded"
        | "RequestThrottled"
        | "PriorRequestNotComplete"
        | "TooManyRequests"
        | "429" => return THROTTLED,
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

/// The class of a call that has a message of an error and no code, as sign-ins have it. It did not succeed.
fn of_message(message: &str) -> &'static str {
    match message {
        "" => SUCCESS,
        "Failed authentication" | "No username found in supplied account" => LOGIN_FAILED,
        _ => {
            const DENIALS: [&str; 6] =
                ["not authorized", "access denied", "AccessDenied", "unauthorized", "forbidden", "explicit deny"];
            if DENIALS.iter().any(|part| contains_ignoring_case(message, part)) { DENIED } else { OTHER }
        }
    }
}

/// The class of an error code that is no text but a number, a list or an object: what the words in it say. Whatever
/// stands there, the call did not succeed.
pub(crate) fn of_other(code: &str) -> &'static str {
    let words = code.split(|c: char| !c.is_ascii_alphanumeric() && c != '.').filter(|word| !word.is_empty());
    words.map(|word| of_api(Some(word), None, None)).find(|class| *class != OTHER).unwrap_or(OTHER)
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
        assert_eq!(of_api(Some(""), Some(""), None), SUCCESS);
        assert_eq!(of_api(None, Some("Internal error"), None), OTHER);
        assert_eq!(of_api(Some(""), Some("User: x is not authorized to perform: s3:ListBucket"), None), DENIED);
        assert_eq!(of_api(None, Some("No username found in supplied account"), None), LOGIN_FAILED);
        for (code, class) in [
            ("403", DENIED),
            ("500", OTHER),
            ("0", OTHER),
            ("{\"at\":\"a:b\",\"code\":\"Client.UnauthorizedOperation\"}", DENIED),
            ("[\"AccessDenied\"]", DENIED),
            ("[\"ThrottlingException\"]", THROTTLED),
            ("{}", OTHER),
            ("[]", OTHER),
            ("false", OTHER),
        ] {
            assert_eq!(of_other(code), class, "{code}");
        }
        assert_eq!(of_api(None, Some("Failed authentication"), None), LOGIN_FAILED);
        assert_eq!(of_api(Some("Client.UnauthorizedOperation"), None, Some("{\"dryRun\":true}")), DRY_RUN_DENIED);
        assert_eq!(of_http(Some(403), None), DENIED);
        assert_eq!(of_http(Some(206), None), SUCCESS);
        assert_eq!(of_http(Some(503), Some("SlowDown")), THROTTLED);
    }
}
