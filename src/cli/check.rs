//! `vestibule check` (e02).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rustix::fs::Access;

use super::configured::to_type;
use super::control;
use super::outcome::names;
use super::reach::Found;
use super::readable::{Account, UNITS_USER};
use super::said::Said;
use super::terminal::{patiently, say, tell};
use super::{Ended, Read, assemble, descriptors, reach, runtime, with_settings};
use crate::config::{self, ControlPlaces, Settings};
use crate::domain::adapter::EnteredBy;
use crate::domain::agency::Agency;
use crate::domain::agency_code::AgencyCode;
use crate::legacy::{Around, Legacy, Look, Looked, PasswordForm};
use crate::store::{self, Store, Tables};

/// Tells what is wrong, and where each value comes from.
pub(super) fn run(path: &Path, offline: bool, user: Option<&str>) -> Ended {
    with_settings(path, |settings, Read { files, flaws }| {
        if let Err(reason) = assemble::signer(&settings.mail) {
            tell!("{reason}");
            return Ended::Misconfigured;
        }
        say!("{}", config::describe(&settings));
        let closed = match tell_user(&settings, files, user) {
            Ok(closed) => closed,
            Err(reason) => return Ended::Failed(reason),
        };
        if let Some(warning) = descriptors::warning(descriptors::raise_limit(), settings.server.max_connections) {
            tell!("{warning}");
        }
        tell_learnt(&settings);
        tell_unsaid(&settings);
        if settings.redis.is_some() && settings.database_url.expose().starts_with("sqlite:") {
            // The warning above says where; the gateway starts, so that none that runs is stopped by this (decision 75).
            tell!("vestibule: [redis] and SQLite: one of them is not what was meant; see the warning");
            return Ended::Misconfigured;
        }
        let (Found { away, agencies: known }, Reached { silent, refused }) =
            if offline { Default::default() } else { (reach::look(&settings), extranets(&settings)) };
        tell_missing(&settings, known);
        let agencies = settings.agencies.len();
        let mut wrong = Vec::new();
        if agencies == 0 {
            wrong.push("it is without any agency: nobody reaches an extranet".to_owned());
        }
        if closed > 0 && user.is_some() {
            wrong.push(format!("{closed} files are closed to the user as whom the gateway runs"));
        }
        if flaws > 0 {
            wrong.push(format!("{flaws} problems that a start goes on with, and a reload does not"));
        }
        if !offline && is_in_doubt(&settings) {
            wrong.push("the database may not be the right one".to_owned());
        }
        if !away.is_empty() {
            wrong.push(format!("{} cannot be used from here", away.join(", ")));
        }
        if silent > 0 {
            wrong.push(format!("{silent} of {agencies} extranets cannot be reached, or signed in to, from here"));
        }
        if refused > 0 {
            wrong.push(format!("{refused} of {agencies} login forms are refused"));
        }
        if !wrong.is_empty() {
            return Ended::Failed(wrong.join("; "));
        }
        let unasked = if offline { "; nothing was reached for (--offline)" } else { "" };
        say!("{}: in order, {agencies} agencies{unasked}", path.display());
        Ended::Done
    })
}

/// Where the control socket is, and whether the user as whom the gateway runs can open it, read its files and serve from its
/// database; how many files that user cannot.
fn tell_user(settings: &Settings, files: &[PathBuf], user: Option<&str>) -> Result<usize, String> {
    let is_root = rustix::process::geteuid().is_root();
    let account = match user {
        Some(name) => Some(Account::find(name).ok_or_else(|| format!("there is no user {name} (hint: check --user)"))?),
        None => Account::find(UNITS_USER).filter(|_| is_root),
    };
    tell_control(&settings.server.control, account.as_ref());
    let closed = account.map_or_else(Vec::new, |account| {
        let database = account.keeps_from_serving(&store::files_of(settings.database_url.expose()));
        account.cannot_read(files).into_iter().chain(database).collect()
    });
    let severity = if user.is_some() { "" } else { "warning: " };
    for told in &closed {
        tell!("{severity}{told}");
    }
    Ok(closed.len())
}

/// Where the control socket is: that of the gateway that runs, or where the next start opens it. Who types this is not told
/// what systemd tells its unit, so that place is named too where a unit may be (decision 80).
fn tell_control(places: &ControlPlaces, account: Option<&Account>) {
    let running = runtime(1).ok().and_then(|runtime| runtime.block_on(control::find(places)).ok());
    if let Some(place) = running {
        say!("the control socket is {}: a gateway that runs has opened it", place.display());
    }
    let own = places.own.display();
    let folder = places.own.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let can_write = match account {
        // A unit's folder is there while the unit runs.
        _ if folder.starts_with("/run") && !folder.exists() => true,
        Some(account) => account.may_write_in(folder),
        None => folder.is_dir() && rustix::fs::access(folder, Access::WRITE_OK).is_ok(),
    };
    let who = account.map_or("who checks", Account::name);
    let may_be_a_unit = || account.is_some() || Account::find(UNITS_USER).is_some();
    match &places.units {
        _ if running == Some(&places.own) => return,
        Some(units) if running == Some(units) => return,
        Some(units) if may_be_a_unit() || units.parent().is_some_and(Path::exists) => {
            let but = if can_write { "" } else { ", where it cannot be opened (hint: server.control)" };
            say!(
                "the control socket is {} where systemd runs the gateway (RuntimeDirectory=vestibule); where something else \
                 does, {own}{but}",
                units.display()
            );
            return;
        }
        Some(_) | None => say!("the control socket is {own}, for status, reload and upgrade"),
    }
    if !can_write {
        tell!(
            "warning: {who} cannot write in {}: without the socket there is neither status nor upgrade, and reload by SIGHUP \
             only (hint: server.control = \"/run/vestibule/vestibule.sock\" with RuntimeDirectory=vestibule in the unit, which \
             makes that folder at each start)",
            folder.display()
        );
    }
}

