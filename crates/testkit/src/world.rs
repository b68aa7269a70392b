//! The invented organisation: accounts, principals, addresses, time and identifiers.

use fastrand::Rng;
use serde_json::{Value, json};

pub(crate) const ORG: &str = "o-exampleorg";
pub(crate) const PROD: &str = "111122223333";
pub(crate) const DEV: &str = "444455556666";
/// The security account, which also holds the log archive.
pub(crate) const SEC: &str = "777788889999";
/// The account to which the intruder shares a snapshot.
pub(crate) const STRANGER: &str = "999988887777";

pub(crate) const TRAIL_BUCKET: &str = "org-trail-bucket";
pub(crate) const EXPORTS: &str = "acme-customer-exports";
pub(crate) const ASSETS: &str = "acme-web-assets";
pub(crate) const DISTRIBUTION: &str = "E2EXAMPLE1ABCD";
pub(crate) const BUCKET_OWNER: &str = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";

pub(crate) const HOME: &str = "us-east-1";
pub(crate) const EUROPE: &str = "eu-west-1";
/// A region that the organisation never uses.
pub(crate) const ODD_REGION: &str = "ap-southeast-3";

pub(crate) const CI_KEY: &str = "AKIACIDEPLOY7EXAMPLE";
pub(crate) const BACKUP_KEY: &str = "AKIABACKUP2XXEXAMPLE";
pub(crate) const CI_IP: &str = "192.0.2.10";
pub(crate) const INTRUDER_IP: &str = "203.0.113.66";
pub(crate) const INTRUDER_IP2: &str = "203.0.113.91";
pub(crate) const INTRUDER_IP6: &str = "2001:db8:bad::66";
pub(crate) const PRESIGNED_IP: &str = "198.51.100.77";

pub(crate) const CI_AGENT: &str =
    "aws-cli/2.17.9 md/awscrt#0.20.11 ua/2.0 os/linux#5.15.0 md/arch#x86_64 lang/python#3.11.9 exec-env/CodeBuild";
pub(crate) const KALI_AGENT: &str = "aws-cli/2.15.30 Python/3.11.8 Linux/6.6.9-kali-amd64 exe/x86_64.kali.2024";
pub(crate) const BOTO_AGENT: &str =
    "Boto3/1.34.69 md/Botocore#1.34.69 ua/2.0 os/linux#6.6.9-kali-amd64 md/arch#x86_64 lang/python#3.11.8";
pub(crate) const BROWSER: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0.0.0 Safari/537.36";

/// An instant written as `MM-DD hh:mm:ss` in 2026, in seconds since 1970.
pub(crate) fn at(text: &str) -> i64 {
    let number = |from: usize| -> i64 { text[from..from + 2].parse().expect("times in this crate are literals") };
    let days = days_before(2026, number(0), number(3));
    days * 86_400 + number(6) * 3_600 + number(9) * 60 + number(12)
}

fn days_before(year: i64, month: i64, day: i64) -> i64 {
    // Howard Hinnant's days_from_civil.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// An instant, taken apart (UTC).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
}

pub(crate) fn civil(time: i64) -> Civil {
    let (days, left) = (time.div_euclid(86_400) + 719_468, time.rem_euclid(86_400));
    let era = days.div_euclid(146_097);
    let of_era = days - era * 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    Civil {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day: of_year - (153 * shifted + 2) / 5 + 1,
        hour: left / 3_600,
        minute: left / 60 % 60,
        second: left % 60,
    }
}

/// 0 is Monday.
pub(crate) fn weekday(time: i64) -> i64 {
    (time.div_euclid(86_400) + 3).rem_euclid(7)
}

/// `2026-04-09T01:12:04Z`
pub(crate) fn iso(time: i64) -> String {
    let c = civil(time);
    format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second)
}

/// `2026-04-09T01:12:04.250Z`
pub(crate) fn iso_millis(millis: i64) -> String {
    let whole = iso(millis.div_euclid(1_000));
    format!("{}.{:03}Z", &whole[..19], millis.rem_euclid(1_000))
}

/// `2026/04/09`
pub(crate) fn folder(time: i64) -> String {
    let c = civil(time);
    format!("{:04}/{:02}/{:02}", c.year, c.month, c.day)
}

/// `20260409T011204Z`
pub(crate) fn compact(time: i64) -> String {
    iso(time).replace(['-', ':'], "")
}

/// `20260409T0112Z`
pub(crate) fn compact_minute(time: i64) -> String {
    let full = compact(time);
    format!("{}Z", &full[..13])
}

/// `2026-04-09-01-12-04`
pub(crate) fn dashed(time: i64) -> String {
    iso(time).replace(['T', ':'], "-").trim_end_matches('Z').to_owned()
}

