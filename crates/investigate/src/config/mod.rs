//! AWS Config as a history, with names.

mod blame;
mod diff;
pub(crate) mod history;
mod investigation;
mod list;
mod log;
mod related;
mod show;

pub use blame::blame;
pub use diff::diff;
pub use investigation::investigate;
pub use list::{Wanted, list};
pub use log::log;
pub use related::related;
pub use show::show;
