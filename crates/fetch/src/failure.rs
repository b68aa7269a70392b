//! What a failed request means, and trying again where that helps.

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::client::full;
use crate::throttle::Throttle;

/// How often a request is sent before it is given up.
const ATTEMPTS: u32 = 10;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What a failure means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Too many requests.
    Slow,
    /// It may go well the next time.
    Passing,
    /// New credentials are needed.
    Expired,
    /// Not allowed.
    Denied,
    /// The key that encrypts it cannot be used.
    Kms,
    /// It must be restored first.
    Archived,
    /// It is not there any more.
    Vanished,
    /// It is not what was listed any more.
    Changed,
    /// Anything else.
    Other,
}

impl Meaning {
    /// The word for it in the list of what could not be had.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Meaning::Slow => "slow_down",
            Meaning::Passing => "network",
            Meaning::Expired => "expired",
            Meaning::Denied => "denied",
            Meaning::Kms => "kms",
            Meaning::Archived => "archived",
            Meaning::Vanished => "vanished",
            Meaning::Changed => "changed",
            Meaning::Other => "failed",
        }
    }
}

/// A request that failed.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) meaning: Meaning,
    /// S3's error code, or `network`.
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Failure {
    /// A failure while a body was read.
    pub(crate) fn body(message: impl Into<String>) -> Failure {
        Failure { meaning: Meaning::Passing, code: "body".to_owned(), message: message.into() }
    }

    pub(crate) fn of<E>(error: &SdkError<E, HttpResponse>) -> Failure
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let answered = error.raw_response();
        let status = answered.map_or(0, |response| response.status().as_u16());
        let Some(service) = error.as_service_error() else {
            let meaning = match (error, status) {
                // An answer that is no answer of S3's.
                (SdkError::ResponseError(_), _)
                | (SdkError::DispatchFailure(_), _)
                | (SdkError::TimeoutError(_), _) => Meaning::Passing,
                _ => Meaning::Other,
            };
            let cause = full(error);
            let refreshed = cause.to_ascii_lowercase();
            // Credentials are looked up while a request is made.
            let expired = refreshed.contains("credentials") || refreshed.contains("expired");
            let meaning = if expired { Meaning::Expired } else { meaning };
            return Failure { meaning, code: "network".to_owned(), message: cause };
        };
        let code = service.code().unwrap_or_default().to_owned();
        let message = service.message().unwrap_or_default().to_owned();
        let meaning = meaning(&code, &message, status);
        // HEAD has no body, and so no code.
        let code = if code.is_empty() { format!("HTTP {status}") } else { code };
        let message = if message.is_empty() { format!("HTTP status {status}") } else { message };
        Failure { meaning, code, message }
    }
}

fn meaning(code: &str, message: &str, status: u16) -> Meaning {
    let about_kms =
        || code.contains("KMS") || message.contains("kms:") || message.to_ascii_lowercase().contains("kms key");
    match code {
        "SlowDown"
        | "RequestLimitExceeded"
        | "Throttling"
        | "ThrottlingException"
        | "TooManyRequestsException"
        | "RequestThrottled"
        | "ServiceUnavailable" => Meaning::Slow,
        "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" | "RequestExpired" => Meaning::Expired,
        "InvalidObjectState" => Meaning::Archived,
        "NoSuchKey" | "NoSuchVersion" | "NotFound" => Meaning::Vanished,
        "PreconditionFailed" => Meaning::Changed,
        "AccessDenied" | "AllAccessDisabled" | "Forbidden" if about_kms() => Meaning::Kms,
        "AccessDenied" | "AccessDeniedException" | "AllAccessDisabled" | "Forbidden" => Meaning::Denied,
        _ if code.contains("KMS") => Meaning::Kms,
        "InternalError" | "RequestTimeout" | "RequestTimeTooSkewed" | "BadGateway" | "GatewayTimeout" => {
            Meaning::Passing
        }
        _ => match status {
            429 | 503 => Meaning::Slow,
            500..=599 => Meaning::Passing,
            403 => Meaning::Denied,
            404 => Meaning::Vanished,
            412 => Meaning::Changed,
            _ => Meaning::Other,
        },
    }
}

/// How often and how long to wait.
pub(crate) struct Patience {
    tried: u32,
}

impl Patience {
    pub(crate) fn new() -> Patience {
        Patience { tried: 0 }
    }

    /// Waits before the next attempt, for a random part of a growing time; false when there is none left.
    pub(crate) async fn wait(&mut self) -> bool {
        self.tried += 1;
        if self.tried >= ATTEMPTS {
            return false;
        }
        let longest = FIRST_PAUSE.saturating_mul(1 << (self.tried - 1).min(10)).min(LONGEST_PAUSE);
        tokio::time::sleep(longest.mul_f64(fastrand::f64())).await;
        true
    }

    /// Something came through: what follows begins anew.
    pub(crate) fn renewed(&mut self) {
        self.tried = 0;
    }
}

/// Sends a request until it is answered, within the pace that is allowed.
pub(crate) async fn send<T, E, F>(throttle: &Arc<Throttle>, request: impl Fn() -> F) -> Result<T, Failure>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
{
    let mut patience = Patience::new();
    loop {
        let permit = throttle.permit().await;
        let failure = match request().await {
            Ok(answer) => {
                throttle.well();
                return Ok(answer);
            }
            Err(error) => Failure::of(&error),
        };
        drop(permit);
        if failure.meaning == Meaning::Slow {
            throttle.slow_down();
        }
        let again = matches!(failure.meaning, Meaning::Slow | Meaning::Passing);
        if !again || !patience.wait().await {
            return Err(failure);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_their_meanings() {
        let cases = [
            ("SlowDown", "", 503, Meaning::Slow),
            ("", "", 503, Meaning::Slow),
            ("InternalError", "", 500, Meaning::Passing),
            ("ExpiredToken", "", 400, Meaning::Expired),
            ("AccessDenied", "Access Denied", 403, Meaning::Denied),
            ("AccessDenied", "User is not authorized to perform: kms:Decrypt", 403, Meaning::Kms),
            ("KMS.DisabledException", "", 400, Meaning::Kms),
            ("InvalidObjectState", "", 403, Meaning::Archived),
            ("NoSuchKey", "", 404, Meaning::Vanished),
            ("PreconditionFailed", "", 412, Meaning::Changed),
            ("InvalidArgument", "", 400, Meaning::Other),
            ("", "", 403, Meaning::Denied),
        ];
        for (code, message, status, expected) in cases {
            assert_eq!(meaning(code, message, status), expected, "{code} {message} {status}");
        }
    }
}
