//! `vestibule check` (e02).

#![expect(clippy::disallowed_macros, reason = "this is where the program speaks to the terminal")]

use std::path::Path;
use std::time::Duration;

use tokio::net::TcpStream;

use super::{Ended, runtime, with_settings};
use crate::config::{self, Settings};
use crate::domain::agency::Agency;
use crate::pages::Pages;
use crate::sessions::{self, Outage};

/// Tells what is wrong, and where each value comes from.
pub(super) fn run(path: &Path, offline: bool) -> Ended {
    with_settings(path, |settings| {
        if let Err(error) = Pages::load(settings.pages.as_deref()) {
            eprintln!("{error}");
            return Ended::Misconfigured;
        }
        println!("{}", config::describe(&settings));
        let (silent, outage) = if offline { (0, None) } else { (reach(&settings), redis(&settings)) };
        let agencies = settings.agencies.len();
        match (silent, outage) {
            (0, None) => {
                println!("{}: in order, {agencies} agencies", path.display());
                Ended::Done
            }
            (0, Some(outage)) => Ended::Failed(outage.to_string()),
            (silent, _) => Ended::Failed(format!("{silent} of {agencies} extranets cannot be reached from here")),
        }
    })
}

/// Writes something into Redis, if sessions live there, and says how that went.
fn redis(settings: &Settings) -> Option<Outage> {
    let redis = settings.redis.as_ref()?;
    match runtime(1).ok()?.block_on(sessions::reach(redis)) {
        Ok(()) => {
            println!("Redis answers at {}", redis.urls.join(", "));
            None
        }
        Err(outage) => {
            eprintln!("{outage}");
            Some(outage)
        }
    }
}

/// Opens a connection to every extranet and says how that went; gives the number of those that are silent.
fn reach(settings: &Settings) -> usize {
    let Ok(runtime) = runtime(1) else { return 0 };
    runtime.block_on(async {
        let mut silent = 0;
        for agency in &settings.agencies {
            match connect(agency).await {
                Ok(()) => println!("{}: {} answers", agency.code, agency.upstream.origin),
                Err(reason) => {
                    silent += 1;
                    eprintln!(
                        "{}: {} cannot be reached: {reason} (hint: is upstream.url right, and may this machine \
                         connect to it?)",
                        agency.code, agency.upstream.origin
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
