//! The values of one line of a bill, by the kinds of their columns; what does not fit is kept as it stands.

use std::borrow::Cow;

use coldtrail_schema::Pivots;

use super::columns::{Layout, Member, Slot, Sorted};
use super::{look_in, made_by};
use crate::canonical;
use crate::fields::{Extra, Opened};
use crate::json::Type;
use crate::source::Mistyped;
use crate::time::{self, Years};

pub(super) struct Values<'a, 'l> {
    pub(super) sorted: Sorted<'a>,
    pub(super) layout: &'l Layout,
    pub(super) extra: Extra,
    pub(super) years: Years,
    /// Are the texts of times made of typed ones, as those out of Parquet are?
    pub(super) typed: bool,
}

impl<'a> Values<'a, '_> {
    fn keep(&mut self, member: Member<'_>) {
        self.sorted.keep(self.layout, member);
    }

    /// Keeps what the column cannot take, and counts it.
    #[cold]
    fn misfit(&mut self, member: Member<'_>, column: &str) {
        self.keep(member);
        self.extra.mistype(column);
    }

    /// A text; a number or flag by its letters.
    pub(super) fn text(&mut self, slot: Slot, column: &str) -> Option<Cow<'a, str>> {
        let member = self.sorted.value(slot)?;
        let text = letters(member);
        match &text {
            None => self.misfit(member, column),
            // Half a surrogate cannot be text.
            Some(Cow::Owned(owned)) if owned.contains(char::REPLACEMENT_CHARACTER) => self.keep(member),
            Some(_) => {}
        }
        text
    }

    /// The first of two that is there; the other one is kept.
    pub(super) fn either(&mut self, slots: [Slot; 2], column: &str) -> Option<Cow<'a, str>> {
        let [first, second] = slots;
        let Some(text) = self.text(first, column) else { return self.text(second, column) };
        if let Some(other) = self.sorted.value(second) {
            self.keep(other);
        }
        Some(text)
    }

    /// Twelve digits, of which the first ones are lost where it was written as a number.
    pub(super) fn account(&mut self, slot: Slot, column: &str) -> Option<Cow<'a, str>> {
        let member = self.sorted.value(slot)?;
        let Some(text) = letters(member) else {
            self.misfit(member, column);
            return None;
        };
        if member.value.ty() == Type::Number && text.len() < 12 && text.bytes().all(|b| b.is_ascii_digit()) {
            self.misfit(member, column);
            return Some(Cow::Owned(format!("{text:0>12}")));
        }
        Some(text)
    }

    /// An amount; its text is kept too where more digits stand in it than the number has.
    pub(super) fn real(&mut self, slot: Slot, column: &str) -> Option<f64> {
        let member = self.sorted.value(slot)?;
        match letters(member).as_deref().and_then(number) {
            Some((number, exact)) => {
                if !exact {
                    self.keep(member);
                }
                Some(number)
            }
            None => {
                self.misfit(member, column);
                None
            }
        }
    }

    /// The cost with reservations and savings plans: a line is covered by one of them, and for the other there may be
    /// a zero.
    pub(super) fn effective_cost(&mut self) -> Option<f64> {
        let slots = [Slot::EffectiveCost, Slot::ReservationCost, Slot::PlanCost];
        let present = || slots.into_iter().filter(|slot| self.sorted.has(*slot));
        let costs = |slot: &Slot| self.sorted.peek(*slot).and_then(|member| number(&letters(member)?));
        let some = |slot: &Slot| costs(slot).is_some_and(|(cost, _)| cost != 0.0);
        let chosen = present().find(some).or_else(|| present().next())?;
        let cost = self.real(chosen, "effective_cost");
        for slot in slots {
            if let Some(other) = self.sorted.value(slot) {
                self.keep(other);
            }
        }
        cost
    }

    /// An instant of the years that a line can be of; a text from which it could not be made again is kept too.
    pub(super) fn time(&mut self, slot: Slot, column: &str) -> Option<i64> {
        let member = self.sorted.value(slot)?;
        let text = letters(member).unwrap_or_default();
        match time::read(&text).filter(|instant| self.years.hold(instant.micros)) {
            Some(instant) => {
                let bare = self.typed && is_bare(&text);
                if !instant.canonical && !bare {
                    self.keep(member);
                }
                Some(instant.micros)
            }
            None => {
                self.misfit(member, column);
                None
            }
        }
    }

    /// The ARNs of the reservation and of the savings plan. FOCUS has one member for both.
    pub(super) fn commitments(&mut self) -> [Option<Cow<'a, str>>; 2] {
        let mut reservation = self.text(Slot::ReservationArn, "reservation_arn");
        let mut plan = self.text(Slot::PlanArn, "savings_plan_arn");
        if let Some(member) = self.sorted.value(Slot::Commitment) {
            let text = letters(member).filter(|text| text.starts_with("arn:"));
            let slot = match text.as_deref().and_then(|arn| arn.split(':').nth(2)) {
                Some("savingsplans") => &mut plan,
                _ => &mut reservation,
            };
            if slot.is_some() || text.is_none() {
                self.keep(member);
            } else {
                *slot = text;
            }
        }
        [reservation, plan]
    }

    /// The tags as one object, and their pivots.
    pub(super) fn tags(&mut self, pivots: &mut Pivots) -> Option<String> {
        let single = match self.sorted.tags.as_str() {
            "" => None,
            tags => Some(format!("{{{tags}}}")),
        };
        let Some(member) = self.sorted.value(Slot::Tags) else { return single };
        let opened = Opened::of(Some(member.value));
        let Some(document) = opened.value().filter(|document| document.is_object()) else {
            look_in(member.value, pivots);
            self.misfit(member, "tags");
            return single;
        };
        for (name, tag) in document.entries() {
            look_in(tag, pivots);
            if let ("aws:createdBy" | "aws_created_by", Some(creator)) = (name.as_ref(), tag.text()) {
                made_by(&creator, pivots);
            }
        }
        if let Some(single) = single {
            self.extra.put(&["single_tags"], &single);
        }
        Some(document.raw().to_owned())
    }

    /// What has no column.
    pub(super) fn rest(self, mistyped: &mut Mistyped) -> Option<String> {
        let others = self.sorted.others;
        match (self.extra.finish(mistyped), others.as_str()) {
            (extra, "") => extra,
            (None, others) => Some(format!("{{{others}}}")),
            (Some(extra), others) => Some(format!("{{{others},{}", extra.strip_prefix('{').unwrap_or("}"))),
        }
    }
}

