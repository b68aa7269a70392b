//! A line of an access log taken apart.
//!
//! Fields are separated by one space, and stand in quotes where they may hold some. Application Load Balancers write
//! a quote of the client as `\x22`, and Network Load Balancers encode what the client says as URLs do. What Classic
//! Load Balancers do with quotes is not documented, so their lines are read from both ends.

use super::slots::{COUNT, NAMES, Slot};
use crate::source::{Reject, shown};
use crate::time::{self, Instant};

/// The kinds of load balancers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Balancer {
    App,
    Net,
    Classic,
}

impl Balancer {
    pub(super) fn name(self) -> &'static str {
        match self {
            Balancer::App => "app",
            Balancer::Net => "net",
            Balancer::Classic => "classic",
        }
    }

    /// By the name of the load balancer.
    pub(super) fn of_name(elb: &str) -> Balancer {
        match elb.split_once('/') {
            Some(("app", _)) => Balancer::App,
            Some(("net", _)) => Balancer::Net,
            _ => Balancer::Classic,
        }
    }
}

/// What a field may hold, so that a line whose fields have shifted is seen to be wrong.
#[derive(Clone, Copy)]
enum Shape {
    Any,
    /// A number, or `-`.
    Number,
    /// An address with a port, or `-`.
    Endpoint,
    /// A list of quoted names, or `-`.
    Quoted,
}
use Shape::{Any, Endpoint, Number, Quoted};

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html>
const APP: [(Slot, Shape); 34] = [
    (Slot::Type, Any),
    (Slot::Time, Any),
    (Slot::Elb, Any),
    (Slot::Client, Endpoint),
    (Slot::Target, Endpoint),
    (Slot::RequestProcessingTime, Number),
    (Slot::TargetProcessingTime, Number),
    (Slot::ResponseProcessingTime, Number),
    (Slot::ElbStatusCode, Number),
    (Slot::TargetStatusCode, Number),
    (Slot::ReceivedBytes, Number),
    (Slot::SentBytes, Number),
    (Slot::Request, Any),
    (Slot::UserAgent, Any),
    (Slot::SslCipher, Any),
    (Slot::SslProtocol, Any),
    (Slot::TargetGroupArn, Any),
    (Slot::TraceId, Any),
    (Slot::DomainName, Any),
    (Slot::ChosenCertArn, Any),
    (Slot::MatchedRulePriority, Number),
    (Slot::RequestCreationTime, Any),
    (Slot::ActionsExecuted, Any),
    (Slot::RedirectUrl, Any),
    (Slot::LambdaErrorReason, Any),
    (Slot::TargetPortList, Any),
    (Slot::TargetStatusCodeList, Any),
    (Slot::Classification, Any),
    (Slot::ClassificationReason, Any),
    (Slot::ConnTraceId, Any),
    (Slot::TransformedHost, Any),
    (Slot::TransformedUri, Any),
    (Slot::RequestTransformStatus, Any),
    (Slot::IpAddress, Any),
];
/// The first logs, of 2016, ended with the target group.
const APP_LEAST: usize = 17;

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-access-logs.html>
const NET: [(Slot, Shape); 22] = [
    (Slot::Type, Any),
    (Slot::Version, Any),
    (Slot::Time, Any),
    (Slot::Elb, Any),
    (Slot::ListenerId, Any),
    (Slot::Client, Endpoint),
    (Slot::Target, Endpoint),
    (Slot::TcpConnectionTimeMs, Number),
    (Slot::TlsHandshakeTimeMs, Number),
    (Slot::ReceivedBytes, Number),
    (Slot::SentBytes, Number),
    (Slot::IncomingTlsAlert, Number),
    (Slot::ChosenCertArn, Any),
    (Slot::CertificateSerial, Any),
    (Slot::SslCipher, Any),
    (Slot::SslProtocol, Any),
    (Slot::TlsNamedGroup, Any),
    (Slot::DomainName, Any),
    (Slot::AlpnFeProtocol, Any),
    (Slot::AlpnBeProtocol, Any),
    (Slot::AlpnClientPreferenceList, Quoted),
    (Slot::TlsConnectionCreationTime, Any),
];
/// The first logs, of 2019, ended with the domain name.
const NET_LEAST: usize = 18;

/// What stands before the request.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/access-log-collection.html>
const CLASSIC: [(Slot, Shape); 11] = [
    (Slot::Time, Any),
    (Slot::Elb, Any),
    (Slot::Client, Endpoint),
    (Slot::Target, Endpoint),
    (Slot::RequestProcessingTime, Number),
    (Slot::TargetProcessingTime, Number),
    (Slot::ResponseProcessingTime, Number),
    (Slot::ElbStatusCode, Number),
    (Slot::TargetStatusCode, Number),
    (Slot::ReceivedBytes, Number),
    (Slot::SentBytes, Number),
];

/// More fields than any line has.
const MOST: usize = 64;

/// So many fields behind those that are known are another end of a line, which the client wrote.
const FORGED: usize = 8;

