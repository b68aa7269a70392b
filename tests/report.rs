//! Reports over the sample case.

use crate::support::{run, sample_case};

#[test]
fn an_area_becomes_one_document() {
    let directory = tempfile::tempdir().unwrap();
    for (name, marks) in [
        ("report.html", &["<!doctype html>", "Content-Security-Policy", "lake version"][..]),
        ("report.md", &["# ", "```sql"][..]),
    ] {
        let file = directory.path().join(name).to_string_lossy().into_owned();
        run(sample_case(), &["report", "area", "triage", "-o", &file]).expect(3);
        let text = std::fs::read_to_string(&file).unwrap();
        for mark in marks {
            assert!(text.to_lowercase().contains(&mark.to_lowercase()), "{name} has {mark}");
        }
        assert!(text.contains("198.51.100.") || text.contains("203.0.113."), "{name} has addresses");
        assert!(text.chars().all(|c| matches!(c, '\n' | '\t') || !c.is_control()), "{name} has no control characters");
        // In Markdown it stands in code spans, which the report crate's own tests look into.
        assert!(name.ends_with(".md") || !text.contains("<script"), "{name}: nothing of the attacker's is markup");
    }
    run(sample_case(), &["report", "area", "nonsense"]).expect(2);
    let json = run(sample_case(), &["report", "area", "triage", "--json"]).expect(3).json();
    assert!(json["markdown"].as_str().unwrap().contains("triage"), "{json}");
    // What the case is made of is never written over.
    let own = run(sample_case(), &["sql", "select 1", "-o", "custody.jsonl", "--output", "csv", "--force"]).expect(2);
    assert!(own.stderr.contains("is a part of the case"), "{}", own.stderr);
    run(sample_case(), &["custody", "verify"]).expect(0);
}

#[test]
fn a_report_without_evidence_says_that_it_cannot_say() {
    let directory = tempfile::tempdir().unwrap();
    run(directory.path(), &["init", "case"]).expect(0);
    let ran = run(&directory.path().join("case"), &["report", "area", "triage"]).expect(5);
    assert!(ran.stdout.to_lowercase().contains("cannot say"), "{}", ran.stdout);
    assert!(ran.stdout.contains("There is no evidence of"), "{}", ran.stdout);
}
