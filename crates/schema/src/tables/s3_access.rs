//! S3 server access logs.

use crate::column::{Event, InEvents, Role};
use crate::table_macro::table;

table! {
    /// One request to a bucket, as S3's server access log tells it (best effort: it may be late, doubled or missing).
    "s3_access", Common, Role::Event(Event {
        reference: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html",
        services: &[],
        athena: Some("s3_access_logs"),
        view: InEvents::Rows,
    }),
    S3AccessRow => S3AccessRows, S3AccessColumn, TABLE {
        /// How it ended, by one word for all services: success, denied, throttled, invalid or other.
        error_class: Text,
        /// Did the operation change anything? True for the actions write and delete, null for operations that are not known.
        is_write: Flag,
        /// Which stretch of acting it belongs to: the requester, or the address of an anonymous one.
        session_id: Key,
        /// Can the line be split in more than one way, because a value that the client wrote contains quotes? Then status and sizes are read from the end of the line and the client's own values may be cut wrongly; the whole line is in `extra`.
        parse_ambiguous: Flag,
        /// The canonical user id of the owner of the bucket.
        bucketowner: Text,
        /// The bucket.
        bucket_name: Text,
        /// Where the request came from; null when S3 itself acted.
        remoteip: Key,
        /// Who asked: a canonical user id, an ARN, a service; null when anonymous.
        requester: Key,
        /// The id that S3 gave the request; equal to CloudTrail's `requestid` of the same request. Not unique.
        requestid: Id,
        /// What was done, such as `REST.GET.OBJECT`.
        operation: Text,
        /// The key asked for, as logged: URL-encoded.
        key: Text,
        /// The name of the object, as CloudTrail has it: S3 encodes the key twice in most lines and once in those of `BATCH.*` and `S3.*`; where the request line shows how often, that counts.
        key_decoded: Text,
        /// The request line, as the client wrote it.
        request_uri: Text,
        /// The HTTP status.
        httpstatus: Int,
        /// S3's error code.
        errorcode: Text,
        /// Bytes sent, without protocol overhead.
        bytessent: Int,
        /// The whole size of the object, in bytes.
        objectsize: Int,
        /// Milliseconds from receipt to the last byte sent.
        totaltime: Int,
        /// Milliseconds that S3 spent.
        turnaroundtime: Int,
        /// The referrer, as the client wrote it.
        referrer: Text,
        /// What the client says it is.
        useragent: Text,
        /// The version of the object that was asked for.
        versionid: Text,
        /// S3's extended request id; equal to `x-amz-id-2` in CloudTrail.
        hostid: Text,
        /// How the request was signed: SigV2, SigV4, or null.
        sigv: Text,
        /// The TLS cipher.
        ciphersuite: Text,
        /// AuthHeader, QueryString (a presigned URL) or null.
        authtype: Text,
        /// The host that the client asked.
        endpoint: Text,
        /// The TLS version.
        tlsversion: Text,
        /// The access point through which it came.
        accesspointarn: Text,
        /// `Yes` when an access control list was needed to allow it.
        aclrequired: Text,
        /// The region from which the request came (newest logs only).
        sourceregion: Text,
        /// The access key id of a presigned URL.
        presigned_accesskeyid: Key,
        /// What the operation does, by the one table of operations: read (hands out the content of an object; the source half of a copy too), write (an object, a part or a setting), list (hands out names), delete, or other (properties, settings and operations that are not known).
        action: Text,
        /// How many bytes of an object a successful read took: the bytes sent, or for `REST.COPY.OBJECT_GET`, which sends nothing, the object's size. Null for all else, and for `REST.COPY.PART_GET`, of which the log does not say how large the part was: at most `objectsize`.
        bytes_read: Int,
        /// Everything in the line that has no column: fields that AWS appended later, under `fields`; the whole line, under `line`, when it was ambiguous.
        extra: Json,
    }
}
