//! The documents of calls: which resources they name, and by which values they can be known in a change.

use coldtrail_lake::LakeFile;
use coldtrail_schema::arrow::array::RecordBatch;
use coldtrail_schema::tables::cloudtrail::CloudtrailColumn as Column;
use coldtrail_schema::tables::common::position;
use hashbrown::HashMap;
use serde_json::Value;

use super::Row;
use super::grants::{self, Grant};
use crate::columns::Columns;
use crate::config::{History, Resource};
use crate::error::Result;
use crate::knowledge::{Knowledge, Rule, api, is_service_of};
use crate::marks;
use crate::names::{Names, hash};

/// A successful write call that names a resource of AWS Config.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) time: i64,
    /// The call, as `knowledge::api` names it.
    pub(crate) api: u32,
    pub(crate) session: u32,
    pub(crate) object: u32,
    pub(crate) record: i64,
    pub(crate) id: Option<Box<str>>,
    pub(crate) shared: Option<u32>,
    pub(crate) by_service: bool,
    pub(crate) ip: Option<u32>,
    pub(crate) agent: Option<u32>,
    pub(crate) invoked_by: Option<u32>,
    pub(crate) event_type: Option<u32>,
    pub(crate) console: bool,
    /// Hashes of the values in its request, and of them with their names. Sorted.
    pub(crate) marks: Box<[u64]>,
    /// The same of its answer, values with their names only: what the service says it made of it.
    pub(crate) answers: Box<[u64]>,
}

impl Event {
    pub(super) fn new(
        names: &mut Names,
        row: &Row<'_>,
        session: u32,
        object: u32,
        (marks, answers): (Box<[u64]>, Box<[u64]>),
    ) -> Event {
        let mut number = |text: Option<&str>| text.map(|text| names.number(text));
        let [ip, agent] = [number(row.ip), number(row.agent)];
        let [invoked_by, event_type, shared] = [number(row.invoked_by), number(row.event_type), number(row.shared)];
        Event {
            time: row.time,
            api: names.number(&api(row.source, row.name)),
            session,
            object,
            record: row.record,
            id: row.event_id.map(Into::into),
            shared,
            by_service: row.is_service(),
            ip,
            agent,
            invoked_by,
            event_type,
            console: row.console,
            marks,
            answers,
        }
    }
}

/// That a call names a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) resource: u32,
    pub(crate) time: i64,
    pub(crate) event: u32,
    /// Which of the call's rules it follows; none when it only mentions the resource.
    pub(crate) rule: Option<u16>,
    /// Has the request nothing but what names the resource?
    pub(crate) bare: bool,
    /// Was it recorded in the resource's own account?
    pub(crate) own: bool,
}

/// What the documents of one row say.
#[derive(Default)]
pub(crate) struct Document {
    pub(crate) references: Vec<Reference>,
    /// Of the request, and of the answer.
    pub(crate) marks: (Box<[u64]>, Box<[u64]>),
    pub(crate) grant: Option<Box<Grant>>,
}

/// Members of requests that say how the call is to be carried out, not what is to become of the resource.
const MANNER: &[&str] = &[
    "dryRun",
    "clientToken",
    "applyImmediately",
    "Host",
    "policy",
    "acl",
    "publicAccessBlock",
    "tagging",
    "skipFinalSnapshot",
    "force",
    "revisionId",
    "constraints",
];

/// Finds the resources that a call names.
pub(crate) struct Finder<'h> {
    history: &'h History,
    knowledge: &'h Knowledge,
    /// Where the resources with an identifier's hash begin in `History::identifiers`.
    begins: HashMap<u64, u32>,
}

