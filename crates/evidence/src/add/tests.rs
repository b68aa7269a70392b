//! Adding files, folders and archives to a case.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::*;
use crate::NewCase;
use crate::error::Error;
use crate::hash::object_id;
use crate::manifest::{Entry, Manifest};
use crate::open::{Damage, hash_stored, open, read_stored};

struct Quiet;
impl Progress for Quiet {
    fn start(&self, _objects: u64, _bytes: u64) {}
    fn more(&self, _objects: u64, _bytes: u64) {}
    fn object(&self, _bytes: u64) {}
}

struct Lab {
    folder: tempfile::TempDir,
    case: Case,
}

impl Lab {
    fn new() -> Lab {
        let folder = tempfile::tempdir().unwrap();
        let new =
            NewCase { name: "case-17", operator: Some("A. Nalyst"), reference: None, created: "2026-05-01T00:00:00Z" };
        let case = Case::init(&folder.path().join("case"), &new).unwrap();
        Lab { folder, case }
    }

    fn logs(&self) -> PathBuf {
        self.folder.path().join("logs")
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.logs().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    fn add(&self) -> Added {
        self.add_with(&AddOptions::default())
    }

    fn add_with(&self, options: &AddOptions) -> Added {
        add(&self.case, &[self.logs()], options, &Quiet).unwrap()
    }

    fn manifest(&self) -> Manifest {
        Manifest::load(&self.case).unwrap()
    }

    fn entries(&self) -> Vec<Entry> {
        self.manifest().entries().map(Result::unwrap).collect()
    }

    fn text(&self, key: &str) -> String {
        let manifest = self.manifest();
        let entry = manifest.find(key).unwrap();
        let mut text = String::new();
        open(&self.case, &entry, &Limits::default()).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(hash_stored(&self.case, &entry).unwrap(), entry.sha256);
        let stored = read_stored(&self.case, &entry, u64::MAX).unwrap();
        assert_eq!(crate::hash::sha256(&stored), entry.sha256);
        assert_eq!(stored.len() as u64, entry.size);
        text
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

#[test]
fn files_are_copied_hashed_and_listed_once() {
    let lab = Lab::new();
    let packed = gzip(b"{\"Records\":[]}");
    lab.write("b/two.json.gz", &packed);
    lab.write("a/one.log", b"plain\n");
    lab.write("a/same.log", b"plain\n");
    let added = lab.add();
    assert_eq!((added.objects, added.already, added.bytes), (3, 0, 12 + packed.len() as u64));
    assert!(added.damaged.is_empty() && added.skipped.is_empty(), "{added:?}");
    let manifest = lab.manifest();
    let keys: Vec<String> = lab.entries().into_iter().map(|entry| entry.key).collect();
    assert_eq!(keys, ["logs/a/one.log", "logs/a/same.log", "logs/b/two.json.gz"]);
    let entry = manifest.find("logs/b/two.json.gz").unwrap();
    assert_eq!(entry.layers, ["gzip"]);
    assert_eq!(entry.inflated_sha256.as_deref(), Some(crate::hash::sha256(b"{\"Records\":[]}").as_str()));
    assert_eq!((entry.members, entry.inflated_size), (1, 14));
    assert_eq!(entry.object, object_id(&entry.sha256, &entry.key));
    assert_eq!(manifest.find(&entry.object[..8]).unwrap(), entry);
    assert!(matches!(manifest.find(&lab.entries()[0].sha256), Err(Error::AmbiguousObject { count: 2, .. })));
    assert!(matches!(manifest.find("nothing"), Err(Error::UnknownObject { .. })));
    assert_eq!(lab.text("logs/b/two.json.gz"), "{\"Records\":[]}");

    let before = fs::read(lab.case.manifest_path()).unwrap();
    let again = lab.add();
    assert_eq!((again.objects, again.already, again.bytes), (0, 3, 0));
    assert_eq!(fs::read(lab.case.manifest_path()).unwrap(), before);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let stored = lab.case.object_path(&entry.sha256);
        assert_eq!(fs::metadata(stored).unwrap().permissions().mode() & 0o777, 0o400);
        assert_eq!(fs::metadata(lab.case.root()).unwrap().permissions().mode() & 0o777, 0o700);
    }
}

#[test]
fn a_torn_manifest_loses_only_its_last_line() {
    let lab = Lab::new();
    lab.write("one.log", b"1");
    lab.write("two.log", b"2");
    lab.add();
    let whole = fs::read(lab.case.manifest_path()).unwrap();
    fs::write(lab.case.manifest_path(), &whole[..whole.len() - 9]).unwrap();
    let manifest = lab.manifest();
    assert_eq!(manifest.len(), 1);
    assert!(manifest.torn > 0);
    let added = lab.add();
    assert_eq!((added.objects, added.already), (1, 1));
    assert_eq!(fs::read(lab.case.manifest_path()).unwrap(), whole);
}

#[test]
fn an_object_that_was_cut_on_the_disk_is_stored_again() {
    let lab = Lab::new();
    lab.write("one.log", b"12345");
    lab.add();
    let stored = lab.case.object_path(&crate::hash::sha256(b"12345"));
    fs::remove_file(&stored).unwrap();
    fs::write(&stored, b"12").unwrap();
    assert_eq!(lab.add().already, 1);
    assert_eq!(fs::read(&stored).unwrap(), b"12345");
}

#[test]
fn in_place_copies_nothing() {
    let lab = Lab::new();
    let path = lab.write("one.log", b"1");
    let options = AddOptions { in_place: true, ..AddOptions::default() };
    assert_eq!(lab.add_with(&options).objects, 1);
    let location = lab.entries()[0].location.clone();
    assert_eq!(location, Location::InPlace { path: fs::canonicalize(path).unwrap() });
    assert_eq!(fs::read_dir(lab.case.objects_dir()).unwrap().count(), 0);
    assert_eq!(lab.text("logs/one.log"), "1");
    assert_eq!(lab.add_with(&options).already, 1);
    // Copied later: the manifest says so, and still has one object.
    assert_eq!(lab.add().already, 1);
    let entries = lab.entries();
    assert_eq!((entries.len(), &entries[0].location), (1, &Location::Stored));
}

#[test]
fn metadata_beside_a_file_is_kept_with_it() {
    let lab = Lab::new();
    lab.write("x.json.gz", &gzip(b"{}"));
    lab.write("x.json.gz.metadata.json", br#"{"metadata":{"signature":"abc"},"n":1}"#);
    lab.write("alone.metadata.json", b"{}");
    lab.write("y", b"");
    lab.write("y.metadata.json", b"[]");
    let added = lab.add();
    assert_eq!((added.objects, added.sidecars), (4, 1));
    let manifest = lab.manifest();
    let metadata = manifest.find("logs/x.json.gz").unwrap().metadata.unwrap();
    assert_eq!(metadata["metadata"]["signature"], "abc");
    assert!(manifest.find("logs/y.metadata.json").unwrap().metadata.is_none());
    // Metadata that comes later is taken up.
    lab.write("y.metadata.json", br#"{"late":true}"#);
    let added = lab.add();
    assert_eq!((added.objects, added.already, added.sidecars), (0, 3, 1));
    assert_eq!(lab.manifest().find("logs/y").unwrap().metadata.as_ref().unwrap()["late"], true);
    // A file that is named alone brings its metadata along.
    let other = Lab::new();
    let added = add(&other.case, &[lab.logs().join("y")], &AddOptions::default(), &Quiet).unwrap();
    assert_eq!((added.objects, added.sidecars), (1, 1));
    assert_eq!(other.entries()[0].key, "y");
}

#[test]
fn members_of_archives_are_objects() {
    let lab = Lab::new();
    let packed = gzip(b"inner gz");
    let long = "long line of a log\n".repeat(5000);
    let files: &[(&str, &[u8])] = &[
        ("../../x", b"hostile"),
        ("a/long.log", long.as_bytes()),
        ("a/x.json.gz", &packed),
        ("a/x.json.gz.metadata.json", b"{\"etag\":\"1\"}"),
        ("empty", b""),
    ];
    lab.write("z.zip", &zip(files));
    lab.write("t.tar", &tar(files));
    lab.write("t.tgz", &gzip(&tar(files)));
    lab.write("t.tar.zst", &zstd::encode_all(&*tar(files), 3).unwrap());
    let added = lab.add();
    assert_eq!((added.objects, added.archives, added.sidecars), (4 + 4 * 4, 4, 4), "{added:?}");
    assert!(added.damaged.is_empty() && added.skipped.is_empty(), "{added:?}");
    for archive in ["z.zip", "t.tar", "t.tgz", "t.tar.zst"] {
        assert_eq!(lab.text(&format!("logs/{archive}!/../../x")), "hostile");
        assert_eq!(lab.text(&format!("logs/{archive}!/a/x.json.gz")), "inner gz");
        assert_eq!(lab.text(&format!("logs/{archive}!/a/long.log")), long);
        assert_eq!(lab.text(&format!("logs/{archive}!/empty")), "");
        let manifest = lab.manifest();
        let member = manifest.find(&format!("logs/{archive}!/a/x.json.gz")).unwrap();
        assert_eq!((member.layers.as_slice(), member.inflated_size), (["gzip".to_owned()].as_slice(), 8));
        assert_eq!(member.metadata.as_ref().unwrap()["etag"], "1");
        assert!(manifest.find(&format!("logs/{archive}")).unwrap().is_archive());
    }
    assert_eq!(lab.manifest().find("logs/t.tgz").unwrap().layers, ["gzip", "tar"]);
    // Nothing but objects, and no file outside.
    assert_eq!(fs::read_dir(lab.case.objects_dir()).unwrap().count(), 4);
    let again = lab.add();
    assert_eq!((again.objects, again.already), (0, 20));
}

#[test]
fn damaged_archives_give_what_they_can() {
    let lab = Lab::new();
    let long = "0123456789 a line\n".repeat(4000);
    let whole = gzip(&tar(&[("one", b"1"), ("two", long.as_bytes())]));
    lab.write("cut.tgz", &whole[..whole.len() - 40]);
    lab.write("cut.zip", &zip(&[("one", b"1")])[..40]);
    let mut flipped = zip(&[("one", b"some text"), ("two", b"2")]);
    let at = flipped.windows(9).position(|w| w == b"some text").unwrap_or(30 + 3 + 2);
    flipped[at] ^= 0x55;
    lab.write("flipped.zip", &flipped);
    lab.write("nested.zip", &zip(&[("inner.zip", &zip(&[("one", b"1")]))]));
    lab.write("tower.gz", &gzip(&zip(&[("one", b"1")])));
    let added = lab.add();
    let damaged: Vec<(&str, &str)> = added.damaged.iter().map(|(key, why)| (key.as_str(), why.as_str())).collect();
    let has =
        |key: &str, why: &str| assert!(damaged.iter().any(|(k, w)| *k == key && w.contains(why)), "{key}: {damaged:?}");
    has("logs/cut.tgz", "gzip data ends early");
    has("logs/cut.zip", "the zip cannot be read");
    has("logs/nested.zip!/inner.zip", "is not opened");
    has("logs/tower.gz", "is not opened");
    assert!(damaged.iter().any(|(key, _)| *key == "logs/flipped.zip!/one"), "{damaged:?}");
    assert_eq!(lab.text("logs/cut.tgz!/one"), "1");
    assert!(lab.manifest().find("logs/flipped.zip!/one").unwrap().inflated_sha256.is_none());
}

#[test]
fn encrypted_members_are_listed() {
    let lab = Lab::new();
    let mut bytes = zip(&[("secret", b"text"), ("open", b"text")]);
    // The first bit of the flags says encrypted, in both headers of the first file.
    bytes[6] |= 1;
    let central = bytes.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    bytes[central + 8] |= 1;
    lab.write("z.zip", &bytes);
    let added = lab.add();
    assert_eq!(added.damaged, [("logs/z.zip!/secret".to_owned(), "not read: encrypted".to_owned())]);
    assert_eq!(added.objects, 3);
    let secret = lab.manifest().find("logs/z.zip!/secret").unwrap();
    assert!(secret.is_unread() && secret.inflated_sha256.is_none());
    assert_eq!(secret.damage.as_deref(), Some("not read: encrypted"));
    // Its packed bytes are what the hash is of, and nothing comes out of it.
    assert_eq!(lab.text("logs/z.zip!/secret"), "");
    assert_eq!(lab.text("logs/z.zip!/open"), "text");
    let before = fs::read(lab.case.manifest_path()).unwrap();
    assert_eq!((lab.add().objects, lab.add().already), (0, 3));
    assert_eq!(fs::read(lab.case.manifest_path()).unwrap(), before);
}

#[test]
fn what_is_wrong_with_an_archive_is_in_the_manifest() {
    let lab = Lab::new();
    let whole = tar(&[("one", b"1"), ("two", b"2")]);
    lab.write("cut.tar", &whole[..1024]);
    lab.write("sidecar.tar", &whole[..1024]);
    let beside = lab.write("sidecar.tar.metadata.json", b"{\"etag\":\"1\"}");
    let added = lab.add();
    assert_eq!((added.objects, added.damaged.len()), (4, 2), "{added:?}");
    let container = lab.manifest().find("logs/cut.tar").unwrap();
    assert!(container.damage.as_ref().is_some_and(|damage| damage.contains("without its end mark")), "{container:?}");
    assert!(container.lacks_members());
    let before = fs::read(lab.case.manifest_path()).unwrap();
    assert_eq!(lab.add().already, 4);
    assert_eq!(fs::read(lab.case.manifest_path()).unwrap(), before);
    // What was told beside it is not lost when it is added once more without.
    fs::remove_file(beside).unwrap();
    lab.add();
    let container = lab.manifest().find("logs/sidecar.tar").unwrap();
    assert!(container.metadata.is_some() && container.lacks_members());
}

/// The manifest as a killed run leaves it: any number of its lines.
#[test]
fn an_archive_that_a_run_was_cut_off_from_is_looked_into_again() {
    let lab = Lab::new();
    let many: Vec<String> = (0..2000).map(|number| format!("member {number}")).collect();
    let files: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), name.as_bytes())).collect();
    lab.write("many.zip", &zip(&files));
    lab.write("cut.tar", &tar(&[("one", b"1"), ("two", b"2")])[..1024]);
    lab.add();
    let whole = fs::read_to_string(lab.case.manifest_path()).unwrap();
    let mut expected = lab.entries();
    expected.sort_by(|a, b| a.object.cmp(&b.object));
    assert_eq!((whole.lines().count(), expected.len()), (2005, 2003));
    assert!(expected.iter().all(|entry| !entry.is_unfinished()));
    // What is added now is something else; `fetch` does not even look at what it has.
    let other = lab.folder.path().join("other.log");
    fs::write(&other, "x").unwrap();
    let resume = || add(&lab.case, std::slice::from_ref(&other), &AddOptions::default(), &Quiet).unwrap();
    for lines in [2, 3, 4, 5, 517, 2003, 2004] {
        let kept: String = whole.split_inclusive('\n').take(lines).collect();
        fs::write(lab.case.manifest_path(), kept).unwrap();
        let half = lab.manifest().find("logs/many.zip").unwrap();
        assert!(half.is_unfinished() && half.lacks_members(), "{half:?}");
        let added = resume();
        assert_eq!((added.objects, added.archives), (1 + 2003 - objects_of(&whole, lines), 0), "{lines} lines");
        let mut found = lab.entries();
        found.retain(|entry| entry.key != "other.log");
        found.sort_by(|a, b| a.object.cmp(&b.object));
        assert!(found == expected, "{lines} lines");
    }
    assert_eq!(resume().objects, 0);
    // Its bytes are not what was collected: nothing is taken out of them, and that is said.
    fs::write(lab.case.manifest_path(), whole.split_inclusive('\n').take(2).collect::<String>()).unwrap();
    let stored = lab.case.object_path(&lab.manifest().find("logs/many.zip").unwrap().sha256);
    fs::remove_file(&stored).unwrap();
    fs::write(&stored, zip(&[("forged", b"1")])).unwrap();
    let added = resume();
    assert!(added.damaged.iter().any(|(key, why)| key == "logs/many.zip" && why.contains("SHA-256")), "{added:?}");
    assert!(lab.manifest().find("logs/many.zip").unwrap().is_unfinished());
    // The original, added again, repairs it.
    lab.add();
    assert!(!lab.manifest().find("logs/many.zip").unwrap().is_unfinished());
    assert_eq!(lab.entries().len(), 2004);
}

/// How many objects these lines are about.
fn objects_of(manifest: &str, lines: usize) -> u64 {
    let ids = manifest.lines().take(lines).map(|line| serde_json::from_str::<Entry>(line).unwrap().object);
    ids.collect::<std::collections::BTreeSet<_>>().len() as u64
}

#[test]
fn two_members_of_one_name_are_two_objects() {
    let lab = Lab::new();
    lab.write("t.tar", &tar(&[("same", b"1"), ("same", b"2"), ("same", b"2")]));
    let added = lab.add();
    assert_eq!((added.objects, added.already), (3, 1));
    let found = lab.entries().into_iter().filter(|entry| entry.key == "logs/t.tar!/same").count();
    assert_eq!(found, 2);
}

#[test]
fn a_good_original_repairs_what_is_stored() {
    let lab = Lab::new();
    lab.write("one.log", b"12345");
    lab.write("two.log", b"67890");
    assert!(lab.add().repaired.is_empty());
    assert!(lab.add().repaired.is_empty());
    let spoil = |bytes: &[u8]| {
        let stored = lab.case.object_path(&crate::hash::sha256(b"12345"));
        fs::remove_file(&stored).unwrap();
        fs::write(&stored, bytes).unwrap();
    };
    let expected = crate::hash::sha256(b"12345");
    // What was wrong, and what was found, which is still there.
    let repaired = |added: Added, key: &str, found: Option<&[u8]>| {
        let entry = lab.manifest().find("logs/one.log").unwrap();
        assert_eq!(hash_stored(&lab.case, &entry).unwrap(), entry.sha256);
        let [repaired] = added.repaired.as_slice() else { panic!("{added:?}") };
        assert_eq!((&*repaired.key, &repaired.sha256), (key, &expected));
        assert_eq!(repaired.found, found.map(crate::hash::sha256));
        let kept = repaired.kept.as_ref().map(|kept| fs::read(lab.case.root().join(kept)).unwrap());
        assert_eq!(kept.as_deref(), found);
        repaired.why.clone()
    };
    // Of the same size, of another one, and gone.
    spoil(b"12Z45");
    assert_eq!(repaired(lab.add(), "logs/one.log", Some(b"12Z45")), "its 5 bytes were altered");
    spoil(b"12");
    assert_eq!(repaired(lab.add(), "logs/one.log", Some(b"12")), "its 2 bytes were altered");
    fs::remove_file(lab.case.object_path(&expected)).unwrap();
    assert_eq!(repaired(lab.add(), "logs/one.log", None), "it was gone");
    // The original may come from somewhere else, and twice.
    spoil(b"12Z45");
    lab.write("copy/three.log", b"12345");
    let copy = add(&lab.case, &[lab.logs().join("copy")], &AddOptions::default(), &Quiet).unwrap();
    repaired(copy, "copy/three.log", Some(b"12Z45"));
    spoil(b"1");
    let both = add(&lab.case, &[lab.logs().join("copy"), lab.logs()], &AddOptions::default(), &Quiet).unwrap();
    assert_eq!(both.repaired.len(), 1, "{both:?}");
    assert_eq!(fs::read_dir(lab.case.evidence_dir().join("altered")).unwrap().count(), 3);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_in_the_place_of_an_object_is_moved_away() {
    let lab = Lab::new();
    lab.write("one.log", b"12345");
    lab.add();
    let stored = lab.case.object_path(&crate::hash::sha256(b"12345"));
    let outside = lab.folder.path().join("outside");
    fs::write(&outside, b"mine").unwrap();
    fs::remove_file(&stored).unwrap();
    std::os::unix::fs::symlink(&outside, &stored).unwrap();
    let added = lab.add();
    assert_eq!((added.repaired[0].why.as_str(), &added.repaired[0].found), ("it was no plain file", &None));
    assert!(lab.case.root().join(added.repaired[0].kept.as_ref().unwrap()).is_symlink());
    assert_eq!((fs::read(&outside).unwrap(), fs::read(&stored).unwrap()), (b"mine".to_vec(), b"12345".to_vec()));
}

#[cfg(unix)]
#[test]
fn files_that_are_too_large_or_full_of_holes_are_not_taken() {
    let lab = Lab::new();
    lab.write("one.log", b"12345");
    lab.write("large.log", b"1234567");
    let hole = lab.write("hole.log", b"x");
    fs::OpenOptions::new().write(true).open(&hole).unwrap().set_len(2 << 30).unwrap();
    let limits = Limits { stored: 6, ..Limits::default() };
    let added = lab.add_with(&AddOptions { limits, ..AddOptions::default() });
    assert_eq!((added.objects, added.skipped.len()), (1, 2), "{added:?}");
    assert!(added.skipped.iter().any(|(path, why)| path.ends_with("large.log") && why.contains("larger than 6 bytes")));
    assert_eq!(crate::absent::load(&lab.case).unwrap().len(), 2);
    let added = lab.add();
    assert_eq!((added.objects, added.skipped.len()), (1, 1), "{added:?}");
    assert!(added.skipped[0].1.starts_with("a sparse file"), "{added:?}");
}

#[test]
fn a_bomb_is_an_object_with_damage() {
    let lab = Lab::new();
    lab.write("bomb.gz", &gzip(&vec![0; 1 << 20]).repeat(100));
    lab.write("bomb.zip", &zip(&[("zeros", &vec![0; 80 << 20])]));
    let added = lab.add();
    let manifest = lab.manifest();
    let bomb = manifest.find("logs/bomb.gz").unwrap();
    assert!(bomb.damage.is_some() && bomb.inflated_sha256.is_none(), "{bomb:?}");
    assert_eq!(hash_stored(&lab.case, &bomb).unwrap(), bomb.sha256);
    assert!(added.damaged.iter().any(|(key, _)| key == "logs/bomb.zip!/zeros"), "{added:?}");
    let zeros = manifest.find("logs/bomb.zip!/zeros").unwrap();
    assert!(zeros.is_unread() && Damage::tells_of_limits(zeros.damage.as_deref().unwrap()), "{zeros:?}");
    assert_eq!(hash_stored(&lab.case, &zeros).unwrap(), zeros.sha256);
}

#[test]
fn a_member_that_a_limit_kept_from_being_read_is_replaced_when_it_is_read() {
    let lab = Lab::new();
    lab.write("z.zip", &zip(&[("small.log", b"1"), ("large.log", &[b'x'; 5000])]));
    let small = AddOptions { limits: Limits { inflated: 1000, ..Limits::default() }, ..AddOptions::default() };
    assert_eq!(lab.add_with(&small).objects, 3);
    let unread = lab.manifest().find("logs/z.zip!/large.log").unwrap();
    assert!(unread.is_unread(), "{unread:?}");
    let added = lab.add();
    assert_eq!((added.objects, added.already), (1, 2));
    let manifest = lab.manifest();
    let read = manifest.find("logs/z.zip!/large.log").unwrap();
    assert_eq!((manifest.len(), read.is_unread(), read.replaces.as_ref()), (3, false, Some(&unread.object)));
    assert_eq!(manifest.replaced().collect::<Vec<_>>(), [unread.object.as_str()]);
    assert_eq!(manifest.get(&unread.object).unwrap(), None);
    assert_eq!(lab.text("logs/z.zip!/large.log").len(), 5000);
    // A smaller limit takes nothing back, and says nothing new.
    let before = fs::read(lab.case.manifest_path()).unwrap();
    for added in [lab.add_with(&small), lab.add()] {
        assert_eq!((added.objects, added.already, added.damaged.len()), (0, 3, 0), "{added:?}");
    }
    assert_eq!(fs::read(lab.case.manifest_path()).unwrap(), before);
}

#[cfg(unix)]
#[test]
fn links_and_pipes_are_skipped_and_listed() {
    let lab = Lab::new();
    lab.write("one.log", b"1");
    std::os::unix::fs::symlink(lab.logs().join("one.log"), lab.logs().join("link.log")).unwrap();
    std::os::unix::fs::symlink(lab.logs(), lab.logs().join("loop")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(lab.logs().join("pipe")).status().unwrap();
    assert!(made.success());
    let added = lab.add();
    assert_eq!(added.objects, 1);
    let names: Vec<_> = added.skipped.iter().map(|(path, _)| Path::new(path).file_name().unwrap()).collect();
    assert_eq!(names, ["link.log", "loop", "pipe"]);
    let missing = add(&lab.case, &[lab.logs().join("gone")], &AddOptions::default(), &Quiet);
    assert!(matches!(missing, Err(Error::NoSuchRoot { .. })));
    // The case inside of what is added is not evidence.
    let added = add(&lab.case, &[lab.folder.path().to_path_buf()], &AddOptions::default(), &Quiet).unwrap();
    assert!(added.skipped.iter().any(|(_, why)| why.contains("the case itself")));
}

#[test]
fn cases_are_found_upward_and_made_once() {
    let lab = Lab::new();
    let below = lab.case.root().join("lake");
    assert_eq!(Case::find(&below).unwrap().root(), lab.case.root());
    assert_eq!(lab.case.name(), "case-17");
    assert_eq!(lab.case.operator(), Some("A. Nalyst"));
    let new = NewCase { name: "x", operator: None, reference: None, created: "2026-05-01T00:00:00Z" };
    assert!(matches!(Case::init(lab.case.root(), &new), Err(Error::CaseExists { .. })));
    let none = Case::find(lab.folder.path()).unwrap_err();
    assert!(none.hint().unwrap().contains("coldtrail init"));
    fs::write(lab.case.root().join("case.toml"), "name = ").unwrap();
    assert!(matches!(Case::open(lab.case.root()), Err(Error::CaseFile { .. })));
}

#[test]
fn two_runs_at_once_are_refused() {
    let lab = Lab::new();
    lab.write("one.log", b"1");
    let lock = fs::File::create(lab.case.evidence_dir().join(".lock")).unwrap();
    lock.file().lock().unwrap();
    let refused = add(&lab.case, &[lab.logs()], &AddOptions::default(), &Quiet);
    assert!(matches!(refused, Err(Error::Busy { .. })));
}
