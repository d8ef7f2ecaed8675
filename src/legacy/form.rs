//! Finding a form on a page and filling it in as a browser would (decision 58).

mod button;
mod controls;
mod encode;
mod entries;
pub(super) mod logout;
mod owners;
#[cfg(test)]
mod tests;

use encoding_rs::Encoding;
use http::HeaderValue;
use scraper::{ElementRef, Html, Selector};
use url::Url;
use zeroize::Zeroizing;

use self::button::Pressed;
use self::controls::{Control, Forms, Kind, field};
use self::encode::Enctype;
use self::entries::{Entry, Given, entries, set};
use super::charset;
use super::page::Page;
use super::site::Site;
use crate::domain::identity::LegacyLogin;
use crate::domain::secret::Secret;
use crate::domain::upstream::FormLogin;

/// A form that is ready to be sent. It may hold a password: no `Debug`.
pub(super) struct Submission {
    /// The extranet's own URL, with its face.
    pub url: Url,
    /// How the fields travel.
    pub method: Method,
    /// The fields, encoded.
    pub fields: Zeroizing<Vec<u8>>,
    /// What it is sent off by, in words.
    pub pressed: String,
}

/// How a form is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    /// With the type of its body.
    Post(HeaderValue),
}

/// What became of a login form.
pub(super) enum Filled {
    /// It can be sent.
    Ready(Submission),
    /// The identifier cannot be written into it: its alphabet lacks a sign, or the field is too short. What browsers write
    /// in its place (`&#937;`, or the beginning) would be somebody else's, or another spelling of this one (decision 43).
    Unwritable,
}

/// Why a login form is not sent; for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    #[error("the page cannot be read")]
    Unreadable,
    #[error("the declared selector finds no form")]
    NoForm,
    #[error("no form has both declared fields")]
    NoFields,
    #[error("several forms have both declared fields, and lead to different places (hint: sign_in.form.form)")]
    Several,
    #[error("the declared button is not there")]
    NoButton,
    #[error("the declared charset is none")]
    NoCharset,
    #[error(
        "the form would be sent to another server, or by a script (hint: upstream.aliases, if it is one of its own names)"
    )]
    Elsewhere,
    #[error("the form would put the password into a URL (method GET)")]
    PasswordInUrl,
    #[error("the form is a dialog, which sends nothing")]
    Dialog,
    #[error("the field for the password takes nothing (maxlength=\"0\")")]
    NoRoom,
}

/// The declared login form, filled in; an error if it is not there as declared, or would send the password elsewhere or
/// where it can be read.
pub(super) fn fill_login(
    page: &Page,
    site: &Site,
    form: &FormLogin,
    login: &str,
    secret: &Secret,
) -> Result<Filled, Unfit> {
    let read = owners::read(&page.text).ok_or(Unfit::Unreadable)?;
    let forms = Forms::of(&read);
    let target = Target { page, site, base: base_of(&read.html, page), posts: form.posts };
    let found = match &form.form {
        Some(selector) => select_form(&read.html, &forms, selector).ok_or(Unfit::NoForm)?,
        None => only_login_form(&forms, &target, form)?,
    };
    let controls = forms.controls_of(found);
    let (login_field, password_field) = both_fields(&controls, form).ok_or(Unfit::NoFields)?;
    let pressed = button::of_login(&read.html, &controls, &password_field, form).ok_or(Unfit::NoButton)?;
    let encoding = match &form.charset {
        Some(label) => Encoding::for_label(label.as_bytes()).ok_or(Unfit::NoCharset)?,
        None => encoding_of(page, found),
    };
    if !charset::can_write(login, encoding) || typed(&login_field, login) != login {
        return Ok(Filled::Unwritable);
    }
    let password = typed(&password_field, secret.expose());
    if password.is_empty() && !secret.expose().is_empty() {
        return Err(Unfit::NoRoom);
    }
    let mut given = vec![(login_field, login), (password_field, password)];
    given.extend(form.extra.iter().filter_map(|(name, value)| Some((field(&controls, name, false)?, value.as_str()))));
    let given: Vec<_> = given.iter().map(|(field, value)| Given { field: field.element.id(), value }).collect();
    let mut list = entries(&controls, &given, pressed.button, encoding);
    for (name, value) in form.extra.iter().filter(|(name, _)| field(&controls, name, false).is_none()) {
        set(&mut list, name, value);
    }
    if let Some([target, argument]) = &pressed.event {
        set(&mut list, "__EVENTTARGET", target);
        set(&mut list, "__EVENTARGUMENT", argument);
    }
    let sent = target.submission(found, &pressed, list, encoding)?;
    if sent.method == Method::Get { Err(Unfit::PasswordInUrl) } else { Ok(Filled::Ready(sent)) }
}

/// Whether a declared alphabet can write an identifier; the page's own is known only when it is fetched.
pub(super) fn can_send(form: &FormLogin, login: &LegacyLogin) -> bool {
    let declared = form.charset.as_ref().and_then(|label| Encoding::for_label(label.as_bytes()));
    declared.is_none_or(|encoding| charset::can_write(login.as_str(), encoding))
}

