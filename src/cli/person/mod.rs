//! `vestibule person`: what support sees and does (e11).

mod tell;

use clap::{Args, Subcommand};

use super::assemble::{self, Absent};
use super::configured::{ConfigFile, quoted, to_type};
use super::control;
use super::lost_secrets::names_of;
use super::said::Said;
use super::served::{KeysThere, keys_there};
use super::terminal::{self, say, tell};
use super::{Ended, ours, runtime};
use crate::app::App;
use crate::app::acting::Acting;
use crate::app::support::{self, Found, Resent, Unlinked};
use crate::config::Settings;
use crate::domain::agency_code::AgencyCode;
use crate::domain::identity::{IdentityId, LegacyLogin};
use crate::domain::support::{Reason, Wanted};

/// The arguments of `vestibule person`.
#[derive(Debug, Args)]
pub(super) struct Person {
    #[command(flatten)]
    pub(super) config: ConfigFile,
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Tells in plain words why somebody does not get in, and everything that is known: accounts, locks with their
    /// end, the wizard's step, letters and what became of them, sign-ins, the last lines of the trace.
    ///
    /// No password and no code is shown: they are not kept. That somebody looked is traced.
    Show {
        /// An e-mail address, an old account as IDENTIFIER@CLIENT/SOCIETE, or a person's id.
        who: String,
        /// The same as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Takes away every lock that failures have put on somebody.
    Unlock {
        /// An e-mail address, an old account as IDENTIFIER@CLIENT/SOCIETE, or a person's id.
        who: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// Sends the letter that somebody waits for once more, with a new code and link; the older ones are worth nothing.
    Resend {
        /// An e-mail address, an old account as IDENTIFIER@CLIENT/SOCIETE, or a person's id.
        who: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// Takes an account from its person, who keeps all others, and from whoever is about to get it; with the old
    /// credentials it can be attached again.
    Unlink {
        /// The agency's codes.
        #[arg(value_name = "CLIENT/SOCIETE")]
        agency: String,
        /// The identifier there.
        identifier: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// Withdraws somebody's access: sign-ins end, letters that wait die, and signing in answers as for somebody
    /// unknown.
    Disable {
        /// An e-mail address, an old account as IDENTIFIER@CLIENT/SOCIETE, or a person's id.
        who: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// Erases somebody who asks for it: address, password, accounts with what is kept for them, letters, sign-ins. It
    /// cannot be undone.
    ///
    /// The lines of the trace stay, with their numbers, and name nobody any more. The extranets' own accounts are the
    /// agencies' to erase. An old account that nobody has migrated is erased, too: its roster's line, runs and letters.
    Erase {
        /// An e-mail address, an old account as IDENTIFIER@CLIENT/SOCIETE, or a person's id.
        who: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// Ends every sign-in of somebody, or of everybody, on every node. Passwords stay as they are.
    SignOut {
        /// An e-mail address, an old account as IDENTIFIER@CLIENT/SOCIETE, or a person's id.
        #[arg(required_unless_present = "everybody", conflicts_with = "everybody")]
        who: Option<String>,
        /// Everybody: after a stolen database or backup, or a hole in an extranet.
        #[arg(long)]
        everybody: bool,
        #[command(flatten)]
        sure: Sure,
    },
    /// Who is locked, or has failed lately: the counters of failures, the newest first.
    Locked {
        /// At most so many.
        #[arg(long, default_value_t = 20)]
        most: u32,
    },
    /// Gives somebody's access back, with the same password and accounts.
    Enable {
        /// An e-mail address, an old account as IDENTIFIER@CLIENT/SOCIETE, or a person's id.
        who: String,
        #[command(flatten)]
        sure: Sure,
    },
}

/// Why, and whether to ask.
#[derive(Debug, Args)]
pub(super) struct Sure {
    /// Why; kept in the trace (one line, 3 to 300 characters).
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    pub(super) reason: Reason,
    /// Does not ask whether you are sure.
    #[arg(long, short)]
    yes: bool,
}

fn reason(text: &str) -> Result<Reason, String> {
    Reason::parse(text).ok_or_else(|| format!("one line, 3 to {} characters", Reason::MAX))
}

/// Does it.
pub(super) fn run(settings: &Settings, person: Person) -> Ended {
    let runtime = match runtime(1) {
        Ok(runtime) => runtime,
        Err(error) => return Ended::Failed(format!("the runtime: {error}")),
    };
    let done =
        runtime.block_on(assemble::with_app(settings, Absent::Told, async |app| act(settings, app, person.act).await));
    done.map_or_else(Ended::Failed, |()| Ended::Done)
}

async fn act(settings: &Settings, app: &App, act: Act) -> Result<(), String> {
    match act {
        Act::Show { who, json } => show(settings, app, &find(settings, app, &who).await?, json).await,
        Act::Unlock { who, sure } => {
            let found = find(settings, app, &who).await?;
            sure.confirm(&format!("Take away every lock on {who}?"))?;
            let counters = support::unlock(app, &by(), &found, &sure.reason).await.map_err(|fault| ours(&fault))?;
            match counters {
                0 => say!(
                    "{who} was not locked. Does it still not work? {}",
                    to_type(format!("person show {}", quoted(&who)))
                ),
                _ => say!("{who} is unlocked; the next try counts as the first."),
            }
            Ok(())
        }
        Act::Resend { who, sure } => {
            let found = find(settings, app, &who).await?;
            sure.confirm(&format!("Send {who} the last letter again? Older codes and links die."))?;
            resend(app, &who, &found, &sure.reason).await
        }
        Act::Unlink { agency, identifier, sure } => unlink(settings, app, &agency, &identifier, &sure).await,
        Act::Disable { who, sure } => {
            let identity = find_person(settings, app, &who).await?;
            sure.confirm(&format!("Withdraw the access of {who} everywhere?"))?;
            let disabled = support::disable(app, &by(), &identity, &sure.reason).await.map_err(|fault| ours(&fault))?;
            let Some(disabled) = disabled else {
                return Err(format!("{who} is disabled already; nothing was changed"));
            };
            let support::Disabled { sessions, letters } = disabled;
            let sessions = sessions.map_or_else(
                || "every sign-in ended (how many, the server that keeps them does not say)".to_owned(),
                |sessions| format!("{sessions} sign-ins ended"),
            );
            say!("{who} is disabled: {sessions}, {letters} letters do not go out any more.");
            remembered(settings, app, &of_identity(&identity)).await;
            Ok(())
        }
        Act::Erase { who, sure } => {
            let found = find(settings, app, &who).await?;
            sure.confirm(&format!("Erase {who}, with everything that is kept? It cannot be undone."))?;
            let erased = support::erase(app, &by(), &found, &sure.reason).await.map_err(|fault| ours(&fault))?;
            tell::erased(&erased);
            if let Found::Person(identity) = &found {
                remembered(settings, app, &of_identity(identity)).await;
            }
            Ok(())
        }
        Act::SignOut { who, sure, .. } => sign_out(settings, app, who.as_deref(), &sure).await,
        Act::Locked { most } => {
            let failing = support::locked(app, most).await.map_err(|fault| ours(&fault))?;
            tell::failing(&failing, app.now());
            if settings.redis.is_some() {
                say!("(Failures of client addresses are counted in Redis, and not listed here.)");
            }
            Ok(())
        }
        Act::Enable { who, sure } => {
            let identity = find_person(settings, app, &who).await?;
            sure.confirm(&format!("Give {who} the access back?"))?;
            if !support::enable(app, &by(), &identity, &sure.reason).await.map_err(|fault| ours(&fault))? {
                return Err(format!("{who} is not disabled; nothing was changed"));
            }
            say!("{who} can sign in again, with the same password.");
            Ok(())
        }
    }
}

async fn show(settings: &Settings, app: &App, found: &Found, json: bool) -> Result<(), String> {
    // A configuration without them is no word about a gateway.
    let keys = match keys_there(settings).await {
        KeysThere::Told(keys) => Some(keys),
        KeysThere::NoGateway | KeysThere::Untold => settings.vault.as_ref().map(|keys| names_of(Some(keys))),
    };
    let shown = support::show(app, &by(), found, keys.as_deref()).await.map_err(|fault| ours(&fault))?;
    if let Some(fault) = &shown.untraced {
        tell!("vestibule: that somebody looked could not be written: {}", ours(fault));
    }
    if json {
        let whole = serde_json::json!({ "hindrances": shown.hindrances, "known": shown.case });
        let text = serde_json::to_string_pretty(&whole).map_err(|error| error.to_string())?;
        say!("{text}");
    } else {
        tell::person(&shown, app.now());
    }
    Ok(())
}

async fn resend(app: &App, who: &str, found: &Found, reason: &Reason) -> Result<(), String> {
    match support::resend(app, &by(), found, reason).await.map_err(|fault| ours(&fault))? {
        Resent::Again { kind, to } => {
            say!("The letter \"{kind}\" is on its way to {to}, with a new secret.", to = to.as_str());
            Ok(())
        }
        Resent::Nothing => Err(format!(
            "{who} waits for no letter; nothing was sent (hint: the person asks for one, by \"Mot de passe oublié ?\" \
             or by signing in with the old credentials)"
        )),
        Resent::Disabled => Err(format!(
            "{who} is disabled and gets no letters (hint: {})",
            to_type(format!("person enable {} --reason TEXT", quoted(who)))
        )),
    }
}

async fn unlink(settings: &Settings, app: &App, agency: &str, identifier: &str, sure: &Sure) -> Result<(), String> {
    let code = known_agency(settings, app, agency).await?;
    let login = LegacyLogin::parse(identifier).ok_or_else(|| format!("\"{identifier}\" is no identifier"))?;
    sure.confirm(&format!("Take the account {identifier} of {code} from its person?"))?;
    let unlinked = support::unlink(app, &by(), &code, &login, &sure.reason).await.map_err(|fault| ours(&fault))?;
    match unlinked {
        Unlinked::From { identity, left } => {
            let person = identity.as_str();
            say!("{identifier} of {code} belongs to nobody now; its person ({person}) has {left} other accounts.");
            say!("It is attached again by signing in with the old credentials of the agency.");
            remembered(settings, app, &of_identity(&identity)).await;
            Ok(())
        }
        Unlinked::FromARun => {
            say!("Nobody had {identifier} of {code} yet; who was about to get it is told to ask the agency.");
            say!(
                "Signing in with the old credentials begins anew; who is not to get it at all is closed on the roster."
            );
            Ok(())
        }
        Unlinked::Nobodys => {
            Err(format!("nobody has the account {identifier} of {code}, nor is about to get it; nothing was changed"))
        }
    }
}

async fn sign_out(settings: &Settings, app: &App, who: Option<&str>, sure: &Sure) -> Result<(), String> {
    let Some(who) = who else {
        sure.confirm("Sign everybody out, on every node?")?;
        let people = support::sign_everybody_out(app, &by(), &sure.reason).await.map_err(|fault| ours(&fault))?;
        say!("Everybody is signed out ({people} people), wherever sign-ins live; passwords stay as they are.");
        remembered(settings, app, "all").await;
        return Ok(());
    };
    let identity = find_person(settings, app, who).await?;
    sure.confirm(&format!("End every sign-in of {who}?"))?;
    support::sign_out(app, &by(), &identity, &sure.reason).await.map_err(|fault| ours(&fault))?;
    say!("{who} is signed out everywhere; the password stays as it is.");
    remembered(settings, app, &of_identity(&identity)).await;
    Ok(())
}

/// Who acts here.
fn by() -> Acting {
    Acting::operator("person")
}

fn of_identity(identity: &IdentityId) -> String {
    format!("identity {}", identity.as_str())
}

async fn find(settings: &Settings, app: &App, who: &str) -> Result<Found, String> {
    let wanted = Wanted::parse(who).ok_or_else(|| {
        format!("\"{who}\" is nobody: give an e-mail address, IDENTIFIER@CLIENT/SOCIETE, or a person's id")
    })?;
    if let Wanted::Account(agency, _) = &wanted {
        known_agency(settings, app, &agency.to_string()).await?;
    }
    let found = support::find(app, &wanted).await.map_err(|fault| ours(&fault))?;
    found.ok_or_else(|| {
        format!(
            "nobody is known as {who} (hint: ask for the old identifier, and try IDENTIFIER@CLIENT/SOCIETE; in the \
             wizard an address is known once its letter was asked for)"
        )
    })
}

async fn find_person(settings: &Settings, app: &App, who: &str) -> Result<IdentityId, String> {
    match find(settings, app, who).await? {
        Found::Person(identity) => Ok(identity),
        Found::Account(agency, login) => Err(format!(
            "nobody has migrated the account {login} of {agency}: there is no access of ours to withdraw or give back \
             (hint: close the account in the extranet itself; {} ends a first sign-in that is under way)",
            to_type(format!("person unlink {agency} {} --reason TEXT", quoted(login.as_str()))),
            login = login.as_str()
        )),
    }
}

/// An agency that the configuration has, or had: what is kept for one that has gone can be asked for until it is erased.
async fn known_agency(settings: &Settings, app: &App, text: &str) -> Result<AgencyCode, String> {
    let code = AgencyCode::stored(text).ok_or_else(|| format!("\"{text}\" is not CLIENT/SOCIETE"))?;
    let is_configured = settings.agencies.iter().any(|agency| agency.code == code);
    if is_configured || support::knows_agency(app, &code).await.map_err(|fault| ours(&fault))? {
        return Ok(code);
    }
    Err(no_agency(settings, &code))
}

/// That there is no such agency, and which there are.
pub(super) fn no_agency(settings: &Settings, code: &AgencyCode) -> String {
    let known: Vec<String> = settings.agencies.iter().map(|agency| agency.code.to_string()).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    format!("the configuration has no agency {code}; it has: {known}")
}

/// A gateway that runs beside this command has its own memory.
pub(super) async fn remembered(settings: &Settings, app: &App, what: &str) {
    let line = format!("forget {what}");
    if let Ok(Said::Done(_)) = control::ask(&settings.server.control, &line).await {
        say!("The gateway that runs here has forgotten what it remembered of that.");
        return;
    }
    if app.store.has_other_nodes() {
        say!("Every gateway on this database has been told to forget what it remembered of that.");
        return;
    }
    let seconds = settings.server.cache_age.as_secs();
    say!("A gateway that is running forgets what it remembers of that within {seconds} seconds.");
}

impl Sure {
    /// Asks, unless told not to.
    pub(super) fn confirm(&self, question: &str) -> Result<(), String> {
        terminal::confirm(question, self.yes)
    }
}
