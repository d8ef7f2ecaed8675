//! Everything that the vault has sealed, for the rotation of its key: found by key, replaced only where nobody else did.

use sqlx::any::AnyRow;

use super::rows::Columns as _;
use super::{Sealed, StoreError, Tx};
use crate::domain::identity::{IdentityId, LinkId};
use crate::domain::migration::FlowId;
use crate::domain::roster::ImportId;
use crate::domain::session::SessionId;

/// Where a sealed secret stands; the vault binds it to that place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealedPlace {
    /// The old password of an attached account.
    Link(LinkId),
    /// The old password in a run of the wizard.
    Flow(FlowId),
    /// The old password of an account that an import has taken from its person, for who undoes it.
    Import(ImportId, LinkId),
    /// The extranet's cookies of a session.
    Cookies(SessionId, LinkId),
}

/// The kinds of places, in the order in which a rotation goes through them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SealedKind {
    /// Old passwords of attached accounts.
    Links,
    /// Old passwords in runs of the wizard.
    Flows,
    /// Old passwords of accounts that an import has taken from their persons.
    Imports,
    /// Extranets' cookies.
    Cookies,
}

/// How many secrets of a kind are sealed with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedCount {
    /// Which kind.
    pub kind: SealedKind,
    /// The key's name.
    pub key_id: String,
    /// How many.
    pub count: u64,
}

impl SealedPlace {
    /// What the vault binds a secret to in this place.
    #[must_use]
    pub fn context(&self) -> String {
        match self {
            // It is given back with the account, as it is.
            Self::Link(link) | Self::Import(_, link) => link.as_str().to_owned(),
            Self::Flow(flow) => flow.as_str().to_owned(),
            Self::Cookies(session, link) => format!("{}:{}", session.as_str(), link.as_str()),
        }
    }
}

impl SealedKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Links, Self::Flows, Self::Imports, Self::Cookies];
}

impl Tx {
    /// Some secrets of a kind that another key than this one has sealed, in the order of their places, from the one
    /// behind `after` on.
    pub async fn sealed_otherwise(
        &mut self,
        kind: SealedKind,
        key_id: &str,
        after: Option<&SealedPlace>,
        limit: u32,
    ) -> Result<Vec<(SealedPlace, Sealed)>, StoreError> {
        let statement = match kind {
            SealedKind::Links => {
                "SELECT link_id AS place, link_id AS part, key_id, nonce, ciphertext FROM legacy_secrets
                 WHERE key_id <> $1 AND (link_id > $2 OR link_id = $2 AND link_id > $3)
                 ORDER BY link_id LIMIT $4"
            }
            SealedKind::Flows => {
                "SELECT id AS place, id AS part, secret_key_id AS key_id, secret_nonce AS nonce,
                     secret_ciphertext AS ciphertext FROM flows
                 WHERE secret_key_id <> $1 AND (id > $2 OR id = $2 AND id > $3) ORDER BY id LIMIT $4"
            }
            SealedKind::Imports => {
                "SELECT import_id AS place, link_id AS part, key_id, nonce, ciphertext FROM import_links
                 WHERE key_id <> $1 AND (import_id > $2 OR import_id = $2 AND link_id > $3)
                 ORDER BY import_id, link_id LIMIT $4"
            }
            SealedKind::Cookies => {
                "SELECT session_id AS place, link_id AS part, key_id, nonce, ciphertext FROM upstream_cookies
                 WHERE key_id <> $1 AND (session_id > $2 OR session_id = $2 AND link_id > $3)
                 ORDER BY session_id, link_id LIMIT $4"
            }
        };
        let (place, part) = after.map_or(("", ""), SealedPlace::parts);
        sqlx::query(statement)
            .bind(key_id.to_owned())
            .bind(place.to_owned())
            .bind(part.to_owned())
            .bind(i64::from(limit))
            .fetch_all(self.conn())
            .await?
            .iter()
            .map(|row| Ok((kind.place(row)?, row.sealed()?)))
            .collect()
    }

