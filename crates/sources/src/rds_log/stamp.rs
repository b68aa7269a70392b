//! Times as database servers write them, at the beginning of a line.

use crate::time;

/// A time that begins a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp<'a> {
    /// As it stands, its zone included.
    pub(super) text: &'a str,
    /// Microseconds since 1970; none where the zone is not known, or the text is no time.
    pub(super) micros: Option<i64>,
    /// The zone as it stands; empty when there is none.
    pub(super) zone: &'a str,
    /// What follows the time.
    pub(super) rest: &'a str,
}

/// Abbreviations that stand for one offset wherever they are used, in minutes. CST, IST, BST, PST and others stand for
/// several, and are not read.
const ZONES: [(&str, i64); 27] = [
    ("UTC", 0),
    ("UCT", 0),
    ("GMT", 0),
    ("Z", 0),
    ("WET", 0),
    ("WEST", 60),
    ("CET", 60),
    ("CEST", 120),
    ("EET", 120),
    ("EEST", 180),
    ("SAST", 120),
    ("EST", -300),
    ("EDT", -240),
    ("MDT", -360),
    ("MST", -420),
    ("PDT", -420),
    ("AKDT", -480),
    ("AKST", -540),
    ("HST", -600),
    ("AWST", 480),
    ("HKT", 480),
    ("JST", 540),
    ("KST", 540),
    ("AEST", 600),
    ("AEDT", 660),
    ("NZST", 720),
    ("NZDT", 780),
];

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Does a text begin like this? `0` stands for a digit, `_` for a digit or a space, all else for itself.
fn has_form(text: &[u8], form: &[u8]) -> bool {
    text.len() >= form.len()
        && form.iter().zip(text).all(|(wanted, byte)| match wanted {
            b'0' => byte.is_ascii_digit(),
            b'_' => byte.is_ascii_digit() || *byte == b' ',
            wanted => wanted == byte,
        })
}

