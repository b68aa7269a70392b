//! Whose log a record is, in objects that hold records of several sources.

use std::collections::BTreeMap;

use crate::carried::{self, CARRIED, Group, IN_JSON};
use crate::framing::{Broken, Framing, Record, Sink, frame};
use crate::log_group::{self, Fit, Place};
use crate::source::{Head, LogSource};
use crate::{cloudwatch_logs, elb_access, eventbridge_events, own, rds_log, recognise, s3_access, sql_text, vpc_flow};

/// Tells of each record of an object whose it is: nearly always that of the source as which the object was recognised.
pub struct Routing {
    source: &'static LogSource,
    /// The document of CloudWatch Logs around the record at hand.
    around: Group,
    /// Do names of log groups tell whether they are the source's?
    is_told: bool,
    messages: Option<Messages>,
}

impl Routing {
    /// For an object that begins like this.
    pub fn new(source: &'static LogSource, head: &Head<'_>, framing: Framing) -> Routing {
        let messages = (source.name == cloudwatch_logs::SOURCE.name).then(|| Messages::of(head, framing));
        Routing { source, around: Group::default(), is_told: log_group::is_told(source.name), messages }
    }

    /// The source of the next record.
    pub fn of(&mut self, record: &Record<'_>) -> &'static LogSource {
        if let Some(messages) = &mut self.messages {
            return messages.source_of(record).unwrap_or(self.source);
        }
        if self.source.name == eventbridge_events::SOURCE.name {
            return eventbridge_events::owner_of(record.json())
                .and_then(|owner| all_in_json().find(|(source, _)| source.name == owner))
                .filter(|(_, holds)| holds(record.json()))
                .map_or(self.source, |(source, _)| source);
        }
        self.around.read(record);
        let foreign = self.is_told
            && !self.around.is_unknown()
            && !self.around.control
            && Place::of(record, &self.around, None).fit(self.source.name) == Fit::No;
        if foreign { &cloudwatch_logs::SOURCE } else { self.source }
    }

    /// Who may know a record of which the one whose it was made no row: files are put together of several logs.
    pub fn other(&self, record: &Record<'_>, refused: &LogSource) -> Option<&'static LogSource> {
        // What a definition does not fit stays a reject of its log.
        if record.tape.is_empty() || self.messages.is_some() || self.source.name == own::OWN.name {
            return None;
        }
        let place = Place::of(record, &self.around, None);
        let fits = |source: &LogSource| source.name != refused.name && place.fit(source.name) != Fit::No;
        let found =
            all_in_json().find(|(source, holds)| fits(source) && holds(record.json())).map(|(source, _)| source);
        // A message that the log group may well have of somebody else.
        let message = || cloudwatch_logs::is_event(record.json()) && place.fit(refused.name) != Fit::Yes;
        found.or_else(|| message().then_some(&cloudwatch_logs::SOURCE)).filter(|found| found.name != refused.name)
    }
}

/// Every source that can be asked whether a record in JSON is one of its own.
fn all_in_json() -> impl Iterator<Item = (&'static LogSource, carried::Holds)> {
    const MORE: [(&LogSource, carried::Holds); 4] = [
        (&vpc_flow::SOURCE, vpc_flow::holds_row),
        (&elb_access::SOURCE, elb_access::holds_row),
        (&s3_access::SOURCE, s3_access::holds_json),
        (&eventbridge_events::SOURCE, eventbridge_events::holds),
    ];
    IN_JSON.iter().copied().chain(MORE)
}

/// The messages of log groups. A line is taken for one of a log where the name of its log group or stream says that this
/// log stands there; where the names say nothing, when all that was seen of the group and stream looks like it.
#[derive(Default)]
struct Messages {
    around: Group,
    /// The stream, where the key tells it.
    folder: Option<String>,
    /// In which places something was seen that is of other logs than these: a bit for each.
    others: BTreeMap<Place, u32>,
}

/// Places beyond so many are not remembered, and nothing is carried there whose name does not say so.
const MAX_PLACES: usize = 1 << 14;

impl Messages {
    fn of(head: &Head<'_>, framing: Framing) -> Messages {
        let folder = cloudwatch_logs::exported_stream(head.name).map(str::to_owned);
        let mut messages = Messages { folder, ..Messages::default() };
        each_entry(head, framing, |record| _ = messages.source_of(record));
        Messages { around: Group::default(), ..messages }
    }

    fn source_of(&mut self, record: &Record<'_>) -> Option<&'static LogSource> {
        self.around.read(record);
        let message = Message::of(record).filter(|_| !self.around.control)?;
        let place = Place::of(record, &self.around, self.folder.as_deref());
        let (mut found, mut others, known) = (None, 0, self.others.get(&place).copied());
        for (at, candidate) in candidates().enumerate() {
            let bit = 1 << at;
            let believed = match place.fit(candidate.source().name) {
                Fit::No => continue,
                Fit::Yes => found.is_none() && candidate.is_one(record, &message),
                Fit::Unknown if matches!(candidate, Candidate::Group(_)) => continue,
                Fit::Unknown if known.is_some_and(|known| known & bit != 0) => continue,
                Fit::Unknown => {
                    let is_one = candidate.is_one(record, &message);
                    others |= if is_one { 0 } else { bit };
                    is_one && (known.is_some() || self.others.len() < MAX_PLACES)
                }
            };
            if believed && found.is_none() {
                found = Some(candidate.source());
            }
        }
        if others != 0 && (known.is_some() || self.others.len() < MAX_PLACES) {
            self.others.insert(place, known.unwrap_or_default() | others);
        }
        found
    }
}

/// A source that messages may be of.
enum Candidate {
    /// All that stands in a group of such a name.
    Group(&'static LogSource),
    Text(&'static LogSource, carried::Looks),
    Json(&'static LogSource, carried::Holds),
}

fn candidates() -> impl Iterator<Item = Candidate> {
    let groups = [Candidate::Group(&rds_log::SOURCE)].into_iter();
    let texts = CARRIED.iter().map(|(source, looks)| Candidate::Text(source, *looks));
    groups.chain(texts).chain(IN_JSON.iter().map(|(source, holds)| Candidate::Json(source, *holds)))
}

impl Candidate {
    fn source(&self) -> &'static LogSource {
        match self {
            Candidate::Group(source) | Candidate::Text(source, _) | Candidate::Json(source, _) => source,
        }
    }

    fn is_one(&self, record: &Record<'_>, message: &Message<'_>) -> bool {
        match self {
            Candidate::Group(_) => true,
            Candidate::Text(_, looks) => !message.is_json && looks(&message.text.text),
            Candidate::Json(_, holds) => message.is_json && !record.tape.is_empty() && holds(record.json()),
        }
    }
}

/// What the log group got.
struct Message<'a> {
    text: carried::Carried<'a>,
    is_json: bool,
}

impl<'a> Message<'a> {
    /// None where there is none, and for what tells nothing of the log: blank ones, and the headers of servers.
    fn of(record: &Record<'a>) -> Option<Message<'a>> {
        let text = carried::text_of(record)?;
        let is_event = !record.tape.is_empty() || !text.stamp.is_empty();
        let first = text.text.trim_start().lines().next().unwrap_or_default();
        let is_json = first.starts_with('{');
        (is_event && !first.is_empty() && !sql_text::begins_file(first)).then_some(Message { text, is_json })
    }
}

/// Gives each entry in the head to `to`, as it is framed for CloudWatch Logs.
fn each_entry(head: &Head<'_>, framing: Framing, to: impl FnMut(&Record<'_>)) {
    struct Entries<F>(F);
    impl<F: FnMut(&Record<'_>)> Sink for Entries<F> {
        fn record(&mut self, record: &Record<'_>) {
            (self.0)(record);
        }
        fn broken(&mut self, _broken: Broken<'_>) {}
        fn trailer(&mut self, _text: &str) {}
    }
    // What is cut at the end is told from nothing.
    let end = match (framing, head.whole) {
        (Framing::Lines, false) => memchr::memrchr(b'\n', head.bytes).unwrap_or(head.bytes.len()),
        _ => head.bytes.len(),
    };
    let bytes = head.bytes.get(..end).unwrap_or_default();
    let entries = Box::new(cloudwatch_logs::Events);
    let framed = frame(Vec::new(), bytes, framing, Some(entries), &mut Entries(to));
    debug_assert!(framed.is_ok(), "bytes in memory can be read");
}

/// An object may be claimed for what one of its messages looks like. Where it is of CloudWatch Logs and its log groups
/// are not known to be those of the source, CloudWatch Logs takes it, record by record: its framing then.
pub(crate) fn instead(source: &'static LogSource, head: &Head<'_>, framing: Framing) -> Option<Framing> {
    let exported = cloudwatch_logs::exported_stream(head.name);
    let first = recognise::lines(head).next().unwrap_or_default();
    let stamped = carried::export_stamp(first) > 0;
    if !log_group::is_told(source.name) || !(stamped || (framing == Framing::Json && has_names(head.bytes))) {
        return None;
    }
    let candidate = candidates().find(|candidate| candidate.source().name == source.name)?;
    let framing = if stamped { Framing::Lines } else { framing };
    if stamped && matches!(candidate, Candidate::Json(..)) {
        return (Place::exported(exported).fit(source.name) == Fit::No).then_some(framing);
    }
    let (mut around, mut doubted) = (Group::default(), false);
    each_entry(head, framing, |record| {
        around.read(record);
        let is_event = stamped || !around.is_unknown() || cloudwatch_logs::is_event(record.json());
        let Some(message) = Message::of(record).filter(|_| is_event && !around.control) else { return };
        doubted |= match Place::of(record, &around, exported).fit(source.name) {
            Fit::Yes => false,
            Fit::No => true,
            Fit::Unknown => matches!(candidate, Candidate::Text(..)) && !candidate.is_one(record, &message),
        };
    });
    (doubted && (cloudwatch_logs::SOURCE.claims)(head, framing)).then_some(framing)
}

/// Do these bytes name what events of CloudWatch Logs have?
fn has_names(bytes: &[u8]) -> bool {
    ["\"logEvents\"", "\"ingestionTime\"", "\"logStream", "\"@logStream\"", "\"logGroup", "\"@log\""]
        .iter()
        .any(|name| memchr::memmem::find(bytes, name.as_bytes()).is_some())
}
