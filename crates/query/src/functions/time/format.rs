//! Formats of times: MySQL's (`%Y-%m-%d`) and Joda's (`yyyy-MM-dd`), both ways.

use datafusion::common::exec_err;
use datafusion::error::Result;
use jiff::civil::{Date, DateTime};

use super::moment::{Moment, micros_of};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Year,
    /// Two digits, from 1970 to 2069.
    ShortYear,
    Month,
    MonthName,
    ShortMonthName,
    Day,
    DayOfYear,
    Hour,
    /// 1 to 24.
    HourFromOne,
    /// 1 to 12.
    HalfHour,
    /// 0 to 11.
    HalfHourFromZero,
    Minute,
    Second,
    /// The digits after the second.
    Fraction,
    HalfDay,
    Weekday,
    WeekdayName,
    ShortWeekdayName,
    Week,
    WeekYear,
    /// `+0200`.
    Offset,
    /// `+02:00`.
    OffsetWithColon,
    ZoneName,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// The width: as many digits are written at least.
    Field(What, usize),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Format {
    pieces: Vec<Piece>,
}

/// The greatest width of a field.
const MOST: usize = 32;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

fn text(pieces: &mut Vec<Piece>, mark: char) {
    match pieces.last_mut() {
        Some(Piece::Text(text)) => text.push(mark),
        _ => pieces.push(Piece::Text(mark.to_string())),
    }
}

impl Format {
    pub(super) fn mysql(format: &str) -> Result<Format> {
        let mut pieces = Vec::new();
        let mut marks = format.chars();
        while let Some(mark) = marks.next() {
            match (mark, if mark == '%' { marks.next() } else { None }) {
                ('%', Some(letter)) => mysql(letter, &mut pieces)?,
                (mark, _) => text(&mut pieces, mark),
            }
        }
        Ok(Format { pieces })
    }

    pub(super) fn joda(format: &str) -> Result<Format> {
        let mut pieces = Vec::new();
        let mut marks = format.chars().peekable();
        while let Some(mark) = marks.next() {
            if mark == '\'' {
                quoted(&mut marks, &mut pieces);
            } else if mark.is_ascii_alphabetic() {
                let mut width = 1;
                while marks.next_if_eq(&mark).is_some() {
                    width += 1;
                }
                joda(mark, width.min(MOST), &mut pieces)?;
            } else {
                text(&mut pieces, mark);
            }
        }
        Ok(Format { pieces })
    }
}

/// Text in quotes; two of them are one.
fn quoted(marks: &mut std::iter::Peekable<std::str::Chars<'_>>, pieces: &mut Vec<Piece>) {
    if marks.next_if_eq(&'\'').is_some() {
        return text(pieces, '\'');
    }
    while let Some(mark) = marks.next() {
        if mark == '\'' && marks.next_if_eq(&'\'').is_none() {
            return;
        }
        text(pieces, mark);
    }
}

fn mysql(letter: char, pieces: &mut Vec<Piece>) -> Result<()> {
    let field = match letter {
        'a' => (What::ShortWeekdayName, 0),
        'b' => (What::ShortMonthName, 0),
        'c' => (What::Month, 1),
        'd' => (What::Day, 2),
        'e' => (What::Day, 1),
        'f' => (What::Fraction, 6),
        'H' => (What::Hour, 2),
        'h' | 'I' => (What::HalfHour, 2),
        'i' => (What::Minute, 2),
        'j' => (What::DayOfYear, 3),
        'k' => (What::Hour, 1),
        'l' => (What::HalfHour, 1),
        'M' => (What::MonthName, 0),
        'm' => (What::Month, 2),
        'p' => (What::HalfDay, 0),
        'S' | 's' => (What::Second, 2),
        'v' => (What::Week, 2),
        'W' => (What::WeekdayName, 0),
        'x' => (What::WeekYear, 4),
        'Y' => (What::Year, 4),
        'y' => (What::ShortYear, 2),
        'T' => return several("H:i:S", pieces),
        'r' => return several("h:i:S p", pieces),
        'D' | 'U' | 'u' | 'V' | 'w' | 'X' => return exec_err!("%{letter} is not supported in formats of times"),
        other => {
            text(pieces, other);
            return Ok(());
        }
    };
    pieces.push(Piece::Field(field.0, field.1));
    Ok(())
}

fn several(letters: &str, pieces: &mut Vec<Piece>) -> Result<()> {
    for letter in letters.chars() {
        mysql(letter, pieces)?;
    }
    Ok(())
}

