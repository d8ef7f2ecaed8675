//! The typed context of every page of the residents.
//!
//! A page gets finished values, never domain objects: what is not a field here cannot reach a template.

use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::Page;

/// A message above a form. The sentence itself is in the translation files under `alert-<name>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Alert {
    /// One sentence for unknown, wrong, locked and not migrated (f03, LAW-010).
    SignInRefused,
    /// The old credentials were right and are switched off: the e-mail address is the identifier now (000, b14).
    OldCredentials,
    /// The provisional credentials are right, and used up or past their time (b20).
    ProvisionalOver,
    /// The extranet takes the old credentials, but wants another password first.
    MustChange,
    /// The account is ready: sign in with the new credentials (000).
    AccountReady,
    /// The session has ended and every extranet was told.
    SignedOut,
    /// The agency's codes are not known.
    UnknownCodes,
    /// Something was missing or wrong in a form whose fields say what.
    CheckFields,
    /// The code is wrong; this many tries are left.
    WrongCode {
        /// Tries left before the code is dead.
        left: u32,
    },
    /// The code has been tried too often and is dead.
    CodeDead,
    /// The code or link is past its time.
    Expired,
    /// A new letter is on its way; what was sent before is worth nothing now.
    Resent,
    /// A new letter may be asked for in this many seconds.
    ResendLater {
        /// Seconds to wait.
        seconds: u64,
    },
    /// No more letters for now: the limit of the day is reached.
    ResendOver,
    /// The current password is wrong.
    WrongPassword,
    /// The information page was left before it could be read.
    TooEarly,
    /// The box of the terms was not ticked.
    TermsNotAccepted,
    /// The password has been changed; other sessions have ended.
    PasswordChanged,
    /// The e-mail address has been changed.
    EmailChanged,
    /// An account was detached.
    AccountDetached,
    /// A known device was forgotten.
    DeviceForgotten,
    /// The other person's attempt was stopped.
    Disowned,
    /// Somebody who got the letter said « Ce n'est pas moi »: the code still counts.
    Held,
    /// No address is changed for now, because of « Ce n'est pas moi ».
    ChangesHeld,
    /// The address from before is somebody else's login by now.
    AddressTaken,
    /// The page was out of date; the right step is shown.
    Stale,
    /// Something of ours does not answer: nothing was done, and what was typed is still there (REL-015).
    Unavailable,
    /// Who is signed in attaches another account: its old credentials are asked for.
    AttachAnother,
    /// Others of the same person sign in just now: nothing was tried (ATT-24).
    Busy,
    /// Too many codes of agencies that do not exist were typed from here: nothing is looked up for a while (SEC-019).
    CodesLater,
}

impl Alert {
    /// Whether the page's title begins with "Erreur" and the message takes the focus, or only informs.
    #[must_use]
    pub const fn tone(&self) -> Tone {
        match self {
            Self::SignInRefused
            | Self::UnknownCodes
            | Self::CheckFields
            | Self::WrongCode { .. }
            | Self::CodeDead
            | Self::Expired
            | Self::ResendOver
            | Self::WrongPassword
            | Self::ChangesHeld
            | Self::AddressTaken
            | Self::TermsNotAccepted
            | Self::Unavailable => Tone::Error,
            Self::OldCredentials
            | Self::ProvisionalOver
            | Self::MustChange
            | Self::ResendLater { .. }
            | Self::TooEarly
            | Self::AttachAnother
            | Self::Held
            | Self::Busy
            | Self::CodesLater
            | Self::Stale => Tone::Info,
            Self::AccountReady
            | Self::SignedOut
            | Self::Resent
            | Self::PasswordChanged
            | Self::EmailChanged
            | Self::AccountDetached
            | Self::DeviceForgotten
            | Self::Disowned => Tone::Success,
        }
    }
}

/// How a message above a form is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// Something has to be done again.
    Error,
    /// Something to know before going on.
    Info,
    /// Something worked.
    Success,
}

/// What the criteria list under a new password shows, in order; `pages/locales` has `criterion-<name>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Criterion {
    /// The translation key's end and the script's rule: `length`, `upper`, `lower`, `digit`, `special`, `kinds`.
    pub name: &'static str,
    /// The number that the rule needs (characters or kinds), 0 where it has none.
    pub number: u32,
}

