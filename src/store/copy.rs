//! A whole installation from one database to another: every table, in the order of their references.
//!
//! Which tables there are is read from the schema, so that a new one is not forgotten. The other database holds either
//! everything in the end or nothing: it is one transaction there, and what was read is of one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use futures_util::TryStreamExt as _;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe, Row as _};

use super::rows::Columns as _;
use super::{Dialect, For, MIGRATIONS, Store, StoreError, Tx, Use, connection, serving};

/// A table that was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedTable {
    /// Its name.
    pub name: String,
    /// Rows that were there.
    pub from: u64,
    /// Rows that are here now.
    pub to: u64,
}

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyProgress {
    /// Rows that were written so far.
    pub done: u64,
    /// Rows in all.
    pub of: u64,
}

/// Why an installation is not copied. Nothing was changed then, on either side.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The database to copy from.
    #[error("the database to copy from: {0}")]
    From(#[source] StoreError),
    /// The database to copy to.
    #[error("the database to copy to: {0}")]
    To(#[source] StoreError),
    /// The tables to copy from are not those of this program.
    #[error(
        "the database to copy from is not one that this version has brought up to date: let it run on it once before"
    )]
    OtherVersion,
    /// Somebody's data is there.
    #[error("the database to copy to already holds rows in \"{0}\": give an empty one")]
    NotEmpty(String),
    /// Something was written to the source meanwhile.
    #[error("the database to copy from changed meanwhile ({0}): stop the gateway first")]
    Changed(String),
    /// The schema has what a copy does not know.
    #[error("{0} cannot be copied")]
    Schema(String),
}

/// The tables, each after those that it refers to.
struct Schema(Vec<Table>);

struct Table {
    name: String,
    columns: Vec<(String, Form)>,
}

/// The forms of the portable schema.
#[derive(Clone, Copy)]
enum Form {
    Text,
    Number,
    Bytes,
}

/// Rows that are written by one statement.
const BATCH: usize = 200;
/// What the migrations themselves fill; it is written over.
const SEEDED: &str = "counters";
/// The migrator's own table: the other database has its own.
const MIGRATOR: &str = "_sqlx_migrations";

/// Copies everything from one database to another, which has to be empty. `progress` is told after every batch.
///
/// # Errors
/// See [`CopyError`]; nothing was changed then.
pub async fn copy(from: &str, to: &str, mut progress: impl FnMut(CopyProgress)) -> Result<Vec<CopiedTable>, CopyError> {
    for (url, whose) in [(from, CopyError::From as fn(StoreError) -> CopyError), (to, CopyError::To)] {
        if let Some(path) = connection::sqlite_path(url) {
            serving::is_free(Path::new(path)).map_err(whose)?;
        }
    }
    let source = Store::connect_to_existing(from).await.map_err(CopyError::From)?;
    let copied = copy_from(&source, to, &mut progress).await;
    source.close().await;
    copied
}

async fn copy_from(
    source: &Store,
    to: &str,
    progress: &mut impl FnMut(CopyProgress),
) -> Result<Vec<CopiedTable>, CopyError> {
    if !is_current(source).await.map_err(CopyError::From)? {
        return Err(CopyError::OtherVersion);
    }
    let is_made = connection::make(to).map_err(CopyError::To)?;
    let target = Store::connect(to, For::Gateway).await.map_err(CopyError::To)?;
    let copied = copy_between(source, &target, progress).await;
    target.close().await;
    if let (Err(_), true, Some(file)) = (&copied, is_made, &target.file) {
        file.remove();
    }
    copied
}

async fn copy_between(
    source: &Store,
    target: &Store,
    progress: &mut impl FnMut(CopyProgress),
) -> Result<Vec<CopiedTable>, CopyError> {
    // Before the tables are brought up to date: an installation that is there is not touched.
    refuse_unless_empty(target).await?;
    let _source_held = source.hold(Use::Alone).await.map_err(CopyError::From)?;
    let _target_held = target.hold(Use::Alone).await.map_err(CopyError::To)?;
    target.migrate().await.map_err(CopyError::To)?;
    copy_tables(source, target, progress).await
}

async fn copy_tables(
    source: &Store,
    target: &Store,
    progress: &mut impl FnMut(CopyProgress),
) -> Result<Vec<CopiedTable>, CopyError> {
    let mut reader = source.read().await.map_err(CopyError::From)?;
    let schema = Schema::of(source.dialect, &mut reader).await?;
    let mut before = Vec::new();
    for table in &schema.0 {
        before.push(reader.rows_in(&table.name).await.map_err(CopyError::From)?);
    }
    let (mut done, of) = (0, before.iter().sum());
    progress(CopyProgress { done, of });
    let mut writer = target.write().await.map_err(CopyError::To)?;
    writer.run(format!("DELETE FROM \"{SEEDED}\"")).await.map_err(CopyError::To)?;
    for table in &schema.0 {
        let mut rows = sqlx::query(AssertSqlSafe(table.select())).fetch(reader.unhurried());
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let row = rows.try_next().await.map_err(|error| CopyError::From(error.into()))?;
            let is_over = row.is_none();
            batch.extend(row);
            if batch.len() == BATCH || is_over && !batch.is_empty() {
                done += batch.len() as u64;
                table.insert(&mut writer, std::mem::take(&mut batch)).await?;
                progress(CopyProgress { done, of });
            }
            if is_over {
                break;
            }
        }
    }
    drop(reader);
    let copied = compare(&schema, before, source, &mut writer).await?;
    writer.commit().await.map_err(CopyError::To)?;
    Ok(copied)
}