/// The values of a line by their slots; `-` where there is none.
pub(super) struct Line<'a> {
    pub(super) balancer: Balancer,
    pub(super) time: Instant,
    pub(super) values: [&'a str; COUNT],
    /// Fields behind those that are known.
    pub(super) surplus: Vec<&'a str>,
    pub(super) ambiguous: bool,
}

impl<'a> Line<'a> {
    pub(super) fn of(line: &'a str) -> Result<Line<'a>, Reject> {
        let line = line.trim_ascii_end();
        let mut rest = line;
        let mut instant = || {
            let end = memchr::memchr(b' ', rest.as_bytes()).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            rest = after.get(1..).unwrap_or_default();
            time::iso(word)
        };
        // Where the time stands tells the kind.
        if let Some(time) = instant() {
            classic(line, time)
        } else if let Some(time) = instant() {
            app(line, time)
        } else if let Some(time) = instant() {
            net(line, time)
        } else {
            Err(Reject::field("time", format!("neither of the first three fields is a time: {}", shown(line))))
        }
    }

    fn new(balancer: Balancer, time: Instant) -> Line<'a> {
        Line { balancer, time, values: ["-"; COUNT], surplus: Vec::new(), ambiguous: false }
    }

    /// Puts the field that stands at a place of the line into its slot.
    #[inline]
    fn put(&mut self, at: usize, value: &'a str, layout: &[(Slot, Shape)]) -> Result<(), Reject> {
        match layout.get(at) {
            Some((slot, shape)) if fits(value, *shape) => self.values[*slot as usize] = value,
            Some((slot, _)) => return Err(wrong(*slot, value)),
            None if value != "-" => self.surplus.push(value),
            None => {}
        }
        Ok(())
    }
}

fn wrong(slot: Slot, value: &str) -> Reject {
    Reject::field(NAMES[slot as usize], format!("not what such a field holds: {}", shown(value)))
}

fn fits(value: &str, shape: Shape) -> bool {
    let bytes = value.as_bytes();
    match shape {
        Any => true,
        // `-` and the minus of -1 are one byte.
        Number => !bytes.is_empty() && bytes.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-')),
        Endpoint => {
            let digits = bytes.iter().rev().take_while(|b| b.is_ascii_digit()).count();
            bytes == b"-" || (digits > 0 && bytes.iter().rev().nth(digits) == Some(&b':'))
        }
        Quoted => matches!(bytes.first(), Some(b'"' | b'-')),
    }
}

/// Splits what holds several values: addresses with ports, the request line.
pub(super) fn spread(values: &mut [&str; COUNT]) {
    for (both, ip, port) in
        [(Slot::Client, Slot::ClientIp, Slot::ClientPort), (Slot::Target, Slot::TargetIp, Slot::TargetPort)]
    {
        let value = values[both as usize];
        if value != "-" {
            (values[ip as usize], values[port as usize]) = endpoint(value);
        }
    }
    let request = values[Slot::Request as usize];
    if request != "-" {
        [values[Slot::RequestVerb as usize], values[Slot::RequestUrl as usize], values[Slot::RequestProto as usize]] =
            request_line(request);
    }
}

/// The address without brackets, and the port.
fn endpoint(text: &str) -> (&str, &str) {
    let (ip, port) = match memchr::memrchr(b':', text.as_bytes()) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default()),
        None => (text, "-"),
    };
    (ip.strip_prefix('[').and_then(|ip| ip.strip_suffix(']')).unwrap_or(ip), port)
}

/// Method, URL and version; none where nothing but `-` stands. The URL may hold spaces, so it ends with the last one,
/// if a version follows.
pub(super) fn request_line(text: &str) -> [&str; 3] {
    if text.bytes().all(|b| matches!(b, b'-' | b' ')) {
        return ["-"; 3];
    }
    let (verb, rest) = text.split_once(' ').unwrap_or((text, "-"));
    match rest.rsplit_once(' ') {
        Some((url, proto)) if is_version(proto) => [verb, url, proto],
        _ => [verb, rest, "-"],
    }
}

fn is_version(word: &str) -> bool {
    matches!(word, "-" | "") || word.starts_with("HTTP/")
}

/// Can the request line be put together again from its three parts? One that says nothing need not be.
pub(super) fn is_kept(request: &str) -> bool {
    let [verb, url, proto] = request_line(request);
    if verb == "-" && url == "-" {
        return true;
    }
    let rest =
        request.strip_prefix(verb).and_then(|rest| rest.strip_prefix(' ')).and_then(|rest| rest.strip_prefix(url));
    rest.and_then(|rest| rest.strip_prefix(' ')) == Some(proto)
}

fn app(line: &str, time: Instant) -> Result<Line<'_>, Reject> {
    match app_fields(line, time, true) {
        Ok(found) if !found.ambiguous => Ok(found),
        // Copies from documents lack a space here and there.
        doubtful => app_fields(line, time, false).or(doubtful),
    }
}

