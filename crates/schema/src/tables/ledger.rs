//! The account of every object: what was read, what was not, and what was there twice.

use crate::column::Role;
use crate::table_macro::table;

table! {
    /// One collected file, and what became of it. `records = kept + duplicates + rejects` always holds.
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
        /// ingested, empty, unrecognised, failed or duplicate (the same bytes as an earlier object).
        status: Text,
        /// Why it is not ingested, or what is wrong with it.
        reason: Text,
        /// What is damaged in its container: gzip data ends early, bytes after the end, and so on.
        damage: Text,
        /// How many records were found in it.
        records: Int,
        /// How many of them are rows.
        kept: Int,
        /// How many of them were there already.
        duplicates: Int,
        /// How many of them were not understood.
        rejects: Int,
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
        /// Its bytes, cut at 64 KiB; `coldtrail record` shows all.
        raw: Bytes,
    }
}

table! {
    /// One record that was there already: the same record delivered, or the same object collected, twice.
    "duplicates", None, Role::Ledger, DuplicateRow => DuplicateRows, DuplicateColumn, DUPLICATES {
        /// The table that holds the row that was kept.
        source: Text,
        /// The object of the record that was left out.
        evidence_object: Id,
        /// Which record of that object.
        evidence_record: Int,
        /// The object of the row that was kept.
        kept_object: Id,
        /// Which record of that object.
        kept_record: Int,
    }
}
