//! RDS and Aurora: who connected to a database, and what was asked.

use crate::column::{Event, InEvents, Role};
use crate::table_macro::table;

table! {
    /// One entry of an audit log of MariaDB, MySQL or Aurora, or of a general log of MySQL. What pgaudit writes into the log of PostgreSQL is in `rds_log`.
    "rds_audit", Common, Role::Event(Event {
        reference: "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.MySQL.Options.AuditPlugin.html",
        services: &[],
        athena: None,
        view: InEvents::Rows,
    }),
    RdsAuditRow => RdsAuditRows, RdsAuditColumn, TABLE {
        /// success, login_failed, denied or other, by the code that the server returned; null where it returned none.
        error_class: Text,
        /// Does the statement change anything? By its first word; null for what is no statement.
        is_write: Flag,
        /// The connection: the server and its number, which begins anew when the server does.
        session_id: Key,
        /// mariadb (also RDS for MySQL), aurora or general.
        log_type: Text,
        /// The database server.
        server_host: Text,
        /// The user of the database, as given by the client.
        username: Key,
        /// Where the client is: an address or a name.
        host: Key,
        /// The number of the connection.
        connection_id: Int,
        /// The number of the statement on the server.
        query_id: Int,
        /// CONNECT, DISCONNECT, FAILED_CONNECT, QUERY, READ, WRITE, CREATE, ALTER, RENAME, DROP; for general logs the command: Connect, Query, Quit and so on.
        operation: Text,
        /// The database that was in use.
        database: Text,
        /// The table that was read, written or altered.
        object: Text,
        /// The statement, without the escapes of the log.
        statement: Text,
        /// What the server returned: 0 or the number of an error.
        retcode: Int,
        /// How the client was connected: SSL/TLS, TCP/IP, Socket and so on.
        connection_type: Text,
        /// Every field that has no column, the parts of the event that carried the entry, and the whole line where it can be read in more than one way.
        extra: Json,
    }
}
