//! A sample of every page and letter, calm ones and awkward ones; loading renders them all.

use serde::Serialize;
use serde_json::Value;

use super::letters::{
    AccountAttached, AccountDetached, AccountWithdrawn, AddressChosen, AlreadyAccount, ConfirmAddress, ConfirmNewEmail,
    EmailChanged, EmailRestored, PasswordChanged, RequestHeld, ResetPassword,
};
use super::portal::{
    AccountPage, Alert, Asks, AttachAt, AttachedAccount, ChangeEmailPage, ChangePasswordPage, ChooseAccountPage,
    ChooseAgencyPage, Codes, CodesPage, ConfirmPage, Criterion, DetachPage, EmailPage, ExtranetPasswordPage,
    FieldError, ForgottenPage, ForgottenSentPage, Given, JoinPage, JoinedPage, KeptPassword, LastAgency, LeavePage,
    ListedAgency, MessageName, MessagePage, NotMePage, NotSentPage, NotSentWhy, NoticePage, PasswordPage, PrivacyPage,
    Progress, ProofPage, ResetDonePage, ResetPage, ResetWaitsPage, SentText, ShownDevice, SignInPage, TermsPage,
};
use super::{Brand, Frame, Letter, Page, terms_html};
use crate::domain::language::Language;

/// The portal of the samples.
pub const PORTAL: &str = "https://www.moncompte.example";

/// What « Ce n'est pas moi » can hold.
const HELD: [&str; 4] = ["run", "new-email", "changed-email", "changed-password"];

/// What somebody types who means harm (SEC-072, SEC-073).
pub const AWKWARD: &str = "\"><svg onload=alert(1)>{{7*7}}{{> config}}' O'Brien & <b>";

const LONG_EMAIL: &str =
    "marie-antoinette.de-la-rochefoucauld-montmorency.gestion-locative@boite-aux-lettres-familiale.moncompte.example";

/// One page or letter with its context.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The template's name.
    pub template: &'static str,
    /// The typed context, as templates see it.
    pub context: Value,
}

/// A brand with everything, one with nothing, and an awkward one.
#[must_use]
pub fn brands() -> Vec<Brand> {
    let bare = Brand {
        name: "Mon compte immobilier".to_owned(),
        colour: "#1f4e79".to_owned(),
        logo_url: None,
        support_email: None,
        support_phone: None,
        support_url: None,
    };
    vec![
        Brand {
            name: "Agence des Tilleuls".to_owned(),
            support_email: Some("contact@tilleuls.example".to_owned()),
            support_phone: Some("05 61 00 00 00".to_owned()),
            support_url: Some("https://tilleuls.example/aide".to_owned()),
            ..bare.clone()
        },
        bare,
        Brand {
            name: AWKWARD.to_owned(),
            colour: "red;}".to_owned(),
            logo_url: Some("javascript:alert(1)".to_owned()),
            support_email: Some(AWKWARD.to_owned()),
            support_phone: Some(AWKWARD.to_owned()),
            support_url: Some("javascript:alert(1)".to_owned()),
        },
    ]
}

/// The portal's frame without and with somebody signed in, and an agency host's.
#[must_use]
pub fn frames(language: Language, brand: &Brand) -> [Frame<'_>; 4] {
    let frame = Frame {
        language,
        brand,
        csrf: "c2FtcGxl",
        assets: "/assets",
        portal: PORTAL,
        here: "/login?client=SPI31&societe=01",
        in_a_frame: false,
        signed_in: false,
        reference: None,
    };
    [
        frame.clone(),
        Frame { signed_in: true, here: AWKWARD, reference: Some(AWKWARD), ..frame.clone() },
        Frame { assets: "/.vestibule/assets", in_a_frame: true, ..frame.clone() },
        Frame { assets: "/.vestibule/assets", ..frame },
    ]
}

/// Every page, in every state that its template knows.
#[must_use]
pub fn pages() -> Vec<Sample> {
    let mut samples = Vec::new();
    sign_in(&mut samples);
    wizard(&mut samples);
    proofs(&mut samples);
    passwords(&mut samples);
    extranet_password(&mut samples);
    not_sent(&mut samples);
    account(&mut samples);
    messages(&mut samples);
    samples
}