/// An error beside one field; `pages/locales` has `error-<name>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The translation key's end, such as `email-malformed`, `password-too-short`, `passwords-differ`.
    pub name: &'static str,
    /// A number for the sentence (a length), 0 where it has none.
    pub number: u32,
}

impl FieldError {
    /// The names that `pages/locales` has a sentence for; another name is a [`super::RenderError`].
    pub const NAMES: [&'static str; 17] = [
        "email-missing",
        "email-malformed",
        "email-too-long",
        "emails-differ",
        "email-unchanged",
        "email-refused",
        "login-missing",
        "password-missing",
        "password-too-short",
        "password-too-long",
        "password-criteria",
        "password-common",
        "password-personal",
        "password-old",
        "password-unchanged",
        "passwords-differ",
        "password-not-noted",
    ];
}

/// Where the resident is in the wizard: "Étape 2 sur 4".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The step that is shown, counted from 1.
    pub step: u32,
    /// How many steps this agency's plan has.
    pub of: u32,
}

/// The codes of the agency that a form carries along.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Codes {
    /// The client code.
    pub client: String,
    /// The société code.
    pub societe: String,
}

/// Asks for the client and société codes (001, a03).
#[derive(Debug, Clone, Serialize)]
pub struct CodesPage {
    /// What was typed.
    pub codes: Codes,
    /// Where to go on: the path of the form to come back to, `/login` or `/forgotten`.
    pub next: &'static str,
    /// The agency that was signed in to last from this browser.
    pub last: Option<LastAgency>,
    /// The page of ours to come back to.
    pub back: Option<String>,
    /// The message above the form.
    pub alert: Option<Alert>,
}

/// An agency that a browser knows.
#[derive(Debug, Clone, Serialize)]
pub struct LastAgency {
    /// Its name.
    pub name: String,
    /// Where to go on with it.
    pub url: String,
}

/// The login page (000, c01).
#[derive(Debug, Clone, Serialize)]
pub struct SignInPage {
    /// The agency that is entered.
    pub codes: Codes,
    /// The path in the extranet to return to.
    pub return_to: String,
    /// The page of ours to come back to instead.
    pub back: Option<String>,
    /// What was typed as identifier.
    pub login: String,
    /// Whether "Garder ma session active" was ticked.
    pub keep: bool,
    /// Where another agency of the same host is chosen, if there are others.
    pub other_agency: Option<String>,
    /// « Mon agence m'a donné un nouveau mot de passe ».
    pub given: Given,
    /// The message above the form.
    pub alert: Option<Alert>,
}

/// The form for a password that the agency gave out anew: below every refusal, whoever was refused (f03).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Given {
    /// Nothing was refused yet.
    Hidden,
    /// It stands below the refusal, folded.
    Closed,
    /// It is what was refused.
    Open,
}

/// The information page after the old login (000, b04, b05).
#[derive(Debug, Clone, Serialize)]
pub struct NoticePage {
    /// Seconds until "Étape suivante" opens; 0 when it is open.
    pub seconds: u64,
    /// The portal's host, as residents know it.
    pub portal: String,
    /// The message above the form.
    pub alert: Option<Alert>,
    /// Where in the wizard this is.
    pub progress: Option<Progress>,
}

/// Asks for the e-mail address (000, b06).
#[derive(Debug, Clone, Serialize)]
pub struct EmailPage {
    /// The address proposed from the roster or typed before.
    pub email: String,
    /// An address that was probably meant instead (`gmial.com`), offered as a second submit button.
    pub suggestion: Option<String>,
    /// What is wrong with the address.
    pub error: Option<FieldError>,
    /// The message above the form.
    pub alert: Option<Alert>,
    /// Where in the wizard this is.
    pub progress: Option<Progress>,
}

/// Asks for the new password, twice (000, 004, b13).
#[derive(Debug, Clone, Serialize)]
pub struct PasswordPage {
    /// The address that the password will belong to.
    pub email: String,
    /// The rules, in the order of the list.
    pub criteria: Vec<Criterion>,
    /// What is wrong with the password.
    pub error: Option<FieldError>,
    /// The message above the form.
    pub alert: Option<Alert>,
    /// Where in the wizard this is.
    pub progress: Option<Progress>,
}

