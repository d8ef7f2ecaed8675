//! What an agency can set, folded from optional layers (defaults < client < agency) into values with nothing optional.

use serde::{Deserialize, Serialize};

use super::lockout::LockoutPolicy;
use super::password::{PasswordRules, Preset};

/// What the resident types after the migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Identifier {
    /// The e-mail address becomes the identifier (000, 001).
    #[default]
    Email,
    /// The old identifier is kept; the e-mail is contact only (004).
    Legacy,
}

/// How an address is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProofMethod {
    /// A link in the letter (000, 001).
    Link,
    /// A code of eight digits (004).
    Code,
    /// Both in one letter.
    #[default]
    Both,
}

impl ProofMethod {
    /// Whether letters carry a link.
    #[must_use]
    pub const fn has_link(self) -> bool {
        matches!(self, Self::Link | Self::Both)
    }

    /// Whether letters carry a code.
    #[must_use]
    pub const fn has_code(self) -> bool {
        matches!(self, Self::Code | Self::Both)
    }
}

/// Whether the new password is chosen before or after the address is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Password, then proof (000, 001).
    #[default]
    PasswordFirst,
    /// Proof, then password (004).
    ProofFirst,
}

/// Who changes the address of a resident's account (003).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EmailChange {
    /// The resident.
    #[default]
    #[serde(rename = "self")]
    Resident,
    /// The agency, whom the resident can ask for it.
    Agency,
}

/// One password for all accounts of a person, or one for an account by choice (004).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PasswordScope {
    /// One for all.
    #[default]
    One,
    /// One per account, where the resident wants it.
    PerAccount,
}

/// What [`AgencyPolicy::fresh_address_hours`] is where nobody says otherwise.
pub const FRESH_ADDRESS_HOURS: u32 = 24;

/// Everything that an agency can set about sign-in and migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AgencyPolicy {
    /// What is typed after the migration.
    pub identifier: Identifier,
    /// How addresses are proven, and forgotten passwords reset.
    pub confirmation: ProofMethod,
    /// Password before or after proof.
    pub order: Order,
    /// Seconds that « Étape suivante » stays grey (000: "quelques secondes").
    pub notice_seconds: u32,
    /// Minutes that a code lives, from sending (10 to 30).
    pub code_minutes: u32,
    /// Minutes that the code of a reset lives, from sending (5 to 30); never that of another agency of the same person,
    /// so that the page can say it without knowing who asks.
    pub reset_code_minutes: u32,
    /// Minutes that a link lives, from sending (at most 24 hours).
    pub link_minutes: u32,
    /// Hours after which an unfinished migration has to start again.
    pub migration_hours: u32,
    /// Rules for new passwords.
    pub password: PasswordRules,
    /// One password or several.
    pub password_scope: PasswordScope,
    /// Whether « J'ai noté ce mot de passe en lieu sûr » has to be ticked (004).
    pub confirm_noted: bool,
    /// Who changes the address (003).
    pub email_change: EmailChange,
    /// Throttling of guesses on a person.
    pub lockout: LockoutPolicy,
    /// Minutes without a request after which a session ends.
    pub idle_minutes: u32,
    /// Hours after which a session ends, whatever happens.
    pub session_hours: u32,
    /// Days that « Garder ma session active » keeps it (at most 30).
    pub keep_days: u32,
    /// Hours for which a changed address is fresh, and for which « Ce n'est pas moi » holds (at most 72).
    pub fresh_address_hours: u32,
    /// Months that lines of the trace about this agency are kept.
    pub audit_months: u32,
    /// The share of an agency's accounts, in per cent, that one import of its roster may take away.
    pub roster_loss_percent: u32,
}

/// One layer of settings: what it does not say is left to the layer below.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PolicyLayer {
    /// See [`AgencyPolicy::identifier`].
    pub identifier: Option<Identifier>,
    /// See [`AgencyPolicy::confirmation`].
    pub confirmation: Option<ProofMethod>,
    /// See [`AgencyPolicy::order`].
    pub order: Option<Order>,
    /// See [`AgencyPolicy::notice_seconds`].
    pub notice_seconds: Option<u32>,
    /// See [`AgencyPolicy::code_minutes`].
    pub code_minutes: Option<u32>,
    /// See [`AgencyPolicy::reset_code_minutes`].
    pub reset_code_minutes: Option<u32>,
    /// See [`AgencyPolicy::link_minutes`].
    pub link_minutes: Option<u32>,
    /// See [`AgencyPolicy::migration_hours`].
    pub migration_hours: Option<u32>,
    /// See [`AgencyPolicy::password`].
    pub password: Option<Preset>,
    /// See [`AgencyPolicy::password_scope`].
    pub password_scope: Option<PasswordScope>,
    /// See [`AgencyPolicy::confirm_noted`].
    pub confirm_noted: Option<bool>,
    /// See [`AgencyPolicy::email_change`].
    pub email_change: Option<EmailChange>,
    /// Failures before the first delay; see [`LockoutPolicy::free_failures`].
    pub lockout_failures: Option<u32>,
    /// See [`AgencyPolicy::idle_minutes`].
    pub idle_minutes: Option<u32>,
    /// See [`AgencyPolicy::session_hours`].
    pub session_hours: Option<u32>,
    /// See [`AgencyPolicy::keep_days`].
    pub keep_days: Option<u32>,
    /// See [`AgencyPolicy::fresh_address_hours`].
    pub fresh_address_hours: Option<u32>,
    /// See [`AgencyPolicy::audit_months`].
    pub audit_months: Option<u32>,
    /// See [`AgencyPolicy::roster_loss_percent`].
    pub roster_loss_percent: Option<u32>,
}

