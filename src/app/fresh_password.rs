//! What a new password of somebody who has one already may not be (000 II.B and II.C, SEC-205).

use std::sync::Arc;

use super::App;
use super::hasher::{Comparison, Crowded};
use crate::domain::agency::Agency;
use crate::domain::credential::Credential;
use crate::domain::identity::Link;
use crate::domain::password::{Broken, Known};
use crate::domain::secret::Secret;

/// Every rule that it breaks, by all of the person's agencies: those of their policies, what is known of the person, and
/// that it is another one than the present.
pub(super) async fn broken_by(
    app: &App,
    credential: &Credential,
    links: &[Link],
    password: &Secret,
) -> Result<Vec<Broken>, Crowded> {
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
    Ok(if compared == Comparison::Wrong { broken } else { vec![Broken::Unchanged] })
}
