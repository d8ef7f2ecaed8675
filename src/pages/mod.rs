//! The pages and letters: templates, translations, one typed context each.

mod assets;
mod brand;
mod engine;
mod files;
pub mod gallery;
mod helpers;
mod leading;
pub mod letters;
pub mod portal;
pub mod sample;
pub mod scene;
mod terms;
#[cfg(test)]
mod tests;
mod translations;
mod typography;
mod written;

use serde::Serialize;

pub use self::assets::Asset;
pub use self::engine::{LoadError, Pages, RenderError, RenderedLetter};
pub use self::leading::leading_to;
pub use self::sample::Sample;
use self::scene::Scene;
pub use self::terms::terms_html;
pub use self::written::{Ago, written, written_day};

use crate::domain::agency::AgencyBrand;
use crate::domain::language::Language;

/// A page with a typed context.
pub trait Page: Serialize {
    /// The template's name below `pages/`, without `.hbs`.
    const TEMPLATE: &'static str;

    /// Shows the page in every state that its template knows, each under a name; loading renders them all.
    fn samples(show: impl FnMut(&str, &Self));

    /// Whether it stands between several agencies or asks for one: it is the portal's own, whatever agency is known.
    const BETWEEN_AGENCIES: bool = false;

    /// Where this state is seen, and how the agency is set then.
    fn scene(&self) -> Scene {
        Scene::default()
    }
}

/// A letter with a typed context; its template has the parts `.subject.hbs`, `.txt.hbs` and `.html.hbs`.
pub trait Letter: Serialize {
    /// The template's name below `pages/`, without the part and `.hbs`.
    const TEMPLATE: &'static str;

    /// Shows the letter in every state that its template knows, each under a name; loading renders them all.
    fn samples(show: impl FnMut(&str, &Self));

    /// Where this state is seen, and how the agency is set then.
    fn scene(&self) -> Scene {
        Scene::default()
    }
}

/// How an agency looks to its residents (h02).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Brand {
    /// The name shown in headings and letters, or the portal's own name where no agency is known yet.
    pub name: String,
    /// The main colour, `#rrggbb`; checked for contrast against white when the configuration is read.
    pub colour: String,
    /// Where the logo is served, if the agency has one.
    pub logo_url: Option<String>,
    /// Who is reached so: the agency, or the portal where the agency has said nothing.
    pub support_name: String,
    /// How to reach them, each only if given.
    pub support_email: Option<String>,
    /// Telephone, as printed.
    pub support_phone: Option<String>,
    /// A page about help.
    pub support_url: Option<String>,
    /// Whether somebody reads what is answered to a letter.
    pub answers: bool,
    /// Where a resident finds the first password again: a sentence (004).
    pub old_password_hint: Option<String>,
}

impl Brand {
    /// An agency's, with the portal's contact where the agency has none; without an agency, the portal's own.
    #[must_use]
    pub fn of(agency: Option<&AgencyBrand>, portal: &Self) -> Self {
        let Some(agency) = agency else { return portal.clone() };
        let (name, colour) = (agency.name.clone(), agency.colour.clone());
        let old_password_hint = agency.old_password_hint.clone();
        if !agency.is_reachable() {
            return Self { name, colour, logo_url: None, old_password_hint, ..portal.clone() };
        }
        Self {
            support_name: name.clone(),
            name,
            colour,
            logo_url: None,
            support_email: agency.support_email.clone(),
            support_phone: agency.support_phone.clone(),
            support_url: agency.support_url.clone(),
            // An answer reaches somebody, if not the agency.
            answers: agency.support_email.is_some() || portal.answers,
            old_password_hint,
        }
    }

    /// The same where nobody is reached: then by this agency's contact.
    #[must_use]
    pub fn or_reached_at(self, agency: Option<&AgencyBrand>) -> Self {
        let Some(agency) = agency.filter(|agency| !self.is_reachable() && agency.is_reachable()) else { return self };
        let (name, colour, logo_url) = (self.name.clone(), self.colour.clone(), self.logo_url.clone());
        let old_password_hint = self.old_password_hint.clone();
        Self { name, colour, logo_url, old_password_hint, ..Self::of(Some(agency), &self) }
    }

    /// Whether anybody is reached.
    #[must_use]
    pub const fn is_reachable(&self) -> bool {
        self.support_phone.is_some() || self.support_email.is_some() || self.support_url.is_some()
    }
}

/// What surrounds every page.
#[derive(Debug, Clone, Serialize)]
pub struct Frame<'a> {
    /// The language of the page.
    pub language: Language,
    /// Whose page it is.
    pub brand: &'a Brand,
    /// The form token of this browser (SEC-078).
    pub csrf: &'a str,
    /// Where our own assets are: `/assets` on the portal, `/.vestibule/assets` on an agency's host.
    pub assets: &'a str,
    /// The portal's origin, without a slash at the end.
    pub portal: &'a str,
    /// The query by which the portal's other pages know the agency whose page it is; empty for the portal's own.
    pub whose: &'a str,
    /// The path with query of this page, for the language picker.
    pub here: &'a str,
    /// Whether it stands in a frame of the extranet's: its links lead out.
    pub in_a_frame: bool,
    /// Whether somebody is signed in (shows "Mon compte" and "Se déconnecter").
    pub signed_in: bool,
    /// The request's name, on every page with a status of 5xx: what a resident may have to tell (SEC-254).
    pub reference: Option<&'a str>,
}
