//! What the key of an object tells: whose log it is, from where, of which kind, and when it was delivered.
//!
//! Keys are copied, prefixed, renamed and flattened before an analyst sees them, so nothing is anchored at the
//! beginning, each part is found by its form, and what is not there is none. A key proves nothing: it orders the work
//! and fills in what a record does not say.

use percent_encoding::percent_decode_str;

/// What the key of an object tells about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectKey {
    /// Twelve digits, with leading zeros.
    pub account: Option<String>,
    /// The region in the path; for AWS Config it may be `global`.
    pub region: Option<String>,
    /// The component after the account: `CloudTrail`, `CloudTrail-Digest`, `Config`, `CloudFront`, …
    pub service: Option<String>,
    /// When the file was written, in microseconds since 1970 UTC: from its name, else from its folders.
    pub delivery_time: Option<i64>,
    /// The CloudFront distribution.
    pub distribution: Option<String>,
    /// The bucket that was accessed, if S3 access logs are delivered by date.
    pub bucket: Option<String>,
}

impl ObjectKey {
    /// Reads a key. Never fails: what is not understood is none.
    pub fn parse(key: &str) -> ObjectKey {
        // Some tools store the whole key percent-encoded in one name; Windows tools turn the slashes round.
        let decoded = percent_decode_str(key).decode_utf8_lossy();
        let mut folders: Vec<&str> = decoded.split(['/', '\\']).filter(|part| !part.is_empty()).collect();
        let name = folders.pop().unwrap_or_default();
        let mut found = ObjectKey::default();
        let access_log = s3_name_time(name);
        if access_log.is_some() {
            found.read_s3_folders(&folders);
        }
        if found.bucket.is_none() {
            found.read_aws_logs(&folders);
        }
        found.read_hive(&folders);
        found.read_name(name);
        let edge = cloudfront_name(name);
        if let Some((distribution, _)) = edge {
            found.distribution = Some(distribution.to_owned());
        }
        found.delivery_time =
            access_log.or(edge.map(|(_, time)| time)).or_else(|| name_time(name)).or_else(|| folder_time(&folders));
        found
    }

    /// `[prefix/]AWSLogs/[o-…/]<account>/<service>/[<kind>/]<region>/…`; organisations put folders of their own before the account.
    fn read_aws_logs(&mut self, folders: &[&str]) {
        let Some(at) = folders.iter().rposition(|part| *part == "AWSLogs") else { return };
        let mut rest = folders.get(at + 1..).unwrap_or_default().iter().copied();
        let Some(account) = rest.by_ref().take(1 + MAX_GROUPS).find_map(account) else { return };
        self.account = Some(account.to_owned());
        let Some(service) = rest.next() else { return };
        self.service = Some(service.strip_prefix("aws-service=").unwrap_or(service).to_owned());
        // Network Firewall has the kind of log before the region.
        let before = usize::from(self.service.as_deref() == Some("network-firewall"));
        let region = rest.nth(before).map(|part| part.strip_prefix("aws-region=").unwrap_or(part));
        self.region = region.filter(|part| is_region(part) || *part == "global").map(str::to_owned);
    }

    /// `<prefix><account>/<region>/<bucket>/YYYY/MM/DD/`; the prefix need not end in a slash.
    fn read_s3_folders(&mut self, folders: &[&str]) {
        let [.., owner, region, bucket, year, month, day] = folders else { return };
        let account = owner.len().checked_sub(12).and_then(|start| owner.get(start..)).filter(|text| is_account(text));
        if let (Some(account), true, Some(_)) = (account, is_region(region), date(year, month, day)) {
            self.account = Some(account.to_owned());
            self.region = Some((*region).to_owned());
            self.bucket = Some((*bucket).to_owned());
        }
    }

    /// `aws-account-id=…/aws-service=…/aws-region=…/…/DistributionId=…`, in any order.
    fn read_hive(&mut self, folders: &[&str]) {
        for part in folders {
            let Some((name, value)) = part.split_once('=') else { continue };
            match name.to_ascii_lowercase().as_str() {
                "aws-account-id" | "accountid" if is_account(value) => self.account = Some(value.to_owned()),
                "aws-service" if !value.is_empty() => self.service = Some(value.to_owned()),
                "aws-region" if is_region(value) => self.region = Some(value.to_owned()),
                "distributionid" if is_distribution(value) => self.distribution = Some(value.to_owned()),
                _ => {}
            }
        }
    }

    /// `<account>_<service>_<region>_…`: for files that were taken out of their folders.
    fn read_name(&mut self, name: &str) {
        let mut parts = name.split('_');
        let (Some(account), Some(service), Some(region)) = (parts.next(), parts.next(), parts.next()) else { return };
        // Old names glue the time to the region: `us-east-1-20200930T2300.json`.
        let region = match region.char_indices().rev().find(|(_, c)| *c == '-') {
            Some((hyphen, _)) if !is_region(region) => region.get(..hyphen).unwrap_or_default(),
            _ => region,
        };
        if !is_account(account) || service.is_empty() || !(is_region(region) || region == "global") {
            return;
        }
        self.account.get_or_insert_with(|| account.to_owned());
        // A folder that no region follows may be any.
        if self.region.is_none() || self.service.is_none() {
            self.service = Some(service.to_owned());
        }
        self.region.get_or_insert_with(|| region.to_owned());
    }
}

/// How many folders there may be between `AWSLogs` and the account.
pub const MAX_GROUPS: usize = 4;

