//! The files in an archive become objects of their own, also those that cannot be read.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use rayon::prelude::*;

use super::examine::{self, Examined};
use super::{About, BATCH, Collector, Taken};
use crate::add::Progress;
use crate::archive::{self, ArchiveKind, Listing, Member};
use crate::error::{Error, Result};
use crate::manifest::{Entry, Location, Manifest};
use crate::open::{Damage, Notes, hash_stored, most_of, open_member, plain};
use crate::sidecar;

/// No more metadata of members is held at once; what is beyond it are files like others.
const SIDECARS: u64 = 256 << 20;

impl Collector {
    /// Looks into the archives that a run was cut off from, if they still are what was collected.
    pub(super) fn finish_archives(&mut self, progress: &dyn Progress) -> Result<()> {
        let unfinished = self.known.unfinished();
        if unfinished.is_empty() {
            return Ok(());
        }
        let manifest = Manifest::load(&self.case)?;
        for object in unfinished {
            let Some(container) = manifest.get(&object)?.map(Entry::before_it_was_begun) else { continue };
            let Some(kind) = container.layers.last().and_then(|layer| ArchiveKind::named(layer)) else { continue };
            let why = match hash_stored(&self.case, &container) {
                Ok(found) if found == container.sha256 => {
                    self.archive(&container, kind, progress)?;
                    continue;
                }
                Ok(found) => format!("its bytes have the SHA-256 {found} now"),
                Err(error) => error.to_string(),
            };
            let why = format!("a run was cut off that looked into it, and it was not looked into again: {why}");
            self.added.damaged.push((container.key, Damage::MembersMissing { why }.to_string()));
        }
        Ok(())
    }

