//! The table of keys: what may be written, its form, its default and what it means.
//!
//! Files are checked against it, defaults are read from it, and `docs/configuration.md` is printed from it.

mod agency;

pub(super) use agency::{AGENCY, RULE};

use crate::domain::password::Preset;

/// A key of a table.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) fallback: Fallback,
    /// One sentence for the reference.
    pub(super) means: &'static str,
}

/// The form of a value.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    /// Text that may hold a secret, and is never shown.
    Hidden,
    Number(u64, u64),
    Flag,
    Choice(&'static [&'static str]),
    Texts,
    Numbers(u64, u64),
    /// A table of texts under free names.
    Fields,
    Table(&'static [Key]),
    Tables(&'static [Key]),
    /// A layer of policy: what it does not say is left to the layer below.
    Layer,
    /// A layer for each name.
    Layers,
}

/// What holds where nothing is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fallback {
    /// The key has to be written. For a table: it is read as empty, so that each missing key in it is told.
    Required,
    /// Nothing, or what the text of `means` says.
    Nothing,
    /// This value, as it would be written.
    Is(&'static str),
}

use Fallback::{Is, Nothing, Required};
use Kind::{Choice, Flag, Hidden, Layer, Layers, Number, Table, Tables, Text, Texts};

const fn key(name: &'static str, kind: Kind, fallback: Fallback, means: &'static str) -> Key {
    Key { name, kind, fallback, means }
}

/// `vestibule.toml`.
pub(super) const GATEWAY: &[Key] = &[
    key(
        "agencies",
        Text,
        Is("'agencies'"),
        "Folder of the agencies' files; every `*.toml` in it describes one agency.",
    ),
    key("server", Table(SERVER), Is("{}"), "Listeners and the limits of the proxy."),
    key(
        "tls",
        Table(TLS),
        Nothing,
        "Listeners that speak TLS 1.2 and 1.3; certificates are read again with every reload. Without it a TLS terminator stands in front.",
    ),
    key(
        "proxy_protocol",
        Table(PROXY_PROTOCOL),
        Nothing,
        "Listeners behind TCP balancers that tell the client's address by the PROXY protocol, version 1 or 2.",
    ),
    key("portal", Table(PORTAL), Required, "The residents' own pages: sign-in, migration, account."),
    key(
        "database",
        Table(DATABASE),
        Required,
        "Where people, links, letters and the trace are kept: one of the three keys.",
    ),
    key(
        "redis",
        Table(REDIS),
        Nothing,
        "Where sessions live when several nodes share them; without it they are in the database. The nodes share a PostgreSQL too.",
    ),
    key(
        "vault",
        Table(VAULT),
        Nothing,
        "The key that seals old passwords and makes the digests of codes: one of both keys. Needed where an adapter replays passwords or a letter has a code; never in the database.",
    ),
    key("mail", Table(MAIL), Required, "How letters leave."),
    key("argon2", Table(ARGON2), Is("{}"), "The cost of a password hash (Argon2id), and how many are made at once."),
    key("log", Table(LOG), Is("{}"), "The log's form."),
    key("traces", Table(TRACES), Nothing, "Where traces go (OpenTelemetry); without it there are none."),
    key("pages", Table(PAGES), Nothing, "An own copy of the pages and letters."),
    key("policy", Layer, Nothing, "What holds for every agency that does not say otherwise. Keys: see “Policy”."),
    key(
        "clients",
        Layers,
        Nothing,
        "A layer for every société of one client, between `[policy]` and the agency's own: `[clients.SPI31]`. Keys: see “Policy”.",
    ),
];

const SERVER: &[Key] = &[
    key(
        "listen",
        Texts,
        Is("['127.0.0.1:8080']"),
        "Addresses with port for plain HTTP, behind a TLS terminator; may be empty where `[tls]` has some.",
    ),
    key(
        "health",
        Text,
        Is("'127.0.0.1:8081'"),
        "Address with port where `/healthz`, `/readyz` and `/metrics` answer; not for the public.",
    ),
    key(
        "trusted_proxies",
        Texts,
        Is("[]"),
        "Networks (CIDR) whose `X-Forwarded-For` is believed; nobody's by default.",
    ),
    key("workers", Number(0, 512), Is("0"), "Threads of the proxy; 0 takes one for each core."),
    key(
        "cache_seconds",
        Number(0, 60),
        Is("30"),
        "How long a decided session may be kept in memory; a lost notice of a logout costs at most this long.",
    ),
    key(
        "failure_floor_ms",
        Number(0, 10_000),
        Is("700"),
        "Every failed sign-in is answered after the same time, so that the time tells nothing.",
    ),
    key(
        "reload_on_change",
        Flag,
        Is("true"),
        "Whether a change of any of these files is put in force by itself, some seconds later; `vestibule reload` and SIGHUP do it at once.",
    ),
    key(
        "reload_removes",
        Number(0, 10_000),
        Is("3"),
        "How many agencies whose files have vanished may go by themselves, counted since the start or the last `vestibule reload`; never more than half. Beyond it the old configuration stays in force until `vestibule reload` is told that they are to go.",
    ),
    key(
        "control",
        Text,
        Nothing,
        "The socket of `vestibule status` and `reload`, a file that only the gateway's own user can open; without it, in systemd's `$RUNTIME_DIRECTORY`, else beside SQLite's file, or else beside this one, named like it and ending in `.sock`.",
    ),
    key(
        "max_connections",
        Number(16, 1_000_000),
        Is("20000"),
        "Connections of clients at a time; beyond it new ones wait until one has ended.",
    ),
    key("idle_seconds", Number(1, 3600), Is("60"), "How long a connection of a client is kept without a request."),
    key(
        "hsts_seconds",
        Number(0, 63_072_000),
        Is("31536000"),
        "For how long browsers are told to come to https hosts by https only (Strict-Transport-Security); 0 says nothing.",
    ),
    key("grace_seconds", Number(0, 3600), Is("20"), "How long a stop waits for requests that are under way."),
    key(
        "upgrade_grace_seconds",
        Number(0, 86_400),
        Is("3600"),
        "How long the old process goes on with downloads and WebSockets after `serve --upgrade` has taken its listeners over.",
    ),
];

const TLS: &[Key] = &[
    key("listen", Texts, Is("[]"), "Addresses with port for HTTPS: `0.0.0.0:443`, `[::]:443`."),
    key("redirect", Texts, Is("[]"), "Addresses with port for plain HTTP that only leads to https: `0.0.0.0:80`."),
    key(
        "folder",
        Text,
        Nothing,
        "A folder with certificates: each `NAME.crt` or `NAME.pem` (with its chain) that has its `NAME.key` beside it.",
    ),
    key(
        "certificates",
        Tables(CERTIFICATE),
        Nothing,
        "Certificates one by one: `[[tls.certificates]]`. Keys: `cert` and `key`, files in PEM.",
    ),
    key(
        "unknown_name",
        Choice(&["refuse", "default"]),
        Is("'refuse'"),
        "What a client gets that asks for a name without a certificate, or for none: no connection, or the first certificate.",
    ),
    key("http2", Flag, Is("true"), "Whether HTTP/2 is offered beside HTTP/1.1."),
];

const CERTIFICATE: &[Key] = &[
    key("cert", Text, Required, "The certificate with its chain, PEM."),
    key("key", Text, Required, "Its private key, PEM; mode 0640 or less."),
];

const PROXY_PROTOCOL: &[Key] = &[
    key("listen", Texts, Required, "Which of the listeners: a connection to them without such a header is closed."),
    key("from", Texts, Required, "Networks (CIDR) of the balancers; a connection from elsewhere is closed."),
];

const PORTAL: &[Key] = &[
    key(
        "url",
        Text,
        Required,
        "The public origin, `https://www.moncompte.example`; http only on this machine (`localhost`, `*.localhost`, `127.0.0.1`, …).",
    ),
    key(
        "former_urls",
        Texts,
        Is("[]"),
        "Where it was before: letters and bookmarks from then lead on to `url`, as long as the old name still leads here.",
    ),
    key("name", Text, Required, "The name in headings and letters."),
    key("colour", Text, Is("'#1f4f8b'"), "The colour, `#rrggbb`; at least 4.5:1 against white (WCAG 2.2, 1.4.3)."),
    key("support_email", Text, Nothing, "Where residents write to."),
    key("support_phone", Text, Nothing, "Where residents call."),
    key("support_url", Text, Nothing, "A page about help."),
];

const DATABASE: &[Key] = &[
    key(
        "url",
        Hidden,
        Nothing,
        "`sqlite:vestibule.db` or `postgres://…`; a relative SQLite path is relative to this file.",
    ),
    key("url_file", Text, Nothing, "A file that holds the URL."),
    key("url_env", Text, Nothing, "An environment variable that holds the URL."),
];

const REDIS: &[Key] = &[
    key(
        "urls",
        Texts,
        Required,
        "`redis://host:port/db`, or `rediss://…` with TLS: the server, or some of the Sentinels or of the cluster's nodes.",
    ),
    key("mode", Choice(&["single", "sentinel", "cluster"]), Is("'single'"), "What the addresses are of."),
    key("master", Text, Nothing, "The name by which the Sentinels know the master, for `mode = \"sentinel\"`."),
    key("username", Text, Nothing, "The user (ACL); without it, the default one."),
    key("password_file", Text, Nothing, "A file that holds the password."),
    key("password_env", Text, Nothing, "An environment variable that holds the password."),
    key("sentinel_username", Text, Nothing, "The user at the Sentinels."),
    key("sentinel_password_file", Text, Nothing, "A file that holds the password for the Sentinels."),
    key("sentinel_password_env", Text, Nothing, "An environment variable that holds the password for the Sentinels."),
    key("ca_file", Text, Nothing, "Certificates (PEM) to believe in place of the system's."),
    key("timeout_ms", Number(50, 5000), Is("500"), "No answer of Redis is waited for any longer."),
];

const VAULT: &[Key] = &[
    key("key_file", Text, Nothing, "A file that holds 32 random bytes in base64."),
    key("key_env", Text, Nothing, "An environment variable that holds them."),
    key(
        "old_key_files",
        Texts,
        Is("[]"),
        "Files with other keys, which only open: those before the current one until `vestibule vault rotate` has done its work, or the next one before every node has it.",
    ),
    key("old_key_envs", Texts, Is("[]"), "Environment variables with such keys."),
];

const MAIL: &[Key] = &[
    key("from", Text, Required, "The sender: `Name <address>` or an address."),
    key(
        "transport",
        Choice(&["folder", "smtp"]),
        Required,
        "Where letters go: into a folder (trials), or to a mail server.",
    ),
    key("folder", Text, Nothing, "The folder, for `transport = \"folder\"`."),
    key("smtp", Table(SMTP), Nothing, "The mail server, for `transport = \"smtp\"`."),
    key("dkim", Table(DKIM), Nothing, "Signs every letter (DKIM)."),
    key(
        "limits",
        Table(LIMITS),
        Is("{}"),
        "How many letters can be caused; whoever asks beyond that sees the same page, and no letter goes.",
    ),
];

const DKIM: &[Key] = &[
    key("domain", Text, Required, "The domain that signs: that of `from`, or one above it."),
    key("selector", Text, Required, "The name of the key: the public half is at `<selector>._domainkey.<domain>`."),
    key("key_file", Text, Nothing, "A file that holds the private key in PEM: Ed25519, or RSA of 2048 bits or more."),
    key("key_env", Text, Nothing, "An environment variable that holds it."),
];

const LIMITS: &[Key] = &[
    key("per_address", Number(1, 100), Is("5"), "Letters to one address in an hour."),
    key(
        "per_client",
        Number(1, 10_000),
        Is("60"),
        "Letters that one client address can cause in an hour; an office or a residence may share it.",
    ),
    key("per_agency", Number(1, 1_000_000), Is("2000"), "Letters that can be caused in one agency's name in an hour."),
    key("per_hour", Number(1, 1_000_000), Is("10000"), "Letters that can be caused in an hour in all."),
    key("queue", Number(1, 10_000_000), Is("20000"), "Letters that may wait to be sent."),
];

const SMTP: &[Key] = &[
    key("host", Text, Required, "The server's name, as its certificate has it."),
    key("port", Number(1, 65_535), Is("587"), "Its port; `tls = \"tls\"` usually wants 465."),
    key(
        "tls",
        Choice(&["starttls", "tls", "none"]),
        Is("'starttls'"),
        "STARTTLS (required, never skipped), TLS from the first byte, or none: for a server on the same machine.",
    ),
    key("username", Text, Nothing, "The name to sign in with; without it, nobody signs in."),
    key("password_file", Text, Nothing, "A file that holds the password."),
    key("password_env", Text, Nothing, "An environment variable that holds the password."),
    key("ca_file", Text, Nothing, "Certificates (PEM) to believe besides the system's."),
    key("hello", Text, Nothing, "What the gateway calls itself (EHLO); the machine's name by default."),
    key(
        "connections",
        Number(1, 64),
        Is("4"),
        "Letters on their way at once. Each domain gets half at most of what the others leave, so that slow ones do not stop the rest.",
    ),
    key(
        "timeout_seconds",
        Number(1, 600),
        Is("60"),
        "The longest wait for the answer to one command; five times that for the last one, which says that the letter is taken.",
    ),
];

const ARGON2: &[Key] = &[
    key("memory_kib", Number(19_456, 1_048_576), Is("19456"), "Memory for one hash, KiB; OWASP's least is the floor."),
    key("iterations", Number(2, 32), Is("2"), "Passes over that memory; OWASP's least is the floor."),
    key(
        "threads",
        Number(1, 64),
        Is("2"),
        "Threads that hash, lowered in priority: a storm of sign-ins must not slow who is already in.",
    ),
    key("queue", Number(1, 10_000), Is("64"), "Hashes that may wait; beyond it people are asked to try again."),
];

const LOG: &[Key] = &[
    key("format", Choice(&["json", "text"]), Is("'json'"), "One JSON object a line, or text for people."),
    key(
        "level",
        Text,
        Is("'info'"),
        "`error`, `warn`, `info`, `debug`, `trace`, or by target: `info,vestibule=debug`. Below `info` only the gateway's own lines are written: libraries would tell codes and cookies.",
    ),
];

const TRACES: &[Key] = &[
    key(
        "endpoint",
        Text,
        Required,
        "The collector's address for OTLP over HTTP, such as `http://127.0.0.1:4318/v1/traces`.",
    ),
    key(
        "one_in",
        Number(1, 1_000_000),
        Is("100"),
        "One request in so many is traced; where a trusted proxy sends a `traceparent`, it decides.",
    ),
];

const PAGES: &[Key] = &[key("folder", Text, Required, "The folder whose files are laid over the built-in pages.")];

/// A layer of policy; the fallbacks are those of [`crate::domain::policy::AgencyPolicy`], and a test compares them.
pub(super) const POLICY: &[Key] = &[
    key(
        "identifier",
        Choice(&["email", "legacy"]),
        Is("'email'"),
        "What a resident types after the migration: the e-mail address, or still the old identifier.",
    ),
    key(
        "confirmation",
        Choice(&["link", "code", "both"]),
        Is("'both'"),
        "How an address is proven and a forgotten password is reset: a link, a code of eight digits, or both in one letter.",
    ),
    key(
        "order",
        Choice(&["password-first", "proof-first"]),
        Is("'password-first'"),
        "Whether the new password is chosen before or after the address is proven.",
    ),
    key(
        "notice_seconds",
        Number(0, 60),
        Is("8"),
        "How long « Étape suivante » stays grey, so that the notice is read.",
    ),
    key("code_minutes", Number(1, 30), Is("10"), "How long a code lives, from sending."),
    key(
        "reset_code_minutes",
        Number(5, 30),
        Is("10"),
        "How long the code of a forgotten password lives, from sending, where `confirmation` sends codes: the page, the letter and the check have this figure.",
    ),
    key("link_minutes", Number(1, 1440), Is("60"), "How long a link lives, from sending."),
    key("migration_hours", Number(1, 720), Is("48"), "After which time an unfinished migration starts again."),
    key("password", Choice(&Preset::NAMES), Is("'cnil-50'"), "Rules for new passwords, by name."),
    key(
        "accept_below_cnil",
        Flag,
        Is("false"),
        "Takes the responsibility for password rules below the CNIL's floor of 50 bits (délibération 2022-100), which are refused without it.",
    ),
    key(
        "password_scope",
        Choice(&["one", "per-account"]),
        Is("'one'"),
        "One password for all accounts of a person, or one for an account by choice.",
    ),
    key("confirm_noted", Flag, Is("false"), "Whether « J'ai noté ce mot de passe en lieu sûr » has to be ticked."),
    key("lockout_failures", Number(1, 10), Is("5"), "Failures in a row before the first delay."),
    key("idle_minutes", Number(1, 1440), Is("60"), "Minutes without a request after which a session ends."),
    key("session_hours", Number(1, 720), Is("12"), "Hours after which a session ends, whatever happens."),
    key("keep_days", Number(1, 30), Is("30"), "Days for which « Garder ma session active » keeps a session."),
    key(
        "fresh_address_hours",
        Number(0, 72),
        Is("24"),
        "Hours for which a changed address is fresh: a reset that is asked for there takes effect only afterwards, and the address before can undo the change. « Ce n'est pas moi » holds for as long. 0: neither. A person at several agencies has the longest.",
    ),
    key(
        "audit_months",
        Number(1, 36),
        Is("12"),
        "Months, of thirty days, for which the trace keeps lines about the agency; the privacy page names the longest of all agencies. Lines about a person alone go with the shortest.",
    ),
    key(
        "roster_loss_percent",
        Number(0, 100),
        Is("10"),
        "The share of the agency's accounts, in per cent, that one import of its roster may take away (one account always): more is refused, for the file is likelier to be cut short than right. `vestibule import --accept-loss` says otherwise for once.",
    ),
];
