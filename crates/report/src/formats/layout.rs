//! How the columns of an answer are laid out on a terminal, so that no line is wider than it.
//!
//! What identifies something (numbers, times, short names, the name of the row) is never cut. Room is made in this
//! order: what is the same in all rows is said once; what all times or services share is, too; headings are folded; long
//! texts are shortened; and then columns are left out, the last ones first. Whatever was done is said below the table.

use unicode_width::UnicodeWidthStr;

use crate::cell::Cell;
use crate::escape;
use crate::table::Column;

/// The space between two columns.
pub(super) const GAP: usize = 2;
/// A text up to this width is a name or a number, and is not shortened.
const NAME: usize = 24;
/// No long text is made shorter than this, and no ARN, of which the end tells most.
const LEAST: usize = 20;
const LEAST_ARN: usize = 16;
/// `2026-03-02T`, and `2026-`
const DAY: usize = 11;
const YEAR: usize = 5;
const MIDNIGHT: &str = "T00:00:00Z";
/// What is longer than this stays in the table.
const SAID: usize = 200;
/// What the names of most services end with.
const SERVICE: &str = ".amazonaws.com";
/// `s3.amazonaws.com:GetObject`
const ACTION: &str = ".amazonaws.com:";
/// How many characters of an object's id are shown, as `coldtrail record` takes them.
const ID: usize = 12;

/// What a place in a line shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shows {
    /// The value of this column.
    Column(usize),
    /// The name of a row: its object, and its record there.
    Row(usize, usize),
}

/// How the text of a column is made to fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Fits {
    /// A part of it would be read as another one.
    #[default]
    Whole,
    /// An ARN or a path tells most at its end.
    FromTheLeft,
    /// Whatever else is long.
    InTheMiddle,
}

/// So many bytes of the beginning and of the end of each value are not shown; of actions, what all services are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Trim {
    start: usize,
    end: usize,
    actions: bool,
}

impl Trim {
    fn of(self, text: String) -> String {
        match self {
            Trim { actions: true, .. } => text.replacen(ACTION, ":", 1),
            Trim { start: 0, end: 0, .. } => text,
            Trim { start, end, .. } => {
                text.get(start..text.len().saturating_sub(end)).map(str::to_owned).unwrap_or(text)
            }
        }
    }
}

/// A column on the screen.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) shows: Shows,
    /// The heading, in as many lines as it takes.
    pub(super) heading: Vec<String>,
    /// The width of the widest value.
    values: usize,
    /// The width that it was given.
    pub(super) width: usize,
    pub(super) right: bool,
    pub(super) fits: Fits,
    /// What all values share and is not shown.
    trim: Trim,
}

/// The columns on the screen, and what is said in place of others.
#[derive(Debug, Clone, Default)]
pub(super) struct Layout {
    pub(super) places: Vec<Place>,
    /// How many columns have no place.
    pub(super) left_out: usize,
    /// Sentences for below the table.
    pub(super) notes: Vec<String>,
}

impl Layout {
    /// Lays out these columns by the rows that were looked at, which may be `all` of the answer. Without a width, every
    /// column is there and as wide as it is.
    pub(super) fn of(columns: &[Column], rows: &[Vec<Cell>], all: bool, width: Option<usize>) -> Layout {
        let Some(width) = width else {
            let places = (0..columns.len()).map(|at| Place::column(columns, rows, at)).collect();
            return Layout { places, ..Layout::default() };
        };
        let mut layout = Layout { places: places(columns, rows), ..Layout::default() };
        let differs = |row: &Vec<Cell>| rows.first().is_some_and(|first| first != row);
        if all && rows.iter().any(differs) && layout.overflows(width) {
            layout.say_once(columns, rows);
        }
        if all && rows.len() > 1 && layout.overflows(width) {
            layout.say_the_rest_once(columns, rows);
        }
        if layout.overflows(width) {
            layout.places.iter_mut().for_each(Place::fold_heading);
        }
        layout.leave_out(columns, width);
        layout.shorten(width);
        layout
    }

    fn sum(&self, width: impl Fn(&Place) -> usize) -> usize {
        self.places.iter().map(|place| width(place) + GAP).sum::<usize>().saturating_sub(GAP)
    }

