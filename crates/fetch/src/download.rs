//! One object: asked for, put together from as many pieces as it takes, checked, stored.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::operation::RequestId;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::types::ChecksumType;
use coldtrail_evidence::absent::Absent;
use coldtrail_evidence::inside::{self, Use};
use coldtrail_evidence::{About, Intake, S3Place, Taken, hash};
use crc_fast::CrcAlgorithm;
use fs_err as fs;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::checksum::Expected;
use crate::error::{Error, Result};
use crate::failure::{Failure, Meaning, Patience, send};
use crate::list::{Listed, Lister, Query};

/// Up to this size an object is put together in memory; a larger one lies on the disk until it is whole.
const IN_MEMORY: u64 = 1 << 20;
/// How often an object is begun anew because its bytes did not have their checksum.
const WRONG_SUMS: u32 = 8;

/// What downloads need.
pub(crate) struct Downloader {
    pub(crate) lister: Lister,
    pub(crate) intake: Intake,
    /// Where objects lie that are not whole yet.
    pub(crate) partial: PathBuf,
    pub(crate) stall: Duration,
    pub(crate) progress: Arc<dyn Fn(u64) + Send + Sync>,
}

/// What came of an object.
pub(crate) enum Outcome {
    Taken(Vec<Taken>),
    Absent(Absent),
    /// New credentials are needed before it can be had.
    Expired(String),
}

/// What an unfinished object on the disk is a part of.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Unfinished {
    bucket: String,
    key: String,
    version: Option<String>,
    etag: String,
    size: u64,
}

/// An object that was asked for: the first answer, which tells what it is.
struct Begun {
    etag: String,
    size: u64,
    version: Option<String>,
    expected: Expected,
    /// Does the SDK compare a whole body with its checksum?
    checked: bool,
    metadata: Value,
}

impl Downloader {
    /// Fetches an object. The error is one of the case's disk and ends the run.
    pub(crate) async fn fetch(&self, listed: &Listed) -> Result<Outcome> {
        match self.object(listed, Some(&listed.etag)).await? {
            Ok(taken) => Ok(Outcome::Taken(vec![taken])),
            Err(failure) if failure.meaning == Meaning::Changed => self.changed(listed).await,
            Err(failure) => Ok(self.failed(listed, failure)),
        }
    }

    fn failed(&self, listed: &Listed, failure: Failure) -> Outcome {
        if failure.meaning == Meaning::Expired {
            return Outcome::Expired(failure.code);
        }
        let word = if failure.code == "checksum" { "checksum" } else { failure.meaning.word() };
        Outcome::Absent(self.absent(listed, word, format!("{}: {}", failure.code, failure.message)))
    }

    pub(crate) fn absent(&self, listed: &Listed, reason: &str, message: String) -> Absent {
        let place =
            S3Place { bucket: self.lister.bucket.clone(), key: listed.key.clone(), version: listed.version.clone() };
        Absent { origin: origin(&place), s3: Some(place), reason: reason.to_owned(), message, time: String::new() }
    }

    /// It was replaced after it was listed: what it is now, and what it was then if the bucket keeps versions. The two
    /// are never mixed, because every piece is asked for by its ETag.
    async fn changed(&self, listed: &Listed) -> Result<Outcome> {
        let mut taken = Vec::new();
        let query = Query { prefix: listed.key.clone(), versions: true, ..Query::default() };
        // Without the right to list versions, or without versions, there is only what it is now.
        if let Ok(page) = self.lister.all(query).await {
            let then = page.objects.into_iter().find(|other| {
                let versioned = other.version.as_deref().is_some_and(|version| version != "null");
                other.key == listed.key && other.etag == listed.etag && versioned
            });
            if let Some(then) = then
                && let Ok(then) = self.object(&Listed { latest: false, ..then }, Some(&listed.etag)).await?
            {
                taken.push(then);
            }
        }
        match self.object(listed, None).await? {
            Ok(now) => taken.push(now),
            Err(failure) if taken.is_empty() => return Ok(self.failed(listed, failure)),
            Err(_only_the_listed_one) => {}
        }
        Ok(Outcome::Taken(taken))
    }

