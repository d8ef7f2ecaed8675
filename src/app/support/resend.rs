//! The last letter that is still of use, once more, with new secrets.

use jiff::Timestamp;

use super::found::Found;
use crate::app::acting::Acting;
use crate::app::letters::{self, Addressee};
use crate::app::wizard::letter;
use crate::app::{App, Fault, not_me, recover, spelling};
use crate::domain::audit::AuditEvent;
use crate::domain::challenge::Challenge;
use crate::domain::email::EmailAddress;
use crate::domain::identity::IdentityId;
use crate::domain::language::Language;
use crate::domain::mail::LetterKind;
use crate::domain::migration::{Flow, Step};
use crate::domain::policy::ProofMethod;
use crate::domain::recovery::RecoveryTerms;
use crate::domain::secret::random_id;
use crate::domain::support::Reason;
use crate::store::Tx;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resent {
    /// It is in the outbox; every older secret is worth nothing.
    Again {
        /// Which letter.
        kind: &'static str,
        /// To which address.
        to: EmailAddress,
    },
    /// No letter is waited for.
    Nothing,
    /// The person's access is withdrawn.
    Disabled,
}

/// What a person waits for, with the time when it was asked for.
enum Waited {
    Proof(Box<Flow>, Challenge),
    NewEmail(Challenge),
    Reset(EmailAddress),
}

/// Sends the letter that was asked for last and can still be answered, with a new secret.
pub async fn resend(app: &App, by: &Acting, found: &Found, reason: &Reason) -> Result<Resent, Fault> {
    let now = app.now();
    let mut tx = app.store.write().await?;
    if let Found::Person(identity) = found {
        tx.hold_person(identity).await?;
        if tx.is_disabled(identity).await? {
            return Ok(Resent::Disabled);
        }
    }
    let newest = waited_for(app, &mut tx, found).await?.into_iter().max_by_key(|(asked_at, _)| *asked_at);
    let Some((_, waited)) = newest else { return Ok(Resent::Nothing) };
    let Some((to, letter)) = letter(app, &mut tx, found, waited).await? else { return Ok(Resent::Nothing) };
    let (kind, email) = (letter.name(), to.email.clone());
    letters::tell(app, &mut tx, to, letter).await?;
    let event = AuditEvent::LetterSentAgain { reason: reason.as_str().to_owned(), letter: kind.to_owned() };
    by.audit(&mut tx, &found.named_in(by.entry(event)), now).await?;
    tx.commit().await?;
    Ok(Resent::Again { kind, to: email })
}

async fn waited_for(app: &App, tx: &mut Tx, found: &Found) -> Result<Vec<(Timestamp, Waited)>, Fault> {
    let now = app.now();
    let (mut waited, mut flows) = (Vec::new(), Vec::new());
    match found {
        Found::Account(agency, login) => {
            let spelled = spelling::spelled(app, tx, agency, login).await?;
            flows.extend(spelling::nearest_run(tx, agency, &spelled, now).await?);
        }
        Found::Person(identity) => {
            if let Some(address) = tx.address_of(identity).await? {
                flows = tx.open_flows_to(&address, now).await?;
                let reset = tx.open_recovery(identity).await?;
                waited.extend(reset.map(|asked_at| (asked_at, Waited::Reset(address))));
            }
            if let Some((challenge, _)) = tx.pending_email_change(identity).await?
                && let Some(challenge) = tx.challenge(&challenge).await?
            {
                waited.push((challenge.requested_at, Waited::NewEmail(challenge)));
            }
        }
    }
    for stored in flows {
        if let Step::Proof { challenge, .. } = &stored.flow.step
            && let Some(challenge) = tx.challenge(challenge).await?
        {
            waited.push((challenge.requested_at, Waited::Proof(Box::new(stored.flow), challenge)));
        }
    }
    Ok(waited)
}

/// The letter; none if it was answered or sent again at this moment.
async fn letter(
    app: &App,
    tx: &mut Tx,
    found: &Found,
    waited: Waited,
) -> Result<Option<(Addressee, LetterKind)>, Fault> {
    let (agency, email, kind) = match waited {
        Waited::Proof(flow, mut challenge) => {
            if !renewed(app, tx, &mut challenge).await? {
                return Ok(None);
            }
            let kind = letter::proof_letter(tx, &flow, &challenge).await?;
            (Some(flow.account.agency), challenge.address, kind)
        }
        Waited::NewEmail(mut challenge) => {
            if !renewed(app, tx, &mut challenge).await? {
                return Ok(None);
            }
            let kind = LetterKind::ConfirmNewEmail { challenge: challenge.id, issue: challenge.issue };
            (None, challenge.address, kind)
        }
        Waited::Reset(email) => {
            let Found::Person(identity) = found else { return Ok(None) };
            (None, email, reset(app, tx, identity).await?)
        }
    };
    let language = language(tx, found, &email).await?;
    Ok(Some((Addressee { agency, email, language }, kind)))
}

async fn renewed(app: &App, tx: &mut Tx, challenge: &mut Challenge) -> Result<bool, Fault> {
    Ok(challenge.resend_for_support(app.now()).is_ok() && tx.save_resend(challenge).await?)
}

async fn reset(app: &App, tx: &mut Tx, identity: &IdentityId) -> Result<LetterKind, Fault> {
    let links = tx.links_of(identity).await?;
    let asked_by = tx.open_recovery_asked_by(identity).await?;
    let opens_at = not_me::resets_wait_until(tx, identity, app.now()).await?;
    let terms = recover::terms(app, None, &links);
    // The page that waits for a code may be closed by now: this letter has a link in any case.
    let has_code = terms.method.has_code() && asked_by.is_some() && opens_at.is_none();
    let method = if has_code { ProofMethod::Both } else { ProofMethod::Link };
    let (recovery, link_minutes) = (random_id(&*app.dice), terms.link_minutes);
    tx.insert_recovery(&recovery, identity, RecoveryTerms { method, ..terms }, asked_by, app.now()).await?;
    Ok(LetterKind::ResetPassword { recovery, link_minutes, opens_at })
}

/// The language of the letter before, or else the person's.
async fn language(tx: &mut Tx, found: &Found, to: &EmailAddress) -> Result<Language, Fault> {
    if let Some(language) = tx.language_to(to).await? {
        return Ok(language);
    }
    let own = match found {
        Found::Person(identity) => tx.language_of(identity).await?,
        Found::Account(..) => None,
    };
    Ok(own.unwrap_or_default())
}
