//! Finding a form on a page and filling it in as a browser would.

use encoding_rs::Encoding;
use scraper::{ElementRef, Html, Selector};
use url::Url;
use zeroize::Zeroizing;

use super::charset;
use super::page::{self, Page};
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
}

/// How a form is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
}

type Fields = Vec<(String, Zeroizing<String>)>;

/// What became of a login form.
pub(super) enum Filled {
    /// It can be sent.
    Ready(Submission),
    /// Its alphabet cannot write the identifier. What browsers write in its place (`&#937;`) would be somebody else's, or
    /// another spelling of this one (decision 43).
    Unwritable,
}

/// The declared login form, filled in; none if it is not there as declared, or would send the password elsewhere.
pub(super) fn fill_login(page: &Page, site: &Site, form: &FormLogin, login: &str, secret: &Secret) -> Option<Filled> {
    let html = page::parse(&page.text)?;
    let (all, names) = (controls(&html), [form.login_field.as_str(), form.password_field.as_str()]);
    let found = match &form.form {
        Some(selector) => select_form(&html, selector)?,
        None => only_form_with_password(&html, &all, &names)?,
    };
    let controls = controls_of(&all, found, &names);
    if !have_all(&controls, &names) {
        return None;
    }
    let mut fields = data_set(&controls, page.encoding);
    for (name, value) in &form.extra {
        set(&mut fields, name, value);
    }
    set(&mut fields, &form.login_field, login);
    set(&mut fields, &form.password_field, secret.expose());
    let declared = match &form.charset {
        Some(label) => Some(Encoding::for_label(label.as_bytes())?),
        None => None,
    };
    let encoding = declared.unwrap_or_else(|| encoding_of(page, found));
    if !charset::can_write(login, encoding) {
        return Some(Filled::Unwritable);
    }
    submission(page, site, &html, found, &fields, encoding).map(Filled::Ready)
}

/// Whether a declared alphabet can write an identifier; the page's own is known only when it is fetched.
pub(super) fn can_send(form: &FormLogin, login: &LegacyLogin) -> bool {
    let declared = form.charset.as_ref().and_then(|label| Encoding::for_label(label.as_bytes()));
    declared.is_none_or(|encoding| charset::can_write(login.as_str(), encoding))
}

/// The form that is sent to `path`, with what it holds already.
pub(super) fn fill_logout(page: &Page, site: &Site, path: &str) -> Option<Submission> {
    let html = page::parse(&page.text)?;
    let wanted = site.page(path)?;
    let base = base_of(&html, page);
    let found = html.select(&forms()).find(|form| {
        action(page, site, &base, *form).is_some_and(|url| {
            url.path() == wanted.path() && wanted.query().is_none_or(|query| url.query() == Some(query))
        })
    })?;
    let fields = data_set(&controls_of(&controls(&html), found, &[]), page.encoding);
    submission(page, site, &html, found, &fields, encoding_of(page, found))
}

/// Where the link for a selector leads, if it stays on the extranet.
pub(super) fn link(page: &Page, site: &Site, selector: &str) -> Option<Url> {
    let html = page::parse(&page.text)?;
    let base = base_of(&html, page);
    let selector = Selector::parse(selector).ok()?;
    html.select(&selector).find_map(|element| site.resolve(&base, element.attr("href")?))
}

fn forms() -> Selector {
    Selector::parse("form").expect("a constant selector")
}

/// The first form that the selector finds, or that stands inside of what it finds.
fn select_form<'a>(html: &'a Html, selector: &str) -> Option<ElementRef<'a>> {
    let selector = Selector::parse(selector).ok()?;
    html.select(&selector).find_map(|element| {
        if element.value().name() == "form" { Some(element) } else { element.select(&forms()).next() }
    })
}

