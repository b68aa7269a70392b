//! Times in the forms that logs and exporters write.
#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;

fn micros(text: &str) -> Option<i64> {
    read(text).map(|instant| instant.micros)
}

#[test]
fn forms_of_rfc_3339() {
    assert_eq!(read("1970-01-02T00:00:00Z"), Some(Instant { micros: 86_400_000_000, canonical: true }));
    assert_eq!(micros("2023-07-10T12:20:00z"), micros("2023-07-10T12:20:00Z"));
    assert_eq!(micros("2023-07-10 14:20:00.000000000"), micros("2023-07-10T14:20:00Z"));
    assert_eq!(micros("2023-07-10T14:20:00+02:00"), micros("2023-07-10T12:20:00Z"));
    assert_eq!(micros("2023-07-10T12:20:00.000+0000"), micros("2023-07-10T12:20:00Z"));
    assert_eq!(micros("2021-11-15T09:11:24.624Z"), Some(1_636_967_484_624_000));
    assert_eq!(micros("2016-12-31T23:59:60Z"), micros("2017-01-01T00:00:00Z"));
    assert!(!read("2016-12-31T23:59:60Z").unwrap().canonical);
    assert_eq!(common_log("06/Feb/2019:00:00:38 +0000"), micros("2019-02-06T00:00:38Z"));
    assert_eq!(common_log("06/Feb/2019:02:00:38 +0200"), micros("2019-02-06T00:00:38Z"));
}

const MOMENT: i64 = 1_772_359_200_000_000;

#[test]
fn one_moment_in_many_forms() {
    for text in [
        "2026-03-01T10:00:00Z",
        "1772359200",
        "1772359200.000",
        "1.7723592e9",
        "1.7723592E+12",
        "1772359200000",
        "1772359200000.0",
        "1772359200000000",
        "1772359200000000000",
        "20260301T100000Z",
        "20260301T1000Z",
        "20260301T110000+0100",
        "20260301100000",
        "20260301100000000",
        "202603011000",
        "20260301 100000",
        "2026-03-01T10:00Z",
        "2026-03-01 10:00",
        "2026-03-01T10:00:00,000Z",
        "2026-03-01 10:00:00+00",
        "2026-03-01 12:30:00+02:30",
        "2026-03-01T10:00:00 +0000",
        "2026-03-01 05:00:00 -0500",
        "2026-03-01 10:00:00 UTC",
        "2026-03-01 10:00:00.000000 +0000 UTC",
        "2026-03-01 11:00:00.000000 +0100 CET",
        "2026-03-01T11:00:00+01:00[Europe/Berlin]",
        "2026-03-01T10:00:00Z[UTC]",
        "2026/03/01 10:00:00",
        "2026/3/1 10:00:00",
        "2026.03.01 10:00:00",
        "Sun Mar 01 10:00:00 UTC 2026",
        "Sun Mar  1 10:00:00 2026",
        "Sun Mar 01 2026 10:00:00 GMT+0000 (Coordinated Universal Time)",
        "Sun Mar 01 2026 11:00:00 GMT+0100 (Central European Standard Time)",
        "Sun, 01 Mar 2026 10:00:00 GMT",
        "Sun, 1 Mar 2026 10:00:00 +0000",
        "Sunday, March 1, 2026 10:00:00 AM",
        "Mar 1, 2026 10:00:00 AM",
        "Mar 1, 2026, 10:00:00\u{202f}AM",
        "1 March 2026 at 10:00:00 UTC",
        "March 01, 2026, 10:00:00 (UTC+00:00)",
        "March 01, 2026, 12:00:00 (UTC+02:00)",
        "March 01, 2026, 02:30:00 PM (UTC+04:30)",
        "01/Mar/2026:10:00:00 +0000",
        "[01/Mar/2026:10:00:00 +0000]",
        "01-Mar-2026 10:00:00",
        "2026-Mar-01 10:00:00",
        "/Date(1772359200000)/",
        "/Date(1772359200000+0100)/",
        "ISODate(\"2026-03-01T10:00:00Z\")",
        "\"2026-03-01T10:00:00Z\"",
        " 2026-03-01T10:00:00Z ",
    ] {
        assert_eq!(micros(text), Some(MOMENT), "{text}");
        assert_eq!(read(text).unwrap().canonical, text == "2026-03-01T10:00:00Z", "{text}");
    }
}

