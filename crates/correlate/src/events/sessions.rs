//! Stretches of acting.

use std::borrow::Cow;
use std::collections::BTreeMap;

use coldtrail_schema::Words;
use coldtrail_schema::arrow::array::RecordBatch;
use coldtrail_schema::tables::sessions::{SessionRow, SessionRows};
use hashbrown::{HashMap, HashSet};

use super::Row;
use super::firsts::Firsts;
use super::grants::{Chains, ROOT_KINDS, SAYS_INSTANCE};
use super::identity::{Identity, Named, is_same_principal};
use crate::names::Names;

/// Events of a principal without a key that are further apart than this are of two sessions.
const IDLE: i64 = 30 * 60 * 1_000_000;

/// A set of numbers in the order in which they came.
#[derive(Default)]
struct Set {
    list: Vec<u32>,
    large: Option<HashSet<u32>>,
}

impl Set {
    fn add(&mut self, number: u32) {
        let known = match &self.large {
            Some(large) => large.contains(&number),
            None => self.list.contains(&number),
        };
        if known {
            return;
        }
        self.list.push(number);
        match &mut self.large {
            Some(large) => {
                large.insert(number);
            }
            None if self.list.len() > 32 => self.large = Some(self.list.iter().copied().collect()),
            None => {}
        }
    }
}

/// One session, as its events tell.
#[derive(Default)]
pub(super) struct Session {
    pub(super) id: u32,
    part: i64,
    pub(super) kind: Option<u32>,
    pub(super) arn: Option<u32>,
    pub(super) principal: Option<u32>,
    pub(super) account: Option<u32>,
    pub(super) key: Option<u32>,
    pub(super) issuer: Option<u32>,
    pub(super) user: Option<u32>,
    pub(super) invoked_by: Option<u32>,
    pub(super) issued: Option<i64>,
    mfa: Option<bool>,
    pub(super) console: bool,
    pub(super) source_identity: Option<u32>,
    pub(super) person: Option<u32>,
    pub(super) credential: Option<u32>,
    pub(super) of_instance: bool,
    pub(super) named: Named,
    /// Does its key stand under another principal id as well?
    pub(super) key_is_shared: bool,
    pub(super) first: i64,
    pub(super) region: Option<u32>,
    last: i64,
    events: i64,
    writes: i64,
    errors: i64,
    denied: i64,
    first_evers: i64,
    ips: Set,
    agents: Set,
    regions: Set,
    accounts: Set,
    services: HashMap<(u32, u32), i64>,
    object: u32,
    record: i64,
}

/// The sessions of one id.
#[derive(Default)]
struct OfId {
    /// What tells them apart, and the session, or the last stretch of it.
    strands: Vec<(Option<u32>, u32)>,
    parts: i64,
}

#[derive(Default)]
pub(crate) struct Sessions {
    pub(super) all: Vec<Session>,
    last: HashMap<u32, OfId>,
}

impl Sessions {
    pub(super) fn add(&mut self, names: &mut Names, row: &Row<'_>, object: u32) -> u32 {
        let identity = Identity::of(row);
        let id = names.number(&identity.id);
        let strand = identity.strand.map(|strand| names.number(strand));
        let has_key = row.key.is_some_and(|key| !key.is_empty());
        let of_id = self.last.entry(id).or_default();
        let known = of_id.strands.iter().position(|(known, _)| match (known, strand) {
            // Of one key, a row without a principal goes with what is there.
            (None, _) | (_, None) => has_key || *known == strand,
            (Some(known), Some(strand)) => {
                *known == strand || has_key && is_same_principal(names.text(*known), names.text(strand))
            }
        });
        let open = known.and_then(|at| of_id.strands.get_mut(at));
        if let Some((known, at)) = open {
            *known = known.or(strand);
            if let Some(session) = self.all.get_mut(*at as usize)
                && (has_key || row.time - session.last <= IDLE)
            {
                session.add(names, row);
                return *at;
            }
        }
        let at = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let part = of_id.parts + i64::from(!has_key);
        of_id.parts += 1;
        match known.and_then(|known| of_id.strands.get_mut(known)) {
            Some((_, last)) => *last = at,
            None => of_id.strands.push((strand, at)),
        }
        let named = identity.named;
        let (first, last) = (row.time, row.time);
        let mut session = Session { id, part, named, first, last, object, record: row.record, ..Session::default() };
        session.add(names, row);
        self.all.push(session);
        if has_key && of_id.strands.len() > 1 {
            for (_, of_key) in &of_id.strands {
                if let Some(session) = self.all.get_mut(*of_key as usize) {
                    session.key_is_shared = true;
                }
            }
        }
        at
    }

