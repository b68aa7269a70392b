//! The steps of the simulation: stints of work, the changes in them, captures and snapshots.

use std::io;
use std::rc::Rc;

use serde_json::Value;

use super::calls::{CHANGES, Scene};
use super::make::Maker;
use super::resource::{Call, Edit, GONE, KINDS, Kind, Pending, REGIONS, Seen, paths};
use super::session::{NEVER, Session};
use super::text::{chance, gson};
use super::{DAY, DAYS, Deed, Logged, Simulation, Task, share};

/// What a change has to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    class: &'static str,
    concurrent: bool,
    quick: bool,
    /// The resource that has to change.
    only: Option<usize>,
    /// The type that has to change.
    kind: Option<Kind>,
    /// Made on somebody's behalf by CloudFormation.
    behalf: bool,
}

const CALL: Plan = Plan { class: "call", concurrent: false, quick: false, only: None, kind: None, behalf: false };

/// A change that was found to be possible.
struct Found {
    resource: usize,
    document: Value,
    paths: Vec<String>,
    call: Call,
    /// Whether the resource is new.
    new: bool,
}

impl Simulation {
    /// Somebody begins to work, and the next stint is planned.
    pub(super) fn begin(&mut self, number: u64, time: i64) {
        let stints = (self.settings.changes / 4).max(1);
        let done = self.summary.changes + self.open;
        let remaining = self.settings.changes.saturating_sub(done);
        if number + 1 < stints {
            let span = (DAYS * DAY - 3_600) * 1_000;
            let place = |number: u64| (span as f64 * number as f64 / stints as f64) as i64;
            let jitter = self.ids.0.i64(0..(span / stints as i64).max(1));
            let next = (self.start * 1_000 + place(number + 1) + jitter).max(time);
            self.plan(next, Task::Begin(number + 1));
        }
        if remaining == 0 {
            return;
        }
        let target = remaining.div_ceil(stints - number.min(stints - 1));
        let left = if number + 1 >= stints { remaining } else { self.ids.0.u64(1..=target * 2 - 1).min(remaining) };
        let (account, region) = (self.ids.0.usize(..self.world.accounts.len()), self.some_region());
        let session = self.open(account, region, time / 1_000);
        self.open += left;
        self.plan(time, Task::Work { session, left });
    }

    pub(super) fn work(&mut self, session: Rc<Session>, left: u64, time: i64) {
        let now = time / 1_000;
        let (account, region) = (session.account, session.region);
        let session = if session.expires < now.saturating_add(60) { self.open(account, region, now) } else { session };
        self.try_unseen(&session, now);
        let made = self.step(&session, now, left);
        self.open -= made;
        if left > made {
            let next = time + self.ids.0.i64(10_000..240_000);
            self.plan(next, Task::Work { session, left: left - made });
        }
    }

    /// Makes changes; gives how many are made or planned.
    fn step(&mut self, session: &Rc<Session>, now: i64, left: u64) -> u64 {
        let continuous = !self.world.daily(session.account);
        let roll = self.ids.0.u32(..1_000);
        if roll < share::SERVICE {
            return self.by_itself(session, now);
        }
        if roll < share::SERVICE + share::NO_LOG {
            let plan = Plan { class: "no_log", ..CALL };
            return u64::from(self.change(session, now, &plan).is_some());
        }
        if left > 1 && continuous && chance(&mut self.ids, share::CONCURRENT) {
            return self.together(session, now);
        }
        let quick = left > 1 && continuous && chance(&mut self.ids, share::QUICK);
        let Some(resource) = self.change(session, now, &Plan { quick, ..CALL }) else { return 0 };
        if quick && self.world.resources[resource].living {
            let next = (now + self.ids.0.i64(12..25)) * 1_000;
            self.open += 1;
            self.plan(next, Task::Again { session: Rc::clone(session), resource });
            return 2;
        }
        1
    }

    /// A change by a service.
    fn by_itself(&mut self, session: &Rc<Session>, now: i64) -> u64 {
        let (account, region) = (session.account, session.region);
        let plan = Plan { class: "service", ..CALL };
        let made = match self.ids.0.u32(..10) {
            0..5 => self.change(session, now, &Plan { behalf: true, ..plan }),
            5..8 => {
                let session = Rc::new(self.linked(account, region, now - 4));
                self.change(&session, now, &Plan { kind: Some(Kind::Instance), ..plan })
            }
            _ => {
                let service = "rds.amazonaws.com";
                let session = Rc::new(self.by_service(account, region, service, service, "service"));
                self.change(&session, now, &Plan { kind: Some(Kind::Database), ..plan })
            }
        };
        // An account without an instance or a database has no such change.
        let made = made.or_else(|| self.change(session, now, &Plan { behalf: true, ..plan }));
        u64::from(made.is_some())
    }

