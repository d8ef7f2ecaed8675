//! What a new password of somebody who has one already may not be (000 II.B and II.C, SEC-205).

use std::sync::Arc;

use super::hasher::Comparison;
use super::{App, Fault};
use crate::domain::agency::Agency;
use crate::domain::credential::Credential;
use crate::domain::identity::{IdentityId, Link};
use crate::domain::password::{Broken, Known, normalised, readings};
use crate::domain::policy::AgencyPolicy;
use crate::domain::secret::Secret;

/// What the person's agencies set for it.
pub(super) async fn policy(app: &App, identity: &IdentityId) -> Result<AgencyPolicy, Fault> {
    Ok(app.policy_for(None, &app.store.read().await?.links_of(identity).await?))
}

/// Every rule that it breaks, by all of the person's agencies: those of their policies, what is known of the person, that
/// it is another one than the present, and none of the extranets'.
pub(super) async fn broken_by(
    app: &App,
    credential: &Credential,
    links: &[Link],
    password: &Secret,
) -> Result<Vec<Broken>, Fault> {
    let directory = app.directory();
    let agencies: Vec<&Arc<Agency>> = links.iter().filter_map(|link| directory.agency(&link.account.agency)).collect();
    let mut known = Known { own: vec![credential.email.as_str()], agency: Vec::new() };
    for link in links {
        known.own.push(link.account.login.as_str());
        known.own.extend(link.account.name.as_deref());
    }
    for agency in agencies {
        known.agency.extend([agency.brand.name.as_str(), agency.code.client(), agency.code.societe()]);
    }
    let broken = app.policy_for(None, links).password.broken_by(password, &known);
    if !broken.is_empty() {
        return Ok(broken);
    }
    let compared = app.hasher.compare(password.clone(), credential.password.clone()).await?;
    if compared != Comparison::Wrong {
        return Ok(vec![Broken::Unchanged]);
    }
    for link in links {
        if is_old(app, link, password).await? {
            return Ok(vec![Broken::Old]);
        }
    }
    Ok(broken)
}

/// Whether it is the password of an account in its extranet: the one that is kept, or, where none is, the one that the
/// account was migrated with. One that was changed there since, past us, is known to nobody here (decision 53).
async fn is_old(app: &App, link: &Link, password: &Secret) -> Result<bool, Fault> {
    let (agency, login) = (&link.account.agency, &link.account.login);
    let mut tx = app.store.read().await?;
    let kept = tx.legacy_secret(&link.id).await?;
    let digest = tx.old_digest(agency, login).await?;
    drop(tx);
    if let Some(kept) = kept {
        match app.vault()?.open(link.id.as_str(), &kept.sealed) {
            Ok(kept) => {
                let kept = normalised(&kept);
                return Ok(readings(password).iter().any(|reading| reading.matches(&kept)));
            }
            // A password that cannot be opened is no reason to keep somebody from choosing one here.
            Err(error) => tracing::error!(%agency, %error, "a kept password cannot be opened"),
        }
    }
    let Some(digest) = digest else { return Ok(false) };
    Ok(app.hasher.compare(password.clone(), digest).await? != Comparison::Wrong)
}
