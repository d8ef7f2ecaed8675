//! An agency's file as used; each of its tables has a file of its own beside this one.

use std::sync::Arc;

use super::document::Section;
use super::keys::{self, AGENCY, SESSION_OVER};
use super::origins::{Source, ValueOrigin, quoted};
use super::policy::{Layer, Layers};
use super::problems::Wrong;
use super::secrets::Surroundings;
use super::settings::PortalSettings;
use super::{brand, controller, endings, headers, paths, sign_in, terms, upstream, values};
use crate::domain::accounts::Accounts;
use crate::domain::adapter::EnteredBy;
use crate::domain::agency::{Agency, AgencyMode, CookieMode};
use crate::domain::agency_code::AgencyCode;
use crate::domain::identity_headers::{IdentityHeader, ReservedNames};
use crate::domain::origin::Origin;
use crate::domain::policy::AgencyPolicy;
use crate::domain::upstream::Upstream;

/// What is known of an agency whose file was read, even if something else in it is wrong.
pub(super) struct Read<'s> {
    /// The file, to tell further problems at.
    pub(super) section: Section<'s, keys::Agency>,
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
    section: Section<'s, keys::Agency>,
    written: Vec<ValueOrigin>,
    layers: &Layers<'s>,
    portal: Option<&PortalSettings>,
    around: Surroundings<'_>,
) -> Read<'s> {
    let mut origins = written;
    let code = code(&section);
    let public = section.parsed(AGENCY.url, values::public_origin);
    let former = section.list(AGENCY.former_urls, values::public_origin);
    let policy = policy(&section, layers, &mut origins);
    let brand = brand::read(&section, portal, &mut origins);
    let controller = section.section(AGENCY.controller);
    let controller = optional(controller.is_some(), || controller::read(&controller?));
    let headers = headers::read(&section);
    let upstream = section.section(AGENCY.upstream);
    let upstream = upstream.and_then(|section| upstream::read(&section, &headers, around, &mut origins));
    let mode = mode(&section);
    let accounts = section.choice(AGENCY.accounts);
    let cookies = cookies(&section, accounts, &mut origins);
    let sign_in = section.section(AGENCY.sign_in).and_then(|section| sign_in::read(&section, &mut origins));
    let entered_by = section.section(AGENCY.sign_in).and_then(|section| sign_in::entered_by(&section));
    check_together(&section, accounts, entered_by);
    let paths = paths::read(&section, sign_in.as_ref().map(|read| &read.adapter), &mut origins);
    let start = optional(section.has(AGENCY.start), || paths::start(&section, &paths));
    let session_over = section.section(AGENCY.session_over).and_then(|section| endings::session_over(&section));
    let logout = section.section(AGENCY.logout).and_then(|section| endings::logout(&section));
    let terms = section.section(AGENCY.terms);
    let terms = optional(terms.is_some(), || terms::read(&terms?));
    for origin in &mut origins {
        origin.agency.clone_from(&code);
    }
    let keeps_secret = matches!(entered_by, Some(EnteredBy::Session | EnteredBy::EachRequest));
    let replays = keeps_secret || cookies == Some(CookieMode::Jar);
    let agency = || {
        let sign_in::SignIn { adapter, login_names, verifier, may_be_email, identifier_case } = sign_in?;
        let upstream = upstream?;
        Some(Agency {
            code: code.clone()?,
            brand: brand?,
            controller: controller?.or_else(|| portal.and_then(|portal| portal.controller.clone())),
            language: section.choice(AGENCY.language)?,
            public: public.clone()?,
            former: former.clone(),
            accounts: accounts?,
            start: start?,
            mode: mode?,
            policy,
            adapter,
            login_names,
            verifier,
            may_be_email,
            identifier_case,
            cookies: cookies?,
            reserved: Arc::new(reserved(&headers, &upstream)),
            upstream: Arc::new(upstream),
            headers: headers.into(),
            keep_authorization: section.flag(AGENCY.keep_authorization)?,
            paths: Arc::new(paths),
            session_over: session_over?,
            logout: logout?,
            terms: terms?,
        })
    };
    let agency = agency();
    Read { section, code, public, former, accounts, replays, agency, origins }
}

/// What need not be written; the outer None where it is, and something is wrong with it.
#[expect(clippy::option_option, reason = "wrong, and not declared, are two things")]
fn optional<T>(is_written: bool, read: impl FnOnce() -> Option<T>) -> Option<Option<T>> {
    if is_written { read().map(Some) } else { Some(None) }
}

