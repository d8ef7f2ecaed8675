//! How a resident is signed in to an extranet: `[sign_in]` of an agency's file.

use super::document::Section;
use super::keys::{
    self, Adapters, BASIC, Itself, Key, Keys as _, LOGIN_FIELDS, LOGIN_FORM, LOGOUT, Methods, PROFILE, RULE, SIGN_IN,
    Tables,
};
use super::origins::{ValueOrigin, derive, quoted};
use super::problems::Wrong;
use super::values;
use crate::domain::adapter::{Adapter, EnteredBy, LoginNames, Verifier};
use crate::domain::basic::{BasicLogin, BasicSession};
use crate::domain::cookie;
use crate::domain::spelling::IdentifierCase;
use crate::domain::upstream::{FormLogin, Found, LoginButton, LogoutCall, ProfilePage, Rule};

/// The section, but for what belongs to the adapter.
pub(super) struct SignIn {
    pub(super) adapter: Adapter,
    pub(super) login_names: Option<LoginNames>,
    pub(super) verifier: Verifier,
    pub(super) may_be_email: bool,
    pub(super) identifier_case: IdentifierCase,
}

/// What the declared adapter is entered by, even where the rest of the section is wrong.
pub(super) fn entered_by(section: &Section<'_, keys::SignIn>) -> Option<EnteredBy> {
    match section.choice(SIGN_IN.adapter)? {
        Adapters::FormReplay => Some(EnteredBy::Session),
        Adapters::HttpBasic
            if section.section(SIGN_IN.basic).and_then(|basic| basic.flag(BASIC.session)) == Some(true) =>
        {
            Some(EnteredBy::Session)
        }
        Adapters::HttpBasic => Some(EnteredBy::EachRequest),
        Adapters::TrustedHeaders => Some(EnteredBy::Identity),
    }
}

/// Reads the section; None where something is wrong, and then it has been noted.
pub(super) fn read(section: &Section<'_, keys::SignIn>, origins: &mut Vec<ValueOrigin>) -> Option<SignIn> {
    let declared = section.section(SIGN_IN.form);
    let form = declared.as_ref().and_then(form);
    let chosen = section.choice(SIGN_IN.adapter);
    let adapter = match chosen {
        Some(Adapters::FormReplay) => {
            if declared.is_none() {
                let wrong = Wrong::new("missing; form-replay has to know the extranet's login form");
                section.error(SIGN_IN.form, wrong.hint("describe it in [sign_in.form]"));
            }
            form.map(|form| Adapter::FormReplay(Box::new(form)))
        }
        Some(Adapters::TrustedHeaders) => {
            if declared.is_some() {
                section.warning(SIGN_IN.form, Wrong::new("is not used with adapter = \"trusted-headers\""));
            }
            Some(Adapter::TrustedHeaders)
        }
        Some(Adapters::HttpBasic) => {
            let declared = section.section(SIGN_IN.basic);
            if declared.is_none() {
                let wrong = Wrong::new("missing; http-basic has to know a page that asks for credentials");
                section.error(SIGN_IN.basic, wrong.hint("describe it in [sign_in.basic]"));
            }
            declared.as_ref().and_then(basic).map(Adapter::HttpBasic)
        }
        None => None,
    };
    let verifier = match (section.choice(SIGN_IN.verifier), &adapter) {
        (Some(Verifier::Form), _) if chosen.is_some_and(|chosen| chosen != Adapters::FormReplay) => {
            let wrong = Wrong::new("the extranet's form verifies with adapter = \"form-replay\" only");
            section.error(SIGN_IN.verifier, wrong.hint("verifier = \"roster\", and import a roster"));
            None
        }
        (Some(Verifier::Basic), _) if chosen.is_some_and(|chosen| chosen != Adapters::HttpBasic) => {
            let wrong = Wrong::new("HTTP Basic verifies with adapter = \"http-basic\" only");
            section.error(SIGN_IN.verifier, wrong.hint("leave it out, or verifier = \"roster\""));
            None
        }
        (Some(verifier), _) => Some(verifier),
        (None, adapter) => adapter.as_ref().map(Adapter::verifier),
    };
    let may_be_email = section.flag(SIGN_IN.may_be_email)?;
    if may_be_email && verifier == Some(Verifier::Roster) {
        section
            .warning(SIGN_IN.may_be_email, Wrong::new("is not used with verifier = \"roster\": no extranet is asked"));
    }
    let identifier_case = section.choice(SIGN_IN.identifier_case)?;
    let login_names = section.section(SIGN_IN.fields).map(|section| login_names(&section));
    if login_names.is_some() && chosen == Some(Adapters::FormReplay) {
        let wrong = Wrong::new("is not used with adapter = \"form-replay\"");
        section.warning(SIGN_IN.fields, wrong.hint("[sign_in.form] has login_field and password_field"));
    }
    let login_names = match login_names {
        Some(names) => Some(names?),
        None => None,
    };
    let (adapter, verifier) = (adapter?, verifier?);
    if !section.has(SIGN_IN.verifier) {
        let name = match verifier {
            Verifier::Form => "form",
            Verifier::Basic => "basic",
            Verifier::Roster => "roster",
        };
        derive(origins, "sign_in.verifier", quoted(name), "from sign_in.adapter");
    }
    Some(SignIn { adapter, login_names, verifier, may_be_email, identifier_case })
}

