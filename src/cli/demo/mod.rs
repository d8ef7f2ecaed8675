//! `vestibule demo`.

mod guide;

use std::io;
use std::path::Path;
use std::time::Duration;

use indicatif::ProgressBar;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::assemble::ReadFrom;
use super::reading::{self, Attempt, Reading};
use super::serve::{act_on_signals, log_format};
use super::terminal::say;
use super::upgrade::Inherited;
use super::{Ended, assemble, runtime, tell_refused};
use crate::app::App;
use crate::app::import_roster::{Extent, Planned};
use crate::demo::setup::{self, Ports};
use crate::demo::ways::{self, Extranet, Way};
use crate::demo::{FormExtranet, HeaderExtranet, Mailbox};
use crate::domain::agency_code::AgencyCode;
use crate::domain::roster::{Fields, RosterLine};
use crate::telemetry::{SystemDice, start_logging};

/// Days that the demo's provisional credentials live.
const PROVISIONAL_DAYS: u32 = 90;

/// Runs everything until Ctrl-C.
pub(super) fn run(folder: &Path, port: u16) -> Ended {
    let Some(ports) = Ports::from(port) else {
        return Ended::Failed(format!("--port {port}: there have to be {} more ports above it", Ports::COUNT - 1));
    };
    let config = match setup::write(folder, ports, &SystemDice) {
        Ok(config) => config,
        Err(error) => return Ended::Failed(format!("{}: {error}", folder.display())),
    };
    let Attempt { files, outcome } = reading::read(&config);
    let reading = match outcome {
        Ok(reading) => reading,
        Err(refused) => return tell_refused(&refused),
    };
    let settings = &reading.settings;
    let _logging = match start_logging(log_format(settings.log.format), &settings.log.level) {
        Ok(logging) => logging,
        Err(error) => return Ended::Failed(format!("the log: {error}")),
    };
    let runtime = match runtime(settings.server.workers) {
        Ok(runtime) => runtime,
        Err(error) => return Ended::Failed(format!("the runtime: {error}")),
    };
    match runtime.block_on(serve(folder, ports, reading, ReadFrom { path: &config, files })) {
        Ok(()) => Ended::Done,
        Err(reason) => Ended::Failed(reason),
    }
}

async fn serve(folder: &Path, ports: Ports, reading: Reading, from: ReadFrom<'_>) -> Result<(), String> {
    let mut listeners = Vec::new();
    for (way, port) in ports.ways() {
        listeners.push((way, port, listen(port).await?));
    }
    let mailbox = listen(ports.mailbox).await?;
    let prepared = assemble::prepare(reading, from, None).await?;
    let assembled = prepared.listen(&mut Inherited::default()).await.map_err(|reason| {
        format!("{reason} (another port: vestibule demo --port {})", ports.gateway.saturating_add(1000))
    })?;
    for (way, _) in ports.ways().filter(|(way, _)| way.extranet == Extranet::Headers) {
        import_once(assembled.app(), way).await?;
    }
    let stop = assembled.stop();
    act_on_signals(stop.clone(), assembled.reloader()).map_err(|error| format!("signals: {error}"))?;
    let mut servers: Vec<_> = listeners.into_iter().map(|open| tokio::spawn(extranet(open, stop.clone()))).collect();
    let page = Mailbox::new(setup::letters(folder)).beside(ports.portal());
    servers.push(tokio::spawn(page.serve(mailbox, stop.clone().cancelled_owned())));
    guide::print(assembled.app(), folder, ports).await?;
    assembled.run(|| {}).await;
    for server in servers {
        // A browser that keeps a connection open must not keep the demo open.
        let _ = tokio::time::timeout(Duration::from_secs(1), server).await;
    }
    say!("\nThe demo has ended; what was done is kept in {} for the next time.", folder.display());
    Ok(())
}

/// One of the old extranets, until the demo ends.
async fn extranet((way, port, listener): (Way, u16, TcpListener), stop: CancellationToken) -> io::Result<()> {
    let (accounts, stop) = ((way.accounts)(), stop.cancelled_owned());
    match way.extranet {
        Extranet::Form => FormExtranet::new(&format!("127.0.0.1:{port}"), accounts).serve(listener, stop).await,
        Extranet::Headers => HeaderExtranet::new(accounts).serve(listener, stop).await,
    }
}

async fn listen(port: u16) -> Result<TcpListener, String> {
    TcpListener::bind(("127.0.0.1", port)).await.map_err(|error| {
        format!("port {port}: {error} (another port: vestibule demo --port {})", port.saturating_add(1000))
    })
}

/// An extranet that trusts headers has no passwords: its roster is imported at the first start.
async fn import_once(app: &App, way: Way) -> Result<(), String> {
    let Some(code) = AgencyCode::parse(ways::CLIENT, &way.societe()) else { return Ok(()) };
    let Some(agency) = app.directory().agency(&code).cloned() else { return Ok(()) };
    let mut tx = app.store.read().await.map_err(|error| error.to_string())?;
    let known = tx.roster_size(&code).await.map_err(|error| error.to_string())?;
    drop(tx);
    if known > 0 {
        return Ok(());
    }
    let mut lines = Vec::new();
    for account in &(way.accounts)() {
        let email = account.email.as_deref().unwrap_or_default();
        let line = RosterLine::parse(Fields {
            login: &account.login,
            password: &account.password,
            name: &account.name,
            kind: account.kind.code(),
            email,
            ..Fields::default()
        });
        lines.push(line.map_err(|error| format!("the demo's roster: {error}"))?);
    }
    let bar = ProgressBar::new(lines.len() as u64);
    let planned = Planned::of(app, &agency, (&lines, Extent::Whole));
    let mut import = planned.begin(PROVISIONAL_DAYS).await.map_err(|fault| fault.to_string())?;
    for line in &lines {
        import.take(line).await.map_err(|fault| fault.to_string())?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    import.finish(0).await.map_err(|fault| fault.to_string())?;
    Ok(())
}
