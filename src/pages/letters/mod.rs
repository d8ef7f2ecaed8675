//! The letters: a file for each, with its typed context and a sample of every state.

mod account_attached;
mod account_detached;
mod account_withdrawn;
mod accounts_attached;
mod address_chosen;
mod address_request;
mod address_requested;
mod already_account;
mod also_at;
mod confirm_address;
mod confirm_new_email;
mod email_changed;
mod email_restored;
mod first_sign_in;
mod own_password;
mod password_changed;
mod request_held;
mod reset_password;

pub use self::account_attached::AccountAttached;
pub use self::account_detached::AccountDetached;
pub use self::account_withdrawn::AccountWithdrawn;
pub use self::accounts_attached::AccountsAttached;
pub use self::address_chosen::AddressChosen;
pub use self::address_request::AddressRequest;
pub use self::address_requested::AddressRequested;
pub use self::already_account::AlreadyAccount;
pub use self::also_at::AlsoAt;
pub use self::confirm_address::ConfirmAddress;
pub use self::confirm_new_email::ConfirmNewEmail;
pub use self::email_changed::EmailChanged;
pub use self::email_restored::EmailRestored;
pub use self::first_sign_in::FirstSignIn;
pub use self::own_password::OwnPassword;
pub use self::password_changed::PasswordChanged;
pub use self::request_held::RequestHeld;
pub use self::reset_password::{ResetPassword, Whose};
use super::Sample;

/// Every letter in every state.
#[must_use]
pub fn samples() -> Vec<Sample> {
    [
        Sample::letter::<ConfirmAddress>(),
        Sample::letter::<AlreadyAccount>(),
        Sample::letter::<ResetPassword>(),
        Sample::letter::<FirstSignIn>(),
        Sample::letter::<PasswordChanged>(),
        Sample::letter::<ConfirmNewEmail>(),
        Sample::letter::<EmailChanged>(),
        Sample::letter::<AddressRequest>(),
        Sample::letter::<AddressRequested>(),
        Sample::letter::<AddressChosen>(),
        Sample::letter::<RequestHeld>(),
        Sample::letter::<EmailRestored>(),
        Sample::letter::<AccountAttached>(),
        Sample::letter::<AccountsAttached>(),
        Sample::letter::<OwnPassword>(),
        Sample::letter::<AccountDetached>(),
        Sample::letter::<AccountWithdrawn>(),
    ]
    .concat()
}
