//! One broken record costs one record: what a single changed byte does to the others of a file.

use std::collections::BTreeSet;

use coldtrail_sources::{Broken, Framing, Record, Sink, frame};

/// The texts of all records that were framed.
#[derive(Default)]
struct Texts {
    whole: BTreeSet<String>,
    broken: usize,
}

impl Sink for Texts {
    fn record(&mut self, record: &Record<'_>) {
        self.whole.insert(record.text.to_owned());
    }

    fn broken(&mut self, _broken: Broken<'_>) {
        self.broken += 1;
    }

    fn trailer(&mut self, _text: &str) {}
}

const COUNT: usize = 50;
/// Which record is broken.
const TARGET: usize = 25;

/// How a file of records is written.
struct Form {
    name: &'static str,
    framing: Framing,
    /// Whose decoder tells where an entry begins.
    source: &'static str,
    before: &'static str,
    between: &'static str,
    after: &'static str,
    record: fn(usize) -> String,
    /// So many neighbours may be lost.
    lost: usize,
}

fn call(number: usize) -> String {
    format!(
        r#"{{"eventVersion":"1.08","userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/a","sessionContext":{{"attributes":{{"mfaAuthenticated":"false"}}}}}},"eventTime":"2026-03-02T04:{number:02}:10Z","eventName":"RunInstances","requestParameters":{{"instancesSet":{{"items":[{{"imageId":"ami-{number}","note":"a \"quoted\" [bracket] {{brace}}"}}]}},"tags":["x","y"]}},"responseElements":null,"eventID":"e-{number}","readOnly":false}}"#
    )
}

fn item(number: usize) -> String {
    format!(
        r#"{{"configurationItemVersion":"1.3","configuration":{{"ipPermissions":[{{"fromPort":22,"ipv4Ranges":[{{"cidrIp":"0.0.0.0/0"}}]}}],"groupId":"sg-{number}"}},"relationships":[{{"resourceId":"vpc-1","name":"Is contained in Vpc"}}],"tags":{{}},"configurationStateId":{number},"resourceType":"AWS::EC2::SecurityGroup"}}"#
    )
}

fn finding(number: usize) -> String {
    format!(
        r#"{{"SchemaVersion":"2018-10-08","Id":"f-{number}","ProductArn":"arn:aws:securityhub:::product/a/b","Severity":{{"Label":"HIGH"}},"Types":["a/b"],"Resources":[{{"Type":"Other","Id":"i-{number}","Details":{{"Other":{{"note":"a \"quoted\" [bracket] {{brace}}"}}}}}}],"RecordState":"ACTIVE"}}"#
    )
}