    /// Adds the members of an archive as objects of their own.
    pub(super) fn archive(&mut self, container: &Entry, kind: ArchiveKind, progress: &dyn Progress) -> Result<()> {
        let path = crate::open::location_path(&self.case, &container.location, &container.sha256)?;
        let compressed = container.layers.len() > 1;
        let Listing { mut members, skipped, damage, .. } =
            archive::list(plain(&self.case, &path)?, kind, compressed, &self.limits)?;
        self.added.skipped.extend(skipped.into_iter().map(|(name, why)| (member_key(container, &name), why)));
        self.bound(container, &mut members);
        let sidecars = self.member_sidecars(&path, &mut members);
        let bytes = members.iter().fold(0, |sum: u64, member| sum.saturating_add(member.place.unpacked));
        progress.more(members.len() as u64, bytes);
        for chunk in members.chunks(BATCH) {
            self.flush(progress)?;
            let read = |m: &Member| {
                let taken = self.member(container, &path, m, sidecars.get(&m.name).cloned());
                progress.object(m.place.unpacked);
                taken
            };
            // A compressed tar has one beginning: two readers would inflate it twice.
            let done: Vec<_> = match compressed {
                true => chunk.iter().map(read).collect(),
                false => chunk.par_iter().map(read).collect(),
            };
            let mut failed = None;
            for taken in done {
                match taken {
                    Ok(taken) => self.take(taken),
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
            self.flush(progress)?;
            // The disk failed, which says nothing about the member: what was read stays, and the next run takes the rest.
            failed.map_or(Ok(()), Err)?;
        }
        self.tell_end(container, &damage)?;
        self.flush(progress)
    }

    /// Behind the lines of all its members, another one about the archive takes the word back that it was not looked
    /// into to its end, and says what is wrong with it.
    fn tell_end(&mut self, container: &Entry, damage: &[Damage]) -> Result<()> {
        let mut entry = container.clone();
        let all = container.damage.iter().cloned().chain(damage.iter().map(Damage::to_string));
        entry.damage = Some(all.collect::<Vec<String>>().join("; ")).filter(|text| !text.is_empty());
        if !self.known.has_damage(&entry) {
            // What was told about it when it was added before stays.
            if self.known.says_more(container)
                && let Some(before) = Manifest::load(&self.case)?.get(&container.object)?
            {
                entry = Entry { damage: entry.damage, ..before };
            }
            let news = damage.iter().map(|damage| (entry.key.clone(), damage.to_string()));
            self.added.damaged.extend(news);
            self.known.remember(&entry);
            self.waiting.push(entry);
        }
        Ok(())
    }

    /// Files of a zip may lie over each other, so that few bytes become very many: what goes beyond the allowed
    /// ratio for the archive as a whole is not read. The packed bytes of what is not read are looked at once.
    fn bound(&self, container: &Entry, members: &mut [Member]) {
        let packed = container.size.max(container.inflated_size);
        let allowed = most_of(packed, self.limits.ratio);
        let (mut unpacks, mut raw): (u64, u64) = (0, 0);
        for member in members {
            let sum = unpacks.saturating_add(member.place.unpacked.max(member.place.length));
            match (member.unread.is_some(), sum > allowed) {
                (true, _) => {}
                (false, false) => unpacks = sum,
                (false, true) => {
                    let why = format!("the archive unpacks to more than {allowed} bytes");
                    member.refuse(Damage::OverLimit { why });
                }
            }
            if member.unread.is_some() {
                let sum = raw.saturating_add(member.place.length);
                if sum > packed {
                    member.place.length = 0;
                } else {
                    raw = sum;
                }
            }
        }
    }

    /// Takes the members that are metadata of other members out of the list.
    fn member_sidecars(&self, path: &Path, members: &mut Vec<Member>) -> HashMap<String, serde_json::Value> {
        let mut found = HashMap::new();
        if !members.iter().any(|member| member.name.ends_with(sidecar::SUFFIX)) {
            return found;
        }
        let names: HashSet<&str> = members.iter().map(|member| member.name.as_str()).collect();
        let mut bytes = 0;
        let mut taken = Vec::with_capacity(members.len());
        for m in members.iter() {
            let about = sidecar::of(&m.name, |name| names.contains(name));
            // Of two with one name, only one can stand there.
            let about = about.filter(|about| m.unread.is_none() && !found.contains_key(*about));
            let fits = m.place.unpacked <= sidecar::MAX && bytes + m.place.unpacked <= SIDECARS;
            let metadata = about.filter(|_| fits).and_then(|about| Some((about, self.member_metadata(path, m)?)));
            taken.push(metadata.is_some());
            if let Some((about, metadata)) = metadata {
                bytes += m.place.unpacked;
                found.insert(about.to_owned(), metadata);
            }
        }
        let mut taken = taken.into_iter();
        members.retain(|_| taken.next() != Some(true));
        found
    }

    /// What cannot be read or is no metadata stays an object, and is reported as one.
    fn member_metadata(&self, path: &Path, m: &Member) -> Option<serde_json::Value> {
        match open_member(&self.case, path, &m.place, &self.limits, &Notes::default()) {
            Ok(mut input) => sidecar::read(&mut input),
            Err(_told_when_it_is_read) => None,
        }
    }

    /// A member, read, or with the reason why it is not.
    fn member(&self, container: &Entry, path: &Path, m: &Member, metadata: Option<serde_json::Value>) -> Result<Taken> {
        let mut examined = match &m.unread {
            None => self.read(path, m)?,
            Some(why) => self.read_packed(path, m)?.unread(why),
        };
        if examined.archive.take().is_some() {
            examined.damage.get_or_insert(Damage::NestedArchive);
        }
        let location = Location::Member {
            container: container.sha256.clone(),
            container_location: Box::new(container.location.clone()),
            index: m.index,
            name: m.name.clone(),
            place: m.place,
        };
        let key = member_key(container, &m.name);
        // What was said about the archive's place says nothing about the place of what is in it.
        let about = About { key, origin: container.origin.clone(), s3: None, metadata };
        Ok(Taken::new(about, examined, location))
    }

    fn read(&self, path: &Path, m: &Member) -> Result<Examined> {
        let notes = Notes::default();
        let input = open_member(&self.case, path, &m.place, &self.limits, &notes)?;
        examine::stream(input, notes, m.crc, &self.limits).map_err(Error::io("read", path))
    }

    /// The packed bytes of a member that is not read: their hash and number.
    fn read_packed(&self, path: &Path, m: &Member) -> Result<Examined> {
        let input = open_member(&self.case, path, &m.place, &self.limits, &Notes::default())?;
        examine::packed(input).map_err(Error::io("read", path))
    }
}

fn member_key(container: &Entry, name: &str) -> String {
    format!("{}!/{name}", container.key)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::NewCase;
    use crate::case::Case;
    use crate::manifest::{MemberPlace, Packing};
    use crate::open::Limits;

    /// A disk that fails once says nothing about the member for good.
    #[test]
    fn a_member_that_the_disk_does_not_give_is_an_error_and_no_object() {
        let folder = tempfile::tempdir().unwrap();
        let new = NewCase { name: "case", operator: None, reference: None, created: "2026-05-01T00:00:00Z" };
        let case = Case::init(&folder.path().join("case"), &new).unwrap();
        let mut collector = Collector::open(&case, Limits::default()).unwrap();
        let about = About { key: "logs/a.tar".to_owned(), ..About::default() };
        let container = collector.intake().bytes(about, b"an archive".to_vec()).unwrap().entry().clone();
        let place = MemberPlace { offset: 3, length: 7, unpacked: 7, packing: Packing::Plain, unread: false };
        let mut member = Member { index: 0, name: "one.log".to_owned(), place, crc: None, unread: None };
        let path = case.object_path(&container.sha256);
        let taken = collector.member(&container, &path, &member, None).unwrap();
        assert_eq!(taken.entry().sha256, crate::hash::sha256(b"archive"));
        let gone = folder.path().join("gone.tar");
        for refused in [false, true] {
            if refused {
                member.refuse(Damage::OverLimit { why: "a test".to_owned() });
            }
            let failed = collector.member(&container, &gone, &member, None).unwrap_err();
            assert!(matches!(&failed, Error::Io { path, .. } if *path == gone), "{failed:?}");
        }
        collector.flush(&Quiet).unwrap();
        assert!(Manifest::load(&case).unwrap().is_empty());
    }

    struct Quiet;
    impl Progress for Quiet {
        fn start(&self, _objects: u64, _bytes: u64) {}
        fn more(&self, _objects: u64, _bytes: u64) {}
        fn object(&self, _bytes: u64) {}
    }
}
