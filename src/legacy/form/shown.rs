//! The forms of a page that ask for a password, for the operator: each is a way in.

use super::super::page::Page;
use super::super::site::Site;
use super::button::on_enter;
use super::controls::{Control, Forms, Kind};
use super::{Target, base_of, owners};

/// A form that asks for one password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordForm {
    /// Where it is sent: a path of the extranet, perhaps with a query.
    pub to: String,
    /// The names of its fields.
    pub names: Vec<String>,
    /// That of the field for the password.
    pub password: String,
}

/// Those that are sent to the extranet. One that asks for several passwords makes an account, or changes one.
pub(in super::super) fn password_forms(page: &Page, site: &Site) -> Vec<PasswordForm> {
    let Some(read) = owners::read(&page.text) else { return Vec::new() };
    let forms = Forms::of(&read);
    let target = Target { page, site, base: base_of(&read.html, page), posts: false };
    // More than any page has.
    let found = forms.all.iter().take(50).filter_map(|form| {
        let controls = forms.controls_of(*form);
        let mut passwords = controls.iter().filter(|control| control.is(Kind::Password));
        let (Some(password), None) = (passwords.next(), passwords.next()) else { return None };
        let url = target.action(*form, &on_enter(&controls))?;
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let names = controls.iter().filter(|control| control.is_sent()).filter_map(Control::name);
        Some(PasswordForm {
            to: format!("{}{query}", url.path()),
            names: names.map(str::to_owned).collect(),
            password: password.name()?.to_owned(),
        })
    });
    found.collect()
}
