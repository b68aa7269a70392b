//! The columns of bills by all their names, and the members of a record sorted by them.

use std::collections::HashMap;

use crate::fields::{Extra, Opened, json_string};
use crate::json::Value;

/// What a member of a record is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    UsageAccount,
    PayerAccount,
    BillingEntity,
    BillType,
    LineItemType,
    ServiceCode,
    ServiceName,
    RegionCode,
    Region,
    UsageType,
    Operation,
    Resource,
    UsageStart,
    UsageEnd,
    Period,
    UsageAmount,
    UsageUnit,
    UnblendedCost,
    UnblendedRate,
    BlendedCost,
    NetCost,
    ReservationCost,
    PlanCost,
    EffectiveCost,
    PublicCost,
    Currency,
    Zone,
    Description,
    Identity,
    Invoice,
    ReservationArn,
    PlanArn,
    Commitment,
    /// All tags, as object.
    Tags,
    /// One tag.
    Tag,
    /// An object that CSV has as text.
    Document,
    Other,
}

/// How many of them have one value in a record.
pub(super) const VALUES: usize = Slot::Tags as usize + 1;

/// Whose name it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// Of Cost and Usage Reports, old and new.
    Report,
    /// Of CUR 2.0 alone.
    Cur2,
    Focus,
}
use Whose::{Cur2, Focus, Report};

/// The names in lower case, without marks, so that `lineItem/UsageType` and `line_item_usage_type` are one.
/// <https://docs.aws.amazon.com/cur/latest/userguide/data-dictionary.html>
/// <https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2.html>
/// <https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-focus-1-2-aws.html>
const NAMES: &[(&str, Slot, Whose)] = &[
    ("lineitemusageaccountid", Slot::UsageAccount, Report),
    ("billpayeraccountid", Slot::PayerAccount, Report),
    ("billbillingentity", Slot::BillingEntity, Report),
    ("billbilltype", Slot::BillType, Report),
    ("billinvoiceid", Slot::Invoice, Report),
    ("billbillingperiodstartdate", Slot::Period, Report),
    ("identitylineitemid", Slot::Identity, Report),
    ("lineitemlineitemtype", Slot::LineItemType, Report),
    ("lineitemproductcode", Slot::ServiceCode, Report),
    ("lineitemusagetype", Slot::UsageType, Report),
    ("lineitemoperation", Slot::Operation, Report),
    ("lineitemresourceid", Slot::Resource, Report),
    ("lineitemusagestartdate", Slot::UsageStart, Report),
    ("lineitemusageenddate", Slot::UsageEnd, Report),
    ("lineitemusageamount", Slot::UsageAmount, Report),
    ("lineitemunblendedcost", Slot::UnblendedCost, Report),
    ("lineitemunblendedrate", Slot::UnblendedRate, Report),
    ("lineitemblendedcost", Slot::BlendedCost, Report),
    ("lineitemnetunblendedcost", Slot::NetCost, Report),
    ("lineitemcurrencycode", Slot::Currency, Report),
    ("lineitemavailabilityzone", Slot::Zone, Report),
    ("lineitemlineitemdescription", Slot::Description, Report),
    ("pricingunit", Slot::UsageUnit, Report),
    ("pricingpublicondemandcost", Slot::PublicCost, Report),
    ("reservationeffectivecost", Slot::ReservationCost, Report),
    ("reservationreservationarn", Slot::ReservationArn, Report),
    ("savingsplansavingsplaneffectivecost", Slot::PlanCost, Report),
    ("savingsplansavingsplanarn", Slot::PlanArn, Report),
    ("productregioncode", Slot::RegionCode, Report),
    ("productregion", Slot::Region, Report),
    ("billpayeraccountname", Slot::Other, Cur2),
    ("lineitemusageaccountname", Slot::Other, Cur2),
    ("resourcetags", Slot::Tags, Cur2),
    ("product", Slot::Document, Cur2),
    ("costcategory", Slot::Document, Cur2),
    ("discount", Slot::Document, Cur2),
    ("subaccountid", Slot::UsageAccount, Focus),
    ("billingaccountid", Slot::PayerAccount, Focus),
    ("chargecategory", Slot::LineItemType, Focus),
    ("xservicecode", Slot::ServiceCode, Focus),
    ("servicename", Slot::ServiceName, Focus),
    ("regionid", Slot::RegionCode, Focus),
    ("xusagetype", Slot::UsageType, Focus),
    ("xoperation", Slot::Operation, Focus),
    ("resourceid", Slot::Resource, Focus),
    ("chargeperiodstart", Slot::UsageStart, Focus),
    ("chargeperiodend", Slot::UsageEnd, Focus),
    ("billingperiodstart", Slot::Period, Focus),
    ("consumedquantity", Slot::UsageAmount, Focus),
    ("consumedunit", Slot::UsageUnit, Focus),
    ("billedcost", Slot::UnblendedCost, Focus),
    ("effectivecost", Slot::EffectiveCost, Focus),
    ("listcost", Slot::PublicCost, Focus),
    ("billingcurrency", Slot::Currency, Focus),
    ("availabilityzone", Slot::Zone, Focus),
    ("chargedescription", Slot::Description, Focus),
    ("invoiceid", Slot::Invoice, Focus),
    ("commitmentdiscountid", Slot::Commitment, Focus),
    ("tags", Slot::Tags, Focus),
    ("xdiscounts", Slot::Document, Focus),
    ("xcostcategories", Slot::Document, Focus),
    ("skupricedetails", Slot::Document, Focus),
];

