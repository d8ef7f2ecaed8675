//! The table of keys: what may be written, its form, its default and what it means.
//!
//! Files are checked against it, defaults are read from it, and `docs/configuration.md` is printed from it.

mod agency;
mod form;
mod policy;

pub(super) use agency::{
    AGENCY, Adapters, Agency, BASIC, BRAND, Basic, CONTROLLER, Controller, HEADER, Header, LEFT, LOGIN_FIELDS,
    LOGIN_FORM, LOGOUT, Left, LoginFields, LoginForm, Logout, Methods, PATHS, PROFILE, Paths, Profile, RULE, Rule,
    SECRET_HEADER, SESSION_OVER, SIGN_IN, SecretHeader, SessionOver, SignIn, TERMS, Terms, UPSTREAM, UPSTREAM_TLS,
    Upstream, UpstreamTls,
};
use form::Fallback::{Is, Nothing, Required};
pub(super) use form::{
    At, Choice, Fallback, Fields, Flag, Hidden, Itself, Key, Keys, Kind, Layer, Layers, Number, Numbers, OneText, Row,
    Rows, Table, Tables, Text, Texts, Whole,
};
use form::{Form, keys};
pub(super) use policy::{POLICY, Policy};

use super::settings::{LogFormat, SmtpTls, UnknownName};

/// What `mail.transport` says.
#[derive(Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Transports {
    Folder,
    Smtp,
}

/// What `redis.mode` says.
#[derive(Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RedisModes {
    Single,
    Sentinel,
    Cluster,
}

