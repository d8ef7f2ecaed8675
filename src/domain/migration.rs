//! The wizard: one machine for all documents (000, 001, 004).
//!
//! A [`Step`] holds what is known by then and nothing more. A transition that does not fit the step is not a failure:
//! it gives [`WrongStep`], and the page of the step that is really open is shown.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::challenge::{ChallengeId, ChallengeTerms, ProvenEmail};
use super::credential::Login;
use super::email::EmailAddress;
use super::identifier::identifier;
use super::identity::{IdentityId, LegacyAccount};
use super::password::{PasswordHash, PasswordRules};
use super::policy::{AgencyPolicy, Identifier, Order};
use super::roster::Holding;

identifier! {
    /// One run through the wizard.
    FlowId
}

/// What the agency had set when the run began; a change of its file does not pull the rug from under a resident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigrationPlan {
    /// Seconds that « Étape suivante » stays grey.
    pub notice_seconds: u32,
    /// How the address is proven.
    pub proof: ChallengeTerms,
    /// Password before or after proof.
    pub order: Order,
    /// What is typed afterwards.
    pub identifier: Identifier,
    /// Rules for the new password.
    pub password: PasswordRules,
    /// Hours until the run has to start again.
    pub hours: u32,
}

impl From<&AgencyPolicy> for MigrationPlan {
    fn from(policy: &AgencyPolicy) -> Self {
        Self {
            notice_seconds: policy.notice_seconds,
            proof: ChallengeTerms::from(policy),
            order: policy.order,
            identifier: policy.identifier,
            password: policy.password,
            hours: policy.migration_hours,
        }
    }
}

impl MigrationPlan {
    /// Whether the old identifier stays what is typed (004).
    #[must_use]
    pub const fn keeps_identifier(&self) -> bool {
        matches!(self.identifier, Identifier::Legacy)
    }

    /// What is typed to sign in afterwards.
    #[must_use]
    pub const fn login(&self) -> Login {
        match self.identifier {
            Identifier::Email => Login::Address,
            Identifier::Legacy => Login::Identifier,
        }
    }

    /// Seconds until « Étape suivante » opens. More than the plan has is a clock that was set back: nobody waits for it
    /// to catch up (REL-055).
    #[must_use]
    pub fn notice_left(&self, opens_at: Timestamp, now: Timestamp) -> u64 {
        let left = u64::try_from(opens_at.duration_since(now).as_millis()).unwrap_or(0).div_ceil(1000);
        if left > u64::from(self.notice_seconds) { 0 } else { left }
    }
}

/// Whose address a new password is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Address {
    /// Typed, not proven.
    Claimed(EmailAddress),
    /// Proven.
    Proven(ProvenEmail),
}

impl Address {
    /// The address itself.
    #[must_use]
    pub const fn email(&self) -> &EmailAddress {
        match self {
            Self::Claimed(email) => email,
            Self::Proven(proven) => proven.address(),
        }
    }
}

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// The information page is being read (000).
    Notice {
        /// When « Étape suivante » opens.
        opens_at: Timestamp,
    },
    /// The address is asked for.
    Email {
        /// What the agency has on its roster, or what was typed before.
        proposed: Option<EmailAddress>,
    },
    /// The new password is asked for.
    Password {
        /// Whose.
        address: Address,
        /// Whether somebody else has this address, and stays another person (b18).
        #[serde(default)]
        apart: bool,
    },
    /// A letter is to be answered.
    Proof {
        /// The proof that is asked for.
        challenge: ChallengeId,
        /// The address that it went to.
        email: EmailAddress,
        /// The password that was chosen before, in that order.
        password: Option<PasswordHash>,
    },
    /// The password of the person who has this address already is asked for (« rattachement »).
    Join {
        /// The person, once the address is proven, or who was signed in where the run was begun; None after « J'ai déjà
        /// un compte », where address and password are asked for together.
        identity: Option<IdentityId>,
        /// The address, where it was proven in this run.
        email: Option<ProvenEmail>,
    },
    /// Over.
    Done {
        /// Whether the account was attached to a person who existed before.
        joined: bool,
        /// The person who has it; none in a run of the program before.
        #[serde(default)]
        whose: Option<IdentityId>,
    },
}

impl Step {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Notice { .. } => "notice",
            Self::Email { .. } => "email",
            Self::Password { .. } => "password",
            Self::Proof { .. } => "proof",
            Self::Join { .. } => "join",
            Self::Done { .. } => "done",
        }
    }

    /// Whether who has the proven address may be somebody else at the same mailbox.
    #[must_use]
    pub const fn may_be_two(&self) -> bool {
        matches!(self, Self::Join { identity: Some(_), email: Some(_) })
    }

    /// The address that was given, as far as the run knows one.
    #[must_use]
    pub fn email(&self) -> Option<&EmailAddress> {
        match self {
            Self::Notice { .. } | Self::Done { .. } => None,
            Self::Email { proposed } => proposed.as_ref(),
            Self::Password { address, .. } => Some(address.email()),
            Self::Proof { email, .. } => Some(email),
            Self::Join { email, .. } => email.as_ref().map(ProvenEmail::address),
        }
    }
}

