//! The residents' pages: a file for each, with its typed context and a sample of every state.
//!
//! A page gets finished values, never domain objects: what is not a field here cannot reach a template.

mod account;
mod address_request;
mod again;
mod alert;
mod attach;
mod change_email;
mod change_password;
mod choose_account;
mod choose_agency;
mod codes;
mod confirm;
mod detach;
mod email;
mod extranet_password;
mod forgotten;
mod forgotten_sent;
mod home;
mod join;
mod joined;
mod leave;
mod message;
mod no_account_here;
mod not_me;
mod not_sent;
mod notice;
mod others;
mod own_password;
mod own_reset;
mod parts;
mod password;
mod privacy;
mod proof;
mod reset;
mod reset_done;
mod reset_waits;
mod reset_which;
mod sign_in;
mod terms;
mod trouble;

pub use self::account::{AccountPage, AttachAt, ShownDevice};
pub use self::address_request::{AddressRequestPage, AskedAgency};
pub use self::again::{AgainPage, CarriedText, TypedText};
pub use self::alert::{Alert, Marked, Tone};
pub use self::attach::AttachPage;
pub use self::change_email::ChangeEmailPage;
pub use self::change_password::ChangePasswordPage;
pub use self::choose_account::ChooseAccountPage;
pub use self::choose_agency::{ChooseAgencyPage, ListedAgency};
pub use self::codes::{CodesPage, LastAgency};
pub use self::confirm::{Asks, ConfirmPage};
pub use self::detach::DetachPage;
pub use self::email::EmailPage;
pub use self::extranet_password::{ExtranetPasswordPage, KeptPassword};
pub use self::forgotten::ForgottenPage;
pub use self::forgotten_sent::{ForgottenSentPage, Sends};
pub use self::home::HomePage;
pub use self::join::{JoinPage, OWN_RESET};
pub use self::joined::JoinedPage;
pub use self::leave::LeavePage;
pub use self::message::{MessageName, MessagePage};
pub use self::no_account_here::NoAccountHerePage;
pub use self::not_me::NotMePage;
pub use self::not_sent::{NotSentPage, NotSentWhy, SentText};
pub use self::notice::NoticePage;
pub use self::others::{OtherAccount, OthersPage};
pub use self::own_password::OwnPasswordPage;
pub use self::own_reset::OwnResetPage;
use self::parts::PASSWORDS;
pub use self::parts::{AttachedAccount, Codes, Criterion, FieldError, Progress, WayOut};
pub use self::password::PasswordPage;
pub use self::privacy::{PrivacyPage, ShownCookie};
pub use self::proof::{MainThing, ProofPage};
pub use self::reset::ResetPage;
pub use self::reset_done::ResetDonePage;
pub use self::reset_waits::ResetWaitsPage;
pub use self::reset_which::{Reader, ReadersAccount, ResetWhichPage};
pub use self::sign_in::{Given, SignInPage};
pub use self::terms::TermsPage;
pub use self::trouble::{Contact, TroublePage};
use super::Sample;

/// Every page in every state.
#[must_use]
pub fn samples() -> Vec<Sample> {
    [
        Sample::page::<HomePage>(),
        Sample::page::<CodesPage>(),
        Sample::page::<SignInPage>(),
        Sample::page::<TroublePage>(),
        Sample::page::<AttachPage>(),
        Sample::page::<NoAccountHerePage>(),
        Sample::page::<NoticePage>(),
        Sample::page::<EmailPage>(),
        Sample::page::<PasswordPage>(),
        Sample::page::<ProofPage>(),
        Sample::page::<ConfirmPage>(),
        Sample::page::<JoinPage>(),
        Sample::page::<JoinedPage>(),
        Sample::page::<OthersPage>(),
        Sample::page::<TermsPage>(),
        Sample::page::<ForgottenPage>(),
        Sample::page::<ForgottenSentPage>(),
        Sample::page::<ResetPage>(),
        Sample::page::<ResetDonePage>(),
        Sample::page::<ResetWaitsPage>(),
        Sample::page::<ResetWhichPage>(),
        Sample::page::<NotMePage>(),
        Sample::page::<AccountPage>(),
        Sample::page::<ChooseAccountPage>(),
        Sample::page::<ChooseAgencyPage>(),
        Sample::page::<DetachPage>(),
        Sample::page::<ChangePasswordPage>(),
        Sample::page::<OwnResetPage>(),
        Sample::page::<OwnPasswordPage>(),
        Sample::page::<ChangeEmailPage>(),
        Sample::page::<AddressRequestPage>(),
        Sample::page::<ExtranetPasswordPage>(),
        Sample::page::<MessagePage>(),
        Sample::page::<AgainPage>(),
        Sample::page::<NotSentPage>(),
        Sample::page::<LeavePage>(),
        Sample::page::<PrivacyPage>(),
    ]
    .concat()
}
