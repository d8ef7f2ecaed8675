//! An agency's file as used, and what has to hold between the agencies.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::document::Section;
use super::headers;
use super::origins::{Source, ValueOrigin};
use super::policy::{Layer, Layers};
use super::problems::Wrong;
use super::secrets::Surroundings;
use super::settings::PortalSettings;
use super::sign_in;
use super::upstream;
use super::values;
use crate::domain::accounts::Accounts;
use crate::domain::adapter::{Adapter, EnteredBy, Verifier};
use crate::domain::agency::{Agency, AgencyBrand, AgencyMode, CookieMode, SessionOver};
use crate::domain::agency_code::AgencyCode;
use crate::domain::identity_headers::ReservedNames;
use crate::domain::logout::Logout;
use crate::domain::origin::Origin;
use crate::domain::path::{FormPage, NormalisedPath, PathClass, PathRules, ReturnPath, logout_rule, sign_in_rule};
use crate::domain::terms::TermsText;
use crate::domain::upstream::{LogoutCall, Rule};

/// What is known of an agency whose file was read, even if something else in it is wrong.
pub(super) struct Read<'s> {
    /// The file, to tell further problems at.
    pub(super) section: Section<'s>,
    /// Its codes.
    pub(super) code: Option<AgencyCode>,
    /// Its public origin.
    pub(super) public: Option<Origin>,
    /// Its former ones.
    pub(super) former: Vec<Origin>,
    /// How its accounts share hosts.
    pub(super) accounts: Option<Accounts>,
    /// Whether its old passwords are replayed, or its cookies kept: both are sealed.
    pub(super) replays: bool,
    /// All of it, if nothing is wrong.
    pub(super) agency: Option<Agency>,
    /// Where its values come from.
    pub(super) origins: Vec<ValueOrigin>,
}

/// Reads an agency's file; `portal` gives what the agency does not say, and is missing only where it is wrong itself.
pub(super) fn read<'s>(
    section: Section<'s>,
    written: Vec<ValueOrigin>,
    layers: &Layers<'s>,
    portal: Option<&PortalSettings>,
    around: Surroundings<'_>,
) -> Read<'s> {
    let code = code(&section);
    let public = section.parsed("url", values::public_origin);
    let former = section.list("former_urls", values::public_origin);
    let mut origins = written;
    let client = section.text("client").and_then(|text| AgencyCode::parse(&text, "0"));
    let own = section.section("policy").map(Layer::read);
    let (policy, folded) = layers.fold(client.as_ref().map(AgencyCode::client), own);
    origins.extend(folded);
    let brand = brand(&section, portal, &mut origins);
    let headers = headers::read(&section);
    let upstream = section.section("upstream").and_then(|section| {
        let read = upstream::read(&section, &headers, around)?;
        if !section.has("host") {
            derive(&mut origins, "upstream.host", quoted(&read.host_header), "from upstream.url");
        }
        Some(read)
    });
    let mode = mode(&section);
    let accounts = section.choice("accounts");
    let cookies = cookies(&section, accounts, &mut origins);
    let sign_in = section.section("sign_in").and_then(|section| {
        let read = sign_in::read(&section)?;
        if !section.has("verifier") {
            let value = match read.verifier {
                Verifier::Form => "form",
                Verifier::Basic => "basic",
                Verifier::Roster => "roster",
            };
            derive(&mut origins, "sign_in.verifier", quoted(value), "from sign_in.adapter");
        }
        Some(read)
    });
    let entered_by = section.section("sign_in").and_then(|section| sign_in::entered_by(&section));
    match entered_by {
        Some(EnteredBy::EachRequest) => check_each_request(&section),
        Some(EnteredBy::Identity) => headers::check_account_is_named(&section),
        Some(EnteredBy::Session) | None => {}
    }
    let keeps_secret = matches!(entered_by, Some(EnteredBy::Session | EnteredBy::EachRequest));
    let replays = keeps_secret || cookies == Some(CookieMode::Jar);
    if accounts == Some(Accounts::SharedHost) && section.flag("keep_authorization") == Some(true) {
        let wrong = Wrong::new("on a shared host, browsers would send one extranet's password to the others");
        section.error("keep_authorization", wrong.hint("leave it out"));
    }
    let paths = section.section("paths").map(|section| paths(&section)).unwrap_or_default();
    let paths = with_login_page(&section, paths, sign_in.as_ref().map(|read| &read.adapter), &mut origins);
    let paths = with_logout(paths, sign_in.as_ref().and_then(|read| read.adapter.logout()), &mut origins);
    check_idle(&section, &paths);
    let start = section.has("start").then(|| start(&section, &paths));
    check_success(&section, &paths, sign_in.as_ref().map(|read| &read.adapter));
    let session_over = section.section("session_over").and_then(|section| {
        let element =
            if section.has("element") { Some(section.parsed("element", values::streamed_selector)?) } else { None };
        let login_redirect = section.flag("login_redirect")?;
        Some(SessionOver { login_redirect, statuses: section.numbers("statuses"), element })
    });
    let left = section.section("logout").and_then(|section| logout(&section));
    let terms = section.section("terms").map(|section| terms(&section));
    for origin in &mut origins {
        origin.agency.clone_from(&code);
    }
    let secret_header = upstream.as_ref().and_then(|upstream| upstream.trust.secret_header.as_ref());
    let ours = headers.iter().map(|header| header.name.as_str());
    let reserved = ReservedNames::of(ours.chain(secret_header.map(|header| header.name.as_str())));
    let agency = || {
        let sign_in::SignIn { adapter, login_names, verifier, may_be_email, identifier_case } = sign_in?;
        Some(Agency {
            code: code.clone()?,
            brand: brand?,
            language: section.choice("language")?,
            public: public.clone()?,
            former: former.clone(),
            accounts: accounts?,
            start: match start {
                Some(start) => Some(start?),
                None => None,
            },
            upstream: Arc::new(upstream?),
            mode: mode?,
            policy,
            adapter,
            login_names,
            verifier,
            may_be_email,
            identifier_case,
            cookies: cookies?,
            reserved: Arc::new(reserved),
            headers: headers.into(),
            keep_authorization: section.flag("keep_authorization")?,
            paths: Arc::new(paths),
            session_over: session_over?,
            logout: left?,
            terms: match terms {
                Some(terms) => Some(terms?),
                None => None,
            },
        })
    };
    let agency = agency();
    Read { section, code, public, former, accounts, replays, agency, origins }
}