    fn overflows(&self, width: usize) -> bool {
        self.sum(Place::natural) > width
    }

    /// Columns with one value in all rows, or with none, are told below the table.
    fn say_once(&mut self, columns: &[Column], rows: &[Vec<Cell>]) {
        let (mut same, mut empty) = (Vec::new(), Vec::new());
        self.places.retain(|place| {
            let at = match place.shows {
                Shows::Column(at) => at,
                Shows::Row(object, _) if rows.iter().all(|row| row.get(object) == Some(&Cell::Null)) => {
                    empty.extend(place.heading.iter().cloned());
                    return false;
                }
                Shows::Row(..) => return true,
            };
            let mut cells = rows.iter().filter_map(|row| row.get(at));
            let same_all = cells.next().filter(|first| cells.all(|cell| cell == *first));
            let Some(first) = same_all.filter(|first| shown(first).width() <= SAID) else { return true };
            let name = escape::terminal(&columns[at].name);
            if *first == Cell::Null {
                empty.push(name.into_owned());
            } else {
                same.push(format!("{name} {}", quoted(&shown(first))));
            }
            false
        });
        for (what, names) in [("the same in all rows", same), ("empty in all rows", empty)] {
            if !names.is_empty() {
                self.notes.push(format!("{what}: {}", names.join("; ")));
            }
        }
    }

    /// What all times of a column begin with, their day or year, is told below the table; so is what all names of
    /// services end with.
    fn say_the_rest_once(&mut self, columns: &[Column], rows: &[Vec<Cell>]) {
        let (mut of, mut services) = (Vec::new(), Vec::new());
        for place in &mut self.places {
            let Shows::Column(at) = place.shows else { continue };
            let name = || escape::terminal(&columns[at].name).into_owned();
            let cells = || rows.iter().filter_map(|row| row.get(at)).filter(|cell| **cell != Cell::Null);
            let times = || cells().map(|cell| if let Cell::Time(time) = cell { Some(time.as_str()) } else { None });
            let shared = [DAY, YEAR].into_iter().find_map(|length| {
                let first = times().next()??.get(..length)?;
                times().all(|time| time.is_some_and(|time| time.starts_with(first))).then_some(first)
            });
            if let Some(shared) = shared {
                of.push((shared.trim_end_matches(['T', '-']), name()));
                let days = times().all(|time| time.is_some_and(|time| time.ends_with(MIDNIGHT)));
                let end = if days && shared.len() == YEAR { MIDNIGHT.len() } else { 1 };
                place.trim = Trim { start: shared.len(), end, actions: false };
            } else if cells().all(|cell| cell.text().ends_with(SERVICE)) && cells().next().is_some() {
                services.push(name());
                place.trim = Trim { end: SERVICE.len(), ..Trim::default() };
            } else if cells().any(is_action) && cells().all(|cell| is_action(cell) || !cell.text().contains(ACTION)) {
                services.push(name());
                place.trim = Trim { actions: true, ..Trim::default() };
            }
            if place.trim != Trim::default() {
                place.values = rows.iter().map(|row| place.text(row).width()).max().unwrap_or(0);
            }
        }
        if let Some((first, _)) = of.first() {
            let of = match of.iter().all(|(day, _)| day == first) {
                true => format!("of {first}"),
                false => of.iter().map(|(day, name)| format!("{name} of {day}")).collect::<Vec<_>>().join(", "),
            };
            self.notes.push(format!("times are UTC, {of}"));
        }
        if !services.is_empty() {
            self.notes.push(format!("without {SERVICE}: {}", services.join(", ")));
        }
    }

