//! Who reads letters at an address: by their names where their agencies know them (b18).

use super::{Mailer, Unsent};
use crate::domain::identity::Link;
use crate::domain::mail::Mail;

/// One person who reads there.
pub(super) struct Reader {
    /// Their accounts.
    pub(super) links: Vec<Link>,
}

impl Reader {
    fn name(&self) -> Option<&str> {
        self.links.iter().find_map(|link| link.account.name.as_deref())
    }
}

/// Everybody whose letters go to this address; nobody where it is not proven to be anybody's.
pub(super) async fn readers(mailer: &Mailer, mail: &Mail) -> Result<Vec<Reader>, Unsent> {
    let mut tx = mailer.store.read().await?;
    let mut readers = Vec::new();
    for owner in tx.owners_of(&mail.to).await? {
        readers.push(Reader { links: tx.links_of(&owner).await? });
    }
    Ok(readers)
}

/// Their names, as a letter greets them; none where one of them has none.
pub(super) fn greeted(readers: &[Reader]) -> Option<String> {
    let mut names: Vec<&str> = readers.iter().map(Reader::name).collect::<Option<_>>()?;
    names.dedup();
    (!names.is_empty()).then(|| names.join(", "))
}