/// Every letter, with link, with code, with both, and awkward.
#[must_use]
pub fn letters() -> Vec<Sample> {
    let mut samples = Vec::new();
    let url = format!("{PORTAL}/confirm/Zm9vYmFy?x=1&y=2");
    let (link, code) = (Some(url.clone()), Some("86991277".to_owned()));
    let both = [(link.clone(), code.clone()), (link, None), (None, code)];
    for (link, code) in both {
        let (account, code_minutes, link_minutes) = ("du****23".to_owned(), 10, 60);
        let confirm = ConfirmAddress { account, link, code, code_minutes, link_minutes };
        let ConfirmAddress { account, link, code, .. } = confirm.clone();
        letter(&mut samples, &AlreadyAccount { account, link, code, code_minutes, link_minutes });
        let ConfirmAddress { link, code, .. } = confirm.clone();
        letter(&mut samples, &ConfirmNewEmail { link, code, code_minutes, link_minutes });
        letter(&mut samples, &ConfirmAddress { account: AWKWARD.to_owned(), ..confirm.clone() });
        letter(&mut samples, &confirm);
    }
    let at = "22 novembre 2026 à 09:30".to_owned();
    for opens_at in [None, Some(at.clone())] {
        letter(&mut samples, &ResetPassword { link: url.clone(), link_minutes: 60, opens_at });
    }
    let reset_url = format!("{PORTAL}/forgotten");
    for not_me_url in [None, Some(format!("{PORTAL}/not-me?s=Zm9vYmFy"))] {
        let (at, reset_url) = (at.clone(), reset_url.clone());
        letter(&mut samples, &PasswordChanged { at: at.clone(), reset_url, not_me_url: not_me_url.clone() });
        letter(&mut samples, &EmailChanged { new_email: AWKWARD.to_owned(), at, not_me_url });
    }
    for request in HELD {
        let (about, until, reset_url) = (AWKWARD.to_owned(), at.clone(), reset_url.clone());
        letter(&mut samples, &RequestHeld { request, about, until, reset_url });
    }
    letter(&mut samples, &EmailRestored { email: AWKWARD.to_owned(), at });
    letter(&mut samples, &AddressChosen { account: AWKWARD.to_owned() });
    let account_url = format!("{PORTAL}/account");
    letter(&mut samples, &AccountDetached { account: AWKWARD.to_owned(), account_url: account_url.clone() });
    letter(&mut samples, &AccountWithdrawn { account: AWKWARD.to_owned(), account_url });
    letter(&mut samples, &AccountAttached { account: AWKWARD.to_owned(), account_url: format!("{PORTAL}/account") });
    samples
}

fn page<P: Page>(samples: &mut Vec<Sample>, page: &P) {
    samples.push(sample(P::TEMPLATE, page));
}

fn letter<L: Letter>(samples: &mut Vec<Sample>, letter: &L) {
    samples.push(sample(L::TEMPLATE, letter));
}

fn sample(template: &'static str, context: &impl Serialize) -> Sample {
    Sample { template, context: serde_json::to_value(context).unwrap_or_default() }
}

/// Every alert that there is; the match makes the compiler ask for a new one here.
#[must_use]
pub fn alerts() -> Vec<Alert> {
    let mut alerts = vec![Alert::SignInRefused];
    while let Some(next) = alerts.last().and_then(after) {
        alerts.push(next);
    }
    alerts
}

