//! Spellings of identifiers that fold the same, and what was learnt of an extranet about them (decision 41).

use std::time::Duration;

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::rows::{Columns as _, corrupt, millis};
use super::{Store, StoreError, Tx};
use crate::domain::agency_code::AgencyCode;
use crate::domain::identity::LegacyLogin;
use crate::domain::spelling::{KnownAs, KnownSpelling, Spellings};

/// Rows of before that are filled in by one transaction.
const BATCH: i64 = 200;

impl Tx {
    /// Every spelling that is known of an agency and folds as this one, each with where it is known from.
    pub async fn known_spellings(
        &mut self,
        agency: &AgencyCode,
        login: &LegacyLogin,
    ) -> Result<Vec<KnownSpelling>, StoreError> {
        sqlx::query(
            "SELECT login, known_as FROM (
                 SELECT login AS login, 'link' AS known_as, created_at AS since FROM links
                     WHERE agency = $1 AND login_fold = $2
                 UNION ALL SELECT login_key AS login, 'run' AS known_as, started_at AS since FROM flows
                     WHERE agency = $1 AND login_fold = $2 AND state = 'open'
                 UNION ALL SELECT login AS login, 'roster' AS known_as, imported_at AS since FROM roster
                     WHERE agency = $1 AND login_fold = $2
                 UNION ALL SELECT login_key AS login,
                         CASE WHEN spelled = 1 THEN 'closed' ELSE 'closed-in-any' END AS known_as, closed_at AS since
                     FROM closed_accounts WHERE agency = $1 AND login_fold = $2
             ) AS known ORDER BY since, login",
        )
        .bind(agency.to_string())
        .bind(login.fold())
        .fetch_all(self.conn())
        .await?
        .iter()
        .map(known_spelling)
        .collect()
    }

    /// What was learnt of an agency's extranet.
    pub async fn spellings_of(&mut self, agency: &AgencyCode) -> Result<Spellings, StoreError> {
        let row = sqlx::query("SELECT told FROM identifier_cases WHERE agency = $1")
            .bind(agency.to_string())
            .fetch_optional(self.conn())
            .await?;
        row.map_or(Ok(Spellings::Unlearnt), |row| learnt(&row))
    }

    /// Every agency of which something was learnt, and when.
    pub async fn learnt_spellings(&mut self) -> Result<Vec<(AgencyCode, Spellings, Option<Timestamp>)>, StoreError> {
        sqlx::query("SELECT agency, told, learnt_at FROM identifier_cases WHERE told IS NOT NULL ORDER BY agency")
            .fetch_all(self.conn())
            .await?
            .iter()
            .map(|row| Ok((row.agency("agency")?, learnt(row)?, row.opt_time("learnt_at")?)))
            .collect()
    }

    /// The same as [`Tx::spellings_of`], and nobody else gives an account of this agency, or learns of it, until this
    /// transaction is over: what follows sees every other spelling, and is seen by it.
    pub async fn hold_spellings(&mut self, agency: &AgencyCode) -> Result<Spellings, StoreError> {
        sqlx::query(
            "INSERT INTO identifier_cases (agency, told, asked_until, learnt_at) VALUES ($1, NULL, NULL, NULL)
             ON CONFLICT (agency) DO UPDATE SET agency = excluded.agency",
        )
        .bind(agency.to_string())
        .execute(self.conn())
        .await?;
        self.spellings_of(agency).await
    }

    /// Takes it on oneself to find out, within this time: exactly one caller is told true, until it is learnt, given up or
    /// the time is over.
    pub async fn begin_learning(
        &mut self,
        agency: &AgencyCode,
        now: Timestamp,
        within: Duration,
    ) -> Result<bool, StoreError> {
        self.hold_spellings(agency).await?;
        let until = millis(now).saturating_add(i64::try_from(within.as_millis()).unwrap_or(i64::MAX));
        let begun = sqlx::query(
            "UPDATE identifier_cases SET asked_until = $1
             WHERE agency = $2 AND told IS NULL AND (asked_until IS NULL OR asked_until < $3)",
        )
        .bind(until)
        .bind(agency.to_string())
        .bind(millis(now))
        .execute(self.conn())
        .await?;
        Ok(begun.rows_affected() == 1)
    }

    /// Nothing was found out; who comes next may.
    pub async fn give_up_learning(&mut self, agency: &AgencyCode) -> Result<(), StoreError> {
        sqlx::query("UPDATE identifier_cases SET asked_until = NULL WHERE agency = $1")
            .bind(agency.to_string())
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Keeps what was found out; false if something was learnt before, which stays.
    pub async fn learn_spellings(
        &mut self,
        agency: &AgencyCode,
        told: Spellings,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.hold_spellings(agency).await?;
        let learnt = sqlx::query(
            "UPDATE identifier_cases SET told = $1, learnt_at = $2, asked_until = NULL WHERE agency = $3 AND told IS NULL",
        )
        .bind(told.name())
        .bind(millis(now))
        .bind(agency.to_string())
        .execute(self.conn())
        .await?;
        Ok(learnt.rows_affected() == 1)
    }

    /// The roster spells an account otherwise from now on.
    pub async fn respell_roster_line(
        &mut self,
        agency: &AgencyCode,
        from: &LegacyLogin,
        to: &LegacyLogin,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE roster SET login_key = $1, login = $1, login_fold = $2 WHERE agency = $3 AND login_key = $4",
        )
        .bind(to.as_str())
        .bind(to.fold())
        .bind(agency.to_string())
        .bind(from.key())
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// An account that stands on the roster is not closed any more.
    pub async fn reopen_account(&mut self, agency: &AgencyCode, login: &LegacyLogin) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM closed_accounts WHERE agency = $1 AND login_key = $2")
            .bind(agency.to_string())
            .bind(login.key())
            .execute(self.conn())
            .await?;
        Ok(())
    }
}

