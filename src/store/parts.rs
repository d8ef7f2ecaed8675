//! Accounts with a password of their own: each is a part of its person, which has that one account (decision 92).

use super::rows::Columns as _;
use super::{StoreError, Tx};
use crate::domain::identity::{IdentityId, Link, LinkId};

impl Tx {
    /// Makes somebody who was just created a part of a person.
    pub async fn set_part_of(&mut self, part: &IdentityId, whole: &IdentityId) -> Result<(), StoreError> {
        sqlx::query("UPDATE identities SET part_of = $1 WHERE id = $2")
            .bind(whole.as_str())
            .bind(part.as_str())
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// The person whose part this is; none where it is a person itself.
    pub async fn whole_of(&mut self, identity: &IdentityId) -> Result<Option<IdentityId>, StoreError> {
        let row = sqlx::query("SELECT part_of FROM identities WHERE id = $1")
            .bind(identity.as_str())
            .fetch_optional(self.conn())
            .await?;
        Ok(row.map(|row| row.opt_text("part_of")).transpose()?.flatten().map(IdentityId::stored))
    }

    /// The parts of a person.
    pub async fn parts_of(&mut self, whole: &IdentityId) -> Result<Vec<IdentityId>, StoreError> {
        sqlx::query("SELECT id FROM identities WHERE part_of = $1 ORDER BY created_at, id")
            .bind(whole.as_str())
            .fetch_all(self.conn())
            .await?
            .iter()
            .map(|row| row.text("id").map(IdentityId::stored))
            .collect()
    }

    /// Gives an account to a part of its person, or back, with the old password that is kept for it; it is open nowhere any
    /// more. False, and nothing changed, if it was not that one's.
    pub async fn hand_link(&mut self, link: &Link, to: &IdentityId) -> Result<bool, StoreError> {
        let handed = sqlx::query("UPDATE links SET identity_id = $1 WHERE id = $2 AND identity_id = $3")
            .bind(to.as_str())
            .bind(link.id.as_str())
            .bind(link.identity.as_str())
            .execute(self.conn())
            .await?;
        if handed.rows_affected() != 1 {
            return Ok(false);
        }
        self.close_everywhere(&link.id).await?;
        Ok(true)
    }

    async fn close_everywhere(&mut self, link: &LinkId) -> Result<(), StoreError> {
        for statement in [
            "DELETE FROM agency_cookies WHERE link_id = $1",
            "DELETE FROM open_accounts WHERE link_id = $1",
            "DELETE FROM upstream_cookies WHERE link_id = $1",
            "DELETE FROM handovers WHERE link_id = $1",
        ] {
            sqlx::query(statement).bind(link.as_str()).execute(self.conn()).await?;
        }
        Ok(())
    }

    /// Takes a part away that has no account any more, with its password.
    pub async fn remove_part(&mut self, part: &IdentityId) -> Result<(), StoreError> {
        sqlx::query(
            "DELETE FROM identities WHERE id = $1 AND part_of IS NOT NULL
                 AND NOT EXISTS (SELECT 1 FROM links WHERE links.identity_id = identities.id)",
        )
        .bind(part.as_str())
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Makes every open reset of a person's parts worth nothing.
    pub async fn supersede_recoveries_of_parts(&mut self, whole: &IdentityId) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE recoveries SET superseded = 1 WHERE superseded = 0 AND used_at IS NULL
                 AND identity_id IN (SELECT id FROM identities WHERE part_of = $1)",
        )
        .bind(whole.as_str())
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