fn after(alert: &Alert) -> Option<Alert> {
    Some(match alert {
        Alert::SignInRefused => Alert::OldCredentials,
        Alert::OldCredentials => Alert::ProvisionalOver,
        Alert::ProvisionalOver => Alert::MustChange,
        Alert::MustChange => Alert::AccountReady,
        Alert::AccountReady => Alert::SignedOut,
        Alert::SignedOut => Alert::UnknownCodes,
        Alert::UnknownCodes => Alert::CheckFields,
        Alert::CheckFields => Alert::WrongCode { left: 1 },
        Alert::WrongCode { left: 1 } => Alert::WrongCode { left: 4 },
        Alert::WrongCode { .. } => Alert::CodeDead,
        Alert::CodeDead => Alert::Expired,
        Alert::Expired => Alert::Resent,
        Alert::Resent => Alert::ResendLater { seconds: 45 },
        Alert::ResendLater { .. } => Alert::ResendOver,
        Alert::ResendOver => Alert::WrongPassword,
        Alert::WrongPassword => Alert::TooEarly,
        Alert::TooEarly => Alert::TermsNotAccepted,
        Alert::TermsNotAccepted => Alert::PasswordChanged,
        Alert::PasswordChanged => Alert::EmailChanged,
        Alert::EmailChanged => Alert::AccountDetached,
        Alert::AccountDetached => Alert::DeviceForgotten,
        Alert::DeviceForgotten => Alert::Disowned,
        Alert::Disowned => Alert::Held,
        Alert::Held => Alert::ChangesHeld,
        Alert::ChangesHeld => Alert::AddressTaken,
        Alert::AddressTaken => Alert::Stale,
        Alert::Stale => Alert::Unavailable,
        Alert::Unavailable => Alert::AttachAnother,
        Alert::AttachAnother => Alert::Busy,
        Alert::Busy => Alert::CodesLater,
        Alert::CodesLater => return None,
    })
}

/// All but the box of [`ChangePasswordPage::noted`].
const PASSWORDS: &[&str] = &[
    "password-missing",
    "password-too",
    "password-c",
    "password-personal",
    "password-old",
    "password-unchanged",
    "passwords-differ",
];

/// The errors that a page can have: those about one of its fields.
fn errors(fields: &[&str]) -> impl Iterator<Item = FieldError> {
    let about = |name: &&str| fields.iter().any(|field| name.starts_with(field));
    FieldError::NAMES.into_iter().filter(about).map(|name| FieldError { name, number: 8 })
}

fn criteria() -> Vec<Criterion> {
    [("length", 8), ("upper", 0), ("lower", 0), ("digit", 0), ("special", 0), ("kinds", 3)]
        .map(|(name, number)| Criterion { name, number })
        .to_vec()
}

fn codes() -> Codes {
    Codes { client: "SPI31".to_owned(), societe: "01".to_owned() }
}

fn awkward_codes() -> Codes {
    Codes { client: AWKWARD.to_owned(), societe: AWKWARD.to_owned() }
}

fn sign_in(samples: &mut Vec<Sample>) {
    page(samples, &CodesPage { codes: Codes::default(), next: "/login", last: None, back: None, alert: None });
    let last = |name: &str, url: &str| Some(LastAgency { name: name.to_owned(), url: url.to_owned() });
    page(
        samples,
        &CodesPage {
            codes: Codes::default(),
            next: "/login",
            last: last("Agence du Port", "/login?client=SPI31&societe=01"),
            back: Some("/account".to_owned()),
            alert: None,
        },
    );
    page(
        samples,
        &CodesPage {
            codes: awkward_codes(),
            next: "/forgotten",
            last: last(AWKWARD, "javascript:alert(1)"),
            back: Some(AWKWARD.to_owned()),
            alert: Some(Alert::UnknownCodes),
        },
    );
    let calm = SignInPage {
        codes: codes(),
        return_to: "/documents".to_owned(),
        back: None,
        login: String::new(),
        keep: false,
        other_agency: None,
        given: Given::Hidden,
        alert: None,
    };
    page(samples, &calm);
    page(samples, &SignInPage { given: Given::Closed, alert: Some(Alert::OldCredentials), ..calm.clone() });
    for alert in alerts() {
        page(samples, &SignInPage { login: LONG_EMAIL.to_owned(), keep: true, alert: Some(alert), ..calm.clone() });
    }
    page(
        samples,
        &SignInPage {
            codes: awkward_codes(),
            return_to: AWKWARD.to_owned(),
            back: Some(AWKWARD.to_owned()),
            login: AWKWARD.to_owned(),
            keep: true,
            other_agency: Some("javascript:alert(1)".to_owned()),
            given: Given::Open,
            alert: Some(Alert::SignInRefused),
        },
    );
    let text = terms_html(include_str!("../../config/terms/sample-fr.txt"));
    let terms = TermsPage {
        text,
        version: "2026-01".to_owned(),
        return_to: "/documents".to_owned(),
        codes: codes(),
        digest: "ab12".to_owned(),
        alert: None,
    };
    page(samples, &terms);
    page(
        samples,
        &TermsPage {
            version: AWKWARD.to_owned(),
            return_to: AWKWARD.to_owned(),
            codes: awkward_codes(),
            alert: Some(Alert::TermsNotAccepted),
            ..terms
        },
    );
}