/// Waits for the letter to be answered: a code to type, or a link to open (000, 001, 004).
#[derive(Debug, Clone, Serialize)]
pub struct ProofPage {
    /// Which form this is: `/migration/proof` or `/account/email/proof`.
    pub action: &'static str,
    /// The address that the letter went to.
    pub email: String,
    /// Whether a code can be typed here.
    pub code: bool,
    /// Whether a link was sent.
    pub link: bool,
    /// How long the code lives, minutes.
    pub code_minutes: u64,
    /// How long the link lives, minutes.
    pub link_minutes: u64,
    /// Seconds until "Renvoyer l'e-mail" is open again.
    pub resend_in: u64,
    /// The message above the form.
    pub alert: Option<Alert>,
    /// Where in the wizard this is, if it is.
    pub progress: Option<Progress>,
}

/// What has to be typed on the page of a link, besides pressing its button (SEC-040).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asks {
    /// Nothing: this is the browser that began.
    Nothing,
    /// The password chosen in the wizard.
    Chosen,
    /// The password of the account that the address has already.
    Existing,
    /// The old password: none was chosen yet.
    Old,
}

/// What a link in a letter shows: a button, because mail scanners open links (b10, SEC-040, LAW-048).
#[derive(Debug, Clone, Serialize)]
pub struct ConfirmPage {
    /// The link's secret, carried in the form.
    pub secret: String,
    /// The agency for which the address is confirmed.
    pub agency: String,
    /// The old identifier, masked.
    pub account: String,
    /// The address to confirm.
    pub email: String,
    /// What has to be typed besides pressing the button.
    pub asks: Asks,
    /// Whether this confirms a changed address of an account that exists.
    pub changes_email: bool,
    /// The message above the form.
    pub alert: Option<Alert>,
}

/// Asks for the password of the account that exists, to attach this agency's account to it (000 I.B, b16).
#[derive(Debug, Clone, Serialize)]
pub struct JoinPage {
    /// The address of the account that exists, as it was typed or proven.
    pub email: String,
    /// Whether the address can still be typed ("J'ai déjà un compte").
    pub email_open: bool,
    /// The message above the form.
    pub alert: Option<Alert>,
}

/// "Compte associé ✓" (000 I.B).
#[derive(Debug, Clone, Serialize)]
pub struct JoinedPage {
    /// The agency whose account was attached.
    pub agency: String,
}

/// The terms of use, to be accepted before anything is shown (000, c02, c03).
#[derive(Debug, Clone, Serialize)]
pub struct TermsPage {
    /// The text, as HTML that was made from the agency's file when it was loaded; trusted.
    pub text: String,
    /// The version, as printed.
    pub version: String,
    /// The path in the extranet to return to.
    pub return_to: String,
    /// The agency that is entered.
    pub codes: Codes,
    /// The digest of the text that is shown, so that no other text is accepted by mistake (LAW-016).
    pub digest: String,
    /// The message above the form.
    pub alert: Option<Alert>,
}

/// "Mot de passe oublié ?" (000, 001, c10).
#[derive(Debug, Clone, Serialize)]
pub struct ForgottenPage {
    /// The agency that was being entered.
    pub codes: Codes,
    /// What was typed.
    pub login: String,
    /// What is wrong with it.
    pub error: Option<FieldError>,
}

/// "Si un compte existe…": one answer for every address (f03, LAW-010).
#[derive(Debug, Clone, Serialize)]
pub struct ForgottenSentPage {
    /// The agency that was being entered.
    pub codes: Codes,
    /// How long the link lives, minutes.
    pub link_minutes: u64,
}

/// The new password after a reset link (c10).
#[derive(Debug, Clone, Serialize)]
pub struct ResetPage {
    /// The link's secret, carried in the form.
    pub secret: String,
    /// The rules, in the order of the list.
    pub criteria: Vec<Criterion>,
    /// What is wrong with the password.
    pub error: Option<FieldError>,
}