/// The first form that the selector finds, or that stands inside of what it finds.
fn select_form<'a>(html: &'a Html, forms: &Forms<'a>, selector: &str) -> Option<ElementRef<'a>> {
    let selector = Selector::parse(selector).ok()?;
    let ids: std::collections::HashSet<_> = forms.all.iter().map(|form| form.id()).collect();
    html.select(&selector).find_map(|element| element.descendent_elements().find(|inner| ids.contains(&inner.id())))
}

/// The one form with the declared fields. Where a page shows its login twice, the first that can be seen is as good as the
/// other if both lead to the same place.
fn only_login_form<'a>(forms: &Forms<'a>, target: &Target<'_>, form: &FormLogin) -> Result<ElementRef<'a>, Unfit> {
    let mut found: Vec<(ElementRef<'a>, [bool; 3])> = Vec::new();
    for candidate in forms.with_field(&form.password_field) {
        let controls = forms.controls_of(candidate);
        if let Some((login, password)) = both_fields(&controls, form) {
            // One that wants a password twice makes an account, or changes its password.
            let wants_more =
                controls.iter().filter(|control| control.is(Kind::Password) && !control.unseen).count() > 1;
            found.push((candidate, [!password.is(Kind::Password), login.unseen || password.unseen, wants_more]));
        }
    }
    let best = found.iter().map(|(_, rank)| *rank).min().ok_or(Unfit::NoFields)?;
    found.retain(|(_, rank)| *rank == best);
    let (first, _) = found[0];
    let place = |form| {
        target.action(form, &Pressed::default()).map(|url| (url, form.attr("method").map(str::to_ascii_lowercase)))
    };
    if found.iter().all(|(other, _)| place(*other) == place(first)) { Ok(first) } else { Err(Unfit::Several) }
}

fn both_fields<'a>(controls: &[Control<'a>], form: &FormLogin) -> Option<(Control<'a>, Control<'a>)> {
    Some((field(controls, &form.login_field, false)?, field(controls, &form.password_field, true)?))
}

/// As much of a text as a browser lets into a field (`maxlength`, in UTF-16).
fn typed<'t>(field: &Control<'_>, text: &'t str) -> &'t str {
    let has_end = matches!(field.kind, Some(Kind::Line | Kind::Password | Kind::Address | Kind::Textarea));
    let Some(most) = field.element.attr("maxlength").filter(|_| has_end).and_then(whole_number) else { return text };
    let mut units = 0;
    let end = text.char_indices().find(|(_, sign)| {
        units += sign.len_utf16();
        units > most
    });
    end.map_or(text, |(at, _)| &text[..at])
}

/// A number as HTML reads it: what follows the digits does not count.
fn whole_number(text: &str) -> Option<usize> {
    let text = text.trim_start().trim_start_matches('+');
    text[..text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())].parse().ok()
}

/// A page, and what its references start from.
struct Target<'a> {
    page: &'a Page,
    site: &'a Site,
    base: Url,
    /// Whether a script posts the form, whatever it says.
    posts: bool,
}

impl Target<'_> {
    fn submission(
        &self,
        form: ElementRef<'_>,
        pressed: &Pressed<'_>,
        entries: Vec<Entry>,
        encoding: &'static Encoding,
    ) -> Result<Submission, Unfit> {
        let url = self.action(form, pressed).ok_or(Unfit::Elsewhere)?;
        let written = |of_button: &str, of_form: &str| {
            pressed.button.and_then(|button| button.attr(of_button)).or(form.attr(of_form)).unwrap_or_default()
        };
        let method = written("formmethod", "method").to_ascii_lowercase();
        let enctype = match method.as_str() {
            method if self.posts || method == "post" => Enctype::of(written("formenctype", "enctype")),
            "dialog" => return Err(Unfit::Dialog),
            _ => {
                let (_, fields) = encode::body(entries, Enctype::UrlEncoded, encoding);
                return Ok(Submission { url, method: Method::Get, fields, pressed: pressed.in_words() });
            }
        };
        let (content_type, fields) = encode::body(entries, enctype, encoding);
        Ok(Submission { url, method: Method::Post(content_type), fields, pressed: pressed.in_words() })
    }

    /// Where the form goes; without an action, to the page that it stands on.
    fn action(&self, form: ElementRef<'_>, pressed: &Pressed<'_>) -> Option<Url> {
        let of_button = || pressed.button.and_then(|button| button.attr("formaction"));
        let written = pressed.action.as_deref().or_else(of_button).or(form.attr("action")).unwrap_or_default().trim();
        if written.is_empty() {
            Some(self.page.url.clone())
        } else {
            self.site.resolve_in(&self.base, written, self.page.encoding)
        }
    }
}

/// In which alphabet a browser sends a form.
fn encoding_of(page: &Page, form: ElementRef<'_>) -> &'static Encoding {
    form.attr("accept-charset").and_then(charset::first_known).unwrap_or(page.encoding)
}

/// What the page's relative links start from.
pub(super) fn base_of(html: &Html, page: &Page) -> Url {
    let bases = Selector::parse("base[href]").expect("a constant selector");
    html.select(&bases)
        .next()
        .and_then(|base| page.url.join(base.attr("href")?.trim()).ok())
        .unwrap_or_else(|| page.url.clone())
}