fn wizard(samples: &mut Vec<Sample>) {
    let progress = |step| Some(Progress { step, of: 4 });
    let notice =
        NoticePage { seconds: 12, portal: "www.moncompte.example".to_owned(), alert: None, progress: progress(1) };
    page(samples, &notice);
    page(samples, &NoticePage { alert: Some(Alert::TooEarly), ..notice.clone() });
    page(samples, &NoticePage { seconds: 0, portal: AWKWARD.to_owned(), progress: None, ..notice });

    let email = EmailPage {
        email: "durand@tilleuls.example".to_owned(),
        suggestion: None,
        error: None,
        alert: None,
        progress: progress(2),
    };
    page(samples, &email);
    page(samples, &EmailPage { suggestion: Some("durand@gmail.com".to_owned()), ..email.clone() });
    for error in errors(&["email-"]) {
        page(samples, &EmailPage { email: AWKWARD.to_owned(), error: Some(error), ..email.clone() });
    }
    page(
        samples,
        &EmailPage {
            email: AWKWARD.to_owned(),
            suggestion: Some(AWKWARD.to_owned()),
            error: None,
            alert: Some(Alert::Stale),
            progress: None,
        },
    );

    let password = PasswordPage {
        email: "durand@tilleuls.example".to_owned(),
        criteria: criteria(),
        error: None,
        alert: None,
        progress: progress(3),
    };
    page(samples, &password);
    for error in errors(PASSWORDS) {
        page(samples, &PasswordPage { email: LONG_EMAIL.to_owned(), error: Some(error), ..password.clone() });
    }
    page(samples, &PasswordPage { email: AWKWARD.to_owned(), criteria: Vec::new(), progress: None, ..password });
}

fn proofs(samples: &mut Vec<Sample>) {
    let proof = ProofPage {
        action: "/migration/proof",
        email: "durand@tilleuls.example".to_owned(),
        code: true,
        link: true,
        code_minutes: 10,
        link_minutes: 60,
        resend_in: 60,
        alert: None,
        progress: Some(Progress { step: 4, of: 4 }),
    };
    page(samples, &proof);
    page(samples, &ProofPage { code: false, resend_in: 0, ..proof.clone() });
    page(samples, &ProofPage { link: false, code_minutes: 30, ..proof.clone() });
    for alert in alerts() {
        page(samples, &ProofPage { alert: Some(alert), resend_in: 0, ..proof.clone() });
    }
    page(
        samples,
        &ProofPage {
            action: "/account/email/proof",
            email: AWKWARD.to_owned(),
            link_minutes: 1440,
            progress: None,
            ..proof
        },
    );

    let confirm = ConfirmPage {
        secret: "Zm9vYmFy".to_owned(),
        agency: "Agence des Tilleuls".to_owned(),
        account: "du****23".to_owned(),
        email: "durand@tilleuls.example".to_owned(),
        asks: Asks::Nothing,
        changes_email: false,
        alert: None,
    };
    page(samples, &confirm);
    for asks in [Asks::Chosen, Asks::Existing, Asks::Old] {
        page(samples, &ConfirmPage { asks, ..confirm.clone() });
    }
    page(samples, &ConfirmPage { changes_email: true, ..confirm.clone() });
    let other = ConfirmPage { asks: Asks::Existing, changes_email: true, ..confirm };
    page(samples, &ConfirmPage { alert: Some(Alert::WrongPassword), ..other.clone() });
    let awkward = || AWKWARD.to_owned();
    page(samples, &ConfirmPage { secret: awkward(), agency: awkward(), account: awkward(), email: awkward(), ..other });

    page(samples, &JoinPage { email: LONG_EMAIL.to_owned(), email_open: false, alert: None });
    page(samples, &JoinPage { email: awkward(), email_open: true, alert: Some(Alert::WrongPassword) });
    page(samples, &JoinPage { email: awkward(), email_open: false, alert: None });
    page(samples, &JoinedPage { agency: "Agence des Tilleuls".to_owned() });
    page(samples, &JoinedPage { agency: awkward() });
    page(samples, &LeavePage { action: "/.vestibule/logout", back: "/".to_owned() });
}

