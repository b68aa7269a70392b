//! What a folder of a bucket is, by its form: an account, a region, a day. What has no such form is none of them.

use coldtrail_evidence::object_key::{MAX_GROUPS, is_account, is_organisation, is_region};
use jiff::ToSpan;
use jiff::civil::Date;

/// What the last part of a prefix is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Folder<'a> {
    /// Not below `AWSLogs/`: so many parts deep.
    Outside {
        depth: usize,
    },
    /// An organisation, outside of `AWSLogs/`.
    Organisation,
    /// `AWSLogs/` itself, or a folder between it and the account.
    Logs,
    Account(&'a str),
    /// What follows the account: a service, by all experience.
    Service(&'a str),
    Region(&'a str),
    /// Of access logs delivered by date, below the region.
    Bucket,
    /// A year, a month or a day: the first day and the last one.
    Days(Date, Date),
    /// Anything else.
    Other,
}

impl<'a> Folder<'a> {
    /// Reads a prefix that ends with a slash. Folders without a name, as in `AWSLogs//`, are passed over.
    pub(crate) fn of(prefix: &'a str) -> Folder<'a> {
        let parts: Vec<&str> = prefix.split('/').filter(|part| !part.is_empty()).collect();
        let Some(logs) = parts.iter().rposition(|part| *part == "AWSLogs") else {
            return match parts.last() {
                Some(last) if is_organisation(last) => Folder::Organisation,
                _ => Folder::Outside { depth: parts.len() },
            };
        };
        let mut reading = Reading::default();
        let mut last = Folder::Logs;
        for part in parts.get(logs + 1..).unwrap_or_default() {
            last = reading.part(part);
            if last == Folder::Other {
                break;
            }
        }
        last
    }
}

/// What came so far on the way down from `AWSLogs/`.
#[derive(Default)]
struct Reading {
    groups: usize,
    account: bool,
    service: bool,
    region: bool,
    bucket: bool,
    year: Option<i16>,
    month: Option<i8>,
    day: bool,
}

impl Reading {
    fn part<'a>(&mut self, part: &'a str) -> Folder<'a> {
        // Hive style: `aws-account-id=…`, `year=…`.
        let value = part.split_once('=').map_or(part, |(_, value)| value);
        if !self.account {
            self.account = is_account(value);
            self.groups += 1;
            return match self.account {
                true => Folder::Account(value),
                false if self.groups > MAX_GROUPS => Folder::Other,
                false => Folder::Logs,
            };
        }
        if !self.service {
            self.service = true;
            // `<account>/<region>/<bucket>/`: access logs delivered by date.
            (self.region, self.bucket) = (is_region(value), is_region(value));
            return if self.region { Folder::Region(value) } else { Folder::Service(value) };
        }
        if self.bucket {
            self.bucket = false;
            return Folder::Bucket;
        }
        if !self.region && (is_region(value) || value == "global") {
            self.region = true;
            return Folder::Region(value);
        }
        self.date(value).unwrap_or(Folder::Other)
    }

    fn date<'a>(&mut self, value: &str) -> Option<Folder<'a>> {
        let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        let number = value.parse::<i16>().ok().filter(|_| digits)?;
        // CloudTrail pads months and days, Config does not.
        let small = i8::try_from(number).ok().filter(|_| value.len() <= 2);
        match (self.year, self.month) {
            (None, _) if value.len() == 4 && (2000..2100).contains(&number) => {
                self.year = Some(number);
                Some(Folder::Days(Date::new(number, 1, 1).ok()?, Date::new(number, 12, 31).ok()?))
            }
            (Some(year), None) => {
                let first = Date::new(year, small?, 1).ok()?;
                self.month = small;
                Some(Folder::Days(first, first.last_of_month()))
            }
            (Some(year), Some(month)) if !self.day => {
                let day = Date::new(year, month, small?).ok()?;
                self.day = true;
                Some(Folder::Days(day, day))
            }
            _ => None,
        }
    }
}

/// The days that are asked for, either end of which may be open.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Days {
    pub(crate) first: Option<Date>,
    pub(crate) last: Option<Date>,
}

impl Days {
    /// How much of the days from one to another is asked for.
    pub(crate) fn share(&self, from: Date, to: Date) -> Share {
        let out = self.first.is_some_and(|first| to < first) || self.last.is_some_and(|last| from > last);
        let whole = self.first.is_none_or(|first| from >= first) && self.last.is_none_or(|last| to <= last);
        match (out, whole) {
            (true, _) => Share::None,
            (false, true) => Share::All,
            (false, false) => Share::Some,
        }
    }

    /// The days of a period in seconds since 1970, and so many more after it.
    pub(crate) fn of(from: Option<i64>, to: Option<i64>, late: i64) -> Days {
        let date = |seconds: i64| {
            let time = jiff::Timestamp::from_second(seconds).ok()?;
            Some(time.to_zoned(jiff::tz::TimeZone::UTC).date())
        };
        let last = to.and_then(|to| date(to - 1)?.checked_add(late.days()).ok());
        Days { first: from.and_then(date), last }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Share {
    All,
    Some,
    None,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn folders_are_told_by_their_form() {
        let days = |from: &str, to: &str| Folder::Days(from.parse().unwrap(), to.parse().unwrap());
        for (prefix, folder) in [
            ("", Folder::Outside { depth: 0 }),
            ("logs/a/", Folder::Outside { depth: 2 }),
            ("o-exampleorg1/", Folder::Organisation),
            ("p//AWSLogs//", Folder::Logs),
            ("AWSLogs/o-exampleorg1/", Folder::Logs),
            ("AWSLogs/payments-team/", Folder::Logs),
            ("AWSLogs/2026/", Folder::Logs),
            ("AWSLogs/a/b/c/d/e/", Folder::Other),
            ("AWSLogs/payments-team/111122223333/", Folder::Account("111122223333")),
            ("AWSLogs/aws-account-id=111122223333/", Folder::Account("111122223333")),
            ("AWSLogs/111122223333/CloudTrail/", Folder::Service("CloudTrail")),
            ("AWSLogs/111122223333//CloudTrail/", Folder::Service("CloudTrail")),
            ("AWSLogs/111122223333/CloudTrail/us-east-1/", Folder::Region("us-east-1")),
            ("AWSLogs/111122223333/CloudTrail/archive/", Folder::Other),
            ("AWSLogs/111122223333/CloudTrail/archive/us-east-1/", Folder::Other),
            ("AWSLogs/111122223333/CloudTrail/us-east-1/2026/", days("2026-01-01", "2026-12-31")),
            ("AWSLogs/111122223333/CloudTrail/us-east-1/year=2024/month=02/", days("2024-02-01", "2024-02-29")),
            ("AWSLogs/111122223333/Config/us-east-1/2026/3/7/", days("2026-03-07", "2026-03-07")),
            ("AWSLogs/111122223333/Config/us-east-1/2026/3/7/ConfigHistory/", Folder::Other),
            ("AWSLogs/111122223333/CloudTrail/us-east-1/2026/13/", Folder::Other),
            ("AWSLogs/111122223333/us-east-1/2026/", Folder::Bucket),
            ("AWSLogs/111122223333/us-east-1/bucket/2026/03/", days("2026-03-01", "2026-03-31")),
        ] {
            assert_eq!(Folder::of(prefix), folder, "{prefix}");
        }
    }
}
