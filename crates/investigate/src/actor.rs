//! Who is it really: the sessions of a key, a principal or an address, back to the human or the workload.

use std::collections::BTreeMap;

use coldtrail_query::{Session, Value};
use coldtrail_report::{Answer, RowName};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::error::{Error, Result};
use crate::rows::{address, ask, cut};
use crate::scope::{About, Scope};

mod tree;

use tree::Tree;

/// Who is asked about.
#[derive(Debug, Clone)]
pub struct Who<'a> {
    /// An access key, an ARN, a session id, a principal id, a federated subject, or an address.
    pub name: &'a str,
    /// Only sessions that go on after this instant, in microseconds.
    pub from: Option<i64>,
    /// Only sessions that began before it.
    pub to: Option<i64>,
    /// All sessions of whoever stands behind it, as a tree of who handed credentials to whom.
    pub tree: bool,
}

/// One stretch of a session.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Stretch {
    session_id: Option<String>,
    part: i64,
    actor: Option<String>,
    actor_kind: Option<String>,
    chain: Vec<String>,
    chain_complete: Option<bool>,
    useridentity_type: Option<String>,
    useridentity_arn: Option<String>,
    mfaauthenticated: Option<bool>,
    console: Option<bool>,
    sourceidentity: Option<String>,
    federation_subject: Option<String>,
    first_time: String,
    last_time: String,
    events: i64,
    writes: i64,
    errors: i64,
    denied: i64,
    first_evers: i64,
    ips: Vec<String>,
    useragents: Vec<String>,
    regions: Vec<String>,
    services: Option<String>,
    /// What speaks against taking the session for one of one principal.
    caveat: Option<String>,
    #[serde(flatten)]
    row: RowName,
}

/// How often a session made one call, with one result.
#[derive(Debug, Clone, Deserialize)]
struct Calls {
    session_id: Option<String>,
    part: i64,
    api: String,
    error_class: Option<String>,
    events: i64,
}

/// So many sessions are shown as text; JSON has all.
const SHOWN: usize = 50;

/// Sessions are made of these.
const ABOUT: About<'_> = About { tables: &["cloudtrail"], derived: true, timed: true };

/// The sessions of somebody, and who stands behind them.
pub fn who(scope: &Scope<'_>, who: &Who<'_>) -> Result<Answer> {
    scope.derived()?;
    let parameters = [
        ("who".to_owned(), Value::Text(Some(address(who.name)?))),
        ("from".to_owned(), Value::Time(who.from)),
        ("to".to_owned(), Value::Time(who.to)),
    ];
    let found: Vec<Stretch> = ask(scope.session, include_str!("actor/sessions.sql"), &parameters)?;
    if found.is_empty() {
        return match meant(scope.session, who.name)? {
            Meant::By(arn) => {
                let mut answer = self::who(scope, &Who { name: &arn, ..*who })?;
                answer.title = format!("`{}` is taken for {arn}", who.name);
                answer.set("takenFor", json!(arn));
                Ok(answer)
            }
            Meant::Itself => Err(nobody(scope, who)?),
        };
    }
    let mut answer = Answer { left_aside: scope.left_aside(&ABOUT)?, ..Answer::default() };
    summary(&mut answer, &found);
    answer.set("who", json!(who.name));
    let few = found.len() <= SHOWN;
    let calls: Vec<Calls> = if few && !who.tree { calls(scope, &found)? } else { Vec::new() };
    let of = |stretch: &Stretch| -> Vec<&Calls> {
        calls.iter().filter(|calls| calls.session_id == stretch.session_id && calls.part == stretch.part).collect()
    };
    let all: Vec<Json> = found.iter().map(|stretch| stretch.with_calls(&of(stretch))).collect();
    answer.set("sessions", json!(all));
    if who.tree {
        let tree = Tree::load(scope.session, &found)?;
        tree.tell(&mut answer);
        answer.set("tree", tree.as_json());
        return Ok(answer);
    }
    answer.set("tree", Json::Null);
    for stretch in found.iter().take(SHOWN) {
        stretch.tell(&mut answer, 0, None);
        if let Some(calls) = calls_text(&of(stretch)) {
            answer.say(1, "calls", calls, None);
        }
    }
    if found.len() > SHOWN {
        answer.section(format!("and {} more sessions; --from, --to or --json", found.len() - SHOWN));
    }
    Ok(answer)
}

