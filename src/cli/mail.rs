//! `vestibule mail`: the outbox at the command line, a letter to try the transport, and what the DNS has to say.

use clap::{Subcommand, ValueEnum};

use super::assemble::{self, Absent};
use super::terminal::{self, say, tell};
use super::{Ended, runtime};
use crate::app::App;
use crate::app::resend_letters::{self, Resent};
use crate::config::{Settings, TransportSettings};
use crate::domain::email::EmailAddress;
use crate::domain::mail::{LetterId, LetterState, Over, Stage};
use crate::mail::{Cause, Undelivered};
use crate::store::{OutboxLine, Store};
use crate::telemetry::{Clock, SystemDice};

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(super) enum MailCommand {
    /// Lists the newest letters: state, tries, address, and what the mail server said last.
    List {
        /// Only those in this state.
        #[arg(long, value_enum)]
        state: Option<State>,
        /// Only those to this address.
        #[arg(long, value_name = "ADDRESS")]
        to: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 30)]
        most: u32,
    },
    /// Sends letters again, with all their tries before them.
    ///
    /// One that was sent goes as another letter. One that an operator's act has stopped is refused. One whose question is over (answered, or asked again since) is given
    /// up as superseded.
    Resend {
        /// The letters, as `list` names them.
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        /// All that wait for their next try.
        #[arg(long)]
        waiting: bool,
        /// All that were given up, but for those that are over: superseded, or stopped by an operator's act.
        #[arg(long)]
        abandoned: bool,
        /// All that a restore holds back, because they may have gone out before.
        #[arg(long)]
        held: bool,
    },
    /// Sends one letter to try the transport, and says how far it came.
    Test {
        /// To whom.
        #[arg(long, value_name = "ADDRESS")]
        to: String,
    },
    /// Prints the DNS records to publish, so that letters are taken for what they are (SPF, DKIM, DMARC).
    Dns,
}

/// A state, as typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum State {
    /// To be sent.
    Queued,
    /// Waiting for a person.
    Held,
    /// Taken over by the mail server.
    Sent,
    /// Given up.
    Abandoned,
}

impl From<State> for LetterState {
    fn from(state: State) -> Self {
        match state {
            State::Queued => Self::Queued,
            State::Held => Self::Held,
            State::Sent => Self::Sent,
            State::Abandoned => Self::Abandoned,
        }
    }
}

/// The tables of the main file without which it cannot be done.
pub(super) const fn needs(command: &MailCommand) -> &'static [&'static str] {
    match command {
        MailCommand::List { .. } | MailCommand::Resend { .. } => &["database"],
        MailCommand::Test { .. } | MailCommand::Dns => &["mail"],
    }
}

/// The most letters that one command sends again.
const MOST: u32 = 1_000_000;

/// Runs one of the commands.
pub(super) fn run(settings: &Settings, command: &MailCommand) -> Ended {
    let runtime = match runtime(1) {
        Ok(runtime) => runtime,
        Err(error) => return Ended::Failed(format!("the runtime: {error}")),
    };
    let done = runtime.block_on(async {
        match command {
            MailCommand::List { state, to, most } => {
                list(settings, state.map(LetterState::from), to.as_deref(), *most).await
            }
            MailCommand::Resend { ids, waiting, abandoned, held } => {
                let all =
                    [(LetterState::Queued, *waiting), (LetterState::Abandoned, *abandoned), (LetterState::Held, *held)];
                resend(settings, ids, &all).await
            }
            MailCommand::Test { to } => test(settings, to).await,
            MailCommand::Dns => dns(settings),
        }
    });
    match done {
        Ok(()) => Ended::Done,
        Err(reason) => Ended::Failed(reason),
    }
}

async fn list(settings: &Settings, state: Option<LetterState>, to: Option<&str>, most: u32) -> Result<(), String> {
    assemble::with_store(settings, async |store| list_from(store, state, to, most).await).await
}