    /// Two actors change one resource within seconds, and one item shows both.
    fn together(&mut self, session: &Rc<Session>, now: i64) -> u64 {
        let other = self.another(session, now);
        let plan = Plan { concurrent: true, ..CALL };
        let Some(resource) = self.change(session, now, &plan) else { return 0 };
        let later = now + self.ids.0.i64(1..5);
        if self.change(&other, later, &Plan { only: Some(resource), ..plan }).is_some() {
            return 2;
        }
        // Nothing fits; so it is a change like any other.
        for pending in &mut self.world.resources[resource].pending {
            pending.concurrent = false;
        }
        self.summary.concurrent -= 1;
        1
    }

    /// The second of two changes in quick succession.
    pub(super) fn again(&mut self, session: &Rc<Session>, resource: usize, time: i64) {
        self.open -= 1;
        let plan = Plan { quick: true, only: Some(resource), ..CALL };
        if self.world.idle(resource) && self.change(session, time / 1_000, &plan).is_some() {
            return;
        }
        for _ in 0..20 {
            if self.change(session, time / 1_000, &CALL).is_some() {
                return;
            }
        }
    }

    /// One change; gives the resource.
    fn change(&mut self, session: &Rc<Session>, now: i64, plan: &Plan) -> Option<usize> {
        let found = (0..40).find_map(|_| self.look(session.account, now, plan))?;
        let resource = found.resource;
        let region = self.world.resources[resource].region;
        let logged =
            (plan.class != "no_log").then(|| self.called(session, &found.call, region, now, plan.behalf, None));
        let pending = |paths: Vec<String>, indirect: bool| Pending {
            called: now,
            event: logged.as_ref().map(|logged| logged.id.clone()),
            name: found.call.name,
            class: plan.class,
            concurrent: plan.concurrent && !indirect,
            indirect,
            quick: plan.quick && !indirect,
            event_late: logged.as_ref().is_some_and(|logged| logged.late),
            event_twice: logged.as_ref().is_some_and(|logged| logged.twice),
            paths,
            session: Rc::clone(session),
        };
        let mut waiting = Vec::new();
        for edits in grouped(&found.call.others) {
            let other = edits[0].other;
            let before = self.world.resources[other].value();
            let mut after = before.clone();
            edits.iter().for_each(|edit| edit.apply(&mut after));
            let changed = paths(&before, &after);
            if !changed.is_empty() {
                self.world.resources[other].document = after.to_string().into();
                waiting.push((other, pending(changed, true)));
            }
        }
        self.summary.indirect += waiting.len() as u64;
        if found.document.is_null() {
            self.world.forget(resource);
        } else if !found.new {
            self.world.resources[resource].document = found.document.to_string().into();
        }
        waiting.push((resource, pending(found.paths, false)));
        for (at, pending) in waiting {
            self.count(&pending);
            self.wait(at, pending, now);
        }
        Some(resource)
    }

    fn count(&mut self, pending: &Pending) {
        if pending.indirect {
            return;
        }
        self.summary.changes += 1;
        self.summary.concurrent += u64::from(pending.concurrent);
        self.summary.quick += u64::from(pending.quick);
        self.summary.daily += u64::from(self.world.daily(pending.session.account));
        match pending.class {
            "call" => self.summary.calls += 1,
            "service" => self.summary.service += 1,
            _ => self.summary.no_log += 1,
        }
    }

    /// Looks for a possible change, once.
    fn look(&mut self, account: usize, now: i64, plan: &Plan) -> Option<Found> {
        if plan.only.is_none() && !plan.concurrent && !plan.quick && chance(&mut self.ids, share::CREATE) {
            return Some(self.something_new(account, now, plan.kind));
        }
        let kind = plan.only.map(|at| self.world.resources[at].kind).or(plan.kind);
        let weight: u32 =
            CHANGES.iter().filter(|entry| kind.is_none_or(|kind| kind == entry.0)).map(|entry| entry.1).sum();
        let mut left = self.ids.0.u32(..weight);
        let mut fitting = CHANGES.iter().filter(|entry| kind.is_none_or(|kind| kind == entry.0));
        let (kind, _, change) = fitting.find(|entry| {
            let found = left < entry.1;
            left = left.saturating_sub(entry.1);
            found
        })?;
        let resource = match plan.only {
            Some(at) => at,
            None => self.world.pick(&mut self.ids, account, *kind, None)?,
        };
        let me = &self.world.resources[resource];
        let before = me.value();
        let mut document = before.clone();
        let mut scene = Scene { ids: &mut self.ids, world: &self.world, me, time: now };
        let call = change(&mut scene, &mut document)?;
        if document.is_null() {
            // A second change has to find the resource there.
            let alone = !plan.concurrent && !plan.quick;
            return alone.then(|| Found {
                resource,
                document,
                paths: vec!["configuration".to_owned()],
                call,
                new: false,
            });
        }
        let changed = paths(&before, &document);
        if changed.is_empty() || !self.shows(resource, plan, &changed, &document) {
            return None;
        }
        Some(Found { resource, document, paths: changed, call, new: false })
    }

