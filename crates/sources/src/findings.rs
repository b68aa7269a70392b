//! What the findings of GuardDuty and Security Hub have in common: the same members in `camelCase`, `PascalCase` or,
//! out of a table, in small letters, and what is looked for deep inside of them.

use std::borrow::Cow;

use crate::fields::Fields;
use crate::json::{Type, Value};

/// The member of that name, in whichever capitals; the last one when there are several.
pub(crate) fn member<'a>(object: Value<'a>, name: &str) -> Option<Value<'a>> {
    object.entries().filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).last()
}

/// The values of the members `names`, in whichever capitals; the others go into the extra.
pub(crate) fn take<'a, const N: usize>(
    object: Value<'a>,
    names: &[&str; N],
    fields: &mut Fields,
) -> [Option<Value<'a>>; N] {
    let mut found = [None; N];
    for (key, value) in object.entries() {
        let at = names.iter().position(|name| key.eq_ignore_ascii_case(name));
        match at.and_then(|at| found.get_mut(at)) {
            Some(slot) => fields.set(slot, &key, value),
            None => fields.extra.put(&[&key], value.raw()),
        }
    }
    found
}

/// What stands at a path of names; of lists on the way, in the first item.
pub(crate) fn at<'a>(value: Option<Value<'a>>, path: &[&str]) -> Option<Value<'a>> {
    path.iter().try_fold(value?, |value, name| {
        let object = if value.is_array() { value.items().next()? } else { value };
        member(object, name)
    })
}

/// The text there, if there is one and it says something.
pub(crate) fn text<'a>(value: Option<Value<'a>>, path: &[&str]) -> Option<Cow<'a, str>> {
    at(value, path)?.text().filter(|text| !text.is_empty())
}

/// The first of these paths at which a text stands.
pub(crate) fn first_text<'a>(value: Option<Value<'a>>, paths: &[&[&str]]) -> Option<Cow<'a, str>> {
    paths.iter().find_map(|path| text(value, path))
}

pub(crate) fn flag(value: Option<Value<'_>>, path: &[&str]) -> Option<bool> {
    match at(value, path)?.ty() {
        Type::True => Some(true),
        Type::False => Some(false),
        _ => None,
    }
}

impl Fields {
    /// A number, also written as text; what is none goes into the extra.
    pub(crate) fn number<N: std::str::FromStr>(&mut self, path: &[&str], value: Option<Value<'_>>) -> Option<N> {
        let value = value.filter(|value| !value.is_null())?;
        let number = match value.ty() {
            Type::Number => value.raw().parse().ok(),
            _ => value.plain().and_then(|text| text.parse().ok()),
        };
        match number {
            None => self.extra.misfit(path, value.raw()),
            // What was said as text is kept as it stood.
            Some(_) if value.ty() != Type::Number => self.extra.put(path, value.raw()),
            Some(_) => {}
        }
        number
    }
}

/// What happened: the member of an action that its type names, else the first in which something stands.
pub(crate) fn action(action: Value<'_>) -> Option<Value<'_>> {
    let kind = text(Some(action), &["actionType"]).unwrap_or_default().replace('_', "");
    let named = member(action, &format!("{kind}Action")).filter(|details| details.is_object());
    let mut details = action.entries().map(|(_, details)| details);
    named.or_else(|| details.find(|details| details.entries().next().is_some()))
}

/// The address of the other side of an action, whatever the action was.
pub(crate) fn remote_ip<'a>(action: Option<Value<'a>>) -> Option<Cow<'a, str>> {
    first_text(
        action,
        &[
            &["remoteIpDetails", "ipAddressV4"],
            &["remoteIpDetails", "ipAddressV6"],
            &["portProbeDetails", "remoteIpDetails", "ipAddressV4"],
            &["portProbeDetails", "remoteIpDetails", "ipAddressV6"],
        ],
    )
}
