//! `vestibule check` (e02).

use std::path::Path;

use super::terminal::{say, tell};
use super::{Ended, assemble, control, descriptors, runtime, with_settings};
use crate::config::{self, Settings};
use crate::domain::adapter::EnteredBy;
use crate::domain::agency::Agency;
use crate::legacy::{Around, Legacy, Looked};
use crate::sessions::{self, Outage};

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
        let (silent, outage) = if offline { (0, None) } else { (reach(&settings), redis(&settings)) };
        let agencies = settings.agencies.len();
        match (silent, outage) {
            (0, None) => {
                say!("{}: in order, {agencies} agencies", path.display());
                Ended::Done
            }
            (0, Some(outage)) => Ended::Failed(outage.to_string()),
            (silent, _) => Ended::Failed(format!("{silent} of {agencies} extranets cannot be reached from here")),
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

/// Writes something into Redis, if sessions live there, and says how that went.
fn redis(settings: &Settings) -> Option<Outage> {
    let redis = settings.redis.as_ref()?;
    match runtime(1).ok()?.block_on(sessions::reach(redis)) {
        Ok(()) => {
            say!("Redis answers at {}", redis.urls.join(", "));
            None
        }
        Err(outage) => {
            tell!("{outage}");
            Some(outage)
        }
    }
}

/// Speaks to every extranet and says how that went; gives the number of those that are silent.
fn reach(settings: &Settings) -> usize {
    let Ok(runtime) = runtime(1) else { return 0 };
    let legacy = match Legacy::new() {
        Ok(legacy) => legacy,
        Err(error) => {
            tell!("{error}");
            return settings.agencies.len();
        }
    };
    runtime.block_on(async {
        let mut silent = 0;
        for agency in &settings.agencies {
            match legacy.knock(&agency.upstream).await {
                Ok(status) => {
                    say!("{}: {} answers ({status})", agency.code, agency.upstream.origin);
                    tell_start(agency, legacy.look(&agency.upstream, &agency.start_after(None)).await);
                    tell_around(agency, &legacy.around(&agency.upstream, status).await);
                }
                Err(reason) => {
                    silent += 1;
                    tell!(
                        "{}: {} cannot be reached: {reason} (hint: is upstream.url right, and may this machine \
                         connect to it?)",
                        agency.code,
                        agency.upstream.origin
                    );
                }
            }
        }
        silent
    })
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
