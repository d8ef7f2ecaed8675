//! `vestibule audit`: what the trace says, on whichever database.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};

use super::assemble::{self, Absent};
use super::configured::{ConfigFile, to_type};
use super::terminal::{self, say, tell};
use super::{Ended, ours, runtime};
use crate::app::App;
use crate::app::audit::{self, Counted, Proof};
use crate::app::support::{self, Found};
use crate::config::Settings;
use crate::domain::agency_code::AgencyCode;
use crate::domain::audit::{Actor, AuditLine};
use crate::domain::chain::Digest;
use crate::domain::support::Wanted;
use crate::store::LinesOf;

/// The arguments of `vestibule audit`.
#[derive(Debug, Args)]
pub(super) struct Audit {
    #[command(flatten)]
    pub(super) config: ConfigFile,
    #[command(subcommand)]
    asked: Question,
}

#[derive(Debug, Subcommand)]
enum Question {
    /// Lines of the trace, the newest first: about somebody, an agency, a reference that was read out, an event.
    List {
        /// About whom: an e-mail address, an old account as IDENTIFIER@CLIENT/SOCIETE, or a person's id.
        #[arg(long)]
        who: Option<String>,
        /// At which agency.
        #[arg(long, value_name = "CLIENT/SOCIETE")]
        agency: Option<String>,
        /// What happened, as `sign-in-refused`.
        #[arg(long, value_name = "NAME")]
        event: Option<String>,
        /// From which client address.
        #[arg(long, value_name = "ADDRESS")]
        client: Option<String>,
        /// In which request: the reference of an error page.
        #[arg(long, value_name = "REFERENCE")]
        request: Option<String>,
        /// For how long back: 90m, 24h, 7d.
        #[arg(long, value_name = "TIME", value_parser = span)]
        since: Option<SignedDuration>,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        most: u32,
        /// As JSON, a line each.
        #[arg(long)]
        json: bool,
    },
    /// How many sign-ins were refused, by agency and reason.
    Refused {
        /// For how long back: 90m, 24h, 7d.
        #[arg(long, value_name = "TIME", default_value = "24h", value_parser = span)]
        since: SignedDuration,
    },
    /// Who guesses: wrong passwords and codes, and tries that were refused in locks, by address and by whom they were
    /// made at.
    Guesses {
        /// For how long back: 90m, 24h, 7d.
        #[arg(long, value_name = "TIME", default_value = "1h", value_parser = span)]
        since: SignedDuration,
        /// At most so many of each.
        #[arg(long, default_value_t = 20)]
        most: usize,
    },
    /// Whether a line is missing, or another than was written; fails where one is.
    Verify {
        /// A line's digest as it was told before, by `verify` or `export`: whether the trace was not written anew since.
        #[arg(long, value_name = "NUMBER:DIGEST", value_parser = head)]
        head: Option<(i64, Digest)>,
    },
    /// Writes the trace, the oldest line first, as JSON, a line each: to be kept elsewhere, and for `restore-check --old`.
    Export {
        /// Where to, for its owner's eyes only; the standard output without one.
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// Of one agency only.
        #[arg(long, value_name = "CLIENT/SOCIETE")]
        agency: Option<String>,
        /// For how long back: 90m, 24h, 7d.
        #[arg(long, value_name = "TIME", value_parser = span)]
        since: Option<SignedDuration>,
        /// As a table for spreadsheets.
        #[arg(long)]
        csv: bool,
    },
}

/// A line's number and digest.
fn head(text: &str) -> Result<(i64, Digest), String> {
    let parts = text.split_once(':').and_then(|(seq, digest)| Some((seq.parse().ok()?, Digest::parse(digest)?)));
    parts.ok_or_else(|| format!("\"{text}\" is no NUMBER:DIGEST, as `vestibule audit verify` tells it"))
}

