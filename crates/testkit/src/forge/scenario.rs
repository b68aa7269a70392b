//! The scenarios, with what a verifier must answer: one list.

/// Declares the enum and what stands beside each name.
macro_rules! scenarios {
    ($($(#[$doc:meta])* $scenario:ident = $name:literal, $exit:expr, $mentions:expr;)*) => {
        /// What is wrong with a store, or peculiar about it. The first 28, with a number in their name, are those whose
        /// treatment by `aws cloudtrail validate-logs` was measured. Unless a scenario says otherwise, log files stay
        /// where they are.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Scenario {
            $($(#[$doc])* $scenario,)*
        }

        impl Scenario {
            /// All, in the order of their declaration.
            pub const ALL: &'static [Scenario] = &[$(Scenario::$scenario,)*];

            /// Good for the name of a folder.
            pub fn name(self) -> &'static str {
                match self { $(Scenario::$scenario => $name,)* }
            }

            /// The exit statuses of verification that are right.
            pub(super) fn exit(self) -> &'static [i32] {
                match self { $(Scenario::$scenario => $exit,)* }
            }

            /// Words that the reasons must contain.
            pub(super) fn mentions(self) -> &'static [&'static str] {
                match self { $(Scenario::$scenario => $mentions,)* }
            }
        }
    };
}

