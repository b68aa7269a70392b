//! Bills: Cost and Usage Reports (CSV, Parquet, both spellings), CUR 2.0 and FOCUS exports.

mod columns;
mod values;

use std::borrow::Cow;

use coldtrail_schema::tables::billing::{self, BillingRow, BillingRows};
use coldtrail_schema::{Common, Pivots, Rows, pivots};
use percent_encoding::percent_decode_str;

use crate::canonical::Canonical;
use crate::fields::{Extra, Fields, Opened, json_hash, pivots_in};
use crate::framing::{Framing, Record};
use crate::json::Value;
use crate::recognise;
use crate::source::{Decoded, Decoder, Head, LogSource, Mistyped, Reject};
use crate::time::Years;
use columns::{Layout, Names, Slot, Sorted};
use values::Values;

pub(crate) static SOURCE: LogSource = LogSource {
    name: "billing",
    title: "Cost and Usage Reports, CUR 2.0 and FOCUS exports",
    table: &billing::TABLE,
    version: 1,
    claims: |head, framing| match framing {
        Framing::Lines | Framing::Points | Framing::OpenTelemetry => false,
        Framing::Csv => recognise::header(head).is_some_and(|names| Names::of(names.iter()).are_ours()),
        Framing::Json | Framing::Parquet => recognise::any_record(head, |record| {
            record.is_object() && Names::of(record.entries().map(|(name, _)| name)).are_ours()
        }),
    },
    decoder: || Box::<BillingDecoder>::default(),
};

#[derive(Default)]
struct BillingDecoder {
    account: Option<String>,
    region: Option<String>,
    assembly: Option<String>,
    /// Does the key or the header tell that it is CUR 2.0, if it is no FOCUS?
    cur2: bool,
    years: Years,
    layout: Layout,
    mistyped: Mistyped,
    rows: BillingRows,
    pivots: Pivots,
    scratch: Canonical,
}

impl Decoder for BillingDecoder {
    fn begin(&mut self, head: &Head<'_>, years: Years) {
        let delivery = Delivery::of(head.name);
        let header = || recognise::header(head).is_some_and(|names| Names::of(names.iter()).are_cur2());
        *self = BillingDecoder {
            account: head.key.account.clone(),
            region: head.key.region.clone(),
            assembly: delivery.assembly,
            cur2: delivery.of_data_exports || header(),
            years,
            rows: std::mem::take(&mut self.rows),
            ..BillingDecoder::default()
        };
    }

    fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        let root = record.json();
        if !root.is_object() {
            return Err(Reject::new("a line of a bill is a row of a table, or a JSON object"));
        }
        let mut fields = Fields::of(record, self.years);
        fields.envelope(record.envelope, &[]);
        let mut layout = std::mem::take(&mut self.layout);
        let sorted = Sorted::of(root, &mut layout, &mut fields.extra);
        let done = self.line(record, fields.extra, sorted, &layout);
        self.layout = layout;
        done
    }

    fn rows(&mut self) -> &mut dyn Rows {
        &mut self.rows
    }

    fn mistyped(&self) -> &Mistyped {
        &self.mistyped
    }
}

/// What every line has, of which it must have something.
const TELLING: &[Slot] = &[
    Slot::UsageStart,
    Slot::UnblendedCost,
    Slot::EffectiveCost,
    Slot::UsageAmount,
    Slot::LineItemType,
    Slot::UsageType,
    Slot::ServiceCode,
    Slot::Identity,
];