/// 90m, 24h, 7d.
fn span(text: &str) -> Result<SignedDuration, String> {
    let wrong = || format!("\"{text}\" is no time: 90m, 24h, 7d");
    let (number, unit) = text.split_at(text.len() - text.chars().last().map_or(0, char::len_utf8));
    let number: i64 = number.parse().map_err(|_| wrong())?;
    let hours = |hours: i64| number.checked_mul(hours).filter(|hours| (1..=100_000).contains(hours));
    match unit {
        "m" if (1..=1_000_000).contains(&number) => Ok(SignedDuration::from_mins(number)),
        "h" => hours(1).map(SignedDuration::from_hours).ok_or_else(wrong),
        "d" => hours(24).map(SignedDuration::from_hours).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

/// Answers.
pub(super) fn run(settings: &Settings, audit: Audit) -> Ended {
    let runtime = match runtime(1) {
        Ok(runtime) => runtime,
        Err(error) => return Ended::Failed(format!("the runtime: {error}")),
    };
    let answered = runtime
        .block_on(assemble::with_app(settings, Absent::Told, async |app| answer(settings, app, audit.asked).await));
    answered.map_or_else(Ended::Failed, |()| Ended::Done)
}

async fn answer(settings: &Settings, app: &App, asked: Question) -> Result<(), String> {
    let ago = |span: SignedDuration| app.now().checked_sub(span).unwrap_or(Timestamp::MIN);
    match asked {
        Question::List { who, agency, event, client, request, since, most, json } => {
            let agency = agency.map(|agency| code(&agency)).transpose()?;
            let mut of = LinesOf {
                since: since.map(ago),
                event: event.unwrap_or_default(),
                agency,
                client: client.unwrap_or_default(),
                request_id: request.unwrap_or_default(),
                ..LinesOf::default()
            };
            if let Some(who) = who {
                about(app, &who, &mut of).await?;
            }
            list(app, &of, most, json).await
        }
        Question::Refused { since } => {
            let refused = audit::refused(app, ago(since)).await.map_err(|fault| ours(&fault))?;
            table(&["tries", "agency", "reason"], &refused, usize::MAX);
            Ok(())
        }
        Question::Guesses { since, most } => {
            let (clients, targets) = audit::guesses(app, ago(since)).await.map_err(|fault| ours(&fault))?;
            table(&["tries", "from"], &clients, most);
            say!("");
            table(&["tries", "at"], &targets, most);
            if settings.redis.is_some() {
                say!("\n(Locks of addresses are counted in Redis, and not by {}.)", to_type("person locked"));
            }
            Ok(())
        }
        Question::Verify { head } => verify(app, head).await,
        Question::Export { file, agency, since, csv } => {
            let agency = agency.map(|agency| code(&agency)).transpose()?;
            let form = if csv { Form::Csv } else { Form::Json };
            export(app, file.as_deref(), (agency.as_ref(), since.map(ago)), form).await
        }
    }
}

fn code(text: &str) -> Result<AgencyCode, String> {
    AgencyCode::stored(text).ok_or_else(|| format!("\"{text}\" is not CLIENT/SOCIETE"))
}

/// An id is asked for as it is: the trace knows people who are gone.
async fn about(app: &App, who: &str, of: &mut LinesOf) -> Result<(), String> {
    let wanted = Wanted::parse(who).ok_or_else(|| {
        format!("\"{who}\" is nobody: give an e-mail address, IDENTIFIER@CLIENT/SOCIETE, or a person's id")
    })?;
    match wanted {
        Wanted::Identity(identity) => of.identity = Some(identity),
        Wanted::Account(agency, login) => (of.agency, of.login) = (Some(agency), Some(login)),
        Wanted::Email(_) => match support::find(app, &wanted).await.map_err(|fault| ours(&fault))? {
            Some(Found::Person(identity)) => of.identity = Some(identity),
            Some(Found::Account(agency, login)) => (of.agency, of.login) = (Some(agency), Some(login)),
            None => {
                return Err(format!(
                    "nobody is known as {who} (hint: ask for the old identifier, and try IDENTIFIER@CLIENT/SOCIETE)"
                ));
            }
        },
    }
    Ok(())
}

async fn list(app: &App, of: &LinesOf, most: u32, json: bool) -> Result<(), String> {
    let lines = audit::lines(app, of, most).await.map_err(|fault| ours(&fault))?;
    for line in &lines {
        if json {
            say!("{}", serde_json::to_string(line).map_err(|error| error.to_string())?);
        } else {
            say!("{}", described(line));
        }
    }
    if !json {
        say!("{} lines{}", lines.len(), if lines.len() == most as usize { ", there may be more (--most)" } else { "" });
    }
    looked(app, lines.len() as u64).await;
    Ok(())
}

/// Number, time, what, where, to whom, by whom, from where, and the rest.
fn described(line: &AuditLine) -> String {
    let entry = &line.entry;
    let mut words = format!("{:>7}  {}  {}", line.seq, time(line.at), entry.event.name());
    let mut add = |what: &str, of: Option<&str>| {
        if let Some(of) = of.filter(|of| !of.is_empty()) {
            words.push_str(what);
            words.push_str(of);
        }
    };
    let agency = entry.agency.as_ref().map(ToString::to_string);
    add(" at ", agency.as_deref());
    add(" of ", entry.login.as_ref().map(crate::domain::identity::LegacyLogin::as_str));
    add(" to ", entry.identity.as_ref().map(crate::domain::identity::IdentityId::as_str));
    let by = match &entry.actor {
        Actor::Visitor | Actor::Resident(_) => None,
        Actor::Staff(_) => Some("staff"),
        Actor::Operator => Some("an operator"),
        Actor::Gateway => Some("the gateway"),
    };
    add(" by ", by);
    add(" from ", Some(&line.client).filter(|_| by.is_none()).map(String::as_str));
    add(" in ", Some(&line.request_id));
    let detail = serde_json::to_value(&entry.event).ok();
    for (name, value) in
        detail.iter().filter_map(|detail| detail.as_object()).flatten().filter(|(name, _)| *name != "event")
    {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        add(&format!("  {name}="), Some(&value));
    }
    words
}

fn table(headings: &[&str], counted: &[Counted], most: usize) {
    say!("{:>8}  {:<20}  {}", headings[0], "last", headings[1..].join("  "));
    for line in counted.iter().take(most) {
        say!("{:>8}  {:<20}  {}", line.tries, time(line.last), line.what.join("  "));
    }
    if counted.is_empty() {
        say!("{:>8}", "none");
    }
}

async fn verify(app: &App, known: Option<(i64, Digest)>) -> Result<(), String> {
    let bar = terminal::progress(0, "lines");
    let proof = audit::verify(app, known.map(|(seq, _)| seq), |at, of| {
        bar.set_length(u64::try_from(of).unwrap_or_default());
        bar.set_position(u64::try_from(at).unwrap_or_default());
    })
    .await
    .map_err(|fault| ours(&fault))?;
    bar.finish_and_clear();
    let numbers = &proof.numbers;
    match (numbers.first, numbers.began) {
        (Some(first), Some(began)) => {
            say!("{} lines, numbers {first} to {}, since {}", numbers.lines, numbers.last, time(began));
        }
        _ => say!("no lines"),
    }
    match (numbers.first, numbers.last) {
        (Some(1), _) | (None, 0) => say!("none has come to its time yet (policy.audit_months)"),
        _ => say!(
            "older ones are not looked at for gaps: before {} they go in their time (policy.audit_months)",
            time(proof.since)
        ),
    }
    if proof.is_whole() {
        say!("no line is missing");
    }
    for before in &numbers.gaps {
        say!("lines are missing behind number {before}");
    }
    if numbers.last != numbers.given {
        say!("the last number that was given out is {}", numbers.given);
    }
    tell_chain(&proof);
    let is_as_known = known.is_none_or(|(seq, digest)| {
        let is = proof.known == Some(digest);
        match (is, proof.known) {
            (true, _) => say!("line {seq} is the one that was told before"),
            (false, Some(_)) => say!("line {seq} is another one than was told before: the trace was written anew"),
            (false, None) => say!("line {seq} is not there: it has gone in its time, or was taken out"),
        }
        is
    });
    if proof.is_whole() && proof.holds() && is_as_known {
        return Ok(());
    }
    Err("the trace is not whole".to_owned())
}

/// What was found out going along the chain.
fn tell_chain(proof: &Proof) {
    let walk = &proof.walk;
    if proof.without_chain > 0 {
        say!("{} lines are no part of the chain: an earlier version wrote them", proof.without_chain);
    }
    for seq in &walk.broken {
        say!("the chain breaks at number {seq}: this line or the one before it was changed, taken out or put in");
    }
    for seq in &walk.changed {
        say!("number {seq} names others than were written");
    }
    match (walk.head, proof.head) {
        (Some((seq, digest)), Some((_, counted))) if digest != counted => {
            say!("the chain ends at number {seq}, and not where the last line was written");
        }
        (None, Some((seq, _))) => say!("the chain's last line was number {seq}, and none is there"),
        _ => {}
    }
    let (Some(first), Some((seq, digest))) = (walk.first, walk.head) else { return };
    if proof.holds() {
        say!(
            "the chain holds: {} lines from number {first} on, {} of them without names",
            walk.lines,
            walk.without_names
        );
        say!("to be kept where nobody reaches it who reaches the database: --head {seq}:{digest}");
    }
}

/// As what lines are written.
#[derive(Debug, Clone, Copy)]
enum Form {
    Json,
    Csv,
}

const COLUMNS: [&str; 11] =
    ["number", "time", "event", "actor", "actor_id", "agency", "person", "account", "client", "request", "detail"];

async fn export(
    app: &App,
    file: Option<&Path>,
    (agency, since): (Option<&AgencyCode>, Option<Timestamp>),
    form: Form,
) -> Result<(), String> {
    let failed = |error: std::io::Error| {
        format!("{}: {error}", file.map_or_else(|| "the standard output".to_owned(), |file| file.display().to_string()))
    };
    let mut out: Box<dyn std::io::Write> = match file {
        Some(file) => Box::new(BufWriter::new(terminal::private(file).map_err(failed)?)),
        None => Box::new(BufWriter::new(std::io::stdout())),
    };
    if matches!(form, Form::Csv) {
        out.write_all(&row(COLUMNS.map(str::to_owned))?).map_err(failed)?;
    }
    let (mut last, mut lines) = (0, 0);
    loop {
        let portion = audit::portion(app, last, agency, since).await.map_err(|fault| ours(&fault))?;
        let Some(line) = portion.last() else { break };
        last = line.seq;
        for line in &portion {
            let mut text = match form {
                Form::Json => serde_json::to_vec(line).map_err(|error| error.to_string())?,
                Form::Csv => row(columns(line)?)?,
            };
            if matches!(form, Form::Json) {
                text.push(b'\n');
            }
            out.write_all(&text).map_err(failed)?;
        }
        lines += portion.len() as u64;
    }
    out.flush().map_err(failed)?;
    if let Some(file) = file {
        say!("{lines} lines are in {}", file.display());
        if let Some((seq, digest)) = audit::head(app).await.map_err(|fault| ours(&fault))? {
            say!("keep with it what the trace ends with: vestibule audit verify --head {seq}:{digest}");
        }
    }
    looked(app, lines).await;
    Ok(())
}

fn row(fields: [String; COLUMNS.len()]) -> Result<Vec<u8>, String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(fields).map_err(|error| error.to_string())?;
    writer.into_inner().map_err(|error| error.to_string())
}

fn columns(line: &AuditLine) -> Result<[String; COLUMNS.len()], String> {
    let entry = &line.entry;
    let text = |value: Option<&str>| value.map(harmless).unwrap_or_default();
    let mut detail = serde_json::to_value(&entry.event).map_err(|error| error.to_string())?;
    if let Some(fields) = detail.as_object_mut() {
        fields.remove("event");
    }
    Ok([
        line.seq.to_string(),
        line.at.to_string(),
        entry.event.name().to_owned(),
        entry.actor.kind().to_owned(),
        text(entry.actor.id()),
        entry.agency.as_ref().map(ToString::to_string).unwrap_or_default(),
        text(entry.identity.as_ref().map(crate::domain::identity::IdentityId::as_str)),
        text(entry.login.as_ref().map(crate::domain::identity::LegacyLogin::as_str)),
        text(Some(&line.client)),
        text(Some(&line.request_id)),
        if detail.as_object().is_some_and(serde_json::Map::is_empty) {
            String::new()
        } else {
            harmless(&detail.to_string())
        },
    ])
}

/// What somebody typed is no formula to a spreadsheet (CWE-1236).
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

/// An operator who looks is traced; where nothing can be written, the answer stands all the same.
async fn looked(app: &App, lines: u64) {
    if let Err(fault) = audit::shown(app, lines).await {
        tell!("vestibule: that somebody looked could not be written: {}", ours(&fault));
    }
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}
