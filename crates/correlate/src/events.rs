//! CloudTrail's events, day by day: who acted in which session, which calls name which resource, who handed
//! credentials to whom, what was seen first.

mod calls;
mod firsts;
mod grants;
mod identity;
mod sessions;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::path::Path;

use coldtrail_lake::{LakeFile, Snapshot};
use coldtrail_schema::arrow::array::RecordBatch;
use coldtrail_schema::tables::cloudtrail::{self, CloudtrailColumn as Column};
use coldtrail_schema::tables::common::position;
use hashbrown::HashMap;
use rayon::prelude::*;

pub(crate) use calls::{Event, Reference};
pub(crate) use grants::Chains;

use crate::Progress;
use crate::columns::Columns;
use crate::config::History;
use crate::coverage::Coverage;
use crate::error::Result;
use crate::knowledge::Knowledge;
use crate::names::Names;
use crate::output::Output;
use calls::{Document, Finder};
use firsts::Firsts;
use grants::Grants;
use sessions::Sessions;

/// What the events come to.
pub(crate) struct Events {
    pub(crate) names: Names,
    pub(crate) events: Vec<Event>,
    /// Sorted by resource and time.
    pub(crate) references: Vec<Reference>,
    pub(crate) coverage: Coverage,
    pub(crate) chains: Chains,
    sessions: Sessions,
    firsts: Firsts,
    grants: Grants,
    /// Rows without a time.
    pub(crate) undated: u64,
}

/// One row, as far as sessions and the like need it.
pub(crate) struct Row<'b> {
    pub(crate) time: i64,
    pub(crate) object: &'b str,
    pub(crate) record: i64,
    pub(crate) account: Option<&'b str>,
    pub(crate) region: Option<&'b str>,
    pub(crate) error_class: &'b str,
    pub(crate) is_write: bool,
    pub(crate) session_id: Option<&'b str>,
    pub(crate) kind: Option<&'b str>,
    pub(crate) principal: Option<&'b str>,
    pub(crate) arn: Option<&'b str>,
    pub(crate) principal_account: Option<&'b str>,
    pub(crate) key: Option<&'b str>,
    pub(crate) user: Option<&'b str>,
    pub(crate) invoked_by: Option<&'b str>,
    /// The Identity Center user, the store of users, and the credential.
    pub(crate) person: Option<&'b str>,
    pub(crate) store: Option<&'b str>,
    pub(crate) credential: Option<&'b str>,
    /// Were the credentials handed out by an instance's metadata? AWS writes it, not the caller.
    pub(crate) of_instance: bool,
    pub(crate) issued: Option<i64>,
    pub(crate) mfa: Option<bool>,
    pub(crate) issuer: Option<&'b str>,
    pub(crate) source_identity: Option<&'b str>,
    pub(crate) source: &'b str,
    pub(crate) name: &'b str,
    pub(crate) ip: Option<&'b str>,
    pub(crate) agent: Option<&'b str>,
    pub(crate) event_id: Option<&'b str>,
    pub(crate) shared: Option<&'b str>,
    pub(crate) event_type: Option<&'b str>,
    pub(crate) console: bool,
}

