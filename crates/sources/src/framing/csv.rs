//! Tables as CSV (RFC 4180) with a header: each row as a JSON object of its texts. An empty cell without quotes is null.

use std::io::{self, Read};

use super::{Broken, MAX_RECORD, Record, Sink, as_text};
use crate::fields::json_string;
use crate::json::Tape;
use crate::window::Window;

pub(super) fn frame<R: Read>(window: &mut Window<R>, sink: &mut dyn Sink) -> io::Result<()> {
    let mut tape = Tape::default();
    let mut header: Option<(Vec<String>, char)> = None;
    let mut ordinal = 0;
    // Where a quote is not closed, rows are lines.
    let mut quotes = true;
    while window.any()? && !sink.enough() {
        let end = match row_end(window, quotes)? {
            Some(end) => end,
            None if quotes => {
                quotes = false;
                continue;
            }
            None => window.bytes().len(),
        };
        let offset = Some(window.offset());
        let bytes = window.bytes().get(..end).unwrap_or_default();
        let (text, lossy) = as_text(bytes);
        let line = text.trim_matches(['\r', '\n', '\u{feff}', '\0']);
        if !line.trim().is_empty() {
            match &header {
                None => {
                    let delimiter = delimiter(line);
                    header =
                        Some((cells(line, delimiter).into_iter().map(Option::unwrap_or_default).collect(), delimiter));
                }
                Some((names, delimiter)) => {
                    ordinal += 1;
                    let cells = cells(line, *delimiter);
                    let json = object(names, &cells);
                    if cells.len() != names.len() || tape.read(json.as_bytes()).is_err() {
                        let reason = format!("the header names {} columns, the row has {}", names.len(), cells.len());
                        sink.broken(Broken { ordinal, offset, bytes, size: end as u64, reason });
                    } else {
                        sink.record(&Record {
                            ordinal,
                            offset,
                            text: &json,
                            tape: &tape,
                            envelope: "",
                            continued: "",
                            lossy,
                        });
                    }
                }
            }
        }
        window.consume(end);
    }
    Ok(())
}

/// Where the row at hand ends, behind its line break; none when a quote in it is not closed.
fn row_end<R: Read>(window: &mut Window<R>, quotes: bool) -> io::Result<Option<usize>> {
    let (mut at, mut quoted) = (0, false);
    loop {
        for (place, byte) in window.bytes().iter().enumerate().skip(at) {
            match byte {
                b'"' if quotes => quoted = !quoted,
                b'\n' if !quoted => return Ok(Some(place + 1)),
                _ => {}
            }
        }
        at = window.bytes().len();
        if at > MAX_RECORD || !window.fill()? {
            return Ok((!quoted).then_some(at));
        }
    }
}

/// What stands most often in the header.
fn delimiter(header: &str) -> char {
    let count = |delimiter: &char| header.matches(*delimiter).count();
    [';', '\t', ','].into_iter().max_by_key(count).unwrap_or(',')
}

fn cells(line: &str, delimiter: char) -> Vec<Option<String>> {
    let mut cells = Vec::new();
    let mut rest = line;
    loop {
        let (cell, after) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let (text, after) = unquoted(quoted);
                // Anything between the quote and the delimiter belongs to the cell.
                let end = after.find(delimiter).unwrap_or(after.len());
                let (more, after) = after.split_at(end);
                (Some(text + more), after)
            }
            None => {
                let (text, after) = rest.split_at(rest.find(delimiter).unwrap_or(rest.len()));
                ((!text.is_empty()).then(|| text.to_owned()), after)
            }
        };
        cells.push(cell);
        match after.strip_prefix(delimiter) {
            Some(after) => rest = after,
            None => return cells,
        }
    }
}

/// The text up to the closing quote, and what follows it.
fn unquoted(text: &str) -> (String, &str) {
    let mut out = String::new();
    let mut rest = text;
    loop {
        let Some((before, after)) = rest.split_once('"') else {
            out.push_str(rest);
            return (out, "");
        };
        out.push_str(before);
        match after.strip_prefix('"') {
            Some(after) => {
                out.push('"');
                rest = after;
            }
            None => return (out, after),
        }
    }
}

fn object(names: &[String], cells: &[Option<String>]) -> String {
    let members: Vec<String> = names
        .iter()
        .zip(cells)
        .map(|(name, cell)| {
            let value = cell.as_ref().map_or_else(|| "null".to_owned(), |cell| json_string(cell));
            format!("{}:{value}", json_string(name))
        })
        .collect();
    format!("{{{}}}", members.join(","))
}
