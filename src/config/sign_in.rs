//! How a resident is signed in to an extranet: `[sign_in]` of an agency's file.

use super::document::Section;
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
pub(super) fn entered_by(section: &Section<'_>) -> Option<EnteredBy> {
    match section.text("adapter")?.as_str() {
        "form-replay" => Some(EnteredBy::Session),
        "http-basic" if section.section("basic").and_then(|basic| basic.flag("session")) == Some(true) => {
            Some(EnteredBy::Session)
        }
        "http-basic" => Some(EnteredBy::EachRequest),
        "trusted-headers" => Some(EnteredBy::Identity),
        _ => None,
    }
}

/// Reads the section; None where something is wrong, and then it has been noted.
pub(super) fn read(section: &Section<'_>, origins: &mut Vec<ValueOrigin>) -> Option<SignIn> {
    let declared = section.section("form");
    let form = declared.as_ref().and_then(form);
    let adapter = match section.text("adapter").as_deref() {
        Some("form-replay") => {
            if declared.is_none() {
                let wrong = Wrong::new("missing; form-replay has to know the extranet's login form");
                section.error("form", wrong.hint("describe it in [sign_in.form]"));
            }
            form.map(|form| Adapter::FormReplay(Box::new(form)))
        }
        Some("trusted-headers") => {
            if declared.is_some() {
                section.warning("form", Wrong::new("is not used with adapter = \"trusted-headers\""));
            }
            Some(Adapter::TrustedHeaders)
        }
        Some("http-basic") => {
            let declared = section.section("basic");
            if declared.is_none() {
                let wrong = Wrong::new("missing; http-basic has to know a page that asks for credentials");
                section.error("basic", wrong.hint("describe it in [sign_in.basic]"));
            }
            declared.as_ref().and_then(basic).map(Adapter::HttpBasic)
        }
        _ => None,
    };
    let verifier = match (section.choice("verifier"), &adapter) {
        (Some(Verifier::Form), _) if section.text("adapter").is_some_and(|adapter| adapter != "form-replay") => {
            let wrong = Wrong::new("the extranet's form verifies with adapter = \"form-replay\" only");
            section.error("verifier", wrong.hint("verifier = \"roster\", and import a roster"));
            None
        }
        (Some(Verifier::Basic), _) if section.text("adapter").is_some_and(|adapter| adapter != "http-basic") => {
            let wrong = Wrong::new("HTTP Basic verifies with adapter = \"http-basic\" only");
            section.error("verifier", wrong.hint("leave it out, or verifier = \"roster\""));
            None
        }
        (Some(verifier), _) => Some(verifier),
        (None, adapter) => adapter.as_ref().map(Adapter::verifier),
    };
    let may_be_email = section.flag("may_be_email")?;
    if may_be_email && verifier == Some(Verifier::Roster) {
        section.warning("may_be_email", Wrong::new("is not used with verifier = \"roster\": no extranet is asked"));
    }
    let identifier_case = section.choice("identifier_case")?;
    let login_names = section.section("fields").map(|section| login_names(&section));
    if login_names.is_some() && section.text("adapter").as_deref() == Some("form-replay") {
        let wrong = Wrong::new("is not used with adapter = \"form-replay\"");
        section.warning("fields", wrong.hint("[sign_in.form] has login_field and password_field"));
    }
    let login_names = match login_names {
        Some(names) => Some(names?),
        None => None,
    };
    let (adapter, verifier) = (adapter?, verifier?);
    if !section.has("verifier") {
        let name = match verifier {
            Verifier::Form => "form",
            Verifier::Basic => "basic",
            Verifier::Roster => "roster",
        };
        derive(origins, "sign_in.verifier", quoted(name), "from sign_in.adapter");
    }
    Some(SignIn { adapter, login_names, verifier, may_be_email, identifier_case })
}

fn login_names(section: &Section<'_>) -> Option<LoginNames> {
    let (login, password) = (section.parsed("login", values::line), section.parsed("password", values::line));
    let names = LoginNames { login: login?, password: password? };
    if names.login == names.password {
        section.error("password", Wrong::new("is the identifier's field, too"));
        return None;
    }
    Some(names)
}

fn basic(section: &Section<'_>) -> Option<BasicLogin> {
    let page = section.parsed("page", values::page);
    let rules = |name: &str| section.sections(name).iter().filter_map(rule).collect::<Vec<Rule>>();
    let (success, failure) = (rules("success"), rules("failure"));
    let logout = section.section("logout").and_then(|section| logout(&section));
    let opens = section.flag("session")?;
    for name in ["success", "failure", "logout"].into_iter().filter(|name| !opens && section.has(name)) {
        let wrong = Wrong::new("is not used where each request carries the credentials");
        section.warning(name, wrong.hint("session = true, if one such request opens a session"));
    }
    Some(BasicLogin {
        page: page?,
        charset: section.choice("charset")?,
        opens: opens.then_some(BasicSession { success, failure, logout }),
        timeout_ms: section.number("timeout_ms")?,
    })
}

