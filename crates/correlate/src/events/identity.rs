//! By what the events of one session are known to belong together.

use std::borrow::Cow;

use super::Row;

/// CloudTrail writes this in place of what was typed into the field for the name, which may be a password.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// How well it is known who acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Named {
    /// By a key or an id that AWS wrote.
    #[default]
    Id,
    /// By a name alone, as it was typed in.
    Name,
    /// By nothing but the address from which it came.
    Address,
    /// By nothing at all.
    Nothing,
}

/// What a row says about whose it is.
pub(super) struct Identity<'b> {
    /// `cloudtrail.session_id`, or what stands in for it.
    pub(super) id: Cow<'b, str>,
    pub(super) named: Named,
    /// What tells several apart who have the same id: the principal of a key, the store of a person, an address.
    pub(super) strand: Option<&'b str>,
}

impl<'b> Identity<'b> {
    pub(super) fn of(row: &Row<'b>) -> Identity<'b> {
        if let Some(key) = row.key.filter(|key| !key.is_empty()) {
            let id = Cow::Borrowed(row.session_id.unwrap_or(key));
            return Identity { id, named: Named::Id, strand: row.principal };
        }
        let account = row.principal_account.or(row.account).unwrap_or_default();
        let below = |what: &str| Cow::Owned(format!("{account}/{what}"));
        let known = row.session_id.filter(|_| !row.is_anonymous());
        if let Some(id) = known {
            return Identity { id: Cow::Borrowed(id), named: Named::Id, strand: row.store };
        }
        if let Some(person) = row.person.or(row.credential) {
            return Identity { id: below(person), named: Named::Id, strand: row.store };
        }
        if let Some(user) = row.user.filter(|user| !user.is_empty() && *user != HIDDEN) {
            return Identity { id: below(user), named: Named::Name, strand: None };
        }
        if let Some(ip) = row.ip {
            let id = row.session_id.map_or_else(|| below(&format!("from {ip}")), Cow::Borrowed);
            return Identity { id, named: Named::Address, strand: Some(ip) };
        }
        let event = match row.event_id {
            Some(event) => below(&format!("event {event}")),
            None => below(&format!("event {}#{}", row.object, row.record)),
        };
        Identity { id: event, named: Named::Nothing, strand: None }
    }
}

/// Is it one principal under two spellings? Some services write a role's id without the session's name.
pub(super) fn is_same_principal(one: &str, other: &str) -> bool {
    let (role, session) = one.split_once(':').map_or((one, None), |(role, session)| (role, Some(session)));
    let (other_role, other_session) =
        other.split_once(':').map_or((other, None), |(role, session)| (role, Some(session)));
    role == other_role && (session.is_none() || other_session.is_none() || session == other_session)
}

impl Row<'_> {
    /// Anybody without credentials: the record has a principal, and it is nobody's.
    fn is_anonymous(&self) -> bool {
        let nobody = |text: Option<&str>| {
            text.is_some_and(|text| text.eq_ignore_ascii_case("anonymous") || text == "ANONYMOUS_PRINCIPAL")
        };
        nobody(self.principal_account) || nobody(self.principal) || self.principal == Some("") && self.arn.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_principal() {
        for (one, other, same) in [
            ("AROA1:a", "AROA1:a", true),
            ("AROA1", "AROA1:a", true),
            ("AROA1:a", "AROA1:b", false),
            ("AROA1:a", "AROA2:a", false),
            ("AIDA1", "AIDA2", false),
        ] {
            assert_eq!(is_same_principal(one, other), same, "{one} {other}");
        }
    }
}
