//! Where a state of a page or letter is seen, and how its agency has to be set for it.

/// What is around a state: the page's place, and the settings without which nobody sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scene {
    /// Whose page it is, and on which host.
    pub place: Place,
    /// Whether somebody is signed in.
    pub is_signed_in: bool,
    /// Whether the page names its request, as those that tell of a failure do.
    pub has_reference: bool,
    /// What has to be set; a key that is not named may have any value.
    pub settings: Vec<Setting>,
}

/// Whose page it is, and on which host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Place {
    /// The portal, in the brand of an agency that is known.
    #[default]
    Agency,
    /// The portal, in its own brand.
    Portal,
    /// An agency's host.
    Host,
    /// A frame of the extranet, on an agency's host.
    Frame,
}

/// A key of an agency's file, and the values with which a state is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// The key, with its tables.
    pub key: &'static str,
    /// Each of these will do.
    pub values: &'static [&'static str],
}

impl Scene {
    /// A page at this place.
    #[must_use]
    pub fn at(place: Place) -> Self {
        Self { place, ..Self::default() }
    }

    /// A page of who is signed in, at this place.
    #[must_use]
    pub fn signed_in_at(place: Place) -> Self {
        Self { is_signed_in: true, ..Self::at(place) }
    }

    /// The same with a request's name.
    #[must_use]
    pub fn with_reference(self) -> Self {
        Self { has_reference: true, ..self }
    }

    /// The same, seen only with this setting.
    #[must_use]
    pub fn under(mut self, setting: Setting) -> Self {
        self.settings.push(setting);
        self
    }
}

impl Setting {
    /// How the extranet is entered.
    pub const ADAPTER: &'static str = "sign_in.adapter";
    /// Who judges old credentials.
    pub const VERIFIER: &'static str = "sign_in.verifier";
    /// Password before or after proof.
    pub const ORDER: &'static str = "policy.order";
    /// What is typed after the migration.
    pub const IDENTIFIER: &'static str = "policy.identifier";
    /// How an address is proven.
    pub const CONFIRMATION: &'static str = "policy.confirmation";
    /// « J'ai noté ce mot de passe en lieu sûr ».
    pub const CONFIRM_NOTED: &'static str = "policy.confirm_noted";
    /// Who changes the address.
    pub const EMAIL_CHANGE: &'static str = "policy.email_change";
    /// One password for all accounts of a person, or one for an account by choice.
    pub const PASSWORD_SCOPE: &'static str = "policy.password_scope";
    /// How several accounts of one person share hosts.
    pub const ACCOUNTS: &'static str = "accounts";

    /// What is told of every state, whether it has to be set or not.
    pub const ALWAYS_TOLD: [&'static str; 4] = [Self::ADAPTER, Self::ORDER, Self::IDENTIFIER, Self::CONFIRMATION];

    /// The old password is kept for the extranet.
    pub const KEEPS_PASSWORD: Self = Self { key: Self::ADAPTER, values: &["form-replay", "http-basic"] };
    /// Old credentials are those of the imported list.
    pub const BY_ROSTER: Self = Self { key: Self::VERIFIER, values: &["roster"] };
    /// Old credentials are judged by the extranet.
    pub const BY_EXTRANET: Self = Self { key: Self::VERIFIER, values: &["form", "basic"] };
    /// The password is chosen first.
    pub const PASSWORD_FIRST: Self = Self { key: Self::ORDER, values: &["password-first"] };
    /// The address is proven first.
    pub const PROOF_FIRST: Self = Self { key: Self::ORDER, values: &["proof-first"] };
    /// The address becomes the identifier.
    pub const BY_EMAIL: Self = Self { key: Self::IDENTIFIER, values: &["email"] };
    /// The old identifier is kept.
    pub const BY_IDENTIFIER: Self = Self { key: Self::IDENTIFIER, values: &["legacy"] };
    /// Letters carry a link.
    pub const LINK: Self = Self { key: Self::CONFIRMATION, values: &["link", "both"] };
    /// Letters carry a code.
    pub const CODE: Self = Self { key: Self::CONFIRMATION, values: &["code", "both"] };
    /// The box has to be ticked.
    pub const NOTED: Self = Self { key: Self::CONFIRM_NOTED, values: &["true"] };
    /// The agency alone changes the address.
    pub const BY_AGENCY: Self = Self { key: Self::EMAIL_CHANGE, values: &["agency"] };
    /// An account may have a password of its own.
    pub const PER_ACCOUNT: Self = Self { key: Self::PASSWORD_SCOPE, values: &["per-account"] };
    /// Several agencies share one host.
    pub const SHARED_HOST: Self = Self { key: Self::ACCOUNTS, values: &["shared-host"] };

    /// What is typed after the migration.
    #[must_use]
    pub const fn identifier(is_kept: bool) -> Self {
        if is_kept { Self::BY_IDENTIFIER } else { Self::BY_EMAIL }
    }

    /// Letters and pages that have a link, a code or both.
    #[must_use]
    pub const fn proof(link: bool, code: bool) -> Self {
        let values: &[&str] = match (link, code) {
            (true, true) => &["both"],
            (true, false) => &["link"],
            (false, _) => &["code"],
        };
        Self { key: Self::CONFIRMATION, values }
    }
}
