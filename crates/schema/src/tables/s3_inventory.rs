//! S3 Inventory: lists of objects, and their manifests.

use crate::column::{Event, InEvents, Role};
use crate::table_macro::table;

table! {
    /// One object, or version of an object, in an inventory of a bucket; or the manifest of an inventory.
    /// A later inventory says again what is still there, so an object has a row for each inventory that was collected.
    "s3_inventory", Common, Role::Event(Event {
        reference: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory.html",
        services: &[],
        athena: None,
        view: InEvents::Left("an inventory lists what is there; nobody did anything"),
    }),
    S3InventoryRow => S3InventoryRows, S3InventoryColumn, TABLE {
        /// What the row is: object or manifest.
        inventory_record: Text,
        /// The bucket that the inventory is of.
        bucket: Text,
        /// The key as it stands: URL-encoded in CSV, not in Parquet.
        key: Text,
        /// The name of the object.
        key_decoded: Text,
        /// The version; null where the bucket keeps none, or the inventory does not list them.
        version_id: Text,
        /// Is it the current version?
        is_latest: Flag,
        /// Is it a delete marker?
        is_delete_marker: Flag,
        /// Bytes, without incomplete uploads and metadata.
        size: Int,
        /// When the object was created or last modified, whichever is later; `event_time` is the same.
        last_modified_date: Time,
        /// The entity tag, a hash of the content unless it came in parts or is encrypted with a key.
        e_tag: Text,
        /// The storage class.
        storage_class: Text,
        /// Was it uploaded in parts?
        is_multipart_uploaded: Flag,
        /// PENDING, COMPLETED, FAILED or REPLICA.
        replication_status: Text,
        /// SSE-S3, SSE-KMS, DSSE-KMS, SSE-C or NOT-SSE.
        encryption_status: Text,
        /// Until when it can not be deleted.
        object_lock_retain_until_date: Time,
        /// GOVERNANCE or COMPLIANCE.
        object_lock_mode: Text,
        /// Is it under a legal hold: ON or OFF?
        object_lock_legal_hold_status: Text,
        /// The access tier, for objects in Intelligent-Tiering.
        intelligent_tiering_access_tier: Text,
        /// Is it encrypted with a bucket key: ENABLED or DISABLED?
        bucket_key_status: Text,
        /// The algorithm of its checksum.
        checksum_algorithm: Text,
        /// Its access control list: `{"version", "status", "grants": [{"canonicalId" or "uri", "type", "permission"}]}`.
        object_access_control_list: Json,
        /// The canonical user id of its owner.
        object_owner: Key,
        /// For manifests: the manifest, with the columns of the inventory (`fileSchema`) and its `files` with their MD5.
        manifest: Json,
        /// Everything in the record that has no column of its own.
        extra: Json,
    }
}
