//! A database that does not answer is given up, so that nobody waits for longer than a page may take.

use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use sqlx::any::{Any, AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo};
use sqlx::{AnyConnection, Connection as _, Either, Error, Execute, Executor, SqlStr};

use super::outage::Outage;

/// A connection whose statements are given up after [`STATEMENT`]; what fails is a reason to ask how the database is.
#[derive(Debug)]
pub(super) struct Patient<'c>(pub(super) &'c mut AnyConnection, pub(super) Option<&'c Outage>);

/// Longest wait for a statement, or for the next of its rows.
pub(super) const STATEMENT: Duration = Duration::from_secs(10);
/// Longest wait for a sign of life of a connection that was used.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);

/// What comes within a time, or else an error.
pub(super) async fn within<T>(time: Duration, future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::time::timeout(time, future).await.unwrap_or_else(|_| Err(silent()))
}

/// Whether a connection that was used can be used again. Without a limit it would hold its place in the pool for as
/// long as the network lets it.
pub(super) async fn answers(connection: &mut AnyConnection) -> Result<bool, Error> {
    within(SIGN_OF_LIFE, connection.ping()).await.map(|()| true)
}

fn silent() -> Error {
    Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "the database does not answer"))
}

fn suspect(outage: Option<&Outage>, error: Option<&Error>) {
    if let (Some(outage), Some(error)) = (outage, error) {
        outage.suspect_by(error);
    }
}

impl<'c> Executor<'c> for Patient<'c> {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<AnyQueryResult, AnyRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let Self(connection, outage) = self;
        let rows = connection.fetch_many(query);
        let patient = stream::unfold(Some(rows), move |rows| async move {
            let mut rows = rows?;
            let next = match tokio::time::timeout(STATEMENT, rows.next()).await {
                Ok(next) => next.map(|row| (row, Some(rows))),
                Err(_) => Some((Err(silent()), None)),
            };
            next.inspect(|(row, _)| suspect(outage, row.as_ref().err()))
        });
        patient.boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<AnyRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let Self(connection, outage) = self;
        let row = within(STATEMENT, connection.fetch_optional(query));
        Box::pin(async move { row.await.inspect_err(|error| suspect(outage, Some(error))) })
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [AnyTypeInfo]) -> BoxFuture<'e, Result<AnyStatement, Error>>
    where
        'c: 'e,
    {
        self.0.prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<sqlx::Describe<Any>, Error>>
    where
        'c: 'e,
    {
        self.0.describe(sql)
    }
}