impl<'h> Finder<'h> {
    pub(super) fn new(history: &'h History, knowledge: &'h Knowledge) -> Finder<'h> {
        let mut begins = HashMap::with_capacity(history.identifiers.len());
        for (at, (identifier, _)) in history.identifiers.iter().enumerate() {
            begins.entry(*identifier).or_insert(at as u32);
        }
        Finder { history, knowledge, begins }
    }

    /// Reads the documents of the wanted rows of a file.
    pub(super) fn read(
        &self,
        columns: &Columns,
        file: &LakeFile,
        batches: &[RecordBatch],
        wanted: &[usize],
    ) -> Result<HashMap<usize, Document>> {
        let mut found = HashMap::new();
        if wanted.is_empty() {
            return Ok(found);
        }
        let [request, response] = [Column::requestparameters.position(), Column::responseelements.position()];
        let [resources, details] = [Column::event_resources.position(), Column::serviceeventdetails.position()];
        let documents = Columns::new([request, response, resources, details, position::RECORD]);
        let mut rows = wanted.iter().copied();
        let mut places = batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |at| (batch, at))).enumerate();
        for batch in documents.read_rows(file, wanted)? {
            for at in 0..batch.num_rows() {
                let Some(wanted) = rows.next() else { break };
                let place = places.by_ref().find(|(number, _)| *number == wanted);
                let Some(row) = place.and_then(|(_, (batch, at))| Row::read(columns, batch, at)) else { continue };
                let json = |column| documents.texts(&batch, column).get(at).map(parse).unwrap_or_default();
                let parts = Parts {
                    request: json(request),
                    response: json(response),
                    resources: json(resources),
                    details: json(details),
                };
                let document = self.document(&row, &parts);
                if document.grant.is_some() || !document.references.is_empty() {
                    found.insert(wanted, document);
                }
            }
        }
        Ok(found)
    }

    fn document(&self, row: &Row<'_>, parts: &Parts) -> Document {
        let grant = grants::grant(row, &parts.request, &parts.response).map(Box::new);
        if !row.is_write {
            return Document { grant, ..Document::default() };
        }
        let mut references = Vec::new();
        let rules = self.knowledge.rules(&api(row.source, row.name));
        for (number, rule) in rules.iter().enumerate() {
            self.by_rule(row, parts, number as u16, rule, &mut references);
        }
        self.mentioned(row, parts, &mut references);
        let mut marks = Vec::new();
        let mut answers = Vec::new();
        if !references.is_empty() {
            for part in [&parts.request, &parts.details] {
                marks::leaves(part, &mut |name, value| {
                    let (value, pair) = marks::of_leaf(name, value);
                    marks.extend([value, pair].into_iter().filter(|mark| *mark != 0));
                });
            }
        }
        if references.iter().any(|reference| reference.rule.is_some()) {
            marks::leaves(&parts.response, &mut |name, value| answers.push(marks::of_leaf(name, value).1));
        }
        for list in [&mut marks, &mut answers] {
            list.sort_unstable();
            list.dedup();
        }
        let marks = (marks.into(), answers.into());
        Document { references, marks, grant }
    }

    fn by_rule(&self, row: &Row<'_>, parts: &Parts, number: u16, rule: &Rule, references: &mut Vec<Reference>) {
        let mut named = Vec::new();
        for path in &rule.identifiers {
            let Some((first, rest)) = path.split_first() else { continue };
            let root = if *first == "response" { &parts.response } else { &parts.request };
            values(root, rest, &mut |text| {
                named.push(hash(text));
                let short = text.rsplit([':', '/']).next().filter(|_| text.starts_with("arn:"));
                for text in [Some(text), short].into_iter().flatten() {
                    self.resources(text, &mut |resource, known| {
                        let own = row.account == Some(&*known.account);
                        if &*known.kind == rule.resource_type && (own || text.starts_with("arn:")) {
                            push(references, Reference { resource, rule: Some(number), own, ..NONE });
                        }
                    });
                }
            });
        }
        let mut others = 0;
        marks::leaves(&parts.request, &mut |name, value| {
            others += usize::from(!MANNER.contains(&name) && !named.contains(&hash(value)));
        });
        let of_rule = references.iter_mut().filter(|reference| reference.rule == Some(number));
        of_rule.for_each(|reference| reference.bare = others == 0);
    }

    /// Resources that the documents mention in any other place.
    fn mentioned(&self, row: &Row<'_>, parts: &Parts, references: &mut Vec<Reference>) {
        for part in [&parts.request, &parts.response, &parts.resources, &parts.details] {
            marks::leaves(part, &mut |_, value| {
                if value.len() < 4 || value.len() > 2048 {
                    return;
                }
                self.resources(value, &mut |resource, known| {
                    let own = row.account == Some(&*known.account);
                    let telling = value.starts_with("arn:") || is_service_of(row.source, &known.kind);
                    let near = known.region == "global".into() || row.region == Some(&*known.region);
                    if telling && own && near && !references.iter().any(|reference| reference.resource == resource) {
                        references.push(Reference { resource, own, ..NONE });
                    }
                });
            });
        }
    }

    fn resources(&self, text: &str, found: &mut dyn FnMut(u32, &Resource)) {
        let hash = hash(text);
        let Some(begin) = self.begins.get(&hash) else { return };
        let identifiers = self.history.identifiers.get(*begin as usize..).unwrap_or_default();
        for (_, number) in identifiers.iter().take_while(|(identifier, _)| *identifier == hash) {
            if let Some(resource) = self.history.resources.get(*number as usize) {
                found(*number, resource);
            }
        }
    }
}

const NONE: Reference = Reference { resource: 0, time: 0, event: 0, rule: None, bare: false, own: false };

fn push(references: &mut Vec<Reference>, new: Reference) {
    if !references.iter().any(|old| old.resource == new.resource && old.rule == new.rule) {
        references.push(new);
    }
}

struct Parts {
    request: Value,
    response: Value,
    resources: Value,
    details: Value,
}

/// What is no JSON names nothing.
fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// The scalars at a path of member names; lists are passed through.
fn values(value: &Value, path: &[&str], found: &mut dyn FnMut(&str)) {
    match (value, path) {
        (Value::Array(list), _) => list.iter().for_each(|item| values(item, path, found)),
        (Value::Object(members), [first, rest @ ..]) => {
            if let Some(member) = members.get(*first) {
                values(member, rest, found);
            }
        }
        (Value::String(text), []) => found(text),
        _ => {}
    }
}
