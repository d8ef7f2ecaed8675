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
    /// How to reach the agency, each only if given.
    pub support_email: Option<String>,
    /// Telephone, as printed.
    pub support_phone: Option<String>,
    /// A page about help.
    pub support_url: Option<String>,
    /// Where a resident finds the first password again: a sentence (004).
    pub old_password_hint: Option<String>,
}

impl From<&AgencyBrand> for Brand {
    fn from(brand: &AgencyBrand) -> Self {
        Self {
            name: brand.name.clone(),
            colour: brand.colour.clone(),
            logo_url: None,
            support_email: brand.support_email.clone(),
            support_phone: brand.support_phone.clone(),
            support_url: brand.support_url.clone(),
            old_password_hint: brand.old_password_hint.clone(),
        }
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
    /// The path with query of this page, for the language picker.
    pub here: &'a str,
    /// Whether it stands in a frame of the extranet's: its links lead out.
    pub in_a_frame: bool,
    /// Whether somebody is signed in (shows "Mon compte" and "Se déconnecter").
    pub signed_in: bool,
    /// The request's name, on every page with a status of 5xx: what a resident may have to tell (SEC-254).
    pub reference: Option<&'a str>,
}