fn calls(scope: &Scope<'_>, found: &[Stretch]) -> Result<Vec<Calls>> {
    let ids: Vec<&str> = found.iter().filter_map(|stretch| stretch.session_id.as_deref()).collect();
    let sessions = [("sessions".to_owned(), Value::Text(Some(ids.join("\n"))))];
    ask(scope.session, include_str!("actor/calls.sql"), &sessions)
}

/// Why there is no session: nobody of that name, or nothing that could tell.
fn nobody(scope: &Scope<'_>, who: &Who<'_>) -> Result<Error> {
    let aside = scope.left_aside(&ABOUT)?;
    let within = if who.from.or(who.to).is_some() { " in that time" } else { "" };
    let events = scope.session.rows(ABOUT.tables.first().copied().unwrap_or_default());
    let what = match (events, aside.is_empty()) {
        (0, true) => format!("cannot say who `{}` is: no CloudTrail event is here", who.name),
        (0, false) => {
            format!("cannot say who `{}` is: no CloudTrail event is here; left aside: {}", who.name, aside.sentence())
        }
        (_, true) => format!("no session of `{}`{within} is in the {events} CloudTrail events that are here", who.name),
        (_, false) => format!(
            "cannot say who `{}` is: no session of it{within} is in the {events} CloudTrail events that are here; left aside: {}",
            who.name,
            aside.sentence()
        ),
    };
    let mut similar = similar(scope.session, who.name)?;
    if !within.is_empty() && !similar.is_empty() {
        // It is known, but not of that time.
        let hint = format!("without --from and --to it may be one of {}", similar.join(", "));
        return Ok(Error::absent(what, hint));
    }
    similar.retain(|name| name != who.name);
    if similar.is_empty() {
        let hint = "name an access key, an ARN, a session's id or an address; `coldtrail timeline --actor` and `--ip` look at every log";
        return Ok(Error::absent(what, hint));
    }
    Ok(Error::usage(what, format!("did you mean {}?", similar.join(", "))))
}

#[derive(Deserialize)]
struct Known {
    name: String,
}

/// Names of actors that end in a name, or are written like it but for case.
pub(crate) fn similar(session: &Session, name: &str) -> Result<Vec<String>> {
    let parameter = [("who".to_owned(), Value::Text(Some(name.to_owned())))];
    let known: Vec<Known> = ask(session, include_str!("actor/similar.sql"), &parameter)?;
    Ok(known.into_iter().map(|known| known.name).collect())
}

/// Who is meant by a name.
pub(crate) enum Meant {
    /// The name itself stands somewhere, or nobody is called so.
    Itself,
    /// The one user or role whose ARN ends in it.
    By(String),
}

/// Did anybody act under exactly this name, at any time?
fn acted(session: &Session, name: &str) -> Result<bool> {
    #[derive(Deserialize)]
    struct Acted {
        known: bool,
    }
    let parameter = [("value".to_owned(), Value::Text(Some(name.to_owned())))];
    let acted: Vec<Acted> = ask(session, include_str!("actor/acted.sql"), &parameter)?;
    Ok(acted.iter().any(|row| row.known))
}

/// Who is meant by a name that stands nowhere by itself; an error where it may be several.
pub(crate) fn meant(session: &Session, name: &str) -> Result<Meant> {
    if name.contains(':') || acted(session, name)? {
        return Ok(Meant::Itself);
    }
    let parameter = [("who".to_owned(), Value::Text(Some(name.to_owned())))];
    let called: Vec<Known> = ask(session, include_str!("actor/of_name.sql"), &parameter)?;
    let mut called: Vec<String> = called.into_iter().map(|known| known.name).collect();
    match (called.pop(), called.is_empty()) {
        (None, _) => Ok(Meant::Itself),
        (Some(only), true) => Ok(Meant::By(only)),
        (Some(last), false) => {
            called.push(last);
            Err(Error::usage(format!("more than one is called `{name}`"), format!("name one of {}", called.join(", "))))
        }
    }
}

/// Who stands behind the sessions.
fn summary(answer: &mut Answer, found: &[Stretch]) {
    let mut actors: BTreeMap<(String, String), (usize, i64, bool)> = BTreeMap::new();
    for stretch in found {
        let who = stretch.actor.clone().unwrap_or_else(|| "nobody known".to_owned());
        let entry = actors.entry((who, stretch.actor_kind.clone().unwrap_or_default())).or_insert((0, 0, true));
        entry.0 += 1;
        entry.1 += stretch.events;
        entry.2 &= stretch.chain_complete == Some(true);
    }
    for ((who, kind), (sessions, events, complete)) in actors {
        let doubt = match complete {
            true => "",
            false => "; the chain is not complete: the call that handed out the credentials is not in the evidence",
        };
        let kind = if kind.is_empty() { String::new() } else { format!(" ({kind})") };
        answer.say(0, "", format!("{who}{kind}: {sessions} sessions, {events} events{doubt}"), None);
    }
    answer.say(0, "", "figures are of whole sessions, also where only a part of one fits", None);
}

