//! `vestibule import` (b02, b20).

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use super::assemble::{self, Absent};
use super::configured::to_type;
use super::person::no_agency;
use super::terminal::{self, say, tell};
use super::{Ended, ours, runtime};
use crate::app::Fault;
use crate::app::import_roster::{Extent, Planned};
use crate::app::undo_import::{self, Undoable, Undone};
use crate::config::Settings;
use crate::domain::agency::Agency;
use crate::domain::agency_code::AgencyCode;
use crate::domain::identity::LegacyLogin;
use crate::domain::roster::{Fields, Preview, RosterError, RosterLine, Standing};
use crate::domain::spelling::IdentifierCase;
use crate::legacy::Legacy;
use crate::store::IMPORTS_DAYS;

/// What is to be imported.
pub(super) struct Wanted {
    /// The file.
    pub(super) roster: PathBuf,
    /// Days that provisional credentials live.
    pub(super) days: u32,
    /// Whether the file is the whole roster.
    pub(super) replace: bool,
    /// Where refused lines are written to.
    pub(super) refused: Option<PathBuf>,
    /// Whether only to say what would happen.
    pub(super) dry_run: bool,
    /// How many accounts may be taken away, whatever the policy says.
    pub(super) accept_loss: Option<u64>,
    /// Whether not to ask.
    pub(super) yes: bool,
}

/// Accounts that are named in a preview.
const NAMED: usize = 10;

/// A file, read: the good lines, and the bad ones with number, reason and text.
struct Read {
    good: Vec<RosterLine>,
    bad: Vec<(u64, String, Vec<String>)>,
    /// Good lines of which not everything reaches the extranet, and the header that does not.
    left_out: Vec<(u64, String)>,
    headings: Vec<String>,
}

/// The agency with these codes.
fn agency<'s>(settings: &'s Settings, text: &str) -> Result<&'s Agency, String> {
    let code = AgencyCode::stored(text).ok_or_else(|| format!("\"{text}\" is not CLIENT/SOCIETE"))?;
    settings.agencies.iter().find(|agency| agency.code == code).ok_or_else(|| no_agency(settings, &code))
}

/// Says what would happen, asks where something is taken away, takes the good lines, and tells the bad ones.
pub(super) fn run(settings: &Settings, codes: &str, wanted: &Wanted) -> Ended {
    let (agency, read) = match agency(settings, codes).and_then(|agency| {
        let read = read(wanted, agency).map_err(|reason| format!("{}: {reason}", wanted.roster.display()))?;
        may_replace(wanted, &read)?;
        Ok((agency, read))
    }) {
        Ok(both) => both,
        Err(reason) => return Ended::Failed(reason),
    };
    let runtime = match runtime(settings.server.workers) {
        Ok(runtime) => runtime,
        Err(error) => return Ended::Failed(format!("the runtime: {error}")),
    };
    // A roster may be what an installation begins with; only to look at what it would do makes nothing.
    let absent = if wanted.dry_run { Absent::Told } else { Absent::Made };
    let taken = runtime.block_on(assemble::with_app(settings, absent, async |app| {
        let extent = if wanted.replace { Extent::Whole } else { Extent::Part };
        let planned = Planned::of(app, agency, (&read.good, extent));
        let preview = planned.preview(&read.good).await.map_err(|fault| ours(&fault))?;
        tell_preview(agency, &read, &preview);
        let may = may_take(agency, wanted, &preview);
        if wanted.dry_run {
            return may.map(|()| None);
        }
        may?;
        if preview.withdrawn() > 0 {
            terminal::confirm(&format!("Take {} accounts away?", preview.withdrawn()), wanted.yes)?;
        }
        let taken = take(planned, wanted, &read).await.map_err(|fault| {
            format!(
                "{}; what was taken before is kept: import the file again, or undo it ({})",
                ours(&fault),
                to_type(format!("import --agency {} --undo", agency.code))
            )
        })?;
        if preview.withdrawn() > 0 {
            super::person::remembered(settings, app, "all").await;
        }
        Ok(Some(taken))
    }));
    match taken {
        Ok(Some((taken, withdrawn))) => report(wanted, &read, taken, withdrawn),
        Ok(None) => {
            tell_bad(wanted, &read);
            say!("nothing was changed (--dry-run)");
            ended(&read)
        }
        Err(reason) => Ended::Failed(reason),
    }
}