/// A quote closes a field if it is `spaced`, that is, at the end of the line or before a space; otherwise the first one
/// does.
fn app_fields(line: &str, time: Instant, spaced: bool) -> Result<Line<'_>, Reject> {
    let mut found = Line::new(Balancer::App, time);
    found.ambiguous = !spaced;
    let (mut count, mut rest) = (0, line);
    while !rest.is_empty() {
        let (field, after) = match rest.strip_prefix('"') {
            Some(inner) => {
                let (field, after, clear) = quoted(inner, spaced)
                    .ok_or_else(|| Reject::new(format!("a quote is not closed: {}", shown(rest))))?;
                found.ambiguous |= !clear;
                (field, after)
            }
            None => match memchr::memchr2(b' ', b'"', rest.as_bytes()) {
                Some(end) if rest.as_bytes().get(end) == Some(&b'"') => {
                    return Err(Reject::new(format!("a quote where none can be: {}", shown(rest))));
                }
                Some(end) => rest.split_at(end),
                None => (rest, ""),
            },
        };
        found.put(count, if field.is_empty() { "-" } else { field }, &APP)?;
        count += 1;
        if count > MOST {
            return Err(Reject::new(format!("more than {MOST} fields: {}", shown(line))));
        }
        rest = after.strip_prefix(' ').unwrap_or(after);
    }
    if count < APP_LEAST {
        return Err(Reject::new(format!("only {count} fields, the least are {APP_LEAST}: {}", shown(line))));
    }
    let created = found.values[Slot::RequestCreationTime as usize];
    if (created != "-" || !spaced) && time::iso(created).is_none() {
        return Err(wrong(Slot::RequestCreationTime, created));
    }
    found.ambiguous |= found.surplus.len() >= FORGED;
    spread(&mut found.values);
    Ok(found)
}

/// The text up to the quote that closes it, what follows that, and whether no other quote stands before it.
fn quoted(inner: &str, spaced: bool) -> Option<(&str, &str, bool)> {
    let mut clear = true;
    for end in memchr::memchr_iter(b'"', inner.as_bytes()) {
        if !spaced || matches!(inner.as_bytes().get(end + 1), None | Some(b' ')) {
            return Some((inner.get(..end)?, inner.get(end + 1..)?, clear));
        }
        clear = false;
    }
    None
}

/// What the client says is URL-encoded, so that spaces tell the fields; the list of protocols is cut after 256 bytes,
/// so that a quote may be missing.
fn net(line: &str, time: Instant) -> Result<Line<'_>, Reject> {
    let mut found = Line::new(Balancer::Net, time);
    let mut count = 0;
    for field in line.split(' ') {
        found.put(count, field, &NET)?;
        count += 1;
    }
    if !(NET_LEAST..=MOST).contains(&count) {
        return Err(Reject::new(format!("{count} fields, the least are {NET_LEAST}: {}", shown(line))));
    }
    spread(&mut found.values);
    Ok(found)
}

fn classic(line: &str, time: Instant) -> Result<Line<'_>, Reject> {
    let mut found = Line::new(Balancer::Classic, time);
    let mut rest = line;
    for (at, (slot, _)) in CLASSIC.iter().enumerate() {
        let ends = || Reject::field(NAMES[*slot as usize], format!("the line ends before it: {}", shown(line)));
        let field;
        (field, rest) = rest.split_once(' ').ok_or_else(ends)?;
        found.put(at, field, &CLASSIC)?;
    }
    let split = classic_request(rest);
    let [request, agent, cipher, protocol] =
        split.ok_or_else(|| Reject::field("request", format!("no request and what follows it: {}", shown(rest))))?;
    found.values[Slot::Request as usize] = request;
    found.values[Slot::UserAgent as usize] = agent;
    found.values[Slot::SslCipher as usize] = cipher;
    found.values[Slot::SslProtocol as usize] = protocol;
    found.ambiguous = request.contains('"') || agent.contains('"');
    spread(&mut found.values);
    Ok(found)
}

/// Request, user agent, cipher and protocol; logs of 2014 have the request only.
fn classic_request(text: &str) -> Option<[&str; 4]> {
    let inner = text.strip_prefix('"')?;
    if let Some(request) = inner.strip_suffix('"').filter(|request| !request.contains("\" \"")) {
        return Some([request, "-", "-", "-"]);
    }
    let (before, protocol) = inner.rsplit_once(' ')?;
    let (before, cipher) = before.rsplit_once(' ')?;
    let quoted = before.strip_suffix('"').filter(|_| !cipher.contains('"') && !protocol.contains('"'))?;
    let splits = || quoted.match_indices("\" \"").map(|(at, _)| at);
    let whole = |at: &usize| quoted.get(..*at).is_some_and(|request| request_line(request)[2].starts_with("HTTP/"));
    let at = splits().find(whole).or_else(|| splits().next())?;
    Some([quoted.get(..at)?, quoted.get(at + 3..)?, cipher, protocol])
}