keys! {
    /// `vestibule.toml`.
    GATEWAY: Gateway {
        /// Folder of the agencies' files; every `*.toml` in it describes one agency.
        agencies: Text, Is("'agencies'");
        /// Listeners and the limits of the proxy.
        server: Table<Server>, Is("{}");
        /// Listeners that speak TLS 1.2 and 1.3; certificates are read again with every reload. Without it a TLS
        /// terminator stands in front.
        tls: Table<Tls>, Nothing;
        /// Listeners behind TCP balancers that tell the client's address by the PROXY protocol, version 1 or 2.
        proxy_protocol: Table<ProxyProtocol>, Nothing;
        /// The residents' own pages: sign-in, migration, account.
        portal: Table<Portal>, Required;
        /// Where people, links, letters and the trace are kept: one of the three keys.
        database: Table<Database>, Required;
        /// Where sessions live when several nodes share them; without it they are in the database. The nodes share a
        /// PostgreSQL too.
        redis: Table<Redis>, Nothing;
        /// The key that seals old passwords and makes the digests of codes: one of both keys. Needed where an adapter
        /// replays passwords or a letter has a code; never in the database.
        vault: Table<Vault>, Nothing;
        /// How letters leave.
        mail: Table<Mail>, Required;
        /// The cost of a password hash (Argon2id), and how many are made at once.
        argon2: Table<Argon2>, Is("{}");
        /// The log's form.
        log: Table<Log>, Is("{}");
        /// Where traces go (OpenTelemetry); without it there are none.
        traces: Table<Traces>, Nothing;
        /// An own copy of the pages and letters.
        pages: Table<Pages>, Nothing;
        /// What holds for every agency that does not say otherwise. Keys: see “Policy”.
        policy: Layer<Policy>, Nothing;
        /// A layer for every société of one client, between `[policy]` and the agency's own: `[clients.SPI31]`. Keys:
        /// see “Policy”.
        clients: Layers<Policy>, Nothing;
    }

    SERVER: Server {
        /// Addresses with port for plain HTTP, behind a TLS terminator; may be empty where `[tls]` has some.
        listen: Texts, Is("['127.0.0.1:8080']");
        /// Address with port where `/healthz`, `/readyz` and `/metrics` answer; not for the public.
        health: Text, Is("'127.0.0.1:8081'");
        /// Networks (CIDR) whose `X-Forwarded-For` is believed; nobody's by default.
        trusted_proxies: Texts, Is("[]");
        /// Threads of the proxy; 0 takes one for each core.
        workers: Number<usize, 0, 512>, Is("0");
        /// How long a decided session may be kept in memory; a lost notice of a logout costs at most this long.
        cache_seconds: Number<u64, 0, 60>, Is("30");
        /// Every failed sign-in is answered after the same time, so that the time tells nothing.
        failure_floor_ms: Number<u64, 0, 10_000>, Is("700");
        /// Whether a change of any of these files is put in force by itself, some seconds later; `vestibule reload` and
        /// SIGHUP do it at once.
        reload_on_change: Flag, Is("true");
        /// How many agencies whose files have vanished may go by themselves, counted since an operator last said which are
        /// to go; never more than half. They are missed until `vestibule reload` is told that they are to go. Beyond it
        /// the old configuration stays in force until then.
        reload_removes: Number<usize, 0, 10_000>, Is("3");
        /// The socket of `vestibule status` and `reload`, a file that only the gateway's own user can open; without it,
        /// in systemd's `$RUNTIME_DIRECTORY`, else beside SQLite's file, or else beside this one, named like it and
        /// ending in `.sock`.
        control: Text, Nothing;
        /// Connections of clients at a time; beyond it new ones wait until one has ended.
        max_connections: Number<usize, 16, 1_000_000>, Is("20000");
        /// How long a connection of a client is kept without a request.
        idle_seconds: Number<u64, 1, 3600>, Is("60");
        /// For how long browsers are told to come to https hosts by https only (Strict-Transport-Security); 0 says
        /// nothing.
        hsts_seconds: Number<u64, 0, 63_072_000>, Is("31536000");
        /// How long a stop waits for requests that are under way.
        grace_seconds: Number<u64, 0, 3600>, Is("20");
        /// How long the old process goes on with downloads and WebSockets after `serve --upgrade` has taken its
        /// listeners over.
        upgrade_grace_seconds: Number<u64, 0, 86_400>, Is("3600");
    }

    TLS: Tls {
        /// Addresses with port for HTTPS: `0.0.0.0:443`, `[::]:443`.
        listen: Texts, Is("[]");
        /// Addresses with port for plain HTTP that only leads to https: `0.0.0.0:80`.
        redirect: Texts, Is("[]");
        /// A folder with certificates: each `NAME.crt` or `NAME.pem` (with its chain) that has its `NAME.key` beside
        /// it.
        folder: Text, Nothing;
        /// Certificates one by one: `[[tls.certificates]]`. Keys: `cert` and `key`, files in PEM.
        certificates: Tables<Certificate>, Nothing;
        /// What a client gets that asks for a name without a certificate, or for none: no connection, or the first
        /// certificate.
        unknown_name: Choice<UnknownName>, Is("'refuse'");
        /// Whether HTTP/2 is offered beside HTTP/1.1.
        http2: Flag, Is("true");
    }

    CERTIFICATE: Certificate {
        /// The certificate with its chain, PEM.
        cert: Text, Required;
        /// Its private key, PEM; mode 0640 or less.
        key: Text, Required;
    }

    PROXY_PROTOCOL: ProxyProtocol {
        /// Which of the listeners: a connection to them without such a header is closed.
        listen: Texts, Required;
        /// Networks (CIDR) of the balancers; a connection from elsewhere is closed.
        from: Texts, Required;
    }

    PORTAL: Portal {
        /// The public origin, `https://www.moncompte.example`; http only on this machine (`localhost`, `*.localhost`,
        /// `127.0.0.1`, …).
        url: Text, Required;
        /// Where it was before: letters and bookmarks from then lead on to `url`, as long as the old name still leads
        /// here.
        former_urls: Texts, Is("[]");
        /// The name in headings and letters.
        name: Text, Required;
        /// The colour, `#rrggbb`; at least 4.5:1 against white (WCAG 2.2, 1.4.3).
        colour: Text, Is("'#1f4f8b'");
        /// Where residents write to.
        support_email: Text, Nothing;
        /// Where residents call.
        support_phone: Text, Nothing;
        /// A page about help.
        support_url: Text, Nothing;
        /// Who answers for residents' personal data, for every agency whose file does not say it.
        controller: Table<Controller>, Nothing;
    }

    DATABASE: Database {
        /// `sqlite:vestibule.db` or `postgres://…`; a relative SQLite path is relative to this file.
        url: Hidden, Nothing;
        /// A file that holds the URL.
        url_file: Text, Nothing;
        /// An environment variable that holds the URL.
        url_env: Text, Nothing;
    }

    REDIS: Redis {
        /// `redis://host:port/db`, or `rediss://…` with TLS: the server, or some of the Sentinels or of the cluster's
        /// nodes.
        urls: Texts, Required;
        /// What the addresses are of.
        mode: Choice<RedisModes>, Is("'single'");
        /// The name by which the Sentinels know the master, for `mode = "sentinel"`.
        master: Text, Nothing;
        /// The user (ACL); without it, the default one.
        username: Text, Nothing;
        /// A file that holds the password.
        password_file: Text, Nothing;
        /// An environment variable that holds the password.
        password_env: Text, Nothing;
        /// The user at the Sentinels.
        sentinel_username: Text, Nothing;
        /// A file that holds the password for the Sentinels.
        sentinel_password_file: Text, Nothing;
        /// An environment variable that holds the password for the Sentinels.
        sentinel_password_env: Text, Nothing;
        /// Certificates (PEM) to believe in place of the system's.
        ca_file: Text, Nothing;
        /// No answer of Redis is waited for any longer.
        timeout_ms: Number<u64, 50, 5000>, Is("500");
    }

    VAULT: Vault {
        /// A file that holds 32 random bytes in base64.
        key_file: Text, Nothing;
        /// An environment variable that holds them.
        key_env: Text, Nothing;
        /// Files with other keys, which only open: those before the current one until `vestibule vault rotate` has done
        /// its work, or the next one before every node has it.
        old_key_files: Texts, Is("[]");
        /// Environment variables with such keys.
        old_key_envs: Texts, Is("[]");
    }

    MAIL: Mail {
        /// The sender: `Name <address>` or an address.
        from: Text, Required;
        /// Where letters go: into a folder (trials), or to a mail server.
        transport: Choice<Transports>, Required;
        /// The folder, for `transport = "folder"`.
        folder: Text, Nothing;
        /// The mail server, for `transport = "smtp"`.
        smtp: Table<Smtp>, Nothing;
        /// Signs every letter (DKIM).
        dkim: Table<Dkim>, Nothing;
        /// How many letters can be caused; whoever asks beyond that sees the same page, and no letter goes.
        limits: Table<Limits>, Is("{}");
    }

    DKIM: Dkim {
        /// The domain that signs: that of `from`, or one above it.
        domain: Text, Required;
        /// The name of the key: the public half is at `<selector>._domainkey.<domain>`.
        selector: Text, Required;
        /// A file that holds the private key in PEM: Ed25519, or RSA of 2048 bits or more.
        key_file: Text, Nothing;
        /// An environment variable that holds it.
        key_env: Text, Nothing;
    }

    LIMITS: Limits {
        /// Letters to one address in an hour.
        per_address: Number<u32, 1, 100>, Is("5");
        /// Letters that one client address can cause in an hour; an office or a residence may share it.
        per_client: Number<u32, 1, 10_000>, Is("60");
        /// Letters that can be caused in one agency's name in an hour.
        per_agency: Number<u32, 1, 1_000_000>, Is("2000");
        /// Letters that can be caused in an hour in all.
        per_hour: Number<u32, 1, 1_000_000>, Is("10000");
        /// Letters that may wait to be sent.
        queue: Number<u32, 1, 10_000_000>, Is("20000");
    }

    SMTP: Smtp {
        /// The server's name, as its certificate has it.
        host: Text, Required;
        /// Its port; `tls = "tls"` usually wants 465.
        port: Number<u16, 1, 65_535>, Is("587");
        /// STARTTLS (required, never skipped), TLS from the first byte, or none: for a server on the same machine.
        tls: Choice<SmtpTls>, Is("'starttls'");
        /// The name to sign in with; without it, nobody signs in.
        username: Text, Nothing;
        /// A file that holds the password.
        password_file: Text, Nothing;
        /// An environment variable that holds the password.
        password_env: Text, Nothing;
        /// Certificates (PEM) to believe besides the system's.
        ca_file: Text, Nothing;
        /// What the gateway calls itself (EHLO); the machine's name by default.
        hello: Text, Nothing;
        /// Letters on their way at once. Each domain gets half at most of what the others leave, so that slow ones do
        /// not stop the rest.
        connections: Number<usize, 1, 64>, Is("4");
        /// The longest wait for the answer to one command; five times that for the last one, which says that the letter
        /// is taken.
        timeout_seconds: Number<u64, 1, 600>, Is("60");
    }

    ARGON2: Argon2 {
        /// Memory for one hash, KiB; OWASP's least is the floor.
        memory_kib: Number<u32, 19_456, 1_048_576>, Is("19456");
        /// Passes over that memory; OWASP's least is the floor.
        iterations: Number<u32, 2, 32>, Is("2");
        /// Threads that hash, lowered in priority: a storm of sign-ins must not slow who is already in.
        threads: Number<usize, 1, 64>, Is("2");
        /// Hashes that may wait; beyond it people are asked to try again.
        queue: Number<usize, 1, 10_000>, Is("64");
    }

    LOG: Log {
        /// One JSON object a line, or text for people.
        format: Choice<LogFormat>, Is("'json'");
        /// `error`, `warn`, `info`, `debug`, `trace`, or by target: `info,vestibule=debug`. Below `info` only the
        /// gateway's own lines are written: libraries would tell codes and cookies.
        level: Text, Is("'info'");
    }

    TRACES: Traces {
        /// The collector's address for OTLP over HTTP, such as `http://127.0.0.1:4318/v1/traces`.
        endpoint: Text, Required;
        /// One request in so many is traced; where a trusted proxy sends a `traceparent`, it decides.
        one_in: Number<u32, 1, 1_000_000>, Is("100");
    }

    PAGES: Pages {
        /// The folder whose files are laid over the built-in pages.
        folder: Text, Required;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(rows: Rows, look: &mut dyn FnMut(&Row)) {
        for row in rows {
            look(row);
            if let Kind::Table(rows) | Kind::Tables(rows) | Kind::Layer(rows) | Kind::Layers(rows) = row.kind {
                walk(rows, look);
            }
        }
    }

    #[test]
    fn e01_every_choice_has_names_and_what_holds_without_it_is_one_of_them() {
        let mut seen = 0;
        let mut look = |row: &Row| {
            let Kind::Choice(names) = row.kind else { return };
            seen += 1;
            assert!(!names().is_empty(), "{} has no names", row.name);
            if let Is(default) = row.fallback {
                assert!(names().contains(&default.trim_matches('\'')), "{} cannot be {default}", row.name);
            }
        };
        walk(Gateway::ROWS, &mut look);
        walk(Agency::ROWS, &mut look);
        assert!(seen > 20, "the walk has seen {seen} choices only");
    }
}
