//! Which stretch of acting an event belongs to.

use std::borrow::Cow;

/// What a record says of who called, each as it stands there.
pub(super) struct Caller<'v, 'a> {
    pub(super) kind: &'v Option<Cow<'a, str>>,
    pub(super) account: &'v Option<Cow<'a, str>>,
    pub(super) key: &'v Option<Cow<'a, str>>,
    pub(super) principal: &'v Option<Cow<'a, str>>,
    pub(super) arn: &'v Option<Cow<'a, str>>,
    /// The Identity Center user for whom the call was made.
    pub(super) behalf: &'v Option<Cow<'a, str>>,
    pub(super) credential: &'v Option<Cow<'a, str>>,
    pub(super) invoked_by: &'v Option<Cow<'a, str>>,
    pub(super) name: &'v Option<Cow<'a, str>>,
}

/// What AWS writes where it does not know, or does not say, who it was.
const NOBODY: [&str; 5] = ["", "-", "HIDDEN_DUE_TO_SECURITY_REASONS", "ANONYMOUS_PRINCIPAL", "anonymous"];

fn named<'v, 'a>(text: &'v Option<Cow<'a, str>>) -> Option<&'v Cow<'a, str>> {
    text.as_ref().filter(|text| !NOBODY.iter().any(|nobody| text.eq_ignore_ascii_case(nobody)))
}

impl<'a> Caller<'_, 'a> {
    /// The access key, else the most exact name of who it was, with the account, because principal ids of console
    /// users repeat the account id. None where nobody is named: one id for all of them would make many people one.
    /// A user name counts only when the call `succeeded`: a sign-in that failed has what somebody typed.
    pub(super) fn session(&self, succeeded: bool) -> Option<Cow<'a, str>> {
        if let Some(key) = named(self.key) {
            return Some(key.clone());
        }
        let account = named(self.account);
        // The number of the account is the principal of its root user; of anybody else it names nobody.
        let root = self.kind.as_deref() == Some("Root");
        let principal = named(self.principal).filter(|id| root || Some(*id) != account);
        let who = principal
            .or_else(|| named(self.arn))
            .or_else(|| named(self.behalf))
            .or_else(|| named(self.credential))
            .or_else(|| named(self.invoked_by))
            .or_else(|| named(self.name).filter(|_| succeeded))?;
        Some(match account {
            Some(account) if account != who => Cow::Owned(format!("{account}/{who}")),
            _ => who.clone(),
        })
    }
}