/// Codes and hosts belong to one agency each, and no extranet is served on the portal's host or points back to us.
pub(super) fn check_together(agencies: &[Read<'_>], portal: Option<&PortalSettings>) {
    let mut codes: HashMap<&AgencyCode, String> = HashMap::new();
    let mut hosts: BTreeMap<&str, Vec<(&Read<'_>, &Origin)>> = BTreeMap::new();
    for read in agencies {
        let place = |name: &str| read.section.source_of(name).to_string();
        if let Some(code) = &read.code
            && let Some(first) = codes.insert(code, place("societe"))
        {
            let wrong = Wrong::new(format!("the codes {code} are those of another agency ({first})"));
            read.section.error("societe", wrong.hint("codes are compared without regard to case"));
        }
        let Some(public) = &read.public else { continue };
        if portal.is_some_and(|portal| portal.origin.host() == public.host()) {
            let wrong = Wrong::new(format!("{} is the portal's host", public.host()));
            read.section.error("url", wrong.hint("no extranet shares an origin with the account pages"));
        }
        hosts.entry(public.host()).or_default().push((read, public));
    }
    for (host, here) in &hosts {
        check_host(host, here);
    }
    check_former(agencies, portal, &hosts.keys().copied().collect());
    let publics: HashSet<&Origin> =
        agencies.iter().filter_map(|read| read.public.as_ref()).chain(portal.map(|portal| &portal.origin)).collect();
    for read in agencies {
        let Some(section) = read.section.section("upstream") else { continue };
        let points_back =
            section.text("url").and_then(|url| Origin::parse(&url)).is_some_and(|url| publics.contains(&url));
        if points_back {
            section.error("url", Wrong::new("leads back to the gateway").hint("write the extranet's own address"));
        }
    }
}

/// A host where an agency was is nobody's now, and was one agency's.
fn check_former(agencies: &[Read<'_>], portal: Option<&PortalSettings>, served: &HashSet<&str>) {
    let of_portal = portal.iter().flat_map(|portal| portal.former.iter().chain([&portal.origin]));
    let mut known: HashMap<&str, String> = of_portal.map(|origin| (origin.host(), "the portal".to_owned())).collect();
    for read in agencies {
        for host in read.former.iter().map(Origin::host) {
            let wrong = match known.get(host) {
                Some(whose) => Wrong::new(format!("{host} is of {whose} too")).hint("it can lead to one place only"),
                None if served.contains(host) => Wrong::new(format!("{host} is in use"))
                    .hint("a former host is one on which no agency is served now; who came back there needs no line"),
                None => {
                    let whose = read.code.as_ref().map_or_else(|| "another agency".to_owned(), ToString::to_string);
                    known.insert(host, whose);
                    continue;
                }
            };
            read.section.error("former_urls", wrong);
        }
    }
    for host in portal.iter().flat_map(|portal| &portal.former).map(Origin::host).filter(|host| served.contains(host)) {
        if let Some(read) =
            agencies.iter().find(|read| read.public.as_ref().is_some_and(|public| public.host() == host))
        {
            let wrong = Wrong::new(format!("{host} is in portal.former_urls"));
            read.section.error("url", wrong.hint("take it out there, and bookmarks of the portal end"));
        }
    }
}

/// A host is one agency's, or all who are there say that they share it.
fn check_host(host: &str, here: &[(&Read<'_>, &Origin)]) {
    let (first, public) = here[0];
    let place = first.section.source_of("url").to_string();
    let Some((sharing, _)) = here.iter().find(|(read, _)| read.accounts == Some(Accounts::SharedHost)) else {
        for (read, _) in &here[1..] {
            let wrong = Wrong::new(format!("{host} is the host of another agency ({place})"));
            let hint =
                "each extranet needs a host of its own, or accounts = \"shared-host\" in every file of this host";
            read.section.error("url", wrong.hint(hint));
        }
        return;
    };
    let place_of_sharing = sharing.section.source_of("accounts");
    for (read, origin) in here {
        if read.accounts.is_some_and(|accounts| accounts != Accounts::SharedHost) {
            let wrong = Wrong::new(format!("{host} is a shared host ({place_of_sharing})"));
            read.section.error("accounts", wrong.hint("accounts = \"shared-host\", or a host of its own"));
        }
        if *origin != public {
            let wrong = Wrong::new(format!("{origin} is not {public}, which the host is to another agency ({place})"));
            read.section.error("url", wrong.hint("on a shared host, scheme and port are the same too"));
        }
    }
    if here.len() == 1 {
        let wrong = Wrong::new(format!("no other agency is on {host}"));
        sharing.section.warning("accounts", wrong.hint("leave it out: an agency alone on its host loses by it"));
        return;
    }
    let wrong = Wrong::new(format!(
        "{host} is shared by {} agencies: a hole in one extranet reaches into the pages and the storage of the others, one \
         account at a time is open in a browser, cookies that an extranet's scripts set do not reach it, and none keeps a \
         service worker",
        here.len()
    ));
    sharing.section.warning("accounts", wrong.hint("a host for each agency, as soon as you can have the names"));
}

/// Where the extranet's cookies live: on a shared host in the session, since in a browser those of several extranets would
/// meet.
fn cookies(section: &Section<'_>, accounts: Option<Accounts>, origins: &mut [ValueOrigin]) -> Option<CookieMode> {
    if accounts != Some(Accounts::SharedHost) {
        return section.choice("cookies");
    }
    if !section.has("cookies") {
        for origin in origins.iter_mut().filter(|origin| origin.key == "cookies") {
            (origin.value, origin.from) = (quoted("jar"), Source::Derived("from accounts".to_owned()));
        }
        return Some(CookieMode::Jar);
    }
    let cookies = section.choice("cookies");
    if cookies == Some(CookieMode::Relay) {
        let wrong = Wrong::new("on a shared host, the cookies of several extranets would meet in the browser");
        section.error("cookies", wrong.hint("cookies = \"jar\", or leave it out"));
    }
    cookies
}

fn code(section: &Section<'_>) -> Option<AgencyCode> {
    let part = |name: &str, parse: fn(&str) -> Option<AgencyCode>| {
        section.parsed(name, |text| {
            let hint = "1 to 32 letters, digits, - or _";
            parse(text)
                .map(|_| text.to_owned())
                .ok_or_else(|| Wrong::new(format!("\"{text}\" is not a code")).hint(hint))
        })
    };
    let client = part("client", |text| AgencyCode::parse(text, "0"));
    let societe = part("societe", |text| AgencyCode::parse("0", text));
    AgencyCode::parse(&client?, &societe?)
}

fn brand(
    section: &Section<'_>,
    portal: Option<&PortalSettings>,
    origins: &mut Vec<ValueOrigin>,
) -> Option<AgencyBrand> {
    let name = section.parsed("name", values::line);
    let brand = section.section("brand")?;
    let mut colour = brand.parsed("colour", values::colour);
    if !brand.has("colour") {
        colour = portal.map(|portal| portal.colour.clone());
        if let Some(colour) = &colour {
            derive(origins, "brand.colour", quoted(colour), "the portal's colour");
        }
    }
    let mail_from = brand.parsed("mail_from", values::email);
    let support_email = brand.parsed("support_email", values::email);
    let support_phone = brand.parsed("support_phone", values::line);
    let support_url = brand.parsed("support_url", values::web_address);
    Some(AgencyBrand { name: name?, colour: colour?, mail_from, support_email, support_phone, support_url })
}

/// Where each request carries a password, browsers must neither bring credentials of their own nor be asked for some.
fn check_each_request(section: &Section<'_>) {
    if section.flag("keep_authorization") == Some(true) {
        let wrong = Wrong::new("with http-basic, Authorization is the gateway's own");
        section.error("keep_authorization", wrong.hint("leave it out"));
    }
    if let Some(over) = section.section("session_over")
        && !over.numbers::<u16>("statuses").contains(&401)
    {
        let wrong = Wrong::new("with http-basic, 401 says that the password is refused");
        over.error("statuses", wrong.hint("statuses = [401]"));
    }
}

fn mode(section: &Section<'_>) -> Option<AgencyMode> {
    let mode = section.choice("mode");
    if let Some(AgencyMode::Observe | AgencyMode::Offer) = mode {
        let wrong = Wrong::new("observe and offer are not available yet");
        section.error("mode", wrong.hint("take \"require\" or \"cutover\""));
    }
    mode
}

fn paths(section: &Section<'_>) -> PathRules {
    let rules = |name: &str| section.list(name, values::page_rule);
    PathRules {
        public: section.list("public", values::opening_rule),
        login: rules("login"),
        logout: rules("logout"),
        account: rules("account"),
        may_post_credentials: section.list("may_post_credentials", values::opening_rule),
        form_page: None,
    }
}

/// The page of the login form never answers to strangers, and nobody posts a login to it. Where its name says that it is for
/// signing in and nothing else, it is closed as if a rule said so; where it may have another face, it is open to residents.
fn with_login_page(
    section: &Section<'_>,
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
    section.warning("paths", wrong.hint(hint));
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
fn check_success(section: &Section<'_>, paths: &PathRules, adapter: Option<&Adapter>) {
    let Some(Adapter::FormReplay(form)) = adapter else { return };
    for rule in &form.success {
        let Rule::Redirect(to) = rule else { continue };
        if let Some(page) = ReturnPath::parse(to)
            && let Some(list) = paths.closing(&page)
        {
            let wrong = Wrong::new(format!("a sign-in leads to {to}, which is closed to residents by paths.{list}"));
            section.warning(
                "paths",
                wrong.hint("is a rule there too wide? \"=/path\" is for one page only; or say start"),
            );
        }
    }
}

/// The page to begin with: one of the extranet, which the rules do not keep from residents.
fn start(section: &Section<'_>, paths: &PathRules) -> Option<ReturnPath> {
    let page = section.parsed("start", values::return_path)?;
    let closed_by = paths.closing(&page);
    if let Some(list) = closed_by {
        let wrong = Wrong::new(format!("{} is closed to residents by paths.{list}", page.as_str()));
        section.error("start", wrong.hint("the page that shows who is signed in what they may do"));
    }
    closed_by.is_none().then_some(page)
}

/// Tells the rules that never hold.
fn check_idle(section: &Section<'_>, paths: &PathRules) {
    let Some(section) = section.section("paths") else { return };
    for idle in paths.idle() {
        let wrong = Wrong::new(format!("\"{}\" never holds: \"{}\" goes before it", idle.rule.text(), idle.before));
        section.warning(idle.list, wrong.hint("leave it out, or make it exact: \"=/path\""));
    }
}

fn logout(section: &Section<'_>) -> Option<Logout> {
    let fields = section.list("fields", values::field_rule);
    let element =
        if section.has("element") { Some(section.parsed("element", values::streamed_selector)?) } else { None };
    Some(Logout { fields, element, cookies: section.list("cookies", values::cookie_name) })
}

fn terms(section: &Section<'_>) -> Option<TermsText> {
    let version = section.parsed("version", values::line);
    let file = section.path("file")?;
    section.notes.depends_on(&file);
    let text = match std::fs::read_to_string(&file) {
        Ok(text) if text.trim().is_empty() => Err(Wrong::new(format!("{} is empty", file.display()))),
        Ok(text) => Ok(text),
        Err(error) => {
            Err(Wrong::new(format!("{} cannot be read: {error}", file.display())).hint("a text file in UTF-8"))
        }
    };
    let text = text.map_err(|wrong| section.error("file", wrong)).ok();
    Some(TermsText { version: version?, text: text? })
}

/// Lists a value that follows from another one, beside those of the same table.
fn derive(origins: &mut Vec<ValueOrigin>, key: &str, value: String, how: &str) {
    let table = key.split('.').next();
    let last = origins.iter().rposition(|origin| origin.key.split('.').next() == table);
    let from = Source::Derived(how.to_owned());
    let at = last.map_or(origins.len(), |last| last + 1);
    origins.insert(at, ValueOrigin { agency: None, key: key.to_owned(), value, from });
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