/// Identifiers that look like AWS's, from a seed.
#[derive(Debug, Clone)]
pub(crate) struct Ids(pub(crate) Rng);

const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ALNUM: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &[u8] = b"0123456789abcdef";

impl Ids {
    pub(crate) fn new(seed: u64, stream: u64) -> Ids {
        Ids(Rng::with_seed(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ stream.wrapping_mul(0xD1B5_4A32_D192_ED03)))
    }

    pub(crate) fn push(&mut self, out: &mut String, alphabet: &[u8], count: usize) {
        for _ in 0..count {
            out.push(char::from(alphabet[self.0.usize(..alphabet.len())]));
        }
    }

    fn text(&mut self, alphabet: &[u8], count: usize) -> String {
        let mut out = String::with_capacity(count);
        self.push(&mut out, alphabet, count);
        out
    }

    pub(crate) fn hex(&mut self, count: usize) -> String {
        self.text(HEX, count)
    }

    pub(crate) fn upper_hex(&mut self, count: usize) -> String {
        self.hex(count).to_ascii_uppercase()
    }

    pub(crate) fn alnum(&mut self, count: usize) -> String {
        self.text(ALNUM, count)
    }

    pub(crate) fn push_uuid(&mut self, out: &mut String) {
        let bits = self.0.u128(..);
        for index in 0..32u32 {
            if matches!(index, 8 | 12 | 16 | 20) {
                out.push('-');
            }
            let nibble = match index {
                12 => 4,
                16 => 8 | (bits >> 64 & 3) as usize,
                _ => (bits >> (index * 4) & 15) as usize,
            };
            out.push(char::from(HEX[nibble]));
        }
    }

    pub(crate) fn uuid(&mut self) -> String {
        let mut out = String::with_capacity(36);
        self.push_uuid(&mut out);
        out
    }

    /// A temporary access key.
    pub(crate) fn asia(&mut self) -> String {
        format!("ASIA{}", self.text(UPPER, 16))
    }

    /// S3's extended request id: 76 characters of base64.
    pub(crate) fn host_id(&mut self) -> String {
        format!("{}=", self.text(ALNUM, 75))
    }
}

/// An id of a principal (`AIDA…`, `AROA…`) that depends on its name only.
pub(crate) fn principal_id(prefix: &str, name: &str) -> String {
    let seed = name.bytes().fold(7u64, |sum, byte| sum.wrapping_mul(131).wrapping_add(u64::from(byte)));
    format!("{prefix}{}", Ids::new(seed, 1).text(UPPER, 17))
}

/// A principal as it appears in `userIdentity`.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    pub(crate) identity: Value,
    pub(crate) arn: String,
    pub(crate) key: String,
    pub(crate) ip: &'static str,
    pub(crate) agent: &'static str,
}

impl Who {
    pub(crate) fn user(account: &str, name: &str, key: &str, ip: &'static str, agent: &'static str) -> Who {
        let arn = format!("arn:aws:iam::{account}:user/{name}");
        let mut identity = json!({
            "type": "IAMUser", "principalId": principal_id("AIDA", name), "arn": arn, "accountId": account,
        });
        if !key.is_empty() {
            identity["accessKeyId"] = json!(key);
        }
        identity["userName"] = json!(name);
        Who { identity, arn, key: key.to_owned(), ip, agent }
    }

    /// A user with temporary credentials of a console session.
    pub(crate) fn console(account: &str, name: &str, key: &str, ip: &'static str, since: i64, mfa: bool) -> Who {
        let mut who = Who::user(account, name, key, ip, BROWSER);
        who.identity["sessionContext"] =
            json!({"attributes": {"creationDate": iso(since), "mfaAuthenticated": mfa.to_string()}});
        who
    }

    pub(crate) fn role(account: &str, role: &str, session: &str, key: &str, since: i64) -> Who {
        let id = principal_id("AROA", role);
        let arn = format!("arn:aws:sts::{account}:assumed-role/{role}/{session}");
        let identity = json!({
            "type": "AssumedRole", "principalId": format!("{id}:{session}"), "arn": arn, "accountId": account,
            "accessKeyId": key,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role", "principalId": id, "arn": format!("arn:aws:iam::{account}:role/{role}"),
                    "accountId": account, "userName": role,
                },
                "attributes": {"creationDate": iso(since), "mfaAuthenticated": "false"},
            },
        });
        Who { identity, arn, key: key.to_owned(), ip: CI_IP, agent: CI_AGENT }
    }

    pub(crate) fn service(name: &'static str) -> Who {
        let identity = json!({"type": "AWSService", "invokedBy": name});
        Who { identity, arn: name.to_owned(), key: String::new(), ip: name, agent: name }
    }

    pub(crate) fn from(mut self, ip: &'static str, agent: &'static str) -> Who {
        self.ip = ip;
        self.agent = agent;
        self
    }
}
