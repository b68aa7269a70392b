//! What proves logs later and is gone when the account is: CloudTrail's public keys, and how the trails were set up.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use aws_sdk_cloudtrail::types::Trail;
use aws_smithy_types::DateTime;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coldtrail_evidence::Case;
use coldtrail_evidence::inside;
use coldtrail_evidence::kept_keys::keys_dir;
use serde_json::{Value, json};

use crate::client::Connection;
use crate::error::{Error, Result};
use crate::failure::send;
use crate::throttle::Throttle;

/// Keys are asked for from so many seconds before the first digest to so many after the last.
const AROUND: i64 = 2 * 3600;

/// The time that a region's digests speak of, in seconds since 1970.
pub(crate) type Regions = BTreeMap<String, (i64, i64)>;

/// Saves keys and trails; what could not be had, with the reason.
pub(crate) async fn save(
    case: &Case,
    connection: &Connection,
    throttle: &Arc<Throttle>,
    regions: &Regions,
) -> Result<Vec<String>> {
    let folder = keys_dir(case);
    inside::make_folder(case.root(), &folder).map_err(|source| Error::Io { path: folder.clone(), source })?;
    let mut problems = Vec::new();
    for (region, (first, last)) in regions {
        match public_keys(connection, throttle, region, first - AROUND, last + AROUND).await {
            Ok(keys) => write(&folder.join(format!("public-keys-{}.json", name(region))), &keys)?,
            Err(why) => problems.push(format!("public keys of {region}: {why}")),
        }
    }
    match trails(connection, throttle, regions.keys().next().map_or("us-east-1", String::as_str)).await {
        Ok((found, more)) => {
            problems.extend(more);
            write(&folder.join("trails.json"), &found)?;
        }
        Err(why) => problems.push(format!("trails: {why}")),
    }
    Ok(problems)
}

/// A region comes out of a key, which anybody may have written.
fn name(region: &str) -> String {
    region.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect()
}

fn write(path: &Path, value: &Value) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    let written = inside::replace(folder, path, format!("{value:#}\n").as_bytes());
    written.map_err(|source| Error::Io { path: path.to_path_buf(), source })
}

/// In the shape of `aws cloudtrail list-public-keys`, with where it comes from.
async fn public_keys(
    connection: &Connection,
    throttle: &Arc<Throttle>,
    region: &str,
    start: i64,
    end: i64,
) -> Result<Value, String> {
    let client = connection.cloudtrail(region);
    let mut keys = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let answer = send(throttle, || {
            client
                .list_public_keys()
                .start_time(DateTime::from_secs(start))
                .end_time(DateTime::from_secs(end))
                .set_next_token(token.clone())
                .send()
        })
        .await
        .map_err(|failure| format!("{}: {}", failure.code, failure.message))?;
        for key in answer.public_key_list.unwrap_or_default() {
            keys.push(json!({
                "Value": key.value.map(|value| STANDARD.encode(value.as_ref())),
                "ValidityStartTime": key.validity_start_time.map(|time| time.to_string()),
                "ValidityEndTime": key.validity_end_time.map(|time| time.to_string()),
                "Fingerprint": key.fingerprint,
            }));
        }
        token = answer.next_token;
        if token.is_none() {
            break;
        }
    }
    let (start, end) = (DateTime::from_secs(start).to_string(), DateTime::from_secs(end).to_string());
    Ok(json!({ "Region": region, "StartTime": start, "EndTime": end, "PublicKeyList": keys }))
}

/// Every trail with its state and what it records; and what could not be had.
async fn trails(
    connection: &Connection,
    throttle: &Arc<Throttle>,
    region: &str,
) -> Result<(Value, Vec<String>), String> {
    let text = |failure: crate::failure::Failure| format!("{}: {}", failure.code, failure.message);
    let client = connection.cloudtrail(region);
    let answer = send(throttle, || client.describe_trails().include_shadow_trails(true).send()).await.map_err(text)?;
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for trail in answer.trail_list.unwrap_or_default() {
        let arn = trail.trail_arn.clone().unwrap_or_default();
        let home = connection.cloudtrail(trail.home_region.as_deref().unwrap_or(region));
        let status = send(throttle, || home.get_trail_status().name(&arn).send()).await.map_err(text);
        let selectors = send(throttle, || home.get_event_selectors().trail_name(&arn).send()).await.map_err(text);
        if let Err(why) = &status {
            problems.push(format!("status of {arn}: {why}"));
        }
        if let Err(why) = &selectors {
            problems.push(format!("event selectors of {arn}: {why}"));
        }
        let status = status.ok().map(|status| {
            json!({
                "IsLogging": status.is_logging,
                "StartLoggingTime": status.start_logging_time.map(|time| time.to_string()),
                "StopLoggingTime": status.stop_logging_time.map(|time| time.to_string()),
                "LatestDeliveryTime": status.latest_delivery_time.map(|time| time.to_string()),
                "LatestDigestDeliveryTime": status.latest_digest_delivery_time.map(|time| time.to_string()),
            })
        });
        // The SDK has no way back to JSON; its own notation loses nothing.
        let selectors = selectors.ok().map(|found| {
            json!({
                "EventSelectors": format!("{:?}", found.event_selectors.unwrap_or_default()),
                "AdvancedEventSelectors": format!("{:?}", found.advanced_event_selectors.unwrap_or_default()),
            })
        });
        let mut about = describe(&trail);
        about["Status"] = status.unwrap_or_default();
        about["Selectors"] = selectors.unwrap_or_default();
        found.push(about);
    }
    Ok((json!({ "Region": region, "trailList": found }), problems))
}

fn describe(trail: &Trail) -> Value {
    json!({
        "Name": trail.name, "TrailARN": trail.trail_arn, "HomeRegion": trail.home_region,
        "S3BucketName": trail.s3_bucket_name, "S3KeyPrefix": trail.s3_key_prefix,
        "IsMultiRegionTrail": trail.is_multi_region_trail, "IsOrganizationTrail": trail.is_organization_trail,
        "IncludeGlobalServiceEvents": trail.include_global_service_events,
        "LogFileValidationEnabled": trail.log_file_validation_enabled, "KmsKeyId": trail.kms_key_id,
        "CloudWatchLogsLogGroupArn": trail.cloud_watch_logs_log_group_arn,
        "HasCustomEventSelectors": trail.has_custom_event_selectors, "HasInsightSelectors": trail.has_insight_selectors,
    })
}
