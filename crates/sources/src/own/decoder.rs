//! Records to rows, as a definition says.

use std::borrow::Cow;
use std::sync::Arc;

use coldtrail_schema::tables::common::EVENT_TIME;
use coldtrail_schema::tables::own_logs::{OwnLogRow, OwnLogRows};
use coldtrail_schema::{Common, Pivots, Rows};

use super::definition::{Definition, Field, Pivot};
use super::shape::{Found, Values};
use super::times::rotated;
use super::values::{Fit, read};
use crate::canonical::Canonical;
use crate::fields::{Extra, Fields, json_hash, pivots_of, words};
use crate::framing::Record;
use crate::source::{Decoded, Decoder, Head, Mistyped, Reject};
use crate::time::Years;

pub(super) struct OwnDecoder {
    definition: Arc<Definition>,
    account: Option<String>,
    region: Option<String>,
    /// When the file was written, as far as its key tells.
    written: Option<i64>,
    years: Years,
    mistyped: Mistyped,
    rows: OwnLogRows,
    pivots: Pivots,
    scratch: Canonical,
}

impl OwnDecoder {
    pub(super) fn new(definition: Arc<Definition>) -> OwnDecoder {
        OwnDecoder {
            definition,
            account: None,
            region: None,
            written: None,
            years: Years::default(),
            mistyped: Mistyped::default(),
            rows: OwnLogRows::default(),
            pivots: Pivots::default(),
            scratch: Canonical::default(),
        }
    }

    /// When it happened. What is no time stays in the extra.
    fn time(&self, definition: &Definition, values: &Values<'_>, extra: &mut Extra) -> Option<i64> {
        let found = definition.time.of(values)?;
        let text = found.text();
        let micros = definition.form.read(&text, self.written).filter(|micros| self.years.hold(*micros));
        if micros.is_none() && !text.trim().is_empty() {
            // The value may be a field as well, which keeps its name.
            extra.put(&[EVENT_TIME], &found.raw());
            extra.mistype(EVENT_TIME);
        }
        micros
    }

    /// The fields, as members of an object.
    fn fields(&self, definition: &Definition, values: &Values<'_>, extra: &mut Extra) -> Extra {
        let mut members = Extra::default();
        for field in &definition.fields {
            let Some(found) = field.take.of(values) else { continue };
            match read(&found, field.kind, self.years) {
                Fit::Null => {}
                Fit::Fits(json) => members.put(&[&field.name], &json),
                Fit::Misfit => {
                    extra.put(&[&field.name], &found.raw());
                    extra.mistype(&field.name);
                }
            }
        }
        if let (Values::Members(row), true) = (values, definition.takes_rest) {
            let is_known = |name: &str| {
                // Of what a field takes a part, the whole stays.
                let is_it =
                    |field: &Field| field.name == name || (field.take.from == name && field.take.pattern.is_none());
                name == definition.time.from || definition.fields.iter().any(is_it)
            };
            for (name, value) in row.entries().filter(|(name, value)| !value.is_null() && !is_known(name)) {
                members.put(&[&name], value.raw());
            }
        }
        members
    }

    /// What an analyst pivots on: first what the definition names, then what is told by its form anywhere in the record.
    /// Gives the first of the actors.
    fn pivot<'v>(&mut self, definition: &Definition, values: &Values<'v>, record: &Record<'_>) -> Option<Cow<'v, str>> {
        self.pivots.clear();
        let mut actor = None;
        for (pivot, take) in &definition.pivots {
            let text = take.of(values).as_ref().map(Found::text);
            let Some(text) = text.filter(|text| !matches!(text.trim(), "" | "-")) else { continue };
            match pivot {
                Pivot::Address => self.pivots.addresses(&text),
                Pivot::Key => self.pivots.keys.push(text.trim()),
                Pivot::Arn => self.pivots.classify(text.trim()),
                Pivot::Resource => self.pivots.resources.push(text.trim()),
                Pivot::Actor => {
                    self.pivots.actors.push(text.trim());
                    actor = actor.or(Some(text));
                }
            }
        }
        match record.tape.is_empty() {
            true => words(record.text, &mut self.pivots),
            false => pivots_of(record.text, record.tape, &mut self.pivots),
        }
        actor
    }
}

impl Decoder for OwnDecoder {
    fn begin(&mut self, head: &Head<'_>, years: Years) {
        let definition = Arc::clone(&self.definition);
        *self = OwnDecoder {
            account: definition.account.clone().or_else(|| head.key.account.clone()),
            region: definition.region.clone().or_else(|| head.key.region.clone()),
            written: head.key.delivery_time.or_else(|| rotated(head.name)),
            years,
            rows: std::mem::take(&mut self.rows),
            ..OwnDecoder::new(definition)
        };
    }

    fn entries(&self) -> Option<Box<dyn crate::framing::Entries>> {
        self.definition.entries()
    }

    fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        let definition = Arc::clone(&self.definition);
        let values = definition.shape.values(definition.name(), record)?;
        let mut fields = Fields::of(record, self.years);
        fields.envelope(record.envelope, &[]);
        let event_time = self.time(&definition, &values, &mut fields.extra);
        let members = self.fields(&definition, &values, &mut fields.extra);
        let actor = self.pivot(&definition, &values, record);
        let outcome = definition.outcome.as_ref();
        let error_class = outcome.and_then(|outcome| Some(outcome.class(outcome.take.of(&values)?.text().trim())));
        let hash = json_hash(definition.name(), record.text, record.tape, &mut self.scratch);
        let row = OwnLogRow {
            error_class: error_class.map(Cow::Borrowed),
            is_write: None,
            session_id: None,
            log: Some(Cow::Borrowed(definition.name())),
            definition: Some(Cow::Borrowed(definition.hash())),
            actor,
            message: Some(Cow::Borrowed(record.text)),
            // What did not fit is counted once, with the extra.
            fields: Some(Cow::Owned(members.finish(&mut Mistyped::default()).unwrap_or_else(|| "{}".to_owned()))),
            extra: fields.extra.finish(&mut self.mistyped).map(Cow::Owned),
        };
        let common = Common {
            record: record.ordinal,
            offset: record.offset,
            event_time,
            account: self.account.as_deref().map(Cow::Borrowed),
            region: self.region.as_deref().map(Cow::Borrowed),
            pivots: &self.pivots,
            hash,
            // Lines have no identity: two equal ones may be two events.
            unique: false,
        };
        self.rows.push(&common, &row);
        Ok(Decoded::Row)
    }

    fn rows(&mut self) -> &mut dyn Rows {
        &mut self.rows
    }

    fn mistyped(&self) -> &Mistyped {
        &self.mistyped
    }
}
