//! A person in plain words.

use jiff::Timestamp;

use crate::app::support::{Erased, Failing, Shown};
use crate::cli::configured::{quoted, to_type};
use crate::cli::terminal::say;
use crate::domain::audit::{AuditEvent, Refusal};
use crate::domain::identity::Kind;
use crate::domain::support::{
    Account, Case, Hindrance, Letter, Lock, LockedOn, Person, Refused, TraceLine, Unmigrated, Wizard,
};

/// Tells everything, why the person does not get in first.
pub(super) fn person(shown: &Shown, now: Timestamp) {
    let Case { person, accounts, locks, wizards, new_email, sessions, letters, trace, .. } = &shown.case;
    match person {
        Some(person) => headed(person),
        None => say!("{}", of_nobody(accounts)),
    }
    say!("");
    say!("Why not?");
    for hindrance in &shown.hindrances {
        say!("  - {}", why(hindrance, now));
    }
    if shown.hindrances.is_empty() {
        say!("  Nothing that is known hinders this person: address and password should open everything below.");
    }
    section("Accounts", accounts, account_line);
    section("Failures that count", locks, |lock| lock_line(lock, now));
    section("Wizard", wizards, wizard_line);
    if let Some(email) = new_email {
        say!("\nAnother address waits for its proof: {email}");
    }
    match &shown.case.sessions_unknown {
        Some(why) => say!("\nSigned in on: not known, for the server that keeps sign-ins does not say ({why})"),
        None => section("Signed in on", sessions, |session| {
            format!(
                "a browser since {}, seen {}, until {}",
                time(session.started_at),
                ago(session.seen_at, now),
                time(session.ends_at)
            )
        }),
    }
    section("Last letters", letters, letter_line);
    section("Last lines of the trace", trace, trace_line);
}

/// What was erased, and what is not ours to erase.
pub(super) fn erased(erased: &Erased) {
    let Erased { accounts, letters, lines, sign_ins } = erased;
    say!("Erased, with {letters} letters; {lines} lines of the trace name nobody any more.");
    for (agency, login) in accounts {
        say!(
            "The account {} of {agency} is the agency's: its extranet has it still, and its next roster brings the line back.",
            login.as_str()
        );
    }
    if !sign_ins {
        say!(
            "The server that keeps sign-ins does not answer: they open nothing, and go there when their time is over."
        );
    }
    say!(
        "Not erased: letters in a folder, logs and backups. After a restore, {} says whom to erase again.",
        to_type("restore-check")
    );
}

/// Counters of failures.
pub(super) fn failing(failing: &[Failing], now: Timestamp) {
    say!("{:>8}  {:>5}  {:<23}  {:<28}  on", "in a row", "today", "last", "locked until");
    for counter in failing {
        let last = counter.last.map_or_else(|| "-".to_owned(), time);
        let until = counter.until.map_or_else(|| "not locked".to_owned(), |until| left(until, now));
        let email = counter.email.as_deref().map(|email| format!(" ({email})")).unwrap_or_default();
        say!("{:>8}  {:>5}  {last:<23}  {until:<28}  {}{email}", counter.in_a_row, counter.today, counter.subject);
    }
    if failing.is_empty() {
        say!("nobody has failed within two days");
    }
}

/// What is asked for, where no person has it.
fn of_nobody(accounts: &[Account]) -> &'static str {
    match accounts.first().and_then(|account| account.unmigrated) {
        Some(Unmigrated::NotOnRoster) => "No such account is on the roster, and nobody has one.",
        Some(Unmigrated::Unheard) => "Nobody has migrated such an account, and nothing is known of it.",
        Some(Unmigrated::AgencyGone) => "Nobody has migrated this account, and its agency has gone.",
        Some(Unmigrated::Closed) => "Nobody has this account: its agency has closed it.",
        _ => "Nobody has migrated this account.",
    }
}

fn headed(person: &Person) {
    say!("{} (id {})", person.email, person.id);
    say!(
        "  here since {}; password of {}, address of {}; {} known devices; letters in {}",
        time(person.created_at),
        time(person.password_at),
        time(person.email_at),
        person.devices,
        person.language.code()
    );
}

fn section<T>(title: &str, entries: &[T], line: impl Fn(&T) -> String) {
    if entries.is_empty() {
        say!("\n{title}: none");
        return;
    }
    say!("\n{title}:");
    for entry in entries {
        say!("  {}", line(entry));
    }
}

