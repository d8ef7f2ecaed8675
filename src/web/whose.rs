//! Whose page it is that a browser meets, where the page itself does not say: an agency that is known keeps its name, its
//! telephone and its sign-in before people's eyes, wherever they are lost (§27, §28, decision 96).
//!
//! What is known here dresses a page and says where its button leads. It never decides who somebody is or what they may do:
//! anybody can write codes into an address.

use std::sync::Arc;

use super::Web;
use super::cookies::Kind;
use super::guest::Guest;
use super::known::{Known, OfSession, codes_in};
use crate::app::Fault;
use crate::app::agency_codes::{self, Found};
use crate::app::links::{self, Belongs};
use crate::app::wizard::run;
use crate::domain::agency::Agency;
use crate::domain::routing::Place;
use crate::domain::secret::Secret;

impl Guest {
    /// The agency of a page that is nobody's in particular; none where several are meant, or nothing is known.
    #[must_use]
    pub fn known(&self) -> Option<&Arc<Agency>> {
        let Known { meant, session, named, last } = &self.known;
        match (meant, session) {
            (Some(agency), _) | (None, OfSession::One(agency)) => Some(agency),
            (None, OfSession::Several(_)) => None,
            (None, OfSession::Nowhere) => named.as_ref().or(last.as_ref()),
        }
    }

    /// The agency that is asked for help, where neither the page's own nor the portal has a contact.
    pub(super) fn reached(&self) -> Option<&Arc<Agency>> {
        match &self.known.session {
            OfSession::Several(reached) => self.known.meant.as_ref().or(reached.as_ref()),
            OfSession::One(_) | OfSession::Nowhere => self.known(),
        }
    }

    /// What the request alone tells: the codes in its address, or in that of the page whose form it sends, and what the
    /// browser remembers.
    pub(super) async fn learn(&mut self, web: &Web) {
        if let Some(host) = self.arrival.place.host() {
            self.known.named = host.remembered(self.cookie(Kind::Account)).map(|house| house.agency);
            return;
        }
        if !matches!(self.arrival.place, Place::Portal) {
            return;
        }
        self.known.last = self.last_agency(web).or_else(|| web.app.directory().only_agency().cloned());
        let codes = codes_in(&self.here).or_else(|| {
            let before = self.page_before(web).filter(|_| self.posts)?;
            codes_in(before.as_str())
        });
        if let Some((client, societe)) = codes
            && let Ok(Found::Agency(agency)) = agency_codes::find(&web.app, &self.caller, &client, &societe).await
        {
            self.known.named = Some(agency);
        }
    }

    /// The run that is open in this browser tells, too. What cannot be found out is not known.
    pub async fn learn_of_run(&mut self, web: &Web) {
        if self.known.named.is_none()
            && self.secret_cookie(Kind::Browser).is_some()
            && let Ok(Some(open)) = run::open(&web.app, &self.caller).await
        {
            self.known.named = Some(open.agency);
        }
    }

    /// A letter's link tells by what it belongs to, also where it opens nothing any more; else by its codes.
    pub async fn learn_of_link(&mut self, web: &Web, secret: &Secret) -> Result<Option<Belongs>, Fault> {
        let belongs = links::belongs_to(&web.app, secret).await?;
        self.means_its_codes();
        if belongs.is_none() {
            self.learn_of_run(web).await;
            learn_of_session(self, web).await;
        }
        if let Some(agency) = belongs.as_ref().and_then(|belongs| belongs.agency.clone()) {
            self.known.meant = Some(agency);
        }
        Ok(belongs)
    }

    /// The codes in the address count before what is known of who is signed in.
    pub fn means_its_codes(&mut self) {
        self.known.meant = self.known.named.clone();
    }

    /// Somebody is signed in who has accounts at these agencies.
    pub(super) fn has_accounts_at(&mut self, mut agencies: Vec<Arc<Agency>>) {
        self.known.session = match agencies.len() {
            0 => OfSession::Nowhere,
            1 => OfSession::One(agencies.remove(0)),
            _ => OfSession::Several(agencies.into_iter().find(|agency| agency.brand.is_reachable())),
        };
    }
}

/// Who is signed in tells, too; a session that cannot be looked up is none to this page.
async fn learn_of_session(guest: &mut Guest, web: &Web) {
    let _ = guest.session(web).await;
}