fn passwords(samples: &mut Vec<Sample>) {
    page(samples, &ForgottenPage { codes: codes(), login: String::new(), error: None });
    for error in errors(&["login-", "email-"]) {
        page(samples, &ForgottenPage { codes: awkward_codes(), login: AWKWARD.to_owned(), error: Some(error) });
    }
    page(samples, &ForgottenSentPage { codes: codes(), link_minutes: 60 });
    page(samples, &ForgottenSentPage { codes: awkward_codes(), link_minutes: 1440 });
    page(samples, &ResetPage { secret: "Zm9vYmFy".to_owned(), criteria: criteria(), error: None });
    for error in errors(PASSWORDS) {
        page(samples, &ResetPage { secret: AWKWARD.to_owned(), criteria: criteria(), error: Some(error) });
    }
    page(samples, &ResetDonePage { seconds: 8, login_url: "/login?client=SPI31&societe=01".to_owned() });
    page(samples, &ResetDonePage { seconds: 1, login_url: AWKWARD.to_owned() });
    page(samples, &ChangePasswordPage { criteria: criteria(), noted: false, error: None, alert: None });
    page(
        samples,
        &ChangePasswordPage { criteria: criteria(), noted: true, error: None, alert: Some(Alert::WrongPassword) },
    );
    for error in errors(&["password"]) {
        page(samples, &ChangePasswordPage { criteria: criteria(), noted: true, error: Some(error), alert: None });
    }
}

fn not_sent(samples: &mut Vec<Sample>) {
    let text = |name: &str, text: &str| SentText { name: name.to_owned(), text: text.to_owned(), rows: 2 };
    for why in [NotSentWhy::SessionOver, NotSentWhy::OwesTerms, NotSentWhy::OwesPassword, NotSentWhy::Renewed] {
        for (fields, left_out) in [
            (Vec::new(), false),
            (Vec::new(), true),
            (vec![text("objet", "Fuite d'eau"), text("texte", "Bonjour,\nil pleut.")], false),
            (vec![text(AWKWARD, AWKWARD)], true),
        ] {
            page(samples, &NotSentPage { why, action_url: "/login".to_owned(), fields, left_out });
        }
    }
}

fn extranet_password(samples: &mut Vec<Sample>) {
    let calm = ExtranetPasswordPage {
        kept: KeptPassword::Nothing,
        in_an_outage: false,
        retry_url: "/retry".to_owned(),
        form_url: "/form".to_owned(),
        asks: true,
        agency: "Agence des Tilleuls".to_owned(),
        account: "C10023".to_owned(),
        label: "k3m9q2x7w1zt".to_owned(),
        codes: codes(),
        return_to: "/".to_owned(),
        alert: None,
    };
    page(samples, &calm);
    for alert in [Alert::WrongPassword, Alert::MustChange] {
        page(samples, &ExtranetPasswordPage { alert: Some(alert), ..calm.clone() });
    }
    for kept in [KeptPassword::Try, KeptPassword::Wait] {
        for (in_an_outage, asks) in [(false, true), (true, false), (true, true)] {
            page(samples, &ExtranetPasswordPage { kept, in_an_outage, asks, ..calm.clone() });
        }
    }
    let awkward = || AWKWARD.to_owned();
    page(
        samples,
        &ExtranetPasswordPage {
            kept: KeptPassword::Try,
            in_an_outage: true,
            retry_url: awkward(),
            form_url: awkward(),
            asks: true,
            agency: awkward(),
            account: awkward(),
            label: awkward(),
            codes: awkward_codes(),
            return_to: awkward(),
            alert: None,
        },
    );
}

