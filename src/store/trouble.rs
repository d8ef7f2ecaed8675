//! What keeps the database from being used, in words for whoever has to mend it (A10).
//!
//! The driver's own words are kept where they tell of a connection, a right or a place; where they could quote what
//! somebody typed, only the code of the error is.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::Path;

use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;
use sqlx::postgres::PgConnectOptions;

use super::Dialect;

/// Why the database cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Trouble(String);

/// Which database is meant; no password is in it.
#[derive(Debug, Clone)]
pub(super) struct DatabaseName(pub(super) String);

impl Trouble {
    pub(super) fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }

    /// Others hold what is asked for.
    pub(super) fn busy() -> Self {
        Self::new("others have been writing for too long")
    }

    /// The same with what it is about.
    pub(super) fn at(&self, place: &DatabaseName) -> Self {
        Self(format!("{place}: {self}"))
    }

    /// A file, and what the system says of it.
    pub(super) fn of_file(path: &Path, error: &io::Error) -> Self {
        Self::new(format!("{}: {error}", path.display()))
    }
}

impl DatabaseName {
    pub(super) fn of(dialect: Dialect, url: &str, file: Option<&Path>) -> Self {
        let asked = url.parse::<PgConnectOptions>().ok().filter(|_| dialect == Dialect::Postgres);
        Self(match (asked, file) {
            (Some(asked), _) => {
                let database = asked.get_database().unwrap_or_else(|| asked.get_username());
                let at = asked.get_socket().map_or_else(
                    || format!("{}:{}", asked.get_host(), asked.get_port()),
                    |socket| socket.display().to_string(),
                );
                format!("PostgreSQL at {at}, database {database}, user {}", asked.get_username())
            }
            (None, Some(file)) => file.display().to_string(),
            (None, None) => "the database".to_owned(),
        })
    }

    /// An error in words, with what it is about.
    pub(super) fn says(&self, error: &sqlx::Error) -> Trouble {
        Trouble(format!("{self}: {}", words(error)))
    }
}

impl fmt::Display for DatabaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&sqlx::Error> for Trouble {
    fn from(error: &sqlx::Error) -> Self {
        Self(words(error))
    }
}

impl From<&MigrateError> for Trouble {
    fn from(error: &MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            error => Self(error.to_string()),
        }
    }
}

fn words(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Io(error) => of_io(error),
        sqlx::Error::Tls(error) => {
            format!("no protected connection: {error} (hint: sslmode and sslrootcert in database.url)")
        }
        sqlx::Error::Database(refused) => of_database(&**refused),
        sqlx::Error::Configuration(error) => error.to_string(),
        sqlx::Error::PoolTimedOut => "no connection was free in time".to_owned(),
        sqlx::Error::PoolClosed => "it is being closed".to_owned(),
        sqlx::Error::Protocol(_) => "what answers there does not speak as the database does".to_owned(),
        // The driver's words could quote a value.
        sqlx::Error::Decode(_) | sqlx::Error::Encode(_) | sqlx::Error::AnyDriverError(_) => {
            "a value cannot be read or written".to_owned()
        }
        error => error.to_string(),
    }
}

fn of_io(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => {
            format!("nobody listens there: {error} (hint: is it running, and are host and port in database.url right?)")
        }
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => {
            format!("it has ended the connection: {error}")
        }
        _ if error.to_string().contains("lookup") => format!("its name cannot be resolved: {error}"),
        _ => error.to_string(),
    }
}

/// What a server, or `SQLite`, says by the code of its error.
fn of_database(refused: &dyn DatabaseError) -> String {
    let code = refused.code().unwrap_or_default();
    let said = refused.message();
    if let Some(what) = code.parse::<u32>().ok().filter(|_| code.len() < 5).and_then(of_sqlite) {
        return format!("{what} ({said})");
    }
    let what = match &*code {
        "28P01" => "it refuses the password (hint: are the user and the password in database.url right?)",
        "28000" => "it does not let this user in from here (hint: pg_hba.conf, and sslmode in database.url)",
        "3D000" => "it has no such database (hint: is the name in database.url right, and was the database made?)",
        "53300" => "it has no connection left (hint: max_connections; each node takes up to ten, and one to listen)",
        "53100" => "its disk is full",
        "53200" => "its memory is full",
        "25006" => "it is read-only (hint: default_transaction_read_only, or a replica)",
        "42P01" => {
            "its tables are gone: it was made anew, or emptied, under the gateway (hint: stop every node, and bring its backup \
             back: operations.md, Going back)"
        }
        "42501" => {
            "its user lacks a right (hint: a gateway's user has to own the database; one that only looks needs SELECT on \
             its tables)"
        }
        "57P03" => "it is starting, stopping or recovering",
        "57P01" | "57P02" => "it is being stopped",
        "55P03" => "somebody else holds what is asked for",
        "57014" => "it has given a statement up",
        // Values that are refused could stand in the words.
        _ if code.starts_with("22") || code.starts_with("23") => return format!("it refuses a statement ({code})"),
        _ => return format!("{said} ({code})"),
    };
    format!("{what} ({said})")
}

/// The primary result code is in the lowest byte.
fn of_sqlite(code: u32) -> Option<&'static str> {
    Some(match code & 0xff {
        5 | 6 => "another program holds it (hint: one gateway on one file; a copy is made by .backup)",
        8 => "it is read-only (hint: its owner and rights, those of its folder, and how the disk is mounted)",
        10 => "the disk does not read or write it",
        11 | 26 => "the file is damaged, or no database (hint: a backup; keep the file)",
        13 => "its disk is full",
        14 => "it cannot be opened (hint: its owner and rights, and those of its folder)",
        23 => "it is not let in",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a10_a_database_is_named_without_its_password() {
        let at = |url: &str| DatabaseName::of(Dialect::Postgres, url, None).to_string();
        let said = at("postgres://vestibule:geheim@db.example:6432/portal?sslmode=disable");
        assert_eq!(said, "PostgreSQL at db.example:6432, database portal, user vestibule");
        assert!(at("postgres://v:geheim@%2Frun%2Fpostgresql/portal").contains("/run/postgresql"));
    }
}