/// Minutes for which other accounts of the same person are offered in the browser in which a run has ended: what was shown
/// there counts for no longer.
pub const OFFERED_MINUTES: i64 = 30;

/// What has to happen besides keeping the flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Nothing,
    /// A proof of this address is to be asked for, under this id.
    AskProof {
        /// The proof's id.
        challenge: ChallengeId,
        /// The address.
        email: EmailAddress,
    },
    /// The person is to be created and the account attached.
    Create {
        /// The proven address.
        email: ProvenEmail,
        /// The new password.
        password: PasswordHash,
        /// What is typed to sign in.
        login: Login,
    },
    /// The account is to be attached to a person who exists.
    Attach {
        /// The person.
        identity: IdentityId,
    },
}

/// The step that was asked for is not the one that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("another step of the wizard is open")]
pub struct WrongStep;

/// Why a step does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FlowError {
    /// Another step is open.
    #[error(transparent)]
    WrongStep(#[from] WrongStep),
    /// The information page has not been open long enough; so many seconds are left.
    #[error("the information page opens in {0} s")]
    TooEarly(u64),
}

/// One run of one account through the wizard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// Itself.
    pub id: FlowId,
    /// The old account that is being migrated.
    pub account: LegacyAccount,
    /// The address that the agency has for it.
    pub roster_email: Option<EmailAddress>,
    /// Who had it on the agency's roster when the run began; none where it did not stand there, and in a run of the
    /// program before.
    #[serde(default)]
    pub holding: Option<Holding>,
    /// Whether the agency's address for it was told that another one was chosen (b23).
    #[serde(default)]
    pub roster_told: bool,
    /// What the agency had set.
    pub plan: MigrationPlan,
    /// Where it stands.
    pub step: Step,
    /// When it began.
    pub started_at: Timestamp,
}

impl Flow {
    /// Begins, after the old credentials were found right.
    #[must_use]
    pub fn start(
        id: FlowId,
        account: LegacyAccount,
        roster_email: Option<EmailAddress>,
        plan: MigrationPlan,
        now: Timestamp,
    ) -> Self {
        let opens_at = now.checked_add(SignedDuration::from_secs(i64::from(plan.notice_seconds))).unwrap_or(now);
        let step = Step::Notice { opens_at };
        Self { id, account, roster_email, holding: None, roster_told: false, plan, step, started_at: now }
    }