impl BillingDecoder {
    fn line(
        &mut self,
        record: &Record<'_>,
        extra: Extra,
        mut sorted: Sorted<'_>,
        layout: &Layout,
    ) -> Result<Decoded, Reject> {
        if !TELLING.iter().any(|slot| sorted.has(*slot)) {
            return Err(Reject::new("no line of a bill: neither its time, nor its type, nor an amount is told"));
        }
        self.pivots.clear();
        let documents = std::mem::take(&mut sorted.documents);
        sorted.texts.iter().for_each(|text| look_in(*text, &mut self.pivots));
        for (_, member) in documents.iter().filter_map(Opened::value).flat_map(|document| document.entries()) {
            look_in(member, &mut self.pivots);
        }
        let creator = sorted.creator.and_then(|creator| creator.text());
        let form = match (sorted.focus && !sorted.report, sorted.cur2 || self.cur2) {
            (true, _) => "focus",
            (false, true) => "cur2",
            (false, false) => "cur",
        };
        let typed = record.offset.is_none();
        let mut v = Values { sorted, layout, extra, years: self.years, typed };
        let usage_start = v.time(Slot::UsageStart, "usage_start");
        let resource = v.text(Slot::Resource, "resource");
        let zone = v.text(Slot::Zone, "availability_zone");
        let region = v.either([Slot::RegionCode, Slot::Region], "region");
        let region = region.or_else(|| documents.iter().filter_map(Opened::value).find_map(region_in));
        let region = region.or_else(|| zone.as_deref().and_then(of_zone).map(|region| Cow::Owned(region.to_owned())));
        let description = v.text(Slot::Description, "description");
        let [reservation, plan] = v.commitments();
        for text in [&reservation, &plan, &description].into_iter().flatten() {
            pivots_in(text, false, &mut self.pivots);
        }
        if let Some(resource) = &resource {
            named(resource, &mut self.pivots);
        }
        let tags = v.tags(&mut self.pivots);
        if let Some(creator) = creator {
            made_by(&creator, &mut self.pivots);
        }
        let account = v.account(Slot::UsageAccount, "account");
        let identity_id = v.text(Slot::Identity, "identity_id");
        let common = Common {
            record: record.ordinal,
            offset: record.offset,
            event_time: usage_start,
            account: account.or_else(|| self.account.as_deref().map(Cow::Borrowed)),
            region: region.or_else(|| self.region.as_deref().map(Cow::Borrowed)),
            pivots: &self.pivots,
            hash: json_hash(self.assembly.as_deref().unwrap_or_default(), record.text, record.tape, &mut self.scratch),
            // Ids are given anew with each delivery, so without knowing that they are none.
            unique: self.assembly.is_some() && identity_id.is_some(),
        };
        let row = BillingRow {
            form: Some(Cow::Borrowed(form)),
            assembly: self.assembly.as_deref().map(Cow::Borrowed),
            billing_period: v.time(Slot::Period, "billing_period"),
            payer_account: v.account(Slot::PayerAccount, "payer_account"),
            billing_entity: v.text(Slot::BillingEntity, "billing_entity"),
            bill_type: v.text(Slot::BillType, "bill_type"),
            line_item_type: v.text(Slot::LineItemType, "line_item_type"),
            service: v.either([Slot::ServiceCode, Slot::ServiceName], "service"),
            usage_type: v.text(Slot::UsageType, "usage_type"),
            operation: v.text(Slot::Operation, "operation"),
            resource,
            usage_start,
            usage_end: v.time(Slot::UsageEnd, "usage_end"),
            usage_amount: v.real(Slot::UsageAmount, "usage_amount"),
            usage_unit: v.text(Slot::UsageUnit, "usage_unit"),
            unblended_cost: v.real(Slot::UnblendedCost, "unblended_cost"),
            unblended_rate: v.real(Slot::UnblendedRate, "unblended_rate"),
            blended_cost: v.real(Slot::BlendedCost, "blended_cost"),
            net_cost: v.real(Slot::NetCost, "net_cost"),
            effective_cost: v.effective_cost(),
            public_cost: v.real(Slot::PublicCost, "public_cost"),
            currency: v.text(Slot::Currency, "currency"),
            availability_zone: zone,
            description,
            identity_id,
            invoice_id: v.text(Slot::Invoice, "invoice_id"),
            reservation_arn: reservation,
            savings_plan_arn: plan,
            tags: tags.map(Cow::Owned),
            extra: v.rest(&mut self.mistyped).map(Cow::Owned),
        };
        self.rows.push(&common, &row);
        Ok(Decoded::Row)
    }
}

/// The pivots in a text.
fn look_in(value: Value<'_>, pivots: &mut Pivots) {
    let raw = value.raw().strip_prefix('"').and_then(|raw| raw.strip_suffix('"'));
    if let Some(raw) = raw {
        pivots_in(raw, value.plain().is_none(), pivots);
    }
}

/// A resource, and the id with which its ARN ends: other logs name it by that.
fn named(resource: &str, pivots: &mut Pivots) {
    if resource.starts_with("arn:") {
        pivots.classify(resource);
        if let Some((_, id)) = resource.rsplit_once('/') {
            pivots.classify(id);
        }
    } else if pivots::address(resource).is_some() {
        pivots.classify(resource);
    } else if resource.len() <= LONGEST_NAME {
        pivots.resources.push(resource);
    }
}

/// A longer text is no name of a resource.
const LONGEST_NAME: usize = 512;

