//! Taking the members of a JSON object apart: those with columns by name, the rest into the extra.

use crate::fields::Extra;
use crate::json::Value;

/// Declares a struct of the members that have columns, each with its name in the JSON, in the order in which AWS
/// writes them: `of` finds each by one comparison when an object keeps to the order, and in any order else. With
/// `any_case` before the name, capitals do not matter: tables have the names in lower case.
macro_rules! members {
    (any_case $(#[$meta:meta])* $name:ident { $($members:tt)* }) => {
        $crate::members::members! { @ str::eq_ignore_ascii_case, $(#[$meta])* $name { $($members)* } }
    };
    ($(#[$meta:meta])* $name:ident { $($members:tt)* }) => {
        $crate::members::members! { @ str::eq, $(#[$meta])* $name { $($members)* } }
    };
    (@ $same:path, $(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $key:literal,)* }) => {
        $(#[$meta])*
        struct $name<'a> {
            $($(#[$doc])* $field: Option<$crate::json::Value<'a>>,)*
        }

        impl<'a> $name<'a> {
            /// Takes `object`, which stands at `path` of the record; what has no column goes into `extra`.
            fn of(
                object: Option<$crate::json::Value<'a>>,
                path: &[&str],
                extra: &mut $crate::fields::Extra,
            ) -> $name<'a> {
                let names = &[$($key),*];
                let [$($field),*] = $crate::members::take(object, names, $same, path, extra);
                $name { $($field),* }
            }
        }
    };
}
pub(crate) use members;

/// The values of the members whose names are the `same` as `names`, the last one where there are several; the others
/// go into the extra, the earlier ones of a name under `duplicate_keys`. Of what is no object, nothing; it is in the
/// extra then.
#[inline]
pub(crate) fn take<'a, const N: usize>(
    object: Option<Value<'a>>,
    names: &[&str; N],
    same: impl Fn(&str, &str) -> bool + Copy,
    path: &[&str],
    extra: &mut Extra,
) -> [Option<Value<'a>>; N] {
    let mut found = [None; N];
    let Some(object) = object.filter(|object| !object.is_null()) else { return found };
    if !object.is_object() {
        extra.misfit(path, object.raw());
        return found;
    }
    let mut next = 0;
    object.each(|key, value| {
        let unescaped;
        let name = match key.plain() {
            Some(name) => name,
            None => {
                unescaped = key.text().unwrap_or_default();
                &unescaped
            }
        };
        match place(names, next, name, same) {
            Some(at) => {
                next = at + 1;
                if let Some(earlier) = found[at].replace(value) {
                    extra.put(&[&["duplicate_keys"], path, &[name]].concat(), earlier.raw());
                }
            }
            None => extra.put(&[path, &[name]].concat(), value.raw()),
        }
    });
    found
}

/// Where `name` stands in `names`, looked for from `next` on and then from the start.
#[inline]
fn place(names: &[&str], next: usize, name: &str, same: impl Fn(&str, &str) -> bool) -> Option<usize> {
    let (before, after) = names.split_at(next.min(names.len()));
    let at = |names: &[&str]| names.iter().position(|other| same(other, name));
    at(after).map(|at| at + before.len()).or_else(|| at(before))
}