/// What the names of single tags begin with.
const TAGS: [&str; 2] = ["resourceTags/", "resource_tags_"];

/// The longest name that may be one of ours.
const LONGEST: usize = 64;

fn known(name: &str) -> Option<(Slot, Whose)> {
    if name.len() > LONGEST {
        return None;
    }
    let folded: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    NAMES.iter().find(|(known, ..)| *known == folded).map(|(_, slot, whose)| (*slot, *whose))
}

/// How many of some names are of what form.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Names {
    /// Those of a line, and all of a report.
    lines: usize,
    reports: usize,
    cur2: usize,
    focus: usize,
    /// Does FOCUS say what a time cost?
    cost: bool,
    time: bool,
}

impl Names {
    pub(super) fn of<T: AsRef<str>>(names: impl Iterator<Item = T>) -> Names {
        let mut found = Names::default();
        for name in names {
            let name = name.as_ref();
            match known(name) {
                Some((_, Report)) => {
                    found.reports += 1;
                    found.lines += usize::from(name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("line")));
                }
                Some((_, Cur2)) => found.cur2 += 1,
                Some((slot, Focus)) => {
                    found.focus += 1;
                    found.cost |= matches!(slot, Slot::UnblendedCost | Slot::EffectiveCost);
                    found.time |= matches!(slot, Slot::UsageStart | Slot::Period | Slot::LineItemType);
                }
                None => {}
            }
        }
        found
    }

    /// Are these the names of a bill? A query may leave out most of them.
    pub(super) fn are_ours(self) -> bool {
        (self.lines >= 1 && self.reports >= 3) || self.are_focus()
    }

    pub(super) fn are_focus(self) -> bool {
        self.reports == 0 && self.focus >= 4 && self.cost && self.time
    }

    pub(super) fn are_cur2(self) -> bool {
        self.cur2 > 0 && !self.are_focus()
    }
}

/// So many names are remembered, each up to so long.
const REMEMBERED: usize = 1 << 12;
const NAME: usize = 1 << 8;

/// Names under which `extra` has something of ours.
const OURS: [&str; 4] = ["duplicate_keys", "envelope", "invalid_utf8", "single_tags"];

/// The names of the records before, in order: nearly always those of the next one.
#[derive(Default)]
pub(super) struct Layout {
    names: Vec<Name>,
    places: HashMap<String, usize>,
    turn: u64,
    /// How much text the last record had beside its columns.
    others: usize,
}

struct Name {
    name: String,
    slot: Slot,
    whose: Option<Whose>,
    /// As a member of a JSON object begins; of a tag, its own name.
    member: String,
    /// The last record that had it.
    turn: u64,
}

impl Layout {
    /// Where a name stands, which is expected at `next`; none when it is none of those that are remembered.
    fn place(&mut self, name: &str, next: usize) -> Option<usize> {
        if self.names.get(next).is_some_and(|expected| expected.name == name) {
            return Some(next);
        }
        if let Some(place) = self.places.get(name) {
            return Some(*place);
        }
        if self.names.len() >= REMEMBERED || name.len() > NAME || OURS.contains(&name) {
            return None;
        }
        let tag = TAGS.iter().find_map(|start| name.strip_prefix(start)).filter(|tag| !tag.is_empty());
        let (mut slot, whose) = known(name).map_or((Slot::Other, None), |(slot, whose)| (slot, Some(whose)));
        let mut member = json_string(tag.unwrap_or(name)) + ":";
        if tag.is_some() {
            slot = Slot::Tag;
        }
        // Two spellings of one tag are kept apart.
        if slot == Slot::Tag && self.names.iter().any(|other| other.slot == Slot::Tag && other.member == member) {
            (slot, member) = (Slot::Other, json_string(name) + ":");
        }
        let place = self.names.len();
        self.places.insert(name.to_owned(), place);
        self.names.push(Name { name: name.to_owned(), slot, whose, member, turn: 0 });
        Some(place)
    }
}

