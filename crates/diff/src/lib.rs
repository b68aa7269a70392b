//! Comparing the documents of AWS Config: what changed, who last set it, and what it lays open.
//!
//! Pure functions over `serde_json::Value`. Documents are compared by what they mean: the order of
//! members never counts, that of list elements only where it means something, nor does an element that is there twice;
//! null and empty are the same as missing; a range of addresses is one however it is written; and IAM policies are read as policies (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>).
//! Strings that hold a JSON document, plain or URL-encoded, are read as that document.
//!
//! # Paths
//! Members are joined by `.`; a name with anything but letters, digits, `_`, `-` and `:` is written
//! `["a.b"]`. A list element that can be told by one of its members is `[name=value]`, or
//! `[name=value,name=value]` where it takes several; any other element is `[]`.

mod blame;
mod changes;
pub mod exposure;
mod identity;
mod leaves;
mod node;
mod open;
mod path;
pub mod policy;
mod volatile;

pub use blame::{Blamed, blame};
pub use changes::{Change, diff};
pub use exposure::EXPOSURE_KINDS;
pub use leaves::leaves;
pub use node::same;
pub use volatile::{DATA as VOLATILE, is_volatile};