    /// One version of an object, whole and checked.
    async fn object(&self, listed: &Listed, etag: Option<&String>) -> Result<Result<Taken, Failure>> {
        let mut patience = Patience::new();
        let mut wrong = 0;
        loop {
            let failure = match self.attempt(listed, etag, &mut patience).await? {
                Ok(taken) => return Ok(Ok(taken)),
                Err(failure) => failure,
            };
            let again = match failure.code.as_str() {
                "checksum" => {
                    wrong += 1;
                    wrong < WRONG_SUMS
                }
                // It changed while its pieces came, and nobody asked for a certain one.
                _ => failure.meaning == Meaning::Changed && etag.is_none() && patience.wait().await,
            };
            if !again {
                return Ok(Err(failure));
            }
        }
    }

    async fn attempt(
        &self,
        listed: &Listed,
        etag: Option<&String>,
        patience: &mut Patience,
    ) -> Result<Result<Taken, Failure>> {
        let mut sink = Sink::open(self, listed, etag)?;
        let mut begun: Option<Begun> = None;
        let mut pieces = 0;
        loop {
            let bound = begun.as_ref().map(|begun| &begun.etag).or(etag).cloned();
            let have = sink.have();
            let range = (have > 0).then(|| format!("bytes={have}-"));
            let version = begun.as_ref().and_then(|begun| begun.version.clone()).or_else(|| listed.version.clone());
            let answer = send(&self.lister.throttle, || {
                self.lister
                    .connection
                    .s3
                    .get_object()
                    .bucket(&self.lister.bucket)
                    .key(&listed.key)
                    .set_version_id(version.clone().filter(|version| version != "null"))
                    .set_if_match(bound.clone().filter(|etag| !etag.is_empty()))
                    .set_range(range.clone())
                    .checksum_mode(aws_sdk_s3::types::ChecksumMode::Enabled)
                    .set_request_payer(self.lister.payer())
                    .send()
            })
            .await;
            let answer = match answer {
                Ok(answer) => answer,
                // What is on the disk from an earlier run may be all there is.
                Err(failure) if failure.code == "InvalidRange" && begun.is_none() && have > 0 => {
                    sink.discard()?;
                    continue;
                }
                Err(failure) => return Ok(Err(failure)),
            };
            pieces += 1;
            if have > 0 && answer.content_range.is_none() {
                // The server took no notice of the range: from the beginning, then.
                sink.restart()?;
            }
            let first = begun.get_or_insert_with(|| self.begun(&answer, sink.have()));
            sink.expect(self, listed, first)?;
            let received = self.receive(answer, first.size, &mut sink).await?;
            let whole = sink.have() == first.size;
            match received {
                Ok(_) if whole => break,
                Ok(progressed) | Err((progressed, _)) if progressed => patience.renewed(),
                Err((_, failure)) if failure.code == "checksum" => {
                    sink.discard()?;
                    return Ok(Err(failure));
                }
                _ => {}
            }
            if sink.have() > first.size {
                sink.discard()?;
                return Ok(Err(Failure {
                    code: "checksum".to_owned(),
                    ..Failure::body("more bytes came than were announced")
                }));
            }
            if !patience.wait().await {
                return Ok(Err(Failure::body(format!("the body stopped at {} of {} bytes", sink.have(), first.size))));
            }
        }
        let Some(begun) = begun else { return Ok(Err(Failure::body("no answer"))) };
        let needed = pieces > 1 || !begun.checked || sink.resumed;
        if needed
            && !begun.expected.is_none()
            && let Err(message) = sink.check(&begun.expected)?
        {
            sink.discard()?;
            return Ok(Err(Failure { code: "checksum".to_owned(), ..Failure::body(message) }));
        }
        self.store(listed, begun, sink).await.map(Ok)
    }

