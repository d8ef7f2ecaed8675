//! What guesses are counted for: clients, persons, devices, old accounts, codes; each is a key of one counter.

use crate::app::Caller;
use crate::domain::agency_code::AgencyCode;
use crate::domain::challenge::ChallengeId;
use crate::domain::client::Client;
use crate::domain::device;
use crate::domain::identity::{IdentityId, LegacyLogin};
use crate::domain::lockout::LockoutPolicy;
use crate::domain::secret::SecretDigest;
use crate::domain::text::folded;

/// What is guessed at, and how that is slowed.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The counter's key.
    pub key: String,
    /// Its policy.
    pub policy: LockoutPolicy,
    /// What the trace says of it.
    pub agency: Option<AgencyCode>,
    /// Whose it is.
    pub identity: Option<IdentityId>,
    /// The old identifier.
    pub login: Option<LegacyLogin>,
    /// On a device that knows the person, whatever others do from the same client.
    pub(super) on_known_device: bool,
    pub(super) is_shared: bool,
}

impl Subject {
    fn new(key: String, policy: LockoutPolicy) -> Self {
        Self { key, policy, agency: None, identity: None, login: None, on_known_device: false, is_shared: false }
    }

    /// Guesses at a person's password. A device on which that person has signed in has counters of its own, so that no
    /// stranger locks the owner out: one for each person, and one for all whom it knows (f02).
    #[must_use]
    pub fn person(caller: &Caller, identity: &IdentityId, own_device: bool, policy: LockoutPolicy) -> Vec<Self> {
        let of_person = |key, policy| Self { identity: Some(identity.clone()), ..Self::new(key, policy) };
        let Some(device) = caller.device.as_ref().filter(|_| own_device) else {
            return vec![of_person(person_key(identity), policy)];
        };
        let device = device_key(&device.digest().to_hex());
        let at_this_one = of_person(format!("{device}:{}", identity.as_str()), policy);
        let at_all = of_person(device, device::LOCKOUT);
        vec![Self { on_known_device: true, ..at_this_one }, Self { on_known_device: true, is_shared: true, ..at_all }]
    }

    /// Guesses at an old account, however its identifier is spelt (SEC-050).
    #[must_use]
    pub fn account(agency: &AgencyCode, login: &LegacyLogin, policy: LockoutPolicy) -> Self {
        Self::new(account_key(agency, login), policy).of_account(agency, login)
    }

    /// Wrong codes for an old account.
    #[must_use]
    pub fn codes_of_account(agency: &AgencyCode, login: &LegacyLogin) -> Self {
        Self::new(codes_of_account_key(agency, login), LockoutPolicy::CODES).of_account(agency, login)
    }

    /// Wrong codes of a person. A device on which that person has signed in has a counter of its own, so that no stranger
    /// who types codes for a reset keeps the owner from typing theirs (f02).
    #[must_use]
    pub fn codes_of_person(caller: &Caller, identity: &IdentityId, own_device: bool) -> Self {
        let of_person = |key| Self { identity: Some(identity.clone()), ..Self::new(key, LockoutPolicy::CODES) };
        match caller.device.as_ref().filter(|_| own_device) {
            Some(device) => {
                let device = device_key(&device.digest().to_hex());
                Self { on_known_device: true, ..of_person(format!("{device}:code:{}", identity.as_str())) }
            }
            None => of_person(codes_of_person_key(identity)),
        }
    }

    /// Codes that are typed for a reset that there is none of.
    #[must_use]
    pub fn codes_of_nobody(asked_by: SecretDigest) -> Self {
        Self::new(format!("code:{}", asked_by.to_hex()), LockoutPolicy::CODES)
    }

    /// Guesses at an address that nobody has.
    #[must_use]
    pub fn unknown(typed: &str) -> Self {
        Self::new(format!("unknown:{}", folded(typed)), LockoutPolicy::PERSON)
    }

    /// Guesses at the password that a letter's link asks for.
    #[must_use]
    pub fn confirmation(challenge: &ChallengeId, policy: LockoutPolicy) -> Self {
        Self::new(format!("confirm:{}", challenge.as_str()), policy)
    }

    fn of_account(self, agency: &AgencyCode, login: &LegacyLogin) -> Self {
        Self { agency: Some(agency.clone()), login: Some(login.clone()), ..self }
    }

    pub(super) fn of_client(client: Client) -> Self {
        Self::new(client_key(client), LockoutPolicy::CLIENT)
    }
}

/// The counter of one person's failures on strange devices.
#[must_use]
pub fn person_key(identity: &IdentityId) -> String {
    format!("person:{}", identity.as_str())
}

/// The counter of one device's failures at everybody whom it knows.
#[must_use]
pub fn device_key(digest: &str) -> String {
    format!("device:{digest}")
}

/// The counter of guesses at one old account, wherever they are made and however it is spelled (SEC-050).
#[must_use]
pub fn account_key(agency: &AgencyCode, login: &LegacyLogin) -> String {
    format!("account:{agency}:{}", folded(login.as_str()))
}

/// The counter of wrong codes for an old account.
#[must_use]
pub fn codes_of_account_key(agency: &AgencyCode, login: &LegacyLogin) -> String {
    format!("code:{agency}:{}", folded(login.as_str()))
}

/// The counter of a person's wrong codes.
#[must_use]
pub fn codes_of_person_key(identity: &IdentityId) -> String {
    format!("code:{}", identity.as_str())
}

pub(super) fn client_key(client: Client) -> String {
    format!("client:{client}")
}