    /// Leaves columns out, from the last, until the others fit; the name of the row stays, and so does one column.
    fn leave_out(&mut self, columns: &[Column], width: usize) {
        let all = self.places.clone();
        while self.sum(Place::least) > width {
            let is_column = |place: &Place| matches!(place.shows, Shows::Column(_));
            let last = self.places.iter().rposition(is_column).filter(|_| self.places.len() > 1);
            let Some(last) = last else { break };
            self.places.remove(last);
        }
        // What is narrower than the one that had to go first may have its place again.
        for place in &all {
            let stands = |place: &Place| self.places.iter().any(|other| other.shows == place.shows);
            if !stands(place) && self.sum(Place::least) + GAP + place.least() <= width {
                let before =
                    all.iter().take_while(|other| other.shows != place.shows).filter(|other| stands(other)).count();
                self.places.insert(before, place.clone());
            }
        }
        let stands = |shows: Shows| self.places.iter().any(|place| place.shows == shows);
        let out = all.iter().filter(|place| !stands(place.shows)).filter_map(|place| place.shows.column());
        let out: Vec<String> =
            out.filter_map(|at| columns.get(at)).map(|c| escape::terminal(&c.name).into_owned()).collect();
        if !out.is_empty() {
            let count = out.len();
            self.left_out = count;
            let columns = if count == 1 { "column does" } else { "columns do" };
            self.notes.push(format!(
                "{count} {columns} not fit: {}; --wide shows all, --output record one below the other",
                out.join(", ")
            ));
        }
    }

    /// Takes width from the widest texts until all fit.
    fn shorten(&mut self, width: usize) {
        let room = width.saturating_sub(GAP * self.places.len().saturating_sub(1));
        let capped = |place: &Place, cap: usize| place.natural().min(cap.max(place.least()));
        let total = |places: &[Place], cap| places.iter().map(|place| capped(place, cap)).sum::<usize>();
        // No cap above the room can fit, so a cell of a megabyte costs no million steps.
        let mut cap = self.places.iter().map(Place::natural).max().unwrap_or(0).min(room.max(LEAST));
        while cap > 0 && total(&self.places, cap) > room {
            cap -= 1;
        }
        // What is left over goes to those that are cut, from the left.
        let mut spare = room.saturating_sub(total(&self.places, cap));
        for place in &mut self.places {
            place.width = capped(place, cap);
            let extra = (place.natural() - place.width).min(spare);
            place.width += extra;
            spare -= extra;
        }
    }
}

impl Place {
    fn column(columns: &[Column], rows: &[Vec<Cell>], at: usize) -> Place {
        let heading = vec![columns.get(at).map(|c| escape::terminal(&c.name).into_owned()).unwrap_or_default()];
        let cells = || rows.iter().filter_map(|row| row.get(at));
        let values = cells().map(|cell| shown(cell).width()).max().unwrap_or(0);
        let is_number = |cell: &Cell| cell.is_number() || *cell == Cell::Null;
        let is_whole = |cell: &Cell| cell.is_number() || matches!(cell, Cell::Time(_) | Cell::Date(_));
        let ends_matter = |cell: &Cell| matches!(cell, Cell::Text(text) if text.starts_with("arn:"));
        let fits = match () {
            () if cells().any(is_whole) => Fits::Whole,
            () if cells().any(ends_matter) => Fits::FromTheLeft,
            () => Fits::InTheMiddle,
        };
        Place {
            shows: Shows::Column(at),
            width: values.max(widest(&heading)),
            heading,
            values,
            right: cells().all(is_number) && cells().any(Cell::is_number),
            fits,
            trim: Trim::default(),
        }
    }

    fn row(name: String, object: usize, record: usize, rows: &[Vec<Cell>]) -> Place {
        let shows = Shows::Row(object, record);
        let values = rows.iter().map(|row| shows.text(row).width()).max().unwrap_or(0);
        let width = values.max(name.width());
        Place { shows, heading: vec![name], values, width, right: false, fits: Fits::Whole, trim: Trim::default() }
    }

    /// What it shows of a row, escaped, without what is said below the table.
    pub(super) fn text(&self, row: &[Cell]) -> String {
        self.trim.of(self.shows.text(row))
    }

    /// The width at which nothing is cut.
    fn natural(&self) -> usize {
        self.values.max(widest(&self.heading))
    }

    fn shortest(&self) -> usize {
        if self.fits == Fits::FromTheLeft { LEAST_ARN } else { LEAST }
    }

    /// Is nothing of it to be cut? Later rows may have longer texts, and those are.
    fn is_short(&self) -> bool {
        self.fits == Fits::Whole || self.values <= NAME
    }

    /// The width below which it says nothing any more.
    fn least(&self) -> usize {
        if self.is_short() { self.natural() } else { self.values.min(self.shortest()).max(widest(&self.heading)) }
    }

