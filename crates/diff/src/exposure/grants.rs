//! What policies grant to strangers.

use crate::policy::{self, Statement};

use super::conditions::{Confined, confined, demands_ours, is_account};

/// Values that a detail lists before it only counts.
const LISTED: usize = 4;

/// Who is let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who {
    Anyone,
    /// An account that is not ours, with the principal if it is not the whole of it.
    Account(String, Option<String>),
}

/// Something that a statement grants to a stranger.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) who: Who,
    pub(crate) path: String,
    pub(crate) what: String,
}

impl Grant {
    /// Such as `anyone may s3:GetObject on arn:aws:s3:::b/* if aws:Referer`.
    pub(crate) fn detail(&self) -> String {
        format!("{} may {}", self.who(), self.what)
    }

    pub(crate) fn who(&self) -> String {
        match &self.who {
            Who::Anyone => "anyone".to_owned(),
            Who::Account(account, None) => format!("account {account}"),
            Who::Account(account, Some(arn)) => format!("account {account} ({arn})"),
        }
    }
}

/// What a policy grants to anyone, and to accounts that are not ours.
pub(crate) fn by_policy(path: &str, statements: &[Statement], ours: &dyn Fn(&str) -> bool) -> Vec<Grant> {
    let mut grants = Vec::new();
    for statement in statements.iter().filter(|statement| statement.effect == "Allow") {
        let place = policy::place(path, statement);
        for who in strangers(statement, ours) {
            grants.push(Grant { who, path: place.clone(), what: what(statement) });
        }
    }
    grants
}

/// The strangers that a statement lets in.
pub(crate) fn strangers(statement: &Statement, ours: &dyn Fn(&str) -> bool) -> Vec<Who> {
    // Whoever is not named is everybody.
    if !statement.not_principals.is_empty() || statement.principals.iter().any(|principal| principal == "*") {
        return match confined(statement, ours) {
            Confined::No => vec![Who::Anyone],
            Confined::Yes => Vec::new(),
            Confined::To(accounts) => accounts.into_iter().map(|account| Who::Account(account, None)).collect(),
        };
    }
    if demands_ours(statement, ours) {
        return Vec::new();
    }
    statement.principals.iter().filter_map(|principal| stranger(principal, ours)).collect()
}

/// Unique ids of deleted principals, services and access identities of CloudFront have no account.
fn stranger(principal: &str, ours: &dyn Fn(&str) -> bool) -> Option<Who> {
    let arn = principal.strip_prefix("AWS:")?;
    let mut parts = arn.splitn(6, ':').skip(4);
    let account = parts.next().filter(|account| is_account(account) && !ours(account))?;
    let whole = parts.next() == Some("root");
    Some(Who::Account(account.to_owned(), (!whole).then(|| arn.to_owned())))
}

fn what(statement: &Statement) -> String {
    let mut what = if statement.actions.is_empty() {
        format!("all but {}", listed(&statement.not_actions))
    } else {
        listed(&statement.actions)
    };
    if !statement.resources.is_empty() {
        what.push_str(&format!(" on {}", listed(&statement.resources)));
    } else if !statement.not_resources.is_empty() {
        what.push_str(&format!(" on all but {}", listed(&statement.not_resources)));
    }
    what.push_str(&provided(statement));
    what
}

/// The keys of the conditions, as ` if a, b`.
pub(crate) fn provided(statement: &Statement) -> String {
    let mut keys: Vec<String> = statement.tests().iter().map(|(_, key, _)| (*key).to_owned()).collect();
    keys.sort_unstable();
    keys.dedup();
    if keys.is_empty() { String::new() } else { format!(" if {}", listed(&keys)) }
}

fn listed(values: &[String]) -> String {
    let shown: Vec<&str> = values.iter().take(LISTED).map(String::as_str).collect();
    match values.len().saturating_sub(LISTED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