fn login_names(section: &Section<'_, keys::LoginFields>) -> Option<LoginNames> {
    let (login, password) =
        (section.parsed(LOGIN_FIELDS.login, values::line), section.parsed(LOGIN_FIELDS.password, values::line));
    let names = LoginNames { login: login?, password: password? };
    if names.login == names.password {
        section.error(LOGIN_FIELDS.password, Wrong::new("is the identifier's field, too"));
        return None;
    }
    Some(names)
}

fn basic(section: &Section<'_, keys::Basic>) -> Option<BasicLogin> {
    let page = section.parsed(BASIC.page, values::page);
    let (success, failure) = (rules(section, BASIC.success), rules(section, BASIC.failure));
    let logout = section.section(BASIC.logout).and_then(|section| logout(&section));
    let opens = section.flag(BASIC.session)?;
    let of_sessions = [BASIC.success.row, BASIC.failure.row, BASIC.logout.row];
    for row in of_sessions.into_iter().filter(|row| !opens && section.has(*row)) {
        let wrong = Wrong::new("is not used where each request carries the credentials");
        section.warning(row, wrong.hint("session = true, if one such request opens a session"));
    }
    Some(BasicLogin {
        page: page?,
        charset: section.choice(BASIC.charset)?,
        opens: opens.then_some(BasicSession { success, failure, logout }),
        timeout_ms: section.number(BASIC.timeout_ms)?,
    })
}

fn form(section: &Section<'_, keys::LoginForm>) -> Option<FormLogin> {
    let page = section.parsed(LOGIN_FORM.page, values::page);
    let form = section.parsed(LOGIN_FORM.form, values::selector);
    let login_field = section.parsed(LOGIN_FORM.login_field, values::line);
    let password_field = section.parsed(LOGIN_FORM.password_field, values::line);
    let button =
        section.parsed(LOGIN_FORM.button, values::line).map_or(LoginButton::Found, |written| match written.as_str() {
            "none" => LoginButton::None,
            _ => LoginButton::Named(written),
        });
    let extra = section.fields(LOGIN_FORM.extra);
    for field in [&login_field, &password_field].into_iter().flatten() {
        if extra.iter().any(|(name, _)| name == field) {
            section.error(LOGIN_FORM.extra, Wrong::new(format!("would overwrite the field {field}")));
        }
    }
    let set_cookies = section.fields(LOGIN_FORM.set_cookies);
    for (name, value) in &set_cookies {
        check_cookie(section, name, value);
    }
    let posts = matches!(section.choice(LOGIN_FORM.method), Some(Methods::Post));
    let charset = section.parsed(LOGIN_FORM.charset, values::charset);
    let success = needed(section, LOGIN_FORM.success, "redirect = \"/accueil\"");
    let failure = needed(section, LOGIN_FORM.failure, "element = \".erreur\"");
    let (locked, must_change) = (rules(section, LOGIN_FORM.locked), rules(section, LOGIN_FORM.must_change));
    if let Some(both) = success.iter().find(|rule| failure.contains(rule)) {
        section.error(LOGIN_FORM.failure, Wrong::new(format!("the rule {both:?} is also one of success")));
    }
    if let Some(page) = &page {
        check_way_back(section, page, &success);
    }
    let profile = section.section(LOGIN_FORM.profile).and_then(|section| profile(&section));
    let logout = section.section(LOGIN_FORM.logout).and_then(|section| logout(&section));
    Some(FormLogin {
        page: page?,
        form,
        login_field: login_field?,
        password_field: password_field?,
        button,
        posts,
        extra,
        set_cookies,
        charset,
        success,
        failure,
        locked,
        must_change,
        profile,
        logout,
        timeout_ms: section.number(LOGIN_FORM.timeout_ms)?,
    })
}

/// One that a browser would hold and send as it is written.
fn check_cookie(section: &Section<'_, keys::LoginForm>, name: &str, value: &str) {
    if let Err(wrong) = values::token(name) {
        section.error(LOGIN_FORM.set_cookies, wrong);
    } else if cookie::is_ours(name.as_bytes()) {
        section.error(LOGIN_FORM.set_cookies, Wrong::new(format!("the name {name} is one of the gateway's")));
    } else if value.chars().any(|sign| sign == ';' || sign.is_control()) || value.trim() != value {
        let hint = "the value alone, without path and the like; blanks around it cannot be sent";
        section.error(LOGIN_FORM.set_cookies, Wrong::new(format!("{name} cannot have this value")).hint(hint));
    }
}

