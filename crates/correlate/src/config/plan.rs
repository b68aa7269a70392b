//! What has to be known before the items are read: deliveries, our own accounts, who records once a day, prefix lists.

use coldtrail_lake::Snapshot;
use coldtrail_schema::tables::common::position;
use coldtrail_schema::tables::config_items::{self, ConfigItemColumn as Item};
use coldtrail_schema::tables::ledger::{self, ObjectColumn};
use hashbrown::{HashMap, HashSet};

use super::lists::Lists;
use crate::columns::Columns;
use crate::error::Result;
use crate::names::{Names, hash};

/// Two captures of a resource that lie closer together than this are not of daily recording.
const DAY: i64 = 20 * 3600 * 1_000_000;
/// Captures this close together are of one change: IAM is captured in several regions.
const ONE: i64 = 60 * 1_000_000;
/// So many captures tell how often an account records.
const ENOUGH: u32 = 5;

#[derive(Default)]
pub(crate) struct Foreknowledge {
    /// When each object with items was delivered, by its name.
    deliveries: HashMap<Box<str>, i64>,
    accounts: HashSet<Box<str>>,
    /// For each account and region: pairs of captures, and how many of them are close together.
    captures: HashMap<(u32, u32), (u32, u32)>,
    names: Names,
    /// What rules refer to.
    pub(crate) lists: Lists,
}

impl Foreknowledge {
    pub(crate) fn new(snapshot: &Snapshot) -> Result<Foreknowledge> {
        let mut plan = Foreknowledge::default();
        plan.read_objects(snapshot)?;
        plan.read_captures(snapshot)?;
        plan.lists = Lists::read(snapshot)?;
        Ok(plan)
    }

    fn read_objects(&mut self, snapshot: &Snapshot) -> Result<()> {
        let [object, source, account, delivered] = [
            ObjectColumn::evidence_object.position(),
            ObjectColumn::source.position(),
            ObjectColumn::account.position(),
            ObjectColumn::delivery_time.position(),
        ];
        let columns = Columns::new([object, source, account, delivered]);
        for file in snapshot.files(ledger::OBJECTS.name) {
            for batch in columns.read(file)? {
                for row in 0..batch.num_rows() {
                    if let Some(account) = columns.texts(&batch, account).get(row) {
                        self.accounts.insert(account.into());
                    }
                    let is_config = columns.texts(&batch, source).get(row) == Some(config_items::TABLE.name);
                    let object = columns.texts(&batch, object).get(row);
                    if let (true, Some(object), Some(time)) =
                        (is_config, object, columns.times(&batch, delivered).get(row))
                    {
                        self.deliveries.insert(object.into(), time);
                    }
                }
            }
        }
        Ok(())
    }

    fn read_captures(&mut self, snapshot: &Snapshot) -> Result<()> {
        let [account, region, kind, id, time] = [
            position::ACCOUNT,
            position::REGION,
            Item::resourcetype.position(),
            Item::resourceid.position(),
            Item::configurationitemcapturetime.position(),
        ];
        let columns = Columns::new([account, region, kind, id, time]);
        let mut last: HashMap<u64, i64> = HashMap::new();
        let mut key = String::new();
        for file in snapshot.files(config_items::TABLE.name) {
            for batch in columns.read(file)? {
                for row in 0..batch.num_rows() {
                    let text = |column| columns.texts(&batch, column).get(row);
                    let (Some(account), Some(region)) = (text(account), text(region)) else { continue };
                    let (Some(kind), Some(id)) = (text(kind), text(id)) else { continue };
                    let Some(time) = columns.times(&batch, time).get(row) else { continue };
                    if !self.accounts.contains(account) {
                        self.accounts.insert(account.into());
                    }
                    key.clear();
                    [account, region, kind, id].iter().for_each(|part| {
                        key.push_str(part);
                        key.push('\n');
                    });
                    let place = (self.names.number(account), self.names.number(region));
                    if let Some(before) = last.insert(hash(&key), time).filter(|before| time - *before > ONE) {
                        let (pairs, close) = self.captures.entry(place).or_default();
                        *pairs += 1;
                        *close += u32::from(time - before < DAY);
                    }
                }
            }
        }
        Ok(())
    }

    /// When the object was delivered.
    pub(crate) fn delivery(&self, object: &str) -> Option<i64> {
        self.deliveries.get(object).copied()
    }

    /// Is it an account of which there is evidence?
    pub(crate) fn is_ours(&self, account: &str) -> bool {
        self.accounts.contains(account)
    }

    /// How late a capture may come, in microseconds: two hours, or a day and two hours where it records once a day.
    pub(crate) fn delay(&self, account: &str, region: &str) -> i64 {
        let hours = if self.frequency(account, region) == Some("DAILY") { 26 } else { 2 };
        hours * 3600 * 1_000_000
    }

    /// How often an account records in a region, as its captures tell.
    pub(crate) fn frequency(&self, account: &str, region: &str) -> Option<&'static str> {
        let place = (self.names.find(account)?, self.names.find(region)?);
        let (pairs, close) = self.captures.get(&place).copied()?;
        match (pairs >= ENOUGH, close * 50 <= pairs) {
            (true, true) => Some("DAILY"),
            (true, false) => Some("CONTINUOUS"),
            (false, _) => None,
        }
    }
}

#[cfg(test)]
impl Foreknowledge {
    pub(crate) fn with_lists(lists: Lists) -> Foreknowledge {
        Foreknowledge { lists, ..Foreknowledge::default() }
    }
}