/// Counts both sides, the source as it is by now; differences are told before anything is final.
async fn compare(
    schema: &Schema,
    before: Vec<u64>,
    source: &Store,
    writer: &mut Tx,
) -> Result<Vec<CopiedTable>, CopyError> {
    let mut reader = source.read().await.map_err(CopyError::From)?;
    let mut copied = Vec::new();
    for (table, from) in schema.0.iter().zip(before) {
        let now = reader.rows_in(&table.name).await.map_err(CopyError::From)?;
        let to = writer.rows_in(&table.name).await.map_err(CopyError::To)?;
        if now != to {
            return Err(CopyError::Changed(format!("{}: {now} rows, {to} copied", table.name)));
        }
        copied.push(CopiedTable { name: table.name.clone(), from, to });
    }
    let last = "SELECT CAST(value AS BIGINT) AS value FROM counters WHERE name = 'audit'";
    let there = reader.number(last).await.map_err(CopyError::From)?;
    if there != writer.number(last).await.map_err(CopyError::To)? {
        return Err(CopyError::Changed("the trace has new lines".into()));
    }
    Ok(copied)
}

async fn is_current(source: &Store) -> Result<bool, StoreError> {
    let mut tx = source.read().await?;
    if !tables(source.dialect, &mut tx).await?.contains(MIGRATOR) {
        return Ok(false);
    }
    let applied = sqlx::query("SELECT version FROM _sqlx_migrations ORDER BY version").fetch_all(tx.conn()).await?;
    let applied = applied.iter().map(|row| row.int("version")).collect::<Result<Vec<_>, _>>()?;
    Ok(applied.into_iter().eq(MIGRATIONS.iter().map(|migration| migration.version)))
}

async fn refuse_unless_empty(target: &Store) -> Result<(), CopyError> {
    let mut tx = target.read().await.map_err(CopyError::To)?;
    for table in tables(target.dialect, &mut tx).await.map_err(CopyError::To)? {
        let may_have_rows = table == SEEDED || table == MIGRATOR;
        if !may_have_rows && tx.rows_in(&table).await.map_err(CopyError::To)? > 0 {
            return Err(CopyError::NotEmpty(table));
        }
    }
    Ok(())
}

async fn tables(dialect: Dialect, tx: &mut Tx) -> Result<BTreeSet<String>, StoreError> {
    let statement = match dialect {
        Dialect::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        }
        Dialect::Postgres => {
            "SELECT CAST(table_name AS TEXT) AS name FROM information_schema.tables
             WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
        }
    };
    sqlx::query(statement).fetch_all(tx.conn()).await?.iter().map(|row| row.text("name")).collect()
}

impl Schema {
    async fn of(dialect: Dialect, tx: &mut Tx) -> Result<Self, CopyError> {
        let mut waiting = tables(dialect, tx).await.map_err(CopyError::From)?;
        waiting.remove(MIGRATOR);
        let mut columns = columns(dialect, tx).await?;
        let references = references(dialect, tx).await.map_err(CopyError::From)?;
        let mut ordered = Vec::new();
        while !waiting.is_empty() {
            let waits =
                |table: &str| references.iter().any(|(from, to)| from == table && to != table && waiting.contains(to));
            let ready: Vec<String> = waiting.iter().filter(|table| !waits(table)).cloned().collect();
            if ready.is_empty() {
                return Err(CopyError::Schema(format!("a circle of references among {waiting:?}")));
            }
            for name in ready {
                waiting.remove(&name);
                let columns = columns.remove(&name).unwrap_or_default();
                ordered.push(Table { name, columns });
            }
        }
        Ok(Self(ordered))
    }
}

