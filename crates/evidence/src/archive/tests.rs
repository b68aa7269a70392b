//! Archives that hide something: what cannot be read is named.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{Seek, SeekFrom, Write};
use std::time::Instant;

use super::*;

const DATA: &[u8] = b"some text of a log\n";

/// Lists bytes as a file.
fn listed(bytes: &[u8], kind: ArchiveKind) -> Listing {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    list(fs::File::open(file.path()).unwrap(), kind, false, &Limits::default()).unwrap()
}

fn names(listing: &Listing) -> Vec<&str> {
    listing.members.iter().map(|member| member.name.as_str()).collect()
}

fn damage(listing: &Listing) -> String {
    listing.damage.iter().map(Damage::to_string).collect::<Vec<_>>().join("; ")
}

fn unread(member: &Member) -> String {
    assert_eq!(member.place.unread, member.unread.is_some());
    member.unread.as_ref().map(|why| why.to_string()).unwrap_or_default()
}

/// Name, flags, method, packed bytes, and how many are said to come out.
type File<'a> = (&'a str, u16, u16, &'a [u8], u32);

/// A zip of files that are already packed.
fn zip(files: &[File<'_>]) -> Vec<u8> {
    let (mut bytes, mut list): (Vec<u8>, Vec<u8>) = (Vec::new(), Vec::new());
    for (name, flags, method, data, unpacked) in files {
        let offset = u32::try_from(bytes.len()).unwrap();
        let mut common: Vec<u8> = Vec::new();
        for word in [*flags, *method, 0, 0] {
            common.extend(word.to_le_bytes());
        }
        let mut crc = flate2::Crc::new();
        crc.update(data);
        for long in [crc.sum(), u32::try_from(data.len()).unwrap(), *unpacked] {
            common.extend(long.to_le_bytes());
        }
        common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        common.extend([0, 0]);
        bytes.extend(b"PK\x03\x04\x14\0");
        bytes.extend(&common);
        bytes.extend(name.as_bytes());
        bytes.extend(*data);
        list.extend(b"PK\x01\x02\x14\0\x14\0");
        list.extend(&common);
        list.extend([0; 10]);
        list.extend(offset.to_le_bytes());
        list.extend(name.as_bytes());
    }
    let start = u32::try_from(bytes.len()).unwrap();
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    bytes.extend(&list);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([count, count].concat());
    bytes.extend(u32::try_from(list.len()).unwrap().to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

fn plain<'a>(name: &'a str, data: &'a [u8]) -> File<'a> {
    (name, 0, 0, data, u32::try_from(data.len()).unwrap())
}

fn at(place: &MemberPlace, bytes: &[u8]) -> Vec<u8> {
    let from = usize::try_from(place.offset).unwrap();
    bytes[from..from + usize::try_from(place.length).unwrap()].to_vec()
}

#[test]
fn what_a_zip_has_that_cannot_be_read_is_listed() {
    let bytes = zip(&[
        plain("one", DATA),
        ("secret", 1, 0, b"cipher", 6),
        ("packed", 0, 12, b"BZh9", 100),
        ("odd", 0, 77, b"?", 1),
        ("bomb", 0, 8, b"tiny", 80 << 20),
        plain("one", b"another of that name"),
        plain("folder/", b""),
    ]);
    let listing = listed(&bytes, ArchiveKind::Zip);
    assert_eq!(damage(&listing), "");
    assert_eq!(names(&listing), ["one", "secret", "packed", "odd", "bomb", "one"]);
    let why: Vec<String> = listing.members.iter().map(unread).collect();
    assert_eq!(why[1], "not read: encrypted");
    assert_eq!(why[2], "not read: the compression 12 (bzip2) of this zip member is not supported");
    assert_eq!(why[3], "not read: the compression 77 of this zip member is not supported");
    assert_eq!(why[4], "not read, over a limit: each of its bytes yields more than 200");
    assert_eq!((why[0].as_str(), why[5].as_str()), ("", ""));
    let raw: Vec<Vec<u8>> = listing.members.iter().map(|member| at(&member.place, &bytes)).collect();
    let expected: [&[u8]; 6] = [DATA, b"cipher", b"BZh9", b"?", b"tiny", b"another of that name"];
    assert_eq!(raw, expected);
}

#[test]
fn what_is_called_like_a_folder_and_has_bytes_is_no_folder() {
    let bytes = zip(&[
        plain("folder/", b""),
        plain("stored/", DATA),
        ("said to be empty/", 0, 0, DATA, 0),
        ("packed\\", 0, 8, DATA, 0),
        ("secret/", 1, 0, b"cipher", 0),
        ("made by Java/", 0, 8, &[3, 0], 0),
    ]);
    let listing = listed(&bytes, ArchiveKind::Zip);
    assert_eq!(names(&listing), ["stored/", "said to be empty/", "packed\\", "secret/"]);
    assert_eq!(unread(&listing.members[3]), "not read: encrypted");
    let raw: Vec<Vec<u8>> = listing.members.iter().map(|member| at(&member.place, &bytes)).collect();
    assert_eq!(raw, [DATA, DATA, DATA, b"cipher"]);
}

#[test]
fn a_zip_is_read_wherever_it_begins_and_without_its_end() {
    let first = zip(&[plain("first", DATA)]);
    let second = zip(&[plain("a", DATA), plain("b", b"2")]);
    let both = [first.clone(), second.clone()].concat();
    let listing = listed(&both, ArchiveKind::Zip);
    assert_eq!(names(&listing), ["a", "b", "first"]);
    assert!(damage(&listing).contains("bytes lie before the zip"), "{}", damage(&listing));
    assert_eq!(at(&listing.members[0].place, &both), DATA);

    let list = second.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    for cut in list..second.len() {
        let listing = listed(&second[..cut], ArchiveKind::Zip);
        assert_eq!(names(&listing), ["a", "b"], "cut at {cut}");
        assert!(damage(&listing).starts_with("members may be missing: the zip cannot be read"), "cut at {cut}");
    }
    for cut in 4..list {
        assert!(!listed(&second[..cut], ArchiveKind::Zip).damage.is_empty(), "cut at {cut}");
    }

    // The list is broken in its second entry.
    let mut broken = second.clone();
    let entry = list + 46 + 1;
    broken[entry] ^= 1;
    let listing = listed(&broken, ArchiveKind::Zip);
    assert_eq!(names(&listing), ["a", "b"]);
    assert!(damage(&listing).contains("has 1 entries that can be read, and should have 2"), "{}", damage(&listing));

    // An entry whose header is not where it is said to be.
    let mut lost = second;
    lost[..4].copy_from_slice(b"PK\x03\x05");
    let listing = listed(&lost, ArchiveKind::Zip);
    assert_eq!(unread(&listing.members[0]), "not read: its data cannot be found in the zip");
    assert_eq!(listing.members[0].place.length, 0);
}

#[test]
fn what_other_programs_write_is_read() {
    for (large, method) in [
        (false, ::zip::CompressionMethod::Stored),
        (false, ::zip::CompressionMethod::Deflated),
        (true, ::zip::CompressionMethod::Deflated),
    ] {
        let mut writer = ::zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        let options = ::zip::write::SimpleFileOptions::default().compression_method(method).large_file(large);
        writer.add_directory("d", options).unwrap();
        for name in ["d/one", "zwei–drei"] {
            writer.start_file(name, options).unwrap();
            writer.write_all(DATA).unwrap();
        }
        let bytes = writer.finish().unwrap().into_inner();
        let listing = listed(&bytes, ArchiveKind::Zip);
        assert_eq!(names(&listing), ["d/one", "zwei–drei"]);
        assert_eq!(damage(&listing), "");
        assert!(listing.members.iter().all(|m| m.unread.is_none() && m.place.unpacked == DATA.len() as u64));
    }
}

fn header(name: &str, kind: ::tar::EntryType, size: u64) -> ::tar::Header {
    let mut header = ::tar::Header::new_gnu();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = ::tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        builder.append(&header(name, ::tar::EntryType::Regular, bytes.len() as u64), *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

#[test]
fn a_tar_that_was_cut_is_noticed_wherever_it_was() {
    let bytes = tar(&[("one", b"1"), ("two", &[b'x'; 700]), ("none", b""), ("three", DATA)]);
    assert_eq!(damage(&listed(&bytes, ArchiveKind::Tar)), "");
    for cut in (1..bytes.len() / 512).map(|blocks| blocks * 512) {
        let listing = listed(&bytes[..cut], ArchiveKind::Tar);
        assert!(damage(&listing).starts_with("members may be missing: "), "cut at {cut}");
    }
    assert!(!listed(&bytes[..bytes.len() - 1], ArchiveKind::Tar).damage.is_empty());
    // More zeros at the end, and a tar behind the end.
    let padded = [bytes.clone(), vec![0; 5000]].concat();
    assert_eq!(damage(&listed(&padded, ArchiveKind::Tar)), "");
    let two = [bytes, tar(&[("behind", b"2")])].concat();
    let listing = listed(&two, ArchiveKind::Tar);
    assert_eq!((names(&listing), damage(&listing)), (vec!["one", "two", "none", "three", "behind"], String::new()));
}

#[test]
fn behind_a_broken_header_nothing_is_read_and_that_is_said() {
    let mut bytes = tar(&[("one", b"1"), ("two", b"2"), ("three", b"3")]);
    bytes[1024 + 3] ^= 1;
    let listing = listed(&bytes, ArchiveKind::Tar);
    assert_eq!(names(&listing), ["one"]);
    assert!(damage(&listing).contains("the header at byte 1024 of the tar is broken"), "{}", damage(&listing));
}

#[test]
fn names_and_attributes_before_a_file_are_read() {
    let long = "n".repeat(300);
    let mut builder = ::tar::Builder::new(Vec::new());
    builder.append_data(&mut header("", ::tar::EntryType::Regular, 1), &long, &b"1"[..]).unwrap();
    let lines: [(&str, &[u8]); 2] = [("path", "neu\nzeile".as_bytes()), ("mtime", b"1.5")];
    builder.append_pax_extensions(lines).unwrap();
    builder.append(&header("old", ::tar::EntryType::Regular, 1), &b"2"[..]).unwrap();
    builder.append_pax_extensions([("GNU.sparse.major", &b"1"[..])]).unwrap();
    builder.append(&header("sparse", ::tar::EntryType::Regular, 4), &b"hole"[..]).unwrap();
    builder.append(&header("link", ::tar::EntryType::Symlink, 0), io::empty()).unwrap();
    builder.append(&header("odd", ::tar::EntryType::new(b'Q'), 3), &b"odd"[..]).unwrap();
    builder.append(&header("last", ::tar::EntryType::Regular, 1), &b"3"[..]).unwrap();
    let bytes = builder.into_inner().unwrap();
    let listing = listed(&bytes, ArchiveKind::Tar);
    assert_eq!(names(&listing), [long.as_str(), "neu\nzeile", "sparse", "odd", "last"]);
    assert_eq!(damage(&listing), "");
    assert_eq!(listing.skipped.len(), 1);
    assert_eq!(unread(&listing.members[2]), "not read: sparse files in a tar are not read");
    assert!(unread(&listing.members[3]).contains("'Q'"));
    let raw: Vec<Vec<u8>> = listing.members.iter().map(|member| at(&member.place, &bytes)).collect();
    let expected: [&[u8]; 5] = [b"1", b"2", b"hole", b"odd", b"3"];
    assert_eq!(raw, expected);
}

#[test]
fn a_name_of_gigabytes_takes_neither_memory_nor_time() {
    let size = 3 << 29;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(header("././@LongLink", ::tar::EntryType::GNULongName, size).as_bytes()).unwrap();
    file.as_file().set_len(512 + size).unwrap();
    file.seek(SeekFrom::Start(512 + size)).unwrap();
    file.write_all(&tar(&[("short", b"1"), ("next", b"2")])).unwrap();
    let begun = Instant::now();
    let listing = list(fs::File::open(file.path()).unwrap(), ArchiveKind::Tar, false, &Limits::default()).unwrap();
    assert!(begun.elapsed().as_secs() < 1);
    assert_eq!((names(&listing), damage(&listing)), (vec!["short", "next"], String::new()));
    assert!(unread(&listing.members[0]).starts_with("not read, over a limit: "));
    assert_eq!(unread(&listing.members[1]), "");
}

#[test]
fn a_name_that_is_too_long_is_shortened_and_told_from_others() {
    let long = |end: &str| format!("{}{end}", "n".repeat(NAME));
    let (fits, first, second) = ("n".repeat(NAME), long("1"), long("2"));
    let zip = zip(&[plain(&fits, DATA), plain(&first, DATA), plain(&second, DATA), plain(&long("/"), b"")]);
    let mut tar = ::tar::Builder::new(Vec::new());
    for name in [&fits, &first, &second] {
        // As a pax header, which says no length of a name that fits nowhere else.
        tar.append_pax_extensions([("path", name.as_bytes())]).unwrap();
        tar.append(&header("", ::tar::EntryType::Regular, DATA.len() as u64), DATA).unwrap();
    }
    for (bytes, kind) in [(zip, ArchiveKind::Zip), (tar.into_inner().unwrap(), ArchiveKind::Tar)] {
        let Listing { members, damage, .. } = listed(&bytes, kind);
        assert_eq!((members.len(), damage.len()), (3, 0));
        assert_eq!((members[0].name.as_str(), unread(&members[0])), (fits.as_str(), String::new()));
        for (member, name) in members[1..].iter().zip([&first, &second]) {
            let short = format!("{}… (4097 bytes, SHA-256 {})", "n".repeat(BEGINNING), sha256(name.as_bytes()));
            assert_eq!(member.name, short);
            let why = "not read, over a limit: its name has 4097 bytes, and no more than 4096 are taken";
            assert_eq!(unread(member), why);
            assert_eq!(at(&member.place, &bytes), DATA);
        }
    }
}

#[test]
#[ignore = "writes 320 MiB: cargo test -p coldtrail-evidence -- --ignored names_are_held"]
fn names_are_held_up_to_a_limit() {
    let mut file = io::BufWriter::new(tempfile::NamedTempFile::new().unwrap());
    for number in 0..NAMES / NAME + 10 {
        let name = format!("{number:0NAME$}");
        file.write_all(header("././@LongLink", ::tar::EntryType::GNULongName, NAME as u64).as_bytes()).unwrap();
        file.write_all(name.as_bytes()).unwrap();
        file.write_all(header("", ::tar::EntryType::Regular, 0).as_bytes()).unwrap();
    }
    let file = file.into_inner().unwrap();
    let file = fs::File::open(file.path()).unwrap();
    let listing = list(file, ArchiveKind::Tar, false, &Limits::default()).unwrap();
    assert_eq!(listing.members.len(), NAMES / NAME);
    assert!(damage(&listing).starts_with("not read, over a limit: the tar has more than 65536 entries"));
}

#[test]
fn many_members_are_listed_up_to_a_limit() {
    let one = header("empty", ::tar::EntryType::Regular, 0);
    let many = |count: usize| [one.as_bytes().repeat(count), vec![0; 1024]].concat();
    let listing = listed(&many(100_000), ArchiveKind::Tar);
    assert_eq!((listing.members.len(), damage(&listing)), (100_000, String::new()));
}