fn code(section: &Section<'_, keys::Agency>) -> Option<AgencyCode> {
    let part = |key, parse: fn(&str) -> Option<AgencyCode>| {
        section.parsed(key, |text| {
            let hint = "1 to 32 letters, digits, - or _";
            parse(text)
                .map(|_| text.to_owned())
                .ok_or_else(|| Wrong::new(format!("\"{text}\" is not a code")).hint(hint))
        })
    };
    let client = part(AGENCY.client, |text| AgencyCode::parse(text, "0"));
    let societe = part(AGENCY.societe, |text| AgencyCode::parse("0", text));
    AgencyCode::parse(&client?, &societe?)
}

/// The policy of its layers: the installation's, its client's, its own.
fn policy(section: &Section<'_, keys::Agency>, layers: &Layers<'_>, origins: &mut Vec<ValueOrigin>) -> AgencyPolicy {
    let client = section.text(AGENCY.client).and_then(|text| AgencyCode::parse(&text, "0"));
    let own = section.layer(AGENCY.policy).map(Layer::read);
    let (policy, folded) = layers.fold(client.as_ref().map(AgencyCode::client), own);
    origins.extend(folded);
    policy
}

fn mode(section: &Section<'_, keys::Agency>) -> Option<AgencyMode> {
    let mode = section.choice(AGENCY.mode);
    if let Some(AgencyMode::Observe | AgencyMode::Offer) = mode {
        let wrong = Wrong::new("observe and offer are not available yet");
        section.error(AGENCY.mode, wrong.hint("take \"require\" or \"cutover\""));
    }
    mode
}

/// Where the extranet's cookies live: on a shared host in the session, since in a browser those of several extranets would
/// meet.
fn cookies(
    section: &Section<'_, keys::Agency>,
    accounts: Option<Accounts>,
    origins: &mut [ValueOrigin],
) -> Option<CookieMode> {
    if accounts != Some(Accounts::SharedHost) {
        return section.choice(AGENCY.cookies);
    }
    if !section.has(AGENCY.cookies) {
        for origin in origins.iter_mut().filter(|origin| origin.key == "cookies") {
            (origin.value, origin.from) = (quoted("jar"), Source::Derived("from accounts".to_owned()));
        }
        return Some(CookieMode::Jar);
    }
    let cookies = section.choice(AGENCY.cookies);
    if cookies == Some(CookieMode::Relay) {
        let wrong = Wrong::new("on a shared host, the cookies of several extranets would meet in the browser");
        section.error(AGENCY.cookies, wrong.hint("cookies = \"jar\", or leave it out"));
    }
    cookies
}

/// The names of the headers that only the gateway may set.
fn reserved(headers: &[IdentityHeader], upstream: &Upstream) -> ReservedNames {
    let secret = upstream.trust.secret_header.iter().map(|header| header.name.as_str());
    ReservedNames::of(headers.iter().map(|header| header.name.as_str()).chain(secret))
}

/// What has to hold between the ways in which its residents are entered and share hosts, and the rest of the file.
fn check_together(section: &Section<'_, keys::Agency>, accounts: Option<Accounts>, entered_by: Option<EnteredBy>) {
    match entered_by {
        Some(EnteredBy::EachRequest) => check_each_request(section),
        Some(EnteredBy::Identity) => headers::check_account_is_named(section),
        Some(EnteredBy::Session) | None => {}
    }
    if accounts == Some(Accounts::SharedHost) && section.flag(AGENCY.keep_authorization) == Some(true) {
        let wrong = Wrong::new("on a shared host, browsers would send one extranet's password to the others");
        section.error(AGENCY.keep_authorization, wrong.hint("leave it out"));
    }
}

/// Where each request carries a password, browsers must neither bring credentials of their own nor be asked for some.
fn check_each_request(section: &Section<'_, keys::Agency>) {
    if section.flag(AGENCY.keep_authorization) == Some(true) {
        let wrong = Wrong::new("with http-basic, Authorization is the gateway's own");
        section.error(AGENCY.keep_authorization, wrong.hint("leave it out"));
    }
    if let Some(over) = section.section(AGENCY.session_over)
        && !over.numbers(SESSION_OVER.statuses).contains(&401)
    {
        let wrong = Wrong::new("with http-basic, 401 says that the password is refused");
        over.error(SESSION_OVER.statuses, wrong.hint("statuses = [401]"));
    }
}