#[test]
fn the_order_of_day_and_month_is_never_guessed() {
    for text in ["03/01/2026 10:00:00", "3/1/2026 10:00", "01-03-2026 10:00:00", "1.3.2026 10:00:00 AM"] {
        assert_eq!(micros(text), None, "{text}");
    }
    let said = micros("2026-03-25T10:00:00Z");
    for text in ["25/03/2026 10:00:00", "03/25/2026 10:00:00", "3/25/2026 10:00 AM", "25.03.2026 10:00"] {
        assert_eq!(micros(text), said, "{text}");
    }
    assert_eq!(micros("03/03/2026 10:00:00"), micros("2026-03-03T10:00:00Z"));
}

#[test]
fn what_is_no_time() {
    for text in [
        "",
        "x",
        "-",
        "2026-03-01",
        "10:00:00",
        "2024-02-30T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2026-03-01T24:10:00Z",
        "2026-03-01T10:00:00+25:00",
        "2026-03-01T10:00:00 EST",
        "2026-03-01T10:00:00 Europe/Berlin",
        "2026-03-01T10:00:00[Europe/Berlin]",
        "2026-03-01 13:00:00 PM",
        "01-Mar-26 10:00:00",
        "Mar 1 10:00:00",
        "Mar Mar 1 2026 10:00:00",
        "2026-03-01T10:00:00Z 2026",
        "2026-03-01T10:00:00Z Z +0100",
        "1e999",
        "-1772359200",
        "+1772359200",
        "99999999999999999999",
        "redacted",
        "The time, in ISO-8601 format (for example, 1970-01-01T00:00:00Z)",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn years_that_a_record_can_be_of() {
    let years = Years::until(2027);
    for (text, held) in [
        ("2005-12-31T23:59:59Z", false),
        ("2006-01-01T00:00:00Z", true),
        ("2027-12-31T23:59:59Z", true),
        ("2028-01-01T00:00:00Z", false),
        ("1970-01-01T00:00:00Z", false),
        ("9998-12-31T23:59:59Z", false),
    ] {
        assert_eq!(years.hold(micros(text).unwrap()), held, "{text}");
    }
}

/// The same time as many programs write it.
fn spellings(micros: i64) -> Vec<String> {
    let at = jiff::Timestamp::from_microsecond(micros).unwrap();
    let utc = at.to_zoned(jiff::tz::TimeZone::UTC);
    let east = at.to_zoned(jiff::tz::Offset::constant(5).to_time_zone());
    let mut all: Vec<String> = [
        "%Y-%m-%dT%H:%M:%S.%6fZ",
        "%Y-%m-%d %H:%M:%S.%6f",
        "%Y-%m-%d %H:%M:%S,%6f+00",
        "%Y%m%dT%H%M%S.%6fZ",
        "%Y%m%d%H%M%S%6f",
        "%a, %d %b %Y %H:%M:%S.%6f +0000",
        "%a %b %e %H:%M:%S.%6f UTC %Y",
        "%a %b %d %Y %H:%M:%S.%6f GMT+0000 (Coordinated Universal Time)",
        "%b %e, %Y %I:%M:%S.%6f %p",
        "%B %d, %Y, %H:%M:%S.%6f (UTC+00:00)",
        "%d/%b/%Y:%H:%M:%S.%6f +0000",
        "%Y/%m/%d %H:%M:%S.%6f",
    ]
    .iter()
    .map(|form| utc.strftime(form).to_string())
    .collect();
    all.push(east.strftime("%Y-%m-%dT%H:%M:%S.%6f%:z").to_string());
    all.push(east.strftime("%a %b %d %Y %H:%M:%S.%6f GMT%z").to_string());
    all.push(format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000));
    all.push(micros.to_string());
    all.push((i128::from(micros) * 1000).to_string());
    all
}

proptest! {
    #[test]
    fn all_spellings_of_a_time_are_that_time(seconds in 1_136_073_600i64..2_082_758_400, fraction in 0i64..1_000_000) {
        let at = seconds * 1_000_000 + fraction;
        for text in spellings(at) {
            prop_assert_eq!(micros(&text), Some(at), "{}", text);
        }
    }

    #[test]
    fn no_text_panics(text in "[0-9TZ:.,/+()\\[\\] a-zA-Z-]{0,40}") {
        let _read = read(&text);
    }
}
