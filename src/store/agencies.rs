//! The agencies that were in force last, on whichever node: by them a start knows what its files have lost (decision 79).

use jiff::Timestamp;

use super::rows::{Columns as _, json, millis};
use super::{Dialect, StoreError, Tx};
use crate::domain::agency_code::AgencyCode;

/// Asks for them.
pub(super) const IN_FORCE: &str = "SELECT agency FROM agencies_in_force ORDER BY agency";

impl Tx {
    /// The agencies of the last edition in force.
    pub async fn agencies_in_force(&mut self) -> Result<Vec<AgencyCode>, StoreError> {
        let rows = sqlx::query(IN_FORCE).fetch_all(self.unhurried()).await?;
        rows.iter().map(|row| row.agency("agency")).collect()
    }

    /// Whether an agency was in force, anything is kept for it, or the trace tells of it.
    pub async fn knows_agency(&mut self, agency: &AgencyCode) -> Result<bool, StoreError> {
        let row = sqlx::query(
            "SELECT agency FROM (
                 SELECT agency FROM links WHERE agency = $1 UNION SELECT agency FROM roster WHERE agency = $1
                 UNION SELECT agency FROM flows WHERE agency = $1 UNION SELECT agency FROM closed_accounts WHERE agency = $1
                 UNION SELECT agency FROM audit WHERE agency = $1
                 UNION SELECT agency FROM agencies_in_force WHERE agency = $1
             ) AS known",
        )
        .bind(agency.to_string())
        .fetch_optional(self.conn())
        .await?;
        Ok(row.is_some())
    }

    /// Remembers that these are in force, and that those are not any more. Ten thousand are one statement.
    pub async fn remember_agencies(
        &mut self,
        there: &[AgencyCode],
        gone: &[AgencyCode],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (add, remove) = match self.dialect {
            Dialect::Sqlite => (
                "INSERT INTO agencies_in_force (agency, since) SELECT value, $2 FROM json_each($1) WHERE 1 = 1
                 ON CONFLICT DO NOTHING",
                "DELETE FROM agencies_in_force WHERE agency IN (SELECT value FROM json_each($1))",
            ),
            Dialect::Postgres => (
                "INSERT INTO agencies_in_force (agency, since)
                 SELECT value, $2 FROM json_array_elements_text(CAST($1 AS JSON)) AS told (value)
                 ON CONFLICT DO NOTHING",
                "DELETE FROM agencies_in_force
                 WHERE agency IN (SELECT value FROM json_array_elements_text(CAST($1 AS JSON)) AS told (value))",
            ),
        };
        sqlx::query(remove).bind(texts(gone)?).execute(self.unhurried()).await?;
        sqlx::query(add).bind(texts(there)?).bind(millis(now)).execute(self.unhurried()).await?;
        Ok(())
    }
}

fn texts(agencies: &[AgencyCode]) -> Result<String, StoreError> {
    json(&agencies.iter().map(ToString::to_string).collect::<Vec<_>>())
}
