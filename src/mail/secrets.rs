//! The one-time secrets of a letter: made when it is written for somebody who takes it, kept as digests only.
//!
//! A letter that has to be repeated gets new ones, and those of the copy before stay good in their own time
//! (docs/decisions/0026-secrets-of-a-repeated-letter.md).

use super::{Mailer, Unsent};
use crate::domain::challenge::{ChallengeId, CodeDigest};
use crate::domain::policy::ProofMethod;
use crate::domain::secret::{Secret, eight_digits, long_secret};
use crate::domain::warning::WarningId;

/// The secrets of a letter that is answered by link or code.
pub(super) struct Secrets {
    pub(super) link: Option<Secret>,
    pub(super) code: Option<Secret>,
    pub(super) code_minutes: u32,
    pub(super) link_minutes: u32,
}

impl Secrets {
    fn made(mailer: &Mailer, method: ProofMethod, code_minutes: u32, link_minutes: u32) -> Self {
        Self {
            link: method.has_link().then(|| long_secret(&*mailer.dice)),
            code: method.has_code().then(|| eight_digits(&*mailer.dice)),
            code_minutes,
            link_minutes,
        }
    }

    /// What may be kept of the code; `asked` is the id of what it answers.
    fn code_digest(&self, mailer: &Mailer, asked: &str) -> Result<Option<CodeDigest>, Unsent> {
        match (&self.code, &mailer.vault) {
            (Some(code), Some(vault)) => Ok(Some(vault.code_digest(asked, code))),
            (Some(_), None) => Err(Unsent::Unreadable("its code needs a vault key, and there is none".to_owned())),
            (None, _) => Ok(None),
        }
    }
}

/// Makes the secrets of a proof's letter; their time counts from here. A newer letter goes before an older one.
pub(super) async fn of_proof(mailer: &Mailer, id: &ChallengeId, issue: u32) -> Result<Secrets, Unsent> {
    let mut tx = mailer.store.write().await?;
    let challenge = tx.challenge(id).await?.ok_or(Unsent::Superseded)?;
    let terms = challenge.terms;
    let secrets = Secrets::made(mailer, terms.method, terms.code_minutes, terms.link_minutes);
    let code = secrets.code_digest(mailer, id.as_str())?;
    let link = secrets.link.as_ref().map(Secret::digest);
    if !tx.mark_sent(id, issue, code.as_ref(), link, mailer.clock.now()).await? {
        return Err(Unsent::Superseded);
    }
    tx.commit().await?;
    Ok(secrets)
}

/// Makes the link of « Ce n'est pas moi » in a letter that warns; none where what it warned of is over.
pub(super) async fn of_warning(mailer: &Mailer, warning: &WarningId) -> Result<Option<Secret>, Unsent> {
    let secret = long_secret(&*mailer.dice);
    let mut tx = mailer.store.write().await?;
    let is_open = tx.mark_warning_sent(warning, secret.digest(), mailer.clock.now()).await?;
    tx.commit().await?;
    Ok(is_open.then_some(secret))
}

/// Makes the secrets of a reset; their time counts from here.
pub(super) async fn of_reset(mailer: &Mailer, recovery: &str) -> Result<Secrets, Unsent> {
    let mut tx = mailer.store.write().await?;
    let terms = tx.recovery_terms(recovery).await?.ok_or(Unsent::Superseded)?;
    let secrets = Secrets::made(mailer, terms.method, terms.code_minutes, terms.link_minutes);
    let code = secrets.code_digest(mailer, recovery)?;
    let link = secrets.link.as_ref().map(Secret::digest);
    if !tx.mark_recovery_sent(recovery, code.as_ref(), link, mailer.clock.now()).await? {
        return Err(Unsent::Superseded);
    }
    tx.commit().await?;
    Ok(secrets)
}