/// What the gateway that runs here has learnt of the extranets. The database itself is not opened: that would bring it up to
/// date, and leave files of whoever checks beside it.
fn tell_learnt(settings: &Settings) {
    let Ok(runtime) = runtime(1) else { return };
    let Ok(Said::Done(status)) = runtime.block_on(control::ask(&settings.server.control, "status")) else { return };
    for line in status.lines().filter(|line| line.starts_with(control::OF_AN_EXTRANET)) {
        say!("{line}");
    }
}

/// What residents are not told unless it is written: how their agency is reached, and who answers for their data. Hints, for
/// nothing is out of order.
fn tell_unsaid(settings: &Settings) {
    let portal = &settings.portal;
    let portal_is_reachable =
        portal.support_phone.is_some() || portal.support_email.is_some() || portal.support_url.is_some();
    for agency in settings.agencies.iter().filter(|agency| !portal_is_reachable && !agency.brand.is_reachable()) {
        say!(
            "{}: its residents are told of nobody whom they can reach, on pages and in letters (hint: brand.support_phone or \
             brand.support_email, or [portal] support_phone for all agencies)",
            agency.code
        );
    }
    let unsaid = settings.agencies.iter().filter(|agency| agency.controller.is_none()).count();
    if unsaid > 0 {
        say!(
            "{unsaid} agencies: nobody is named who answers for residents' personal data, so the page about it says that the \
             agency does (hint: [controller] in the agency's file, or [portal.controller] for all; role = \"syndicat\" where \
             a co-ownership does)"
        );
    }
}

/// Tells which agencies are in force, or were last, and are not in the files any more.
fn tell_missing(settings: &Settings, known: Vec<AgencyCode>) {
    let mut known: BTreeSet<AgencyCode> = known.into_iter().collect();
    if let Ok(runtime) = runtime(1)
        && let Ok(Said::Done(text)) = runtime.block_on(control::ask(&settings.server.control, "agencies"))
    {
        known.extend(text.lines().filter_map(AgencyCode::stored));
    }
    for agency in &settings.agencies {
        known.remove(&agency.code);
    }
    if !known.is_empty() {
        let gone: Vec<AgencyCode> = known.into_iter().collect();
        tell!(
            "warning: {} agencies that were in force last are not in the files: {} (hint: put their files back; if they are \
             to go: {})",
            gone.len(),
            names(&gone),
            to_type("reload")
        );
    }
}

/// Tells whether the database that answers may not be the right one. One that does not was told of.
fn is_in_doubt(settings: &Settings) -> bool {
    let url = settings.database_url.expose();
    let asked = async {
        let is_there = store::reach(url).await.is_ok_and(|found| found.tables == Tables::Current);
        let store = if is_there { Store::open_beside(url).await.ok()? } else { return None };
        let doubt = assemble::doubt(&settings.server.control, &store).await;
        store.close().await;
        doubt
    };
    let doubt = runtime(1).ok().and_then(|runtime| runtime.block_on(asked));
    doubt.inspect(|told| tell!("{told}")).is_some()
}

/// How many extranets are silent, and of how many the login form is refused.
#[derive(Default)]
struct Reached {
    silent: usize,
    refused: usize,
}

/// Speaks to every extranet and says how that went.
fn extranets(settings: &Settings) -> Reached {
    let mut reached = Reached::default();
    let Ok(runtime) = runtime(1) else { return reached };
    let legacy = match Legacy::new() {
        Ok(legacy) => legacy,
        Err(error) => {
            tell!("{error}");
            reached.silent = settings.agencies.len();
            return reached;
        }
    };
    runtime.block_on(async {
        for agency in &settings.agencies {
            let at = agency.upstream.origin.to_string();
            match patiently(&at, legacy.knock(&agency.upstream)).await {
                Ok(status) => {
                    say!("{}: {} answers ({status})", agency.code, agency.upstream.origin);
                    tell_start(
                        agency,
                        legacy.look_at_page(&agency.upstream, &agency.start_after(None), &agency.public).await,
                    );
                    tell_open_forms(agency, &open_forms(&legacy, agency).await);
                    tell_around(agency, &legacy.around(&agency.upstream, status).await);
                    let look = legacy.look_at_form(&agency.upstream, &agency.adapter, &agency.public).await;
                    reached.refused += usize::from(matches!(look, Some(Look::Refused(_))));
                    tell_look(agency, look.as_ref());
                    if let Err(reason) = legacy.can_enter(&agency.upstream, &agency.adapter).await {
                        reached.silent += 1;
                        tell!(
                            "{}: nobody can be signed in: {reason} (hint: http-basic is for a server whose 401 offers \
                             Basic; is sign_in.basic.page right?)",
                            agency.code
                        );
                    }
                }
                Err(reason) => {
                    reached.silent += 1;
                    tell!(
                        "{}: {} cannot be reached: {reason} (hint: is upstream.url right, and may this machine \
                         connect to it?)",
                        agency.code,
                        agency.upstream.origin
                    );
                }
            }
        }
        reached
    })
}