fn why(hindrance: &Hindrance, now: Timestamp) -> String {
    match hindrance {
        Hindrance::Disabled { since } => {
            format!(
                "An operator withdrew the access at {} ({}).",
                time(*since),
                to_type("person enable WHO --reason TEXT")
            )
        }
        Hindrance::Locked { on, until } => {
            format!("Locked until {}, {}: too many failures {}.", time(*until), left(*until, now), on_what(*on))
        }
        Hindrance::NotMigrated { agency, login, what } => not_migrated(agency, login, *what),
        Hindrance::ProvisionalOver => format!(
            "The provisional credentials are used up or past their time: the agency gives out new ones ({}).",
            importing("CLIENT/SOCIETE")
        ),
        Hindrance::WizardOpen(wizard) => {
            format!("The wizard for {} of {} is not finished: {}.", wizard.login, wizard.agency, step(wizard))
        }
        Hindrance::LetterWaits(letter) => {
            let answer = letter.answer.as_deref().map(|answer| format!(" ({answer})")).unwrap_or_default();
            format!("The letter \"{}\" to {} has not gone out yet{answer}.", letter.kind, letter.to)
        }
        Hindrance::LetterGivenUp(letter) => {
            let answer = letter.answer.as_deref().unwrap_or("no reason is known");
            format!("The letter \"{}\" to {} was given up: {answer}.", letter.kind, letter.to)
        }
        Hindrance::AddressRefused(Refused { email, answer, at }) => format!(
            "The mail server of {email} takes no letters for it since {} ({answer}): the person needs another address, \
             or room in the mailbox.",
            time(*at)
        ),
        Hindrance::NoAccount => "No account is attached: signing in with old credentials attaches one.".to_owned(),
        Hindrance::AgencyGone { agency } => format!(
            "The configuration has no agency {agency} any more: that account opens nothing until its file is back ({}).",
            to_type("reload")
        ),
        Hindrance::PasswordNotKept { agency, login } => format!(
            "The extranet of {agency} refused the password that was kept for {login}, so it is not kept any more: \
             {}, then the person signs in with the extranet's credentials.",
            to_type(format!("person unlink {agency} {} --reason TEXT", quoted(login)))
        ),
        Hindrance::KeyMissing { agency, login, key } => format!(
            "The old password for {login} of {agency} is sealed under the key {key}, which who serves does not have: the page is 503 \
             until that key is back as vault.key_file, or among vault.old_key_files, and in force ({}).",
            to_type("upgrade")
        ),
        Hindrance::TermsOwed { agency } => {
            format!("The terms of {agency} have to be accepted first; the page for it is shown after signing in.")
        }
        Hindrance::LastRefused { at, refusal } => {
            format!("The last try, {}, was refused: {}.", ago(*at, now), refused(*refusal))
        }
    }
}

fn not_migrated(agency: &str, login: &str, what: Unmigrated) -> String {
    match what {
        Unmigrated::AtExtranet => {
            "The old credentials open the wizard, if the extranet takes them; there is no password of ours yet."
                .to_owned()
        }
        Unmigrated::Unheard => format!(
            "Nothing is known here of {login}: nobody has tried it, and no roster names it. Whether {agency} has such an \
             account, only its extranet knows: is the identifier spelt right?"
        ),
        Unmigrated::Provisional => {
            "The provisional credentials of the roster open the wizard; there is no password of ours yet.".to_owned()
        }
        Unmigrated::WithoutCredentials => format!(
            "The roster of {agency} names {login}, without a provisional password: nothing opens the wizard until one is \
             imported ({}).",
            importing(agency)
        ),
        Unmigrated::NotOnRoster => format!(
            "The roster of {agency} does not name {login}: no credentials open anything. Is the identifier spelt right? \
             Else the agency puts it on its roster ({}).",
            importing(agency)
        ),
        Unmigrated::AgencyGone => format!(
            "The configuration has no agency {agency} any more: no credentials open anything, until its file is back ({}).",
            to_type("reload")
        ),
        Unmigrated::Closed => format!(
            "The agency has closed {login}: no credentials open anything, until it stands on the roster again ({}).",
            importing(agency)
        ),
    }
}

fn importing(agency: &str) -> String {
    to_type(format!("import ROSTER.csv --agency {agency}"))
}

const fn on_what(on: LockedOn) -> &'static str {
    match on {
        LockedOn::Person => "on devices that are not known (a known one is not locked by them)",
        LockedOn::KnownDevice => "on a known device",
        LockedOn::OldAccount => "with the old credentials",
        LockedOn::Codes => "with codes of letters",
    }
}

const fn refused(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::WrongCredentials => "wrong identifier or password",
        Refusal::Throttled => "nothing was tried, there had been too many failures",
        Refusal::LockedUpstream => "the extranet has locked the account",
        Refusal::MustChangeUpstream => "the extranet wants another password to be set there first",
        Refusal::ProvisionalOver => "the provisional credentials are used up or past their time",
        Refusal::ProvisionalReplaced => "these provisional credentials were replaced, the newest ones are to be used",
        Refusal::OldCredentials => "these were the old credentials, the e-mail address is to be used now",
        Refusal::Cutover => "the agency has closed the old way in",
        Refusal::Closed => "the agency has closed the account",
        Refusal::NotAsked => {
            "no extranet was asked, for it looks like an e-mail address (see may_be_email in [sign_in])"
        }
        Refusal::Unwritable => {
            "nothing was sent to the extranet, whose alphabet (sign_in.form.charset, sign_in.basic.charset) lacks a sign"
        }
        Refusal::Disabled => "the access is withdrawn",
    }
}

