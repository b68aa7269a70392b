//! The SQL session: tables, views, functions, and the catalogue of saved questions.
//!
//! Reading only: no statement that changes anything, names a file or sets an option is let through, and
//! parameters are bound, never pasted.

mod aws_views;
mod bounded;
mod catalogue;
mod depth;
mod dialect;
mod error;
mod files;
mod flat_filters;
mod functions;
mod hive_json;
mod interrupt;
mod json_diff;
mod null_joins;
mod own_views;
#[cfg(test)]
mod page;
mod place;
mod session;
mod shapes;
mod statements;
mod stream;
mod table;
mod time_travel;
mod views;
mod watch;
mod when;

pub use catalogue::{Catalogue, Parameter, ParameterType, Question};
pub use dialect::Dialect;
pub use error::{Error, Result, similar};
pub use functions::{ATHENA_FUNCTIONS, FUNCTIONS, Function};
pub use own_views::{OwnColumn, OwnView};
pub use place::Place;
pub use session::{Bounds, Described, Session, SessionOptions, Value};
pub use statements::{Part, is_whole, parts, statements};
pub use stream::{Answer, Stream};
pub use time_travel::TABLE_FUNCTIONS;
pub use views::{View, views};
pub use when::{duration, instant, until};