    /// Folds a heading that is wider than what stands below it, where a word of its name ends.
    fn fold_heading(&mut self) {
        let below = if self.is_short() { self.values } else { self.shortest() };
        let mut lines: Vec<String> = vec![String::new()];
        for word in self.heading.iter().flat_map(|line| line.split_inclusive(['_', '.', ' '])) {
            match lines.last_mut() {
                Some(line) if line.is_empty() || line.width() + word.width() <= below => line.push_str(word),
                _ => lines.push(word.to_owned()),
            }
        }
        self.heading = lines;
    }
}

impl Shows {
    /// The column whose value it is.
    pub(super) fn column(self) -> Option<usize> {
        match self {
            Shows::Column(at) => Some(at),
            Shows::Row(..) => None,
        }
    }

    /// The value as every format of text has it, escaped.
    pub(super) fn plain(self, row: &[Cell]) -> String {
        let cell = self.column().and_then(|at| row.get(at));
        cell.map(|cell| escape::terminal(&cell.text()).into_owned()).unwrap_or_default()
    }

    /// What it shows of a row, escaped.
    fn text(self, row: &[Cell]) -> String {
        match self {
            Shows::Column(at) => row.get(at).map(shown).unwrap_or_default(),
            Shows::Row(object, record) => {
                let text = |at: usize| row.get(at).map(shown).unwrap_or_default();
                let (object, record) = (text(object), text(record));
                if object.is_empty() {
                    return String::new();
                }
                let short: String = object.chars().take(ID).collect();
                format!("{short}#{record}")
            }
        }
    }
}

/// A value in a sentence: in quotes where it could be taken for more of the sentence.
fn quoted(text: &str) -> String {
    match text.contains([';', ',', '"', ' ']) || text.is_empty() {
        true => format!("\"{}\"", text.replace('"', "\\\"")),
        false => text.to_owned(),
    }
}

/// `s3.amazonaws.com:GetObject`: the name of a service, and that of a call.
fn is_action(cell: &Cell) -> bool {
    let text = cell.text();
    let is_word =
        |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    text.split_once(ACTION).is_some_and(|(service, call)| is_word(service) && is_word(call))
}

/// A value as it stands in a line: a list of texts without its brackets.
fn shown(cell: &Cell) -> String {
    let is_plain = |cell: &Cell| matches!(cell, Cell::Text(_) | Cell::Time(_) | Cell::Date(_)) || cell.is_number();
    match cell {
        Cell::List(cells) if cells.iter().all(is_plain) && !cells.iter().any(|cell| cell.text().contains(',')) => {
            cells.iter().map(|cell| escape::terminal(&cell.text()).into_owned()).collect::<Vec<_>>().join(", ")
        }
        cell => escape::terminal(&cell.text()).into_owned(),
    }
}

fn widest(lines: &[String]) -> usize {
    lines.iter().map(|line| line.width()).max().unwrap_or(0)
}

/// The columns of an answer. An object and its record become one name, which comes last.
fn places(columns: &[Column], rows: &[Vec<Cell>]) -> Vec<Place> {
    // Of several columns with one name it is not known which belongs to which.
    let position = |name: &str| {
        let mut found = columns.iter().enumerate().filter(|(_, column)| column.name == name).map(|(at, _)| at);
        found.next().filter(|_| found.next().is_none())
    };
    let (mut places, mut spare, mut last) = (Vec::new(), Vec::new(), Vec::new());
    for (at, column) in columns.iter().enumerate() {
        let pair = |ending: &str, other: &str| {
            let stem = column.name.strip_suffix(ending).filter(|_| position(&column.name).is_some())?;
            position(&format!("{stem}{other}")).map(|other| (stem, other))
        };
        if let Some((stem, record)) = pair("_object", "_record") {
            let name = if stem == "evidence" { "row".to_owned() } else { format!("{stem}_row") };
            last.push(Place::row(escape::terminal(&name).into_owned(), at, record, rows));
        } else if pair("_offset", "_object").is_some() {
            // `coldtrail record` tells it; of all columns it can be spared first.
            spare.push(Place::column(columns, rows, at));
        } else if pair("_record", "_object").is_none() {
            places.push(Place::column(columns, rows, at));
        }
    }
    places.extend(spare.into_iter().chain(last));
    places
}
