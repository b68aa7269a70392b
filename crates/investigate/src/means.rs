//! Console, command line or program: what a call was made with, as far as the log tells.

/// By what means a call was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Means {
    Console,
    CommandLine,
    Terraform,
    CloudFormation,
    Service,
    Sdk,
    Unknown,
}

impl Means {
    /// The user agent is written by the caller: it is what the caller says, but for the flag of console sessions and
    /// for services.
    pub(crate) fn of(
        agent: Option<&str>,
        console: Option<bool>,
        invoked_by: Option<&str>,
        kind: Option<&str>,
    ) -> Means {
        let agent = agent.unwrap_or_default();
        let lower = agent.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if console == Some(true) || kind == Some("AwsConsoleAction") {
            return Means::Console;
        }
        if invoked_by == Some("cloudformation.amazonaws.com") || lower == "cloudformation.amazonaws.com" {
            return Means::CloudFormation;
        }
        if invoked_by.is_some_and(|by| by.ends_with(".amazonaws.com"))
            || kind == Some("AwsServiceEvent")
            || lower.ends_with(".amazonaws.com") && !lower.contains("console")
        {
            return Means::Service;
        }
        if says(&["console.amazonaws.com", "signin.amazonaws.com", "s3console", "aws internal", "aws-console"]) {
            return Means::Console;
        }
        if says(&["terraform", "opentofu", "pulumi"]) {
            return Means::Terraform;
        }
        if says(&["aws-cli", "cloudshell"]) {
            return Means::CommandLine;
        }
        if says(&["boto", "aws-sdk", "botocore", "java", "go-http", "python", "node", "powershell", "rust"]) {
            return Means::Sdk;
        }
        Means::Unknown
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Means::Console => "console",
            Means::CommandLine => "command line",
            Means::Terraform => "infrastructure as code",
            Means::CloudFormation => "CloudFormation",
            Means::Service => "AWS service",
            Means::Sdk => "SDK",
            Means::Unknown => "unknown means",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means() {
        for (agent, console, invoked_by, expected) in [
            ("aws-cli/2.15.0 Python/3.11", None, None, Means::CommandLine),
            ("Mozilla/5.0", Some(true), None, Means::Console),
            ("console.amazonaws.com", None, None, Means::Console),
            ("Boto3/1.34 md/Botocore", None, None, Means::Sdk),
            ("APN/1.0 HashiCorp/1.0 Terraform/1.7", None, None, Means::Terraform),
            ("rds.amazonaws.com", None, Some("rds.amazonaws.com"), Means::Service),
            ("cloudformation.amazonaws.com", None, Some("cloudformation.amazonaws.com"), Means::CloudFormation),
            ("", None, None, Means::Unknown),
        ] {
            assert_eq!(Means::of(Some(agent), console, invoked_by, None), expected, "{agent}");
        }
    }
}