    /// Puts the same secret, sealed anew, in the place of what was read; false if that is not there any more.
    pub async fn reseal(&mut self, place: &SealedPlace, read: &Sealed, anew: &Sealed) -> Result<bool, StoreError> {
        let statement = match place {
            SealedPlace::Link(_) => {
                "UPDATE legacy_secrets SET key_id = $1, nonce = $2, ciphertext = $3
                 WHERE link_id = $4 AND link_id = $5 AND nonce = $6"
            }
            SealedPlace::Flow(_) => {
                "UPDATE flows SET secret_key_id = $1, secret_nonce = $2, secret_ciphertext = $3
                 WHERE id = $4 AND id = $5 AND secret_nonce = $6"
            }
            SealedPlace::Import(..) => {
                "UPDATE import_links SET key_id = $1, nonce = $2, ciphertext = $3
                 WHERE import_id = $4 AND link_id = $5 AND nonce = $6"
            }
            SealedPlace::Cookies(..) => {
                "UPDATE upstream_cookies SET key_id = $1, nonce = $2, ciphertext = $3
                 WHERE session_id = $4 AND link_id = $5 AND nonce = $6"
            }
        };
        let (first, second) = place.parts();
        let updated = sqlx::query(statement)
            .bind(anew.key_id.as_str())
            .bind(anew.nonce.as_slice())
            .bind(anew.ciphertext.as_slice())
            .bind(first)
            .bind(second)
            .bind(read.nonce.as_slice())
            .execute(self.conn())
            .await?;
        Ok(updated.rows_affected() == 1)
    }

    /// So many people in the order of their names, those behind `after`: what is sealed elsewhere is found over them.
    pub async fn people_behind(
        &mut self,
        after: Option<&IdentityId>,
        limit: u32,
    ) -> Result<Vec<IdentityId>, StoreError> {
        sqlx::query("SELECT id FROM identities WHERE id > $1 ORDER BY id LIMIT $2")
            .bind(after.map_or("", IdentityId::as_str).to_owned())
            .bind(i64::from(limit))
            .fetch_all(self.conn())
            .await?
            .iter()
            .map(|row| Ok(IdentityId::stored(row.text("id")?)))
            .collect()
    }

    /// How many secrets of each kind each key has sealed.
    pub async fn sealed_counts(&mut self) -> Result<Vec<SealedCount>, StoreError> {
        let mut counts = Vec::new();
        for (kind, statement) in [
            (
                SealedKind::Links,
                "SELECT key_id, COUNT(*) AS sealed FROM legacy_secrets GROUP BY key_id ORDER BY key_id",
            ),
            (
                SealedKind::Flows,
                "SELECT secret_key_id AS key_id, COUNT(*) AS sealed FROM flows WHERE secret_key_id IS NOT NULL
                 GROUP BY secret_key_id ORDER BY secret_key_id",
            ),
            (
                SealedKind::Imports,
                "SELECT key_id, COUNT(*) AS sealed FROM import_links WHERE key_id IS NOT NULL
                 GROUP BY key_id ORDER BY key_id",
            ),
            (
                SealedKind::Cookies,
                "SELECT key_id, COUNT(*) AS sealed FROM upstream_cookies GROUP BY key_id ORDER BY key_id",
            ),
        ] {
            for row in sqlx::query(statement).fetch_all(self.conn()).await? {
                counts.push(SealedCount {
                    kind,
                    key_id: row.text("key_id")?,
                    count: u64::try_from(row.int("sealed")?).unwrap_or_default(),
                });
            }
        }
        Ok(counts)
    }
}

impl SealedPlace {
    fn parts(&self) -> (&str, &str) {
        match self {
            Self::Link(link) => (link.as_str(), link.as_str()),
            Self::Flow(flow) => (flow.as_str(), flow.as_str()),
            Self::Import(import, link) => (import.as_str(), link.as_str()),
            Self::Cookies(session, link) => (session.as_str(), link.as_str()),
        }
    }
}

impl SealedKind {
    fn place(self, row: &AnyRow) -> Result<SealedPlace, StoreError> {
        let part = row.text("part")?;
        Ok(match self {
            Self::Links => SealedPlace::Link(LinkId::stored(part)),
            Self::Flows => SealedPlace::Flow(FlowId::stored(part)),
            Self::Imports => SealedPlace::Import(ImportId::stored(row.text("place")?), LinkId::stored(part)),
            Self::Cookies => SealedPlace::Cookies(SessionId::stored(row.text("place")?), LinkId::stored(part)),
        })
    }
}
