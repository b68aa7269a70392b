//! Prefix lists as they were: rules of security groups refer to them, and they change on their own.

use coldtrail_diff::exposure;
use coldtrail_lake::{LakeFile, Snapshot};
use coldtrail_schema::tables::common::position;
use coldtrail_schema::tables::config_items::{self, ConfigItemColumn as Column};
use hashbrown::HashMap;

use super::documents::parse;
use crate::columns::Columns;
use crate::error::Result;
use crate::names::hash;

const KIND: &str = "AWS::EC2::PrefixList";

/// One item of a prefix list.
pub(crate) struct Version {
    pub(crate) time: i64,
    pub(crate) object: Box<str>,
    pub(crate) record: i64,
    /// The account and region that hold the list: one that is shared stands in several.
    holder: u64,
    /// Its ranges; none when the item has no list of them, or says that the list is gone or not recorded.
    entries: Option<Vec<String>>,
}

/// All prefix lists of the evidence.
#[derive(Default)]
pub(crate) struct Lists {
    /// By id, in order of time.
    versions: HashMap<Box<str>, Vec<Version>>,
}

impl Lists {
    pub(crate) fn read(snapshot: &Snapshot) -> Result<Lists> {
        let mut lists = Lists::default();
        let kind = Columns::new([Column::resourcetype.position()]);
        for file in snapshot.files(config_items::TABLE.name) {
            let mut wanted = Vec::new();
            let mut first = 0;
            for batch in kind.read(file)? {
                let kinds = kind.texts(&batch, Column::resourcetype.position());
                wanted.extend((0..batch.num_rows()).filter(|row| kinds.get(*row) == Some(KIND)).map(|row| first + row));
                first += batch.num_rows();
            }
            if !wanted.is_empty() {
                lists.read_rows(file, &wanted)?;
            }
        }
        for versions in lists.versions.values_mut() {
            versions.sort_by(|a, b| (a.time, &a.object, a.record).cmp(&(b.time, &b.object, b.record)));
        }
        Ok(lists)
    }

    fn read_rows(&mut self, file: &LakeFile, rows: &[usize]) -> Result<()> {
        let columns = Columns::new([
            position::OBJECT,
            position::RECORD,
            position::ACCOUNT,
            position::REGION,
            Column::configurationitemcapturetime.position(),
            Column::configurationitemstatus.position(),
            Column::resourceid.position(),
            Column::configuration.position(),
        ]);
        for batch in columns.read_rows(file, rows)? {
            for row in 0..batch.num_rows() {
                let text = |column| columns.texts(&batch, column).get(row);
                let time = columns.times(&batch, Column::configurationitemcapturetime.position()).get(row);
                let (Some(id), Some(time)) = (text(Column::resourceid.position()), time) else { continue };
                let is_there = matches!(
                    text(Column::configurationitemstatus.position()),
                    None | Some("OK" | "ResourceDiscovered")
                );
                let document = parse(text(Column::configuration.position()).filter(|_| is_there));
                let place = [position::ACCOUNT, position::REGION].map(|column| text(column).unwrap_or_default());
                self.versions.entry(id.into()).or_default().push(Version {
                    time,
                    object: text(position::OBJECT).unwrap_or_default().into(),
                    record: columns.integers(&batch, position::RECORD).get(row).unwrap_or_default(),
                    holder: hash(&place.join("\n")),
                    entries: exposure::prefix_list(&document),
                });
            }
        }
        Ok(())
    }

    /// The ranges of a list at a time, by the last item of each account and region that holds it; none when no item is
    /// that old, or one does not tell.
    pub(crate) fn at(&self, id: &str, time: i64) -> Option<Vec<String>> {
        let mut of_holders: HashMap<u64, &Version> = HashMap::new();
        for version in self.versions.get(id)?.iter().take_while(|version| version.time <= time) {
            of_holders.insert(version.holder, version);
        }
        let mut all: Vec<String> = Vec::new();
        for version in of_holders.values() {
            all.extend(version.entries.as_ref()?.iter().cloned());
        }
        all.sort_unstable();
        all.dedup();
        (!of_holders.is_empty()).then_some(all)
    }

    /// The next item of any of the lists after a time.
    pub(crate) fn next(&self, ids: &[String], after: i64) -> Option<&Version> {
        let of_list = |id: &String| self.versions.get(id.as_str())?.iter().find(|version| version.time > after);
        ids.iter().filter_map(of_list).min_by_key(|version| version.time)
    }
}

/// What a list held from each instant on; none where its document did not parse.
#[cfg(test)]
type Versions<'a> = &'a [(i64, Option<&'a [&'a str]>)];

#[cfg(test)]
impl Lists {
    /// Lists by id, each with the times and ranges of its items in order of time.
    pub(crate) fn of(lists: &[(&str, Versions<'_>)]) -> Lists {
        let version = |(time, ranges): &(i64, Option<&[&str]>)| Version {
            time: *time,
            object: "list".into(),
            record: *time,
            holder: 0,
            entries: ranges.map(|ranges| ranges.iter().map(|range| (*range).to_owned()).collect()),
        };
        let versions = lists.iter().map(|(id, items)| ((*id).into(), items.iter().map(version).collect()));
        Lists { versions: versions.collect() }
    }
}
