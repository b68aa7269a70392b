//! Series of points, as CloudWatch's API answers them: one JSON object for many measurements.
//!
//! Each point is a record, so that a row has a record of its own and records can be counted. Its text is an object that
//! has the members of the series, and then those of the point.

use super::{Broken, MAX_RECORD, Record, Sink};
use crate::json::{Tape, Value};

/// The members of a series stand in each of its points. A series with more than so many bytes of them stays whole, or
/// one of which the points together would be longer than this, or a few megabytes could become many gigabytes.
const SHARED: usize = 1 << 12;
const ALL: usize = 4 * MAX_RECORD;

pub(super) struct Series<'a> {
    /// The members that all points share, behind the opening bracket of an object.
    shared: String,
    points: Points<'a>,
}

enum Points<'a> {
    /// `Timestamps` and `Values` of get-metric-data, as many of one as of the other.
    Pairs(Value<'a>, Value<'a>),
    /// `Datapoints` of get-metric-statistics.
    Objects(Value<'a>),
}

impl<'a> Series<'a> {
    /// The series that an object is; none when it is something else, has no points, or cannot be taken apart.
    pub(super) fn of(object: Value<'a>) -> Option<Series<'a>> {
        let mut shared = String::from("{");
        let (mut times, mut values, mut objects) = (None, None, None);
        let mut twice = false;
        object.each(|name, value| {
            let slot = match name.plain() {
                Some("Timestamps") => &mut times,
                Some("Values") => &mut values,
                Some("Datapoints") => &mut objects,
                _ => {
                    // Beyond this it is not taken apart.
                    if shared.len() <= SHARED {
                        shared.extend([name.raw(), ":", value.raw(), ","]);
                    }
                    return;
                }
            };
            twice |= slot.replace(value).is_some();
        });
        let (points, count) = match (times, values, objects) {
            (Some(times), Some(values), None) => {
                let count = times.items().count();
                (Some(Points::Pairs(times, values)).filter(|_| values.items().count() == count), count)
            }
            (None, None, Some(objects)) => {
                let all = objects.items().all(|item| item.is_object());
                (all.then_some(Points::Objects(objects)), objects.items().count())
            }
            _ => return None,
        };
        let fits = shared.len() <= SHARED && shared.len() * count <= ALL;
        Some(Series { shared, points: points? }).filter(|_| !twice && count > 0 && fits)
    }

    /// Gives each point to `sink` as a record: the first one has the number of `whole`, the record that the series is.
    /// Returns the number of the last one.
    pub(super) fn give(&self, whole: &Record<'_>, sink: &mut dyn Sink) -> u64 {
        let mut out = Out { whole, sink, text: self.shared.clone(), shared: self.shared.len(), tape: Tape::default() };
        let mut ordinal = whole.ordinal;
        match self.points {
            Points::Pairs(times, values) => {
                for (time, value) in times.items().zip(values.items()) {
                    let members = ["\"Timestamp\":", time.raw(), ",\"Value\":", value.raw()];
                    out.point(ordinal, time.start(), &members);
                    ordinal += 1;
                }
            }
            Points::Objects(objects) => {
                for object in objects.items() {
                    let raw = object.raw();
                    let members = raw.get(1..raw.len() - 1).unwrap_or_default().trim();
                    out.point(ordinal, object.start(), &[members]);
                    ordinal += 1;
                }
            }
        }
        ordinal - 1
    }
}

/// Where points go.
struct Out<'a> {
    whole: &'a Record<'a>,
    sink: &'a mut dyn Sink,
    /// The point at hand, behind the members that all of them share.
    text: String,
    shared: usize,
    tape: Tape,
}

impl Out<'_> {
    fn point(&mut self, ordinal: u64, start: usize, members: &[&str]) {
        self.text.truncate(self.shared);
        self.text.extend(members.iter().copied());
        if self.text.ends_with(',') {
            self.text.pop();
        }
        self.text.push('}');
        // Where bytes were replaced, places in the text are not those in the stream.
        let offset = self.whole.offset.filter(|_| !self.whole.lossy).map(|offset| offset + start as u64);
        let (text, envelope, lossy) = (self.text.as_str(), self.whole.envelope, self.whole.lossy);
        match self.tape.read(text.as_bytes()) {
            Ok(_end) => {
                self.sink.record(&Record { ordinal, offset, text, tape: &self.tape, envelope, continued: "", lossy })
            }
            Err(_fault) => {
                let (bytes, reason) = (text.as_bytes(), "a point that is no JSON by itself".to_owned());
                self.sink.broken(Broken { ordinal, offset, bytes, size: bytes.len() as u64, reason });
            }
        }
    }
}