impl<'a> Stamp<'a> {
    fn of(line: &'a str, end: usize, micros: Option<i64>, zone: &'a str) -> Option<Stamp<'a>> {
        let (text, rest) = line.split_at_checked(end)?;
        Some(Stamp { text, micros, zone, rest })
    }

    /// `2026-04-09 04:31:43.123 UTC`, as PostgreSQL writes it: the zone as abbreviation or offset.
    pub(super) fn postgres(line: &'a str) -> Option<Stamp<'a>> {
        let bytes = line.as_bytes();
        if !has_form(bytes, b"0000-00-00 00:00:00") {
            return None;
        }
        let mut end = 19;
        if bytes.get(end) == Some(&b'.') {
            end += 1 + digits(bytes.get(end + 1..)?);
        }
        let clock = line.get(..end)?;
        let after = line.get(end..)?.strip_prefix(' ')?;
        let length = after.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-')).count();
        // A hyphen may stand behind the zone, too; a zone has it in front.
        let zone = after.get(..length)?;
        let zone = match zone.find('-') {
            Some(at) if at > 0 => zone.get(..at)?,
            _ => zone,
        };
        let known = zone.bytes().all(|b| b.is_ascii_uppercase()) && (1..=5).contains(&zone.len());
        let numeric =
            zone.len() >= 3 && zone.starts_with(['+', '-']) && digits(zone.as_bytes().get(1..)?) + 1 == zone.len();
        if !known && !numeric {
            return None;
        }
        let micros = offset(zone).and_then(|minutes| at(clock, minutes));
        Stamp::of(line, end + 1 + zone.len(), micros, zone)
    }

    /// `2026-04-09T04:31:43.123456Z`, or with an offset.
    pub(super) fn iso(line: &'a str) -> Option<Stamp<'a>> {
        let bytes = line.as_bytes();
        if !has_form(bytes, b"0000-00-00T00:00:00") {
            return None;
        }
        let mut end = 19;
        if bytes.get(end) == Some(&b'.') {
            end += 1 + digits(bytes.get(end + 1..)?);
        }
        let zone = match bytes.get(end..)? {
            [b'Z', ..] => 1,
            offset if has_form(offset, b"+00:00") || has_form(offset, b"-00:00") => 6,
            _ => return None,
        };
        let zone = line.get(end..end + zone)?;
        let micros = time::iso(line.get(..end + zone.len())?).map(|instant| instant.micros);
        Stamp::of(line, end + zone.len(), micros, zone)
    }

    /// `2026-04-09  4:31:43`, without a zone: UTC on RDS.
    pub(super) fn plain(line: &'a str) -> Option<Stamp<'a>> {
        if !has_form(line.as_bytes(), b"0000-00-00 _0:00:00") {
            return None;
        }
        let iso = format!("{}T{:0>8}Z", line.get(..10)?, line.get(11..19)?.trim_start());
        Stamp::of(line, 19, time::iso(&iso).map(|instant| instant.micros), "")
    }

    /// `2026-04-09 04:31:43.12`, as SQL Server writes it; in UTC, unless its time zone was changed.
    pub(super) fn hundredths(line: &'a str) -> Option<Stamp<'a>> {
        let bytes = line.as_bytes();
        if !has_form(bytes, b"0000-00-00 00:00:00.00") || bytes.get(22).is_some_and(u8::is_ascii_digit) {
            return None;
        }
        Stamp::of(line, 22, time::iso(line.get(..22)?).map(|instant| instant.micros), "")
    }

    /// `260409  4:31:43`, as MySQL before 5.7 writes it.
    pub(super) fn short(line: &'a str) -> Option<Stamp<'a>> {
        if !has_form(line.as_bytes(), b"000000 _0:00:00") {
            return None;
        }
        let (year, month, day) = (line.get(..2)?, line.get(2..4)?, line.get(4..6)?);
        let iso = format!("20{year}-{month}-{day}T{:0>8}Z", line.get(7..15)?.trim_start());
        Stamp::of(line, 15, time::iso(&iso).map(|instant| instant.micros), "")
    }

    /// `09-APR-2026 04:31:43`, as Oracle's listener writes it.
    pub(super) fn listener(line: &'a str) -> Option<Stamp<'a>> {
        let bytes = line.as_bytes();
        let month = bytes.get(3..6)?;
        if !has_form(bytes, b"00-") || !has_form(bytes.get(6..)?, b"-0000 00:00:00") {
            return None;
        }
        if !month.iter().all(u8::is_ascii_uppercase) {
            return None;
        }
        let text = line.get(..20)?;
        Stamp::of(line, 20, time::read(text).map(|instant| instant.micros), "")
    }

    /// `Thu Apr 09 04:31:43 2026`, as Oracle before 12.2 writes it on a line of its own.
    pub(super) fn ctime(line: &'a str) -> Option<Stamp<'a>> {
        let bytes = line.as_bytes();
        let name = |from: usize| bytes.get(from..from + 3).is_some_and(|name| name.iter().all(u8::is_ascii_alphabetic));
        if line.trim_end().len() != 24
            || !name(0)
            || !name(4)
            || !has_form(bytes.get(7..)?, b" _0 00:00:00 0000")
            || bytes.get(3) != Some(&b' ')
        {
            return None;
        }
        let text = line.get(..24)?;
        Stamp::of(line, 24, time::read(text).map(|instant| instant.micros), "")
    }
}

/// Minutes ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    if let Some((_, minutes)) = ZONES.iter().find(|(name, _)| *name == zone) {
        return Some(*minutes);
    }
    let number = |from: usize| zone.get(from..from + 2).and_then(two);
    let (hours, minutes) = match zone.len() {
        3 => (number(1)?, 0),
        5 => (number(1)?, number(3)?),
        _ => return None,
    };
    let minutes = hours * 60 + minutes;
    match zone.as_bytes().first()? {
        b'-' => Some(-minutes),
        b'+' => Some(minutes),
        _ => None,
    }
}

fn two(text: &str) -> Option<i64> {
    match text.as_bytes() {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some(i64::from(a - b'0') * 10 + i64::from(b - b'0')),
        _ => None,
    }
}

/// The instant of a clock that is so many minutes ahead of UTC.
fn at(clock: &str, minutes: i64) -> Option<i64> {
    Some(time::iso(clock)?.micros - minutes * 60_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_read_or_not_at_all() {
        let micros = |text: &'static str| Stamp::postgres(text).map(move |stamp| (stamp.micros, stamp.rest));
        let utc = time::iso("2026-04-09T04:31:43Z").map(|instant| instant.micros);
        assert_eq!(micros("2026-04-09 04:31:43 UTC:x"), Some((utc, ":x")));
        assert_eq!(micros("2026-04-09 06:31:43.000 CEST [1]"), Some((utc, " [1]")));
        assert_eq!(micros("2026-04-09 01:31:43 -03 [1]"), Some((utc, " [1]")));
        assert_eq!(micros("2026-04-09 10:01:43 +0530 [1]"), Some((utc, " [1]")));
        assert_eq!(micros("2026-04-09 04:31:43 UTC-5eefe116.22f4-LOG:  x"), Some((utc, "-5eefe116.22f4-LOG:  x")));
        assert_eq!(micros("2026-04-09 04:31:43 CST [1]"), Some((None, " [1]")), "Chicago, Shanghai or Havana");
        assert_eq!(micros("2026-13-09 04:31:43 UTC [1]"), Some((None, " [1]")));
        for none in
            ["2026-04-09 04:31:43", "2026-04-09 04:31:43 [1]", "2026-04-09T04:31:43 UTC", "2026-04-09 04:31:43 Main"]
        {
            assert_eq!(micros(none), None, "{none}");
        }
    }

    #[test]
    fn other_servers_have_other_forms() {
        let utc = time::iso("2026-04-09T04:31:43Z").map(|instant| instant.micros);
        let micros = |stamp: Option<Stamp<'_>>| stamp.and_then(|stamp| stamp.micros);
        assert_eq!(micros(Stamp::iso("2026-04-09T06:31:43.000000+02:00 0 [x]")), utc);
        assert_eq!(micros(Stamp::plain("2026-04-09  4:31:43 0 [Note]")), utc);
        assert_eq!(micros(Stamp::short("260409  4:31:43 [Note]")), utc);
        assert_eq!(micros(Stamp::hundredths("2026-04-09 04:31:43.00 Server")), utc);
        assert_eq!(micros(Stamp::listener("09-APR-2026 04:31:43 * x")), utc);
        assert_eq!(micros(Stamp::ctime("Thu Apr  9 04:31:43 2026")), utc);
        assert_eq!(micros(Stamp::ctime("Thu Apr 09 04:31:43 2026")), utc);
        assert!(
            Stamp::listener("é9-APR-2026 04:31:43 ").is_none()
                && Stamp::hundredths("2026-04-09 04:31:43.123").is_none()
        );
    }
}
