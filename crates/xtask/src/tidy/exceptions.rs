//! Where a rule does not hold, and why. An exception that nothing needs any more is a finding.

use anyhow::Result;

use super::{Finding, Tree};

/// A rule that has exceptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// A column named outside the schema; `has` is the literal.
    Column,
    /// An error thrown away; `has` is a part of the line.
    Swallow,
}

/// One exception.
struct Exception {
    rule: Rule,
    file: &'static str,
    has: &'static str,
    /// Why it is right here.
    reason: &'static str,
}

static EXCEPTIONS: &[Exception] = &[];

pub(super) fn covers(rule: Rule, file: &str, text: &str) -> bool {
    EXCEPTIONS.iter().any(|e| e.rule == rule && e.file == file && fits(e, text))
}

fn fits(exception: &Exception, text: &str) -> bool {
    match exception.rule {
        Rule::Column => exception.has == text,
        Rule::Swallow => text.contains(exception.has),
    }
}

pub(super) fn exceptions_are_needed(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for exception in EXCEPTIONS {
        let file = tree.rust.iter().find(|file| file.path == exception.file);
        let needed = file.is_some_and(|file| match exception.rule {
            Rule::Column => file.literals.iter().any(|(_, literal)| fits(exception, literal)),
            Rule::Swallow => file.lines.iter().any(|line| fits(exception, line)),
        });
        if !needed || exception.reason.is_empty() {
            findings.push(Finding::new(
                exception.file,
                1,
                format!("the exception for `{}` is not needed any more", exception.has),
            ));
        }
    }
    Ok(findings)
}
