//! Answering a letter by its link, behind a button (b08, b10).
//!
//! Who opens the link on another device has to show that the wizard there was begun by the same person, by a password:
//! otherwise somebody could begin with a victim's address and have the victim's click finish it (SEC-040).

use std::sync::Arc;

use super::step::{Allowed, Stepped, go_on, take};
use crate::app::hasher::Comparison;
use crate::app::links::{Closed, proven};
use crate::app::throttle::{self, Subject};
use crate::app::{App, Caller, Fault, ask_password};
use crate::domain::agency::Agency;
use crate::domain::challenge::Challenge;
use crate::domain::credential::Credential;
use crate::domain::migration::Step;
use crate::domain::secret::Secret;
use crate::store::{Purpose, StoredFlow};

/// What an opened link shows.
#[derive(Debug)]
pub enum Opened {
    /// The button.
    Confirm(Box<Confirm>),
    /// Why there is none.
    Not(Closed),
}

/// What the page with the button has to say.
#[derive(Debug)]
pub struct Confirm {
    /// The flow that waits.
    pub waiting: StoredFlow,
    /// The proof.
    pub challenge: Challenge,
    /// What has to be typed besides pressing the button.
    pub asks: Asks,
}

/// What has to be typed besides pressing the button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// Nothing: this is the browser that began.
    Nothing,
    /// The password chosen in the wizard.
    ChosenPassword,
    /// The password of the account that the address has already.
    ExistingPassword,
    /// The old password: none was chosen yet.
    OldPassword,
}

/// What pressing the button comes to.
#[derive(Debug)]
pub enum Confirmed {
    /// The wizard went on, in the browser that began it or for good.
    Done {
        /// Whether the button was pressed in the browser that began.
        same_browser: bool,
        /// The agency whose account is being migrated.
        agency: Option<Arc<Agency>>,
        /// Where the wizard is now.
        stepped: Stepped,
    },
    /// The password that was asked for is wrong, or was tried too often.
    PasswordRefused(Box<Confirm>),
    /// The link is not open.
    Not(Closed),
}

/// What the link shows; looking changes nothing, however often a scanner looks (b10, LAW-048).
pub async fn open_link(app: &App, caller: &Caller, secret: &Secret) -> Result<Opened, Fault> {
    let mut tx = app.store.read().await?;
    let Some((challenge, link)) = tx.challenge_by_link(secret.digest()).await? else {
        return Ok(Opened::Not(Closed::Invalid));
    };
    if !matches!(tx.owner_of(&challenge.id).await?, Some((Purpose::Migration, _))) {
        return Ok(Opened::Not(Closed::Invalid));
    }
    if let Some(agency) = tx.withdrawn_with_proof(&challenge.id).await? {
        return Ok(Opened::Not(Closed::Withdrawn(agency)));
    }
    if let Err(closed) = proven(challenge.answer_link(link, app.now())) {
        return Ok(Opened::Not(closed));
    }
    let Some(waiting) = tx.flow_of_challenge(&challenge.id).await? else { return Ok(Opened::Not(Closed::Invalid)) };
    let Step::Proof { challenge: asked, password, .. } = &waiting.flow.step else {
        return Ok(Opened::Not(Closed::Superseded));
    };
    if *asked != challenge.id || !waiting.flow.is_open(app.now()) {
        return Ok(Opened::Not(Closed::Superseded));
    }
    let asks = if waiting.browser == caller.browser.digest() {
        Asks::Nothing
    } else if !tx.owners_of(&challenge.address).await?.is_empty() {
        Asks::ExistingPassword
    } else if password.is_some() {
        Asks::ChosenPassword
    } else {
        Asks::OldPassword
    };
    // In the browser that began it opens all the same, as the code does.
    if asks != Asks::Nothing && challenge.held_until(app.now()).is_some() {
        return Ok(Opened::Not(Closed::Held));
    }
    Ok(Opened::Confirm(Box::new(Confirm { waiting, challenge, asks })))
}