/// The one form with a password field; among several, the one with the declared fields.
fn only_form_with_password<'a>(html: &'a Html, all: &[Control<'a>], names: &[&str]) -> Option<ElementRef<'a>> {
    // More forms than any page has; each is a walk through all controls.
    let mut with_password: Vec<ElementRef<'a>> = html
        .select(&forms())
        .take(50)
        .filter(|form| controls_of(all, *form, names).iter().any(|control| is_type(control.element, "password")))
        .collect();
    if with_password.len() > 1 {
        with_password.retain(|form| have_all(&controls_of(all, *form, names), names));
    }
    match with_password.as_slice() {
        [only] => Some(*only),
        _ => None,
    }
}

/// A field or button, and which form it stands in.
#[derive(Clone, Copy)]
struct Control<'a> {
    element: ElementRef<'a>,
    around: Option<ElementRef<'a>>,
    last_before: Option<ElementRef<'a>>,
    disabled: bool,
}

impl<'a> Control<'a> {
    fn attr(&self, name: &str) -> Option<&'a str> {
        self.element.attr(name)
    }

    /// Whether a browser counts it to the form; `torn` if the form may have lost its fields in the tree.
    fn belongs_to(&self, form: ElementRef<'_>, torn: bool) -> bool {
        match (self.attr("form"), self.around) {
            (Some(id), _) => form.attr("id") == Some(id),
            (None, Some(around)) => around.id() == form.id(),
            (None, None) => torn && self.last_before.is_some_and(|before| before.id() == form.id()),
        }
    }
}

/// Every control of the page in its order.
fn controls(html: &Html) -> Vec<Control<'_>> {
    let mut found = Vec::new();
    let mut last_before = None;
    let mut to_visit = vec![(html.root_element(), None, false)];
    while let Some((element, mut around, mut disabled)) = to_visit.pop() {
        match element.value().name() {
            "form" => (around, last_before) = (Some(element), Some(element)),
            "fieldset" => disabled |= element.attr("disabled").is_some(),
            "input" | "select" | "textarea" | "button" => {
                let disabled = disabled || element.attr("disabled").is_some();
                found.push(Control { element, around, last_before, disabled });
            }
            _ => {}
        }
        let at = to_visit.len();
        to_visit.extend(element.child_elements().map(|child| (child, around, disabled)));
        to_visit[at..].reverse();
    }
    found
}

/// The form's controls in the order of the page.
///
/// Old pages open a form between `<table>` and `<tr>`: the tree then has it empty, while browsers still give it the
/// fields that follow. So if a wanted field is missing, those that follow the form and stand in none are taken too.
fn controls_of<'a>(all: &[Control<'a>], form: ElementRef<'a>, wanted: &[&str]) -> Vec<Control<'a>> {
    let owned = |torn| all.iter().copied().filter(move |control| control.belongs_to(form, torn)).collect::<Vec<_>>();
    let strictly = owned(false);
    if strictly.is_empty() || !have_all(&strictly, wanted) { owned(true) } else { strictly }
}