fn account(part: &str) -> Option<&str> {
    let value = part.split_once('=').map_or(part, |(_, value)| value);
    is_account(value).then_some(value)
}

/// Twelve digits.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// `o-` and letters and digits.
pub fn is_organisation(text: &str) -> bool {
    text.strip_prefix("o-").is_some_and(|id| {
        (10..=32).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase())
    })
}

/// `us-east-1`, `us-gov-west-1`, `us-isob-east-1`, `ap-southeast-7`: words and a number.
pub fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    let number = parts.next_back().unwrap_or_default();
    let words: Vec<&str> = parts.collect();
    (2..=4).contains(&words.len())
        && (1..=2).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_digit())
        && words.iter().all(|word| (2..=12).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase()))
}

fn is_distribution(text: &str) -> bool {
    (8..=20).contains(&text.len())
        && text.starts_with('E')
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// `<prefix>YYYY-MM-DD-hh-mm-ss-<16 hex digits>`, and nothing after it but an extension that a copy may have got.
fn s3_name_time(name: &str) -> Option<i64> {
    const LENGTH: usize = 19 + 1 + 16;
    let stem = name.split_once('.').filter(|(stem, _)| stem.len() >= LENGTH).map_or(name, |(stem, _)| stem);
    let start = [name, stem].iter().find_map(|text| {
        let start = text.len().checked_sub(LENGTH)?;
        let id = text.get(start + 20..)?;
        (id.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b))).then_some(start)
    })?;
    let text = name.get(start..start + 20)?;
    if text.ends_with('-') { dashed_time(text.get(..19)?) } else { None }
}

/// `<distribution>.YYYY-MM-DD-HH.<id>[.gz]`
fn cloudfront_name(name: &str) -> Option<(&str, i64)> {
    let (distribution, rest) = name.split_once('.')?;
    let (hour, _id) = rest.split_once('.')?;
    (is_distribution(distribution) && hour.len() == 13).then_some(())?;
    Some((distribution, dashed_time(hour)?))
}

/// The last time in a name: `YYYYMMDDTHHmm[SS][Z]`, or `YYYY-MM-DD-hh-mm-ss` as Firehose writes it.
fn name_time(name: &str) -> Option<i64> {
    let bytes = name.as_bytes();
    let compact = (0..bytes.len()).rev().filter(|&at| bytes.get(at) == Some(&b'T')).find_map(|at| {
        let day = name.get(at.checked_sub(8)?..at)?;
        let clock: &str = name.get(at + 1..)?;
        let digits = clock.bytes().take_while(u8::is_ascii_digit).count();
        let before = at.checked_sub(9).and_then(|i| bytes.get(i));
        if !matches!(digits, 4 | 6) || before.is_some_and(u8::is_ascii_digit) {
            return None;
        }
        let second = if digits == 6 { number(clock.get(4..6)?)? } else { 0 };
        let date = [number(day.get(..4)?)?, number(day.get(4..6)?)?, number(day.get(6..8)?)?];
        micros(date, [number(clock.get(..2)?)?, number(clock.get(2..4)?)?, second])
    });
    compact.or_else(|| (0..bytes.len()).rev().find_map(|at| name.get(at..at + 19).and_then(dashed_time)))
}

/// `YYYY-MM-DD-hh[-mm-ss]`
fn dashed_time(text: &str) -> Option<i64> {
    let mut widths = [4, 2, 2, 2, 2, 2].into_iter();
    let mut values = [0; 6];
    let parts: Vec<&str> = text.split('-').collect();
    if !matches!(parts.len(), 4 | 6) {
        return None;
    }
    for (part, value) in parts.iter().zip(&mut values) {
        if widths.next() != Some(part.len()) {
            return None;
        }
        *value = number(part)?;
    }
    let [year, month, day, hour, minute, second] = values;
    micros([year, month, day], [hour, minute, second])
}

/// The last `YYYY/M/D[/H]` (Config does not pad) or `year=…/month=…/day=…[/hour=…]` among the folders.
fn folder_time(folders: &[&str]) -> Option<i64> {
    let bare: Vec<&str> = folders.iter().map(|part| part.split_once('=').map_or(*part, |(_, value)| value)).collect();
    (0..bare.len()).rev().find_map(|at| {
        let [year, month, day] = bare.get(at..at + 3)? else { return None };
        let date = date(year, month, day)?;
        let hour = bare.get(at + 3).filter(|part| part.len() == 2).and_then(|part| number(part));
        micros(date, [hour.filter(|hour| *hour < 24).unwrap_or(0), 0, 0])
    })
}

fn date(year: &str, month: &str, day: &str) -> Option<[i16; 3]> {
    if year.len() != 4 || !(1..=2).contains(&month.len()) || !(1..=2).contains(&day.len()) {
        return None;
    }
    let date = [number(year)?, number(month)?, number(day)?];
    micros(date, [0, 0, 0]).map(|_| date)
}

fn number(text: &str) -> Option<i16> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// A time that exists, between 2000 and 2100: other numbers are no delivery times.
fn micros([year, month, day]: [i16; 3], [hour, minute, second]: [i16; 3]) -> Option<i64> {
    if !(2000..2100).contains(&year) {
        return None;
    }
    let small = |value: i16| i8::try_from(value).ok();
    let date = jiff::civil::Date::new(year, small(month)?, small(day)?).ok()?;
    let time = jiff::civil::Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok()?;
    let instant = jiff::tz::Offset::UTC.to_timestamp(date.to_datetime(time)).ok()?;
    Some(instant.as_microsecond())
}

#[cfg(test)]
mod tests;