/// A whole roster has to be whole.
fn may_replace(wanted: &Wanted, read: &Read) -> Result<(), String> {
    if wanted.replace && !read.bad.is_empty() {
        tell_bad(wanted, read);
        return Err("with --replace every line has to be good, or accounts would be closed by mistake".into());
    }
    if wanted.replace && read.good.is_empty() {
        return Err("--replace with an empty roster would close every account of the agency".into());
    }
    Ok(())
}

/// A file that takes more away than a share is likelier to be cut short than right.
fn may_take(agency: &Agency, wanted: &Wanted, preview: &Preview) -> Result<(), String> {
    let (withdrawn, percent) = (preview.withdrawn(), agency.policy.roster_loss_percent);
    match wanted.accept_loss {
        Some(accepted) if withdrawn <= accepted => return Ok(()),
        None if !preview.takes_too_many(percent) => return Ok(()),
        Some(_) | None => {}
    }
    let limit = match wanted.accept_loss {
        Some(accepted) => format!("--accept-loss {accepted}"),
        None => format!("policy.roster_loss_percent ({percent} %)"),
    };
    Err(format!(
        "{withdrawn} of {} accounts would be taken away, more than {limit} allows; nothing was changed (hint: is the file \
         cut short, or a column wrong? If it is right: --accept-loss {withdrawn})",
        preview.known
    ))
}