fn step(wizard: &Wizard) -> String {
    let address = wizard.email.as_deref().unwrap_or("an address");
    match (wizard.step, &wizard.proof) {
        ("notice", _) => "the information page is open".to_owned(),
        ("email", _) => "the e-mail address is asked for".to_owned(),
        ("password", _) => format!("a new password is asked for ({address})"),
        ("join", _) => format!("the password of the account that exists is asked for ({address})"),
        ("proof", Some(proof)) => match proof.sent_at {
            None => format!("the letter to {address} is still in the outbox"),
            Some(sent) => {
                let until = |end: Option<Timestamp>| end.map_or_else(|| "none".to_owned(), time);
                format!(
                    "the letter to {address} of {} has to be answered (code until {}, link until {}, {} tries left, {} \
                     letters so far)",
                    time(sent),
                    until(proof.code_until),
                    until(proof.link_until),
                    proof.tries_left,
                    proof.letters
                )
            }
        },
        _ => format!("the letter to {address} has to be answered"),
    }
}

fn account_line(account: &Account) -> String {
    let mut line = format!("{} of {}", account.login, account.agency);
    let mut add = |words: String| {
        line.push_str(", ");
        line.push_str(&words);
    };
    add(account.agency_name.clone().unwrap_or_else(|| "which the configuration does not have".to_owned()));
    account.name.iter().for_each(|name| add(name.clone()));
    if account.kind != Kind::Unknown {
        add(account.kind.name().to_owned());
    }
    match account.attached_at {
        Some(at) => add(format!("attached {}", time(at))),
        None => add("not attached".to_owned()),
    }
    if account.own_password {
        add("with a password of its own".to_owned());
    }
    match account.password_kept {
        Some(true) => add("the extranet's password is kept, sealed".to_owned()),
        Some(false) => add("the extranet's password is not kept".to_owned()),
        None => {}
    }
    account.terms_owed.iter().for_each(|version| add(format!("owes the terms {version}")));
    if let Some(provisional) = account.provisional {
        let until = provisional.expires_at.map(|end| format!("provisional credentials until {}", time(end)));
        add(until.unwrap_or_else(|| "provisional credentials".to_owned()));
        provisional.used_at.iter().for_each(|used| add(format!("used {}", time(*used))));
    }
    line
}

fn lock_line(lock: &Lock, now: Timestamp) -> String {
    let until = match lock.until {
        Some(until) => format!("locked until {}, {}", time(until), left(until, now)),
        None => "not locked".to_owned(),
    };
    format!("{} in a row, {} today {}: {until}", lock.in_a_row, lock.today, on_what(lock.on))
}

fn wizard_line(wizard: &Wizard) -> String {
    format!(
        "{} of {}, begun {}, ends {}: {}",
        wizard.login,
        wizard.agency,
        time(wizard.started_at),
        time(wizard.ends_at),
        step(wizard)
    )
}

fn letter_line(letter: &Letter) -> String {
    let became = match (letter.state.as_str(), letter.ended_at, letter.next_at) {
        ("sent", Some(at), _) => format!("sent {}", time(at)),
        ("queued", _, Some(at)) => format!("waits, {} tries, next {}", letter.attempts, time(at)),
        (state, Some(at), _) => format!("{state} {}", time(at)),
        (state, None, _) => state.to_owned(),
    };
    let answer = letter.answer.as_deref().map(|answer| format!(" ({answer})")).unwrap_or_default();
    format!("{}  {} to {}: {became}{answer}", time(letter.created_at), letter.kind, letter.to)
}

fn trace_line(line: &TraceLine) -> String {
    let at = line.agency.as_deref().map(|agency| format!(" at {agency}")).unwrap_or_default();
    let more = match &line.event {
        AuditEvent::SignInRefused { reason } => format!(": {}", refused(*reason)),
        AuditEvent::ExtranetSilent { reason } => format!(": {reason}"),
        event => event.reason().map(|reason| format!(": {reason}")).unwrap_or_default(),
    };
    format!("{}  {}{at} from {} (request {}){more}", time(line.at), line.event.name(), line.client, line.request_id)
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn left(until: Timestamp, now: Timestamp) -> String {
    format!("in {}", span(until, now))
}

fn ago(at: Timestamp, now: Timestamp) -> String {
    format!("{} ago", span(now, at))
}

/// Whole minutes from two minutes on, hours from two hours on, days from two days on.
fn span(later: Timestamp, earlier: Timestamp) -> String {
    let seconds = later.duration_since(earlier).as_secs().max(0);
    let (number, unit) = match seconds {
        0..120 => (seconds, "seconds"),
        120..7_200 => (seconds / 60, "minutes"),
        7_200..172_800 => (seconds / 3_600, "hours"),
        _ => (seconds / 86_400, "days"),
    };
    format!("{number} {unit}")
}
