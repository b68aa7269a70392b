//! Layers, members, damage and bombs.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{Read, Write};

use super::*;

const TEXT: &[u8] = b"{\"Records\":[{\"eventVersion\":\"1.08\",\"eventName\":\"GetObject\"}]}\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn read(bytes: &[u8]) -> (Vec<u8>, Facts) {
    read_with(bytes, &Limits::default(), 1 << 20)
}

/// Reads in pieces of `step`, from memory, and checks that a stream gives the same.
fn read_with(bytes: &[u8], limits: &Limits, step: usize) -> (Vec<u8>, Facts) {
    let drain = |mut opened: Opened| {
        let mut out = Vec::new();
        let mut buffer = vec![0; step];
        loop {
            let got = opened.read(&mut buffer).unwrap();
            if got == 0 {
                break;
            }
            out.extend_from_slice(&buffer[..got]);
        }
        assert_eq!(opened.facts().inflated, out.len() as u64);
        (out, opened.facts())
    };
    let memory = drain(open_bytes(bytes.to_vec(), limits));
    let streamed = Input::stream(Box::new(std::io::Cursor::new(bytes.to_vec())));
    assert_eq!(drain(Opened::build(streamed, Notes::default(), limits).unwrap()), memory);
    memory
}

#[track_caller]
fn check(bytes: &[u8], text: &[u8], layers: &[&str], members: u64, damage: Option<Damage>) {
    for step in [1, 7, 1 << 20] {
        let (out, facts) = read_with(bytes, &Limits::default(), step);
        assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(text));
        assert_eq!(facts.layers, layers);
        assert_eq!(facts.members, members);
        assert_eq!(facts.damage, damage);
    }
}

#[test]
fn every_layer_is_found_by_its_bytes() {
    check(TEXT, TEXT, &[], 0, None);
    check(b"", b"", &[], 0, None);
    check(b"\x1f", b"\x1f", &[], 0, None);
    check(b"PAR1....", b"PAR1....", &[], 0, None);
    check(b"\xef\xbb\xbf{}", b"\xef\xbb\xbf{}", &[], 0, None);
    check(&gzip(TEXT), TEXT, &["gzip"], 1, None);
    check(&gzip(b""), b"", &["gzip"], 1, None);
    check(&bzip2(TEXT), TEXT, &["bzip2"], 1, None);
    check(&bzip2(b""), b"", &["bzip2"], 1, None);
    check(&zstd::encode_all(TEXT, 3).unwrap(), TEXT, &["zstd"], 1, None);
    check(&gzip(&gzip(TEXT)), TEXT, &["gzip", "gzip"], 1, None);
    check(&zstd::encode_all(&*bzip2(&gzip(TEXT)), 3).unwrap(), TEXT, &["zstd", "bzip2", "gzip"], 1, None);
}

#[test]
fn members_are_read_one_after_another() {
    let (left, right) = TEXT.split_at(20);
    check(&[gzip(left), gzip(b""), gzip(right)].concat(), TEXT, &["gzip"], 3, None);
    check(&[bzip2(left), bzip2(right)].concat(), TEXT, &["bzip2"], 2, None);
    let skippable = [b"\x51\x2a\x4d\x18\x03\0\0\0abc".to_vec()];
    let frames = [zstd::encode_all(left, 3).unwrap(), skippable.concat(), zstd::encode_all(right, 3).unwrap()];
    check(&frames.concat(), TEXT, &["zstd"], 3, None);
    // Firehose: one gzip around many.
    check(&gzip(&[gzip(left), gzip(right)].concat()), TEXT, &["gzip", "gzip"], 1, None);
}

#[test]
fn gzip_cut_at_every_byte_gives_what_is_before_the_cut() {
    let long: Vec<u8> =
        (0..400u32).flat_map(|i| format!("{} record\n", i.wrapping_mul(2_654_435_761)).into_bytes()).collect();
    let packed = gzip(&long);
    let mut before = 0;
    for cut in 2..packed.len() {
        let (out, facts) = read(&packed[..cut]);
        assert!(long.starts_with(&out), "cut at {cut}");
        assert!(out.len() >= before, "cut at {cut}");
        before = out.len();
        assert_eq!(
            facts.damage,
            Some(Damage::Truncated { layer: "gzip".to_owned(), read: cut as u64 }),
            "cut at {cut}"
        );
    }
    assert_eq!(before, long.len());
    for whole in [zstd::encode_all(&*long, 3).unwrap(), bzip2(&long)] {
        for cut in 10..whole.len() {
            let (out, facts) = read(&whole[..cut]);
            assert!(long.starts_with(&out));
            assert!(matches!(facts.damage, Some(Damage::Truncated { .. })), "cut at {cut}: {facts:?}");
        }
    }
    let cut = Damage::Truncated { layer: "gzip".to_owned(), read: 40960 };
    assert_eq!(cut.to_string(), "gzip data ends early after 40960 bytes");
}

