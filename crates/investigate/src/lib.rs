//! Questions that need more than one statement: a session over the lake goes in, an [`Answer`] comes out.
//!
//! One function per question. An answer is findings with the rows that prove them; it says what the evidence cannot
//! tell and what it left aside. How it looks is the affair of `report`.

mod actor;
pub mod config;
mod error;
mod exposure;
mod integrity;
mod means;
mod request;
mod resource;
mod rows;
mod saved;
mod scope;
mod timeline;

pub use actor::{Who, who};
pub use coldtrail_report::{Answer, Claim};
pub use error::{Error, Result};
pub use exposure::{Exposed, exposure};
pub use integrity::{Checked, integrity};
pub use request::request;
pub use saved::{Asked, Empty, saved};
pub use scope::{About, Scope};
pub use timeline::{Around, Timeline, for_timesketch, timeline};