/// Who made a resource: `AssumedRole:<id>:<session>`, `IAMUser:<id>:<name>`. CloudTrail names a user by the id alone.
/// <https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/aws-tags.html>
fn made_by(tag: &str, pivots: &mut Pivots) {
    let Some((kind, who)) = tag.split_once(':') else { return };
    let id = who.split_once(':').filter(|_| kind == "IAMUser").map_or(who, |(id, _name)| id);
    pivots.classify(id);
}

/// The region that the attributes of a product name.
fn region_in<'a>(product: Value<'_>) -> Option<Cow<'a, str>> {
    let region = product.get("region").or_else(|| product.get("region_code"))?.text()?;
    of_zone(&format!("{region}a")).map(|region| Cow::Owned(region.to_owned()))
}

/// The region of an availability zone: the name of it without the letter at the end.
fn of_zone(zone: &str) -> Option<&str> {
    let region = zone.strip_suffix(|c: char| c.is_ascii_lowercase())?;
    let (words, number) = region.rsplit_once('-')?;
    let is_word = |word: &str| (2..=12).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase());
    let all = words.split('-').all(is_word) && words.contains('-');
    (all && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then_some(region)
}

/// What the key tells of a delivery.
/// <https://docs.aws.amazon.com/cur/latest/userguide/understanding-report-versions.html>
/// <https://docs.aws.amazon.com/cur/latest/userguide/dataexports-export-delivery.html>
#[derive(Default)]
struct Delivery {
    assembly: Option<String>,
    of_data_exports: bool,
}

impl Delivery {
    /// The folder between that of the billing period and the file: `20260301-20260401/<id>/`,
    /// `BILLING_PERIOD=2026-03/<time>-<id>/`.
    fn of(key: &str) -> Delivery {
        let decoded = percent_decode_str(key).decode_utf8_lossy();
        let mut folders: Vec<&str> = decoded.split(['/', '\\']).filter(|part| !part.is_empty()).collect();
        folders.pop();
        let exported = |part: &str| part.starts_with("BILLING_PERIOD=");
        let Some(at) = folders.iter().rposition(|part| exported(part) || is_period(part)) else {
            return Delivery::default();
        };
        Delivery {
            assembly: folders.get(at + 1).map(|folder| (*folder).to_owned()),
            of_data_exports: folders.get(at).is_some_and(|part| exported(part)),
        }
    }
}

/// `20260301-20260401`
fn is_period(part: &str) -> bool {
    let is_day = |day: &str| day.len() == 8 && day.bytes().all(|b| b.is_ascii_digit());
    part.split_once('-').is_some_and(|(from, to)| is_day(from) && is_day(to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_are_told_by_the_key() {
        for (key, assembly, exported) in [
            ("bills/report/20260301-20260401/20260302T060000Z/report-1.csv.gz", Some("20260302T060000Z"), false),
            (
                "report/20260301-20260401/0c5b0f4a-1111-4222-8333-44445555aaaa/report-2.csv.zip",
                Some("0c5b0f4a-1111-4222-8333-44445555aaaa"),
                false,
            ),
            ("bills/report/20260301-20260401/report-1.csv.gz", None, false),
            ("b%2Freport%2F20260301-20260401%2Fa1%2Freport-1.csv.gz", Some("a1"), false),
            ("b\\report\\20260301-20260401\\a1\\report-1.csv.gz", Some("a1"), false),
            ("x/report/report/year=2026/month=3/report-1.snappy.parquet", None, false),
            ("x/e/data/BILLING_PERIOD=2026-03/e-00001.snappy.parquet", None, true),
            (
                "x/e/data/BILLING_PERIOD=2026-03/2026-03-02T06:00:00.000Z-a1/e-00001.csv.gz",
                Some("2026-03-02T06:00:00.000Z-a1"),
                true,
            ),
            ("report-1.csv", None, false),
            ("", None, false),
        ] {
            let found = Delivery::of(key);
            assert_eq!((found.assembly.as_deref(), found.of_data_exports), (assembly, exported), "{key}");
        }
    }

    #[test]
    fn regions_of_zones() {
        for (zone, region) in [
            ("us-east-1a", Some("us-east-1")),
            ("us-gov-west-1b", Some("us-gov-west-1")),
            ("us-east-1", None),
            ("use1-az1", None),
            ("", None),
            ("a", None),
        ] {
            assert_eq!(of_zone(zone), region, "{zone}");
        }
    }
}
