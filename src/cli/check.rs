//! `vestibule check` (e02).

use std::path::Path;

use super::terminal::{say, tell};
use super::{Ended, assemble, control, descriptors, reach, runtime, with_settings};
use crate::config::{self, Settings};
use crate::domain::adapter::EnteredBy;
use crate::domain::agency::Agency;
use crate::legacy::{Around, Legacy, Look, Looked};

/// Tells what is wrong, and where each value comes from.
pub(super) fn run(path: &Path, offline: bool) -> Ended {
    with_settings(path, |settings| {
        if let Err(reason) = assemble::signer(&settings.mail) {
            tell!("{reason}");
            return Ended::Misconfigured;
        }
        say!("{}", config::describe(&settings));
        if let Some(warning) = descriptors::warning(descriptors::raise_limit(), settings.server.max_connections) {
            tell!("{warning}");
        }
        tell_learnt(&settings);
        if settings.redis.is_some() && settings.database_url.expose().starts_with("sqlite:") {
            // The warning above says where; the gateway starts, so that none that runs is stopped by this (decision 75).
            tell!("vestibule: [redis] and SQLite: one of them is not what was meant; see the warning");
            return Ended::Misconfigured;
        }
        if offline {
            say!(
                "{}: in order, {} agencies; nothing was reached for (--offline)",
                path.display(),
                settings.agencies.len()
            );
            return Ended::Done;
        }
        let away = reach::what_is_away(&settings);
        let Reached { silent, refused } = extranets(&settings);
        let agencies = settings.agencies.len();
        let mut wrong = Vec::new();
        if !away.is_empty() {
            wrong.push(format!("{} cannot be used from here", away.join(", ")));
        }
        if silent > 0 {
            wrong.push(format!("{silent} of {agencies} extranets cannot be reached, or signed in to, from here"));
        }
        if refused > 0 {
            wrong.push(format!("{refused} of {agencies} login forms are refused"));
        }
        if wrong.is_empty() {
            say!("{}: in order, {agencies} agencies", path.display());
            Ended::Done
        } else {
            Ended::Failed(wrong.join("; "))
        }
    })
}

/// What the gateway that runs here has learnt of the extranets. The database itself is not opened: that would bring it up to
/// date, and leave files of whoever checks beside it.
fn tell_learnt(settings: &Settings) {
    let Ok(runtime) = runtime(1) else { return };
    let Ok(Ok(status)) = runtime.block_on(control::ask(&settings.server.control, "status")) else { return };
    for line in status.lines().filter(|line| line.starts_with(control::OF_AN_EXTRANET)) {
        say!("{line}");
    }
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
            match legacy.knock(&agency.upstream).await {
                Ok(status) => {
                    say!("{}: {} answers ({status})", agency.code, agency.upstream.origin);
                    tell_start(
                        agency,
                        legacy.look_at_page(&agency.upstream, &agency.start_after(None), &agency.public).await,
                    );
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
             sent? See sign_in.form.button)"
        ),
        None => {}
    }
}

/// Where residents stand after signing in has to be a page (F2).
fn tell_start(agency: &Agency, looked: Option<Looked>) {
    let (code, start) = (&agency.code, agency.start_after(None));
    let what = match looked {
        Some(Looked::LeadsElsewhere) => "leads to another server".to_owned(),
        Some(Looked::Answers(403)) if agency.adapter.entered_by() == EnteredBy::Session => {
            "answers 403 to whoever is not signed in".to_owned()
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
