//! What exists before the first day.

use std::rc::Rc;

use serde_json::{Value, json};

use super::calls::{CHANGES, Scene};
use super::make::Maker;
use super::resource::{Edit, KINDS, Kind, REGIONS, Resource};
use super::text::{percent, principal};
use super::{DAY, Simulation, Task};

impl Simulation {
    pub(super) fn populate(&mut self) {
        let accounts = self.world.accounts.len();
        for account in 0..accounts {
            let linked = [principal(&mut self.ids, "AROA"), principal(&mut self.ids, "AROA")];
            self.linked.push(linked);
            self.hire(account, self.start - 300 * DAY);
            let keys = (0..4).map(|_| Rc::new(self.own_key(account, 0))).collect();
            self.keys.push(keys);
        }
        let wanted = (self.settings.changes as usize * 7 / 100).max(60);
        for kind in KINDS {
            for number in 0..(wanted * kind.share()).div_ceil(100) {
                let region = usize::from(self.ids.0.u32(..10) < 3);
                let time = self.start - DAY - self.ids.0.i64(0..300 * DAY);
                let at = self.create(kind, number % accounts, region, time, false);
                self.age(at);
            }
        }
        for at in 0..self.world.resources.len() {
            let time = self.start * 1_000 - self.ids.0.i64(60_000..DAY * 1_000);
            self.world.resources[at].due = true;
            self.plan(time, Task::Capture(at));
        }
    }

    /// Makes something without a log, as it was before the logs began.
    fn create(&mut self, kind: Kind, account: usize, region: usize, time: i64, fixed: bool) -> usize {
        let mut maker = Maker { ids: &mut self.ids, world: &self.world, account, region, time };
        let (resource, call) = maker.make(kind);
        let at = self.world.add(resource, fixed);
        for edit in &call.others {
            self.edit(edit);
        }
        at
    }

    fn edit(&mut self, edit: &Edit) {
        let resource = &mut self.world.resources[edit.other];
        let mut document = resource.value();
        edit.apply(&mut document);
        resource.document = document.to_string().into();
    }

    /// A few changes of the past, so that not everything is as new.
    fn age(&mut self, at: usize) {
        for _ in 0..3 {
            let me = &self.world.resources[at];
            let fitting: Vec<_> = CHANGES.iter().filter(|(kind, ..)| *kind == me.kind).collect();
            let (_, _, change) = fitting[self.ids.0.usize(..fitting.len())];
            let time = me.created + 3_600;
            let mut document = me.value();
            let mut scene = Scene { ids: &mut self.ids, world: &self.world, me, time };
            let call = change(&mut scene, &mut document);
            if call.is_some_and(|call| call.others.is_empty()) && !document.is_null() {
                self.world.resources[at].document = document.to_string().into();
            }
        }
    }

    /// Something that acts and is never changed; gives its id.
    pub(super) fn fixed(&mut self, kind: Kind, account: usize, region: usize, time: i64, name: Option<&str>) -> String {
        let at = self.create(kind, account, region, time, true);
        let trust = name.map(|name| self.trust_of(account, name));
        let resource: &mut Resource = &mut self.world.resources[at];
        if let (Some(name), Some(trust)) = (name, trust) {
            // The name that it was made with is like no other text in it.
            let text = resource.document.replace(&resource.name, name);
            resource.arn = resource.arn.replace(&resource.name, name);
            name.clone_into(&mut resource.name);
            resource.document = text.into();
            let mut document = resource.value();
            document["configuration"]["assumeRolePolicyDocument"] = json!(percent(&trust.to_string()));
            resource.document = document.to_string().into();
        }
        resource.id.clone()
    }

    /// The trust policy of a role of the cast.
    fn trust_of(&self, account: usize, name: &str) -> Value {
        let number = &self.world.accounts[account];
        let (action, principal) = match name {
            "sso-engineer" => {
                let provider = format!("arn:aws:iam::{number}:saml-provider/corp-idp");
                ("sts:AssumeRoleWithSAML", json!({"Federated": provider}))
            }
            "github-ci" => {
                let provider = format!("arn:aws:iam::{number}:oidc-provider/token.actions.githubusercontent.com");
                ("sts:AssumeRoleWithWebIdentity", json!({"Federated": provider}))
            }
            "worker" => ("sts:AssumeRole", json!({"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]})),
            _ => {
                let roots: Vec<String> =
                    self.world.accounts.iter().map(|number| format!("arn:aws:iam::{number}:root")).collect();
                ("sts:AssumeRole", json!({"AWS": roots}))
            }
        };
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": action}]})
    }

    /// Where something new comes to be.
    pub(super) fn some_region(&mut self) -> usize {
        usize::from(self.ids.0.u32(..10) < 3) % REGIONS.len()
    }
}
