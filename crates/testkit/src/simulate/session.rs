//! Who acts: users, and the temporary credentials that they and others get, hop by hop.

use std::rc::Rc;

use serde_json::{Value, json};

use super::resource::{Kind, REGIONS};
use super::text::{address, akia, chance, one, us_date};
use super::{Deed, Simulation};
use crate::world::{Ids, iso};

/// A role that people, machines and other roles take on.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arn: String,
}

/// An IAM user with a key.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) key: String,
    pub(super) ip: String,
}

/// The actors of one account.
#[derive(Debug, Clone, Default)]
pub(super) struct Cast {
    pub(super) people: Vec<Person>,
    pub(super) parts: Vec<Part>,
    /// Ids of instances and names of functions that act, per region.
    pub(super) instances: Vec<String>,
    pub(super) functions: Vec<String>,
}

/// One temporary credential on the way.
#[derive(Debug, Clone)]
pub(super) struct Hop {
    pub(super) key: String,
    pub(super) arn: String,
    pub(super) event: String,
}

/// Credentials, temporary or not, with which calls are made.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) account: usize,
    pub(super) region: usize,
    /// JSON text of `userIdentity`.
    pub(super) identity: String,
    pub(super) principal: String,
    pub(super) arn: String,
    pub(super) key: String,
    pub(super) ip: String,
    /// JSON text, with its quotes.
    pub(super) agent: &'static str,
    /// In seconds; far away for a user's own key.
    pub(super) expires: i64,
    pub(super) console: bool,
    pub(super) origin: String,
    pub(super) origin_kind: &'static str,
    pub(super) chain: Vec<String>,
    pub(super) hops: Vec<Hop>,
}

/// A call of STS and its answer; two accounts may have a record of it.
struct Answered<'a> {
    call: &'static str,
    time: i64,
    request: &'a Value,
    response: &'a Value,
    more: String,
    tail: String,
    id: String,
}

pub(super) const NEVER: i64 = i64::MAX;
const HOUR: i64 = 3_600;

const CLI: &str = r#""aws-cli/2.17.9 md/awscrt#0.20.11 ua/2.0 os/linux#5.15.0 md/arch#x86_64 lang/python#3.11.9""#;
const BOTO: &str = r#""Boto3/1.34.69 md/Botocore#1.34.69 ua/2.0 os/linux#5.10.0 md/arch#x86_64 lang/python#3.12.2""#;
const TERRAFORM: &str =
    r#""APN/1.0 HashiCorp/1.0 Terraform/1.7.5 (+https://www.terraform.io) terraform-provider-aws/5.42.0""#;
const BROWSER: &str = r#""Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0.0.0 Safari/537.36""#;
const GO: &str = r#""aws-sdk-go-v2/1.26.0 os/linux lang/go#1.22.1 md/GOOS#linux md/GOARCH#amd64""#;

/// Names of the roles; the first four are the ones that chains lead through.
pub(super) const PARTS: &[&str] =
    &["deploy", "ops-admin", "audit-jump", "break-glass", "sso-engineer", "github-ci", "worker"];
const JUMPS: usize = 4;
const PROVIDER: &str = "token.actions.githubusercontent.com";

pub(super) fn people(ids: &mut Ids, account: &str) -> Vec<Person> {
    let person = |ids: &mut Ids, number: usize| {
        let name = format!("{}-{number}", ["maria", "jonas", "svc-backup", "svc-deploy", "ines", "tom"][number % 6]);
        let arn = format!("arn:aws:iam::{account}:user/{name}");
        let id = super::text::principal(ids, "AIDA");
        Person { id, name, arn, key: akia(ids), ip: address(ids) }
    };
    (0..6).map(|number| person(ids, number)).collect()
}

impl Person {
    fn identity(&self, account: &str, key: Option<&str>, context: Option<Value>) -> String {
        let mut identity = json!({"type": "IAMUser", "principalId": self.id, "arn": self.arn, "accountId": account});
        if let Some(key) = key {
            identity["accessKeyId"] = json!(key);
        }
        identity["userName"] = json!(self.name);
        if let Some(context) = context {
            identity["sessionContext"] = context;
        }
        identity.to_string()
    }
}