    /// When it has to start again.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        let lifetime = SignedDuration::from_hours(i64::from(self.plan.hours));
        self.started_at.checked_add(lifetime).unwrap_or(Timestamp::MAX)
    }

    /// The agency's address for the account, where another one is chosen and nobody has told it so yet (b23).
    #[must_use]
    pub fn address_to_tell(&self, chosen: &EmailAddress) -> Option<&EmailAddress> {
        self.roster_email.as_ref().filter(|known| !self.roster_told && known.key() != chosen.key())
    }

    /// Whether it can still go on.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.expires_at() && !matches!(self.step, Step::Done { .. })
    }

    /// « Étape suivante » on the information page. The wait is a courtesy to reading, not security (b05).
    ///
    /// # Errors
    /// Too early, or another step is open.
    pub fn leave_notice(&mut self, now: Timestamp) -> Result<Effect, FlowError> {
        let Step::Notice { opens_at } = self.step else { return Err(WrongStep.into()) };
        let left = self.plan.notice_left(opens_at, now);
        if left > 0 {
            return Err(FlowError::TooEarly(left));
        }
        self.step = Step::Email { proposed: self.roster_email.clone() };
        Ok(Effect::Nothing)
    }

    /// The address is given. What follows is the same for every address (f03).
    ///
    /// # Errors
    /// Another step is open.
    pub fn choose_email(&mut self, email: EmailAddress, challenge: ChallengeId) -> Result<Effect, FlowError> {
        if !matches!(self.step, Step::Email { .. } | Step::Join { email: None, .. }) {
            return Err(WrongStep.into());
        }
        match self.plan.order {
            Order::PasswordFirst => {
                self.step = Step::Password { address: Address::Claimed(email), apart: false };
                Ok(Effect::Nothing)
            }
            Order::ProofFirst => {
                self.step = Step::Proof { challenge: challenge.clone(), email: email.clone(), password: None };
                Ok(Effect::AskProof { challenge, email })
            }
        }
    }

    /// The new password is chosen; it has passed the rules.
    ///
    /// # Errors
    /// Another step is open.
    pub fn choose_password(&mut self, password: PasswordHash, challenge: ChallengeId) -> Result<Effect, FlowError> {
        let Step::Password { address, apart } = &self.step else { return Err(WrongStep.into()) };
        let login = if *apart { Login::Identifier } else { self.plan.login() };
        match address.clone() {
            Address::Claimed(email) => {
                let password = Some(password);
                self.step = Step::Proof { challenge: challenge.clone(), email: email.clone(), password };
                Ok(Effect::AskProof { challenge, email })
            }
            Address::Proven(email) => {
                self.step = Step::Done { joined: false, whose: None };
                Ok(Effect::Create { email, password, login })
            }
        }
    }

    /// The letter was answered. `owner` is the person who has this address already, if there is one: then that person's
    /// password decides, and a password chosen here is dropped (SEC-040).
    ///
    /// # Errors
    /// Another step is open, or another letter was answered.
    pub fn proven(
        &mut self,
        challenge: &ChallengeId,
        email: ProvenEmail,
        owner: Option<IdentityId>,
    ) -> Result<Effect, FlowError> {
        let Step::Proof { challenge: asked, password, .. } = &self.step else { return Err(WrongStep.into()) };
        if asked != challenge {
            return Err(WrongStep.into());
        }
        let password = password.clone();
        match (owner, password) {
            (Some(identity), _) => {
                self.step = Step::Join { identity: Some(identity), email: Some(email) };
                Ok(Effect::Nothing)
            }
            (None, Some(password)) => {
                self.step = Step::Done { joined: false, whose: None };
                Ok(Effect::Create { email, password, login: self.plan.login() })
            }
            (None, None) => {
                self.step = Step::Password { address: Address::Proven(email), apart: false };
                Ok(Effect::Nothing)
            }
        }
    }

    /// Just when a person was to be created, somebody turned out to have the proven address: that person's password
    /// decides, as in [`Flow::proven`].
    pub fn found_owner(&mut self, identity: IdentityId, email: &ProvenEmail) {
        self.step = Step::Join { identity: Some(identity), email: Some(email.clone()) };
    }

    /// « Nous sommes deux à cette adresse »: the address that was proven is somebody else's, too, and both stay who they are.
    /// Who comes second signs in with the agency's identifier (b18, §6).
    ///
    /// # Errors
    /// Another step is open, or the address was not proven in this run.
    pub fn stay_apart(&mut self) -> Result<Effect, FlowError> {
        let Step::Join { email: Some(email), .. } = &self.step else { return Err(WrongStep.into()) };
        self.step = Step::Password { address: Address::Proven(email.clone()), apart: true };
        Ok(Effect::Nothing)
    }

    /// « J'ai déjà un compte », or somebody is signed in: that person's password is asked for at once (000 I.B). The run
    /// does not keep the address: it may go on in another browser, with somebody else.
    ///
    /// # Errors
    /// Another step is open.
    pub fn join_existing(&mut self, identity: Option<IdentityId>) -> Result<Effect, FlowError> {
        if !matches!(self.step, Step::Email { .. } | Step::Join { .. }) {
            return Err(WrongStep.into());
        }
        self.step = Step::Join { identity, email: None };
        Ok(Effect::Nothing)
    }

    /// The password of the person who exists was right.
    ///
    /// # Errors
    /// Another step is open, or another person was asked for.
    pub fn joined(&mut self, identity: IdentityId) -> Result<Effect, FlowError> {
        let Step::Join { identity: asked, .. } = &self.step else { return Err(WrongStep.into()) };
        if asked.as_ref().is_some_and(|asked| *asked != identity) {
            return Err(WrongStep.into());
        }
        self.step = Step::Done { joined: true, whose: Some(identity.clone()) };
        Ok(Effect::Attach { identity })
    }

    /// Begun with the old password of another account of a person whose run has just ended in this browser: there is nothing
    /// left to ask (004).
    ///
    /// # Errors
    /// Another step is open.
    pub fn joined_at_once(&mut self, identity: IdentityId) -> Result<Effect, FlowError> {
        let Step::Notice { .. } = self.step else { return Err(WrongStep.into()) };
        self.step = Step::Done { joined: true, whose: Some(identity.clone()) };
        Ok(Effect::Attach { identity })
    }

    /// The person who is created at the end.
    pub fn is_of(&mut self, identity: &IdentityId) {
        if let Step::Done { whose, .. } = &mut self.step {
            *whose = Some(identity.clone());
        }
    }

    /// « Modifier l'adresse »: back to the address; a letter that is on its way is worth nothing.
    ///
    /// # Errors
    /// Another step is open.
    pub fn change_email(&mut self) -> Result<Effect, FlowError> {
        let proposed = match &self.step {
            Step::Email { proposed } => proposed.clone(),
            Step::Password { address: Address::Claimed(email), .. } | Step::Proof { email, .. } => Some(email.clone()),
            // « Ce n'est pas mon compte »: the other person's address is not proposed.
            Step::Join { .. } => self.roster_email.clone(),
            Step::Notice { .. } | Step::Password { .. } | Step::Done { .. } => return Err(WrongStep.into()),
        };
        self.step = Step::Email { proposed };
        Ok(Effect::Nothing)
    }
}

#[cfg(test)]
mod tests;