    /// Reads a body into the sink; whether anything came, and what went wrong. The outer error is one of the disk.
    async fn receive(
        &self,
        answer: GetObjectOutput,
        size: u64,
        sink: &mut Sink,
    ) -> Result<Result<bool, (bool, Failure)>> {
        let mut body = answer.body;
        let mut progressed = false;
        loop {
            let next = tokio::time::timeout(self.stall, body.next()).await;
            let bytes = match next {
                Err(_elapsed) => {
                    return Ok(Err((
                        progressed,
                        Failure::body(format!("nothing came for {} s", self.stall.as_secs())),
                    )));
                }
                Ok(None) => return Ok(Ok(progressed)),
                Ok(Some(Err(error))) => {
                    let message = crate::client::full(&error);
                    let sum = message.to_ascii_lowercase().contains("checksum");
                    let code = if sum { "checksum" } else { "body" };
                    return Ok(Err((progressed, Failure { code: code.to_owned(), ..Failure::body(message) })));
                }
                Ok(Some(Ok(bytes))) => bytes,
            };
            progressed |= !bytes.is_empty();
            sink.write(&bytes)?;
            (self.progress)(bytes.len() as u64);
            // The rest of a body that is too long is of no use.
            if sink.have() > size {
                return Ok(Ok(progressed));
            }
        }
    }

    fn begun(&self, answer: &GetObjectOutput, have: u64) -> Begun {
        let length = answer.content_length.and_then(|length| u64::try_from(length).ok()).unwrap_or_default();
        let whole = answer.content_range.as_deref().and_then(|range| range.rsplit('/').next()?.parse().ok());
        let kms = answer.server_side_encryption.as_ref().is_some_and(|kind| kind.as_str().starts_with("aws:kms"));
        let customer = answer.sse_customer_algorithm.is_some();
        let etag = answer.e_tag.clone().unwrap_or_default();
        let md5 = etag.trim_matches('"').to_ascii_lowercase();
        let is_md5 = md5.len() == 32 && md5.bytes().all(|b| b.is_ascii_hexdigit()) && !kms && !customer;
        let composite = answer.checksum_type == Some(ChecksumType::Composite);
        let full = |sum: &Option<String>| sum.clone().filter(|sum| !composite && !sum.contains('-'));
        let crc = [
            (CrcAlgorithm::Crc64Nvme, full(&answer.checksum_crc64_nvme)),
            (CrcAlgorithm::Crc32IsoHdlc, full(&answer.checksum_crc32)),
            (CrcAlgorithm::Crc32Iscsi, full(&answer.checksum_crc32_c)),
        ];
        let crc = crc.into_iter().find_map(|(algorithm, sum)| Some((algorithm, sum?)));
        let checked =
            (crc.is_some() || full(&answer.checksum_sha256).is_some() || full(&answer.checksum_sha1).is_some())
                && have == 0
                && answer.content_range.is_none();
        Begun {
            size: whole.unwrap_or(length),
            version: answer.version_id.clone(),
            expected: Expected { md5: is_md5.then_some(md5), crc },
            checked,
            metadata: head_object(answer, whole.unwrap_or(length)),
            etag,
        }
    }

