//! What was seen first, of each actor and of all.

use std::borrow::Cow;
use std::net::IpAddr;

use coldtrail_schema::arrow::array::RecordBatch;
use coldtrail_schema::tables::sessions::{FirstSeenRow, FirstSeenRows};
use hashbrown::HashMap;

use super::Row;
use crate::knowledge::api;
use crate::names::Names;

/// What kinds of things are noticed.
const KINDS: [&str; 6] = ["api", "service", "region", "ip", "network", "user_agent"];

/// Stands for all actors.
const ALL: u32 = u32::MAX;

pub(super) struct First {
    pub(super) time: i64,
    last: i64,
    events: i64,
    object: u32,
    record: i64,
    pub(super) session: u32,
}

#[derive(Default)]
pub(crate) struct Firsts {
    seen: HashMap<(u32, u8, u32), First>,
    /// The first event of each actor.
    begins: HashMap<u32, i64>,
    /// The network of each address, by number.
    networks: HashMap<u32, Option<u32>>,
    /// The call of each pair of source and name.
    calls: HashMap<(u32, u32), u32>,
}

impl Firsts {
    pub(super) fn add(&mut self, names: &mut Names, row: &Row<'_>, object: u32, session: u32) {
        let source = names.number(row.source);
        let name = names.number(row.name);
        let call = *self.calls.entry((source, name)).or_insert_with(|| names.number(&api(row.source, row.name)));
        let ip = row.ip.map(|ip| names.number(ip));
        let network = ip.and_then(|ip| match self.networks.get(&ip) {
            Some(network) => *network,
            None => {
                let network = network(names.text(ip)).map(|network| names.number(&network));
                self.networks.insert(ip, network);
                network
            }
        });
        let values = [
            Some(call),
            Some(source),
            row.region.map(|region| names.number(region)),
            ip.filter(|_| network.is_some()),
            network,
            row.agent.map(|agent| names.number(agent)),
        ];
        let actor = row.actor().map(|actor| names.number(actor));
        for actor in [actor, Some(ALL)].into_iter().flatten() {
            // Rows come day by day in order of time.
            self.begins.entry(actor).or_insert(row.time);
            for (kind, value) in values.iter().enumerate() {
                let Some(value) = value else { continue };
                let first = self.seen.entry((actor, kind as u8, *value)).or_insert(First {
                    time: row.time,
                    last: row.time,
                    events: 0,
                    object,
                    record: row.record,
                    session,
                });
                first.last = first.last.max(row.time);
                first.events += 1;
            }
        }
    }

    /// What actors did for the first time when they had been seen before.
    pub(super) fn surprises(&self) -> impl Iterator<Item = &First> {
        self.seen.iter().filter_map(|((actor, ..), first)| {
            let begin = self.begins.get(actor)?;
            (*actor != ALL && first.time > *begin).then_some(first)
        })
    }

    pub(super) fn rows(&self, names: &Names) -> Vec<RecordBatch> {
        let mut all: Vec<_> = self.seen.iter().collect();
        all.sort_unstable_by_key(|(key, first)| (first.time, **key));
        let text = |number: u32| Some(Cow::Borrowed(names.text(number)));
        let batch = |part: &[(&(u32, u8, u32), &First)]| {
            let mut rows = FirstSeenRows::default();
            for ((actor, kind, value), first) in part {
                rows.push(&FirstSeenRow {
                    scope: Some(Cow::Borrowed(if *actor == ALL { "all" } else { "actor" })),
                    actor: text(*actor).filter(|_| *actor != ALL),
                    kind: KINDS.get(*kind as usize).map(|kind| Cow::Borrowed(*kind)),
                    value: text(*value),
                    first_time: Some(first.time),
                    last_time: Some(first.last),
                    events: Some(first.events),
                    history_from: self.begins.get(actor).copied(),
                    evidence_object: text(first.object),
                    evidence_record: Some(first.record),
                });
            }
            rows.finish()
        };
        all.chunks(64 << 10).map(batch).collect()
    }
}

/// The /24 of an IPv4 address, the /48 of an IPv6 one; none for names of services.
fn network(ip: &str) -> Option<String> {
    // A name is no address, which is no fault.
    match ip.parse::<IpAddr>() {
        Ok(IpAddr::V4(v4)) => {
            let [a, b, c, _] = v4.octets();
            Some(format!("{a}.{b}.{c}.0/24"))
        }
        Ok(IpAddr::V6(v6)) => {
            let [a, b, c, ..] = v6.segments();
            Some(format!("{a:x}:{b:x}:{c:x}::/48"))
        }
        Err(_) => None,
    }
}