/// The button was pressed.
pub async fn confirm(app: &App, caller: &Caller, secret: &Secret, password: Secret) -> Result<Confirmed, Fault> {
    let confirm = match open_link(app, caller, secret).await? {
        Opened::Confirm(confirm) => confirm,
        Opened::Not(closed) => return Ok(Confirmed::Not(closed)),
    };
    let owner = match is_the_same_person(app, caller, &confirm, password).await? {
        Answered::No => return Ok(Confirmed::PasswordRefused(confirm)),
        Answered::Yes => None,
        Answered::YesAs(owner) => Some(owner),
    };
    let mut tx = app.store.read().await?;
    let Some((challenge, link)) = tx.challenge_by_link(secret.digest()).await? else {
        return Ok(Confirmed::Not(Closed::Invalid));
    };
    drop(tx);
    let Ok(proven) = proven(challenge.answer_link(link, app.now())) else {
        return Ok(Confirmed::Not(Closed::Used));
    };
    let same_browser = confirm.asks == Asks::Nothing;
    // « Ce n'est pas moi » may have been pressed while the password was compared.
    if !same_browser && challenge.held_until(app.now()).is_some() {
        return Ok(Confirmed::Not(Closed::Held));
    }
    let flow = confirm.waiting.flow.id.clone();
    let agency = app.directory().agency(&confirm.waiting.flow.account.agency).cloned();
    let mut stepped = go_on(app, caller, confirm.waiting, &challenge, proven).await?;
    if let (Stepped::On, Some(owner)) = (&stepped, owner) {
        // The existing account's password was typed here already: it need not be typed again on the other device.
        if let Some(stored) = app.store.read().await?.flow(&flow).await? {
            let joined =
                take(app, caller, stored, Allowed::Password(&owner), |flow, _| flow.joined(owner.identity.clone()));
            stepped = match joined.await? {
                // The password was replaced at this moment: the new one is asked for where the wizard is open.
                Stepped::Wrong(_) => Stepped::On,
                stepped => stepped,
            };
        }
    }
    Ok(Confirmed::Done { same_browser, agency, stepped })
}

/// Whether the wizard was begun by who presses the button.
enum Answered {
    No,
    Yes,
    /// Yes: by this person, whose password was asked for.
    YesAs(Credential),
}

async fn is_the_same_person(
    app: &App,
    caller: &Caller,
    confirm: &Confirm,
    password: Secret,
) -> Result<Answered, Fault> {
    let Some(agency) = app.directory().agency(&confirm.waiting.flow.account.agency).cloned() else {
        return Ok(Answered::No);
    };
    let hash = match (confirm.asks, &confirm.waiting.flow.step) {
        (Asks::Nothing, _) => return Ok(Answered::Yes),
        (Asks::ExistingPassword, _) => {
            let mut tx = app.store.read().await?;
            let Some(owner) = tx.owners_of(&confirm.challenge.address).await?.into_iter().next() else {
                return Ok(Answered::No);
            };
            let Some(owner) = tx.credential_of(&owner).await? else { return Ok(Answered::No) };
            drop(tx);
            let right = ask_password::is_right(app, caller, Some(&agency), &owner, password).await?;
            return Ok(if right { Answered::YesAs(owner) } else { Answered::No });
        }
        (Asks::ChosenPassword, Step::Proof { password: Some(hash), .. }) => Some(hash.clone()),
        (Asks::ChosenPassword | Asks::OldPassword, _) => confirm.waiting.old_digest.clone(),
    };
    let Some(hash) = hash else { return Ok(Answered::No) };
    let subject = Subject::confirmation(&confirm.challenge.id, agency.policy.lockout);
    let Some(reserved) = throttle::reserve(app, caller, &[subject]).await? else { return Ok(Answered::No) };
    let (reserved, compared) = reserved.unless(app, app.hasher.compare(password, hash).await).await?;
    if compared == Comparison::Wrong {
        reserved.failed();
        return Ok(Answered::No);
    }
    reserved.succeeded(app).await?;
    Ok(Answered::Yes)
}
