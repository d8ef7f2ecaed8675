//! The people and places of `checks/security.tsv`: two agencies U and U2, alice and carol at A, bob at both, mallory.

use super::{
    echo::{Account, Echo},
    gateway::Gateway,
    person::Person,
    site::{Agency, Site},
    stage::Stage,
};

/// The password that everybody chooses in the wizard.
pub const CHOSEN: &str = "Platane-58-vert";

/// A gateway in front of two extranets.
pub struct Town {
    pub gateway: Gateway,
    /// U, behind `agence-a.localhost`.
    pub a: Echo,
    /// U2, behind `agence-b.localhost`.
    pub b: Echo,
}

/// Somebody's account at an agency, with the address that the agency knows.
#[derive(Debug, Clone, Copy)]
pub struct Who {
    pub login: &'static str,
    pub password: &'static str,
    pub email: &'static str,
}

pub const ALICE: Who = Who { login: "alice-77", password: "Alice-2019", email: "alice@residents.example" };
pub const BOB: Who = Who { login: "bob-12", password: "p&s=w+rd 100% \"é'<9>", email: "bob@residents.example" };
pub const CAROL: Who = Who { login: "carol-3", password: "Carol-2020", email: "carol@residents.example" };
/// Nobody wrote down her name.
pub const DORA: Who = Who { login: "dora-9", password: "Dora-2021", email: "dora@residents.example" };
pub const MALLORY: Who = Who { login: "mallory-6", password: "Mallory-2018", email: "mallory@elsewhere.example" };
/// Bob's second contract at the first agency.
pub const BOB_AGAIN: Who = Who { login: "bob-34", password: "Bob-2022", email: "bob@residents.example" };
/// Bob's account at the other agency.
pub const BOB_AT_B: Who = Who { login: "B-4412", password: "Bob-at-B", email: "bob@residents.example" };

impl Town {
    /// Starts everything; nobody has migrated yet.
    pub fn build() -> Self {
        Self::build_with(|site| site)
    }

    /// The same on a stage.
    pub fn on(stage: Stage) -> Self {
        Self::build_with(|site| site.on(stage))
    }

    /// The same, with a site that differs.
    pub fn build_with(change: impl FnOnce(Site) -> Site) -> Self {
        Self::build_with_agency(change, |agency| agency)
    }

    /// The same, with a site and an agency A that differ.
    pub fn build_with_agency(change: impl FnOnce(Site) -> Site, at_a: impl FnOnce(Agency) -> Agency) -> Self {
        Self::build_with_agencies(change, at_a, |agency| agency)
    }

    /// Both agencies on one host, `extranets.localhost`.
    pub fn on_one_host(change: impl FnOnce(Site) -> Site) -> Self {
        let here = |agency: Agency| agency.sharing("extranets");
        Self::build_with_agencies(change, here, here)
    }

    /// The same, with a site and agencies that differ.
    pub fn build_with_agencies(
        change: impl FnOnce(Site) -> Site,
        at_a: impl FnOnce(Agency) -> Agency,
        at_b: impl FnOnce(Agency) -> Agency,
    ) -> Self {
        let account = |who: Who, name: &str| Account::new(who.login, who.password, name, who.email);
        let a = Echo::start(vec![
            account(ALICE, "Alice Martin-Œuvrard"),
            account(BOB, "Bob N'Guessan"),
            account(BOB_AGAIN, "Bob N'Guessan"),
            account(CAROL, "Carol Petit"),
            account(DORA, ""),
            account(MALLORY, "Mallory Legrand"),
        ]);
        let b = Echo::start(vec![account(BOB_AT_B, "Bob N'Guessan")]);
        let site = Site::new().agency(at_a(agency("agence-a", "CA", "SA", "Agence du Port", &a))).agency(at_b(agency(
            "agence-b",
            "CB",
            "SB",
            "Agence de la Gare",
            &b,
        )));
        let gateway = Gateway::start(&change(site));
        Self { gateway, a, b }
    }

    /// Somebody who has migrated at agency A and is signed in there; what the extranets saw is forgotten.
    pub fn resident(&self, who: Who) -> Person {
        let mut person = Person::new(&self.gateway);
        self.migrate(&mut person, "a", who, who.email);
        self.sign_in(&mut person, "a", who.email, CHOSEN);
        self.forget();
        person
    }

