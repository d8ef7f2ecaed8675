//! The sample extranets of the demo, run inside the test.

use std::{fs, future::pending, path::PathBuf};

use tempfile::TempDir;
use tokio::{net::TcpListener, task::AbortHandle};
use vestibule::demo::{self, FormExtranet, Handle, HeaderExtranet};

use super::{RUNTIME, gateway::Gateway, site::Agency, wait};

/// Both sample extranets; they end with this value.
pub struct Samples {
    pub form: Handle,
    form_origin: String,
    header_origin: String,
    tasks: Vec<AbortHandle>,
    papers: TempDir,
}

impl Samples {
    /// Starts both on free ports.
    pub fn start() -> Self {
        let (form_listener, form_address) = listen();
        let (header_listener, header_address) = listen();
        let form = FormExtranet::new(&form_address, demo::data::form_accounts());
        let header = HeaderExtranet::new(demo::data::header_accounts());
        let handle = form.handle();
        let tasks = vec![
            RUNTIME.spawn(form.serve(form_listener, pending())).abort_handle(),
            RUNTIME.spawn(header.serve(header_listener, pending())).abort_handle(),
        ];
        let papers = TempDir::new().expect("a folder");
        fs::write(papers.path().join("cgu.txt"), TERMS).expect("the terms");
        Self {
            form: handle,
            form_origin: format!("http://{form_address}"),
            header_origin: format!("http://{header_address}"),
            tasks,
            papers,
        }
    }

    /// Agency A (`SPI31`, `01`, `agence-a.localhost`): a login form in ISO-8859-1, terms to accept.
    pub fn agency_a(&self) -> Agency {
        let text = r##"
            client = "SPI31"
            societe = "01"
            name = "Cabinet Vasseur & Fils"
            [brand]
            colour = "#1f4f8b"
            support_email = "contact@vasseur.example"
            support_phone = "05 61 00 00 00"
            [sign_in]
            adapter = "form-replay"
            [sign_in.form]
            page = "/identification.php"
            login_field = "identifiant"
            password_field = "motdepasse"
            extra = { valider = "Connexion" }
            success = [{ redirect = "/accueil.php" }]
            failure = [{ text = "Identifiant ou mot de passe incorrect" }]
            locked = [{ text = "Compte bloqué" }]
            [sign_in.form.profile]
            page = "/profil.php"
            name = "table.fiche tr:nth-child(1) td"
            email = "table.fiche tr:nth-child(4) td"
            [sign_in.form.logout]
            get = "/deconnexion.php"
            [[headers]]
            name = "X-Extranet-User"
            value = "{login}"
            [paths]
            public = ["/static/", "/mentions.php"]
            login = ["/identification.php"]
            logout = ["/deconnexion.php"]
            account = ["/motdepasse.php"]
            [session_over]
            login_redirect = true
        "##;
        Agency::from_toml("agence-a", text)
            .set("upstream.url", self.form_origin.clone())
            .with_terms(&self.papers.path().join("cgu.txt"))
    }

    /// Agency B (`SPI31`, `02`, `agence-b.localhost`): trusts headers; its residents come from a roster.
    pub fn agency_b(&self) -> Agency {
        let text = r##"
            client = "SPI31"
            societe = "02"
            name = "Agence des Tilleuls"
            [brand]
            colour = "#7a1f3d"
        "##;
        self.trusting("agence-b", text)
    }

    /// An agency in front of the extranet that trusts headers, with what else is said of it.
    fn trusting(&self, label: &str, text: &str) -> Agency {
        let common = r#"
            [sign_in]
            adapter = "trusted-headers"
            verifier = "roster"
            [[headers]]
            name = "X-Extranet-User"
            value = "{login}"
            [[headers]]
            name = "X-Extranet-Name"
            value = "{name}"
            encoding = "percent"
            [[headers]]
            name = "X-Extranet-Kind"
            value = "{kind}"
            [paths]
            public = ["/public/"]
            logout = ["/deconnexion"]
        "#;
        Agency::from_toml(label, &format!("{text}{common}")).set("upstream.url", self.header_origin.clone())
    }

    /// An agency of document 004's way (`COPRO`, `01`, `syndic.localhost`): the identifier stays, the address is proven by a
    /// code before the password is chosen. Its residents come from the same roster as agency B's.
    pub fn agency_that_keeps_identifiers(&self) -> Agency {
        let text = r##"
            client = "COPRO"
            societe = "01"
            name = "Syndic du Canal"
            [brand]
            colour = "#1c5c4a"
            support_email = "contact@canal.example"
            support_phone = "04 94 00 00 00"
            old_password_hint = "Il figure sur certains documents en votre possession, par exemple les appels de fonds."
            [policy]
            identifier = "legacy"
            order = "proof-first"
            confirmation = "code"
            code_minutes = 30
            reset_code_minutes = 10
            password = "classic-8"
            confirm_noted = true
        "##;
        self.trusting("syndic", text)
    }

    /// Imports the roster of agency B, as its staff would have sent it.
    pub fn import_roster(&self, gateway: &Gateway) {
        self.import_roster_of("SPI31/02", gateway);
    }

    /// The same of another agency of these residents.
    pub fn import_roster_of(&self, agency: &str, gateway: &Gateway) {
        let file = self.roster();
        let done = gateway.run("import", &["--agency", agency, file.to_str().expect("a path in UTF-8")]);
        let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "the roster is imported: {said}");
    }

    fn roster(&self) -> PathBuf {
        let mut text = String::from("login,password,name,kind,email\n");
        for account in demo::data::header_accounts() {
            let email = account.email.unwrap_or_default();
            let line =
                format!("{},{},{},{},{email}\n", account.login, account.password, account.name, account.kind.label());
            text.push_str(&line);
        }
        let file = self.papers.path().join("roster.csv");
        fs::write(&file, text).expect("the roster");
        file
    }
}

impl Drop for Samples {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

fn listen() -> (TcpListener, String) {
    let listener = wait(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    (listener, address)
}

const TERMS: &str = "Conditions du portail\n\nArticle 1 - Objet\n\nLe portail donne accès à votre espace client.\n\n\
Article 2 - Votre compte\n\nVotre mot de passe est personnel : ne le confiez à personne.\n\n\
Article 3 - Vos données\n\nElles servent à vous connecter, et à rien d'autre.\n";