impl Table {
    fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
    }

    fn select(&self) -> String {
        format!("SELECT {} FROM \"{}\"", self.names(), self.name)
    }

    /// Writes rows by one statement: assembled, because the schema names the columns and the batch its length.
    async fn insert(&self, writer: &mut Tx, rows: Vec<AnyRow>) -> Result<(), CopyError> {
        let mut places = 1..;
        let tuples: Vec<String> = rows
            .iter()
            .map(|_| {
                let row: Vec<String> = places.by_ref().take(self.columns.len()).map(|n| format!("${n}")).collect();
                format!("({})", row.join(", "))
            })
            .collect();
        let statement = format!("INSERT INTO \"{}\" ({}) VALUES {}", self.name, self.names(), tuples.join(", "));
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for row in &rows {
            for (at, (_, form)) in self.columns.iter().enumerate() {
                query = form.bind(query, row, at).map_err(|error| CopyError::From(error.into()))?;
            }
        }
        query.execute(writer.unhurried()).await.map_err(|error| CopyError::To(error.into()))?;
        Ok(())
    }
}

impl Form {
    fn of(declared: &str) -> Option<Self> {
        match declared.to_ascii_uppercase().as_str() {
            "TEXT" => Some(Self::Text),
            "BIGINT" => Some(Self::Number),
            "BYTEA" => Some(Self::Bytes),
            _ => None,
        }
    }

    fn bind<'q>(
        self,
        query: Query<'q, Any, AnyArguments>,
        row: &AnyRow,
        at: usize,
    ) -> Result<Query<'q, Any, AnyArguments>, sqlx::Error> {
        Ok(match self {
            Self::Text => query.bind(row.try_get::<Option<String>, _>(at)?),
            Self::Number => query.bind(row.try_get::<Option<i64>, _>(at)?),
            Self::Bytes => query.bind(row.try_get::<Option<Vec<u8>>, _>(at)?),
        })
    }
}

async fn columns(dialect: Dialect, tx: &mut Tx) -> Result<BTreeMap<String, Vec<(String, Form)>>, CopyError> {
    let statement = match dialect {
        Dialect::Sqlite => {
            "SELECT m.name AS table_name, c.name AS name, c.type AS form
             FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY m.name, c.cid"
        }
        Dialect::Postgres => {
            "SELECT CAST(table_name AS TEXT) AS table_name, CAST(column_name AS TEXT) AS name,
                 CAST(data_type AS TEXT) AS form
             FROM information_schema.columns WHERE table_schema = current_schema()
             ORDER BY table_name, ordinal_position"
        }
    };
    let rows = sqlx::query(statement).fetch_all(tx.conn()).await.map_err(|error| CopyError::From(error.into()))?;
    let mut found: BTreeMap<String, Vec<(String, Form)>> = BTreeMap::new();
    for row in &rows {
        let text = |column: &str| row.text(column).map_err(CopyError::From);
        let (table, name, declared) = (text("table_name")?, text("name")?, text("form")?);
        if table == MIGRATOR {
            continue;
        }
        let form = Form::of(&declared)
            .ok_or_else(|| CopyError::Schema(format!("the form {declared} of the column {table}.{name}")))?;
        found.entry(table).or_default().push((name, form));
    }
    Ok(found)
}

/// Every column, as table and name, whose name ends so.
#[cfg(test)]
pub(super) async fn columns_that_end_with(tx: &mut Tx, end: &str) -> Result<Vec<(String, String)>, CopyError> {
    let columns = columns(tx.dialect, tx).await?.into_iter();
    let named = columns.flat_map(|(table, columns)| columns.into_iter().map(move |(name, _)| (table.clone(), name)));
    Ok(named.filter(|(_, name)| name.ends_with(end)).collect())
}

/// Pairs of a table and one that it refers to.
async fn references(dialect: Dialect, tx: &mut Tx) -> Result<Vec<(String, String)>, StoreError> {
    let statement = match dialect {
        Dialect::Sqlite => {
            "SELECT m.name AS table_name, f.\"table\" AS refers_to
             FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'"
        }
        Dialect::Postgres => {
            "SELECT CAST(f.relname AS TEXT) AS table_name, CAST(t.relname AS TEXT) AS refers_to
             FROM pg_constraint c JOIN pg_class f ON f.oid = c.conrelid JOIN pg_class t ON t.oid = c.confrelid
             WHERE c.contype = 'f'"
        }
    };
    let rows = sqlx::query(statement).fetch_all(tx.conn()).await?;
    rows.iter().map(|row| Ok((row.text("table_name")?, row.text("refers_to")?))).collect()
}

impl Tx {
    async fn rows_in(&mut self, table: &str) -> Result<u64, StoreError> {
        let count = self.number(format!("SELECT COUNT(*) AS value FROM \"{table}\"")).await?;
        u64::try_from(count).map_err(|_| super::rows::corrupt("count"))
    }

    pub(super) async fn number(&mut self, statement: impl Into<String>) -> Result<i64, StoreError> {
        sqlx::query(AssertSqlSafe(statement.into())).fetch_one(self.unhurried()).await?.int("value")
    }

    async fn run(&mut self, statement: String) -> Result<(), StoreError> {
        sqlx::query(AssertSqlSafe(statement)).execute(self.unhurried()).await?;
        Ok(())
    }
}
