//! `vestibule check` (e02).

use std::path::Path;
use std::time::Duration;

use tokio::net::TcpStream;

use super::terminal::{say, tell};
use super::{Ended, runtime, with_settings};
use crate::config::{self, Settings};
use crate::domain::agency::Agency;
use crate::pages::Pages;

/// Tells what is wrong, and where each value comes from.
pub(super) fn run(path: &Path, offline: bool) -> Ended {
    with_settings(path, |settings| {
        if let Err(error) = Pages::load(settings.pages.as_deref()) {
            tell!("{error}");
            return Ended::Misconfigured;
        }
        say!("{}", config::describe(&settings));
        let silent = if offline { 0 } else { reach(&settings) };
        let agencies = settings.agencies.len();
        if silent == 0 {
            say!("{}: in order, {agencies} agencies", path.display());
            Ended::Done
        } else {
            Ended::Failed(format!("{silent} of {agencies} extranets cannot be reached from here"))
        }
    })
}

/// Opens a connection to every extranet and says how that went; gives the number of those that are silent.
fn reach(settings: &Settings) -> usize {
    let Ok(runtime) = runtime(1) else { return 0 };
    runtime.block_on(async {
        let mut silent = 0;
        for agency in &settings.agencies {
            match connect(agency).await {
                Ok(()) => say!("{}: {} answers", agency.code, agency.upstream.origin),
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

async fn connect(agency: &Agency) -> Result<(), String> {
    let origin = &agency.upstream.origin;
    let patience = Duration::from_millis(agency.upstream.connect_timeout_ms);
    match tokio::time::timeout(patience, TcpStream::connect((origin.host(), origin.port()))).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no connection within {} ms", patience.as_millis())),
    }
}