fn joda(letter: char, width: usize, pieces: &mut Vec<Piece>) -> Result<()> {
    let what = match letter {
        'y' | 'Y' | 'u' if width == 2 => What::ShortYear,
        'y' | 'Y' | 'u' => What::Year,
        'x' => What::WeekYear,
        'w' => What::Week,
        'e' => What::Weekday,
        'E' if width < 4 => What::ShortWeekdayName,
        'E' => What::WeekdayName,
        'M' | 'L' if width < 3 => What::Month,
        'M' | 'L' if width == 3 => What::ShortMonthName,
        'M' | 'L' => What::MonthName,
        'd' => What::Day,
        'D' => What::DayOfYear,
        'a' => What::HalfDay,
        'K' => What::HalfHourFromZero,
        'h' => What::HalfHour,
        'H' => What::Hour,
        'k' => What::HourFromOne,
        'm' => What::Minute,
        's' => What::Second,
        'S' => What::Fraction,
        'z' => What::ZoneName,
        'Z' if width == 1 => What::Offset,
        'Z' if width == 2 => What::OffsetWithColon,
        'Z' => What::ZoneName,
        other => return exec_err!("{other} is no letter of a format of times; text stands in quotes: 'T'"),
    };
    pieces.push(Piece::Field(what, width));
    Ok(())
}

impl Format {
    pub(super) fn write(&self, moment: &Moment) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Field(what, width) => field(&mut out, *what, *width, moment),
            }
        }
        out
    }
}

fn field(out: &mut String, what: What, width: usize, moment: &Moment) {
    let time = moment.local;
    let week = time.date().iso_week_date();
    let hour = i64::from(time.hour());
    let weekday = time.weekday().to_monday_one_offset();
    let number = match what {
        What::Year => i64::from(time.year()),
        What::ShortYear => i64::from(time.year()).rem_euclid(100),
        What::Month => time.month().into(),
        What::Day => time.day().into(),
        What::DayOfYear => time.date().day_of_year().into(),
        What::Hour => hour,
        What::HourFromOne => (hour + 23) % 24 + 1,
        What::HalfHour => (hour + 11) % 12 + 1,
        What::HalfHourFromZero => hour % 12,
        What::Minute => time.minute().into(),
        What::Second => time.second().into(),
        What::Weekday => weekday.into(),
        What::Week => week.week().into(),
        What::WeekYear => week.year().into(),
        _ => return words(out, what, width, moment),
    };
    out.push_str(&format!("{number:0width$}"));
}

fn words(out: &mut String, what: What, width: usize, moment: &Moment) {
    let time = moment.local;
    let month = name(&MONTHS, time.month());
    let weekday = name(&WEEKDAYS, time.weekday().to_monday_one_offset());
    let short = |name: &'static str| name.get(..3).unwrap_or(name);
    match what {
        What::MonthName => out.push_str(month),
        What::ShortMonthName => out.push_str(short(month)),
        What::WeekdayName => out.push_str(weekday),
        What::ShortWeekdayName => out.push_str(short(weekday)),
        What::HalfDay => out.push_str(if time.hour() < 12 { "AM" } else { "PM" }),
        What::Fraction => {
            let digits = format!("{:09}", time.subsec_nanosecond());
            out.push_str(digits.get(..width).unwrap_or(&digits));
        }
        What::Offset => out.push_str(&moment.offset("")),
        What::OffsetWithColon => out.push_str(&moment.offset(":")),
        _ => out.push_str(&moment.zone()),
    }
}

fn name(names: &'static [&'static str], number: i8) -> &'static str {
    usize::try_from(number - 1).ok().and_then(|at| names.get(at)).copied().unwrap_or_default()
}

/// What was read so far.
#[derive(Debug, Default)]
struct Read {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    week_year: Option<i64>,
    week: Option<i64>,
    weekday: Option<i64>,
    hour: i64,
    half_hour: Option<i64>,
    afternoon: bool,
    minute: i64,
    second: i64,
    nanos: i64,
    offset: i64,
}

impl Format {
    /// Microseconds since 1970 of what a text says in this format; none if it is not in it.
    pub(super) fn read(&self, text: &str) -> Option<i64> {
        let mut read = Read::default();
        let mut rest = text.trim();
        for (at, piece) in self.pieces.iter().enumerate() {
            rest = match piece {
                Piece::Text(expected) => rest.strip_prefix(expected.as_str())?,
                Piece::Field(what, width) => {
                    // Digits that follow each other without anything between them have their fixed widths.
                    let packed = matches!(self.pieces.get(at + 1), Some(Piece::Field(next, _)) if next.is_number());
                    read.field(*what, *width, packed, rest)?
                }
            };
        }
        if rest.is_empty() { read.micros() } else { None }
    }
}

impl What {
    fn is_number(self) -> bool {
        use What::{
            HalfDay, MonthName, Offset, OffsetWithColon, ShortMonthName, ShortWeekdayName, WeekdayName, ZoneName,
        };
        !matches!(
            self,
            MonthName | ShortMonthName | WeekdayName | ShortWeekdayName | HalfDay | Offset | OffsetWithColon | ZoneName
        )
    }

    fn most_digits(self) -> usize {
        match self {
            What::Year | What::WeekYear => 4,
            What::Fraction => 9,
            What::DayOfYear => 3,
            What::Weekday => 1,
            _ => 2,
        }
    }
}

