//! Of which hours, accounts and regions there is anything.

use coldtrail_lake::Snapshot;
use coldtrail_schema::arrow::array::RecordBatch;
use coldtrail_schema::tables::cloudtrail;
use coldtrail_schema::tables::config_items;
use coldtrail_schema::tables::ledger::{self, ObjectColumn};
use coldtrail_schema::tables::sessions::{CoverageRow, CoverageRows};
use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::columns::Columns;
use crate::error::Result;
use crate::events::Row;
use crate::names::Names;

const HOUR: i64 = 3600 * 1_000_000;

/// The rows and objects of one hour of one account and region.
#[derive(Default)]
struct Seen {
    rows: i64,
    objects: i64,
    /// The object of the last row: an object is not counted for each of its rows.
    last: Option<u32>,
}

/// How many events there are of each hour.
#[derive(Default)]
pub(crate) struct Coverage {
    events: BTreeMap<(u32, u32, i64), Seen>,
}

impl Coverage {
    pub(crate) fn add(&mut self, names: &mut Names, row: &Row<'_>) {
        let (account, region) =
            (names.number(row.account.unwrap_or_default()), names.number(row.region.unwrap_or_default()));
        let object = names.number(row.object);
        let seen = self.events.entry((account, region, row.time.div_euclid(HOUR))).or_default();
        seen.rows += 1;
        if seen.last != Some(object) {
            seen.last = Some(object);
            seen.objects += 1;
        }
    }

    /// How many of the hours from `from` to `to` have events of the account and region, and how many hours those are.
    pub(crate) fn hours(&self, account: u32, region: u32, from: i64, to: i64) -> (i64, i64) {
        let (first, last) = (from.div_euclid(HOUR), to.div_euclid(HOUR));
        let with = self.events.range((account, region, first)..=(account, region, last)).count();
        (with as i64, last - first + 1)
    }

    /// The table: hours of CloudTrail by their events, hours of Config by their deliveries.
    pub(crate) fn rows(&self, names: &Names, snapshot: &Snapshot) -> Result<Vec<RecordBatch>> {
        let mut rows = CoverageRows::default();
        for ((account, region, hour), seen) in &self.events {
            let place = (names.text(*account), names.text(*region));
            rows.push(&row(cloudtrail::TABLE.name, place, *hour, seen.rows, seen.objects));
        }
        for ((account, region, hour), (kept, objects)) in deliveries(snapshot)? {
            rows.push(&row(config_items::TABLE.name, (&account, &region), hour, kept, objects));
        }
        Ok(vec![rows.finish()])
    }
}

fn row<'a>(source: &'a str, place: (&'a str, &'a str), hour: i64, rows: i64, objects: i64) -> CoverageRow<'a> {
    let text = |text: &'a str| Some(Cow::Borrowed(text)).filter(|text| !text.is_empty());
    CoverageRow {
        source: text(source),
        account: text(place.0),
        region: text(place.1),
        hour: hour.checked_mul(HOUR),
        rows: Some(rows),
        objects: Some(objects),
    }
}

type Deliveries = BTreeMap<(String, String, i64), (i64, i64)>;

/// What AWS Config delivered in each hour, by the keys of the objects.
fn deliveries(snapshot: &Snapshot) -> Result<Deliveries> {
    let [source, account, region, delivered, kept] = [
        ObjectColumn::source.position(),
        ObjectColumn::account.position(),
        ObjectColumn::region.position(),
        ObjectColumn::delivery_time.position(),
        ObjectColumn::kept.position(),
    ];
    let columns = Columns::new([source, account, region, delivered, kept]);
    let mut deliveries = Deliveries::new();
    for file in snapshot.files(ledger::OBJECTS.name) {
        for batch in columns.read(file)? {
            for row in 0..batch.num_rows() {
                let text = |column| columns.texts(&batch, column).get(row);
                let (Some(account), Some(region)) = (text(account), text(region)) else { continue };
                let Some(time) = columns.times(&batch, delivered).get(row) else { continue };
                if text(source) == Some(config_items::TABLE.name) {
                    let place = (account.to_owned(), region.to_owned(), time.div_euclid(HOUR));
                    let (rows, objects) = deliveries.entry(place).or_default();
                    *rows += columns.integers(&batch, kept).get(row).unwrap_or_default();
                    *objects += 1;
                }
            }
        }
    }
    Ok(deliveries)
}
