//! The columns that every table of events begins with.

use std::borrow::Cow;

use arrow_array::ArrayRef;

use crate::column::Column;
use crate::kind::{Cells, Hash, Int, Kind, Text, Texts, Time};
use crate::rows::{Common, HeadRows};

/// The name of the column of time, which statistics and sorting are about.
pub const EVENT_TIME: &str = "event_time";
/// The name of the column in which tables of events say what came of a call, in words of ours.
pub const ERROR_CLASS: &str = "error_class";

/// Where the common columns that ingest looks at stand.
pub mod position {
    pub const OBJECT: usize = 0;
    pub const RECORD: usize = 1;
    pub const TIME: usize = 3;
    pub const ACCOUNT: usize = 4;
    pub const REGION: usize = 5;
    pub const HASH: usize = 10;
}

/// How many there are.
pub const COUNT: usize = 11;

/// The common columns, in order.
pub fn columns() -> Vec<Column> {
    let column = |name, kind, doc| Column { name, kind, doc };
    vec![
        column("evidence_object", Kind::Text, "The object that the row comes from: `objects.evidence_object`."),
        column("evidence_record", Kind::Int, "Which record of the object, counted from 1."),
        column(
            "evidence_offset",
            Kind::Int,
            "The byte at which the record begins in the inflated object; null when the object is Parquet.",
        ),
        column(EVENT_TIME, Kind::Time, "When it happened, by the log's own account."),
        column(
            "account",
            Kind::Text,
            "The AWS account that recorded it, 12 digits; from the record, else from the object's key.",
        ),
        column("region", Kind::Text, "The AWS region that recorded it; from the record, else from the object's key."),
        column("ips", Kind::Texts, "Every IP address in the row."),
        column("actors", Kind::Texts, "Every principal in the row: user and role ARNs, unique ids, canonical ids."),
        column("keys", Kind::Texts, "Every access key id in the row, temporary ones (ASIA…) included."),
        column("resources", Kind::Texts, "Every other ARN and resource id in the row."),
        column(
            "record_hash",
            Kind::Hash,
            "64 bits of the SHA-256 of the record's content: equal records have equal hashes, however their JSON is written (white space, order of members, escapes, forms of a number, null for an absent member).",
        ),
    ]
}

#[derive(Default)]
pub struct CommonRows {
    /// The object of the next rows.
    object: String,
    objects: <Text as Cells>::Builder,
    records: <Int as Cells>::Builder,
    offsets: <Int as Cells>::Builder,
    event_time: <Time as Cells>::Builder,
    account: <Text as Cells>::Builder,
    region: <Text as Cells>::Builder,
    ips: <Texts as Cells>::Builder,
    actors: <Texts as Cells>::Builder,
    keys: <Texts as Cells>::Builder,
    resources: <Texts as Cells>::Builder,
    hash: <Hash as Cells>::Builder,
    unique: Vec<bool>,
    len: usize,
}

impl CommonRows {
    pub fn push(&mut self, common: &Common<'_>) {
        self.len += 1;
        self.unique.push(common.unique);
        Text::append(&mut self.objects, &Some(Cow::Borrowed(&self.object)));
        Int::append(&mut self.records, &i64::try_from(common.record).ok());
        Int::append(&mut self.offsets, &common.offset.and_then(|o| i64::try_from(o).ok()));
        Time::append(&mut self.event_time, &common.event_time);
        Text::append(&mut self.account, &common.account.as_deref().map(Cow::Borrowed));
        Text::append(&mut self.region, &common.region.as_deref().map(Cow::Borrowed));
        Texts::append(&mut self.ips, &Some(&common.pivots.ips));
        Texts::append(&mut self.actors, &Some(&common.pivots.actors));
        Texts::append(&mut self.keys, &Some(&common.pivots.keys));
        Texts::append(&mut self.resources, &Some(&common.pivots.resources));
        Hash::append(&mut self.hash, &Some(common.hash));
    }

    pub fn take_unique(&mut self) -> Vec<bool> {
        std::mem::take(&mut self.unique)
    }

    pub fn begin(&mut self, object: &str) {
        self.object.clear();
        self.object.push_str(object);
    }
}

impl HeadRows for CommonRows {
    const COUNT: usize = COUNT;

    fn waiting(&self) -> usize {
        self.len
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        self.len = 0;
        vec![
            Text::finish(&mut self.objects),
            Int::finish(&mut self.records),
            Int::finish(&mut self.offsets),
            Time::finish(&mut self.event_time),
            Text::finish(&mut self.account),
            Text::finish(&mut self.region),
            Texts::finish(&mut self.ips),
            Texts::finish(&mut self.actors),
            Texts::finish(&mut self.keys),
            Texts::finish(&mut self.resources),
            Hash::finish(&mut self.hash),
        ]
    }
}
