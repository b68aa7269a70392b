//! What `coldtrail verify` found out about CloudTrail's digests and log files; each verification takes the place of
//! the one before.

use crate::column::Role;
use crate::table_macro::table;

table! {
    /// One CloudTrail digest file and whether it is what CloudTrail delivered; or a time for which a digest is missing.
    "digest_verdicts", None, Role::Verdict, DigestVerdictRow => DigestVerdictRows, DigestVerdictColumn, DIGEST_VERDICTS {
        /// The collected object; null for a time without a digest.
        evidence_object: Id,
        /// verified, contradicted or not checkable.
        verdict: Text,
        /// In a word: sound, malformed, appended, moved, bad signature, replaced, fork, unsigned, key missing; of a
        /// time without a digest: missing, gap, discontinuity, uncovered.
        state: Text,
        /// Why, in words.
        reason: Text,
        /// True when the content is verified but something about it should be looked at.
        flagged: Flag,
        /// The bucket into which it was delivered, as it is signed.
        digests3bucket: Text,
        /// The key under which it was delivered, as it is signed.
        digests3object: Key,
        /// The organisation, if it is the trail of one.
        organisation: Text,
        /// The account whose log files it lists.
        account: Text,
        /// The region whose log files it lists.
        region: Text,
        /// The name of the trail.
        trail: Text,
        /// The region in which the trail was made.
        home_region: Text,
        /// standard or backfill.
        chain: Text,
        /// Begin of the time of delivery that it covers.
        digeststarttime: Time,
        /// End of that time.
        digestendtime: Time,
        /// Names the public key.
        digestpublickeyfingerprint: Text,
        /// SHA-256 of its inflated bytes.
        sha256: Text,
        /// Where its signature was found: metadata, successor, metadata and successor, none.
        signed_by: Text,
        /// How many log files it lists.
        logfile_count: Int,
    }
}

table! {
    /// One CloudTrail log file and whether it is what CloudTrail delivered. Join it to rows by `evidence_object`.
    "log_verdicts", None, Role::Verdict, LogVerdictRow => LogVerdictRows, LogVerdictColumn, LOG_VERDICTS {
        /// The collected object; null for a file that a digest lists and that is not there.
        evidence_object: Id,
        /// verified, contradicted or not checkable.
        verdict: Text,
        /// In a word: sound, altered, appended, missing, unreadable, digest not verified, uncovered.
        state: Text,
        /// Why, in words.
        reason: Text,
        /// True when the content is verified but something about it should be looked at.
        flagged: Flag,
        /// The bucket, as the digest lists it.
        s3bucket: Text,
        /// The key, as the digest lists it, else as it was collected.
        s3object: Key,
        /// The account in its key.
        account: Text,
        /// The region in its key.
        region: Text,
        /// When it was delivered, by its name.
        delivery_time: Time,
        /// The digest that lists it, as `evidence_object` of `digest_verdicts`.
        digest_object: Id,
        /// SHA-256 of its inflated bytes, as the digest lists it.
        hashvalue: Text,
        /// SHA-256 of its inflated bytes, as found.
        sha256: Text,
    }
}
