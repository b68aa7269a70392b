//! From a session back to the human or the workload at the root.

use std::borrow::Cow;

use coldtrail_schema::arrow::array::RecordBatch;
use coldtrail_schema::partition;
use coldtrail_schema::tables::sessions::{SessionEdgeRow, SessionEdgeRows};
use hashbrown::HashMap;

use super::{Given, Grants, MAKES_KEY};
use crate::events::identity::{Named, is_same_principal};
use crate::events::sessions::{Session, Sessions};
use crate::names::Names;

/// What stands at the root of a chain.
pub(crate) const ROOT_KINDS: [&str; 10] = [
    "unknown",
    "user",
    "root",
    "federated user",
    "instance",
    "function",
    "service",
    "account",
    "identity center user",
    "says it is an instance",
];
/// The place of the last of them.
pub(crate) const SAYS_INSTANCE: u8 = 9;

/// Credentials say to the second when they were issued; a sign-in and its first credentials can be some apart.
const CLOSE: i64 = 5_000_000;
/// AWS limits no chain, but a session lasts an hour; a longer chain is a circle of names.
const LONGEST: usize = 32;

/// How a session is known to come from a grant.
#[derive(Debug, Clone, Copy)]
enum How {
    Credentials,
    SharedEvent,
    Issued,
    KeyMade,
}

impl How {
    fn name(self) -> &'static str {
        match self {
            How::Credentials => "credentials",
            How::SharedEvent => "shared event",
            How::Issued => "time of issue",
            How::KeyMade => "key made",
        }
    }
}

/// What is known of a session by its chain.
#[derive(Default, Clone)]
pub(crate) struct Facts {
    pub(crate) root: Option<u32>,
    pub(crate) root_kind: u8,
    /// Is every link in the evidence?
    pub(crate) complete: bool,
    pub(crate) subject: Option<u32>,
    pub(crate) mfa: Option<bool>,
    pub(crate) source_identity: Option<u32>,
    chain: Vec<u32>,
}

#[derive(Default)]
pub(crate) struct Chains {
    /// By session: the grant that it comes from.
    parents: Vec<Option<(usize, How)>>,
    facts: Vec<Facts>,
}

impl Chains {
    pub(crate) fn new(grants: &Grants, sessions: &Sessions, names: &mut Names) -> Chains {
        let parents = Links::new(grants, sessions).parents(names);
        let mut chains = Chains { parents, facts: vec![Facts::default(); sessions.all.len()] };
        let known = Known::new(sessions, names);
        for at in 0..sessions.all.len() {
            let facts = chains.walk(at as u32, grants, sessions, &known, names);
            if let Some(slot) = chains.facts.get_mut(at) {
                *slot = facts;
            }
        }
        chains
    }

    fn parent(&self, session: u32) -> Option<(usize, How)> {
        self.parents.get(session as usize).copied().flatten()
    }

    pub(crate) fn facts(&self, session: u32) -> Facts {
        self.facts.get(session as usize).cloned().unwrap_or_default()
    }