async fn list_from(store: &Store, state: Option<LetterState>, to: Option<&str>, most: u32) -> Result<(), String> {
    let mut tx = store.read().await.map_err(|error| error.to_string())?;
    let lines = tx.outbox(state, to.unwrap_or_default(), most).await.map_err(|error| error.to_string())?;
    let counts = tx.outbox_counts().await.map_err(|error| error.to_string())?;
    for line in &lines {
        say!("{}", described(line));
    }
    say!("{} queued, {} held, {} sent, {} abandoned", counts.queued, counts.held, counts.sent, counts.abandoned);
    Ok(())
}

/// One line: id, state, tries, what and to whom, when, and the last answer.
fn described(line: &OutboxLine) -> String {
    let tries = if line.attempts == 1 { "1 try".to_owned() } else { format!("{} tries", line.attempts) };
    let agency = line.agency.as_deref().unwrap_or("portal");
    let when = match (line.state, line.ended_at) {
        (LetterState::Queued, _) => format!("next {:.0}", line.not_before),
        (_, Some(ended)) => format!("at {ended:.0}"),
        (_, None) => format!("written {:.0}", line.created_at),
    };
    let refused = if line.address_refused { "  [address refused]" } else { "" };
    let answer = line.answer.as_deref().unwrap_or("-");
    format!(
        "{}  {:<9}  {tries:<8}  {:<17}  {agency}  {}  {when}{refused}  {answer}",
        line.id.as_str(),
        line.state.name(),
        line.kind,
        line.recipient
    )
}

async fn resend(settings: &Settings, ids: &[String], all: &[(LetterState, bool)]) -> Result<(), String> {
    if ids.is_empty() && all.iter().all(|(_, all)| !all) {
        return Err("say which letters: their ids, --waiting, --abandoned or --held".to_owned());
    }
    assemble::with_app(settings, Absent::Told, async |app| resend_from(app, ids, all).await).await
}

async fn resend_from(app: &App, ids: &[String], all: &[(LetterState, bool)]) -> Result<(), String> {
    let mut wanted: Vec<LetterId> = ids.iter().map(LetterId::stored).collect();
    for (state, _) in all.iter().filter(|(_, all)| *all) {
        let mut tx = app.store.read().await.map_err(|error| error.to_string())?;
        let lines = tx.outbox(Some(*state), "", MOST).await.map_err(|error| error.to_string())?;
        let over = |line: &OutboxLine| line.answer.as_deref().and_then(Over::of).is_some();
        wanted.extend(lines.into_iter().filter(|line| !over(line)).map(|line| line.id));
    }
    let (mut due, mut unknown, mut over) = (0, 0, 0);
    for id in &wanted {
        let name = id.as_str();
        match resend_letters::resend(app, id).await.map_err(|fault| fault.to_string())? {
            Resent::Due => due += 1,
            Resent::Copied(copy) => {
                due += 1;
                say!("{name} was sent before: it goes again as {}", copy.as_str());
            }
            Resent::UnderWay => say!("{name} is being sent at this moment"),
            Resent::Over(why) => {
                over += 1;
                tell!("{name}: it is over, and does not go: {why}");
            }
            Resent::Unknown => {
                unknown += 1;
                tell!("{name}: there is no such letter");
            }
        }
    }
    say!("{due} letters are due now");
    match (unknown, over) {
        (0, 0) => Ok(()),
        (0, over) => Err(format!("{over} letters are over, and were left as they are")),
        (unknown, _) => Err(format!("{unknown} letters are not known")),
    }
}