impl Session {
    /// The session's own key, kept for long.
    fn user(person: &Person, account: usize, name: &str, region: usize) -> Session {
        Session {
            account,
            region,
            identity: person.identity(name, Some(&person.key), None),
            principal: person.id.clone(),
            arn: person.arn.clone(),
            key: person.key.clone(),
            ip: person.ip.clone(),
            agent: CLI,
            expires: NEVER,
            console: false,
            origin: person.arn.clone(),
            origin_kind: "user",
            chain: vec![person.arn.clone()],
            hops: Vec::new(),
        }
    }

    /// Somebody who is not (yet) in any account; `identity` is what the first call shows.
    fn outside(account: usize, region: usize, identity: &Value, origin: &str, kind: &'static str) -> Session {
        Session {
            account,
            region,
            identity: identity.to_string(),
            principal: String::new(),
            arn: origin.to_owned(),
            key: String::new(),
            ip: String::new(),
            agent: CLI,
            expires: NEVER,
            console: false,
            origin: origin.to_owned(),
            origin_kind: kind,
            chain: vec![origin.to_owned()],
            hops: Vec::new(),
        }
    }
}

impl Simulation {
    /// New credentials for calls in an account; their events lie up to a few minutes before `time`.
    pub(super) fn open(&mut self, account: usize, region: usize, time: i64) -> Rc<Session> {
        let more = match self.ids.0.u32(..100) {
            0..50 => 0,
            50..76 => 1,
            76..88 => 2,
            88..94 => 3,
            _ => 4,
        };
        let root = self.ids.0.u32(..100);
        // A user's own key makes no hop of its own, so users may go one hop further; consoles stay at home.
        let hops = if root < 32 && more > 0 { more + usize::from(self.ids.0.bool()) } else { more };
        let hops = if (32..50).contains(&root) { 0 } else { hops };
        let path = self.path(account, hops);
        let home = path.first().copied().unwrap_or(account);
        let mut at = time - (hops as i64 + 1) * 24 - self.ids.0.i64(2..20);
        let mut session = match root {
            0..24 => self.own_key(home, region),
            24..32 => self.with_mfa(home, region, at),
            32..50 => self.console(home, region, at),
            50..66 => self.by_saml(home, region, at),
            66..80 => self.by_oidc(home, region, at),
            80..90 => self.by_machine(home, region, at, true),
            _ => self.by_machine(home, region, at, false),
        };
        for next in path.into_iter().skip(1).chain((hops > 0).then_some(account)) {
            at += self.ids.0.i64(3..24);
            session = self.hop(&session, next, at);
        }
        let session = Rc::new(session);
        self.active.push(Rc::clone(&session));
        if self.active.len() > 96 {
            self.active.remove(0);
        }
        session
    }

    /// The accounts before the last: the home of the root, and those on the way; three at most, with the last.
    fn path(&mut self, last: usize, hops: usize) -> Vec<usize> {
        let others =
            [last, self.ids.0.usize(..self.world.accounts.len()), self.ids.0.usize(..self.world.accounts.len())];
        (0..hops).map(|_| one(&mut self.ids, &others)).collect()
    }

    /// Another actor in the same account, with a session that is already there or a user's own key.
    pub(super) fn another(&mut self, than: &Session, time: i64) -> Rc<Session> {
        let fits = |session: &&Rc<Session>| {
            session.account == than.account && session.origin != than.origin && session.expires > time + 120
        };
        if let Some(session) = self.active.iter().rev().find(fits) {
            return Rc::clone(session);
        }
        let people = &self.cast[than.account].people;
        let person = people.iter().find(|person| person.arn != than.origin).expect("there are six people");
        Rc::new(Session::user(person, than.account, &self.world.accounts[than.account], than.region))
    }

    pub(super) fn own_key(&mut self, account: usize, region: usize) -> Session {
        let person = one(&mut self.ids, &[0, 1, 2, 3]);
        let mut session =
            Session::user(&self.cast[account].people[person], account, &self.world.accounts[account], region);
        session.agent = one(&mut self.ids, &[CLI, BOTO, GO, TERRAFORM]);
        session
    }

