//! What an import of a roster replaced, for who undoes it.

use jiff::Timestamp;

use super::rows::{Columns as _, corrupt, millis};
use super::{StoreError, Tx};
use crate::domain::agency_code::AgencyCode;
use crate::domain::identity::{IdentityId, LegacyLogin, LinkId};
use crate::domain::mail::LetterId;
use crate::domain::roster::ImportId;

/// An account that an import took from its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenLink {
    /// The attachment.
    pub link: LinkId,
    /// Whose it was.
    pub identity: IdentityId,
    /// Which account.
    pub login: LegacyLogin,
    /// The letter that told of it.
    pub letter: Option<LetterId>,
    /// Whether that letter has gone out.
    pub told: bool,
}

impl Tx {
    /// Begins to keep what an import replaces.
    pub async fn begin_import(&mut self, id: &ImportId, agency: &AgencyCode, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO imports (id, agency, begun_at) VALUES ($1, $2, $3)")
            .bind(id.as_str())
            .bind(agency.to_string())
            .bind(millis(now))
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Keeps what the roster says of an account, unless this import has touched it before.
    pub async fn keep_line_before(
        &mut self,
        import: &ImportId,
        agency: &AgencyCode,
        login: &LegacyLogin,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO import_lines
                 (import_id, login_key, there, login_fold, login, name, kind, email, password, expires_at, used_at,
                  imported_at, since, holding, person, closed_at, closed_fold, closed_spelled)
             SELECT CAST($1 AS TEXT), CAST($3 AS TEXT), CASE WHEN r.login_key IS NULL THEN 0 ELSE 1 END, r.login_fold,
                 r.login, r.name, r.kind, r.email, r.password, r.expires_at, r.used_at, r.imported_at, r.since,
                 r.holding, r.person, c.closed_at, c.login_fold, c.spelled
             FROM (SELECT 1 AS one) AS one_row
                 LEFT JOIN roster r ON r.agency = $2 AND r.login_key = $3
                 LEFT JOIN closed_accounts c ON c.agency = $2 AND c.login_key = $3
             WHERE one_row.one = 1
             ON CONFLICT (import_id, login_key) DO NOTHING",
        )
        .bind(import.as_str())
        .bind(agency.to_string())
        .bind(login.key())
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Keeps an attachment that is about to be taken away, with what hangs on it.
    pub async fn keep_link_before(&mut self, import: &ImportId, link: &LinkId) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO import_links
                 (import_id, link_id, identity_id, login_key, login_fold, login, name, kind, created_at, old_digest,
                  version, key_id, nonce, ciphertext, kept_at, worked, refused_at, tried_at)
             SELECT CAST($1 AS TEXT), l.id, l.identity_id, l.login_key, l.login_fold, l.login, l.name, l.kind,
                 l.created_at, d.digest, s.version, s.key_id, s.nonce, s.ciphertext, s.kept_at, s.worked, s.refused_at,
                 s.tried_at
             FROM links l LEFT JOIN legacy_secrets s ON s.link_id = l.id
                 LEFT JOIN old_digests d ON d.agency = l.agency AND d.login_key = l.login_key
             WHERE l.id = $2
             ON CONFLICT (import_id, link_id) DO NOTHING",
        )
        .bind(import.as_str())
        .bind(link.as_str())
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Keeps which letter told of it.
    pub async fn keep_letter_of(
        &mut self,
        import: &ImportId,
        link: &LinkId,
        letter: &LetterId,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE import_links SET letter_id = $1 WHERE import_id = $2 AND link_id = $3")
            .bind(letter.as_str())
            .bind(import.as_str())
            .bind(link.as_str())
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// The last import of an agency that can be undone, and when it began.
    pub async fn last_import(&mut self, agency: &AgencyCode) -> Result<Option<(ImportId, Timestamp)>, StoreError> {
        sqlx::query("SELECT id, begun_at FROM imports WHERE agency = $1 ORDER BY begun_at DESC, id LIMIT 1")
            .bind(agency.to_string())
            .fetch_optional(self.conn())
            .await?
            .map(|row| Ok((ImportId::stored(row.text("id")?), row.time("begun_at")?)))
            .transpose()
    }

    /// The accounts that an import touched.
    pub async fn lines_of_import(&mut self, import: &ImportId) -> Result<Vec<LegacyLogin>, StoreError> {
        sqlx::query("SELECT login_key FROM import_lines WHERE import_id = $1 ORDER BY login_key")
            .bind(import.as_str())
            .fetch_all(self.unhurried())
            .await?
            .iter()
            .map(|row| row.login("login_key"))
            .collect()
    }

    /// The accounts that an import took from their persons.
    pub async fn links_of_import(&mut self, import: &ImportId) -> Result<Vec<TakenLink>, StoreError> {
        sqlx::query(
            "SELECT i.link_id AS link_id, i.identity_id AS identity_id, i.login AS login, i.letter_id AS letter_id,
                 l.state AS state
             FROM import_links i LEFT JOIN letters l ON l.id = i.letter_id
             WHERE i.import_id = $1 ORDER BY i.link_id",
        )
        .bind(import.as_str())
        .fetch_all(self.unhurried())
        .await?
        .iter()
        .map(|row| {
            Ok(TakenLink {
                link: LinkId::stored(row.text("link_id")?),
                identity: IdentityId::stored(row.text("identity_id")?),
                login: row.login("login")?,
                letter: row.opt_text("letter_id")?.map(LetterId::stored),
                told: row.opt_text("state")?.as_deref() == Some("sent"),
            })
        })
        .collect()
    }

    /// Lets the roster say of an account what it said before the import; false, and nothing changed, if somebody has got
    /// it since, or is about to, as a holder whom it had not before.
    pub async fn put_line_back(
        &mut self,
        (import, begun): (&ImportId, Timestamp),
        agency: &AgencyCode,
        login: &LegacyLogin,
    ) -> Result<bool, StoreError> {
        if self.is_anothers_since((import, begun), agency, login).await? {
            return Ok(false);
        }
        for statement in [
            // Who has used the provisional credentials since has used them.
            "UPDATE import_lines SET used_at = COALESCE(
                 (SELECT r.used_at FROM roster r WHERE r.agency = $2 AND r.login_key = $3
                      AND r.holding = import_lines.holding), used_at)
             WHERE import_id = $1 AND login_key = $3",
            "DELETE FROM roster WHERE agency = $2 AND login_key = $3
                 AND EXISTS (SELECT 1 FROM import_lines i WHERE i.import_id = $1 AND i.login_key = $3)",
            "DELETE FROM closed_accounts WHERE agency = $2 AND login_key = $3
                 AND EXISTS (SELECT 1 FROM import_lines i WHERE i.import_id = $1 AND i.login_key = $3)",
            "INSERT INTO roster (agency, login_key, login_fold, login, name, kind, email, password, expires_at, used_at,
                 imported_at, since, holding, person)
             SELECT CAST($2 AS TEXT), login_key, login_fold, login, name, kind, email, password, expires_at, used_at,
                 imported_at, since, holding, person
             FROM import_lines WHERE import_id = $1 AND login_key = $3 AND there = 1",
            "INSERT INTO closed_accounts (agency, login_key, login_fold, spelled, closed_at)
             SELECT CAST($2 AS TEXT), login_key, closed_fold, closed_spelled, closed_at
             FROM import_lines WHERE import_id = $1 AND login_key = $3 AND closed_at IS NOT NULL",
        ] {
            sqlx::query(statement)
                .bind(import.as_str())
                .bind(agency.to_string())
                .bind(login.key())
                .execute(self.conn())
                .await?;
        }
        Ok(true)
    }

    /// Whether somebody has got the account since the import, or is about to, as a holder whom the roster had not before.
    pub async fn is_anothers_since(
        &mut self,
        (import, begun): (&ImportId, Timestamp),
        agency: &AgencyCode,
        login: &LegacyLogin,
    ) -> Result<bool, StoreError> {
        let row = sqlx::query(
            "SELECT i.login_key AS login_key FROM import_lines i
             WHERE i.import_id = $1 AND i.login_key = $3
                 AND NOT EXISTS (SELECT 1 FROM roster r WHERE r.agency = $2 AND r.login_key = $3 AND r.holding = i.holding)
                 AND (EXISTS (SELECT 1 FROM links l WHERE l.agency = $2 AND l.login_key = $3 AND l.created_at >= $4)
                     OR EXISTS (SELECT 1 FROM flows f WHERE f.agency = $2 AND f.login_key = $3 AND f.state = 'open'
                         AND f.started_at >= $4))",
        )
        .bind(import.as_str())
        .bind(agency.to_string())
        .bind(login.key())
        .bind(millis(begun))
        .fetch_optional(self.conn())
        .await?;
        Ok(row.is_some())
    }

    /// How many accounts their persons would have again, and how many letters about that would not go out.
    pub async fn links_to_put_back(
        &mut self,
        (import, begun): (&ImportId, Timestamp),
        agency: &AgencyCode,
    ) -> Result<(u64, u64), StoreError> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS links, COUNT(CASE WHEN m.state IN ('queued', 'held') THEN 1 END) AS letters
             FROM import_links i LEFT JOIN letters m ON m.id = i.letter_id
             WHERE i.import_id = $1
                 AND NOT EXISTS (SELECT 1 FROM links l WHERE l.agency = $2 AND l.login_fold = i.login_fold
                     AND l.created_at >= $3)
                 AND NOT EXISTS (SELECT 1 FROM links l WHERE l.id = i.link_id
                     OR (l.agency = $2 AND l.login_key = i.login_key))",
        )
        .bind(import.as_str())
        .bind(agency.to_string())
        .bind(millis(begun))
        .fetch_one(self.unhurried())
        .await?;
        let count = |column| u64::try_from(row.int(column)?).map_err(|_| corrupt(column));
        Ok((count("links")?, count("letters")?))
    }

    /// Gives an account back to the person from whom an import took it, with the old password that was kept for it; false
    /// if somebody has it by now, under whatever spelling.
    pub async fn put_link_back(
        &mut self,
        import: &ImportId,
        agency: &AgencyCode,
        link: &LinkId,
    ) -> Result<bool, StoreError> {
        let given = sqlx::query(
            "INSERT INTO links (id, identity_id, agency, login_key, login_fold, login, name, kind, created_at)
             SELECT link_id, identity_id, CAST($2 AS TEXT), login_key, login_fold, login, name, kind, created_at
             FROM import_links i WHERE i.import_id = $1 AND i.link_id = $3
                 AND NOT EXISTS (SELECT 1 FROM links l WHERE l.agency = $2 AND l.login_fold = i.login_fold
                     AND l.created_at >= (SELECT begun_at FROM imports WHERE id = $1))
             ON CONFLICT DO NOTHING",
        )
        .bind(import.as_str())
        .bind(agency.to_string())
        .bind(link.as_str())
        .execute(self.conn())
        .await?;
        if given.rows_affected() != 1 {
            return Ok(false);
        }
        for statement in [
            "INSERT INTO legacy_secrets (link_id, version, key_id, nonce, ciphertext, kept_at, worked, refused_at, tried_at)
             SELECT link_id, version, key_id, nonce, ciphertext, kept_at, worked, refused_at, tried_at
             FROM import_links WHERE import_id = $1 AND link_id = $3 AND key_id IS NOT NULL AND $2 <> ''",
            "INSERT INTO old_digests (agency, login_key, digest)
             SELECT CAST($2 AS TEXT), login_key, old_digest
             FROM import_links WHERE import_id = $1 AND link_id = $3 AND old_digest IS NOT NULL
             ON CONFLICT DO NOTHING",
        ] {
            sqlx::query(statement)
                .bind(import.as_str())
                .bind(agency.to_string())
                .bind(link.as_str())
                .execute(self.conn())
                .await?;
        }
        Ok(true)
    }

    /// Forgets what an import replaced: it cannot be undone any more.
    pub async fn forget_import(&mut self, import: &ImportId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM imports WHERE id = $1").bind(import.as_str()).execute(self.unhurried()).await?;
        Ok(())
    }

    /// What the roster of an agency says of each account's holder.
    pub async fn roster_holders(
        &mut self,
        agency: &AgencyCode,
    ) -> Result<Vec<(LegacyLogin, Option<String>)>, StoreError> {
        sqlx::query("SELECT login, since FROM roster WHERE agency = $1")
            .bind(agency.to_string())
            .fetch_all(self.unhurried())
            .await?
            .iter()
            .map(|row| Ok((row.login("login")?, row.opt_text("since")?)))
            .collect()
    }
}