scenarios! {
    /// Nothing is wrong: the chains of the options.
    Clean = "00-clean", &[0], &[];
    /// The first event of a log file comes from another address than it did.
    LogModified = "01-log-modified", &[4], &["hash"];
    /// Whoever knows that it was never downloaded may say 3.
    LogDeleted = "02-log-deleted", &[3, 4], &["missing"];
    /// A second gzip member, with events of its own, follows the content of a log file.
    LogSecondMember = "03-log-second-member", &[4], &["appended"];
    /// The checksum and the length at the end of a log file are cut off; the content is whole.
    LogTrailerCut = "04-log-trailer-cut", &[3], &["damaged"];
    /// A second gzip member follows the content of a digest.
    DigestSecondMember = "05-digest-second-member", &[4], &["appended"];
    /// A digest gives another hash for a log file than it did.
    DigestModified = "06-digest-modified", &[4], &["signature"];
    /// One digest in the middle; its log files stay, as in the next five.
    DigestDeleted = "07-digest-deleted", &[4], &["missing"];
    /// Only the second is named by its successor; that the first is missing shows in the hours.
    TwoDigestsDeleted = "08-two-digests-deleted", &[4], &["missing"];
    /// Six in a row.
    SixDigestsDeleted = "09-six-digests-deleted", &[4], &["missing"];
    /// The last six are deleted, so that nothing names them; their log files tell.
    NewestDigestsDeleted = "10-newest-digests-deleted", &[4], &["uncovered"];
    /// 5 if a store with log files and without digests is taken as one whose trail never made any.
    AllDigestsDeleted = "11-all-digests-deleted", &[4, 5], &[];
    /// The first six; the seventh names the last of them.
    OldestDigestsDeleted = "12-oldest-digests-deleted", &[4], &["missing"];
    /// Logging stops for five hours, with the calls that stop and start it, and a new chain begins after them. Two log
    /// files are delivered in the gap.
    LoggingOff = "13-logging-off", &[3], &["gap"];
    /// A log file more than the digests list, in an hour that is covered.
    LogForged = "14-log-forged", &[3, 4], &["uncovered"];
    /// The list has another key.
    KeyMissing = "15-key-missing", &[5], &["key"];
    /// The key is listed with an algorithm identifier (SPKI), and its fingerprint is of these bytes.
    KeyAsSpki = "16-key-as-spki", &[0], &[];
    /// The metadata of a digest name SHA-1, the digest and its signature are of SHA-256.
    MetadataAlgorithmAltered = "17-metadata-algorithm-altered", &[3], &["metadata"];
    /// The signature of one digest is over SHA-1, by the right key.
    DigestSignedWithSha1 = "18-digest-signed-with-sha1", &[4], &["sha-256"];
    /// The store is clean: the test must make the log file in `affected` unreadable, which cannot be done in a store.
    LogUnreadable = "19-log-unreadable", &[3], &["read"];
    /// The store is clean: a matter of fetching.
    FetchDenied = "20-fetch-denied", &[3], &[];
    /// The store is clean: a matter of fetching.
    FetchSlowedDown = "21-fetch-slowed-down", &[0, 3], &[];
    /// A digest in the middle has no metadata; its successor has the signature.
    DigestMetadataLost = "22-digest-metadata-lost", &[0], &[];
    /// An older digest lies, with its metadata, in the place of another.
    DigestReplayed = "23-digest-replayed", &[4], &["moved"];
    /// A digest starts an hour after the end of the one that it names as previous. There are no log files of this hour.
    HourSkipped = "24-hour-skipped", &[3], &["discontinuity"];
    /// A second, empty successor of a digest, validly signed, which nothing names.
    DigestForked = "25-digest-forked", &[3, 4], &["unvisited"];
    /// The metadata have what is no hexadecimal; the successor has the right signature.
    SignatureNotHex = "26-signature-not-hex", &[4], &["signature"];
    /// The store is clean: verification begins with its first digest, written in another time zone. Whoever ignores the
    /// offset loses one or two.
    OffsetInTime = "27-offset-in-time", &[0], &[];

    /// A log file lies there decompressed under its own name, as many tools download it.
    LogPlain = "log-plain", &[0, 3], &[];
    /// As `LogTrailerCut`, of a digest. Whoever is strict about digests may say 4, as `aws cloudtrail validate-logs`
    /// does.
    DigestTrailerCut = "digest-trailer-cut", &[3, 4], &["damaged"];
    /// The list has the bytes of another key under the fingerprint.
    KeyFingerprintWrong = "key-fingerprint-wrong", &[4, 5], &["fingerprint"];
    /// The key changes in the middle; both are listed.
    KeyRotated = "key-rotated", &[0], &[];
    /// The validity of the key ended three days before the first digest.
    KeyOutsideValidity = "key-outside-validity", &[0, 3], &[];
    /// Two trails of one account deliver into one bucket, and the name of one contains the other's and a region.
    TwoTrails = "two-trails", &[0], &[];
    /// An organisation's trail over two accounts.
    OrganisationTrail = "organisation-trail", &[0], &[];
    /// The digests of the first six hours were made afterwards, as a chain of their own, with a newer key.
    BackfillChain = "backfill-chain", &[0], &[];
    /// From the middle on, the trail delivers into another bucket; the chain goes on.
    BucketChanged = "bucket-changed", &[0], &[];
    /// No digest has metadata, so that the newest of each chain has no signature.
    MetadataLostAll = "metadata-lost-all", &[3], &["signature"];
    /// Six digests in the middle have no metadata: no file, or an empty one.
    MetadataLostMiddle = "metadata-lost-middle", &[0], &[];
    /// 3 if it is taken as one that was not yet delivered.
    DigestDeletedLast = "digest-deleted-last", &[3, 4], &["uncovered"];
    /// A digest, validly signed, has `logFiles` twice: first empty, then with its files.
    DuplicateKeysInDigest = "duplicate-keys-in-digest", &[3, 4], &["duplicate"];
    /// A chain begins where the one before it ends, to the second.
    StartingDigest = "starting-digest", &[0, 3], &[];
    /// Every second digest lists nothing.
    EmptyDigests = "empty-digests", &[0], &[];
    /// Two regions of which one name begins with the other.
    RegionLookalike = "region-lookalike", &[0], &[];
    /// A log file is listed again by the next digest.
    LogListedTwice = "log-listed-twice", &[0, 3], &[];
    /// A log file is altered, and all digests fit it, signed with a key that is not in the list.
    ReSignedWithOwnKey = "re-signed-with-own-key", &[5], &["key"];
    /// The same, and the digests name the key that is in the list.
    ReSignedUnderTrustedName = "re-signed-under-trusted-name", &[4], &["signature"];
    /// A digest is replaced by another of the same hour, validly signed with its own metadata, that lists nothing.
    ReplacedBySignedOther = "replaced-by-signed-other", &[4], &["hash"];
}