    async fn store(&self, listed: &Listed, begun: Begun, sink: Sink) -> Result<Taken> {
        let bucket = self.lister.bucket.clone();
        let old = listed.version.is_some() && !listed.latest;
        let version = begun.version.or_else(|| listed.version.clone());
        let place = S3Place { bucket, key: listed.key.clone(), version: version.clone() };
        // Old versions stand beside what the key holds now, not in its place.
        let key = match version.as_ref().filter(|_| old) {
            Some(version) => format!("{}/{}?versionId={version}", place.bucket, place.key),
            None => format!("{}/{}", place.bucket, place.key),
        };
        let mut metadata = begun.metadata;
        if !listed.etag.is_empty() && listed.etag != begun.etag {
            metadata["ListedETag"] = json!(listed.etag);
        }
        let about = About { key, origin: origin(&place), s3: Some(place), metadata: Some(metadata) };
        let intake = self.intake.clone();
        let stored = tokio::task::spawn_blocking(move || match sink.kind {
            Kind::Memory(bytes) => intake.bytes(about, bytes),
            Kind::Disk { path, file, about: note, .. } => {
                drop(file);
                let taken = intake.file(about, &path)?;
                // The note about an object that is whole is of no use; left behind, it would be of no harm.
                let _removed = fs::remove_file(note);
                Ok(taken)
            }
        });
        match stored.await {
            Ok(taken) => taken.map_err(Error::Evidence),
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
}

pub(crate) fn origin(place: &S3Place) -> String {
    format!("s3://{}/{}", place.bucket, place.key)
}

/// What S3 said of the object, in the shape of `aws s3api head-object` output.
fn head_object(answer: &GetObjectOutput, size: u64) -> Value {
    let mut all = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            all.insert(name.to_owned(), value);
        }
    };
    let text = |text: &Option<String>| text.as_ref().map(|text| json!(text));
    put("ETag", text(&answer.e_tag));
    put("ContentLength", Some(json!(size)));
    put("LastModified", answer.last_modified.map(|time| json!(time.to_string())));
    put("VersionId", text(&answer.version_id));
    put("StorageClass", answer.storage_class.as_ref().map(|class| json!(class.as_str())));
    put("ContentType", text(&answer.content_type));
    put("ContentEncoding", text(&answer.content_encoding));
    put("CacheControl", text(&answer.cache_control));
    put("Expiration", text(&answer.expiration));
    put("Restore", text(&answer.restore));
    put("ServerSideEncryption", answer.server_side_encryption.as_ref().map(|kind| json!(kind.as_str())));
    put("SSEKMSKeyId", text(&answer.ssekms_key_id));
    put("SSECustomerAlgorithm", text(&answer.sse_customer_algorithm));
    put("BucketKeyEnabled", answer.bucket_key_enabled.map(|enabled| json!(enabled)));
    put("ChecksumCRC32", text(&answer.checksum_crc32));
    put("ChecksumCRC32C", text(&answer.checksum_crc32_c));
    put("ChecksumCRC64NVME", text(&answer.checksum_crc64_nvme));
    put("ChecksumSHA1", text(&answer.checksum_sha1));
    put("ChecksumSHA256", text(&answer.checksum_sha256));
    put("ChecksumType", answer.checksum_type.as_ref().map(|kind| json!(kind.as_str())));
    put("ReplicationStatus", answer.replication_status.as_ref().map(|status| json!(status.as_str())));
    put("ObjectLockMode", answer.object_lock_mode.as_ref().map(|mode| json!(mode.as_str())));
    put("ObjectLockRetainUntilDate", answer.object_lock_retain_until_date.map(|time| json!(time.to_string())));
    put("MissingMeta", answer.missing_meta.filter(|count| *count > 0).map(|count| json!(count)));
    put("RequestId", answer.request_id().map(|id| json!(id)));
    let mut user: Vec<(&String, &String)> = answer.metadata.iter().flatten().collect();
    user.sort();
    let user: Map<String, Value> = user.into_iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    put("Metadata", (!user.is_empty()).then(|| Value::Object(user)));
    Value::Object(all)
}

/// Where the pieces of an object are put together.
struct Sink {
    kind: Kind,
    /// Were some of the bytes there from an earlier run?
    resumed: bool,
}

enum Kind {
    Memory(Vec<u8>),
    Disk { path: PathBuf, about: PathBuf, file: fs::File, have: u64 },
}

/// Opens a file among the unfinished ones, whose names anybody can tell: never through a link.
fn opened(path: &Path, what: Use) -> Result<fs::File> {
    inside::open(path.parent().unwrap_or(path), path, what).map_err(io(path))
}

/// What such a file holds; none where it cannot be read.
fn read(path: &Path) -> Option<Vec<u8>> {
    inside::read(path.parent()?, path).ok().flatten()
}