fn known_spelling(row: &AnyRow) -> Result<KnownSpelling, StoreError> {
    let known_as = match row.text("known_as")?.as_str() {
        "link" => KnownAs::Link,
        "run" => KnownAs::Run,
        "roster" => KnownAs::Roster,
        "closed" => KnownAs::Closed,
        "closed-in-any" => KnownAs::ClosedInAnySpelling,
        _ => return Err(corrupt("known_as")),
    };
    Ok(KnownSpelling { login: row.login("login")?, known_as })
}

fn learnt(row: &AnyRow) -> Result<Spellings, StoreError> {
    let told = row.opt_text("told")?;
    told.map_or(Ok(Spellings::Unlearnt), |told| Spellings::parse(&told).ok_or_else(|| corrupt("told")))
}

/// A table whose rows of before have no fold.
struct Unfolded {
    select: &'static str,
    update: &'static str,
}

/// Each row by what it is found by, and the text that says how it is spelled.
const UNFOLDED: [Unfolded; 4] = [
    Unfolded {
        select: "SELECT id AS id, agency AS agency, login_key AS login_key, login AS spelled FROM links
             WHERE login_fold = '' ORDER BY id LIMIT $1",
        update: "UPDATE links SET login_key = $1, login_fold = $2 WHERE id = $3 AND agency = $4 AND login_fold = ''",
    },
    Unfolded {
        select: "SELECT login_key AS id, agency AS agency, login_key AS login_key, login AS spelled FROM roster
             WHERE login_fold = '' ORDER BY agency, login_key LIMIT $1",
        update: "UPDATE roster SET login_key = $1, login_fold = $2
             WHERE login_key = $3 AND agency = $4 AND login_fold = ''",
    },
    Unfolded {
        select: "SELECT login_key AS id, agency AS agency, login_key AS login_key, login_key AS spelled
             FROM closed_accounts WHERE login_fold = '' ORDER BY agency, login_key LIMIT $1",
        update: "UPDATE closed_accounts SET login_key = $1, login_fold = $2
             WHERE login_key = $3 AND agency = $4 AND login_fold = ''",
    },
    Unfolded {
        select: "SELECT id AS id, agency AS agency, login_key AS login_key, data AS spelled FROM flows
             WHERE login_fold = '' ORDER BY id LIMIT $1",
        update: "UPDATE flows SET login_key = $1, login_fold = $2 WHERE id = $3 AND agency = $4 AND login_fold = ''",
    },
];

impl Store {
    /// Fills in the folds of rows from before there were any; can be broken off, and done by two nodes at once.
    pub(super) async fn fold_spellings(&self) -> Result<(), StoreError> {
        for table in &UNFOLDED {
            loop {
                let mut tx = self.write().await?;
                let rows = sqlx::query(table.select).bind(BATCH).fetch_all(tx.conn()).await?;
                if rows.is_empty() {
                    break;
                }
                for row in rows {
                    let (key, fold) = spelled(&row)?;
                    sqlx::query(table.update)
                        .bind(key)
                        .bind(fold)
                        .bind(row.text("id")?)
                        .bind(row.text("agency")?)
                        .execute(tx.conn())
                        .await?;
                }
                tx.commit().await?;
            }
        }
        Ok(())
    }
}

/// The key and the fold of a row from before. The key stays, but for a run's, whose data say how it was spelled.
fn spelled(row: &AnyRow) -> Result<(String, String), StoreError> {
    let (key, text) = (row.text("login_key")?, row.text("spelled")?);
    let of_run = serde_json::from_str::<serde_json::Value>(&text)
        .ok()
        .and_then(|data| LegacyLogin::parse(data.pointer("/account/login")?.as_str()?));
    let login = of_run.clone().or_else(|| LegacyLogin::parse(&text)).or_else(|| LegacyLogin::parse(&key));
    // What is no identifier any more is found by its key only.
    let fold = login.map_or_else(|| key.clone(), |login| login.fold());
    Ok((of_run.map_or(key, |login| login.key()), fold))
}