fn have_all(controls: &[Control<'_>], names: &[&str]) -> bool {
    names.iter().all(|name| controls.iter().any(|control| control.attr("name") == Some(name)))
}

/// What a browser would send of untouched controls, with the first named submit button pressed.
fn data_set(controls: &[Control<'_>], encoding: &'static Encoding) -> Fields {
    let usable = || controls.iter().filter(|control| !control.disabled).map(|control| control.element);
    let pressed = usable().find(|control| is_submit(*control) && named(*control).is_some()).map(|control| control.id());
    let mut fields = Fields::new();
    for control in usable() {
        let Some(name) = named(control) else { continue };
        let mut push = |value: &str| fields.push((name.to_owned(), Zeroizing::new(value.to_owned())));
        let value = control.attr("value");
        match control.value().name() {
            "select" => chosen(control).iter().for_each(|value| push(value)),
            "textarea" => push(&control.text().collect::<String>().replace("\r\n", "\n").replace('\n', "\r\n")),
            _ if is_submit(control) => {
                if pressed == Some(control.id()) && is_type(control, "image") {
                    push_click(&mut fields, name);
                } else if pressed == Some(control.id()) {
                    push(value.unwrap_or_default());
                }
            }
            "button" => {}
            _ if is_type(control, "checkbox") || is_type(control, "radio") => {
                if control.attr("checked").is_some() {
                    push(value.unwrap_or("on"));
                }
            }
            _ if ["button", "reset", "file"].iter().any(|kind| is_type(control, kind)) => {}
            _ if is_type(control, "hidden") && name == "_charset_" => push(encoding.output_encoding().name()),
            _ => push(value.unwrap_or_default()),
        }
    }
    fields
}

/// Where an image button was hit.
fn push_click(fields: &mut Fields, name: &str) {
    for axis in ["x", "y"] {
        fields.push((format!("{name}.{axis}"), Zeroizing::new("1".to_owned())));
    }
}

/// The values of the options that are selected, or of the first where one has to be.
fn chosen(select: ElementRef<'_>) -> Vec<String> {
    let options: Vec<ElementRef<'_>> =
        select.descendent_elements().filter(|element| element.value().name() == "option").collect();
    let usable = |option: &&ElementRef<'_>| option.attr("disabled").is_none();
    let value = |option: &ElementRef<'_>| {
        option.attr("value").map_or_else(|| page::folded(&option.text().collect::<String>()), str::to_owned)
    };
    let mut selected = options.iter().filter(usable).filter(|option| option.attr("selected").is_some());
    if select.attr("multiple").is_some() {
        return selected.map(value).collect();
    }
    selected.next_back().or_else(|| options.iter().find(usable)).map(value).into_iter().collect()
}

/// Puts a value in place of the field's, or adds the field.
fn set(fields: &mut Fields, name: &str, value: &str) {
    let value = Zeroizing::new(value.to_owned());
    match fields.iter_mut().find(|(known, _)| known == name) {
        Some((_, old)) => *old = value,
        None => fields.push((name.to_owned(), value)),
    }
}

fn submission(
    page: &Page,
    site: &Site,
    html: &Html,
    form: ElementRef<'_>,
    fields: &Fields,
    encoding: &'static Encoding,
) -> Option<Submission> {
    let url = action(page, site, &base_of(html, page), form)?;
    let posted = form.attr("method").is_some_and(|method| method.trim().eq_ignore_ascii_case("post"));
    let method = if posted { Method::Post } else { Method::Get };
    Some(Submission { url, method, fields: charset::urlencode(fields, encoding) })
}

/// In which alphabet a browser sends a form.
fn encoding_of(page: &Page, form: ElementRef<'_>) -> &'static Encoding {
    form.attr("accept-charset").and_then(charset::first_known).unwrap_or(page.encoding)
}

/// Where the form goes; without an action, to the page that it stands on.
fn action(page: &Page, site: &Site, base: &Url, form: ElementRef<'_>) -> Option<Url> {
    match form.attr("action").map(str::trim).filter(|action| !action.is_empty()) {
        Some(action) => site.resolve(base, action),
        None => Some(page.url.clone()),
    }
}

/// What the page's relative links start from.
pub(super) fn base_of(html: &Html, page: &Page) -> Url {
    let bases = Selector::parse("base[href]").expect("a constant selector");
    html.select(&bases)
        .next()
        .and_then(|base| page.url.join(base.attr("href")?.trim()).ok())
        .unwrap_or_else(|| page.url.clone())
}

fn named(control: ElementRef<'_>) -> Option<&str> {
    control.attr("name").filter(|name| !name.is_empty())
}

fn is_type(control: ElementRef<'_>, kind: &str) -> bool {
    control.value().name() == "input"
        && control.attr("type").is_some_and(|written| written.trim().eq_ignore_ascii_case(kind))
}

fn is_submit(control: ElementRef<'_>) -> bool {
    match control.value().name() {
        "input" => is_type(control, "submit") || is_type(control, "image"),
        "button" => control
            .attr("type")
            .is_none_or(|kind| !kind.eq_ignore_ascii_case("button") && !kind.eq_ignore_ascii_case("reset")),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::{UTF_8, WINDOWS_1252};

    use super::super::site::tests::site;
    use super::super::tests::declared;
    use super::*;

    fn page(text: &str, encoding: &'static Encoding) -> Page {
        let url = site().page("/espace/identification.php?lang=fr").unwrap();
        Page {
            url,
            status: 200,
            wants_other_than_basic: false,
            redirect: None,
            cookies: Vec::new(),
            text: text.to_owned(),
            encoding,
        }
    }

    fn sent(text: &str, form: &FormLogin) -> Option<(Method, String, String)> {
        let secret = Secret::new("é&");
        let filled = fill_login(&page(text, WINDOWS_1252), &site(), form, "C10023", &secret)?;
        let Filled::Ready(filled) = filled else { panic!("every alphabet has these") };
        Some((filled.method, filled.url.to_string(), String::from_utf8(filled.fields.to_vec()).unwrap()))
    }

    fn fields(text: &str) -> Option<String> {
        sent(text, &declared()).map(|(_, _, fields)| fields)
    }

    const PAIR: &str = "<input name=identifiant value=old><input type=password name=motdepasse>";
    const PAIR_SENT: &str = "identifiant=C10023&motdepasse=%E9%26";

    #[test]
    fn the_form_is_sent_as_a_browser_would_send_it_untouched() {
        let form = format!(
            "<form method=POST action=login.php><input type=hidden name=jeton value='a b'>{PAIR}\
             <input type=checkbox name=reste checked><input type=checkbox name=pub value=1>\
             <input type=radio name=r value=1><input type=radio name=r value=2 checked>\
             <select name=agence><option value=1>Un<option selected> Deux  Trois </select>\
             <select name=premier><option disabled value=x>-<option value=y>Y</select>\
             <select name=rien multiple><option value=z></select>\
             <textarea name=note>\na\nb</textarea><input name=mort disabled value=x><input value=sansnom>\
             <fieldset disabled><input name=mort2 value=x></fieldset><input type=file name=f>\
             <input type=reset name=raz><button type=button name=oeil>o</button><button>ok</button>\
             <input type=submit name=valider value=OK><input type=submit name=autre value=1></form>"
        );
        let (method, url, sent) = sent(&form, &declared()).unwrap();
        assert_eq!((method, url.as_str()), (Method::Post, "http://extranet.example/espace/login.php"));
        assert_eq!(
            sent,
            format!("jeton=a+b&{PAIR_SENT}&reste=on&r=2&agence=Deux+Trois&premier=y&note=a%0D%0Ab&valider=OK")
        );
    }

    #[test]
    fn an_action_may_be_missing_absolute_or_an_alias_but_never_foreign() {
        let url = |attributes: &str| {
            sent(&format!("<form {attributes}>{PAIR}</form>"), &declared()).map(|(method, url, _)| (method, url))
        };
        let page = "http://extranet.example/espace/identification.php?lang=fr";
        assert_eq!(url(""), Some((Method::Get, page.into())));
        assert_eq!(url("method=post action=''"), Some((Method::Post, page.into())));
        let alias = "method=post action=https://www.extranet.example/x.php?a=1";
        assert_eq!(url(alias), Some((Method::Post, "http://extranet.example/x.php?a=1".into())));
        assert_eq!(url("action=https://evil.example/x.php"), None);
        assert_eq!(url("action=javascript:envoyer()"), None);
        let based = format!("<base href=/racine/><form action=x.php>{PAIR}</form>");
        assert_eq!(
            sent(&based, &declared()).map(|sent| sent.1).as_deref(),
            Some("http://extranet.example/racine/x.php")
        );
    }

    #[test]
    fn a_form_torn_apart_by_a_table_keeps_its_fields() {
        let torn = format!(
            "<form action=/chercher><input name=q></form><table><form action=x.php method=post><tr><td>\
             <input type=hidden name=h value=1>{PAIR}<tr><td><input type=submit name=ok value=1></form></table>"
        );
        assert_eq!(fields(&torn), Some(format!("h=1&{PAIR_SENT}&ok=1")));
    }

    #[test]
    fn the_right_form_is_found_or_none() {
        let search = "<form action=/q><input name=q></form>";
        let other = "<form><input name=a><input type=password name=b></form>";
        let ours = format!("<div id=connexion><form>{PAIR}</form></div>");
        assert_eq!(fields(&format!("{search}{ours}")).as_deref(), Some(PAIR_SENT));
        assert_eq!(fields(&format!("{other}{ours}<input name=q value=perdu>")).as_deref(), Some(PAIR_SENT));
        assert_eq!(fields(&format!("{ours}{ours}")), None);
        assert_eq!(fields(search), None);
        assert_eq!(fields(other), None);
        let mut selecting = declared();
        selecting.form = Some("#connexion".into());
        assert!(sent(&format!("{ours}{ours}"), &selecting).is_some());
        selecting.form = Some("#absent".into());
        assert!(sent(&ours, &selecting).is_none());
    }

    #[test]
    fn extra_fields_and_the_charset_come_from_the_declaration() {
        let mut form = declared();
        form.extra = vec![("jeton".into(), "2".into()), ("mode".into(), "é".into())];
        let text = format!("<form accept-charset=utf-8><input type=hidden name=jeton value=1>{PAIR}</form>");
        let sent_with = |form: &FormLogin| sent(&text, form).map(|sent| sent.2);
        assert_eq!(sent_with(&form).as_deref(), Some("jeton=2&identifiant=C10023&motdepasse=%C3%A9%26&mode=%C3%A9"));
        form.charset = Some("iso-8859-1".into());
        assert_eq!(sent_with(&form).as_deref(), Some("jeton=2&identifiant=C10023&motdepasse=%E9%26&mode=%E9"));
        form.charset = Some("klingon".into());
        assert_eq!(sent_with(&form), None);
    }

    #[test]
    fn review_b13_an_identifier_outside_of_the_forms_alphabet_is_not_sent_in_another_spelling() {
        let text = format!("<form>{PAIR}</form>");
        let becomes = |login: &str, charset: &str| {
            let form = FormLogin { charset: Some(charset.into()), ..declared() };
            let filled = fill_login(&page(&text, WINDOWS_1252), &site(), &form, login, &Secret::new("Ω")).unwrap();
            match filled {
                Filled::Ready(sent) => Some(String::from_utf8(sent.fields.to_vec()).unwrap()),
                Filled::Unwritable => None,
            }
        };
        for (charset, login) in [("utf-8", "Ωmega"), ("iso-8859-7", "Ωmega"), ("iso-8859-15", "€uro"), ("latin1", "é")]
        {
            assert!(becomes(login, charset).is_some(), "{charset} {login}");
        }
        for (charset, login) in [
            ("iso-8859-1", "Ωmega"),
            ("windows-1252", "Σmega"),
            ("iso-8859-15", "¤"),
            ("us-ascii", "ł"),
            // Written as another sign, which somebody else may have.
            ("shift_jis", "a¥b"),
            ("shift_jis", "a‾b"),
        ] {
            assert_eq!(becomes(login, charset), None, "{charset} {login}");
        }
        let password = becomes("C10023", "iso-8859-1").unwrap();
        assert_eq!(password, "identifiant=C10023&motdepasse=%26%23937%3B", "as browsers sent it when it was chosen");
    }

    #[test]
    fn the_form_that_ends_a_session_is_known_by_where_it_goes() {
        let text = "<form action=/lang><input name=l value=fr></form>\
                    <form method=post action=/admin/logout/><input type=hidden name=jeton value=1></form>";
        let filled = fill_logout(&page(text, UTF_8), &site(), "/admin/logout/").unwrap();
        assert_eq!((filled.url.path(), &**filled.fields), ("/admin/logout/", &b"jeton=1"[..]));
        assert!(fill_logout(&page(text, UTF_8), &site(), "/logout").is_none());
    }
}