    /// `GetSessionToken`, as people do who must show a second factor.
    fn with_mfa(&mut self, account: usize, region: usize, time: i64) -> Session {
        let root = self.own_key(account, region);
        let number = self.world.accounts[account].clone();
        let (_, name) = root.arn.rsplit_once('/').expect("ARNs of users have a name");
        let key = self.ids.asia();
        let request = json!({"serialNumber": format!("arn:aws:iam::{number}:mfa/{name}"), "durationSeconds": HOUR});
        let response = json!({"credentials": {
            "accessKeyId": key, "sessionToken": self.ids.alnum(40), "expiration": us_date(time + HOUR),
        }});
        let id = self.ids.uuid();
        let answered = Answered {
            call: "GetSessionToken",
            time,
            request: &request,
            response: &response,
            more: String::new(),
            tail: String::new(),
            id,
        };
        let event = self.sts(&root, account, &answered);
        let context = json!({"attributes": {"creationDate": iso(time), "mfaAuthenticated": "true"}});
        let person = self.cast[account].people.iter().find(|person| person.arn == root.arn).cloned();
        let identity = person.expect("it is one of the people").identity(&number, Some(&key), Some(context));
        let mut session = Session { identity, key, expires: time + HOUR, ..root };
        self.arrive(&mut session, event);
        session
    }

    fn console(&mut self, account: usize, region: usize, time: i64) -> Session {
        let person = self.cast[account].people[one(&mut self.ids, &[0, 4, 5])].clone();
        let number = self.world.accounts[account].clone();
        let mfa = chance(&mut self.ids, 800);
        let more = json!({
            "LoginTo": "https://console.aws.amazon.com/console/home?state=hashArgs%23&isauthcode=true",
            "MobileVersion": "No", "MFAUsed": if mfa { "Yes" } else { "No" },
        });
        let identity = person.identity(&number, None, None);
        let more = format!(",\"additionalEventData\":{more}");
        let event = self.log(&Deed {
            identity: &identity,
            ip: &person.ip,
            agent: BROWSER,
            account,
            region: 0,
            time,
            service: "signin",
            name: "ConsoleLogin",
            response: "{\"ConsoleLogin\":\"Success\"}",
            more: &more,
            event_type: "AwsConsoleSignIn",
            ..Deed::default()
        });
        let key = self.ids.asia();
        let context = json!({"attributes": {"creationDate": iso(time), "mfaAuthenticated": mfa.to_string()}});
        let mut session = Session {
            identity: person.identity(&number, Some(&key), Some(context)),
            key,
            agent: BROWSER,
            expires: time + HOUR,
            console: true,
            origin_kind: "console",
            ..Session::user(&person, account, &number, region)
        };
        self.arrive(&mut session, event.id);
        session
    }

    fn by_saml(&mut self, account: usize, region: usize, time: i64) -> Session {
        let who =
            format!("{}@corp.example", one(&mut self.ids, &["anna.berg", "luis.vega", "mei.chen", "omar.haddad"]));
        let number = self.world.accounts[account].clone();
        let identity = json!({
            "type": "SAMLUser", "principalId": format!("bdGhnTUgmaSVBXVAD0Qp53GQ2TM=:{who}"), "userName": who,
            "identityProvider": "bdGhnTUgmaSVBXVAD0Qp53GQ2TM=",
        });
        let mut root = Session::outside(account, region, &identity, &who, "saml");
        (root.ip, root.agent) = (address(&mut self.ids), BROWSER);
        let part = self.part(account, "sso-engineer");
        let request = json!({
            "sAMLAssertionID": format!("_{}", self.ids.uuid()), "roleSessionName": who, "durationSeconds": HOUR,
            "roleArn": part.arn, "principalArn": format!("arn:aws:iam::{number}:saml-provider/corp-idp"),
        });
        let extra = json!({
            "subjectType": "persistent", "issuer": "https://idp.corp.example/saml",
            "nameQualifier": "bdGhnTUgmaSVBXVAD0Qp53GQ2TM=", "subject": who,
            "audience": "https://signin.aws.amazon.com/saml",
        });
        self.assume(&root, "AssumeRoleWithSAML", account, &part, &who, time, request, Some(extra))
    }

    fn by_oidc(&mut self, account: usize, region: usize, time: i64) -> Session {
        let repository = one(&mut self.ids, &["infra", "shop", "data-platform", "website"]);
        let subject = format!("repo:acme-example/{repository}:ref:refs/heads/main");
        let number = self.world.accounts[account].clone();
        let provider = format!("arn:aws:iam::{number}:oidc-provider/{PROVIDER}");
        let identity = json!({
            "type": "WebIdentityUser", "principalId": format!("{provider}:sts.amazonaws.com:{subject}"),
            "userName": subject, "identityProvider": provider,
        });
        let mut root = Session::outside(account, region, &identity, &subject, "oidc");
        (root.ip, root.agent) = (address(&mut self.ids), TERRAFORM);
        let part = self.part(account, "github-ci");
        let name = one(&mut self.ids, &["GitHubActions", "deploy-run", "terraform-apply"]);
        let request = json!({"roleArn": part.arn, "roleSessionName": name, "durationSeconds": HOUR});
        let extra = json!({
            "subjectFromWebIdentityToken": subject, "audience": "sts.amazonaws.com", "provider": provider,
        });
        self.assume(&root, "AssumeRoleWithWebIdentity", account, &part, name, time, request, Some(extra))
    }

