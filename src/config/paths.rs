//! The paths of an extranet that the gateway knows: `[paths]` and `start` of an agency's file.

use super::document::Section;
use super::keys::{self, AGENCY, At, Itself, Keys as _, PATHS};
use super::origins::{ValueOrigin, derive, quoted};
use super::problems::Wrong;
use super::values;
use crate::domain::adapter::Adapter;
use crate::domain::path::{FormPage, NormalisedPath, PathClass, PathRules, ReturnPath, logout_rule, sign_in_rule};
use crate::domain::upstream::{LogoutCall, Rule};

/// Reads the table, with what follows from the way in which residents are signed in.
pub(super) fn read(
    agency: &Section<'_, keys::Agency>,
    adapter: Option<&Adapter>,
    origins: &mut Vec<ValueOrigin>,
) -> PathRules {
    let paths = agency.section(AGENCY.paths).map(|section| rules(&section)).unwrap_or_default();
    let paths = with_login_page(agency, paths, adapter, origins);
    let paths = with_logout(paths, adapter.and_then(Adapter::logout), origins);
    check_idle(agency, &paths);
    check_success(agency, &paths, adapter);
    paths
}

/// The page to begin with: one of the extranet, which the rules do not keep from residents.
pub(super) fn start(section: &Section<'_, keys::Agency>, paths: &PathRules) -> Option<ReturnPath> {
    let page = section.parsed(AGENCY.start, values::return_path)?;
    let closed_by = paths.closing(&page);
    if let Some(list) = closed_by {
        let wrong = Wrong::new(format!("{} is closed to residents by paths.{list}", page.as_str()));
        section.error(AGENCY.start, wrong.hint("the page that shows who is signed in what they may do"));
    }
    closed_by.is_none().then_some(page)
}

fn rules(section: &Section<'_, keys::Paths>) -> PathRules {
    let list = |key| section.list(key, values::page_rule);
    PathRules {
        public: section.list(PATHS.public, values::opening_rule),
        login: list(PATHS.login),
        logout: list(PATHS.logout),
        account: list(PATHS.account),
        may_post_credentials: section.list(PATHS.may_post_credentials, values::opening_rule),
        form_page: None,
    }
}

/// The page of the login form never answers to strangers, and nobody posts a login to it. Where its name says that it is for
/// signing in and nothing else, it is closed as if a rule said so; where it may have another face, it is open to residents.
fn with_login_page(
    section: &Section<'_, keys::Agency>,
    mut paths: PathRules,
    adapter: Option<&Adapter>,
    origins: &mut Vec<ValueOrigin>,
) -> PathRules {
    let Some(page) = adapter.and_then(Adapter::login_page) else { return paths };
    let (path, query) = match page.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (page, None),
    };
    if NormalisedPath::read(path).is_ok_and(|path| paths.class(&path, query) == PathClass::Login) {
        return paths;
    }
    if let Some(rule) = sign_in_rule(page) {
        paths.login.push(rule);
        let all: Vec<String> = paths.login.iter().map(|rule| quoted(rule.text())).collect();
        origins.retain(|origin| origin.key != "paths.login");
        derive(origins, "paths.login", format!("[{}]", all.join(", ")), "sign_in.form.page added");
        if query.is_none() {
            return paths;
        }
    } else {
        paths.form_page = Some(FormPage::of(page));
    }
    let wrong = Wrong::new(format!(
        "the login page {page} shares its path with other pages: a form that is sent there is refused only where it \
         carries both fields of the login"
    ));
    let hint = "list in paths.login what is only for signing in, such as the path that the form is posted to";
    section.warning(AGENCY.paths, wrong.hint(hint));
    paths
}

/// What ends a session upstream is the extranet's own logout, and need not be written twice.
fn with_logout(mut paths: PathRules, logout: Option<&LogoutCall>, origins: &mut Vec<ValueOrigin>) -> PathRules {
    let at = match logout {
        Some(LogoutCall::Get { path } | LogoutCall::Leading { path, .. }) => path,
        // What shows the form as well is more than the logout.
        Some(LogoutCall::Form { page, path, .. }) if page != path => path,
        Some(LogoutCall::Form { .. } | LogoutCall::Link { .. }) | None => return paths,
    };
    let is_free = ReturnPath::parse(at).is_some_and(|page| paths.closing(&page).is_none());
    if let Some(rule) = logout_rule(at).filter(|_| is_free) {
        paths.logout.push(rule);
        let all: Vec<String> = paths.logout.iter().map(|rule| quoted(rule.text())).collect();
        origins.retain(|origin| origin.key != "paths.logout");
        derive(origins, "paths.logout", format!("[{}]", all.join(", ")), "how sign_in ends a session added");
    }
    paths
}

/// Tells a sign-in that leads to a page which is closed to residents: they would go in circles (F3).
fn check_success(section: &Section<'_, keys::Agency>, paths: &PathRules, adapter: Option<&Adapter>) {
    let Some(Adapter::FormReplay(form)) = adapter else { return };
    for rule in &form.success {
        let Rule::Redirect(to) = rule else { continue };
        if let Some(page) = ReturnPath::parse(to)
            && let Some(list) = paths.closing(&page)
        {
            let wrong = Wrong::new(format!("a sign-in leads to {to}, which is closed to residents by paths.{list}"));
            section.warning(
                AGENCY.paths,
                wrong.hint("is a rule there too wide? \"=/path\" is for one page only; or say start"),
            );
        }
    }
}

/// Tells the rules that never hold.
fn check_idle(section: &Section<'_, keys::Agency>, paths: &PathRules) {
    let Some(section) = section.section(AGENCY.paths) else { return };
    for idle in paths.idle() {
        let wrong = Wrong::new(format!("\"{}\" never holds: \"{}\" goes before it", idle.rule.text(), idle.before));
        let row = keys::Paths::ROWS.iter().find(|row| row.name == idle.list);
        section.warning(
            row.map_or(Itself.into(), |row| At::from(*row)),
            wrong.hint("leave it out, or make it exact: \"=/path\""),
        );
    }
}
