//! URLs and their parts. A part that is not there is empty text, as in Trino; only a port is null.

use std::borrow::Cow;

use datafusion::arrow::array::ArrayRef;
use datafusion::error::Result;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::call::Takes::Text;
use super::call::{Call, cell, gives, integers_of, own, texts_of};
use super::{Function, entry};

pub(super) const LIST: &[Function] = &[
    entry(
        "url_extract_host",
        "url_extract_host(url)",
        "The host of a URL.",
        ("url_extract_host('https://alice@example.com:8443/a?b=c')", "example.com"),
        |name| own(name, &[Text], 0, gives::text, |call| part(call, |url| Cow::Borrowed(url.host))),
    ),
    entry(
        "url_extract_path",
        "url_extract_path(url)",
        "The path of a URL, with what is percent-encoded decoded.",
        ("url_extract_path('https://example.com/a%20b?c')", "/a b"),
        |name| own(name, &[Text], 0, gives::text, |call| part(call, |url| decoded(url.path))),
    ),
    entry(
        "url_extract_query",
        "url_extract_query(url)",
        "The query of a URL, decoded.",
        ("url_extract_query('https://example.com/a?b=c&d=%2F#e')", "b=c&d=/"),
        |name| own(name, &[Text], 0, gives::text, |call| part(call, |url| decoded(url.query))),
    ),
    entry(
        "url_extract_fragment",
        "url_extract_fragment(url)",
        "What is after the # of a URL, decoded.",
        ("url_extract_fragment('https://example.com/a#b')", "b"),
        |name| own(name, &[Text], 0, gives::text, |call| part(call, |url| decoded(url.fragment))),
    ),
    entry(
        "url_extract_protocol",
        "url_extract_protocol(url)",
        "The protocol of a URL.",
        ("url_extract_protocol('s3://bucket/key')", "s3"),
        |name| own(name, &[Text], 0, gives::text, |call| part(call, |url| Cow::Borrowed(url.protocol))),
    ),
    entry(
        "url_extract_port",
        "url_extract_port(url)",
        "The port that a URL names; null for none.",
        ("url_extract_port('http://[2001:db8::1]:8080/')", "8080"),
        |name| own(name, &[Text], 0, gives::integer, port),
    ),
    entry(
        "url_extract_parameter",
        "url_extract_parameter(url, name)",
        "The first value that a parameter of the query has, decoded; null for none.",
        ("url_extract_parameter('https://example.com/?X-Amz-Date=2026%2F04&a', 'X-Amz-Date')", "2026/04"),
        |name| own(name, &[Text, Text], 0, gives::text, parameter),
    ),
    entry(
        "url_decode",
        "url_decode(text)",
        "What is percent-encoded, and + for a space, decoded. What is not well encoded stays, where Athena fails.",
        ("url_decode('a%2Fb+c%')", "a/b c%"),
        |name| own(name, &[Text], 0, gives::text, decode),
    ),
    entry(
        "url_encode",
        "url_encode(text)",
        "Everything but letters, digits and .-*_ percent-encoded, a space as +.",
        ("url_encode('a/b c')", "a%2Fb+c"),
        |name| own(name, &[Text], 0, gives::text, encode),
    ),
];

#[derive(Debug, Default, PartialEq, Eq)]
struct Url<'a> {
    protocol: &'a str,
    host: &'a str,
    port: Option<u16>,
    path: &'a str,
    query: &'a str,
    fragment: &'a str,
}

/// <https://www.rfc-editor.org/rfc/rfc3986#appendix-B>, which takes every text.
fn url(text: &str) -> Url<'_> {
    let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (protocol, rest) = rest.split_once(':').filter(|(name, _)| is_protocol(name)).unwrap_or(("", rest));
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", rest),
    };
    let address = authority.rsplit_once('@').map_or(authority, |(_, address)| address);
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port.parse().ok()),
        _ => (address, None),
    };
    Url { protocol, host, port, path, query, fragment }
}

fn is_protocol(text: &str) -> bool {
    text.starts_with(|mark: char| mark.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

/// As forms are encoded.
fn form_decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

fn part(call: &Call, of: for<'a> fn(Url<'a>) -> Cow<'a, str>) -> Result<ArrayRef> {
    let texts = call.texts(0)?;
    texts_of(call.rows, |row| Ok(cell(texts, row).map(|text| of(url(text)))))
}

fn port(call: &Call) -> Result<ArrayRef> {
    let texts = call.texts(0)?;
    integers_of(call.rows, |row| Ok(cell(texts, row).and_then(|text| url(text).port).map(i64::from)))
}

fn parameter(call: &Call) -> Result<ArrayRef> {
    let (texts, names) = (call.texts(0)?, call.texts(1)?);
    texts_of(call.rows, |row| {
        let (Some(text), Some(name)) = (cell(texts, row), cell(names, row)) else { return Ok(None) };
        let pairs = url(text).query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let mut named = pairs.filter(|(written, _)| *written == name || form_decoded(written) == name);
        Ok(named.next().map(|(_, value)| form_decoded(value)))
    })
}

fn decode(call: &Call) -> Result<ArrayRef> {
    let texts = call.texts(0)?;
    texts_of(call.rows, |row| Ok(cell(texts, row).map(form_decoded)))
}

/// What stays as it is, besides letters and digits.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'*').remove(b'_');

fn encode(call: &Call) -> Result<ArrayRef> {
    let texts = call.texts(0)?;
    texts_of(call.rows, |row| {
        Ok(cell(texts, row).map(|text| utf8_percent_encode(text, PLAIN).to_string().replace("%20", "+")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_parts() {
        let all = url("HTTPS://a:b@example.com:443/p?q=?#f#");
        assert_eq!((all.protocol, all.host, all.port), ("HTTPS", "example.com", Some(443)));
        assert_eq!((all.path, all.query, all.fragment), ("/p", "q=?", "f#"));
        assert_eq!(url("/p?q").path, "/p");
        assert_eq!(url("https://[2001:db8::1]").host, "[2001:db8::1]");
        assert_eq!(url("mailto:a@example.com").path, "a@example.com");
        assert_eq!(url(""), Url::default());
        assert_eq!(url("https://example.com:99999").port, None);
    }
}