impl Sink {
    /// Begins an object, or goes on with what an earlier run has left of it.
    fn open(downloader: &Downloader, listed: &Listed, etag: Option<&String>) -> Result<Sink> {
        let mut sink = Sink { kind: Kind::Memory(Vec::new()), resumed: false };
        let (path, about) = paths(downloader, listed);
        let Some(etag) = etag.filter(|_| listed.size > IN_MEMORY) else { return Ok(sink) };
        // Without its note, or with one about something else, what lies there is of no use.
        let note: Option<Unfinished> = read(&about).and_then(|text| serde_json::from_slice(&text).ok());
        if note.is_some_and(|note| note.etag == *etag && note.key == listed.key) && path.is_file() {
            let file = opened(&path, Use::Append)?;
            let have = file.metadata().map_err(io(&path))?.len();
            if have < listed.size {
                sink.resumed = have > 0;
                sink.kind = Kind::Disk { path, about, file, have };
            }
        }
        Ok(sink)
    }

    fn have(&self) -> u64 {
        match &self.kind {
            Kind::Memory(bytes) => bytes.len() as u64,
            Kind::Disk { have, .. } => *have,
        }
    }

    /// Moves to the disk when the object turns out to be large.
    fn expect(&mut self, downloader: &Downloader, listed: &Listed, begun: &Begun) -> Result<()> {
        let Kind::Memory(bytes) = &mut self.kind else { return Ok(()) };
        if begun.size <= IN_MEMORY {
            bytes.reserve(usize::try_from(begun.size).unwrap_or_default().saturating_sub(bytes.len()));
            return Ok(());
        }
        let (path, about) = paths(downloader, listed);
        let note = Unfinished {
            bucket: downloader.lister.bucket.clone(),
            key: listed.key.clone(),
            version: begun.version.clone(),
            etag: begun.etag.clone(),
            size: begun.size,
        };
        let note = serde_json::to_vec(&note).unwrap_or_default();
        opened(&about, Use::Anew)?.write_all(&note).map_err(io(&about))?;
        let mut file = opened(&path, Use::Anew)?;
        file.write_all(bytes).map_err(io(&path))?;
        let have = bytes.len() as u64;
        self.kind = Kind::Disk { path, about, file, have };
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.kind {
            Kind::Memory(all) => all.extend_from_slice(bytes),
            Kind::Disk { path, file, have, .. } => {
                file.write_all(bytes).map_err(io(path))?;
                *have += bytes.len() as u64;
            }
        }
        Ok(())
    }

    /// Begins anew, in the same place.
    fn restart(&mut self) -> Result<()> {
        self.resumed = false;
        match &mut self.kind {
            Kind::Memory(bytes) => bytes.clear(),
            Kind::Disk { path, file, have, .. } => {
                *file = opened(path, Use::Anew)?;
                *have = 0;
            }
        }
        Ok(())
    }

    /// Throws away what came.
    fn discard(&mut self) -> Result<()> {
        self.restart()?;
        if let Kind::Disk { path, about, .. } = std::mem::replace(&mut self.kind, Kind::Memory(Vec::new())) {
            fs::remove_file(&path).map_err(io(&path))?;
            fs::remove_file(&about).map_err(io(&about))?;
        }
        Ok(())
    }

    fn check(&self, expected: &Expected) -> Result<Result<(), String>> {
        match &self.kind {
            Kind::Memory(bytes) => Ok(expected.check(bytes)),
            Kind::Disk { path, .. } => expected.check_file(path).map_err(io(path)),
        }
    }
}

/// The file for an unfinished object, and the note about it. Their names are made from hashes: a key names no path.
fn paths(downloader: &Downloader, listed: &Listed) -> (PathBuf, PathBuf) {
    let whole =
        format!("{}\n{}\n{}", downloader.lister.bucket, listed.key, listed.version.as_deref().unwrap_or_default());
    let name: String = hash::sha256(whole.as_bytes()).chars().take(40).collect();
    (downloader.partial.join(format!("{name}.part")), downloader.partial.join(format!("{name}.json")))
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::Io { path, source }
}