    /// The number of the session's id.
    pub(super) fn id(&self, session: u32) -> Option<u32> {
        self.all.get(session as usize).map(|session| session.id)
    }

    pub(super) fn get(&self, session: u32) -> Option<&Session> {
        self.all.get(session as usize)
    }

    pub(super) fn count_firsts(&mut self, firsts: &Firsts) {
        for first in firsts.surprises() {
            if let Some(session) = self.all.get_mut(first.session as usize) {
                session.first_evers += 1;
            }
        }
    }

    pub(super) fn rows(&self, names: &Names, chains: &Chains) -> Vec<RecordBatch> {
        let mut order: Vec<u32> = (0..self.all.len() as u32).collect();
        order.sort_by_key(|at| self.get(*at).map(|session| (session.first, session.id)));
        let batch = |part: &[u32]| {
            let mut rows = SessionRows::default();
            part.iter().filter_map(|at| Some((*at, self.get(*at)?))).for_each(|(at, session)| {
                session.push(at, names, chains, &mut rows);
            });
            rows.finish()
        };
        order.chunks(16 << 10).map(batch).collect()
    }
}

impl Session {
    fn add(&mut self, names: &mut Names, row: &Row<'_>) {
        let mut fill = |slot: &mut Option<u32>, text: Option<&str>| {
            // An empty text is none: keys of sign-ins are written so.
            if let (None, Some(text)) = (&slot, text.filter(|text| !text.is_empty())) {
                *slot = Some(names.number(text));
            }
        };
        fill(&mut self.kind, row.kind);
        fill(&mut self.arn, row.arn);
        fill(&mut self.principal, row.principal);
        fill(&mut self.account, row.principal_account);
        fill(&mut self.key, row.key);
        fill(&mut self.issuer, row.issuer);
        fill(&mut self.user, row.user);
        fill(&mut self.invoked_by, row.invoked_by);
        fill(&mut self.source_identity, row.source_identity);
        fill(&mut self.region, row.region);
        fill(&mut self.person, row.person);
        fill(&mut self.credential, row.credential);
        self.of_instance |= row.of_instance;
        self.issued = self.issued.or(row.issued);
        self.mfa = self.mfa.max(row.mfa);
        self.console |= row.console;
        self.last = self.last.max(row.time);
        self.first = self.first.min(row.time);
        self.events += 1;
        self.writes += i64::from(row.is_write && row.succeeded());
        self.errors += i64::from(!row.succeeded());
        self.denied += i64::from(row.error_class == "denied");
        let sets = [
            (&mut self.ips, row.ip),
            (&mut self.agents, row.agent),
            (&mut self.regions, row.region),
            (&mut self.accounts, row.account),
        ];
        for (set, text) in sets {
            if let Some(text) = text {
                set.add(names.number(text));
            }
        }
        let service = (names.number(row.source), names.number(row.error_class));
        *self.services.entry(service).or_default() += 1;
    }