fn account(samples: &mut Vec<Sample>) {
    let attached = |agency: &str, account: &str, kind, label: &str| AttachedAccount {
        agency: agency.to_owned(),
        initials: "CV".to_owned(),
        colour: "1f4f8b".to_owned(),
        account: account.to_owned(),
        holder: (kind != "unknown").then(|| "Amélie Dufour".to_owned()),
        kind,
        label: label.to_owned(),
        is_open: kind == "tenant",
    };
    let attach_at = |agency: &str, url: &str| AttachAt { agency: agency.to_owned(), url: url.to_owned() };
    let calm = AccountPage {
        email: "durand@tilleuls.example".to_owned(),
        email_refused: false,
        pending_email: None,
        accounts: vec![
            attached("Agence des Tilleuls", "C10023", "owner", "aaaaaaaaaaaa"),
            attached("Cabinet Riquet", "000081", "co-owner", "bbbbbbbbbbbb"),
            attached("Cabinet Riquet", "riquet-02", "tenant", "cccccccccccc"),
            attached("Syndic du Canal", "k-7", "unknown", "dddddddddddd"),
        ],
        attach_at: vec![attach_at("Cabinet Riquet", "/login?client=SPI31&societe=01&attach=1")],
        devices: devices(),
        alert: None,
    };
    page(samples, &calm);
    let choice = ChooseAccountPage {
        agency: Some("Cabinet Riquet".to_owned()),
        codes: Codes { client: "SPI31".to_owned(), societe: "01".to_owned() },
        accounts: calm.accounts.clone(),
        one_is_open: true,
        return_to: "/documents".to_owned(),
    };
    page(samples, &choice);
    page(samples, &ChooseAccountPage { agency: None, codes: Codes::default(), one_is_open: false, ..choice });
    let listed = |name: &str, initials: &str, url: &str| ListedAgency {
        name: name.to_owned(),
        initials: initials.to_owned(),
        colour: "1f4f8b".to_owned(),
        url: url.to_owned(),
    };
    let agencies = vec![
        listed("Agence des Tilleuls", "AT", "/login?client=SPI31&societe=02&return=%2F"),
        listed(AWKWARD, AWKWARD, "javascript:alert(1)"),
    ];
    page(samples, &ChooseAgencyPage { agencies });
    let detach = DetachPage { account: calm.accounts[0].clone(), is_last: false, alert: None };
    page(samples, &detach);
    page(samples, &DetachPage { is_last: true, alert: Some(Alert::WrongPassword), ..detach });
    let awkward = AttachedAccount {
        initials: AWKWARD.to_owned(),
        colour: AWKWARD.to_owned(),
        holder: Some(AWKWARD.to_owned()),
        ..attached(AWKWARD, AWKWARD, "unknown", AWKWARD)
    };
    page(samples, &DetachPage { account: awkward.clone(), is_last: true, alert: None });
    page(
        samples,
        &ChooseAccountPage {
            agency: Some(AWKWARD.to_owned()),
            codes: Codes { client: AWKWARD.to_owned(), societe: AWKWARD.to_owned() },
            accounts: vec![awkward.clone()],
            one_is_open: false,
            return_to: AWKWARD.to_owned(),
        },
    );
    for alert in alerts() {
        page(samples, &AccountPage { pending_email: Some(LONG_EMAIL.to_owned()), alert: Some(alert), ..calm.clone() });
    }
    page(samples, &AccountPage { accounts: Vec::new(), attach_at: Vec::new(), devices: Vec::new(), ..calm });
    page(
        samples,
        &AccountPage {
            email: AWKWARD.to_owned(),
            email_refused: true,
            pending_email: Some(AWKWARD.to_owned()),
            accounts: vec![awkward],
            attach_at: vec![attach_at(AWKWARD, "javascript:alert(1)")],
            devices: vec![ShownDevice { id: AWKWARD.to_owned(), last: AWKWARD.to_owned(), ..devices().remove(0) }],
            alert: None,
        },
    );
    let email = ChangeEmailPage { email: String::new(), confirmation: String::new(), error: None, alert: None };
    page(samples, &email);
    page(samples, &ChangeEmailPage { alert: Some(Alert::WrongPassword), ..email.clone() });
    for error in errors(&["email-", "emails-"]) {
        let (typed, error) = (AWKWARD.to_owned(), Some(error));
        page(samples, &ChangeEmailPage { email: typed.clone(), confirmation: typed, error, alert: None });
    }
}