    /// An instance (its credentials come from EC2) or a function (from Lambda).
    fn by_machine(&mut self, account: usize, region: usize, time: i64, instance: bool) -> Session {
        let number = self.world.accounts[account].clone();
        let cast = &self.cast[account];
        let (service, name, origin, kind) = if instance {
            let id = cast.instances[region].clone();
            let arn = format!("arn:aws:ec2:{}:{number}:instance/{id}", REGIONS[region]);
            ("ec2.amazonaws.com", id, arn, "instance")
        } else {
            let name = cast.functions[region].clone();
            let arn = format!("arn:aws:lambda:{}:{number}:function:{name}", REGIONS[region]);
            ("lambda.amazonaws.com", name, arn, "function")
        };
        let root = self.by_service(account, region, service, &origin, kind);
        let part = self.part(account, "worker");
        let request = json!({"roleArn": part.arn, "roleSessionName": name});
        let mut session = self.assume(&root, "AssumeRole", account, &part, &name, time, request, None);
        (session.ip, session.agent) = (address(&mut self.ids), BOTO);
        if instance {
            // Put before the last two braces: inside `sessionContext`.
            session.identity.truncate(session.identity.len() - 2);
            session.identity.push_str(",\"ec2RoleDelivery\":\"2.0\"}}");
        }
        session
    }

    /// A service that acts by itself.
    pub(super) fn by_service(
        &self,
        account: usize,
        region: usize,
        service: &'static str,
        origin: &str,
        kind: &'static str,
    ) -> Session {
        let identity = json!({"type": "AWSService", "invokedBy": service});
        let mut session = Session::outside(account, region, &identity, origin, kind);
        session.ip = service.to_owned();
        session.agent = match service {
            "ec2.amazonaws.com" => "\"ec2.amazonaws.com\"",
            "lambda.amazonaws.com" => "\"lambda.amazonaws.com\"",
            "autoscaling.amazonaws.com" => "\"autoscaling.amazonaws.com\"",
            _ => "\"rds.amazonaws.com\"",
        };
        session
    }

    /// A service with the credentials of its linked role.
    pub(super) fn linked(&mut self, account: usize, region: usize, time: i64) -> Session {
        let service = "autoscaling.amazonaws.com";
        let root = self.by_service(account, region, service, service, "service");
        let number = &self.world.accounts[account];
        let name = "AWSServiceRoleForAutoScaling";
        let arn = format!("arn:aws:iam::{number}:role/aws-service-role/{service}/{name}");
        let part = Part { id: self.linked[account][0].clone(), name: name.to_owned(), arn };
        let request = json!({"roleArn": part.arn, "roleSessionName": "AutoScaling", "durationSeconds": HOUR});
        let mut session = self.assume(&root, "AssumeRole", account, &part, "AutoScaling", time, request, None);
        session.identity.truncate(session.identity.len() - 1);
        session.identity.push_str(",\"invokedBy\":\"autoscaling.amazonaws.com\"}");
        session
    }

    fn part(&self, account: usize, name: &str) -> Part {
        let parts = &self.cast[account].parts;
        parts.iter().find(|part| part.name == name).expect("every account has every part").clone()
    }

    /// One hop of a chain.
    fn hop(&mut self, from: &Session, account: usize, time: i64) -> Session {
        let part = self.cast[account].parts[self.ids.0.usize(..JUMPS)].clone();
        let name =
            format!("{}-{}", one(&mut self.ids, &["job", "admin", "review", "run"]), self.ids.0.u32(..1_000_000));
        let mut request = json!({"roleArn": part.arn, "roleSessionName": name, "durationSeconds": HOUR});
        if chance(&mut self.ids, 100) {
            request["externalId"] = json!("partner-4711");
        }
        self.assume(from, "AssumeRole", account, &part, &name, time, request, None)
    }