    /// The root, and the chain from it to the session.
    pub(crate) fn of<'n>(&self, session: u32, names: &'n Names) -> (Option<&'n str>, Vec<&'n str>) {
        let Some(facts) = self.facts.get(session as usize) else { return (None, Vec::new()) };
        (facts.root.map(|root| names.text(root)), facts.chain.iter().map(|link| names.text(*link)).collect())
    }

    fn walk(&self, session: u32, grants: &Grants, sessions: &Sessions, known: &Known, names: &mut Names) -> Facts {
        let mut facts = Facts::default();
        // From the session to the root; turned round at the end.
        let mut links = Vec::new();
        let mut at = session;
        let mut when = sessions.get(session).map_or(0, |session| session.first);
        while let Some(mut here) = sessions.get(at) {
            // The log of another account names the caller by its unique id only.
            if let Some((other, session)) = known.elsewhere(here, when, sessions) {
                (at, here) = (other, session);
            }
            links.extend(here.arn.or(here.principal));
            facts.source_identity = facts.source_identity.or(here.source_identity);
            let given = self.parent(at).and_then(|(given, _)| grants.all.get(given));
            let Some(given) = given.filter(|_| links.len() < LONGEST) else {
                (facts.root, facts.root_kind, facts.complete) = root(here, names);
                facts.complete &= !here.key_is_shared;
                break;
            };
            facts.subject = facts.subject.or(given.subject);
            facts.mfa = facts.mfa.or(given.mfa);
            facts.source_identity = facts.source_identity.or(given.source_identity);
            if let Some((root, kind)) = outside(given, names) {
                (facts.root, facts.root_kind, facts.complete) = (Some(root), kind, true);
                break;
            }
            (at, when) = (given.parent, given.time);
        }
        links.extend(facts.root.filter(|root| links.last() != Some(root)));
        links.reverse();
        links.dedup();
        facts.chain = links;
        facts
    }

    /// The table of links.
    pub(crate) fn rows(&self, grants: &Grants, sessions: &Sessions, names: &Names) -> Vec<RecordBatch> {
        let mut children: HashMap<usize, Vec<(u32, How)>> = HashMap::new();
        for (session, parent) in self.parents.iter().enumerate() {
            if let Some((given, how)) = parent {
                children.entry(*given).or_default().push((session as u32, *how));
            }
        }
        let mut of_key: HashMap<u32, Vec<u32>> = HashMap::new();
        for (at, session) in sessions.all.iter().enumerate() {
            session.key.into_iter().for_each(|key| of_key.entry(key).or_default().push(at as u32));
        }
        for (at, given) in grants.all.iter().enumerate().filter(|(_, given)| given.kind == MAKES_KEY) {
            let made = given.key.and_then(|key| of_key.get(&key)).into_iter().flatten();
            children.entry(at).or_default().extend(made.map(|session| (*session, How::KeyMade)));
        }
        let mut rows = SessionEdgeRows::default();
        let mut batches = Vec::new();
        for (at, given) in grants.all.iter().enumerate() {
            let of_given = children.remove(&at).unwrap_or_default();
            for (session, how) in &of_given {
                given.push(sessions.get(*session), Some(*how), sessions, names, &mut rows);
            }
            // Credentials that nobody used here, or a copy of the event in another account.
            if of_given.is_empty() && given.key.is_some() {
                given.push(None, None, sessions, names, &mut rows);
            }
            if rows.len() > 64 << 10 {
                batches.push(rows.finish());
            }
        }
        batches.push(rows.finish());
        batches
    }
}

/// The sessions of each principal, as the logs of its own account have them.
struct Known {
    by_principal: HashMap<u32, Vec<u32>>,
    foreign: Option<u32>,
}

impl Known {
    fn new(sessions: &Sessions, names: &Names) -> Known {
        let foreign = names.find("AWSAccount");
        let mut by_principal: HashMap<u32, Vec<u32>> = HashMap::new();
        for (at, session) in sessions.all.iter().enumerate() {
            if let Some(principal) = session.principal.filter(|_| session.kind != foreign && session.arn.is_some()) {
                by_principal.entry(principal).or_default().push(at as u32);
            }
        }
        Known { by_principal, foreign }
    }

    /// For a session that only another account's log has: the same principal's session at that time.
    fn elsewhere<'s>(&self, session: &Session, when: i64, sessions: &'s Sessions) -> Option<(u32, &'s Session)> {
        if session.kind != self.foreign || self.foreign.is_none() {
            return None;
        }
        let candidates = self.by_principal.get(&session.principal?)?;
        let begun = candidates.iter().copied().filter_map(|at| Some((at, sessions.get(at)?)));
        begun.filter(|(_, other)| other.first <= when).max_by_key(|(_, other)| other.first)
    }
}

/// Looks up the grants of sessions.
struct Links<'g> {
    grants: &'g Grants,
    sessions: &'g Sessions,
    by_key: HashMap<u32, usize>,
    /// By principal, in order of time.
    by_principal: HashMap<u32, Vec<usize>>,
    by_shared: HashMap<u32, Vec<usize>>,
}

