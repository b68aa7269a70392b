//! The functions about times.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, StringViewArray};
use datafusion::common::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::functions::datetime::now;

use super::arithmetic::{date_add, date_diff, human_readable_seconds, same};
use super::format::Format;
use super::moment::Moment;
use super::{
    Call, at_timezone, date, from_unixtime, from_unixtime_nanos, in_zone, instant, last_day_of_month, parse, part,
    to_iso8601, to_unixtime, with_timezone, within, write,
};
use crate::functions::call::Takes::{Any, Integer, Number, Text, Time};
use crate::functions::call::{gives, own};
use crate::functions::{Function, entry};

pub(in crate::functions) const LIST: &[Function] = &[
    entry(
        "from_iso8601_timestamp",
        "from_iso8601_timestamp(text)",
        "The instant that a text in ISO 8601 means, UTC where it says no offset. Null for what is no time; a timestamp \
         stays.",
        ("from_iso8601_timestamp('2026-04-09T14:11:12+02:00')", "2026-04-09T12:11:12Z"),
        |name| own(name, &[Time], 0, gives::time, instant),
    ),
    entry(
        "from_iso8601_date",
        "from_iso8601_date(text)",
        "The date that a text in ISO 8601 means; null for what is none.",
        ("from_iso8601_date('2026-04-09')", "2026-04-09"),
        |name| own(name, &[Time], 0, gives::date, date),
    ),
    entry(
        "to_iso8601",
        "to_iso8601(time)",
        "A date or time as text in ISO 8601.",
        ("to_iso8601(timestamp '2026-04-09 14:11:12')", "2026-04-09T14:11:12.000"),
        |name| own(name, &[Time], 0, gives::text, to_iso8601),
    ),
    entry(
        "date_parse",
        "date_parse(text, format)",
        "Reads a time in one of MySQL's formats, such as '%Y-%m-%d %H:%i:%s'. Null for what is not in it, where Athena \
         fails; a timestamp stays.",
        ("date_parse('09/Apr/2026', '%d/%b/%Y')", "2026-04-09T00:00:00Z"),
        |name| own(name, &[Time, Text], 0, gives::time, |call| parse(call, Format::mysql)),
    ),
    entry(
        "date_format",
        "date_format(time, format)",
        "Writes a time in one of MySQL's formats.",
        ("date_format(timestamp '2026-04-09 14:11:12', '%W %e %M %Y, %h:%i %p')", "Thursday 9 April 2026, 02:11 PM"),
        |name| own(name, &[Time, Text], 0, gives::text, |call| write(call, Format::mysql)),
    ),
    entry(
        "parse_datetime",
        "parse_datetime(text, format)",
        "Reads a time in one of Joda's formats, such as 'dd/MMM/yyyy:HH:mm:ss Z'. Null for what is not in it, where \
         Athena fails; a timestamp stays.",
        ("parse_datetime('09/Apr/2026:14:11:12 +0000', 'dd/MMM/yyyy:HH:mm:ss Z')", "2026-04-09T14:11:12Z"),
        |name| own(name, &[Time, Text], 0, gives::time, |call| parse(call, Format::joda)),
    ),
    entry(
        "format_datetime",
        "format_datetime(time, format)",
        "Writes a time in one of Joda's formats.",
        ("format_datetime(timestamp '2026-04-09 14:11:12', 'yyyy/MM/dd HH')", "2026/04/09 14"),
        |name| own(name, &[Time, Text], 0, gives::text, |call| write(call, Format::joda)),
    ),
    entry(
        "date_add",
        "date_add(unit, n, time)",
        "The time n units later: 'millisecond' to 'year'. A month after January 31 is the last of February.",
        ("date_add('month', 1, date '2026-01-31')", "2026-02-28"),
        |name| own(name, &[Text, Integer, Time], 0, same, date_add),
    ),
    entry(
        "date_diff",
        "date_diff(unit, from, to)",
        "How many whole units are from one time to the other.",
        ("date_diff('month', date '2026-01-15', date '2026-03-14')", "1"),
        |name| own(name, &[Text, Time, Time], 0, gives::integer, date_diff),
    ),
    entry(
        "date",
        "date(time)",
        "The date of a time or text.",
        ("date('2026-04-09T14:11:12Z')", "2026-04-09"),
        |name| own(name, &[Time], 0, gives::date, date),
    ),
    entry("year", "year(time)", "The year.", ("year(date '2026-04-09')", "2026"), |name| {
        own(name, &[Time], 0, gives::integer, |call| part(call, |time| time.local.year().into()))
    }),
    entry("quarter", "quarter(time)", "The quarter, 1 to 4.", ("quarter(date '2026-04-09')", "2"), |name| {
        own(name, &[Time], 0, gives::integer, |call| part(call, |time| (i64::from(time.local.month()) + 2) / 3))
    }),
    entry("month", "month(time)", "The month, 1 to 12.", ("month(date '2026-04-09')", "4"), |name| {
        own(name, &[Time], 0, gives::integer, |call| part(call, |time| time.local.month().into()))
    }),
    entry("week", "week(time)", "The week of ISO, 1 to 53.", ("week(date '2026-04-09')", "15"), |name| {
        own(name, &[Time], 0, gives::integer, |call| part(call, week))
    }),
    entry(
        "week_of_year",
        "week_of_year(time)",
        "The same as week.",
        ("week_of_year(date '2026-01-01')", "1"),
        |name| own(name, &[Time], 0, gives::integer, |call| part(call, week)),
    ),
    entry(
        "year_of_week",
        "year_of_week(time)",
        "The year to which the week of ISO belongs.",
        ("year_of_week(date '2027-01-01')", "2026"),
        |name| own(name, &[Time], 0, gives::integer, |call| part(call, year_of_week)),
    ),
    entry("yow", "yow(time)", "The same as year_of_week.", ("yow(date '2027-01-04')", "2027"), |name| {
        own(name, &[Time], 0, gives::integer, |call| part(call, year_of_week))
    }),
    entry("day", "day(time)", "The day of the month.", ("day(date '2026-04-09')", "9"), |name| {
        own(name, &[Time], 0, gives::integer, |call| part(call, day))
    }),
    entry("day_of_month", "day_of_month(time)", "The same as day.", ("day_of_month(date '2026-04-09')", "9"), |name| {
        own(name, &[Time], 0, gives::integer, |call| part(call, day))
    }),
    entry(
        "day_of_week",
        "day_of_week(time)",
        "The day of the week, 1 for Monday to 7 for Sunday.",
        ("day_of_week(date '2026-04-12')", "7"),
        |name| own(name, &[Time], 0, gives::integer, |call| part(call, day_of_week)),
    ),
    entry("dow", "dow(time)", "The same as day_of_week.", ("dow(date '2026-04-13')", "1"), |name| {
        own(name, &[Time], 0, gives::integer, |call| part(call, day_of_week))
    }),
    entry(
        "day_of_year",
        "day_of_year(time)",
        "The day of the year, 1 to 366.",
        ("day_of_year(date '2026-04-09')", "99"),
        |name| own(name, &[Time], 0, gives::integer, |call| part(call, day_of_year)),
    ),
    entry("doy", "doy(time)", "The same as day_of_year.", ("doy(date '2026-02-01')", "32"), |name| {
        own(name, &[Time], 0, gives::integer, |call| part(call, day_of_year))
    }),
    entry("hour", "hour(time)", "The hour, 0 to 23.", ("hour(timestamp '2026-04-09 14:11:12')", "14"), |name| {
        own(name, &[Time], 0, gives::integer, |call| part(call, |time| time.local.hour().into()))
    }),
    entry("minute", "minute(time)", "The minute.", ("minute(timestamp '2026-04-09 14:11:12')", "11"), |name| {
        own(name, &[Time], 0, gives::integer, |call| part(call, |time| time.local.minute().into()))
    }),
    entry("second", "second(time)", "The second.", ("second(timestamp '2026-04-09 14:11:12')", "12"), |name| {
        own(name, &[Time], 0, gives::integer, |call| part(call, |time| time.local.second().into()))
    }),
    entry(
        "millisecond",
        "millisecond(time)",
        "The milliseconds of the second.",
        ("millisecond(timestamp '2026-04-09 14:11:12.345')", "345"),
        |name| own(name, &[Time], 0, gives::integer, |call| part(call, |time| time.local.millisecond().into())),
    ),
    entry(
        "timezone_hour",
        "timezone_hour(time)",
        "The hours that clocks in the zone of the time are ahead of UTC.",
        ("timezone_hour(at_timezone(timestamp '2026-04-09 14:11:12', 'America/New_York'))", "-4"),
        |name| own(name, &[Time], 0, gives::integer, |call| part(call, |time| time.ahead() / 3600)),
    ),
    entry(
        "timezone_minute",
        "timezone_minute(time)",
        "The minutes beside these hours.",
        ("timezone_minute(at_timezone(timestamp '2026-04-09 14:11:12', 'Asia/Kolkata'))", "30"),
        |name| own(name, &[Time], 0, gives::integer, |call| part(call, |time| time.ahead() % 3600 / 60)),
    ),
    entry(
        "last_day_of_month",
        "last_day_of_month(time)",
        "The date of the last day of its month.",
        ("last_day_of_month(date '2028-02-03')", "2028-02-29"),
        |name| own(name, &[Time], 0, gives::date, last_day_of_month),
    ),
    entry(
        "to_unixtime",
        "to_unixtime(time)",
        "Seconds since 1970, with a fraction.",
        ("to_unixtime(timestamp '1970-01-02 00:00:00.5')", "86400.5"),
        |name| own(name, &[Time], 0, gives::number, to_unixtime),
    ),
    entry(
        "from_unixtime",
        "from_unixtime(seconds)",
        "The instant so many seconds after 1970.",
        ("from_unixtime(86400.5)", "1970-01-02T00:00:00.500Z"),
        |name| own(name, &[Number], 0, gives::time, from_unixtime),
    ),
    entry(
        "from_unixtime_nanos",
        "from_unixtime_nanos(nanoseconds)",
        "The instant so many nanoseconds after 1970, in microseconds.",
        ("from_unixtime_nanos(1000000000)", "1970-01-01T00:00:01Z"),
        |name| own(name, &[Integer], 0, gives::time, from_unixtime_nanos),
    ),
    entry(
        "at_timezone",
        "at_timezone(time, zone)",
        "The same instant, shown as clocks in the zone show it. The zone must be written out.",
        (
            "at_timezone(from_iso8601_timestamp('2026-04-09T14:11:12Z'), 'America/New_York')",
            "2026-04-09T10:11:12-04:00",
        ),
        |name| own(name, &[Time, Any], 0, in_zone, at_timezone),
    ),
    entry(
        "with_timezone",
        "with_timezone(time, zone)",
        "The instant at which clocks in the zone showed this time. The zone must be written out.",
        ("with_timezone(timestamp '2026-04-09 14:11:12', 'America/New_York')", "2026-04-09T14:11:12-04:00"),
        |name| own(name, &[Time, Any], 0, in_zone, with_timezone),
    ),
    entry(
        "current_timezone",
        "current_timezone()",
        "The zone of the session, which is always UTC.",
        ("current_timezone()", "UTC"),
        |name| own(name, &[], 0, gives::text, current_timezone),
    ),
    entry(
        "localtimestamp",
        "localtimestamp",
        "The present, which is no time of a case.",
        ("localtimestamp > timestamp '2020-01-01 00:00:00'", "true"),
        |name| now(&ConfigOptions::default()).as_ref().clone().with_aliases([name]),
    ),
    entry(
        "human_readable_seconds",
        "human_readable_seconds(seconds)",
        "A duration in words.",
        ("human_readable_seconds(3661)", "1 hour, 1 minute, 1 second"),
        |name| own(name, &[Number], 0, gives::text, human_readable_seconds),
    ),
];

/// Whether times are near each other; for both dialects.
pub(in crate::functions) const WITHIN: &[Function] = &[entry(
    "within",
    "within(a, b, seconds)",
    "Are two times no further apart than so many seconds? Null where one is missing.",
    ("within(timestamp '2026-04-09 14:11:12', timestamp '2026-04-09 14:10:12', 60)", "true"),
    |name| own(name, &[Time, Time, Number], 0, gives::flag, within),
)];

fn week(time: &Moment) -> i64 {
    time.local.date().iso_week_date().week().into()
}

fn year_of_week(time: &Moment) -> i64 {
    time.local.date().iso_week_date().year().into()
}

fn day(time: &Moment) -> i64 {
    time.local.day().into()
}

fn day_of_week(time: &Moment) -> i64 {
    time.local.weekday().to_monday_one_offset().into()
}

fn day_of_year(time: &Moment) -> i64 {
    time.local.date().day_of_year().into()
}

fn current_timezone(call: &Call) -> Result<ArrayRef> {
    Ok(Arc::new(StringViewArray::from_iter_values(vec!["UTC"; call.rows])))
}
