//! The configuration of a gateway under test, as an operator would have written it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use toml::{Table, Value};

use super::{
    clock,
    line::Line,
    postgres::Database,
    stage::{Ground, Stage},
};

/// What a gateway is started with; every value can be set by its dotted path.
#[derive(Debug, Clone)]
pub struct Site {
    settings: Table,
    agencies: Vec<Agency>,
    stage: Stage,
    line: Option<u16>,
    has_settable_clock: bool,
    disk: Option<PathBuf>,
    database: Option<Arc<Database>>,
}

/// One agency's file.
#[derive(Debug, Clone)]
pub struct Agency {
    label: String,
    /// Whose host it is on: `<host>.localhost`.
    host: String,
    settings: Table,
}

impl Site {
    /// A portal without agencies on `SQLite`: letters in a folder, no waiting where a resident would read.
    pub fn new() -> Self {
        let settings = r##"
            agencies = "agencies"
            [server]
            failure_floor_ms = 40
            workers = 2
            [portal]
            name = "Mon compte immobilier"
            colour = "#1f4f8b"
            [vault]
            key_file = "vault.key"
            [mail]
            from = "Mon compte <ne-pas-repondre@moncompte.example>"
            transport = "folder"
            folder = "letters"
            [log]
            format = "json"
            level = "info"
            [policy]
            notice_seconds = 0
        "##;
        Self {
            settings: settings.parse().expect("the settings are TOML"),
            agencies: Vec::new(),
            stage: Stage::Sqlite,
            line: None,
            has_settable_clock: false,
            disk: None,
            database: None,
        }
    }

    /// On another stage than `SQLite`.
    pub fn on(self, stage: Stage) -> Self {
        Self { stage, ..self }
    }

    /// On `PostgreSQL`, over a line that a test can cut.
    pub fn over(self, line: &Line) -> Self {
        Self { stage: Stage::Postgres, line: Some(line.port()), ..self }
    }

    /// On `SQLite`, with its file in this folder.
    pub fn keeping_in(self, folder: &Path) -> Self {
        Self { disk: Some(folder.to_owned()), ..self }
    }

    /// On `PostgreSQL`, in this database.
    pub fn in_database(self, database: Database) -> Self {
        Self { stage: Stage::Postgres, database: Some(Arc::new(database)), ..self }
    }

    /// Where it keeps what it keeps, if that is not its own folder.
    pub fn disk(&self) -> Option<&Path> {
        self.disk.as_deref()
    }

    /// The database that it was given.
    pub fn database(&self) -> Option<Arc<Database>> {
        self.database.clone()
    }

    /// With a clock that the test can set.
    pub fn with_settable_clock(self) -> Self {
        Self { has_settable_clock: true, ..self }
    }

    /// What it is to stand on.
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// Sets a value by its dotted path, such as `policy.notice_seconds`.
    pub fn set(mut self, path: &str, value: impl Into<Value>) -> Self {
        set(&mut self.settings, path, value.into());
        self
    }

    /// Adds an agency.
    pub fn agency(mut self, agency: Agency) -> Self {
        self.agencies.push(agency);
        self
    }

    /// Writes everything into a folder; returns the path of the main file.
    pub fn write(&self, folder: &Path, port: u16, health: u16, ground: &Ground) -> std::path::PathBuf {
        let mut settings = self.settings.clone();
        for (path, value) in ground.settings() {
            set(&mut settings, path, value);
        }
        if let Some(port) = self.line {
            set(&mut settings, "database.url", ground.url_over(port).into());
        }
        // A test may ask for further listeners, and for another portal.
        let more = settings.get("server").and_then(|server| server.get("listen")).and_then(Value::as_array).cloned();
        let listen = [vec![format!("127.0.0.1:{port}").into()], more.unwrap_or_default()].concat();
        set(&mut settings, "server.listen", Value::Array(listen));
        set(&mut settings, "server.health", format!("127.0.0.1:{health}").into());
        let portal = settings.get("portal").and_then(|portal| portal.get("url")).cloned();
        set(&mut settings, "portal.url", portal.unwrap_or(format!("http://www.localhost:{port}").into()));
        let agencies = folder.join("agencies");
        fs::create_dir_all(&agencies).expect("a folder for the agencies");
        fs::create_dir_all(folder.join("letters")).expect("a folder for the letters");
        if self.has_settable_clock {
            clock::prepare(folder);
        }
        let mut key = data_encoding::BASE64.encode(&[7; 32]);
        key.push('\n');
        let file = folder.join("vault.key");
        fs::write(&file, key).expect("the vault's key");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("a key that nobody else reads");
        for agency in &self.agencies {
            let mut settings = agency.settings.clone();
            settings.entry("url").or_insert(format!("http://{}.localhost:{port}", agency.host).into());
            write(&agencies.join(format!("{}.toml", agency.label)), &settings);
        }
        let main = folder.join("vestibule.toml");
        write(&main, &settings);
        main
    }

    /// Writes what one of several nodes is told: the same, on ports of its own. Returns the path of its file.
    pub fn write_node(main: &Path, number: usize, listen: u16, health: u16) -> std::path::PathBuf {
        let mut settings: Table = fs::read_to_string(main).expect("the main file").parse().expect("TOML");
        set(&mut settings, "server.listen", vec![format!("127.0.0.1:{listen}")].into());
        set(&mut settings, "server.health", format!("127.0.0.1:{health}").into());
        let file = main.with_file_name(format!("node-{number}.toml"));
        write(&file, &settings);
        file
    }
}

impl Agency {
    /// An agency whose public host is `<label>.localhost`, from a whole file; `url` is filled in.
    pub fn from_toml(label: &str, text: &str) -> Self {
        let mut settings: Table = text.parse().expect("the agency is TOML");
        settings.remove("url");
        Self { label: label.to_owned(), host: label.to_owned(), settings }
    }

    /// Sets a value by its dotted path, such as `sign_in.form.page`.
    pub fn set(mut self, path: &str, value: impl Into<Value>) -> Self {
        set(&mut self.settings, path, value.into());
        self
    }

    /// A text of its file by its dotted path.
    pub fn get(&self, path: &str) -> Option<&str> {
        let (table, key) = path.split_once('.')?;
        self.settings.get(table)?.get(key)?.as_str()
    }

    /// On a host that other agencies share, at `<host>.localhost`.
    pub fn sharing(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self.set("accounts", "shared-host")
    }

    /// Without a whole table.
    pub fn without(mut self, name: &str) -> Self {
        self.settings.remove(name);
        self
    }

    /// Adds terms that have to be accepted; their text stands in the file beside the agency's.
    pub fn with_terms(self, file: &Path) -> Self {
        let file = file.to_str().expect("a path in UTF-8").to_owned();
        self.set("terms.version", "2026-10").set("terms.file", file)
    }
}

/// Sets a value by its dotted path in a file that is there.
pub fn rewrite(file: &Path, path: &str, value: impl Into<Value>) {
    let mut settings: Table = fs::read_to_string(file).expect("the file").parse().expect("TOML");
    set(&mut settings, path, value.into());
    write(file, &settings);
}

fn set(table: &mut Table, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), value);
        }
        Some((head, rest)) => {
            let inner = table.entry(head).or_insert_with(|| Value::Table(Table::new()));
            set(inner.as_table_mut().expect("a table on the way"), rest, value);
        }
    }
}

fn write(path: &Path, settings: &Table) {
    fs::write(path, toml::to_string(settings).expect("TOML")).expect("a written file");
}