/// Every word that a device can be called by.
fn devices() -> Vec<ShownDevice> {
    const FAMILIES: [&str; 7] = ["firefox", "chrome", "edge", "safari", "opera", "samsung", "other"];
    const SYSTEMS: [&str; 7] = ["windows", "mac", "linux", "iphone", "ipad", "android", "other"];
    let device = |(number, (family, system)): (usize, (&'static str, &'static str))| ShownDevice {
        id: format!("{number:064x}"),
        family,
        system,
        last: "15/07/2026".to_owned(),
        is_this: number == 0,
    };
    FAMILIES.into_iter().zip(SYSTEMS).enumerate().map(device).collect()
}

fn messages(samples: &mut Vec<Sample>) {
    for request in HELD {
        let not_me = NotMePage {
            secret: "Zm9vYmFy".to_owned(),
            request,
            about: AWKWARD.to_owned(),
            action: "/not-me",
            undo: request == "changed-email",
            held: false,
            forgotten_url: "/forgotten".to_owned(),
            alert: None,
        };
        page(samples, &NotMePage { held: true, alert: Some(Alert::WrongPassword), ..not_me.clone() });
        page(samples, &not_me);
    }
    page(samples, &ResetWaitsPage { opens_at: AWKWARD.to_owned() });
    let mut name = Some(MessageName::LinkInvalid);
    while let Some(shown) = name {
        page(samples, &MessagePage { name: shown, action_url: "/login".to_owned() });
        name = message_after(shown);
    }
    page(samples, &MessagePage { name: MessageName::Failed, action_url: AWKWARD.to_owned() });
    for agency in ["Agence des Tilleuls", AWKWARD] {
        page(samples, &PrivacyPage { agency: agency.to_owned(), audit_months: 12, letter_days: 90, device_days: 180 });
    }
}

const fn message_after(name: MessageName) -> Option<MessageName> {
    Some(match name {
        MessageName::LinkInvalid => MessageName::LinkExpired,
        MessageName::LinkExpired => MessageName::LinkUsed,
        MessageName::LinkUsed => MessageName::LinkSuperseded,
        MessageName::LinkSuperseded => MessageName::Confirmed,
        MessageName::Confirmed => MessageName::Disowned,
        MessageName::Disowned => MessageName::LinkHeld,
        MessageName::LinkHeld => MessageName::EmailRestored,
        MessageName::EmailRestored => MessageName::SessionOver,
        MessageName::SessionOver => MessageName::FrameSignIn,
        MessageName::FrameSignIn => MessageName::FrameOther,
        MessageName::FrameOther => MessageName::StartAgain,
        MessageName::StartAgain => MessageName::AskAgency,
        MessageName::AskAgency => MessageName::TooMany,
        MessageName::TooMany => MessageName::ExtranetUnavailable,
        MessageName::ExtranetUnavailable => MessageName::ExtranetRefuses,
        MessageName::ExtranetRefuses => MessageName::Unnamed,
        MessageName::Unnamed => MessageName::OldLogin,
        MessageName::OldLogin => MessageName::NoAccountHere,
        MessageName::NoAccountHere => MessageName::FormRefused,
        MessageName::FormRefused => MessageName::NotFound,
        MessageName::NotFound => MessageName::BadRequest,
        MessageName::BadRequest => MessageName::CookiesNeeded,
        MessageName::CookiesNeeded => MessageName::Unavailable,
        MessageName::Unavailable => MessageName::Failed,
        MessageName::Failed => return None,
    })
}
