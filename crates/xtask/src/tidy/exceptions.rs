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

static EXCEPTIONS: &[Exception] = &[
    Exception {
        rule: Rule::Column,
        file: "crates/cli/src/commands/ingest.rs",
        has: "duplicates",
        reason: "a count in machine output, a heading, or the name of the table",
    },
    Exception {
        rule: Rule::Column,
        file: "crates/report/src/area_report.rs",
        has: "duplicates",
        reason: "a count in machine output, a heading, or the name of the table",
    },
    Exception {
        rule: Rule::Column,
        file: "crates/cli/src/commands/record.rs",
        has: "inflated_sha256",
        reason: "a name in machine output",
    },
    Exception {
        rule: Rule::Column,
        file: "crates/investigate/src/config/diff.rs",
        has: "resources",
        reason: "a name in machine output",
    },
    Exception {
        rule: Rule::Column,
        file: "crates/investigate/src/config/list.rs",
        has: "resources",
        reason: "a name in machine output",
    },
    Exception {
        rule: Rule::Column,
        file: "crates/cli/src/commands/derive.rs",
        has: "resources",
        reason: "a name in machine output",
    },
    Exception {
        rule: Rule::Column,
        file: "crates/investigate/src/config/history.rs",
        has: "candidates",
        reason: "a name in machine output",
    },
    Exception {
        rule: Rule::Column,
        file: "crates/investigate/src/config/history.rs",
        has: "relationships",
        reason: "a member of AWS's own document, in machine output",
    },
    Exception {
        rule: Rule::Column,
        file: "crates/investigate/src/config/history.rs",
        has: "configuration",
        reason: "a member of AWS's own document, in machine output",
    },
    Exception {
        rule: Rule::Column,
        file: "crates/investigate/src/config/show.rs",
        has: "confirmations",
        reason: "a name in machine output",
    },
    Exception {
        rule: Rule::Column,
        file: "crates/report/src/answer.rs",
        has: "evidence_object",
        reason: "how every row is named in machine output",
    },
    Exception {
        rule: Rule::Column,
        file: "crates/report/src/answer.rs",
        has: "evidence_record",
        reason: "how every row is named in machine output",
    },
    Exception {
        rule: Rule::Column,
        file: "crates/correlate/src/attribute/fit.rs",
        has: "relationships",
        reason: "the first member of a path in AWS's own document",
    },
    Exception {
        rule: Rule::Column,
        file: "crates/correlate/src/attribute/fit.rs",
        has: "configuration",
        reason: "the first member of a path in AWS's own document",
    },
    Exception {
        rule: Rule::Column,
        file: "crates/correlate/src/config/documents.rs",
        has: "configuration",
        reason: "a member of AWS's own document",
    },
    Exception {
        rule: Rule::Column,
        file: "crates/correlate/src/config/documents.rs",
        has: "relationships",
        reason: "a member of AWS's own document",
    },
    Exception {
        rule: Rule::Column,
        file: "crates/correlate/src/knowledge.rs",
        has: "configuration",
        reason: "the first member of a path in AWS's own document",
    },
    Exception {
        rule: Rule::Column,
        file: "crates/correlate/src/events/firsts.rs",
        has: "user_agent",
        reason: "a kind of thing that is noticed, in `first_seen.kind`",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/ingest/src/decode.rs",
        has: "records: i64::try_from(count).ok()",
        reason: "a count beyond 63 bits cannot occur",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/cloudwatch_metrics.rs",
        has: "let number = text.parse::<f64>().ok();",
        reason: "what does not parse goes into `extra` and is counted as mistyped",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/cloudwatch_metrics.rs",
        has: "let seconds = value.raw().parse().ok();",
        reason: "what does not parse goes into `extra` and is counted as mistyped",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/elb_access.rs",
        has: "self.parsed(slot, |text| text.parse().ok()",
        reason: "what does not parse goes into `extra` and is counted as mistyped",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/elb_connections.rs",
        has: "let number = text.parse().ok();",
        reason: "what does not parse goes into `extra` and is counted as mistyped",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/fields.rs",
        has: "let number = digits.parse().ok();",
        reason: "what does not parse goes into `extra` and is counted as mistyped",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/findings.rs",
        has: "value.raw().parse().ok()",
        reason: "what does not parse goes into `extra` and is counted as mistyped",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/findings.rs",
        has: "text.parse().ok()",
        reason: "what does not parse goes into `extra` and is counted as mistyped",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/framing/ahead.rs",
        has: "tail.bracket.and_then(|at| usize::try_from",
        reason: "a number beyond the range cannot be a place in the bytes at hand",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/framing/ahead.rs",
        has: "usize::try_from(self.found?",
        reason: "a number beyond the range cannot be a place in the bytes at hand",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/framing/open_telemetry.rs",
        has: "usize::try_from(length).ok()?",
        reason: "a number beyond the range cannot be a place in the bytes at hand",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/framing/open_telemetry.rs",
        has: "std::str::from_utf8(self.raw()).ok()",
        reason: "a name that is no UTF-8 makes the record a reject",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/guardduty.rs",
        has: "parse().ok()",
        reason: "the value stands in a column of JSON as it was written, too",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/rds_audit.rs",
        has: "text.parse::<i64>().ok()",
        reason: "what does not parse goes into `extra` and is counted as mistyped",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/rds_slow.rs",
        has: "text.parse::<i64>().ok()",
        reason: "what does not parse goes into `extra` and is counted as mistyped",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/rds_slow.rs",
        has: "text.parse::<f64>().ok()",
        reason: "what does not parse goes into `extra` and is counted as mistyped",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/route53_resolver.rs",
        has: "labels.next()?.parse().ok()?",
        reason: "a test of form: what fails it is another form, and goes on to the next or to a reject",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/route53_resolver.rs",
        has: "u128::from_str_radix(label, 16).ok()?",
        reason: "a test of form: what fails it is another form, and goes on to the next or to a reject",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/s3_inventory.rs",
        has: "text.parse().ok().or_else(|| misfit",
        reason: "what does not parse goes into `extra` and is counted as mistyped",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/s3_inventory.rs",
        has: "String::from_utf8(out).ok()",
        reason: "a test of form: what fails it is another form, and goes on to the next or to a reject",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/s3_inventory/cells.rs",
        has: "std::str::from_utf8(line).ok()",
        reason: "a test of form: what fails it is another form, and goes on to the next or to a reject",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/s3_inventory/cells.rs",
        has: "Cells::of_line(text, &mut extra).ok()",
        reason: "a test of form: what fails it is another form, and goes on to the next or to a reject",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/securityhub.rs",
        has: "value.raw().parse().ok()",
        reason: "the value stands in a column of JSON as it was written, too",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/vpc_flow.rs",
        has: "text.parse().ok().filter(|number: &i64|",
        reason: "what does not parse goes into `extra` and is counted as mistyped",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/evidence/src/digest/chain.rs",
        has: "self.digest.as_ref().ok()",
        reason: "what is no digest has the verdict that it is malformed",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/evidence/src/object_key.rs",
        has: "text.parse().ok()",
        reason: "a key proves nothing: what is no time in it is none, and no record depends on it",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/evidence/src/object_key.rs",
        has: "i8::try_from(value).ok()",
        reason: "a key proves nothing: what is no time in it is none, and no record depends on it",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/evidence/src/object_key.rs",
        has: "date = jiff::civil::Date::new",
        reason: "a key proves nothing: what is no time in it is none, and no record depends on it",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/evidence/src/object_key.rs",
        has: "time = jiff::civil::Time::new",
        reason: "a key proves nothing: what is no time in it is none, and no record depends on it",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/evidence/src/object_key.rs",
        has: "to_timestamp(date.to_datetime(time)).ok()",
        reason: "a key proves nothing: what is no time in it is none, and no record depends on it",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/ingest/src/collect.rs",
        has: "let int = |number: u64| i64::try_from(number).ok()",
        reason: "a count beyond 63 bits cannot occur",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/ingest/src/decode.rs",
        has: "i64::try_from(ordinal).ok()",
        reason: "a place beyond 63 bits cannot occur",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/ingest/src/decode.rs",
        has: "i64::try_from(o).ok()",
        reason: "a place beyond 63 bits cannot occur",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/ingest/src/decode.rs",
        has: "size: i64::try_from(size).ok()",
        reason: "a place beyond 63 bits cannot occur",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/cloudfront/values.rs",
        has: "field.text.parse().ok().filter(fits)",
        reason: "a value that does not fit its column goes into the extra",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/cloudfront/values.rs",
        has: "std::str::from_utf8(&text).ok()?",
        reason: "without a time the record is a reject",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/config_items.rs",
        has: "percent_decode_str(text).decode_utf8().ok()?",
        reason: "a document that cannot be decoded stays as it was",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/s3_access.rs",
        has: "word.parse::<i64>().ok()",
        reason: "a value that is no number goes into the extra",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/framing/wrapper.rs",
        has: "Err(_) => return Member::NoJson",
        reason: "what is no wrapper is read as a record, which tells what is wrong",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/framing/wrapper.rs",
        has: "Err(_) => Err(Step::Other)",
        reason: "what is no wrapper is read as a record, which tells what is wrong",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/second_hand.rs",
        has: "let day: u8 = day.parse().ok()?;",
        reason: "none is the answer to what is no time; the caller keeps the text",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/time.rs",
        has: "let small = |number: i64| i8::try_from(number).ok();",
        reason: "none is the answer to what is no time; the caller keeps the text",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/time.rs",
        has: "i16::try_from(year).ok()?,",
        reason: "none is the answer to what is no time; the caller keeps the text",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/time.rs",
        has: "let there = Offset::UTC.to_timestamp(there.ok()?).ok()?;",
        reason: "none is the answer to what is no time; the caller keeps the text",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/time.rs",
        has: "let number: f64 = text.parse().ok()?;",
        reason: "none is the answer to what is no time; the caller keeps the text",
    },
    Exception {
        rule: Rule::Swallow,
        file: "crates/sources/src/time.rs",
        has: "whole.parse().ok() }?;",
        reason: "none is the answer to what is no time; the caller keeps the text",
    },
];

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