/// The reset link of a fresh address, before its time (LAW-006).
#[derive(Debug, Clone, Serialize)]
pub struct ResetWaitsPage {
    /// From when it works, written out.
    pub opens_at: String,
}

/// "Ce n'est pas moi": a question, and what can be shown besides (decision 38).
#[derive(Debug, Clone, Serialize)]
pub struct NotMePage {
    /// The link's secret, carried in the forms.
    pub secret: String,
    /// What is asked about: the end of the sentence's key.
    pub request: &'static str,
    /// The old identifier or the new address, masked; empty where there is none.
    pub about: String,
    /// Where the answer goes: `/confirm/disown` or `/not-me`.
    pub action: &'static str,
    /// Whether the change can be undone with the password from before.
    pub undo: bool,
    /// Whether it was answered already.
    pub held: bool,
    /// Where a new password is asked for.
    pub forgotten_url: String,
    /// The message above the forms.
    pub alert: Option<Alert>,
}

/// "Mot de passe réinitialisé": forwards by itself after some seconds (001, c10).
#[derive(Debug, Clone, Serialize)]
pub struct ResetDonePage {
    /// Seconds until the redirect.
    pub seconds: u64,
    /// Where it leads: the login page, with the codes where they are known.
    pub login_url: String,
}

/// One attached account, on the account page and where one of several is chosen (c17).
#[derive(Debug, Clone, Serialize)]
pub struct AttachedAccount {
    /// The agency's name.
    pub agency: String,
    /// Two letters that stand in for its logo.
    pub initials: String,
    /// The colour behind them, `rrggbb`.
    pub colour: String,
    /// The old identifier, whole: who has two contracts at one agency tells them apart by it.
    pub account: String,
    /// The name that the agency has for it.
    pub holder: Option<String>,
    /// The kind of resident: `owner`, `co-owner`, `tenant` or `unknown` (key `kind-<name>`).
    pub kind: &'static str,
    /// What the account is called in forms.
    pub label: String,
    /// Whether it is open in this session.
    pub is_open: bool,
}

/// Where another account is attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttachAt {
    /// The agency.
    pub agency: String,
    /// Its login page, which shows the form although somebody is signed in.
    pub url: String,
}

/// Asks for the password before an account is detached, and tells what that means (c17).
#[derive(Debug, Clone, Serialize)]
pub struct DetachPage {
    /// The account.
    pub account: AttachedAccount,
    /// Whether it is the person's last one.
    pub is_last: bool,
    /// The message above the form.
    pub alert: Option<Alert>,
}

/// Which account of an agency to open (b17).
#[derive(Debug, Clone, Serialize)]
pub struct ChooseAccountPage {
    /// The agency of all these accounts; none where they are of several, on a host that these share.
    pub agency: Option<String>,
    /// The codes of the agency in whose extranet the path is, if that is known.
    pub codes: Codes,
    /// The accounts to choose from.
    pub accounts: Vec<AttachedAccount>,
    /// Whether one of them is open now, and would be closed.
    pub one_is_open: bool,
    /// The path in the extranet to return to.
    pub return_to: String,
}

/// Which agency is meant, on a host that several share (a24).
#[derive(Debug, Clone, Serialize)]
pub struct ChooseAgencyPage {
    /// The agencies to choose from, by name.
    pub agencies: Vec<ListedAgency>,
}

/// An agency to choose.
#[derive(Debug, Clone, Serialize)]
pub struct ListedAgency {
    /// Its name.
    pub name: String,
    /// What stands in its mark.
    pub initials: String,
    /// The mark's colour, `rrggbb`.
    pub colour: String,
    /// Where one signs in to it.
    pub url: String,
}

/// The account page, "Connexion et sécurité" (000 II, 003, 004, c05).
#[derive(Debug, Clone, Serialize)]
pub struct AccountPage {
    /// The address to sign in with.
    pub email: String,
    /// Whether its mail server has refused our letters.
    pub email_refused: bool,
    /// A new address that waits for its confirmation.
    pub pending_email: Option<String>,
    /// The accounts at the agencies.
    pub accounts: Vec<AttachedAccount>,
    /// The agencies of these accounts, each once: another account of theirs is attached there.
    pub attach_at: Vec<AttachAt>,
    /// The devices on which the person is known.
    pub devices: Vec<ShownDevice>,
    /// The message above.
    pub alert: Option<Alert>,
}

