//! What holds now and will end some time: the statements of a resource's policies, and its exposures.

use std::borrow::Cow;

use coldtrail_diff::exposure::{self, Exposure, Surroundings, Unknown};
use coldtrail_diff::policy::{self, Statement};
use coldtrail_schema::Words;
use coldtrail_schema::tables::config_history::{ExposureRow, ExposureUnknownRow, PolicyStatementRow};

use super::{PARTS, Resource, Rows};
use crate::config::documents::Documents;
use crate::config::plan::Foreknowledge;

/// An item: when it was captured, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) time: i64,
    pub(super) object: Box<str>,
    pub(super) record: i64,
}

/// A statement with the path of its policy, and the text by which equal ones are known.
struct Said {
    path: String,
    canonical: String,
    statement: Statement,
}

#[derive(Default)]
pub(super) struct Open {
    statements: Vec<(Place, Said)>,
    exposures: Vec<(Place, Exposure)>,
    unknowns: Vec<(Place, Unknown)>,
}

/// What is known beside a document, as of a time.
struct Around<'p> {
    plan: &'p Foreknowledge,
    time: i64,
}

impl Surroundings for Around<'_> {
    fn is_ours(&self, account: &str) -> bool {
        self.plan.is_ours(account)
    }

    fn prefix_list(&self, id: &str) -> Option<Vec<String>> {
        self.plan.lists.at(id, self.time)
    }
}

impl Open {
    /// Takes over the documents of a new state: writes what ended, keeps what goes on, begins what is new.
    pub(super) fn turn(
        &mut self,
        documents: &Documents,
        resource: &Resource,
        place: &Place,
        plan: &Foreknowledge,
        rows: &mut Rows,
    ) {
        let policies = PARTS.iter().zip(documents).flat_map(|(part, document)| policy::policies(part, document));
        let now = policies.flat_map(|(path, all)| {
            let said =
                move |statement: Statement| Said { path: path.clone(), canonical: statement.canonical(), statement };
            all.into_iter().map(said)
        });
        let same = |old: &Said, new: &Said| old.path == new.path && old.canonical == new.canonical;
        for (from, said) in replace(&mut self.statements, now, place, same) {
            rows.statements.push(&statement_row(resource, &from, &said, Some(place.time)).row());
        }
        self.judge(documents, resource, place, plan, rows);
    }

    /// The same of exposures alone, when something that the documents refer to has changed.
    pub(super) fn judge(
        &mut self,
        documents: &Documents,
        resource: &Resource,
        place: &Place,
        plan: &Foreknowledge,
        rows: &mut Rows,
    ) {
        let [configuration, supplementary, ..] = documents;
        let around = Around { plan, time: place.time };
        let now = exposure::exposures(&resource.kind, &resource.account, &around, configuration, supplementary);
        for (from, exposure) in replace(&mut self.exposures, now.exposures.into_iter(), place, PartialEq::eq) {
            rows.exposures.push(&exposure_row(resource, &from, &exposure, Some(place)));
        }
        for (from, unknown) in replace(&mut self.unknowns, now.unknowns.into_iter(), place, PartialEq::eq) {
            rows.unknowns.push(&unknown_row(resource, &from, &unknown, Some(place)));
        }
    }

    /// Writes what still holds.
    pub(super) fn end(self, resource: &Resource, until: Option<&Place>, rows: &mut Rows) {
        for (from, said) in &self.statements {
            rows.statements.push(&statement_row(resource, from, said, until.map(|place| place.time)).row());
        }
        for (from, exposure) in &self.exposures {
            rows.exposures.push(&exposure_row(resource, from, exposure, until));
        }
        for (from, unknown) in &self.unknowns {
            rows.unknowns.push(&unknown_row(resource, from, unknown, until));
        }
    }
}

/// Puts what holds now in place of what held, which keeps its beginning where it is the same; gives what ended.
fn replace<T>(
    held: &mut Vec<(Place, T)>,
    now: impl Iterator<Item = T>,
    place: &Place,
    same: impl Fn(&T, &T) -> bool,
) -> Vec<(Place, T)> {
    let mut before = std::mem::take(held);
    for new in now {
        let known = before.iter().position(|(_, old)| same(old, &new));
        held.push(match known {
            Some(known) => before.remove(known),
            None => (place.clone(), new),
        });
    }
    before
}

/// The lists of a statement in the form of the table's cells.
struct StatementCells<'a> {
    resource: &'a Resource,
    from: &'a Place,
    path: &'a str,
    statement: &'a Statement,
    to: Option<i64>,
    lists: [Words; 6],
}

fn statement_row<'a>(resource: &'a Resource, from: &'a Place, said: &'a Said, to: Option<i64>) -> StatementCells<'a> {
    let Said { path, statement, .. } = said;
    let lists = [
        &statement.principals,
        &statement.not_principals,
        &statement.actions,
        &statement.not_actions,
        &statement.resources,
        &statement.not_resources,
    ];
    let lists = lists.map(|list| {
        let mut words = Words::default();
        list.iter().for_each(|word| words.push(word));
        words
    });
    StatementCells { resource, from, path, statement, to, lists }
}

fn text(text: &str) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(text))
}

impl StatementCells<'_> {
    fn row(&self) -> PolicyStatementRow<'_> {
        let [principals, notprincipals, actions, notactions, resources, notresources] = &self.lists;
        PolicyStatementRow {
            resource: self.resource.head(),
            path: text(self.path),
            sid: self.statement.sid.as_deref().map(Cow::Borrowed),
            effect: text(&self.statement.effect),
            principals: Some(principals),
            notprincipals: Some(notprincipals),
            actions: Some(actions),
            notactions: Some(notactions),
            resources: Some(resources),
            notresources: Some(notresources),
            conditions: self.statement.conditions.as_ref().map(|value| Cow::Owned(value.to_string())),
            valid_from: Some(self.from.time),
            valid_to: self.to,
            evidence_object: text(&self.from.object),
            evidence_record: Some(self.from.record),
        }
    }
}

fn exposure_row<'a>(
    resource: &'a Resource,
    from: &'a Place,
    exposure: &'a Exposure,
    to: Option<&'a Place>,
) -> ExposureRow<'a> {
    ExposureRow {
        resource: resource.head(),
        kind: text(exposure.kind),
        detail: text(&exposure.detail),
        path: text(&exposure.path),
        valid_from: Some(from.time),
        valid_to: to.map(|place| place.time),
        evidence_object: text(&from.object),
        evidence_record: Some(from.record),
        closing_object: to.and_then(|place| text(&place.object)),
        closing_record: to.map(|place| place.record),
    }
}

fn unknown_row<'a>(
    resource: &'a Resource,
    from: &'a Place,
    unknown: &'a Unknown,
    to: Option<&Place>,
) -> ExposureUnknownRow<'a> {
    ExposureUnknownRow {
        resource: resource.head(),
        reason: text(unknown.reason.name()),
        detail: text(&unknown.detail),
        path: text(&unknown.path).filter(|path| !path.is_empty()),
        valid_from: Some(from.time),
        valid_to: to.map(|place| place.time),
        evidence_object: text(&from.object),
        evidence_record: Some(from.record),
    }
}
