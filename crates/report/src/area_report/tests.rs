//! A report of hostile strings is built like a report of harmless ones, and says what it leaves out.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::hostile::{STRINGS, assert_quiet, nodes, tags};

fn answered(text: &str, outcome: Outcome) -> Answered {
    Answered {
        name: text.to_owned(),
        title: text.to_owned(),
        question: text.to_owned(),
        attack: vec![text.to_owned(), text.to_owned()],
        sources: vec![text.to_owned()],
        traps: vec![text.to_owned()],
        parameters: vec![(text.to_owned(), text.to_owned())],
        sql: text.to_owned(),
        outcome,
        none: text.to_owned(),
        left_aside: format!("3 {text}"),
        evidence: vec![EvidenceRef {
            object: text.to_owned(),
            key: text.to_owned(),
            sha256: text.to_owned(),
            record: 7,
            offset: Some(512),
        }],
        evidence_total: 9,
    }
}

fn answer(text: &str) -> Table {
    let mut table = Table::of_texts(&["text", "list"]);
    table.columns[0].name = text.to_owned();
    table.rows.push(vec![Cell::Text(text.to_owned()), Cell::List(vec![Cell::Text(text.to_owned())])]);
    table
}

fn report(text: &str) -> AreaReport {
    let rows = Outcome::Answer { table: answer(text), shown: 1, total: 12, sha256: text.to_owned() };
    let none = Outcome::Answer { table: Table::of_texts(&["a"]), shown: 0, total: 0, sha256: text.to_owned() };
    AreaReport {
        title: text.to_owned(),
        case_name: text.to_owned(),
        area: text.to_owned(),
        generated: text.to_owned(),
        tool_version: text.to_owned(),
        lake_version: text.to_owned(),
        custody_head: text.to_owned(),
        counts: vec![CountRow { table: text.to_owned(), objects: 1, records: 9, kept: 6, duplicates: 1, rejects: 1 }],
        gaps: vec![text.to_owned()],
        questions: vec![
            answered(text, rows),
            answered(text, none),
            answered(text, Outcome::CannotSay { reason: text.to_owned() }),
            answered(text, Outcome::Failed { message: text.to_owned() }),
        ],
    }
}

#[test]
fn html_has_no_tag_but_its_own() {
    let benign = render_html(&report("x")).unwrap();
    for text in STRINGS {
        let html = render_html(&report(text)).unwrap();
        assert_eq!(tags(&html), tags(&benign), "{text:?}");
        // SQL keeps its tabs and its lines.
        assert_quiet(&html.replace('\t', " "));
    }
    assert!(!benign.contains("<script") && !benign.contains("http:") && !benign.contains("https:"));
    assert!(benign.contains("default-src 'none'; style-src 'unsafe-inline'"));
}

#[test]
fn markdown_has_no_node_but_its_own() {
    let benign = nodes(&render_markdown(&report("x")).unwrap());
    for text in STRINGS.iter().filter(|text| !text.trim().is_empty()) {
        let markdown = render_markdown(&report(text)).unwrap();
        assert_eq!(nodes(&markdown), benign, "{text:?}");
        assert_quiet(&markdown.replace('\t', " "));
    }
}

#[test]
fn an_empty_answer_is_no_verdict_and_a_cut_is_said() {
    let report = report("the gap");
    for document in [render_html(&report).unwrap(), render_markdown(&report).unwrap()] {
        assert!(document.contains("Left aside:") && document.contains("with gaps"));
        assert!(document.to_lowercase().contains("shown 1 of 12"));
        assert!(document.to_lowercase().contains("shown 1 of 9 records"));
        assert!(document.contains("Cannot say:"));
        assert!(document.contains("records are not kept + duplicates + rejects"));
        assert!(document.matches("the gap").count() > 40);
    }
}

#[test]
fn a_report_that_miscounts_its_rows_is_refused() {
    let mut report = report("x");
    report.questions[0].outcome = Outcome::Answer { table: answer("x"), shown: 2, total: 12, sha256: String::new() };
    let error = render_html(&report).unwrap_err();
    assert_eq!(error.to_string(), "question 'x' says that it shows 2 rows of 12, but holds 1");
}

#[test]
fn nothing_asked_and_nothing_taken_in_is_said() {
    let report = AreaReport { counts: vec![], gaps: vec![], questions: vec![], ..report("x") };
    for document in [render_html(&report).unwrap(), render_markdown(&report).unwrap()] {
        assert!(document.contains("No question was asked.") && document.contains("Nothing was taken in."));
        assert!(document.contains("No gap was recorded."));
    }
}