/// The members of a record: those with columns, one for each, and the others as text.
pub(super) struct Sorted<'a> {
    pub(super) report: bool,
    pub(super) cur2: bool,
    pub(super) focus: bool,
    values: [Option<(Value<'a>, usize)>; VALUES],
    /// Members of JSON objects, with commas between them.
    pub(super) tags: String,
    pub(super) others: String,
    /// The tags and other members, where pivots may stand.
    pub(super) texts: Vec<Value<'a>>,
    /// The tag that says who made the resource.
    pub(super) creator: Option<Value<'a>>,
    pub(super) documents: Vec<Opened<'a>>,
}

impl<'a> Sorted<'a> {
    pub(super) fn of(record: Value<'a>, layout: &mut Layout, extra: &mut Extra) -> Sorted<'a> {
        if layout.names.len() > REMEMBERED / 2 {
            *layout = Layout::default();
        }
        layout.turn += 1;
        let mut found = Sorted {
            report: false,
            cur2: false,
            focus: false,
            values: [None; VALUES],
            tags: String::new(),
            others: String::with_capacity(layout.others),
            texts: Vec::with_capacity(layout.names.len()),
            creator: None,
            documents: Vec::new(),
        };
        let mut next = 0;
        record.each(|key, value| {
            let name = key.text().unwrap_or_default();
            let place = layout.place(&name, next);
            next = place.map_or(next, |place| place + 1);
            if let Some(whose) = place.and_then(|place| layout.names.get(place)?.whose) {
                found.report |= whose == Report;
                found.cur2 |= whose == Cur2;
                found.focus |= whose == Focus;
            }
            // A cell that is empty, with quotes or without.
            if value.is_null() || value.plain() == Some("") {
                return;
            }
            let turn = layout.turn;
            match place.and_then(|place| Some((place, layout.names.get_mut(place)?))) {
                Some((_, name)) if name.turn == turn => extra.put(&["duplicate_keys", &name.name], value.raw()),
                Some((place, name)) => {
                    name.turn = turn;
                    found.take(value, place, name);
                }
                None => extra.put(&[&name], value.raw()),
            }
        });
        layout.others = found.others.capacity();
        found
    }

    fn take(&mut self, value: Value<'a>, place: usize, name: &Name) {
        let free = self.values.get_mut(name.slot as usize).filter(|slot| slot.is_none());
        match (name.slot, free) {
            (Slot::Tag, _) => {
                self.texts.push(value);
                if matches!(name.name.as_str(), "resourceTags/aws:createdBy" | "resource_tags_aws_created_by") {
                    self.creator = Some(value);
                }
                member(&mut self.tags, &name.member, value.raw());
            }
            (Slot::Document, _) => {
                let opened = Opened::of(Some(value));
                let raw = opened.value().map_or(value.raw(), |document| document.raw());
                member(&mut self.others, &name.member, raw);
                self.documents.push(opened);
            }
            (_, Some(free)) => *free = Some((value, place)),
            // Another name for a column that is filled.
            _ => {
                self.texts.push(value);
                member(&mut self.others, &name.member, value.raw());
            }
        }
    }

    pub(super) fn has(&self, slot: Slot) -> bool {
        self.values.get(slot as usize).is_some_and(Option::is_some)
    }

    pub(super) fn peek(&self, slot: Slot) -> Option<Member<'a>> {
        let (value, place) = (*self.values.get(slot as usize)?)?;
        Some(Member { value, place })
    }

    /// The value of a column; the next time there is none.
    pub(super) fn value(&mut self, slot: Slot) -> Option<Member<'a>> {
        let (value, place) = self.values.get_mut(slot as usize)?.take()?;
        Some(Member { value, place })
    }

    /// Keeps the value of a column as it stands.
    pub(super) fn keep(&mut self, layout: &Layout, kept: Member<'_>) {
        if let Some(name) = layout.names.get(kept.place) {
            member(&mut self.others, &name.member, kept.value.raw());
        }
    }
}

/// A value, and which name it has.
#[derive(Clone, Copy)]
pub(super) struct Member<'a> {
    pub(super) value: Value<'a>,
    place: usize,
}

/// Writes one more member of an object.
fn member(out: &mut String, name: &str, raw: &str) {
    if !out.is_empty() {
        out.push(',');
    }
    out.push_str(name);
    out.push_str(raw);
}
