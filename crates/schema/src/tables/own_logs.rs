//! Logs that a definition of the user's describes.

use crate::column::{Event, InEvents, Role};
use crate::table_macro::table;

table! {
    /// One record of a log that is of no kind known here, and that a definition in `sources/` of the case describes; each definition has a view of its own name, with its fields as columns.
    "own_logs", Common, Role::Event(Event {
        reference: "../own-sources.md",
        services: &[],
        athena: None,
        view: InEvents::Rows,
    }),
    OwnLogRow => OwnLogRows, OwnLogColumn, TABLE {
        /// How it ended, if the definition says by which field: success, login_failed, denied, throttled, invalid, and other for the rest; null where the field is missing.
        error_class: Text,
        /// Always null: whether anything was changed a definition does not say.
        is_write: Flag,
        /// Null: a definition knows no session.
        session_id: Key,
        /// The name of the definition.
        log: Key,
        /// The first 16 hexadecimal digits of the SHA-256 of the definition's text.
        definition: Text,
        /// Who did it: the first of the fields that the definition names as actors.
        actor: Key,
        /// The record as it stands in the file; of CSV, the row as JSON.
        message: Text,
        /// The fields of the definition, as one JSON object; instants as text in UTC.
        fields: Json,
        /// What did not fit its type, as it was written, under the name of the field; a time that is none or was not understood; what stood around the record.
        extra: Json,
    }
}