fn calls_text(calls: &[&Calls]) -> Option<String> {
    let texts: Vec<String> = calls
        .iter()
        .map(|calls| {
            let class = calls.error_class.as_deref().filter(|class| *class != "success");
            let class = class.map(|class| format!(" {class}")).unwrap_or_default();
            format!("{}{class} ×{}", calls.api, calls.events)
        })
        .collect();
    (!texts.is_empty()).then(|| texts.join(", "))
}

impl Stretch {
    /// A session as findings; `by` says how it came by its credentials.
    fn tell(&self, answer: &mut Answer, depth: usize, by: Option<(String, RowName)>) {
        let list = |list: &[String], most: usize| {
            let shown: Vec<String> = list.iter().take(most).map(|text| cut(text, 80)).collect();
            let more = list.len().saturating_sub(most);
            format!("{}{}", shown.join(", "), if more > 0 { format!(" and {more} more") } else { String::new() })
        };
        let part = if self.part > 1 { format!(" (stretch {})", self.part) } else { String::new() };
        let id = self.session_id.as_deref().unwrap_or("no session");
        answer.section("");
        if let Some((how, row)) = by {
            answer.say(depth, "", format!("└ {how}"), [row]);
        }
        answer.say(depth, "", format!("{id}{part}  {} to {}", self.first_time, self.last_time), [self.row.clone()]);
        answer.say(depth + 1, "who", self.facts().join(", "), None);
        answer.say(depth + 1, "chain", self.chain.join(" → "), None);
        let figures = format!(
            "{} events: {} writes, {} errors, {} denied; {} things for the first time",
            self.events, self.writes, self.errors, self.denied, self.first_evers
        );
        answer.say(depth + 1, "what", figures, None);
        answer.say(depth + 1, "from", format!("{} with {}", list(&self.ips, 5), list(&self.useragents, 3)), None);
        answer.say(depth + 1, "regions", list(&self.regions, 6), None);
        if let Some(caveat) = &self.caveat {
            answer.say(depth + 1, "caveat", caveat, None);
        }
    }

    fn facts(&self) -> Vec<String> {
        let mut facts = vec![self.useridentity_type.clone().unwrap_or_else(|| "unknown".to_owned())];
        facts.extend((self.console == Some(true)).then(|| "console".to_owned()));
        facts.extend(self.mfaauthenticated.map(|mfa| if mfa { "MFA" } else { "no MFA" }.to_owned()));
        facts.extend(self.sourceidentity.as_ref().map(|identity| format!("source identity {identity}")));
        facts.extend(self.federation_subject.as_ref().map(|subject| format!("signed in as {subject}")));
        facts
    }

    fn with_calls(&self, calls: &[&Calls]) -> Json {
        let mut value = self.as_json();
        if let (false, Json::Object(members)) = (calls.is_empty(), &mut value) {
            let calls: Vec<Json> = calls
                .iter()
                .map(|call| json!({ "api": call.api, "errorClass": call.error_class, "events": call.events }))
                .collect();
            members.insert("calls".to_owned(), json!(calls));
        }
        value
    }

    fn as_json(&self) -> Json {
        json!({
            "sessionId": self.session_id, "part": self.part, "actor": self.actor, "actorKind": self.actor_kind,
            "chain": self.chain, "chainComplete": self.chain_complete, "type": self.useridentity_type,
            "arn": self.useridentity_arn, "mfaAuthenticated": self.mfaauthenticated, "console": self.console,
            "sourceIdentity": self.sourceidentity, "federationSubject": self.federation_subject,
            "firstTime": self.first_time, "lastTime": self.last_time, "events": self.events, "writes": self.writes,
            "errors": self.errors, "denied": self.denied, "firstEvers": self.first_evers, "ips": self.ips,
            "userAgents": self.useragents, "regions": self.regions, "caveat": self.caveat,
            "services": self.services.as_deref().and_then(|text| serde_json::from_str::<Json>(text).ok()),
            "evidence": self.row.as_json(),
        })
    }
}
