//! `vestibule import` (b02, b20).

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};

use super::terminal::{say, tell};
use super::{Ended, assemble, runtime};
use crate::app::import_roster::{Extent, Import};
use crate::config::Settings;
use crate::domain::agency::{Agency, AgencyCode};
use crate::domain::roster::{Fields, RosterError, RosterLine, Standing};
use crate::domain::spelling::IdentifierCase;
use crate::legacy::Legacy;

/// What is to be imported.
pub(super) struct Wanted {
    /// The file.
    pub(super) roster: PathBuf,
    /// `CLIENT/SOCIETE`.
    pub(super) agency: String,
    /// Days that provisional credentials live.
    pub(super) days: u32,
    /// Whether the file is the whole roster.
    pub(super) replace: bool,
    /// Where refused lines are written to.
    pub(super) refused: Option<PathBuf>,
}

/// A file, read: the good lines, and the bad ones with number, reason and text.
struct Read {
    good: Vec<RosterLine>,
    bad: Vec<(u64, String, Vec<String>)>,
    /// Good lines of which not everything reaches the extranet, and the header that does not.
    left_out: Vec<(u64, String)>,
    headings: Vec<String>,
}

/// Takes the good lines and tells the bad ones.
pub(super) fn run(settings: &Settings, wanted: &Wanted) -> Ended {
    let Some(code) = AgencyCode::stored(&wanted.agency) else {
        return Ended::Failed(format!("\"{}\" is not CLIENT/SOCIETE", wanted.agency));
    };
    let Some(agency) = settings.agencies.iter().find(|agency| agency.code == code) else {
        let known: Vec<String> = settings.agencies.iter().map(|agency| agency.code.to_string()).collect();
        return Ended::Failed(format!("there is no agency {code}; there are: {}", known.join(", ")));
    };
    let read = match read(wanted, agency) {
        Ok(read) => read,
        Err(reason) => return Ended::Failed(format!("{}: {reason}", wanted.roster.display())),
    };
    if wanted.replace && !read.bad.is_empty() {
        for (line, reason, _) in &read.bad {
            tell!("{}:{line}: {reason}", wanted.roster.display());
        }
        return Ended::Failed(
            "with --replace every line has to be good, or accounts would be closed by mistake".into(),
        );
    }
    if wanted.replace && read.good.is_empty() {
        return Ended::Failed("--replace with an empty roster would close every account of the agency".into());
    }
    let runtime = match runtime(settings.server.workers) {
        Ok(runtime) => runtime,
        Err(error) => return Ended::Failed(format!("the runtime: {error}")),
    };
    let taken = runtime.block_on(async {
        let app = assemble::app(settings).await?;
        let bar = progress_bar(read.good.len());
        let extent = if wanted.replace { Extent::Whole } else { Extent::Part };
        let mut import = Import::begin(&app, agency, wanted.days, (&read.good, extent));
        for line in &read.good {
            import.take(line).await.map_err(|fault| fault.to_string())?;
            bar.inc(1);
        }
        bar.finish_and_clear();
        if wanted.replace {
            import.close_all_others().await.map_err(|fault| fault.to_string())?;
        }
        let withdrawn = import.withdrawn();
        tell_doubles(import.doubles());
        let taken = import.finish(read.bad.len() as u64).await.map_err(|fault| fault.to_string())?;
        Ok::<_, String>((taken, withdrawn))
    });
    match taken {
        Ok::<_, String>((taken, withdrawn)) => report(wanted, &read, taken, withdrawn),
        Err(reason) => Ended::Failed(format!("{reason}; what was taken before is kept, import the file again")),
    }
}

fn progress_bar(length: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} accounts, {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length as u64).with_style(style)
}

fn report(wanted: &Wanted, read: &Read, taken: u64, withdrawn: u64) -> Ended {
    for (line, reason, _) in &read.bad {
        tell!("{}:{line}: {reason}", wanted.roster.display());
    }
    let closed =
        if withdrawn > 0 { format!(", {withdrawn} accounts closed or given to somebody else") } else { String::new() };
    for (line, header) in &read.left_out {
        tell!("{}:{line}: the header {header} cannot be written, and is left out", wanted.roster.display());
    }
    let left_out =
        if read.left_out.is_empty() { String::new() } else { format!(", {} headers left out", read.left_out.len()) };
    say!("{taken} accounts taken, {} lines refused{closed}{left_out}", read.bad.len());
    let Some(file) = wanted.refused.as_ref().filter(|_| !read.bad.is_empty()) else { return Ended::Done };
    match write_refused(file, read) {
        Ok(()) => {
            say!("the refused lines are in {}", file.display());
            Ended::Done
        }
        Err(error) => Ended::Failed(format!("{}: {error}", file.display())),
    }
}

