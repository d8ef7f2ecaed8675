//! Who serves from a database holds it: nobody copies it, or looks it through after it was brought back, meanwhile.
//!
//! Several may serve (nodes, or two processes during an upgrade). The hold ends with the process, however that ends: it is
//! the system's lock on a file beside `SQLite`'s, and a lock of a connection's session on `PostgreSQL`.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use sqlx::{AnyConnection, Connection as _};

use super::trouble::Trouble;
use super::{PATIENCE, Store, StoreError, connection, patience};

/// How a database is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// By who serves from it, among others who do.
    Serving,
    /// By who wants nobody to serve from it meanwhile.
    Alone,
}

/// A database that is held, for as long as this lives.
#[derive(Debug)]
#[must_use = "what is not kept is not held"]
pub struct Held(By);

#[derive(Debug)]
enum By {
    /// The lock is the open file's.
    File { _locked: File },
    /// The lock is this connection's.
    Connection(AnyConnection),
}

/// The number of the lock in a database of `PostgreSQL`: "vestibul".
const NUMBER: i64 = 0x7665_7374_6962_756c;

/// Ends the name of the file whose lock it is on `SQLite`. It stays: there was a database.
const SERVING: &str = "-serving";

/// How often it is looked whether the hold lasts.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Whether a gateway has served from this database before, as far as that is seen without it: `SQLite` only.
#[must_use]
pub fn was_served(url: &str) -> bool {
    connection::sqlite_path(url).is_some_and(|path| connection::beside(Path::new(path), SERVING).exists())
}

impl Store {
    /// Holds the database.
    ///
    /// # Errors
    /// Somebody else holds it in a way that does not go with this one, or it cannot be held.
    pub async fn hold(&self, how: Use) -> Result<Held, StoreError> {
        let Some(url) = &self.postgres else { return self.hold_file(how) };
        let connecting = AnyConnection::connect(url.expose());
        let mut connection = patience::within(PATIENCE, connecting).await?;
        let statement = match how {
            Use::Serving => "SELECT CASE WHEN pg_try_advisory_lock_shared($1) THEN 1 ELSE 0 END AS held",
            Use::Alone => "SELECT CASE WHEN pg_try_advisory_lock($1) THEN 1 ELSE 0 END AS held",
        };
        let asked = sqlx::query(statement).bind(NUMBER).fetch_one(&mut connection);
        let row = patience::within(PATIENCE, asked).await?;
        if sqlx::Row::try_get::<i32, _>(&row, "held")? == 1 {
            Ok(Held(By::Connection(connection)))
        } else {
            Err(how.refused())
        }
    }

    fn hold_file(&self, how: Use) -> Result<Held, StoreError> {
        let unavailable = |error: std::io::Error| StoreError::Unavailable(Trouble::new(error.to_string()));
        let Some(file) = &self.file else { return Err(StoreError::Missing("the file")) };
        let path = connection::beside(file.path(), SERVING);
        let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
        let file = open.map_err(unavailable)?;
        let locked = match how {
            Use::Serving => file.try_lock_shared(),
            Use::Alone => file.try_lock(),
        };
        match locked {
            Ok(()) => Ok(Held(By::File { _locked: file })),
            Err(TryLockError::WouldBlock) => Err(how.refused()),
            Err(TryLockError::Error(error)) => Err(unavailable(error)),
        }
    }

    /// Goes on holding what is served from, for as long as this is polled: with a lost connection the hold is lost, and
    /// taken anew.
    pub async fn hold_on(&self, held: Option<Held>) {
        let mut held = held;
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if let Some(Held(By::Connection(connection))) = &mut held
                && patience::answers(connection).await.is_err()
            {
                held = None;
            }
            if held.is_none() {
                match self.hold(Use::Serving).await {
                    Ok(anew) => held = Some(anew),
                    Err(error @ StoreError::HeldAlone) => tracing::error!(%error, "this gateway goes on serving"),
                    // That the database is away is told elsewhere.
                    Err(_) => {}
                }
            }
        }
    }
}

impl Use {
    const fn refused(self) -> StoreError {
        match self {
            Self::Serving => StoreError::HeldAlone,
            Self::Alone => StoreError::Served,
        }
    }
}
