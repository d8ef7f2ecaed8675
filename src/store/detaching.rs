//! The end of an attachment: an account is nobody's again.

use jiff::Timestamp;

use super::rows::{Columns as _, millis};
use super::{StoreError, Tx};
use crate::domain::agency_code::AgencyCode;
use crate::domain::identity::{LegacyLogin, LinkId};

impl Tx {
    /// Takes an attachment away, with its secret, its cookies, its hand-overs and the digest of the old password; false if
    /// it was gone already.
    pub async fn detach(&mut self, link: &LinkId) -> Result<bool, StoreError> {
        sqlx::query(
            "DELETE FROM old_digests WHERE EXISTS (SELECT 1 FROM links
                 WHERE links.id = $1 AND links.agency = old_digests.agency AND links.login_key = old_digests.login_key)",
        )
        .bind(link.as_str())
        .execute(self.conn())
        .await?;
        let gone = sqlx::query("DELETE FROM links WHERE id = $1").bind(link.as_str()).execute(self.conn()).await?;
        Ok(gone.rows_affected() == 1)
    }

    /// Whether an attachment was made before this moment.
    pub async fn is_attached_before(&mut self, link: &LinkId, moment: Timestamp) -> Result<bool, StoreError> {
        let found = sqlx::query("SELECT id FROM links WHERE id = $1 AND created_at < $2")
            .bind(link.as_str())
            .bind(millis(moment))
            .fetch_optional(self.conn())
            .await?;
        Ok(found.is_some())
    }

    /// Provisional credentials that had their one use can be used once more, within their time.
    pub async fn give_back_provisional(&mut self, agency: &AgencyCode, login: &LegacyLogin) -> Result<(), StoreError> {
        sqlx::query("UPDATE roster SET used_at = NULL WHERE agency = $1 AND login_key = $2")
            .bind(agency.to_string())
            .bind(login.key())
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Takes an account off the agency's roster; false if it was not there.
    pub async fn delete_roster_line(&mut self, agency: &AgencyCode, login: &LegacyLogin) -> Result<bool, StoreError> {
        let gone = sqlx::query("DELETE FROM roster WHERE agency = $1 AND login_key = $2")
            .bind(agency.to_string())
            .bind(login.key())
            .execute(self.conn())
            .await?;
        Ok(gone.rows_affected() == 1)
    }

    /// Since when the roster says that its account's holder has it; None where it does not say.
    pub async fn roster_since(
        &mut self,
        agency: &AgencyCode,
        login: &LegacyLogin,
    ) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT since FROM roster WHERE agency = $1 AND login_key = $2")
            .bind(agency.to_string())
            .bind(login.key())
            .fetch_optional(self.conn())
            .await?;
        row.map_or(Ok(None), |row| row.opt_text("since"))
    }

    /// Writes down since when the holder of a roster's account has it.
    pub async fn set_roster_since(
        &mut self,
        agency: &AgencyCode,
        login: &LegacyLogin,
        since: &str,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE roster SET since = $1 WHERE agency = $2 AND login_key = $3")
            .bind(since)
            .bind(agency.to_string())
            .bind(login.key())
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Every account of the agency that somebody has, is about to get, or that the roster knows.
    pub async fn logins_of(&mut self, agency: &AgencyCode) -> Result<Vec<LegacyLogin>, StoreError> {
        sqlx::query(
            "SELECT login FROM roster WHERE agency = $1
             UNION SELECT l.login FROM links l WHERE l.agency = $1
                 AND NOT EXISTS (SELECT 1 FROM roster r WHERE r.agency = l.agency AND r.login_key = l.login_key)
             UNION SELECT f.login_key AS login FROM flows f WHERE f.agency = $1 AND f.state = 'open'
                 AND NOT EXISTS (SELECT 1 FROM roster r WHERE r.agency = f.agency AND r.login_key = f.login_key)
                 AND NOT EXISTS (SELECT 1 FROM links l WHERE l.agency = f.agency AND l.login_key = f.login_key)",
        )
        .bind(agency.to_string())
        .fetch_all(self.conn())
        .await?
        .iter()
        .map(|row| row.login("login"))
        .collect()
    }
}
