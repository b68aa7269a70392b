//! RDS and Aurora: what the database servers write about themselves and their clients.

use crate::column::{Event, InEvents, Role};
use crate::table_macro::table;

table! {
    /// One entry of a server's log: PostgreSQL (lines with any `log_line_prefix` that is known, csvlog, jsonlog), the error log of MySQL and MariaDB, the error and agent logs of SQL Server, the alert and listener logs of Oracle. Further lines (DETAIL, HINT, STATEMENT and so on) belong to their entry. PostgreSQL indents the further lines of a text, so that no statement makes an entry of its own; but it writes names of users as they came, and MySQL, SQL Server and Oracle write all texts as they came: a name or text with line breaks can make entries there that the server never wrote.
    "rds_log", Common, Role::Event(Event {
        reference: "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.html",
        services: &[],
        athena: None,
        view: InEvents::Rows,
    }),
    RdsLogRow => RdsLogRows, RdsLogColumn, TABLE {
        /// success, login_failed, denied or other; null for what did not fail and is no login.
        error_class: Text,
        /// Does the statement change anything? By its first word; null where there is no statement.
        is_write: Flag,
        /// The session: PostgreSQL's own id of it, else the server and the number of the process or connection, which comes again.
        session_id: Key,
        /// postgresql, mysql (also MariaDB), sqlserver or oracle; null where a part of an entry does not tell.
        engine: Text,
        /// error, agent, alert or listener.
        log_type: Text,
        /// How bad the server calls it, in its own words: LOG, ERROR, FATAL; Note, Warning, System; of SQL Server a number.
        severity: Text,
        /// SQLSTATE, MY-0xxxxx or the number of MySQL's error, ORA-xxxxx or TNS-xxxxx, the number of SQL Server's error.
        code: Key,
        /// What a client did: CONNECT, FAILED_CONNECT, DISCONNECT, RECEIVED (a connection before anybody logged in) or QUERY; null for what nobody did.
        operation: Text,
        /// The user of the database, as given by the client.
        username: Key,
        /// The database that was in use; of Oracle's listener, the service that was asked for.
        database: Text,
        /// Where the client is: an address or a name.
        host: Key,
        /// The port of the client.
        port: Int,
        /// The number of the process (PostgreSQL), the connection (MySQL) or the session (SQL Server).
        connection_id: Int,
        /// What the client calls itself.
        application: Text,
        /// The part of the server that wrote it, where it says so: Server, InnoDB, Logon, spid51, client backend.
        subsystem: Text,
        /// The message, without the statement that has a column of its own.
        message: Text,
        /// DETAIL of PostgreSQL: more about what happened, the parameters of a statement.
        detail: Text,
        /// HINT of PostgreSQL: what to do about it.
        hint: Text,
        /// CONTEXT of PostgreSQL: in which function or line of a function.
        context: Text,
        /// The statement, as the client sent it.
        statement: Text,
        /// The statement with its values left out: `select * from t where a = ?`.
        normalised: Text,
        /// 64 bits of the SHA-256 of the normalised statement, as hexadecimal digits: equal for statements of one form.
        fingerprint: Key,
        /// Seconds that the statement took.
        duration: Real,
        /// SESSION or OBJECT, of what pgaudit wrote.
        audit_type: Text,
        /// READ, WRITE, FUNCTION, ROLE, DDL, MISC and so on, of what pgaudit wrote.
        audit_class: Text,
        /// SELECT, CREATE TABLE and so on, of what pgaudit wrote.
        audit_command: Text,
        /// TABLE, VIEW, FUNCTION and so on, of what pgaudit wrote.
        audit_object_type: Text,
        /// The name of what was accessed, of what pgaudit wrote.
        audit_object: Text,
        /// Everything else of the entry, the parts of the event that carried it, and the whole line where it can be read in more than one way (`ambiguous`).
        extra: Json,
    }
}