#[test]
fn a_second_member_that_is_cut_keeps_the_first() {
    let packed = [gzip(TEXT), gzip(TEXT)].concat();
    let (out, facts) = read(&packed[..packed.len() - 4]);
    assert_eq!(out, [TEXT, TEXT].concat());
    assert_eq!(facts.members, 2);
    assert!(matches!(facts.damage, Some(Damage::Truncated { .. })));
}

#[test]
fn what_follows_the_last_member_is_noticed() {
    let trailing = |count| Some(Damage::TrailingBytes { count });
    check(&[gzip(TEXT), vec![0; 512]].concat(), TEXT, &["gzip"], 1, trailing(512));
    check(&[gzip(TEXT), b"garbage".to_vec()].concat(), TEXT, &["gzip"], 1, trailing(7));
    check(&[bzip2(TEXT), b"garbage".to_vec()].concat(), TEXT, &["bzip2"], 1, trailing(7));
    check(&[zstd::encode_all(TEXT, 3).unwrap(), vec![9]].concat(), TEXT, &["zstd"], 1, trailing(1));
    let big = [gzip(TEXT), vec![7; 3 << 20]].concat();
    assert_eq!(read(&big).1.damage, trailing(3 << 20));
}

#[test]
fn corrupt_bytes_end_the_reading_and_nothing_before_is_lost() {
    let long: Vec<u8> = (0..50_000u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let mut packed = gzip(&long);
    let middle = packed.len() / 2;
    for byte in &mut packed[middle..middle + 8] {
        *byte ^= 0xff;
    }
    let mut sizes = Vec::new();
    for step in [1000, 1 << 20] {
        let (out, facts) = read_with(&packed, &Limits::default(), step);
        assert!(matches!(facts.damage, Some(Damage::Corrupt { .. })), "{facts:?}");
        sizes.push(out.len());
        assert!(out.len() > long.len() / 3);
    }
    assert_eq!(sizes[0], sizes[1], "what comes out must not hang on the size of the buffer");
    let mut sum = gzip(TEXT);
    let at = sum.len() - 6;
    sum[at] ^= 1;
    let (out, facts) = read(&sum);
    assert_eq!(out, TEXT);
    assert!(facts.damage.unwrap().to_string().starts_with("gzip data is corrupt after"));
}

#[test]
fn bombs_stop_at_the_limits() {
    let zeros = gzip(&vec![0; 10 << 20]);
    let limits = Limits { inflated: 25 << 20, ratio: u64::MAX, ..Limits::default() };
    let many = zeros.repeat(8);
    let (out, facts) = read_with(&many, &limits, 1 << 20);
    assert_eq!(out.len(), 25 << 20);
    assert_eq!(facts.damage, Some(Damage::TooBig { layer: "gzip".to_owned(), limit: 25 << 20 }));
    let exactly = Limits { inflated: 10 << 20, ..limits };
    assert_eq!(read_with(&zeros, &exactly, 1 << 20).1.damage, None);

    let (out, facts) = read(&zeros.repeat(100));
    assert!(out.len() < 70 << 20, "{}", out.len());
    assert!(matches!(facts.damage, Some(Damage::BadRatio { limit: 200, .. })), "{facts:?}");
    let twice = gzip(&zeros.repeat(100));
    assert!(matches!(read(&twice).1.damage, Some(Damage::BadRatio { .. })));

    let deep = gzip(&gzip(&gzip(&gzip(TEXT))));
    let (out, facts) = read(&deep);
    assert!(out.is_empty());
    assert_eq!(facts.damage, Some(Damage::TooManyLayers { limit: 3 }));
}

#[test]
fn utf16_becomes_utf8() {
    let text = "{\"userName\":\"Zoë 𝄞\"}\r\n";
    let little: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    check(&little, text.as_bytes(), &["utf-16le"], 0, None);
    check(&big, text.as_bytes(), &["utf-16be"], 0, None);
    check(&gzip(&little), text.as_bytes(), &["gzip", "utf-16le"], 1, None);
    check(b"\xff\xfe", b"", &["utf-16le"], 0, None);
    // Without the mark, the zeros tell.
    let json = "{\"Records\":[{\"userAgent\":\"Ωλ\"}]}";
    let little: Vec<u8> = json.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = json.encode_utf16().flat_map(u16::to_be_bytes).collect();
    check(&little, json.as_bytes(), &["utf-16le"], 0, None);
    check(&big, json.as_bytes(), &["utf-16be"], 0, None);
    check(b"PAR1\x15\0\x15\0\0\0", b"PAR1\x15\0\x15\0\0\0", &[], 0, None);
    let cut = Some(Damage::Truncated { layer: "utf-16le".to_owned(), read: 5 });
    check(b"\xff\xfea\0b", b"a", &["utf-16le"], 0, cut);
    let alone = Some(Damage::BadText { count: 2 });
    check(b"\xff\xfe\x00\xd8a\0\x00\xdc", "\u{fffd}a\u{fffd}".as_bytes(), &["utf-16le"], 0, alone);
}

#[test]
fn a_limit_is_told_from_the_text_too() {
    let layer = || "gzip".to_owned();
    let all = [
        Damage::Truncated { layer: layer(), read: 1 },
        Damage::Corrupt { layer: layer(), read: 1, message: "more than 3 bytes come out of it".to_owned() },
        Damage::TrailingBytes { count: 1 },
        Damage::TooBig { layer: layer(), limit: 1 },
        Damage::BadRatio { layer: layer(), limit: 1, inflated: 1 },
        Damage::TooManyLayers { limit: 3 },
        Damage::BadText { count: 1 },
        Damage::NestedArchive,
        Damage::BadChecksum,
        Damage::Unread { why: "over a limit: it says so itself".to_owned() },
        Damage::OverLimit { why: "1".to_owned() },
        Damage::MembersMissing { why: "more than 3 bytes come out of it".to_owned() },
    ];
    for damage in all {
        assert_eq!(damage.is_of_limits(), Damage::tells_of_limits(&damage.to_string()), "{damage}");
        let members = matches!(damage, Damage::OverLimit { .. } | Damage::MembersMissing { .. });
        assert_eq!(members, Damage::tells_of_members(&damage.to_string()), "{damage}");
    }
    let both = format!("{}; {}", Damage::BadChecksum, Damage::OverLimit { why: "1".to_owned() });
    assert!(Damage::tells_of_limits(&both) && Damage::tells_of_members(&both));
}

/// Gives so many bytes at a time.
struct Drip(std::io::Cursor<Vec<u8>>, usize);

impl Read for Drip {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = out.len().min(self.1);
        self.0.read(&mut out[..count])
    }
}