/// A device on which the person is known; `pages/locales` has `device-<family>` and `device-on-<system>`.
#[derive(Debug, Clone, Serialize)]
pub struct ShownDevice {
    /// Names it in the form.
    pub id: String,
    /// Which browser.
    pub family: &'static str,
    /// On what.
    pub system: &'static str,
    /// The day of the last sign-in there.
    pub last: String,
    /// Whether it is the one that asks.
    pub is_this: bool,
}

/// Changes the password: the current one and the new one twice (000 II.B, c08).
#[derive(Debug, Clone, Serialize)]
pub struct ChangePasswordPage {
    /// The rules, in the order of the list.
    pub criteria: Vec<Criterion>,
    /// Whether "J'ai noté ce mot de passe en lieu sûr" must be ticked (004).
    pub noted: bool,
    /// What is wrong with the new password.
    pub error: Option<FieldError>,
    /// The message above the form.
    pub alert: Option<Alert>,
}

/// What is still kept of an extranet's password that had worked and was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeptPassword {
    /// Nothing: it has to be typed.
    Nothing,
    /// It may be tried now.
    Try,
    /// It may be tried later.
    Wait,
}

/// Asks for the extranet's own password, after the extranet has refused the one that was kept (a11). While that may have
/// been a mistake of the extranet, the page offers to wait, too.
#[derive(Debug, Clone, Serialize)]
pub struct ExtranetPasswordPage {
    /// Whether the old one may still be right.
    pub kept: KeptPassword,
    /// Whether many others are refused too: then nobody is asked for a new password first.
    pub in_an_outage: bool,
    /// Where the old one is tried.
    pub retry_url: String,
    /// Where the form is shown that is not shown first.
    pub form_url: String,
    /// Whether the form is shown.
    pub asks: bool,
    /// The agency's name.
    pub agency: String,
    /// The identifier in its extranet: the person has to know which account is meant.
    pub account: String,
    /// What the account is called in addresses and forms.
    pub label: String,
    /// The codes that the form carries along.
    pub codes: Codes,
    /// The page of the extranet to go on to.
    pub return_to: String,
    /// The message above the form.
    pub alert: Option<Alert>,
}

/// Why a form was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotSentWhy {
    /// The session has ended.
    SessionOver,
    /// The terms have to be accepted first.
    OwesTerms,
    /// The extranet's own password has to be given first.
    OwesPassword,
    /// The extranet's session had ended; it is renewed.
    Renewed,
}

impl NotSentWhy {
    /// The status of the page.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::SessionOver => StatusCode::UNAUTHORIZED,
            Self::OwesTerms | Self::OwesPassword => StatusCode::FORBIDDEN,
            Self::Renewed => StatusCode::CONFLICT,
        }
    }
}

/// What somebody wrote into a field, to be copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SentText {
    /// The field's name in the form.
    pub name: String,
    /// What was written.
    pub text: String,
    /// Lines to show.
    pub rows: usize,
}

/// A form of the extranet that came too late (a19).
#[derive(Debug, Clone, Serialize)]
pub struct NotSentPage {
    /// Why.
    pub why: NotSentWhy,
    /// What has to be done first, or the page that held the form.
    pub action_url: String,
    /// What was written.
    pub fields: Vec<SentText>,
    /// Whether something is left out.
    pub left_out: bool,
}

/// Changes the e-mail address: the new one twice and the current password (000 II.A, c06).
#[derive(Debug, Clone, Serialize)]
pub struct ChangeEmailPage {
    /// What was typed as new address.
    pub email: String,
    /// What was typed to confirm it.
    pub confirmation: String,
    /// What is wrong with the addresses.
    pub error: Option<FieldError>,
    /// The message above the form.
    pub alert: Option<Alert>,
}

/// A page that only tells something and shows the way on.
#[derive(Debug, Clone, Serialize)]
pub struct MessagePage {
    /// Which one; `pages/locales` has `message-<name>-title`, `-text` and `-action`.
    pub name: MessageName,
    /// Where the button leads.
    pub action_url: String,
}