/// Members in another order in every second record, as programs that sort by hash write them.
fn shuffled(number: usize) -> String {
    match number % 3 {
        0 => format!(r#"{{"eventID":"e-{number}","eventName":"A","requestParameters":{{"a":[{{"b":1}}]}}}}"#),
        1 => format!(r#"{{"eventName":"A","requestParameters":{{"a":[{{"b":1}}]}},"eventID":"e-{number}"}}"#),
        _ => format!(r#"{{"requestParameters":{{"a":[{{"b":1}}]}},"eventID":"e-{number}","eventName":"A"}}"#),
    }
}

fn line(number: usize) -> String {
    format!(
        "79a5 bucket [02/Mar/2026:04:{number:02}:38 +0000] 198.51.100.7 - 3E57427F3EXAMPLE REST.GET.OBJECT k{number} \"GET /k HTTP/1.1\" 200 - 2662992 3462992 70 10 \"-\" \"a\" -"
    )
}

fn statement(number: usize) -> String {
    format!(
        "20260409 04:{number:02}:43,db-1,app,10.0.0.5,{number},{number}1,QUERY,shop,'SELECT *\nFROM t WHERE a = \\'x\\', {number}',0"
    )
}

const fn lines(name: &'static str, framing: Framing, source: &'static str, record: fn(usize) -> String) -> Form {
    Form { name, framing, source, before: "", between: "\n", after: "\n", record, lost: 0 }
}

const FORMS: &[Form] = &[
    Form {
        name: "CloudTrail",
        framing: Framing::Json,
        source: "",
        before: r#"{"Records":["#,
        between: ",",
        after: "]}",
        record: call,
        lost: 1,
    },
    Form {
        name: "Config",
        framing: Framing::Json,
        source: "",
        before: r#"{"fileVersion":"1.0","configSnapshotId":"s","configurationItems":["#,
        between: ",",
        after: "]}",
        record: item,
        lost: 1,
    },
    Form {
        name: "findings of an event",
        framing: Framing::Json,
        source: "",
        before: r#"{"version":"0","detail-type":"Findings","resources":["arn:aws:a"],"detail":{"findings":["#,
        between: ",",
        after: "]}}",
        record: finding,
        lost: 1,
    },
    Form {
        name: "an array",
        framing: Framing::Json,
        source: "",
        before: "[",
        between: ",\n  ",
        after: "]",
        record: call,
        lost: 1,
    },
    Form {
        name: "other orders",
        framing: Framing::Json,
        source: "",
        before: r#"{"Records":["#,
        between: ", ",
        after: "]}",
        record: shuffled,
        lost: 1,
    },
    lines("JSON lines", Framing::Json, "", call),
    lines("lines", Framing::Lines, "", line),
    lines("audit log", Framing::Lines, "rds_audit", statement),
];

/// The most neighbours that a change of one byte of the target costs, how many changes cost more than allowed, and all.
fn tried(form: &Form, stride: usize) -> (usize, usize, usize, Option<String>) {
    let records: Vec<String> = (0..COUNT).map(form.record).collect();
    let text = format!("{}{}{}", form.before, records.join(form.between), form.after);
    let start = text.find(&records[TARGET]).unwrap();
    let source = coldtrail_sources::SOURCES.iter().find(|source| source.name == form.source);
    let (mut worst, mut over, mut all, mut example) = (0, 0, 0, None);
    for at in (start..start + records[TARGET].len()).step_by(stride) {
        let old = text.as_bytes()[at];
        let others = [
            None,
            Some(b'"'),
            Some(b'{'),
            Some(b'}'),
            Some(b'['),
            Some(b']'),
            Some(b','),
            Some(b'\\'),
            Some(b'x'),
            Some(0xff),
        ];
        for new in others.into_iter().filter(|new| *new != Some(old)) {
            let mut bytes = text.clone().into_bytes();
            match new {
                Some(new) => bytes[at] = new,
                None => _ = bytes.remove(at),
            }
            let mut sink = Texts::default();
            let entries = source.and_then(|source| (source.decoder)().entries());
            frame(bytes.clone(), std::io::empty(), form.framing, entries, &mut sink).unwrap();
            let lost =
                records.iter().enumerate().filter(|(at, text)| *at != TARGET && !sink.whole.contains(*text)).count();
            all += 1;
            worst = worst.max(lost);
            if lost > form.lost {
                over += 1;
                let near =
                    String::from_utf8_lossy(&bytes[at.saturating_sub(20)..(at + 20).min(bytes.len())]).into_owned();
                example.get_or_insert(format!("{lost} lost by {new:?} in …{near}…"));
            }
        }
    }
    (worst, over, all, example)
}

#[test]
fn a_changed_byte_costs_its_record() {
    let mut wrong = Vec::new();
    for form in FORMS {
        let (worst, over, all, example) = tried(form, 1);
        assert!(all > 500, "{}: {all}", form.name);
        let told = |example| format!("{}: {over} of {all}, at most {worst} neighbours; {example}", form.name);
        wrong.extend(example.map(told));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A document that is longer than a record may be costs itself; the line after it is read.
#[test]
fn a_document_too_long_costs_itself() {
    #[derive(Default)]
    struct Sizes(Vec<(bool, u64)>);
    impl Sink for Sizes {
        fn record(&mut self, record: &Record<'_>) {
            self.0.push((true, record.text.len() as u64));
        }
        fn broken(&mut self, broken: Broken<'_>) {
            self.0.push((false, broken.size));
        }
        fn trailer(&mut self, _text: &str) {}
    }
    let long = format!("{{\"eventVersion\":\"1.08\",\"userAgent\":\"{}\"}}", "x".repeat(40 << 20));
    let text = format!("{}\n{long}\n{}\n", call(1), call(2));
    let mut sink = Sizes::default();
    frame(text.into_bytes(), std::io::empty(), Framing::Json, None, &mut sink).unwrap();
    let size = call(1).len() as u64;
    assert_eq!(sink.0, [(true, size), (false, long.len() as u64), (true, size)]);
    // From a reader, in the pieces that it gives.
    let text = format!("{}\n{long}\n{}\n", call(1), call(2));
    let mut sink = Sizes::default();
    frame(Vec::new(), text.as_bytes(), Framing::Json, None, &mut sink).unwrap();
    assert_eq!(sink.0, [(true, size), (false, long.len() as u64), (true, size)]);
}

/// Its name, how it is made of a number, and the number.
type Input<'a> = (&'static str, &'a dyn Fn(usize) -> String, usize);

/// How long framing and decoding takes, in seconds.
fn seconds(bytes: &[u8]) -> f64 {
    let key = coldtrail_evidence::ObjectKey::default();
    let source = coldtrail_sources::SOURCES.iter().find(|source| source.name == "cloudtrail").unwrap();
    let head = coldtrail_sources::Head { name: "", key: &key, bytes, whole: true };
    let begun = std::time::Instant::now();
    let outcome = crate::decoded::run(source, Framing::Json, &head, bytes);
    assert!(!outcome.seen.is_empty());
    begun.elapsed().as_secs_f64()
}

/// Inputs of some size that were slow once: four times as much takes about four times as long, and not sixteen.
#[test]
fn time_grows_with_the_input_and_no_faster() {
    let cut = |count: usize| (0..count).map(|n| format!("{}\n", &call(n % 60)[..400])).collect::<String>();
    let short = |count: usize| "{\"eventVersion\":\"1.08\",\"a\n".repeat(count);
    let members = |count: usize| {
        let members: String = (0..count).map(|n| format!(",\"m{n}\":{n}")).collect();
        format!("{{\"Records\":[{{\"eventVersion\":\"1.08\"{members}}}]}}")
    };
    let same = |count: usize| format!("{{\"Records\":[{{\"eventVersion\":\"1.08\"{}}}]}}", ",\"m\":1".repeat(count));
    let garbage = |count: usize| format!("{{\"Records\":[{}]}}", "{\"eventVersion\":tru},".repeat(count));
    let unlike = |count: usize| format!("{{\"Records\":[{}]}}", "{\"other\":tru},".repeat(count));
    let brackets = |count: usize| format!("[{}", "[{\"a\":".repeat(count));
    let quotes = |count: usize| format!("{{\"Records\":[{{\"a\":1 {}", "\"x:".repeat(count));
    // Values that seem to end too early, behind a good record: as lines, and without anything that parts them.
    let document = |unit: &str, count: usize| format!("{}\n{}", call(1), unit.repeat(count));
    let item = |unit: &str, count: usize| format!("{{\"Records\":[{},{}]}} x", call(1), unit.repeat(count));
    let inputs: [Input; 12] = [
        ("lines cut at 400 bytes", &cut, 2_500),
        ("short cut lines", &short, 20_000),
        ("unknown members", &members, 20_000),
        ("one member again and again", &same, 20_000),
        ("broken items", &garbage, 20_000),
        ("broken items that begin otherwise", &unlike, 20_000),
        ("open brackets", &brackets, 20_000),
        ("text without end", &quotes, 20_000),
        ("lines with a bracket too many", &|count| document("{x}}\n", count), 10_000),
        ("a bracket too many, on one line", &|count| document("{x}}", count), 10_000),
        ("a bracket too many, indented", &|count| document(" {x}}\n", count), 10_000),
        ("items with a bracket too many", &|count| item("{x}},", count), 10_000),
    ];
    for (name, input, count) in inputs {
        let (small, large) = (seconds(input(count).as_bytes()), seconds(input(4 * count).as_bytes()));
        assert!(large < 9.0 * small.max(0.05), "{name}: {small:.3} s, and four times as much {large:.3} s");
    }
}