/// A login form that cannot be sent keeps everybody out.
fn tell_look(agency: &Agency, look: Option<&Look>) {
    let (code, page) = (&agency.code, agency.adapter.login_page().unwrap_or_default());
    match look {
        Some(Look::Fits(how)) => say!("{code}: the login form of {page} {how}"),
        Some(Look::Unfit(why)) => tell!("{code}: warning: the login form of {page} cannot be sent: {why}"),
        Some(Look::Refused(why)) => tell!(
            "{code}: the login form of {page} is refused: {why} (hint: is there another button, that says how the form is \
             sent? See sign_in.form.button; and where a script posts it, sign_in.form.method)"
        ),
        None => {}
    }
}

/// Where residents stand after signing in has to be a page (F2).
fn tell_start(agency: &Agency, looked: Option<Looked>) {
    let (code, start) = (&agency.code, agency.start_after(None));
    let what = match looked {
        Some(Looked::LeadsElsewhere) => "leads to another server".to_owned(),
        // So it may say that nobody is signed in.
        Some(Looked::Answers(status)) if agency.session_over.statuses.contains(&status) => return,
        Some(Looked::Answers(403)) if agency.adapter.entered_by() == EnteredBy::Session => {
            "answers 403 to whoever is not signed in; if that is how it says so, session_over.statuses = [401, 403] tells \
             the gateway; else residents may see it, too"
                .to_owned()
        }
        Some(Looked::Answers(status @ (404 | 410 | 500..))) => format!("answers {status}"),
        Some(Looked::Answers(_)) | None => return,
    };
    let page = start.as_str();
    if agency.start.is_none() && agency.adapter.entered_by() == EnteredBy::Session {
        tell!(
            "{code}: {page} {what}: residents stand where the extranet's own login leads, and there only if it leads \
             nowhere (hint: start = \"/…\" names the page)"
        );
    } else {
        tell!(
            "{code}: warning: {page}, where residents stand after signing in, {what} (hint: start = \"/…\", the page that \
             a resident wants to see first)"
        );
    }
}

/// The login forms that residents could still use, as far as they are seen without signing in (S1).
async fn open_forms(legacy: &Legacy, agency: &Agency) -> BTreeMap<String, PasswordForm> {
    let start = agency.start_after(None);
    let pages: BTreeSet<&str> = ["/", start.as_str()].into_iter().chain(agency.adapter.first_page()).collect();
    let mut open = BTreeMap::new();
    for page in pages {
        for form in legacy.password_forms(&agency.upstream, page, &agency.public).await {
            let (path, query) =
                form.to.split_once('?').map_or((form.to.as_str(), None), |(path, query)| (path, Some(query)));
            let names: Vec<&str> = form.names.iter().map(String::as_str).collect();
            if !agency.closes_form(path, query, &names) {
                open.entry(form.to.clone()).or_insert(form);
            }
        }
    }
    open
}

/// Whoever is signed in here could become somebody else upstream by one of them.
fn tell_open_forms(agency: &Agency, open: &BTreeMap<String, PasswordForm>) {
    for (to, form) in open {
        let by_fields = if agency.login_fields().is_none() {
            format!(", or name its fields in [sign_in.fields], such as password = \"{}\"", form.password)
        } else {
            String::new()
        };
        tell!(
            "{}: warning: a login form that is sent to {to} stays open to residents, who could sign in there as somebody else \
             (hint: list {to} in paths.login{by_fields})",
            agency.code
        );
    }
}

/// An extranet that others reach directly makes every promise of the gateway hollow (a25).
fn tell_around(agency: &Agency, around: &Around) {
    let (code, origin) = (&agency.code, &agency.upstream.origin);
    match around {
        Around::Closed => say!("{code}: {origin} answers the gateway only"),
        Around::Open(status) => tell!(
            "{code}: warning: {origin} answers {status} to whoever comes without the gateway's certificate and secret \
             header (hint: have the extranet, or the server in front of it, refuse such requests)"
        ),
        Around::Undeclared if agency.adapter.entered_by() == EnteredBy::Identity => tell!(
            "{code}: warning: whoever reaches {origin} directly is whoever they say (hint: upstream.secret_header or \
             upstream.tls.client_cert_file, and an extranet that asks for it; or a network that only the gateway is in)"
        ),
        Around::Undeclared => say!("{code}: only the network keeps others from {origin}"),
    }
}
