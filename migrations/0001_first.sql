-- The same statements run on SQLite and PostgreSQL: TEXT, BIGINT and BYTEA only, no BOOLEAN.
-- Times are Unix milliseconds, identifiers and digests are text, secrets stand here as digests or sealed.

-- People ------------------------------------------------------------------------------------------------------------

CREATE TABLE identities (
    id         TEXT   NOT NULL PRIMARY KEY,
    language   TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

-- `login` is the key that is typed and compared; an address may belong to two credentials, a login to one.
-- `scope` is 'all', or the id of the one link that this password opens.
CREATE TABLE credentials (
    id          TEXT   NOT NULL PRIMARY KEY,
    identity_id TEXT   NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    scope       TEXT   NOT NULL,
    login       TEXT   NOT NULL,
    email       TEXT   NOT NULL,
    password    TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    password_at BIGINT NOT NULL,
    email_at    BIGINT NOT NULL,
    UNIQUE (login),
    UNIQUE (identity_id, scope)
);

CREATE TABLE links (
    id          TEXT   NOT NULL PRIMARY KEY,
    identity_id TEXT   NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    agency      TEXT   NOT NULL,
    login_key   TEXT   NOT NULL,
    login       TEXT   NOT NULL,
    name        TEXT,
    kind        TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    UNIQUE (agency, login_key)
);
CREATE INDEX links_identity ON links (identity_id);

CREATE TABLE legacy_secrets (
    link_id    TEXT   NOT NULL PRIMARY KEY REFERENCES links (id) ON DELETE CASCADE,
    version    BIGINT NOT NULL,
    key_id     TEXT   NOT NULL,
    nonce      BYTEA  NOT NULL,
    ciphertext BYTEA  NOT NULL,
    kept_at    BIGINT NOT NULL
);

CREATE TABLE old_digests (
    agency    TEXT NOT NULL,
    login_key TEXT NOT NULL,
    digest    TEXT NOT NULL,
    PRIMARY KEY (agency, login_key)
);

CREATE TABLE devices (
    digest        TEXT   NOT NULL,
    identity_id   TEXT   NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    remembered_at BIGINT NOT NULL,
    PRIMARY KEY (digest, identity_id)
);
CREATE INDEX devices_identity ON devices (identity_id);

-- The wizard and its proofs -----------------------------------------------------------------------------------------

-- `data` is the flow as JSON; the columns beside it are what it is found by. `state`: open, done, closed.
CREATE TABLE flows (
    id                TEXT   NOT NULL PRIMARY KEY,
    agency            TEXT   NOT NULL,
    login_key         TEXT   NOT NULL,
    browser           TEXT   NOT NULL,
    state             TEXT   NOT NULL,
    version           BIGINT NOT NULL,
    data              TEXT   NOT NULL,
    secret_key_id     TEXT,
    secret_nonce      BYTEA,
    secret_ciphertext BYTEA,
    old_digest        TEXT,
    started_at        BIGINT NOT NULL,
    expires_at        BIGINT NOT NULL
);
CREATE INDEX flows_browser ON flows (browser);
CREATE UNIQUE INDEX flows_one_open ON flows (agency, login_key) WHERE state = 'open';
CREATE INDEX flows_expiry ON flows (expires_at);

-- `purpose`: migration (the owner is a flow), email-change (the owner is a person).
CREATE TABLE challenges (
    id           TEXT   NOT NULL PRIMARY KEY,
    purpose      TEXT   NOT NULL,
    owner        TEXT   NOT NULL,
    address      TEXT   NOT NULL,
    terms        TEXT   NOT NULL,
    issue        BIGINT NOT NULL,
    requested_at BIGINT NOT NULL,
    sent_at      BIGINT,
    code         TEXT,
    wrong_now    BIGINT NOT NULL,
    wrong_in_all BIGINT NOT NULL,
    answered_at  BIGINT
);
CREATE INDEX challenges_requested ON challenges (requested_at);

-- Every letter's link stays known, so that an older one is told apart from a wrong one.
CREATE TABLE challenge_links (
    digest       TEXT   NOT NULL PRIMARY KEY,
    challenge_id TEXT   NOT NULL REFERENCES challenges (id) ON DELETE CASCADE,
    issue        BIGINT NOT NULL
);
CREATE INDEX challenge_links_challenge ON challenge_links (challenge_id);

CREATE TABLE email_changes (
    challenge_id TEXT NOT NULL PRIMARY KEY REFERENCES challenges (id) ON DELETE CASCADE,
    identity_id  TEXT NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    email        TEXT NOT NULL
);
CREATE INDEX email_changes_identity ON email_changes (identity_id);

-- `superseded`: 0 or 1.
CREATE TABLE recoveries (
    id           TEXT   NOT NULL PRIMARY KEY,
    identity_id  TEXT   NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    link_minutes BIGINT NOT NULL,
    requested_at BIGINT NOT NULL,
    sent_at      BIGINT,
    superseded   BIGINT NOT NULL,
    used_at      BIGINT
);
CREATE INDEX recoveries_identity ON recoveries (identity_id);
CREATE INDEX recoveries_requested ON recoveries (requested_at);

CREATE TABLE recovery_links (
    digest      TEXT NOT NULL PRIMARY KEY,
    recovery_id TEXT NOT NULL REFERENCES recoveries (id) ON DELETE CASCADE
);
CREATE INDEX recovery_links_recovery ON recovery_links (recovery_id);

-- Letters -----------------------------------------------------------------------------------------------------------

-- `kind` is what the letter says, as JSON, without secrets. `state`: queued, held, sent, abandoned.
-- `lease_until` is 0 while nobody is sending it.
CREATE TABLE letters (
    id          TEXT   NOT NULL PRIMARY KEY,
    agency      TEXT,
    recipient   TEXT   NOT NULL,
    language    TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    attempts    BIGINT NOT NULL,
    not_before  BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    answer      TEXT,
    created_at  BIGINT NOT NULL,
    ended_at    BIGINT
);
CREATE INDEX letters_due ON letters (state, not_before);

CREATE TABLE letter_counts (
    subject    TEXT   NOT NULL,
    counted_at BIGINT NOT NULL
);
CREATE INDEX letter_counts_subject ON letter_counts (subject, counted_at);
CREATE INDEX letter_counts_counted ON letter_counts (counted_at);

-- Terms -------------------------------------------------------------------------------------------------------------

CREATE TABLE terms_texts (
    agency  TEXT   NOT NULL,
    version TEXT   NOT NULL,
    digest  TEXT   NOT NULL,
    body    TEXT   NOT NULL,
    kept_at BIGINT NOT NULL,
    PRIMARY KEY (agency, version, digest)
);

-- A proof without its text is none, hence the reference.
CREATE TABLE acceptances (
    identity_id TEXT   NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    agency      TEXT   NOT NULL,
    version     TEXT   NOT NULL,
    digest      TEXT   NOT NULL,
    accepted_at BIGINT NOT NULL,
    client      TEXT   NOT NULL,
    PRIMARY KEY (identity_id, agency, version, digest),
    FOREIGN KEY (agency, version, digest) REFERENCES terms_texts (agency, version, digest)
);

-- Guesses -----------------------------------------------------------------------------------------------------------

CREATE TABLE throttles (
    subject   TEXT   NOT NULL PRIMARY KEY,
    version   BIGINT NOT NULL,
    streak    BIGINT NOT NULL,
    today     BIGINT NOT NULL,
    day_start BIGINT,
    last_at   BIGINT
);
CREATE INDEX throttles_last ON throttles (last_at);

-- Sessions ----------------------------------------------------------------------------------------------------------

CREATE TABLE sessions (
    id            TEXT   NOT NULL PRIMARY KEY,
    identity_id   TEXT   NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    portal_cookie TEXT   NOT NULL UNIQUE,
    started_at    BIGINT NOT NULL,
    seen_at       BIGINT NOT NULL,
    idle_minutes  BIGINT NOT NULL,
    hours         BIGINT NOT NULL
);
CREATE INDEX sessions_identity ON sessions (identity_id);

CREATE TABLE agency_cookies (
    digest     TEXT   NOT NULL PRIMARY KEY,
    session_id TEXT   NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    link_id    TEXT   NOT NULL REFERENCES links (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL
);
CREATE INDEX agency_cookies_session ON agency_cookies (session_id);
CREATE INDEX agency_cookies_link ON agency_cookies (link_id);

CREATE TABLE upstream_cookies (
    session_id TEXT   NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    link_id    TEXT   NOT NULL REFERENCES links (id) ON DELETE CASCADE,
    key_id     TEXT   NOT NULL,
    nonce      BYTEA  NOT NULL,
    ciphertext BYTEA  NOT NULL,
    signed_in_at BIGINT NOT NULL,
    PRIMARY KEY (session_id, link_id)
);
CREATE INDEX upstream_cookies_link ON upstream_cookies (link_id);

CREATE TABLE handovers (
    code       TEXT   NOT NULL PRIMARY KEY,
    session_id TEXT   NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    link_id    TEXT   NOT NULL REFERENCES links (id) ON DELETE CASCADE,
    browser    TEXT   NOT NULL,
    return_to  TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX handovers_session ON handovers (session_id);
CREATE INDEX handovers_link ON handovers (link_id);

-- Rosters -----------------------------------------------------------------------------------------------------------

CREATE TABLE roster (
    agency      TEXT   NOT NULL,
    login_key   TEXT   NOT NULL,
    login       TEXT   NOT NULL,
    name        TEXT,
    kind        TEXT   NOT NULL,
    email       TEXT,
    password    TEXT,
    expires_at  BIGINT,
    used_at     BIGINT,
    imported_at BIGINT NOT NULL,
    PRIMARY KEY (agency, login_key)
);

-- The trace ---------------------------------------------------------------------------------------------------------

-- Only ever added to. The numbers come from `counters`, without gaps: a gap is a line that somebody took out.
CREATE TABLE audit (
    seq         BIGINT NOT NULL PRIMARY KEY,
    happened_at BIGINT NOT NULL,
    event       TEXT   NOT NULL,
    actor_kind  TEXT   NOT NULL,
    actor_id    TEXT,
    agency      TEXT,
    identity_id TEXT,
    login       TEXT,
    client      TEXT   NOT NULL,
    request_id  TEXT   NOT NULL,
    detail      TEXT   NOT NULL
);
CREATE INDEX audit_happened ON audit (happened_at);
CREATE INDEX audit_identity ON audit (identity_id);

CREATE TABLE counters (
    name  TEXT   NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('audit', 0);