    /// `{"iam.amazonaws.com": {"success": 3, "denied": 1}}`
    fn services(&self, names: &Names) -> String {
        let mut services: BTreeMap<&str, BTreeMap<&str, i64>> = BTreeMap::new();
        for ((service, class), events) in &self.services {
            services.entry(names.text(*service)).or_default().insert(names.text(*class), *events);
        }
        serde_json::to_string(&services).unwrap_or_default()
    }

    /// What is doubtful about who it was.
    fn caveat(&self, says_instance: bool) -> Option<String> {
        let mut doubts = Vec::new();
        if self.key_is_shared {
            doubts.push("the key stands under several principal ids: one session for each");
        }
        match self.named {
            Named::Id => {}
            Named::Name => doubts.push("known by the name alone that was given at the sign-in"),
            Named::Address => doubts.push("the records name nobody: events of one address, which can be many people"),
            Named::Nothing => doubts.push("the record names nobody and no address"),
        }
        if says_instance {
            doubts.push("says it is an instance: the name of the session, which its maker chose, is all that says so");
        }
        (!doubts.is_empty()).then(|| doubts.join("; "))
    }

    fn push(&self, at: u32, names: &Names, chains: &Chains, rows: &mut SessionRows) {
        let text = |number: Option<u32>| number.map(|number| Cow::Borrowed(names.text(number)));
        let words = |list: &[u32]| {
            let mut words = Words::default();
            list.iter().for_each(|number| words.push(names.text(*number)));
            words
        };
        let (root, chain) = chains.of(at, names);
        let mut links = Words::default();
        chain.iter().for_each(|link| links.push(link));
        let [ips, agents, regions, accounts] =
            [&self.ips, &self.agents, &self.regions, &self.accounts].map(|set| words(&set.list));
        let facts = chains.facts(at);
        rows.push(&SessionRow {
            session_id: text(Some(self.id)),
            part: Some(self.part),
            actor: root.map(Cow::Borrowed),
            actor_kind: ROOT_KINDS.get(facts.root_kind as usize).map(|kind| Cow::Borrowed(*kind)),
            chain: Some(&links),
            chain_complete: Some(facts.complete),
            caveat: self.caveat(facts.root_kind == SAYS_INSTANCE).map(Cow::Owned),
            useridentity_type: text(self.kind),
            useridentity_arn: text(self.arn),
            useridentity_principalid: text(self.principal),
            useridentity_accountid: text(self.account),
            useridentity_accesskeyid: text(self.key),
            sessionissuer_arn: text(self.issuer),
            creationdate: self.issued,
            mfaauthenticated: self.mfa.or(facts.mfa),
            console: Some(self.console),
            sourceidentity: text(self.source_identity.or(facts.source_identity)),
            federation_subject: text(facts.subject),
            first_time: Some(self.first),
            last_time: Some(self.last),
            events: Some(self.events),
            writes: Some(self.writes),
            errors: Some(self.errors),
            denied: Some(self.denied),
            first_evers: Some(self.first_evers),
            ips: Some(&ips),
            useragents: Some(&agents),
            regions: Some(&regions),
            accounts: Some(&accounts),
            services: Some(Cow::Owned(self.services(names))),
            evidence_object: text(Some(self.object)),
            evidence_record: Some(self.record),
        });
    }
}

#[cfg(test)]
impl Sessions {
    /// Each session in a line (id, part, actor, kind, complete, events), with its caveat.
    pub(super) fn told(&self, names: &Names, chains: &Chains) -> Vec<(String, Option<String>)> {
        let line = |(at, session): (usize, &Session)| {
            let facts = chains.facts(at as u32);
            let actor = facts.root.map_or("-", |root| names.text(root));
            let kind = ROOT_KINDS.get(facts.root_kind as usize).copied().unwrap_or_default();
            let (id, complete) = (names.text(session.id), facts.complete);
            let line = format!("{id} {} {actor} {kind} {complete} {}", session.part, session.events);
            (line, session.caveat(facts.root_kind == SAYS_INSTANCE))
        };
        self.all.iter().enumerate().map(line).collect()
    }
}