impl<'b> Row<'b> {
    /// None when the row has no time: there is no place for it in any order.
    fn read(columns: &Columns, batch: &'b RecordBatch, row: usize) -> Option<Row<'b>> {
        let part = |column: Column| columns.texts(batch, column.position()).get(row);
        let flag = |column: Column| columns.flags(batch, column.position()).get(row);
        let text = |column: usize| columns.texts(batch, column).get(row);
        Some(Row {
            time: columns.times(batch, position::TIME).get(row)?,
            object: text(position::OBJECT)?,
            record: columns.integers(batch, position::RECORD).get(row)?,
            account: text(position::ACCOUNT),
            region: text(position::REGION),
            error_class: part(Column::error_class).unwrap_or_default(),
            is_write: flag(Column::is_write).unwrap_or_default(),
            session_id: part(Column::session_id),
            kind: part(Column::useridentity_type),
            principal: part(Column::useridentity_principalid),
            arn: part(Column::useridentity_arn),
            principal_account: part(Column::useridentity_accountid),
            key: part(Column::useridentity_accesskeyid),
            user: part(Column::useridentity_username),
            invoked_by: part(Column::useridentity_invokedby),
            person: part(Column::useridentity_onbehalfof_userid),
            store: part(Column::useridentity_onbehalfof_identitystorearn),
            credential: part(Column::useridentity_credentialid),
            of_instance: part(Column::useridentity_sessioncontext_ec2roledelivery).is_some(),
            issued: columns
                .times(batch, Column::useridentity_sessioncontext_attributes_creationdate.position())
                .get(row),
            mfa: flag(Column::useridentity_sessioncontext_attributes_mfaauthenticated),
            issuer: part(Column::useridentity_sessioncontext_sessionissuer_arn),
            source_identity: part(Column::useridentity_sessioncontext_sourceidentity),
            source: part(Column::eventsource).unwrap_or_default(),
            name: part(Column::eventname).unwrap_or_default(),
            ip: part(Column::sourceipaddress),
            agent: part(Column::useragent),
            event_id: part(Column::eventid),
            shared: part(Column::sharedeventid),
            event_type: part(Column::eventtype),
            console: flag(Column::sessioncredentialfromconsole).unwrap_or_default(),
        })
    }

    pub(crate) fn succeeded(&self) -> bool {
        self.error_class == "success"
    }

    /// Did an AWS service act on its own, rather than a person or a workload?
    pub(crate) fn is_service(&self) -> bool {
        self.kind == Some("AWSService")
            || self.event_type == Some("AwsServiceEvent")
            || self.invoked_by.is_some_and(|by| by.ends_with(".amazonaws.com"))
            || self.issuer.is_some_and(|issuer| issuer.contains(":role/aws-service-role/"))
    }

    /// The user, role or service, without the session.
    pub(crate) fn actor(&self) -> Option<&'b str> {
        self.issuer.or(self.person).or(self.arn).or(self.principal).or(self.invoked_by)
    }
}

/// The columns of `cloudtrail` that every row is asked for.
fn columns() -> Columns {
    use Column::*;
    let named = [
        error_class,
        is_write,
        session_id,
        useridentity_type,
        useridentity_principalid,
        useridentity_arn,
        useridentity_accountid,
        useridentity_accesskeyid,
        useridentity_username,
        useridentity_invokedby,
        useridentity_credentialid,
        useridentity_onbehalfof_userid,
        useridentity_onbehalfof_identitystorearn,
        useridentity_sessioncontext_ec2roledelivery,
        useridentity_sessioncontext_attributes_creationdate,
        useridentity_sessioncontext_attributes_mfaauthenticated,
        useridentity_sessioncontext_sessionissuer_arn,
        useridentity_sessioncontext_sourceidentity,
        eventsource,
        eventname,
        sourceipaddress,
        useragent,
        eventid,
        sharedeventid,
        eventtype,
        sessioncredentialfromconsole,
    ];
    let common = [position::OBJECT, position::RECORD, position::TIME, position::ACCOUNT, position::REGION];
    Columns::new(common.into_iter().chain(named.map(Column::position)))
}

/// A file, read, with what its documents say.
struct Read {
    batches: Vec<RecordBatch>,
    /// By the number of the row in the file.
    documents: HashMap<usize, Document>,
}

fn read(columns: &Columns, file: &LakeFile, finder: &Finder<'_>) -> Result<Read> {
    let batches = columns.read(file)?;
    let mut wanted = Vec::new();
    let mut first = 0;
    for batch in &batches {
        for at in 0..batch.num_rows() {
            let row = Row::read(columns, batch, at);
            if row.is_some_and(|row| row.succeeded() && (row.is_write || grants::hands_out(row.name))) {
                wanted.push(first + at);
            }
        }
        first += batch.num_rows();
    }
    let documents = finder.read(columns, file, &batches, &wanted)?;
    Ok(Read { batches, documents })
}

