//! CloudTrail digest files.

use crate::column::{Event, InEvents, Role};
use crate::table_macro::table;

table! {
    /// One CloudTrail digest: which log files were delivered in an hour, with their hashes.
    "cloudtrail_digests", Common, Role::Event(Event {
        reference: "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html",
        services: &["CloudTrail-Digest"],
        athena: None,
        view: InEvents::Left("a digest lists files that were delivered; nobody did anything"),
    }),
    DigestRow => DigestRows, DigestColumn, TABLE {
        /// The account whose log files the digest lists.
        awsaccountid: Text,
        /// Begin of the hour of delivery that the digest covers.
        digeststarttime: Time,
        /// End of that hour; `event_time` is the same.
        digestendtime: Time,
        /// The bucket into which the digest was delivered.
        digests3bucket: Text,
        /// The key under which it was delivered.
        digests3object: Text,
        /// Names the public key: MD5 of its DER form, in hexadecimal.
        digestpublickeyfingerprint: Text,
        /// SHA256withRSA.
        digestsignaturealgorithm: Text,
        /// The newest event in the listed files; null when there are none.
        newesteventtime: Time,
        /// The oldest event in the listed files.
        oldesteventtime: Time,
        /// Where the digest before this one lies; null in the first of a chain.
        previousdigests3bucket: Text,
        /// Its key.
        previousdigests3object: Text,
        /// Its SHA-256 in hexadecimal.
        previousdigesthashvalue: Text,
        /// SHA-256.
        previousdigesthashalgorithm: Text,
        /// Its signature in hexadecimal.
        previousdigestsignature: Text,
        /// The listed log files: `[{"s3Bucket", "s3Object", "hashValue", "hashAlgorithm", "newestEventTime", "oldestEventTime"}]`.
        logfiles: Json,
        /// How many log files are listed; 0 is AWS's word that nothing was delivered.
        logfile_count: Int,
        /// Everything in the digest that has no column of its own.
        extra: Json,
    }
}