fn form(section: &Section<'_>) -> Option<FormLogin> {
    let page = section.parsed("page", values::page);
    let form = section.parsed("form", values::selector);
    let login_field = section.parsed("login_field", values::line);
    let password_field = section.parsed("password_field", values::line);
    let button = section.parsed("button", values::line).map_or(LoginButton::Found, |written| match written.as_str() {
        "none" => LoginButton::None,
        _ => LoginButton::Named(written),
    });
    let extra = section.fields("extra");
    for field in [&login_field, &password_field].into_iter().flatten() {
        if extra.iter().any(|(name, _)| name == field) {
            section.error("extra", Wrong::new(format!("would overwrite the field {field}")));
        }
    }
    let set_cookies = section.fields("set_cookies");
    for (name, value) in &set_cookies {
        check_cookie(section, name, value);
    }
    let posts = section.text("method").is_some_and(|method| method == "post");
    let charset = section.parsed("charset", values::charset);
    let [success, failure, locked, must_change] = ["success", "failure", "locked", "must_change"].map(|name| {
        let rules: Vec<Rule> = section.sections(name).iter().filter_map(rule).collect();
        let needed = matches!(name, "success" | "failure");
        if needed && section.written(name).is_none_or(|value| value.as_array().is_some_and(|rules| rules.is_empty())) {
            section.error(
                name,
                Wrong::new(
                    "missing; expected at least one rule: an answer that fits none is never taken for a success",
                )
                .hint(format!(
                    "{name} = [{{ {} }}]",
                    if name == "success" { "redirect = \"/accueil\"" } else { "element = \".erreur\"" }
                )),
            );
        }
        rules
    });
    if let Some(both) = success.iter().find(|rule| failure.contains(rule)) {
        section.error("failure", Wrong::new(format!("the rule {both:?} is also one of success")));
    }
    if let Some(page) = &page {
        check_way_back(section, page, &success);
    }
    let profile = section.section("profile").and_then(|section| profile(&section));
    let logout = section.section("logout").and_then(|section| logout(&section));
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
        timeout_ms: section.number("timeout_ms")?,
    })
}

/// One that a browser would hold and send as it is written.
fn check_cookie(section: &Section<'_>, name: &str, value: &str) {
    if let Err(wrong) = values::token(name) {
        section.error("set_cookies", wrong);
    } else if cookie::is_ours(name.as_bytes()) {
        section.error("set_cookies", Wrong::new(format!("the name {name} is one of the gateway's")));
    } else if value.chars().any(|sign| sign == ';' || sign.is_control()) || value.trim() != value {
        let hint = "the value alone, without path and the like; blanks around it cannot be sent";
        section.error("set_cookies", Wrong::new(format!("{name} cannot have this value")).hint(hint));
    }
}

fn rule(section: &Section<'_>) -> Option<Rule> {
    let cookie = section.parsed("cookie", values::token).map(Rule::Cookie);
    let redirect = section.parsed("redirect", redirect_target).map(Rule::Redirect);
    let elsewhere = section.parsed("redirect_elsewhere", redirect_target).map(Rule::RedirectElsewhere);
    let status = section.number("status").map(Rule::Status);
    let text = section.parsed("text", values::line).map(Rule::Text);
    let element = section.parsed("element", values::selector).map(Rule::Element);
    let written = section.keys.iter().filter(|key| section.has(key.name)).count();
    if written != 1 {
        let names: Vec<&str> = section.keys.iter().map(|key| key.name).collect();
        section.error("", Wrong::new(format!("a rule is exactly one of {}", names.join(", "))));
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
fn check_way_back(section: &Section<'_>, page: &str, success: &[Rule]) {
    let begins = |path: &str| values::page(path).is_ok_and(|path| page.starts_with(&path));
    let misled = success.iter().find(|rule| matches!(rule, Rule::Redirect(path) if begins(path)));
    if misled.is_some() {
        let wrong = Wrong::new(format!("a redirect back to {page} would count as a success"));
        section.warning("success", wrong.hint("redirect_elsewhere = the path of the login page"));
    }
}

fn profile(section: &Section<'_>) -> Option<ProfilePage> {
    let page = section.parsed("page", values::page);
    let name = section.parsed("name", values::selector);
    let email = section.parsed("email", values::selector);
    if !section.has("name") && !section.has("email") {
        section.error("", Wrong::new("says neither where the name nor where the e-mail address is"));
    }
    Some(ProfilePage { page: page?, name, email })
}

fn logout(section: &Section<'_>) -> Option<LogoutCall> {
    let get = section.parsed("get", values::page);
    let page = section.parsed("page", values::page);
    let path = section.parsed("form", values::page);
    let link = section.parsed("link", values::selector);
    let fields: Vec<_> = section.fields("fields").into_iter().map(|(name, text)| (name, Found::parse(&text))).collect();
    for wrong in fields.iter().filter_map(|(_, found)| values::selector(&found.selector).err()) {
        section.error("fields", wrong);
    }
    let extra = section.fields("extra");
    let is_form = section.has("form");
    for name in ["fields", "extra"].into_iter().filter(|name| !is_form && section.has(name)) {
        section.error(name, Wrong::new("is sent with a form only").hint("form = the path that it is posted to"));
    }
    match (section.has("get"), section.has("page"), is_form, section.has("link")) {
        (true, false, false, false) => Some(LogoutCall::Get { path: get? }),
        (true, true, false, false) => Some(LogoutCall::Leading { page: page?, path: get? }),
        (false, true, true, false) => Some(LogoutCall::Form { page: page?, path: path?, fields, extra }),
        (false, true, false, true) => Some(LogoutCall::Link { page: page?, link: link? }),
        _ => {
            section.error("", Wrong::new("expected either get, or page with one of get, form and link"));
            None
        }
    }
}
