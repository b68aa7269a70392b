//! RDS and Aurora: statements that took long.

use crate::column::{Event, InEvents, Role};
use crate::table_macro::table;

table! {
    /// One entry of a slow log of MySQL, MariaDB or Aurora. The durations that PostgreSQL writes into its log are in `rds_log`.
    "rds_slow", Common, Role::Event(Event {
        reference: "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.MySQL.LogFileSize.html",
        services: &[],
        athena: None,
        view: InEvents::Rows,
    }),
    RdsSlowRow => RdsSlowRows, RdsSlowColumn, TABLE {
        /// success, denied or other, by the error number that the server wrote; null where it wrote none.
        error_class: Text,
        /// Does the statement change anything? By its first word.
        is_write: Flag,
        /// The connection: the server and its number, which begins anew when the server does.
        session_id: Key,
        /// The user of the database.
        username: Key,
        /// Where the client is: a name, or an address where there is no name.
        host: Key,
        /// The number of the connection.
        connection_id: Int,
        /// The database that was in use.
        database: Text,
        /// Seconds that the statement took.
        query_time: Real,
        /// Seconds that it waited for locks.
        lock_time: Real,
        /// Rows that the client got.
        rows_sent: Int,
        /// Rows that the server looked at.
        rows_examined: Int,
        /// Rows that were changed (Percona, MariaDB).
        rows_affected: Int,
        /// Bytes that the client got, where the server writes them.
        bytes_sent: Int,
        /// The statement.
        statement: Text,
        /// The statement with its values left out: `select * from t where a = ?`.
        normalised: Text,
        /// 64 bits of the SHA-256 of the normalised statement, as hexadecimal digits: equal for statements of one form.
        fingerprint: Key,
        /// Everything else that the server wrote about the statement, under the server's names.
        extra: Json,
    }
}