impl Read {
    fn field<'a>(&mut self, what: What, width: usize, packed: bool, text: &'a str) -> Option<&'a str> {
        if !what.is_number() {
            return self.word(what, text);
        }
        let most = if packed && width > 0 { width } else { what.most_digits().max(width.min(9)) };
        let digits = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = text.split_at_checked(digits)?;
        let number: i64 = digits.parse().ok()?;
        match what {
            What::Year => self.year = Some(number),
            What::ShortYear if digits.len() > 2 => self.year = Some(number),
            What::ShortYear => self.year = Some(if number < 70 { 2000 + number } else { 1900 + number }),
            What::Month => self.month = Some(number),
            What::Day => self.day = Some(number),
            What::DayOfYear => self.day_of_year = Some(number),
            What::Hour => self.hour = number,
            What::HourFromOne => self.hour = number % 24,
            What::HalfHour | What::HalfHourFromZero if number > 12 => return None,
            What::HalfHour | What::HalfHourFromZero => self.half_hour = Some(number % 12),
            What::Minute => self.minute = number,
            What::Second => self.second = number,
            What::Fraction => self.nanos = number.checked_mul(10i64.checked_pow(9u32.checked_sub(size(digits))?)?)?,
            What::Weekday => self.weekday = Some(number),
            What::Week => self.week = Some(number),
            _ => self.week_year = Some(number),
        }
        Some(rest)
    }

    fn word<'a>(&mut self, what: What, text: &'a str) -> Option<&'a str> {
        match what {
            What::MonthName | What::ShortMonthName => {
                let (number, rest) = named(&MONTHS, text)?;
                self.month = Some(number);
                Some(rest)
            }
            What::WeekdayName | What::ShortWeekdayName => {
                let (number, rest) = named(&WEEKDAYS, text)?;
                self.weekday = Some(number);
                Some(rest)
            }
            What::HalfDay => {
                let (word, rest) = text.split_at_checked(2)?;
                self.afternoon = word.eq_ignore_ascii_case("PM");
                (self.afternoon || word.eq_ignore_ascii_case("AM")).then_some(rest)
            }
            _ => self.zone(text),
        }
    }

    /// `Z`, `UTC`, `GMT`, `+0200`, `+02:00`.
    fn zone<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        for name in ["UTC", "GMT", "Z"] {
            if let Some(rest) = text.strip_prefix(name) {
                return Some(rest);
            }
        }
        let sign = match text.as_bytes().first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let (hours, rest) = text.get(1..)?.split_at_checked(2)?;
        let (minutes, rest) = rest.strip_prefix(':').unwrap_or(rest).split_at_checked(2)?;
        let is_number = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
        if !is_number(hours) || !is_number(minutes) {
            return None;
        }
        let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
        self.offset = sign * (hours * 3600 + minutes * 60);
        Some(rest)
    }

    fn date(&self) -> Option<Date> {
        let small =
            |number: Option<i64>, otherwise: i8| number.map_or(Some(otherwise), |number| number.try_into().ok());
        let year: i16 = self.year.unwrap_or(1970).try_into().ok()?;
        if let Some(day) = self.day_of_year {
            return Date::new(year, 1, 1).ok()?.with().day_of_year(day.try_into().ok()?).build().ok();
        }
        if self.week.is_some() || self.week_year.is_some() {
            let week_year = self.week_year.map_or(Some(year), |year| year.try_into().ok())?;
            let weekday = jiff::civil::Weekday::from_monday_one_offset(small(self.weekday, 1)?).ok()?;
            let week = jiff::civil::ISOWeekDate::new(week_year, small(self.week, 1)?, weekday).ok()?;
            return Some(week.date());
        }
        Date::new(year, small(self.month, 1)?, small(self.day, 1)?).ok()
    }

    fn micros(&self) -> Option<i64> {
        let hour = match self.half_hour {
            Some(hour) => hour + if self.afternoon { 12 } else { 0 },
            None => self.hour,
        };
        let small = |number: i64| i8::try_from(number).ok();
        let (hour, minute, second) = (small(hour)?, small(self.minute)?, small(self.second)?);
        let time = jiff::civil::Time::new(hour, minute, second, self.nanos.try_into().ok()?).ok()?;
        micros_of(DateTime::from_parts(self.date()?, time))?.checked_sub(self.offset.checked_mul(1_000_000)?)
    }
}

fn size(digits: &str) -> u32 {
    u32::try_from(digits.len()).unwrap_or(u32::MAX)
}

/// The number of the name that begins a text, in full or its first three letters, and what is after it.
fn named<'a>(names: &[&str], text: &'a str) -> Option<(i64, &'a str)> {
    let begins = |name: &str| text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    for (number, name) in (1..).zip(names) {
        let length = [*name, name.get(..3)?].into_iter().find(|name| begins(name)).map(str::len);
        if let Some(length) = length {
            return Some((number, text.get(length..)?));
        }
    }
    None
}