    #[expect(clippy::too_many_arguments, reason = "every kind of assuming differs in all of them")]
    fn assume(
        &mut self,
        from: &Session,
        call: &'static str,
        account: usize,
        part: &Part,
        name: &str,
        time: i64,
        request: Value,
        extra: Option<Value>,
    ) -> Session {
        let number = self.world.accounts[account].clone();
        let arn = format!("arn:aws:sts::{number}:assumed-role/{}/{name}", part.name);
        let (key, principal) = (self.ids.asia(), format!("{}:{name}", part.id));
        let mut response = json!({
            "credentials": {"accessKeyId": key, "sessionToken": self.ids.alnum(40), "expiration": us_date(time + HOUR)},
            "assumedRoleUser": {"assumedRoleId": principal, "arn": arn},
        });
        for (member, value) in extra.iter().filter_map(Value::as_object).flatten() {
            response[member.as_str()] = value.clone();
        }
        let more = super::make::about(&number, "AWS::IAM::Role", &part.arn);
        let shared = self.ids.uuid();
        let tail = if account == from.account { String::new() } else { format!(",\"sharedEventID\":\"{shared}\"") };
        let id = self.ids.uuid();
        let answered = Answered { call, time, request: &request, response: &response, more, tail, id };
        let event = self.sts(from, from.account, &answered);
        if account != from.account {
            // The role's account sees little of the caller.
            let stranger = json!({
                "type": "AWSAccount", "principalId": from.principal, "accountId": self.world.accounts[from.account],
            });
            let seen = Session { identity: stranger.to_string(), ..from.clone() };
            self.sts(&seen, account, &answered);
        }
        let mut context = json!({"sessionIssuer": {
            "type": "Role", "principalId": part.id, "arn": part.arn, "accountId": number, "userName": part.name,
        }});
        if call == "AssumeRoleWithWebIdentity" {
            let provider = &response["provider"];
            context["webIdFederationData"] = json!({"federatedProvider": provider, "attributes": {}});
        }
        context["attributes"] = json!({"creationDate": iso(time), "mfaAuthenticated": "false"});
        let identity = json!({
            "type": "AssumedRole", "principalId": principal, "arn": arn, "accountId": number, "accessKeyId": key,
            "sessionContext": context,
        });
        let mut session = Session {
            account,
            identity: identity.to_string(),
            principal,
            arn,
            key,
            // A browser fetched the SAML session; a program uses it.
            agent: if call == "AssumeRoleWithSAML" { CLI } else { from.agent },
            expires: time + HOUR,
            console: false,
            ..from.clone()
        };
        self.arrive(&mut session, event);
        session
    }

    /// Notes the new credential as the end of the way so far.
    fn arrive(&mut self, session: &mut Session, event: String) {
        if session.chain.last() != Some(&session.arn) {
            session.chain.push(session.arn.clone());
        }
        session.hops.push(Hop { key: session.key.clone(), arn: session.arn.clone(), event });
        self.summary.sessions += 1;
        self.truth.chain(session);
    }

    /// Logs a call of STS in the account, and gives the event's id.
    fn sts(&mut self, from: &Session, account: usize, answered: &Answered<'_>) -> String {
        let console = if from.console { ",\"sessionCredentialFromConsole\":\"true\"" } else { "" };
        let deed = Deed {
            identity: &from.identity,
            ip: &from.ip,
            agent: from.agent,
            account,
            region: from.region,
            time: answered.time,
            service: "sts",
            name: answered.call,
            request: &answered.request.to_string(),
            response: &answered.response.to_string(),
            more: &answered.more,
            tail: &format!("{}{console}", answered.tail),
            request_id: &answered.id,
            read_only: true,
            ..Deed::default()
        };
        self.log(&deed).id
    }

    /// The roles and machines of the cast exist as resources; they are never changed.
    pub(super) fn hire(&mut self, account: usize, time: i64) {
        let number = self.world.accounts[account].clone();
        let people = people(&mut self.ids, &number);
        let mut cast = Cast { people, ..Cast::default() };
        for name in PARTS {
            let id = self.fixed(Kind::Role, account, 0, time, Some(name));
            let arn = format!("arn:aws:iam::{number}:role/{name}");
            cast.parts.push(Part { id, name: (*name).to_owned(), arn });
        }
        for region in 0..REGIONS.len() {
            cast.instances.push(self.fixed(Kind::Instance, account, region, time, None));
            cast.functions.push(self.fixed(Kind::Function, account, region, time, None));
        }
        self.cast.push(cast);
    }
}
