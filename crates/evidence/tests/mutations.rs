//! Bits flipped at random in a chain of digests, its log files, its signatures and its keys: none goes unnoticed.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use std::path::{Path, PathBuf};

use coldtrail_evidence::verify::{Verification, VerifyOptions, verify};
use coldtrail_evidence::{AddOptions, Case, NewCase, Progress, add};
use coldtrail_testkit::forge::{Flipped, ForgeOptions, Part, Scenario, Store, flip_bit, forge};

struct Quiet;
impl Progress for Quiet {
    fn start(&self, _objects: u64, _bytes: u64) {}
    fn more(&self, _objects: u64, _bytes: u64) {}
    fn object(&self, _bytes: u64) {}
}

struct Lab {
    folder: tempfile::TempDir,
    cases: u32,
}

impl Lab {
    fn logs(&self) -> PathBuf {
        self.folder.path().join("logs")
    }

    /// A new case with the files as they are now, read where they are.
    fn case(&mut self) -> Case {
        self.cases += 1;
        let new = NewCase { name: "case", operator: None, reference: None, created: "2026-05-01T00:00:00Z" };
        let case = Case::init(&self.folder.path().join(format!("case{}", self.cases)), &new).unwrap();
        let taken_from = Some(("forge-bucket".to_owned(), String::new()));
        let options = AddOptions { in_place: true, taken_from, ..AddOptions::default() };
        add(&case, &[self.logs().join("forge-bucket")], &options, &Quiet).unwrap();
        case
    }

    fn verify(&self, case: &Case) -> Verification {
        let options = VerifyOptions { keys: vec![self.logs().join("public-keys.json")], ..VerifyOptions::default() };
        // A key file that is no JSON any more is an error, which nobody overlooks.
        match verify(case, &options, &Quiet) {
            Ok(found) => found,
            Err(_no_keys) => verify(case, &VerifyOptions::default(), &Quiet).unwrap(),
        }
    }
}

/// Writes one file of the store anew.
fn write(store: &Store, key: &str, part: Part, logs: &Path) {
    if part == Part::Keys {
        std::fs::write(logs.join("public-keys.json"), &store.keys).unwrap();
        return;
    }
    let (bucket, rest) = key.split_once('/').unwrap();
    let stored = &store.objects[&(bucket.to_owned(), rest.to_owned())];
    match part {
        Part::Body => std::fs::write(logs.join(key), &stored.body).unwrap(),
        _ => std::fs::write(logs.join(format!("{key}.metadata.json")), stored.metadata.as_ref().unwrap()).unwrap(),
    }
}

/// The signature that the sidecar gives.
fn signature(store: &Store, flipped: &Flipped) -> Option<String> {
    let (bucket, rest) = flipped.key.split_once('/')?;
    let text = store.objects.get(&(bucket.to_owned(), rest.to_owned()))?.metadata.as_deref()?;
    let about: serde_json::Value = serde_json::from_slice(text).unwrap_or_default();
    let user = about["Metadata"].as_object()?;
    user.iter().find(|(name, _)| name.eq_ignore_ascii_case("signature"))?.1.as_str().map(str::to_owned)
}

fn flips(count: u32) {
    let mut lab = Lab { folder: tempfile::tempdir().unwrap(), cases: 0 };
    let mut store = forge(&ForgeOptions::default(), Scenario::Clean).store;
    store.write(&lab.logs()).unwrap();
    let case = lab.case();
    let clean = lab.verify(&case);
    assert!(!clean.is_contradicted() && !clean.is_unproven() && !clean.has_gaps());
    let list: serde_json::Value = serde_json::from_slice(&store.keys).unwrap();
    let keys = list["PublicKeyList"].as_array().unwrap().iter();
    let keys: Vec<String> = keys.map(|key| key["Value"].as_str().unwrap().to_owned()).collect();
    let mut rng = fastrand::Rng::with_seed(17);
    let (mut contradicted, mut unproven, mut flagged, mut irrelevant) = (0, 0, 0, 0);
    for number in 0..count {
        let flipped = flip_bit(&mut store, &mut rng);
        write(&store, &flipped.key, flipped.part, &lab.logs());
        // What the provider says of an object is read when it is added.
        let found = match flipped.part {
            Part::Metadata => {
                let case = lab.case();
                let found = lab.verify(&case);
                std::fs::remove_dir_all(case.root()).unwrap();
                found
            }
            Part::Body | Part::Keys => lab.verify(&case),
        };
        // The manifest notices every bit as well; here the digests have to, alone.
        let found = Verification { objects_altered: Vec::new(), ..found };
        match (found.is_contradicted(), found.is_unproven(), found.has_gaps()) {
            (true, ..) => contradicted += 1,
            (_, true, _) => unproven += 1,
            (.., true) => flagged += 1,
            _ => {
                // Of a key file only the key itself proves anything: its fingerprint is computed, its validity a hint.
                let text = String::from_utf8_lossy(&store.keys);
                let hint = flipped.part == Part::Keys && keys.iter().all(|key| text.contains(key.as_str()));
                // So does the metadata prove nothing but by the signature, and one that is lost stands in the next digest.
                let signed = signature(&store, &flipped);
                let mut before = store.clone();
                before.flip_back(&flipped);
                let lost =
                    flipped.part == Part::Metadata && (signed.is_none() || signed == signature(&before, &flipped));
                assert!(flipped.harmless || hint || lost, "flip {number} went unnoticed: {flipped:?}");
                irrelevant += 1;
            }
        }
        store.flip_back(&flipped);
        write(&store, &flipped.key, flipped.part, &lab.logs());
    }
    eprintln!(
        "{count} flips: {contradicted} contradicted, {unproven} left without proof, {flagged} flagged, {irrelevant} irrelevant"
    );
    assert!(contradicted > count / 2);
}

#[test]
fn flipped_bits_are_noticed() {
    flips(1_000);
}

/// `cargo test -p coldtrail-evidence --test mutations -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes"]
fn ten_thousand_flipped_bits_are_noticed() {
    flips(10_000);
}
