//! Which call changes which type of resource, where the call names it, and what of the document it changes: data, in
//! `apis.csv`.

use hashbrown::HashMap;

/// What a call does to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Create,
    Delete,
    Set,
    Add,
    Remove,
}

/// One line of the data.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) resource_type: &'static str,
    /// Where the event names the resource: paths of member names, the first of which is `request` or `response`.
    pub(crate) identifiers: Vec<Vec<&'static str>>,
    pub(crate) effect: Effect,
    /// Beginnings of the paths that change; `*` is any.
    pub(crate) paths: Vec<&'static str>,
}

impl Rule {
    /// Does the call change this path?
    pub(crate) fn covers(&self, path: &str) -> bool {
        self.beginning(path).is_some()
    }

    /// Which of the rule's paths this path begins with.
    pub(crate) fn beginning(&self, path: &str) -> Option<&'static str> {
        self.paths.iter().copied().find(|prefix| {
            *prefix == "*"
                || path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    }

    /// Does the call change one thing only? That it was called says much then.
    pub(crate) fn is_narrow(&self) -> bool {
        self.paths.len() <= 3 && !self.paths.iter().any(|path| matches!(*path, "*" | "configuration"))
    }
}

/// All that is known of calls.
pub(crate) struct Knowledge {
    /// By `source:name`.
    rules: HashMap<String, Vec<Rule>>,
}

pub(crate) static APIS: &str = include_str!("apis.csv");

impl Knowledge {
    pub(crate) fn new() -> Knowledge {
        let mut rules: HashMap<String, Vec<Rule>> = HashMap::new();
        // No value of the data has a comma or a quote: the test of this module reads it with a CSV reader.
        for line in APIS.lines().skip(1) {
            let mut cells = line.split(',');
            let mut cell = || cells.next().unwrap_or_default();
            let (source, name, resource_type) = (cell(), cell(), cell());
            let identifiers = cell().split('|').map(|path| path.split('.').collect()).collect();
            let effect = match cell() {
                "create" => Effect::Create,
                "delete" => Effect::Delete,
                "add" => Effect::Add,
                "remove" => Effect::Remove,
                _ => Effect::Set,
            };
            let paths = cell().split('|').collect();
            rules.entry(api(source, name)).or_default().push(Rule { resource_type, identifiers, effect, paths });
        }
        Knowledge { rules }
    }

    /// The rules of a call, by its name as [`api`] makes it.
    pub(crate) fn rules(&self, api: &str) -> &[Rule] {
        self.rules.get(api).map(Vec::as_slice).unwrap_or_default()
    }
}

/// `ec2:AuthorizeSecurityGroupIngress`; the date that Lambda's and CloudFront's event names end with is cut off.
pub(crate) fn api(source: &str, name: &str) -> String {
    let source = source.strip_suffix(".amazonaws.com").unwrap_or(source);
    format!("{source}:{}", undated(name))
}

/// `UpdateFunctionCode20150331v2` is `UpdateFunctionCode`; `CreateDistribution2020_05_31` is `CreateDistribution`.
fn undated(name: &str) -> &str {
    let plain = match name.rsplit_once('v') {
        Some((plain, version)) if version.len() == 1 && version.bytes().all(|b| b.is_ascii_digit()) => plain,
        _ => name,
    };
    let cut = plain.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    let digits = plain.len() - cut.len();
    if digits == 8 || digits == 10 { cut } else { name }
}

/// The service whose calls change a type, where it is not the second word of the type.
pub(crate) fn is_service_of(source: &str, resource_type: &str) -> bool {
    let service = resource_type.split("::").nth(1).unwrap_or_default().to_ascii_lowercase();
    let source = source.split('.').next().unwrap_or_default();
    let source = match source {
        "monitoring" => "cloudwatch",
        "es" => "opensearch",
        "tagging" => return true,
        other => other,
    };
    service == source || service.starts_with(source) || source.starts_with(&service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_cut_off() {
        for (name, expected) in [
            ("UpdateFunctionCode20150331v2", "UpdateFunctionCode"),
            ("CreateFunction20150331", "CreateFunction"),
            ("CreateDistribution2020_05_31", "CreateDistribution"),
            ("PutBucketPolicy", "PutBucketPolicy"),
            ("CreateRouteV2", "CreateRouteV2"),
        ] {
            assert_eq!(undated(name), expected);
        }
    }

    #[test]
    fn a_path_is_covered_by_its_beginning() {
        let rule = Rule {
            resource_type: "AWS::EC2::SecurityGroup",
            identifiers: Vec::new(),
            effect: Effect::Add,
            paths: vec!["configuration.ipPermissions"],
        };
        assert!(rule.covers("configuration.ipPermissions[]"));
        assert!(rule.covers("configuration.ipPermissions"));
        assert!(!rule.covers("configuration.ipPermissionsEgress[]"));
    }

    #[test]
    fn the_data_is_well_formed() {
        let mut reader = csv::Reader::from_reader(APIS.as_bytes());
        let mut last = (String::new(), String::new(), String::new());
        let mut rows = 0;
        for record in reader.records() {
            let record = record.expect("six cells");
            let cell = |at: usize| record.get(at).unwrap_or_default().to_owned();
            assert_eq!(record.len(), 6, "{record:?}");
            assert!(record.iter().all(|cell| !cell.is_empty() && !cell.contains([',', '"', ' '])), "{record:?}");
            assert!(cell(2).starts_with("AWS::"), "{record:?}");
            assert!(["create", "delete", "set", "add", "remove"].contains(&cell(4).as_str()), "{record:?}");
            for path in cell(3).split('|') {
                assert!(path.starts_with("request.") || path.starts_with("response."), "{record:?}");
            }
            let key = (cell(0), cell(1), cell(2));
            assert!(last <= key, "sorted: {record:?}");
            last = key;
            rows += 1;
        }
        assert!(rows > 300, "{rows} rows");
    }
}