async fn test(settings: &Settings, to: &str) -> Result<(), String> {
    let to = EmailAddress::parse(to).map_err(|error| format!("\"{to}\": {error}"))?;
    let transport = assemble::transport(&settings.mail)?;
    let way = match &settings.mail.transport {
        TransportSettings::Unread => String::new(),
        TransportSettings::Folder(folder) => format!("the folder {}", folder.display()),
        TransportSettings::Smtp(smtp) => format!("the mail server {}:{}", smtp.host, smtp.port),
    };
    say!("sending one letter to {to} by {way}");
    let sending = transport.try_out(&settings.portal.name, &to, &SystemDice, Clock.now());
    let sent = terminal::patiently(&way, sending).await;
    transport.hang_up(true).await;
    match sent {
        Ok((id, answer)) => {
            say!("taken: {answer}");
            let signed = if settings.mail.dkim.is_some() { "signed (DKIM)" } else { "not signed (no [mail.dkim])" };
            say!("Message-ID {id}, {signed}");
            say!("taken is not delivered: look into the mailbox, and into its folder for spam");
            Ok(())
        }
        Err(error) => Err(not_taken(&error)),
    }
}

/// How far the conversation came, in words, and where to look.
pub(super) fn not_taken(error: &Undelivered) -> String {
    let Undelivered::Smtp { stage, cause, reply, said } = error else { return error.to_string() };
    let hint = cause.hint();
    let how_far = match (stage, cause) {
        (Stage::Connection, Cause::NoSignIn) => return format!("the server does not let us in: {said} (hint: {hint})"),
        (Stage::Connection, Cause::SignIn) => "the server does not let us in (name and password?)",
        (Stage::Connection, _) if reply.is_some() => "the server does not let us in",
        (Stage::Connection, _) => {
            let what = if cause.is_about_protection() { "no protected connection" } else { "no connection" };
            return format!("{what}: {said} (hint: {hint})");
        }
        (Stage::Sender, _) => "connected, but the server does not take our sender (mail.from, or signing in?)",
        (Stage::Recipient, _) => "connected, sender taken, but not the recipient",
        (Stage::Content, _) => "connected, sender and recipient taken, but not the letter itself",
    };
    let later = match reply.map(|reply| reply.code) {
        Some(400..=499) => "; this is for now: a letter of the gateway would be tried again",
        _ => "",
    };
    // Who hangs up, or is silent, has said nothing.
    let whose = if reply.is_some() { "the server said" } else { "what happened" };
    format!("{how_far}{later}\n{whose}: {said}")
}

fn dns(settings: &Settings) -> Result<(), String> {
    let mut domains: Vec<&str> = vec![domain(&settings.mail.from)];
    domains.extend(settings.agencies.iter().filter_map(|agency| agency.brand.mail_from.as_deref()).map(domain));
    domains.sort_unstable();
    domains.dedup();
    if let Some(signer) = assemble::signer(&settings.mail)? {
        let (name, record) = signer.record();
        say!("; DKIM: the public half of the key that signs every letter");
        say!("{name}. TXT {}", quoted(&record));
    } else {
        say!("; DKIM: letters are not signed here; set [mail.dkim], or let the mail server sign");
    }
    let host = match &settings.mail.transport {
        TransportSettings::Smtp(smtp) => smtp.host.as_str(),
        TransportSettings::Folder(_) | TransportSettings::Unread => "<the mail server>",
    };
    for domain in domains {
        say!("; {domain}: who may send for it, and what to do with what is not signed by it");
        say!(
            "{domain}. TXT \"v=spf1 a:{host} -all\"   ; add those who send for it already, there is one SPF record only"
        );
        say!("_dmarc.{domain}. TXT \"v=DMARC1; p=quarantine; rua=mailto:postmaster@{domain}\"   ; begin with p=none");
    }
    Ok(())
}

/// A text of the DNS: pieces of 255 bytes at most.
fn quoted(text: &str) -> String {
    let pieces: Vec<String> =
        text.as_bytes().chunks(250).map(|piece| format!("\"{}\"", String::from_utf8_lossy(piece))).collect();
    pieces.join(" ")
}

fn domain(sender: &str) -> &str {
    sender.trim_end_matches('>').rsplit('@').next().unwrap_or_default()
}
