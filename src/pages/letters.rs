//! The typed context of every letter.

use serde::Serialize;

use super::Letter;

/// Confirms the address given in the wizard, with link and code (000, 001, 004).
#[derive(Debug, Clone, Serialize)]
pub struct ConfirmAddress {
    /// The old identifier, masked.
    pub account: String,
    /// The page that shows the button, where links are sent.
    pub link: Option<String>,
    /// Eight digits, where codes are sent.
    pub code: Option<String>,
    /// How long the code lives, minutes.
    pub code_minutes: u64,
    /// How long the link lives, minutes.
    pub link_minutes: u64,
}

/// Tells somebody who has an account already how to attach another agency's account to it (b16, f03).
#[derive(Debug, Clone, Serialize)]
pub struct AlreadyAccount {
    /// The old identifier, masked.
    pub account: String,
    /// The page that shows the button, where links are sent.
    pub link: Option<String>,
    /// Eight digits, where codes are sent.
    pub code: Option<String>,
    /// How long the code lives, minutes.
    pub code_minutes: u64,
    /// How long the link lives, minutes.
    pub link_minutes: u64,
}

/// Leads to the page of the new password (000 II.C, 001 IV).
#[derive(Debug, Clone, Serialize)]
pub struct ResetPassword {
    /// The page of the new password.
    pub link: String,
    /// How long the link lives, minutes.
    pub link_minutes: u64,
    /// From when it works, written out, where the address is fresh (LAW-006).
    pub opens_at: Option<String>,
}

/// "Votre mot de passe a changé" (004, c09).
#[derive(Debug, Clone, Serialize)]
pub struct PasswordChanged {
    /// When, written out in Paris time.
    pub at: String,
    /// Where a stranger's change is undone: the reset page.
    pub reset_url: String,
    /// The page of « Ce n'est pas moi », which leads there too.
    pub not_me_url: Option<String>,
}

/// Confirms a changed address, sent to the new one (000 II.A, c06).
#[derive(Debug, Clone, Serialize)]
pub struct ConfirmNewEmail {
    /// The page that shows the button, where links are sent.
    pub link: Option<String>,
    /// Eight digits, where codes are sent.
    pub code: Option<String>,
    /// How long the code lives, minutes.
    pub code_minutes: u64,
    /// How long the link lives, minutes.
    pub link_minutes: u64,
}

/// Tells the old address that it was replaced, and how that is held or undone (c07, LAW-006).
#[derive(Debug, Clone, Serialize)]
pub struct EmailChanged {
    /// The new address, masked.
    pub new_email: String,
    /// When, written out in Paris time.
    pub at: String,
    /// The page of « Ce n'est pas moi ».
    pub not_me_url: Option<String>,
}

/// Tells that « Ce n'est pas moi » was pressed in another letter, and what waits because of it (decision 38).
#[derive(Debug, Clone, Serialize)]
pub struct RequestHeld {
    /// What: the end of the sentence's key.
    pub request: &'static str,
    /// The old identifier or the new address, masked; empty where there is none.
    pub about: String,
    /// Until when, written out in Paris time.
    pub until: String,
    /// Where a new password is asked for.
    pub reset_url: String,
}

/// Tells both addresses that a change of address was undone.
#[derive(Debug, Clone, Serialize)]
pub struct EmailRestored {
    /// The address that is valid again, masked.
    pub email: String,
    /// When, written out in Paris time.
    pub at: String,
}

/// Tells the address that the agency knows that another one was chosen for an account (b23).
#[derive(Debug, Clone, Serialize)]
pub struct AddressChosen {
    /// The old identifier, masked.
    pub account: String,
}

/// Tells that another agency's account was attached (SEC-216).
#[derive(Debug, Clone, Serialize)]
pub struct AccountAttached {
    /// The old identifier, masked.
    pub account: String,
    /// The account page.
    pub account_url: String,
}

/// Tells that an account was detached (c17).
#[derive(Debug, Clone, Serialize)]
pub struct AccountDetached {
    /// The old identifier, masked.
    pub account: String,
    /// The account page.
    pub account_url: String,
}

/// Tells that the agency took an account back, or that somebody else has its identifier now (SEC-017).
#[derive(Debug, Clone, Serialize)]
pub struct AccountWithdrawn {
    /// The old identifier, masked.
    pub account: String,
    /// The account page.
    pub account_url: String,
}

macro_rules! letters {
    ($($letter:ty => $template:literal),+ $(,)?) => {
        $(impl Letter for $letter {
            const TEMPLATE: &'static str = concat!("mail/", $template);
        })+
    };
}

letters! {
    ConfirmAddress => "confirm_address",
    AlreadyAccount => "already_account",
    ResetPassword => "reset_password",
    PasswordChanged => "password_changed",
    ConfirmNewEmail => "confirm_new_email",
    EmailChanged => "email_changed",
    AddressChosen => "address_chosen",
    RequestHeld => "request_held",
    EmailRestored => "email_restored",
    AccountAttached => "account_attached",
    AccountDetached => "account_detached",
    AccountWithdrawn => "account_withdrawn",
}