/// Reads every event.
pub(crate) fn events(
    snapshot: &Snapshot,
    history: &History,
    knowledge: &Knowledge,
    progress: &dyn Progress,
) -> Result<Events> {
    let finder = Finder::new(history, knowledge);
    let columns = columns();
    let mut all = Events {
        names: Names::default(),
        events: Vec::new(),
        references: Vec::new(),
        coverage: Coverage::default(),
        chains: Chains::default(),
        sessions: Sessions::default(),
        firsts: Firsts::default(),
        grants: Grants::default(),
        undated: 0,
    };
    for day in snapshot.files(cloudtrail::TABLE.name).chunk_by(|a, b| a.date == b.date) {
        let read: Result<Vec<Read>> = day.par_iter().map(|file| read(&columns, file, &finder)).collect();
        let mut read = read?;
        let rows = all.day(&columns, &mut read);
        progress.done(rows as u64);
    }
    all.references.sort_unstable_by_key(|reference| (reference.resource, reference.time, reference.event));
    all.chains = Chains::new(&all.grants, &all.sessions, &mut all.names);
    Ok(all)
}

impl Events {
    /// Takes the rows of a day in order of time.
    fn day(&mut self, columns: &Columns, read: &mut [Read]) -> usize {
        let mut documents: Vec<HashMap<usize, Document>> =
            read.iter_mut().map(|read| std::mem::take(&mut read.documents)).collect();
        let mut rows: Vec<(usize, usize, Row<'_>)> = Vec::new();
        for (file, read) in read.iter().enumerate() {
            let mut first = 0;
            for batch in &read.batches {
                for at in 0..batch.num_rows() {
                    match Row::read(columns, batch, at) {
                        Some(row) => rows.push((file, first + at, row)),
                        None => self.undated += 1,
                    }
                }
                first += batch.num_rows();
            }
        }
        let order = |a: &(usize, usize, Row<'_>), b: &(usize, usize, Row<'_>)| -> Ordering {
            (a.2.time, a.2.object, a.2.record).cmp(&(b.2.time, b.2.object, b.2.record))
        };
        rows.par_sort_by(order);
        for (file, at, row) in &rows {
            let document = documents.get_mut(*file).and_then(|documents| documents.remove(at));
            self.row(row, document);
        }
        rows.len()
    }

    fn row(&mut self, row: &Row<'_>, document: Option<Document>) {
        self.coverage.add(&mut self.names, row);
        let object = self.names.number(row.object);
        let session = self.sessions.add(&mut self.names, row, object);
        self.firsts.add(&mut self.names, row, object, session);
        let Some(document) = document else { return };
        if let Some(grant) = document.grant {
            self.grants.add(&mut self.names, row, session, object, *grant);
        }
        if document.references.is_empty() {
            return;
        }
        let number = u32::try_from(self.events.len()).unwrap_or(u32::MAX);
        self.events.push(Event::new(&mut self.names, row, session, object, document.marks));
        let references = document.references.into_iter();
        self.references.extend(references.map(|found| Reference { event: number, time: row.time, ..found }));
    }

    /// Writes what was seen of sessions and the like.
    pub(crate) fn write(&mut self, lake: &Path, files: &mut Vec<coldtrail_lake::NewFile>) -> Result<(u64, u64)> {
        use coldtrail_schema::tables::sessions as tables;
        let mut output = |table, time, batches: Vec<RecordBatch>| -> Result<u64> {
            let mut output = Output::new(lake, table, Some(time));
            batches.into_iter().try_for_each(|batch| output.push(batch))?;
            let (written, rows) = output.finish()?;
            files.extend(written);
            Ok(rows)
        };
        self.sessions.count_firsts(&self.firsts);
        let sessions = self.sessions.rows(&self.names, &self.chains);
        let sessions = output(&tables::SESSIONS, tables::SessionColumn::first_time.position(), sessions)?;
        let edges = self.chains.rows(&self.grants, &self.sessions, &self.names);
        let edges = output(&tables::SESSION_EDGES, tables::SessionEdgeColumn::event_time.position(), edges)?;
        let firsts = self.firsts.rows(&self.names);
        output(&tables::FIRST_SEEN, tables::FirstSeenColumn::first_time.position(), firsts)?;
        Ok((sessions, edges))
    }

    /// The session's id, its actor at the root of the chain, and the chain.
    pub(crate) fn who(&self, session: u32) -> (Option<&str>, Option<&str>, Vec<&str>) {
        let id = self.sessions.id(session).map(|id| self.names.text(id));
        let (root, chain) = self.chains.of(session, &self.names);
        (id, root, chain)
    }
}