/// What a value says that is neither an object nor a list.
fn letters<'a>(member: Member<'a>) -> Option<Cow<'a, str>> {
    match member.value.ty() {
        Type::Number | Type::True | Type::False => Some(Cow::Borrowed(member.value.raw())),
        _ => member.value.text(),
    }
}

/// A time as it is made of a type that has no zone, because it means UTC.
fn is_bare(text: &str) -> bool {
    let clock = text.get(10..).unwrap_or_default();
    clock.starts_with('T')
        && (9..=16).contains(&clock.len())
        && clock.bytes().skip(1).all(|b| matches!(b, b'0'..=b'9' | b':' | b'.'))
}

/// So many decimal digits any number keeps.
const DIGITS: usize = f64::DIGITS as usize;

/// The number that a text is, and whether the text can be made of it again, but for zeros at its ends.
fn number(text: &str) -> Option<(f64, bool)> {
    let number = match text.parse::<f64>() {
        Ok(number) if number.is_finite() => number,
        _ => return None,
    };
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let (mut digits, mut zeros) = (0, 0);
    for byte in mantissa.bytes().filter(u8::is_ascii_digit) {
        match byte {
            b'0' => zeros += usize::from(digits > 0),
            _ => (digits, zeros) = (digits + zeros + 1, 0),
        }
    }
    let common = digits == 0 || (1e-290..1e290).contains(&number.abs());
    let exact = digits <= DIGITS && common || canonical::number(text) == canonical::number(&format!("{number:e}"));
    Some((number, exact))
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn amounts_come_back() {
        for (text, found) in [
            ("0.0116000000", Some((0.0116, true))),
            ("0", Some((0.0, true))),
            ("0.0000000000", Some((0.0, true))),
            ("-12.5", Some((-12.5, true))),
            ("1.0E-10", Some((1e-10, true))),
            ("1E-7", Some((1e-7, true))),
            ("123456789012345", Some((123_456_789_012_345.0, true))),
            ("12345678901234567890", Some((12_345_678_901_234_567_890.0, false))),
            ("0.1000000000000000055511151231257827", Some((0.1, false))),
            ("0.30000000000000004", Some((0.300_000_000_000_000_04, true))),
            ("0.300000000000000041", Some((0.300_000_000_000_000_04, false))),
            ("1e-400", Some((0.0, false))),
            ("1e400", None),
            ("NaN", None),
            ("inf", None),
            ("", None),
            ("1,5", None),
            ("$1", None),
            ("1 ", None),
        ] {
            assert_eq!(number(text), found, "{text}");
        }
    }
}
