//! Clients of AWS that can only read.

use std::sync::Arc;
use std::time::Duration;

use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_s3::config::StalledStreamProtectionConfig;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use crate::error::{Error, Result};
use crate::run::Options;

/// The operations that may be sent; every other one is refused before it leaves this machine.
pub const READ_OPERATIONS: &[&str] = &[
    "ListBuckets",
    "ListObjectsV2",
    "ListObjectVersions",
    "GetObject",
    "HeadObject",
    "HeadBucket",
    "GetBucketLocation",
    "ListPublicKeys",
    "DescribeTrails",
    "GetTrailStatus",
    "GetEventSelectors",
    "GetCallerIdentity",
    "DescribeConfigurationRecorders",
    // To become the role that was named; it changes nothing.
    "AssumeRole",
];

/// Refuses what is not reading.
#[derive(Debug)]
struct ReadOnly;

/// An operation that is not in [`READ_OPERATIONS`].
#[derive(Debug, thiserror::Error)]
#[error("refused: `{operation}` is not one of the operations that only read")]
pub(crate) struct Refused {
    operation: String,
}

#[dyn_dispatch_hint]
impl Intercept for ReadOnly {
    fn name(&self) -> &'static str {
        "ReadOnly"
    }

    // The name of the operation is known from here on, before there is anything that could be sent.
    fn read_before_serialization(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = cfg.load::<Metadata>().map(Metadata::name).unwrap_or_default();
        if READ_OPERATIONS.contains(&operation) {
            return Ok(());
        }
        Err(Box::new(Refused { operation: operation.to_owned() }))
    }
}

/// How AWS is reached.
#[derive(Clone)]
pub struct Connection {
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) shared: Arc<SdkConfig>,
}

impl Connection {
    /// Looks up credentials and the bucket's region.
    pub async fn open(options: &Options) -> Result<Connection> {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            // Retries are ours: they have to know when the pace must be cut, and a body that is cut is not retried there.
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(10))
                    .read_timeout(options.stall.max(Duration::from_secs(1)))
                    .build(),
            );
        if let Ok(name) = aws_config::AppName::new("coldtrail") {
            loader = loader.app_name(name);
        }
        if let Some(profile) = &options.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = &options.bucket_region {
            loader = loader.region(Region::new(region.clone()));
        }
        let mut shared = loader.load().await;
        if shared.region().is_none() {
            shared = shared.into_builder().region(Region::from_static("us-east-1")).build();
        }
        if let Some(role) = &options.role_arn {
            let mut provider = AssumeRoleProvider::builder(role).session_name("coldtrail").configure(&shared);
            if let Some(id) = &options.external_id {
                provider = provider.external_id(id);
            }
            let provider = provider.build().await;
            let builder = shared.into_builder();
            shared = builder.credentials_provider(aws_sdk_s3::config::SharedCredentialsProvider::new(provider)).build();
        }
        let credentials = match shared.credentials_provider() {
            Some(provider) => provider.provide_credentials().await.map(|_| ()).map_err(|error| full(&error)),
            None => Err("no provider".to_owned()),
        };
        credentials.map_err(|message| Error::Credentials { message })?;
        let connection = Connection { s3: s3_client(&shared, options, None), shared: Arc::new(shared) };
        match (&options.endpoint_url, &options.bucket_region) {
            (None, None) => connection.in_the_buckets_region(options).await,
            _ => Ok(connection),
        }
    }

    /// A bucket answers only in its region, and says which one it is to those who ask elsewhere.
    async fn in_the_buckets_region(self, options: &Options) -> Result<Connection> {
        let answer = self.s3.head_bucket().bucket(&options.bucket).send().await;
        let region = match &answer {
            Ok(found) => found.bucket_region().map(str::to_owned),
            Err(error) => error
                .raw_response()
                .and_then(|response| response.headers().get("x-amz-bucket-region"))
                .map(str::to_owned),
        };
        let region = region.filter(|region| Some(region.as_str()) != self.shared.region().map(AsRef::as_ref));
        Ok(match region {
            Some(region) => Connection { s3: s3_client(&self.shared, options, Some(region)), ..self },
            None => self,
        })
    }

    /// Who we are, for the custody log.
    pub(crate) async fn caller(&self) -> Option<String> {
        let config = aws_sdk_sts::config::Builder::from(self.shared.as_ref()).interceptor(ReadOnly).build();
        let identity = aws_sdk_sts::Client::from_conf(config).get_caller_identity().send().await;
        identity.ok().and_then(|identity| identity.arn)
    }

    /// CloudTrail's client for a region.
    pub(crate) fn cloudtrail(&self, region: &str) -> aws_sdk_cloudtrail::Client {
        let config = aws_sdk_cloudtrail::config::Builder::from(self.shared.as_ref())
            .region(aws_sdk_cloudtrail::config::Region::new(region.to_owned()))
            .interceptor(ReadOnly)
            .build();
        aws_sdk_cloudtrail::Client::from_conf(config)
    }
}

fn s3_client(shared: &SdkConfig, options: &Options, region: Option<String>) -> aws_sdk_s3::Client {
    let mut config = aws_sdk_s3::config::Builder::from(shared).interceptor(ReadOnly);
    if let Some(url) = &options.endpoint_url {
        // Other servers have no host name for each bucket.
        config = config.endpoint_url(url).force_path_style(true);
    }
    if let Some(region) = region {
        config = config.region(Region::new(region));
    }
    aws_sdk_s3::Client::from_conf(config.build())
}

/// An error with all its causes; none of them carries credentials.
pub(crate) fn full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use aws_sdk_s3::config::{Builder, Credentials};

    #[tokio::test]
    async fn what_writes_is_refused_before_it_is_sent() {
        let config = Builder::new()
            .behavior_version_latest()
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::for_tests())
            // Nothing listens here: only what is refused beforehand fails for that reason.
            .endpoint_url("http://127.0.0.1:9")
            .retry_config(RetryConfig::disabled())
            .interceptor(ReadOnly)
            .build();
        let client = aws_sdk_s3::Client::from_conf(config);
        let put = client.put_object().bucket("b").key("k").send().await.unwrap_err();
        assert!(full(&put).contains("`PutObject` is not one of the operations"), "{}", full(&put));
        let restore = client.restore_object().bucket("b").key("k").send().await.unwrap_err();
        assert!(full(&restore).contains("RestoreObject"), "{}", full(&restore));
        let get = client.get_object().bucket("b").key("k").send().await.unwrap_err();
        assert!(!full(&get).contains("refused:"), "{}", full(&get));
    }
}
