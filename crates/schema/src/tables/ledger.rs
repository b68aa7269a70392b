//! The account of every object: what was read, what was not, and what was there twice.

use crate::column::Role;
use crate::table_macro::table;

table! {
    /// One collected file, and what the present sources and limits make of it. Records are counted where they are
    /// framed, and compared with what became of them: `records = kept + duplicates + rejects`.
    "objects", None, Role::Ledger, ObjectRow => ObjectRows, ObjectColumn, OBJECTS {
        /// Names the object: 32 hexadecimal digits made from its key and its SHA-256.
        evidence_object: Id,
        /// SHA-256 of the object as stored, hexadecimal.
        sha256: Id,
        /// SHA-256 of the inflated content, hexadecimal; null when it could not be inflated to its end.
        inflated_sha256: Text,
        /// Where it lay: the key, or the path below the folder that was added; members of archives after `!/`.
        key: Text,
        /// Bytes as stored.
        size: Int,
        /// Bytes inflated.
        inflated_size: Int,
        /// The source as which it was recognised; null when it was not.
        source: Text,
        /// How its records are framed, such as `json`, `lines`, `parquet`.
        format: Text,
        /// How near to the log its records are: log (as the service wrote them), wrapped (inside other records) or export (out of a table, or turned into another format).
        form: Text,
        /// ingested, empty, unrecognised, failed or duplicate (the same bytes as an earlier object).
        status: Text,
        /// Why it is not ingested, or what is wrong with it.
        reason: Text,
        /// What is damaged in its container: gzip data ends early, bytes after the end, and so on.
        damage: Text,
        /// How many records were found in it; of a failed one, before it failed.
        records: Int,
        /// How many of them are rows.
        kept: Int,
        /// How many of them stand in a table as another copy, which is told by the table `duplicates`.
        duplicates: Int,
        /// How many of them were not understood.
        rejects: Int,
        /// How many values of its rows their columns could not take, because they were of another type or not
        /// understood: `{"column": count}`; they stand in `extra`. Null when there are none.
        mistyped: Json,
        /// The account in its key.
        account: Text,
        /// The region in its key.
        region: Text,
        /// The time in its key: when AWS delivered it.
        delivery_time: Time,
        /// The earliest event in it.
        first_event_time: Time,
        /// The latest event in it.
        last_event_time: Time,
        /// How it is compressed, outermost first, such as `gzip`.
        layers: Text,
        /// How many gzip members it has.
        members: Int,
        /// What the provider told about it: ETag, version, user metadata.
        metadata: Json,
        /// How many comments, headers and control messages it has; they are no records.
        comments: Int,
        /// How many records (kept or duplicates) have no time, or one that cannot be true: no answer about a period has
        /// them.
        undated: Int,
        /// What judged it: the way of reading, the source and its version, or the list of all sources where none knew
        /// it; and the limits, where they cut it. What another basis would judge is taken again by the next `ingest`.
        basis: Text,
    }
}

table! {
    /// One record that was not understood, with its bytes and the reason.
    "rejects", None, Role::Ledger, RejectRow => RejectRows, RejectColumn, REJECTS {
        /// The object that it stands in.
        evidence_object: Id,
        /// Which record of the object, counted from 1.
        evidence_record: Int,
        /// The byte at which it begins in the inflated object.
        evidence_offset: Int,
        /// The source as which it was read.
        source: Text,
        /// The field that was wrong, where one was.
        field: Text,
        /// What was wrong.
        reason: Text,
        /// How many bytes it has.
        size: Int,
        /// How many records it tells of: one; behind the first 100,000 of an object, up to 1,000 within these bytes.
        records: Int,
        /// Its bytes, cut at 64 KiB; `coldtrail record` shows all.
        raw: Bytes,
    }
}

table! {
    /// One record that stands in its table as another copy: the same record delivered, or the same object collected,
    /// twice. The copy that can be proven best is the row: a file under CloudTrail's own key, then a log under the name
    /// that AWS gave it, then others; of equal ones the first delivered, then the first key.
    "duplicates", None, Role::Ledger, DuplicateRow => DuplicateRows, DuplicateColumn, DUPLICATES {
        /// The table that holds the row.
        source: Text,
        /// The object of the copy that is not the row.
        evidence_object: Id,
        /// Which record of that object.
        evidence_record: Int,
        /// The object of the row.
        kept_object: Id,
        /// Which record of that object.
        kept_record: Int,
    }
}
