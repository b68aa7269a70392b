//! Instants and days of Arrow as text, for every value that 64 bits can hold.

const DAY: i64 = 86_400;

/// An instant as RFC 3339 in UTC, with a fraction only where there is one. `units` is the number of ticks in a second.
pub(crate) fn instant(ticks: i64, units: i64) -> String {
    let seconds = ticks.div_euclid(units);
    let second = seconds.rem_euclid(DAY);
    let mut text =
        format!("{}T{:02}:{:02}:{:02}", day(seconds.div_euclid(DAY)), second / 3600, second / 60 % 60, second % 60);
    let fraction = ticks.rem_euclid(units);
    if fraction != 0 {
        let digits = units.ilog10() as usize;
        let fraction = format!("{fraction:0digits$}");
        text.push('.');
        text.push_str(fraction.trim_end_matches('0'));
    }
    text.push('Z');
    text
}

/// The day that is so many days after 1970-01-01, in the proleptic Gregorian calendar. Years outside 0 to 9999 are
/// written with a sign, as ISO 8601 has it.
pub(crate) fn day(days: i64) -> String {
    // Counted in years that begin in March, so that the leap day is the last of its year (H. Hinnant, "days_from_civil").
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    if (0..=9999).contains(&year) {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{year:+05}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_rfc_3339() {
        assert_eq!(instant(1_772_424_600, 1), "2026-03-02T04:10:00Z");
        assert_eq!(instant(1_772_424_600_120_000, 1_000_000), "2026-03-02T04:10:00.12Z");
        assert_eq!(instant(-1, 1_000_000_000), "1969-12-31T23:59:59.999999999Z");
        assert_eq!(instant(0, 1_000), "1970-01-01T00:00:00Z");
        assert_eq!(instant(i64::MAX, 1), "+292277026596-12-04T15:30:07Z");
        assert_eq!(instant(i64::MIN, 1_000), "-292275055-05-16T16:47:04.192Z");
    }

    #[test]
    fn days_know_leap_years() {
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(19_782), "2024-02-29");
        assert_eq!(day(-719_528), "0000-01-01");
        assert_eq!(day(-719_529), "-0001-12-31");
    }
}
