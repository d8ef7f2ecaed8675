use serde::Serialize;

use super::{Alert, AttachedAccount};
use crate::pages::Page;
use crate::pages::sample::{AWKWARD, DAY, LONG_EMAIL, awkward};
use crate::pages::scene::{Place, Scene, Setting};

/// The account page, "Connexion et sécurité" (000 II, 003, 004, c05).
#[derive(Debug, Clone, Serialize)]
pub struct AccountPage {
    /// The address to sign in with.
    pub email: String,
    /// The agencies that alone change it; empty where the person does (003).
    pub changed_by: String,
    /// Whether its mail server has refused our letters.
    pub email_refused: bool,
    /// A new address that waits for its confirmation.
    pub pending_email: Option<String>,
    /// The accounts at the agencies.
    pub accounts: Vec<AttachedAccount>,
    /// Those that have passwords of their own (b19).
    pub own: Vec<AttachedAccount>,
    /// Whether one account alone is signed in, by a password of its own: what is the whole person's stays out.
    pub is_part: bool,
    /// The agencies of these accounts, each once: another account of theirs is attached there.
    pub attach_at: Vec<AttachAt>,
    /// The devices on which the person is known.
    pub devices: Vec<ShownDevice>,
    /// The message above.
    pub alert: Option<Alert>,
}

/// Where another account is attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttachAt {
    /// The agency.
    pub agency: String,
    /// Its login page, which shows the form although somebody is signed in.
    pub url: String,
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

impl Page for AccountPage {
    const TEMPLATE: &'static str = "portal/account";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let attach_at = |agency: &str, url: &str| AttachAt { agency: agency.to_owned(), url: url.to_owned() };
        let calm = Self {
            email: "durand@tilleuls.example".to_owned(),
            changed_by: String::new(),
            email_refused: false,
            pending_email: None,
            accounts: AttachedAccount::samples(),
            own: Vec::new(),
            is_part: false,
            attach_at: vec![attach_at("Cabinet Riquet", "/login?client=SPI31&societe=01&attach=1")],
            devices: devices().into_iter().take(2).collect(),
            alert: None,
        };
        show("calm", &calm);
        for (state, alert) in [
            ("password-changed", Alert::PasswordChanged),
            ("email-changed", Alert::EmailChanged),
            ("email-changed-as-before", Alert::EmailChangedAsBefore),
            ("own-password-set", Alert::OwnPasswordSet),
            ("own-password-gone", Alert::OwnPasswordGone),
            ("account-detached", Alert::AccountDetached),
            ("device-forgotten", Alert::DeviceForgotten),
        ] {
            show(state, &Self { alert: Some(alert), ..calm.clone() });
        }
        show(
            "email-pending",
            &Self { pending_email: Some("amelie.durand@courriel.example".to_owned()), ..calm.clone() },
        );
        let mut all = AttachedAccount::samples();
        let own = all.split_off(2);
        show("own-passwords", &Self { accounts: all, own, ..calm.clone() });
        let one = AttachedAccount::samples().into_iter().take(1).collect();
        show("part", &Self { accounts: one, is_part: true, ..calm.clone() });
        show("email-refused", &Self { email_refused: true, ..calm.clone() });
        let by_agency = Self { changed_by: "Agence des Tilleuls".to_owned(), ..calm.clone() };
        show("by-agency", &by_agency);
        show("by-agency-refused", &Self { email_refused: true, ..by_agency.clone() });
        show("address-requested", &Self { alert: Some(Alert::AddressRequested), ..by_agency });
        show("long-address", &Self { email: LONG_EMAIL.to_owned(), devices: devices(), ..calm.clone() });
        show("bare", &Self { accounts: Vec::new(), attach_at: Vec::new(), devices: Vec::new(), ..calm });
        show(
            "awkward",
            &Self {
                email: awkward(),
                changed_by: awkward(),
                email_refused: true,
                pending_email: Some(awkward()),
                accounts: vec![AttachedAccount::awkward()],
                own: vec![AttachedAccount::awkward()],
                is_part: false,
                attach_at: vec![attach_at(AWKWARD, "javascript:alert(1)")],
                devices: vec![ShownDevice { id: awkward(), last: awkward(), ..devices().remove(0) }],
                alert: None,
            },
        );
    }

    fn scene(&self) -> Scene {
        let scene = Scene::signed_in_at(Place::Portal);
        if self.changed_by.is_empty() { scene } else { scene.under(Setting::BY_AGENCY) }
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
        last: DAY.to_owned(),
        is_this: number == 0,
    };
    FAMILIES.into_iter().zip(SYSTEMS).enumerate().map(device).collect()
}