impl<'g> Links<'g> {
    fn new(grants: &'g Grants, sessions: &'g Sessions) -> Links<'g> {
        let mut links =
            Links { grants, sessions, by_key: HashMap::new(), by_principal: HashMap::new(), by_shared: HashMap::new() };
        for (at, given) in grants.all.iter().enumerate() {
            if let Some(key) = given.key.filter(|_| given.kind != MAKES_KEY) {
                let best = links.by_key.entry(key).or_insert(at);
                if grants.all.get(*best).is_some_and(|known| known.rank < given.rank) {
                    *best = at;
                }
            }
            if let Some(principal) = given.principal {
                links.by_principal.entry(principal).or_default().push(at);
            }
            if let Some(shared) = given.shared {
                links.by_shared.entry(shared).or_default().push(at);
            }
        }
        links
    }

    fn parents(&self, names: &Names) -> Vec<Option<(usize, How)>> {
        self.sessions.all.iter().map(|session| self.parent(session, names)).collect()
    }

    fn parent(&self, session: &Session, names: &Names) -> Option<(usize, How)> {
        let key = session.key?;
        // Long-term keys are not handed out by a session.
        if names.text(key).starts_with("AKIA") {
            return None;
        }
        if let Some(at) = self.by_key.get(&key) {
            // A key under another principal id than the one for which it was handed out is forged, or another log's.
            let given = self.grants.all.get(*at).and_then(|given| given.principal);
            let is_other = given.zip(session.principal).is_some_and(|(given, principal)| {
                session.key_is_shared && !is_same_principal(names.text(given), names.text(principal))
            });
            return (!is_other).then(|| self.better_copy(*at));
        }
        let issued = session.issued?;
        let candidates = self.by_principal.get(&session.principal?)?;
        let near = candidates.iter().copied().filter(|at| {
            // A sign-in gives out no key in its answer; a call whose answer names another key gave that one out.
            self.grants.all.get(*at).is_some_and(|given| given.key.is_none() && (given.time - issued).abs() <= CLOSE)
        });
        near.min_by_key(|at| self.grants.all.get(*at).map(|given| (given.time - issued).abs()))
            .map(|at| (at, How::Issued))
    }

    /// The copy of the event in the account of the caller says more about who asked.
    fn better_copy(&self, at: usize) -> (usize, How) {
        let Some(given) = self.grants.all.get(at) else { return (at, How::Credentials) };
        let copies = given.shared.and_then(|shared| self.by_shared.get(&shared)).map(Vec::as_slice).unwrap_or_default();
        let rank = |at: usize| self.grants.all.get(at).map_or(0, |given| given.rank);
        match copies.iter().copied().filter(|copy| rank(*copy) > given.rank).max_by_key(|copy| rank(*copy)) {
            Some(copy) => (copy, How::SharedEvent),
            None => (at, How::Credentials),
        }
    }
}

/// A grant to somebody outside AWS, or to a workload: the chain ends there.
fn outside(given: &Given, names: &mut Names) -> Option<(u32, u8)> {
    if given.kind.starts_with("AssumeRoleWith") {
        return given.subject.map(|subject| (subject, 3));
    }
    let text = |part: Option<u32>| part.map(|part| names.text(part));
    let (service, name) = (names.text(given.service?), text(given.session_name).unwrap_or_default());
    let place = NamedPlace {
        arns: [text(given.arn), text(given.role)],
        region: text(given.region),
        account: text(given.account),
    };
    // The service itself chose the name.
    let (root, kind) = match service.strip_suffix(".cn").unwrap_or(service) {
        "ec2.amazonaws.com" if is_instance(name) => (place.arn("ec2", "instance/", name), 4),
        "lambda.amazonaws.com" => (place.arn("lambda", "function:", name), 5),
        _ => (service.to_owned(), 6),
    };
    Some((names.number(&root), kind))
}