/// The pages that only tell something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageName {
    /// The link of a letter is not valid (changed, cut off, unknown).
    LinkInvalid,
    /// The link is past its time; the action leads to where a new one is asked.
    LinkExpired,
    /// The link was used already.
    LinkUsed,
    /// A newer letter was sent; only its link works.
    LinkSuperseded,
    /// The address is confirmed: go on on the other device, or sign in.
    Confirmed,
    /// "Ce n'est pas moi" was heard: what was asked for waits.
    Disowned,
    /// Somebody who got the letter said "Ce n'est pas moi": its link waits.
    LinkHeld,
    /// The address from before is valid again.
    EmailRestored,
    /// The session ended while something was asked for, which was not done (decision 37).
    SessionOver,
    /// A frame of the extranet met the end of the session: one signs in in the whole window (case 12).
    FrameSignIn,
    /// A frame of the extranet leads to a page of ours that needs the whole window.
    FrameOther,
    /// The procedure is not open in this browser: start again with the old credentials (SEC-047, b21).
    StartAgain,
    /// The agency took the account back, or gave it to somebody else, while its wizard was under way: it is to be asked.
    AskAgency,
    /// Too many attempts from here; wait a while.
    TooMany,
    /// The extranet does not answer; old credentials stay valid, nothing was counted (b03, REL-043).
    ExtranetUnavailable,
    /// The extranet refuses the sign-in that worked before: contact the agency.
    ExtranetRefuses,
    /// The extranet cannot be told the identifier: contact the agency (decision 43).
    Unnamed,
    /// An old login was sent to the extranet: it went nowhere, and one signs in with the e-mail address (decision 57).
    OldLogin,
    /// The person has no account at this agency (SEC-017).
    NoAccountHere,
    /// The form was out of date or came from elsewhere; nothing was changed (SEC-078).
    FormRefused,
    /// There is no such page.
    NotFound,
    /// The request was malformed.
    BadRequest,
    /// The browser refuses cookies, without which nobody can be recognised.
    CookiesNeeded,
    /// Something of ours is out of order; try again soon.
    Unavailable,
    /// Something of ours failed.
    Failed,
}

/// Asks whether to sign out, where the extranet's own logout link was followed: following a link ends nothing (SEC-070).
#[derive(Debug, Clone, Serialize)]
pub struct LeavePage {
    /// Where the form goes.
    pub action: &'static str,
    /// The way back into the extranet.
    pub back: String,
}

/// What is kept about a resident and why (RGPD 12 to 14): the agency's text, or ours.
#[derive(Debug, Clone, Serialize)]
pub struct PrivacyPage {
    /// For how many months the trace is kept at most.
    pub audit_months: u32,
    /// For how many days a letter is known.
    pub letter_days: i64,
    /// For how many days a device is known.
    pub device_days: u16,
    /// The agency's name.
    pub agency: String,
}

macro_rules! pages {
    ($($page:ty => $template:literal),+ $(,)?) => {
        $(impl Page for $page {
            const TEMPLATE: &'static str = concat!("portal/", $template);
        })+
    };
}

pages! {
    CodesPage => "codes",
    SignInPage => "sign_in",
    NoticePage => "notice",
    EmailPage => "email",
    PasswordPage => "password",
    ProofPage => "proof",
    ConfirmPage => "confirm",
    JoinPage => "join",
    JoinedPage => "joined",
    TermsPage => "terms",
    ForgottenPage => "forgotten",
    ForgottenSentPage => "forgotten_sent",
    ResetPage => "reset",
    ResetDonePage => "reset_done",
    ResetWaitsPage => "reset_waits",
    NotMePage => "not_me",
    AccountPage => "account",
    ChooseAccountPage => "choose_account",
    ChooseAgencyPage => "choose_agency",
    DetachPage => "detach",
    ChangePasswordPage => "change_password",
    ChangeEmailPage => "change_email",
    ExtranetPasswordPage => "extranet_password",
    MessagePage => "message",
    NotSentPage => "not_sent",
    LeavePage => "leave",
    PrivacyPage => "privacy",
}