    /// Does the next item show this change, and those that wait for it still?
    fn shows(&self, resource: usize, plan: &Plan, changed: &[String], document: &Value) -> bool {
        let me = &self.world.resources[resource];
        let Some(seen) = me.seen.as_ref().filter(|_| plan.concurrent && plan.only.is_some()) else { return true };
        let seen: Value = serde_json::from_str(&seen.document).expect("documents are written by this crate");
        let whole = paths(&seen, document);
        let waiting = me.pending.iter().flat_map(|pending| &pending.paths);
        waiting.chain(changed).all(|path| whole.contains(path))
    }

    fn something_new(&mut self, account: usize, now: i64, kind: Option<Kind>) -> Found {
        let kind = kind.unwrap_or_else(|| {
            let mut left = self.ids.0.usize(..100);
            let found = KINDS.into_iter().find(|kind| {
                let found = left < kind.share();
                left = left.saturating_sub(kind.share());
                found
            });
            found.unwrap_or(Kind::Group)
        });
        let region = self.some_region();
        let mut maker = Maker { ids: &mut self.ids, world: &self.world, account, region, time: now };
        let (resource, call) = maker.make(kind);
        let document = resource.value();
        let resource = self.world.add(resource, false);
        Found { resource, document, paths: vec!["configuration".to_owned()], call, new: true }
    }

    /// Logs a call on the session's account.
    pub(super) fn called(
        &mut self,
        session: &Session,
        call: &Call,
        region: usize,
        time: i64,
        behalf: bool,
        error: Option<(&str, &str)>,
    ) -> Logged {
        const SERVICE: &str = "cloudformation.amazonaws.com";
        let mut identity = session.identity.clone();
        if behalf {
            identity.truncate(identity.len() - 1);
            identity.push_str(",\"invokedBy\":\"cloudformation.amazonaws.com\"}");
        }
        let request = call.request.to_string();
        let response = if error.is_some() { "null".to_owned() } else { call.response.to_string() };
        self.log(&Deed {
            identity: &identity,
            ip: if behalf { SERVICE } else { &session.ip },
            agent: if behalf { "\"cloudformation.amazonaws.com\"" } else { session.agent },
            account: session.account,
            region: if call.service == "iam" { 0 } else { region },
            time,
            service: call.service,
            name: call.name,
            request: &request,
            response: &response,
            more: &call.more,
            tail: if session.console && !behalf { ",\"sessionCredentialFromConsole\":\"true\"" } else { "" },
            error,
            ..Deed::default()
        })
    }

    /// A change waits for its item; a capture is planned unless one is.
    fn wait(&mut self, at: usize, pending: Pending, now: i64) {
        let (concurrent, quick) = (pending.concurrent, pending.quick && !pending.indirect);
        let resource = &mut self.world.resources[at];
        resource.pending.push(pending);
        if resource.due {
            return;
        }
        resource.due = true;
        let account = resource.account;
        let millis = self.ids.0.i64(0..1_000);
        let time = if self.world.daily(account) {
            // Each resource has its second of the day.
            let tick = (at as i64 * 7_919) % DAY;
            let today = now.div_euclid(DAY) * DAY + tick;
            if today > now + 5 { today } else { today + DAY }
        } else if quick {
            now + self.ids.0.i64(5..10)
        } else if concurrent {
            now + self.ids.0.i64(9..90)
        } else if chance(&mut self.ids, share::SLOW) {
            now + self.ids.0.i64(120..720)
        } else {
            now + self.ids.0.i64(5..180)
        };
        self.plan(time * 1_000 + millis, Task::Capture(at));
    }

    /// Config looks at a resource.
    pub(super) fn capture(&mut self, at: usize, time: i64) {
        let resource = &mut self.world.resources[at];
        resource.due = false;
        let waiting = std::mem::take(&mut resource.pending);
        let status = match (&resource.seen, resource.living) {
            (_, false) => "ResourceDeleted",
            (None, true) => "ResourceDiscovered",
            (Some(_), true) => "OK",
        };
        let document = if resource.living { Rc::clone(&resource.document) } else { Rc::from(GONE) };
        let same = match &resource.seen {
            Some(seen) => seen.document == document,
            None => !resource.living,
        };
        let shown: Vec<bool> = waiting.iter().map(|_| !same).collect();
        let shown = if same || waiting.len() < 2 { shown } else { self.shown(at, &waiting) };
        if !same {
            self.record(at, time, status, document);
        }
        let resource = &self.world.resources[at];
        for (pending, shown) in waiting.iter().zip(shown) {
            self.summary.unshown += u64::from(!shown && !pending.indirect);
            self.truth.change(&self.world, resource, pending, shown.then_some(time));
        }
    }