/// Where something is that only its name is known of.
struct NamedPlace<'n> {
    /// ARNs of the same record, which know the partition.
    arns: [Option<&'n str>; 2],
    region: Option<&'n str>,
    account: Option<&'n str>,
}

impl NamedPlace<'_> {
    fn arn(&self, service: &str, kind: &str, name: &str) -> String {
        let partition = partition::of_record(self.arns, self.region);
        let (region, account) = (self.region.unwrap_or_default(), self.account.unwrap_or_default());
        format!("arn:{partition}:{service}:{region}:{account}:{kind}{name}")
    }
}

/// Who stands behind a session that nothing here handed out, and whether that is all there is to know.
fn root(session: &Session, names: &mut Names) -> (Option<u32>, u8, bool) {
    let text = |number: Option<u32>| number.map(|number| names.text(number)).unwrap_or_default();
    let who = session.arn.or(session.principal);
    let by_id = |who: Option<u32>, kind: u8| match who {
        Some(_) => (who, kind, session.named == Named::Id),
        None => (None, 0, false),
    };
    match text(session.kind) {
        "IAMUser" => by_id(who, 1),
        "Root" => by_id(who, 2),
        "SAMLUser" | "WebIdentityUser" => by_id(session.user.or(who), 3),
        "AWSService" => by_id(session.invoked_by.or(who), 6),
        "AWSAccount" => (session.principal.or(session.account), 7, false),
        "IdentityCenterUser" => match session.person.or(session.principal).or(who) {
            Some(person) => (Some(person), 8, true),
            None => (session.credential, 8, false),
        },
        "AssumedRole" => {
            let name = text(session.principal).rsplit(':').next().unwrap_or_default();
            // Identity Center names the session by the user, and nobody else can assume its roles.
            if text(session.issuer).contains(":role/aws-reserved/sso.amazonaws.com/") && !name.is_empty() {
                let name = name.to_owned();
                return (Some(names.number(&name)), 8, true);
            }
            match (is_instance(name), session.of_instance) {
                (true, true) => {
                    let arns = [session.arn, session.issuer].map(|arn| arn.map(|arn| names.text(arn)));
                    let part = |number: Option<u32>| number.map(|number| names.text(number));
                    let place = NamedPlace { arns, region: part(session.region), account: part(session.account) };
                    let arn = place.arn("ec2", "instance/", name);
                    (Some(names.number(&arn)), 4, true)
                }
                // Whoever may assume the role may call the session so.
                (true, false) => (who, SAYS_INSTANCE, false),
                (false, _) => (who, 0, false),
            }
        }
        _ => (who.or(session.person).or(session.invoked_by), 0, false),
    }
}

/// EC2 names the sessions of its instances by the instance.
fn is_instance(name: &str) -> bool {
    name.strip_prefix("i-").is_some_and(|id| matches!(id.len(), 8 | 17) && id.bytes().all(|b| b.is_ascii_hexdigit()))
}

impl Given {
    fn push(
        &self,
        child: Option<&Session>,
        how: Option<How>,
        sessions: &Sessions,
        names: &Names,
        rows: &mut SessionEdgeRows,
    ) {
        let text = |number: Option<u32>| number.map(|number| Cow::Borrowed(names.text(number)));
        let parent = sessions.get(self.parent);
        let asked = parent.and_then(|parent| parent.arn.or(parent.principal).or(parent.invoked_by));
        rows.push(&SessionEdgeRow {
            kind: Some(Cow::Borrowed(self.kind)),
            parent_session: text(parent.map(|parent| parent.id)),
            parent: text(self.subject.or(self.service).or(asked)),
            child_session: text(child.map(|child| child.id).or(self.key)),
            child: text(child.and_then(|child| child.arn).or(self.arn)),
            rolearn: text(self.role),
            rolesessionname: text(self.session_name),
            sourceidentity: text(self.source_identity),
            event_time: Some(self.time),
            eventid: text(self.event),
            sharedeventid: text(self.shared),
            how: how.map(|how| Cow::Borrowed(how.name())),
            evidence_object: text(Some(self.object)),
            evidence_record: Some(self.record),
        });
    }
}
