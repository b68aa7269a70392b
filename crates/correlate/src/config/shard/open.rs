//! What holds now and will end some time: the statements of a resource's policies, and its exposures.

use std::borrow::Cow;

use coldtrail_diff::exposure::{self, Exposure};
use coldtrail_diff::policy::{self, Statement};
use coldtrail_schema::Words;
use coldtrail_schema::tables::config_history::{ExposureRow, ExposureRows, PolicyStatementRow, PolicyStatementRows};

use super::{PARTS, Resource};
use crate::config::documents::Documents;
use crate::config::plan::Plan;

/// An item: when it was captured, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) time: i64,
    pub(super) object: Box<str>,
    pub(super) record: i64,
}

#[derive(Default)]
pub(super) struct Open {
    statements: Vec<(Place, String, Statement)>,
    exposures: Vec<(Place, Exposure)>,
}

impl Open {
    /// Takes over the documents of a new state: writes what ended, keeps what goes on, begins what is new.
    pub(super) fn turn(
        &mut self,
        documents: &Documents,
        resource: &Resource,
        place: &Place,
        plan: &Plan,
        statements: &mut PolicyStatementRows,
        exposures: &mut ExposureRows,
    ) {
        let now: Vec<(String, Statement)> = PARTS
            .iter()
            .zip(documents)
            .flat_map(|(part, document)| policy::policies(part, document))
            .flat_map(|(path, all)| all.into_iter().map(move |statement| (path.clone(), statement)))
            .collect();
        let mut before = std::mem::take(&mut self.statements);
        for (path, statement) in now {
            let canonical = statement.canonical();
            let known = before.iter().position(|(_, at, known)| *at == path && known.canonical() == canonical);
            self.statements.push(match known {
                Some(known) => before.remove(known),
                None => (place.clone(), path, statement),
            });
        }
        for (from, path, statement) in &before {
            statements.push(&statement_row(resource, from, path, statement, Some(place.time)).row());
        }
        let [configuration, supplementary, ..] = documents;
        let known = |account: &str| plan.is_ours(account);
        let now = exposure::exposures(&resource.kind, &resource.account, &known, configuration, supplementary);
        let mut before = std::mem::take(&mut self.exposures);
        for new in now {
            let known = before
                .iter()
                .position(|(_, old)| (old.kind, &old.detail, &old.path) == (new.kind, &new.detail, &new.path));
            self.exposures.push(match known {
                Some(known) => before.remove(known),
                None => (place.clone(), new),
            });
        }
        for (from, exposure) in &before {
            exposures.push(&exposure_row(resource, from, exposure, Some(place)));
        }
    }

    /// Writes what still holds.
    pub(super) fn end(
        self,
        resource: &Resource,
        until: Option<&Place>,
        statements: &mut PolicyStatementRows,
        exposures: &mut ExposureRows,
    ) {
        for (from, path, statement) in &self.statements {
            statements.push(&statement_row(resource, from, path, statement, until.map(|place| place.time)).row());
        }
        for (from, exposure) in &self.exposures {
            exposures.push(&exposure_row(resource, from, exposure, until));
        }
    }
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

fn statement_row<'a>(
    resource: &'a Resource,
    from: &'a Place,
    path: &'a str,
    statement: &'a Statement,
    to: Option<i64>,
) -> StatementCells<'a> {
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