/// Rules of which there has to be one.
fn needed(
    section: &Section<'_, keys::LoginForm>,
    key: Key<keys::LoginForm, Tables<keys::Rule>>,
    sample: &str,
) -> Vec<Rule> {
    let name = key.row.name;
    if section.written(name).is_none_or(|value| value.as_array().is_some_and(|rules| rules.is_empty())) {
        let wrong =
            Wrong::new("missing; expected at least one rule: an answer that fits none is never taken for a success");
        section.error(key, wrong.hint(format!("{name} = [{{ {sample} }}]")));
    }
    rules(section, key)
}

fn rules<K>(section: &Section<'_, K>, key: Key<K, Tables<keys::Rule>>) -> Vec<Rule> {
    section.sections(key).iter().filter_map(rule).collect()
}

fn rule(section: &Section<'_, keys::Rule>) -> Option<Rule> {
    let cookie = section.parsed(RULE.cookie, values::token).map(Rule::Cookie);
    let redirect = section.parsed(RULE.redirect, redirect_target).map(Rule::Redirect);
    let elsewhere = section.parsed(RULE.redirect_elsewhere, redirect_target).map(Rule::RedirectElsewhere);
    let status = section.number(RULE.status).map(Rule::Status);
    let text = section.parsed(RULE.text, values::line).map(Rule::Text);
    let element = section.parsed(RULE.element, values::selector).map(Rule::Element);
    let written = keys::Rule::ROWS.iter().filter(|row| section.has(**row)).count();
    if written != 1 {
        let names: Vec<&str> = keys::Rule::ROWS.iter().map(|row| row.name).collect();
        section.error(Itself, Wrong::new(format!("a rule is exactly one of {}", names.join(", "))));
        return None;
    }
    [cookie, redirect, elsewhere, status, text, element].into_iter().flatten().next()
}

/// The beginning of a path; `/` would be that of every path.
fn redirect_target(text: &str) -> Result<String, Wrong> {
    if text == "/" {
        let hint = "for a redirect to / itself, take redirect_elsewhere with the login page, or a cookie";
        return Err(Wrong::new("every redirect leads to a path that begins with /").hint(hint));
    }
    // As written: letters beyond ASCII are compared in either alphabet.
    values::page(text).map(|_| text.to_owned())
}

/// A failed sign-in mostly leads back to the login page: that must not look like a success.
fn check_way_back(section: &Section<'_, keys::LoginForm>, page: &str, success: &[Rule]) {
    let begins = |path: &str| values::page(path).is_ok_and(|path| page.starts_with(&path));
    let misled = success.iter().find(|rule| matches!(rule, Rule::Redirect(path) if begins(path)));
    if misled.is_some() {
        let wrong = Wrong::new(format!("a redirect back to {page} would count as a success"));
        section.warning(LOGIN_FORM.success, wrong.hint("redirect_elsewhere = the path of the login page"));
    }
}

fn profile(section: &Section<'_, keys::Profile>) -> Option<ProfilePage> {
    let page = section.parsed(PROFILE.page, values::page);
    let name = section.parsed(PROFILE.name, values::selector);
    let email = section.parsed(PROFILE.email, values::selector);
    if !section.has(PROFILE.name) && !section.has(PROFILE.email) {
        section.error(Itself, Wrong::new("says neither where the name nor where the e-mail address is"));
    }
    Some(ProfilePage { page: page?, name, email })
}

fn logout(section: &Section<'_, keys::Logout>) -> Option<LogoutCall> {
    let get = section.parsed(LOGOUT.get, values::page);
    let page = section.parsed(LOGOUT.page, values::page);
    let path = section.parsed(LOGOUT.form, values::page);
    let link = section.parsed(LOGOUT.link, values::selector);
    let fields: Vec<_> =
        section.fields(LOGOUT.fields).into_iter().map(|(name, text)| (name, Found::parse(&text))).collect();
    for wrong in fields.iter().filter_map(|(_, found)| values::selector(&found.selector).err()) {
        section.error(LOGOUT.fields, wrong);
    }
    let extra = section.fields(LOGOUT.extra);
    let is_form = section.has(LOGOUT.form);
    for at in [LOGOUT.fields, LOGOUT.extra].into_iter().filter(|at| !is_form && section.has(*at)) {
        section.error(at, Wrong::new("is sent with a form only").hint("form = the path that it is posted to"));
    }
    match (section.has(LOGOUT.get), section.has(LOGOUT.page), is_form, section.has(LOGOUT.link)) {
        (true, false, false, false) => Some(LogoutCall::Get { path: get? }),
        (true, true, false, false) => Some(LogoutCall::Leading { page: page?, path: get? }),
        (false, true, true, false) => Some(LogoutCall::Form { page: page?, path: path?, fields, extra }),
        (false, true, false, true) => Some(LogoutCall::Link { page: page?, link: link? }),
        _ => {
            section.error(Itself, Wrong::new("expected either get, or page with one of get, form and link"));
            None
        }
    }
}