    /// Alice, signed in at agency A.
    pub fn alice(&self) -> Person {
        self.resident(ALICE)
    }

    /// Goes through the whole wizard with the code of the letter.
    pub fn migrate(&self, person: &mut Person, agency: &str, who: Who, email: &str) {
        self.migrate_named(person, agency, who.login, who.password, email);
    }

    /// The same, for somebody who is not of the town.
    pub fn migrate_named(&self, person: &mut Person, agency: &str, login: &str, password: &str, email: &str) {
        up_to_proof(person, agency, login, password, email);
        let code = self.gateway.letter_to(email).code();
        person.fill("code", &code).press("Valider").see("Votre compte est à jour");
    }

    /// Signs in and is then inside the extranet.
    pub fn sign_in(&self, person: &mut Person, agency: &str, login: &str, password: &str) {
        try_sign_in(person, agency, login, password);
        let here = &person.here().url;
        let inside = self.gateway.agency(&format!("agence-{agency}"), "/").origin();
        assert_eq!(here.origin(), inside, "inside the extranet after sign-in, not at {here}: {}", person.words());
    }

    /// Forgets what the extranets saw.
    pub fn forget(&self) {
        self.a.forget();
        self.b.forget();
    }

    /// Where agency A's extranet is for residents.
    pub fn at_a(&self, path: &str) -> String {
        self.gateway.agency("agence-a", path).to_string()
    }

    /// Where agency B's extranet is for residents.
    pub fn at_b(&self, path: &str) -> String {
        self.gateway.agency("agence-b", path).to_string()
    }
}

/// Opens the login page and tries credentials.
pub fn try_sign_in(person: &mut Person, agency: &str, login: &str, password: &str) {
    person.open(login_path(agency)).fill("login", login).fill("password", password).press("Connexion");
}

/// The same, and after the refusal once more by « Mon agence m'a donné un nouveau mot de passe ».
pub fn try_given_anew(person: &mut Person, agency: &str, login: &str, password: &str) {
    try_sign_in(person, agency, login, password);
    person.see("Mon agence m'a donné un nouveau mot de passe");
    person.fill("login", login).fill("password", password).press("Vérifier auprès de mon agence");
}

/// The agency's login address on the portal, by its letter.
pub fn login_path(agency: &str) -> String {
    let letter = agency.to_ascii_uppercase();
    format!("/login?client=C{letter}&societe=S{letter}")
}

/// An agency in front of an echo: form replay, and three headers of which the name is optional.
pub fn agency(label: &str, client: &str, societe: &str, name: &str, echo: &Echo) -> Agency {
    let text = r##"
        [sign_in]
        adapter = "form-replay"
        [sign_in.form]
        page = "/identification"
        login_field = "identifiant"
        password_field = "motdepasse"
        extra = { valider = "Entrer" }
        success = [{ redirect = "/membre/" }]
        failure = [{ element = "div.erreur" }]
        [sign_in.form.profile]
        page = "/profil"
        name = "#nom"
        email = "#courriel"
        [sign_in.form.logout]
        get = "/deconnexion"
        [[headers]]
        name = "X-Extranet-User"
        value = "{login}"
        [[headers]]
        name = "X-Extranet-Agency"
        value = "{client}-{societe}"
        [[headers]]
        name = "X-Extranet-Name"
        value = "{name}"
        encoding = "percent"
        [paths]
        public = ["/public/"]
        login = ["/identification"]
        logout = ["/deconnexion"]
        account = ["/motdepasse"]
        [session_over]
        login_redirect = true
        statuses = [401]
    "##;
    Agency::from_toml(label, text)
        .set("client", client)
        .set("societe", societe)
        .set("name", name)
        .set("upstream.url", echo.origin())
}

/// Goes through the wizard until the letter is on its way.
pub fn migrate_up_to_proof(person: &mut Person, agency: &str, who: Who, email: &str) {
    up_to_proof(person, agency, who.login, who.password, email);
}

fn up_to_proof(person: &mut Person, agency: &str, login: &str, password: &str, email: &str) {
    try_sign_in(person, agency, login, password);
    person.see("évolue").press("Étape suivante").see("Votre adresse email");
    person.fill("email", email).press("Continuer").see("Votre nouveau mot de passe");
    if person.sees("J'ai noté ce mot de passe") {
        person.tick("noted");
    }
    person.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Créer mon compte");
    person.see("Vérifiez votre boîte mail");
}