/// How much comes out, its hash, and what is wrong with it.
fn outcome(bytes: &[u8], limits: &Limits, step: usize, drip: Option<usize>) -> (u64, String, Option<String>) {
    let input = match drip {
        Some(count) => Input::stream(Box::new(Drip(std::io::Cursor::new(bytes.to_vec()), count))),
        None => Input::memory(bytes.to_vec()),
    };
    let mut opened = Opened::build(input, Notes::default(), limits).unwrap();
    let (mut hasher, mut buffer) = (Hasher::default(), vec![0; step]);
    loop {
        let got = opened.read(&mut buffer).unwrap();
        if got == 0 {
            let facts = opened.facts();
            return (facts.inflated, hasher.finish(), facts.damage.map(|damage| damage.to_string()));
        }
        hasher.update(&buffer[..got]);
    }
}

#[test]
fn a_reading_stops_at_the_same_byte_whoever_reads() {
    let mut noise = vec![0; 300 << 10];
    fastrand::Rng::with_seed(5).fill(&mut noise);
    // What a byte yields rises slowly over the limit, so that a decoder that reads ahead would be noticed.
    let mut content = noise.clone();
    content.extend(vec![0; 72 << 20]);
    content.extend(&noise);
    let packed = [gzip(&content), zstd::encode_all(&*content, 3).unwrap(), bzip2(&content)];
    for packed in &packed {
        let at_end = (72 << 20) / (packed.len() as u64 - (300 << 10));
        // Over the limit in the midst of the zeros, at their end, and not at all.
        for ratio in [at_end * 93 / 100, at_end, at_end + 5] {
            let limits = Limits { ratio, ..Limits::default() };
            let expected = outcome(packed, &limits, 256 << 10, None);
            let stopped = expected.2.as_ref().is_some_and(|damage| damage.contains("yields more than"));
            if ratio != at_end {
                assert_eq!(stopped, ratio < at_end, "{expected:?}");
            }
            for (step, drip) in [(7919, Some(1 << 20)), (1 << 20, Some(4097))] {
                assert_eq!(outcome(packed, &limits, step, drip), expected, "ratio {ratio}, {step}, {drip:?}");
            }
        }
    }
    // A byte at a time takes a while: once.
    let limits = Limits { ratio: 100, ..Limits::default() };
    let bomb = gzip(&vec![0; 66 << 20]);
    let expected = outcome(&bomb, &limits, 256 << 10, None);
    assert!(expected.2.as_ref().is_some_and(|damage| damage.starts_with("each byte of the gzip data")), "{expected:?}");
    for (step, drip) in [(1, Some(1)), (7, Some(3)), (4096, Some(1))] {
        assert_eq!(outcome(&bomb, &limits, step, drip), expected, "{step}, {drip:?}");
    }
}