    /// Which of several changes the next item shows: one may be undone by another, or the resource be gone.
    fn shown(&self, at: usize, waiting: &[Pending]) -> Vec<bool> {
        let me = &self.world.resources[at];
        let whole = match &me.seen {
            Some(_) if !me.living => vec!["configuration".to_owned()],
            Some(seen) => {
                let seen: Value = serde_json::from_str(&seen.document).expect("documents are written by this crate");
                paths(&seen, &me.value())
            }
            None => return waiting.iter().map(|_| true).collect(),
        };
        waiting.iter().map(|pending| pending.paths.iter().any(|path| whole.contains(path))).collect()
    }

    /// Writes an item, and the state that ends with it.
    fn record(&mut self, at: usize, time: i64, status: &'static str, document: Rc<str>) {
        let kind = self.world.resources[at].kind;
        let differs = kind.global() && chance(&mut self.ids, share::ELSEWHERE);
        let elsewhere = if differs { time + self.ids.0.i64(1_000..4_000) } else { time };
        let (late, twice) = (chance(&mut self.ids, share::ITEM_LATE), chance(&mut self.ids, share::ITEM_TWICE));
        let seen = Seen { captured: time, elsewhere, status, document, late, twice };
        let later = if late { 4 } else { 0 };
        let resource = &self.world.resources[at];
        let regions = if kind.global() { 0..REGIONS.len() } else { resource.region..resource.region + 1 };
        for region in regions {
            self.scratch.clear();
            resource.item(&self.world, &seen, region, &mut self.scratch);
            let place = (resource.account, region, kind);
            self.files.item(place, time / 1_000, later, &self.scratch);
            if twice {
                self.files.item(place, time / 1_000, later + 1, &self.scratch);
            }
            self.summary.items += 1 + u64::from(twice);
        }
        self.summary.states += 1;
        self.summary.items_late += u64::from(late);
        self.summary.items_twice += u64::from(twice);
        if let Some(old) = &resource.seen {
            self.truth.state(&self.world, resource, old, Some(time));
        }
        if status == "ResourceDeleted" {
            self.truth.state(&self.world, resource, &seen, None);
        }
        let resource = &mut self.world.resources[at];
        if status == "ResourceDeleted" {
            resource.document = Rc::from(GONE);
        }
        resource.seen = Some(seen);
    }

    /// One snapshot per account and region: the last item of all that lives.
    pub(super) fn snapshots(&mut self, time: i64) -> io::Result<()> {
        for account in 0..self.world.accounts.len() {
            for region in 0..REGIONS.len() {
                let mut items = String::new();
                for resource in self.world.resources.iter().filter(|resource| resource.account == account) {
                    let here = resource.kind.global() || resource.region == region;
                    let seen = resource.seen.as_ref().filter(|seen| here && seen.status != "ResourceDeleted");
                    let Some(seen) = seen else { continue };
                    if !items.is_empty() {
                        items.push(',');
                    }
                    self.scratch.clear();
                    resource.item(&self.world, seen, region, &mut self.scratch);
                    gson(&self.scratch, &mut items);
                    self.summary.snapshot_items += 1;
                }
                self.files.snapshot(account, region, time + account as i64 * 60 + region as i64 * 20, &items)?;
                self.summary.snapshots += 1;
            }
        }
        Ok(())
    }

    /// A session of an account that can still be used, or a user's own key.
    pub(super) fn somebody(&mut self, account: usize, time: i64) -> Rc<Session> {
        let wanted = self.ids.0.usize(..96);
        let session = self
            .active
            .get(wanted)
            .filter(|session| session.account == account && session.expires > time && session.expires != NEVER);
        match session {
            Some(session) => Rc::clone(session),
            None => Rc::clone(&self.keys[account][self.ids.0.usize(..4)]),
        }
    }
}

/// The edits of one call, by the resource that they are of.
fn grouped(edits: &[Edit]) -> Vec<Vec<&Edit>> {
    let mut groups: Vec<Vec<&Edit>> = Vec::new();
    for edit in edits {
        match groups.iter_mut().find(|group| group[0].other == edit.other) {
            Some(group) => group.push(edit),
            None => groups.push(vec![edit]),
        }
    }
    groups
}
