//! How tools open the database that a gateway may be serving from: as it is (decision 80).
//!
//! Tables are brought up to date by who serves from them, and by nobody beside it: an older gateway would serve from tables
//! that it does not know, and a replica or a user who may only look could not be asked anything.

use std::path::Path;

use super::installed::{self, tables_of};
use super::rows::Columns as _;
use super::trouble::DatabaseName;
use super::{Dialect, Held, Store, StoreError, Tables, Use, connection, serving};

impl Store {
    /// Opens the database for a tool, and leaves its tables as they are: they have to be this version's. One that takes no
    /// writes can be read.
    ///
    /// # Errors
    /// There is no such database, a gateway serves from another one that was there, it has no tables or those of another
    /// version, or it does not answer.
    pub async fn open_beside(url: &str) -> Result<Self, StoreError> {
        if let Some(path) = connection::sqlite_path(url) {
            serving::is_the_one_served(Path::new(path))?;
        }
        let store = Self::connect_to_begun(url).await?;
        store.has_these_tables().await?;
        Ok(store)
    }

    /// Opens a database that nobody serves from, holds it, and brings its tables up to date, as the start would that comes
    /// after.
    ///
    /// # Errors
    /// There is no such database, a gateway serves from it, what is another one's lies beside it, it is damaged, or it cannot
    /// be brought up to date.
    pub async fn open_alone(url: &str) -> Result<(Self, Held), StoreError> {
        if let Some(path) = connection::sqlite_path(url).map(Path::new) {
            serving::is_free(path)?;
            if path.exists() && !connection::is_empty(&connection::beside(path, connection::WAL)) {
                return Err(StoreError::LogLeft(path.display().to_string()));
            }
        }
        let store = Self::connect_to_begun(url).await?;
        store.is_sound().await?;
        let held = store.hold(Use::Alone).await?;
        match store.has_these_tables().await {
            // No step is to be done, and none is looked for.
            Ok(()) => {}
            Err(StoreError::Older { .. }) => store.bring_up_to_date().await?,
            Err(error) => return Err(error),
        }
        Ok((store, held))
    }

    async fn connect_to_begun(url: &str) -> Result<Self, StoreError> {
        Self::connect_to_existing(url).await.map_err(|error| match error {
            StoreError::NoFile(path) => StoreError::NotBegun(path),
            error => error,
        })
    }

    /// Looks a file of `SQLite` through: a damaged one answers most of what it is asked.
    async fn is_sound(&self) -> Result<(), StoreError> {
        if self.dialect != Dialect::Sqlite {
            return Ok(());
        }
        let DatabaseName(place) = &*self.place;
        let damaged = |said: String| StoreError::Damaged { place: place.clone(), said };
        let looked =
            sqlx::query("SELECT quick_check AS said FROM pragma_quick_check LIMIT 1").fetch_all(&self.pool()).await;
        let rows = looked.map_err(|error| StoreError::Unavailable(self.place.says(&error)))?;
        let said = rows.first().map(|row| row.text("said")).transpose()?.unwrap_or_default();
        if said == "ok" { Ok(()) } else { Err(damaged(said)) }
    }

    async fn has_these_tables(&self) -> Result<(), StoreError> {
        let asked = match self.dialect {
            Dialect::Sqlite => installed::VERSION_IN_SQLITE,
            Dialect::Postgres => installed::VERSION_IN_POSTGRES,
        };
        let said = async {
            let mut connection = self.pool().acquire().await?;
            installed::version(&mut connection, asked).await
        };
        let DatabaseName(place) = &*self.place;
        match tables_of(said.await.map_err(|error| StoreError::Unavailable(self.place.says(&error)))?)? {
            Tables::Current => Ok(()),
            Tables::None => Err(StoreError::NotBegun(place.clone())),
            Tables::Older(steps) => Err(StoreError::Older { place: place.clone(), steps }),
        }
    }
}