/// Both are taken: whether they are one account is the extranet's to say.
fn tell_doubles(doubles: &BTreeSet<(String, String)>) {
    for (one, other) in doubles {
        tell!(
            "\"{one}\" and \"{other}\" differ in capitals, accents or the like only: both are taken as accounts of their own"
        );
    }
}

fn write_refused(file: &std::path::Path, read: &Read) -> csv::Result<()> {
    let mut writer = csv::WriterBuilder::new().delimiter(b';').flexible(true).from_path(file)?;
    writer.write_record(read.headings.iter().map(String::as_str).chain(["reason"]))?;
    for (_, reason, fields) in &read.bad {
        writer.write_record(fields.iter().map(String::as_str).chain([reason.as_str()]))?;
    }
    writer.flush()?;
    Ok(())
}

fn read(wanted: &Wanted, agency: &Agency) -> Result<Read, String> {
    let bytes = std::fs::read(&wanted.roster).map_err(|error| error.to_string())?;
    let text = decode(&bytes);
    let heading = text.lines().next().unwrap_or_default();
    let delimiter = if heading.contains(';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let headings: Vec<String> =
        reader.headers().map_err(|error| error.to_string())?.iter().map(|name| name.trim().to_lowercase()).collect();
    let columns = Columns::find(&headings)?;
    let account = |line: &RosterLine| match agency.identifier_case {
        IdentifierCase::Learn | IdentifierCase::Ignore => line.login.fold(),
        IdentifierCase::Exact => line.login.key(),
    };
    let (mut good, mut bad, mut left_out, mut seen) = (Vec::new(), Vec::new(), Vec::new(), HashMap::new());
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let number = record.position().map_or(0, csv::Position::line);
        let field = |at: Option<usize>| at.and_then(|at| record.get(at)).unwrap_or_default();
        let line = RosterLine::parse(Fields {
            login: field(Some(columns.login)),
            password: field(columns.password),
            name: field(columns.name),
            kind: field(columns.kind),
            email: field(columns.email),
            since: field(columns.since),
            closed: field(columns.closed),
        });
        let line = line.and_then(|line| {
            if let Some(before) = seen.insert(account(&line), number) {
                return Err(RosterError::Twice(before));
            }
            let left_out = line.left_out(agency)?;
            let is_sent = line.standing == Standing::Closed || Legacy::can_send(&agency.adapter, &line.login);
            if is_sent { Ok((left_out, line)) } else { Err(RosterError::Form) }
        });
        match line {
            Ok((headers, line)) => {
                left_out.extend(headers.into_iter().map(|header| (number, header.to_owned())));
                good.push(line);
            }
            Err(error) => bad.push((number, error.to_string(), record.iter().map(str::to_owned).collect())),
        }
    }
    Ok(Read { good, bad, left_out, headings })
}

/// UTF-8, with or without its mark, or else what old Windows programs write.
fn decode(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode(bytes).0.into_owned(),
    }
}

/// Which column holds what.
struct Columns {
    login: usize,
    password: Option<usize>,
    name: Option<usize>,
    kind: Option<usize>,
    email: Option<usize>,
    since: Option<usize>,
    closed: Option<usize>,
}

impl Columns {
    fn find(headings: &[String]) -> Result<Self, String> {
        let at = |names: &[&str]| headings.iter().position(|heading| names.contains(&heading.as_str()));
        let login = at(&["login", "identifiant", "code"]);
        let login = login.ok_or_else(|| {
            format!("line 1: there is no column \"login\"; the headings are: {}", headings.join(", "))
        })?;
        Ok(Self {
            login,
            password: at(&["password", "mot de passe", "motdepasse", "mdp"]),
            name: at(&["name", "nom"]),
            kind: at(&["kind", "type", "qualité", "qualite"]),
            email: at(&["email", "e-mail", "mail", "courriel"]),
            since: at(&["since", "depuis"]),
            closed: at(&["closed", "deleted", "clos", "supprimé", "supprime"]),
        })
    }
}
