//! `docs/sql.md` against the lists that it is written from.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;

use crate::aws_views::AWS;
use crate::functions::{ATHENA_FUNCTIONS, FUNCTIONS, Function};

fn functions(lists: &[&[Function]]) -> String {
    let mut out = String::from("| function | what it gives | example | gives |\n|---|---|---|---|\n");
    for one in lists.iter().copied().flatten() {
        let cell = |text: &str| text.replace('|', "\\|");
        let code = |text: &str| format!("`` {} ``", cell(text));
        let result = if one.result.is_empty() { String::new() } else { code(one.result) };
        let (usage, about) = (code(one.usage), cell(one.about));
        writeln!(out, "| {usage} | {about} | {} | {result} |", code(one.example)).unwrap();
    }
    out
}

fn tables() -> String {
    let mut out = String::from("| table | what it is |\n|---|---|\n");
    AWS.iter().for_each(|view| writeln!(out, "| `{}` | {} |", view.name, view.about).unwrap());
    out
}

#[test]
fn the_page_has_what_the_lists_have() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/sql.md");
    let found = fs_err::read_to_string(&path).unwrap();
    let mut page = found.clone();
    for (name, text) in
        [("tables", tables()), ("functions", functions(FUNCTIONS)), ("athena", functions(ATHENA_FUNCTIONS))]
    {
        let mark = format!("<!-- {name}: written by the tests of crates/query with UPDATE_GOLDEN=1 -->\n");
        let (before, rest) = page.split_once(&mark).expect("a mark in the page");
        let (_, behind) = rest.split_once("<!-- end -->").expect("the end of a list");
        page = format!("{before}{mark}{text}<!-- end -->{behind}");
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs_err::write(&path, &page).unwrap();
    }
    assert!(page == found || std::env::var_os("UPDATE_GOLDEN").is_some(), "docs/sql.md is not what the lists say");
}