async fn take(planned: Planned<'_>, wanted: &Wanted, read: &Read) -> Result<(u64, u64), Fault> {
    let bar = terminal::progress(read.good.len() as u64, "accounts");
    let mut import = planned.begin(wanted.days).await?;
    for line in &read.good {
        import.take(line).await?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    if wanted.replace {
        import.close_all_others().await?;
    }
    let withdrawn = import.withdrawn();
    tell_doubles(import.doubles());
    Ok((import.finish(read.bad.len() as u64).await?, withdrawn))
}

/// Undoes the last import, also of an agency that has gone; or only tells what that would come to.
pub(super) fn undo(settings: &Settings, codes: &str, dry_run: bool, yes: bool) -> Ended {
    let Some(code) = AgencyCode::stored(codes) else {
        return Ended::Failed(format!("\"{codes}\" is not CLIENT/SOCIETE"));
    };
    let runtime = match runtime(1) {
        Ok(runtime) => runtime,
        Err(error) => return Ended::Failed(format!("the runtime: {error}")),
    };
    let undone = runtime.block_on(assemble::with_app(settings, Absent::Told, async |app| {
        let Some(last) = undo_import::last(app, &code).await.map_err(|fault| ours(&fault))? else {
            let is_configured = settings.agencies.iter().any(|agency| agency.code == code);
            let none = format!(
                "no import of {code} can be undone: there was none within {IMPORTS_DAYS} days, or it is undone already"
            );
            return Err(if is_configured { none } else { format!("{none}; {}", no_agency(settings, &code)) });
        };
        tell_undoable(&code, &last);
        if dry_run {
            return undo_import::preview(app, &code, &last).await.map_err(|fault| ours(&fault));
        }
        terminal::confirm("Undo it?", yes)?;
        let undone = undo_import::undo(app, &code, &last)
            .await
            .map_err(|fault| format!("{}; what was put back before is kept: run this again", ours(&fault)))?;
        super::person::remembered(settings, app, "all").await;
        Ok(undone)
    }));
    match undone {
        Ok(undone) => {
            tell_undone(&undone, dry_run);
            Ended::Done
        }
        Err(reason) => Ended::Failed(reason),
    }
}

fn tell_undone(undone: &Undone, dry_run: bool) {
    let Undone { lines, given_back, kept, letters } = undone;
    if dry_run {
        say!(
            "{lines} accounts would stand on the roster as before, {given_back} would be their persons' again, {letters} \
             letters would not go out any more"
        );
    } else {
        say!(
            "{lines} accounts stand on the roster as before, {given_back} are their persons' again, {letters} letters do \
             not go out any more"
        );
    }
    if *kept > 0 {
        let stay = if dry_run { "would stay" } else { "stay" };
        say!("{kept} accounts {stay} as they are: somebody has got them since, or is about to");
    }
    if dry_run {
        say!("nothing was changed (--dry-run)");
    }
}

fn tell_undoable(code: &AgencyCode, last: &Undoable) {
    say!(
        "the last import of {code}, {}: it touched {} accounts and took {} from their persons",
        last.begun.strftime("%Y-%m-%d %H:%M:%S UTC"),
        last.lines,
        last.taken
    );
    if last.told > 0 {
        tell!(
            "vestibule: {} letters have gone out: these people read that the account is theirs no more, and no letter says \
             that it is again",
            last.told
        );
    }
}

fn tell_preview(agency: &Agency, read: &Read, preview: &Preview) {
    let Preview { known, new, there, closed, missing, given, persons } = preview;
    say!("{}: {known} accounts are known; of the file's, {new} are new and {there} are there already", agency.code);
    for (what, logins) in
        [("closed by their line", closed), ("not in the file, and closed", missing), ("given to somebody else", given)]
    {
        if !logins.is_empty() {
            let named: Vec<&str> = logins.iter().take(NAMED).map(LegacyLogin::as_str).collect();
            let more = if logins.len() > NAMED { ", …" } else { "" };
            say!("  {} {what}: {}{more}", logins.len(), named.join(", "));
        }
    }
    if preview.withdrawn() > 0 && *persons == 0 {
        say!("  none of them is anybody's yet");
    } else if preview.withdrawn() > 0 {
        say!("  {persons} of them are somebody's, who is out at once and told by letter");
    }
    if !read.bad.is_empty() {
        say!("  {} lines are refused", read.bad.len());
    }
}

fn tell_bad(wanted: &Wanted, read: &Read) {
    for (line, reason, _) in &read.bad {
        tell!("{}:{line}: {reason}", wanted.roster.display());
    }
}

fn report(wanted: &Wanted, read: &Read, taken: u64, withdrawn: u64) -> Ended {
    tell_bad(wanted, read);
    let closed =
        if withdrawn > 0 { format!(", {withdrawn} accounts closed or given to somebody else") } else { String::new() };
    for (line, header) in &read.left_out {
        tell!("{}:{line}: the header {header} cannot be written, and is left out", wanted.roster.display());
    }
    let left_out =
        if read.left_out.is_empty() { String::new() } else { format!(", {} headers left out", read.left_out.len()) };
    say!("{taken} accounts taken, {} lines refused{closed}{left_out}", read.bad.len());
    let Some(file) = wanted.refused.as_ref().filter(|_| !read.bad.is_empty()) else { return ended(read) };
    match write_refused(file, read) {
        Ok(()) => {
            say!("the refused lines are in {}", file.display());
            ended(read)
        }
        Err(error) => Ended::Failed(format!("{}: {error}", file.display())),
    }
}

/// How it ends: a file of which nothing is good is another file than was meant.
fn ended(read: &Read) -> Ended {
    match (read.good.is_empty(), read.bad.is_empty()) {
        (_, true) => Ended::Done,
        (false, false) => Ended::Partly,
        (true, false) => {
            Ended::Failed("every line is refused: is it the right file, and are its columns named right?".to_owned())
        }
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
    let mut writer = csv::WriterBuilder::new().delimiter(b';').flexible(true).from_writer(terminal::private(file)?);
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
            person: field(columns.person),
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
    person: Option<usize>,
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
            person: at(&["person", "personne"]),
            closed: at(&["closed", "deleted", "clos", "supprimé", "supprime"]),
        })
    }
}