impl Default for AgencyPolicy {
    fn default() -> Self {
        Self {
            identifier: Identifier::Email,
            confirmation: ProofMethod::Both,
            order: Order::PasswordFirst,
            notice_seconds: 8,
            code_minutes: 10,
            reset_code_minutes: 10,
            link_minutes: 60,
            migration_hours: 48,
            password: Preset::Cnil50.rules(),
            password_scope: PasswordScope::One,
            confirm_noted: false,
            email_change: EmailChange::Resident,
            lockout: LockoutPolicy::PERSON,
            idle_minutes: 60,
            session_hours: 12,
            keep_days: 30,
            fresh_address_hours: FRESH_ADDRESS_HOURS,
            audit_months: 12,
            roster_loss_percent: 10,
        }
    }
}

impl AgencyPolicy {
    /// Lays one layer over these values.
    #[must_use]
    pub fn overlaid(self, layer: &PolicyLayer) -> Self {
        Self {
            identifier: layer.identifier.unwrap_or(self.identifier),
            confirmation: layer.confirmation.unwrap_or(self.confirmation),
            order: layer.order.unwrap_or(self.order),
            notice_seconds: layer.notice_seconds.unwrap_or(self.notice_seconds),
            code_minutes: layer.code_minutes.unwrap_or(self.code_minutes),
            reset_code_minutes: layer.reset_code_minutes.unwrap_or(self.reset_code_minutes),
            link_minutes: layer.link_minutes.unwrap_or(self.link_minutes),
            migration_hours: layer.migration_hours.unwrap_or(self.migration_hours),
            password: layer.password.map_or(self.password, Preset::rules),
            password_scope: layer.password_scope.unwrap_or(self.password_scope),
            confirm_noted: layer.confirm_noted.unwrap_or(self.confirm_noted),
            email_change: layer.email_change.unwrap_or(self.email_change),
            lockout: LockoutPolicy {
                free_failures: layer.lockout_failures.unwrap_or(self.lockout.free_failures),
                ..self.lockout
            },
            idle_minutes: layer.idle_minutes.unwrap_or(self.idle_minutes),
            session_hours: layer.session_hours.unwrap_or(self.session_hours),
            keep_days: layer.keep_days.unwrap_or(self.keep_days),
            fresh_address_hours: layer.fresh_address_hours.unwrap_or(self.fresh_address_hours),
            audit_months: layer.audit_months.unwrap_or(self.audit_months),
            roster_loss_percent: layer.roster_loss_percent.unwrap_or(self.roster_loss_percent),
        }
    }

    /// The same person at both agencies: password rules, lockout and lifetimes fold to the strictest; what belongs to
    /// the agency being entered (`self`) stays.
    #[must_use]
    pub fn strictest(self, other: &Self) -> Self {
        Self {
            code_minutes: self.code_minutes.min(other.code_minutes),
            link_minutes: self.link_minutes.min(other.link_minutes),
            password: self.password.strictest(other.password),
            confirm_noted: self.confirm_noted || other.confirm_noted,
            email_change: match self.email_change {
                EmailChange::Agency => EmailChange::Agency,
                EmailChange::Resident => other.email_change,
            },
            lockout: self.lockout.strictest(other.lockout),
            idle_minutes: self.idle_minutes.min(other.idle_minutes),
            session_hours: self.session_hours.min(other.session_hours),
            keep_days: self.keep_days.min(other.keep_days),
            fresh_address_hours: self.fresh_address_hours.max(other.fresh_address_hours),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_changes_what_it_says_and_nothing_else() {
        let layer = PolicyLayer { confirmation: Some(ProofMethod::Code), code_minutes: Some(30), ..Default::default() };
        let policy = AgencyPolicy::default().overlaid(&layer);
        assert_eq!((policy.confirmation, policy.code_minutes), (ProofMethod::Code, 30));
        assert_eq!(policy.link_minutes, AgencyPolicy::default().link_minutes);
    }

    #[test]
    fn a_person_at_two_agencies_gets_the_stricter_rules() {
        let strict = AgencyPolicy::default().overlaid(&PolicyLayer {
            password: Some(Preset::Cnil80),
            keep_days: Some(7),
            fresh_address_hours: Some(72),
            confirmation: Some(ProofMethod::Code),
            confirm_noted: Some(true),
            email_change: Some(EmailChange::Agency),
            ..Default::default()
        });
        let folded = AgencyPolicy::default().strictest(&strict);
        assert_eq!((folded.password.length, folded.keep_days), (12, 7));
        assert!(folded.confirm_noted);
        assert_eq!(folded.email_change, EmailChange::Agency);
        assert_eq!(strict.clone().strictest(&AgencyPolicy::default()).email_change, EmailChange::Agency);
        assert_eq!(folded.fresh_address_hours, 72, "the longest wait is the strictest");
        assert_eq!(folded.confirmation, ProofMethod::Both);
    }
}
